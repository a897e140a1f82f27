//! The commands that can be typed in a conversation.

/// What a command does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verb {
    Help,
    Model,
    Think,
    System,
    Image,
    File,
    Retry,
    Undo,
    Copy,
    Usage,
    Save,
    Load,
    Clear,
    Exit,
}

/// A command, and what it is called with.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) verb: Verb,
    pub(super) name: &'static str,
    argument: &'static str,
    about: &'static str,
}

const fn command(
    verb: Verb,
    name: &'static str,
    argument: &'static str,
    about: &'static str,
) -> Command {
    Command {
        verb,
        name,
        argument,
        about,
    }
}

pub(super) const COMMANDS: &[Command] = &[
    command(Verb::Help, "/help", "", "show this list"),
    command(
        Verb::Model,
        "/model",
        "[REF]",
        "show the model, or continue with another",
    ),
    command(
        Verb::Think,
        "/think",
        "[LEVEL]",
        "show or set the thinking level; - for the model's own",
    ),
    command(
        Verb::System,
        "/system",
        "[TEXT]",
        "show or set the system prompt; - for none",
    ),
    command(
        Verb::Image,
        "/image",
        "FILE|URL",
        "attach an image to the next message",
    ),
    command(
        Verb::File,
        "/file",
        "FILE",
        "attach a text file, image, video or audio to the next message",
    ),
    command(Verb::Retry, "/retry", "", "ask the last question again"),
    command(Verb::Undo, "/undo", "", "remove the last turn"),
    command(
        Verb::Copy,
        "/copy",
        "",
        "copy the last answer to the clipboard",
    ),
    command(Verb::Usage, "/usage", "", "show the tokens and cost so far"),
    command(
        Verb::Save,
        "/save",
        "FILE",
        "save the conversation, and every turn from now on",
    ),
    command(Verb::Load, "/load", "FILE", "continue a saved conversation"),
    command(Verb::Clear, "/clear", "", "start over"),
    command(Verb::Exit, "/exit", "", "leave; so does Ctrl-D"),
];

/// Other names of commands.
const SYNONYMS: [(&str, Verb); 2] = [("/quit", Verb::Exit), ("/?", Verb::Help)];

/// What a line that begins with `/` means.
#[derive(Debug, PartialEq)]
pub(super) enum Slash<'a> {
    Known(Verb, &'a str),
    /// A command that takes no argument has one, as when a text is pasted that begins like it.
    Excess(&'a str),
    Unknown(&'a str),
}

impl<'a> Slash<'a> {
    /// Reads a line as a command; `None` for a message.
    ///
    /// Only letters make a command, so that a path or a comment can start a message. With a blank
    /// before it, a command is a message too.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let word = line.split_whitespace().next()?;
        let argument = line.strip_prefix(word)?;
        let name = word.strip_prefix('/')?;
        if name != "?" && (name.is_empty() || !name.chars().all(|c| c.is_ascii_alphabetic())) {
            return None;
        }
        let argument = argument.trim();
        let is_meant = |name: &str| name.eq_ignore_ascii_case(word);
        let synonym = SYNONYMS.iter().find(|(name, _)| is_meant(name));
        let command = COMMANDS.iter().find(|command| match synonym {
            Some((_, verb)) => command.verb == *verb,
            None => is_meant(command.name),
        });
        Some(match command {
            Some(command) if command.argument.is_empty() && !argument.is_empty() => {
                Self::Excess(command.name)
            }
            Some(command) => Self::Known(command.verb, argument),
            None => Self::Unknown(word),
        })
    }
}

/// The command whose name is closest.
pub(super) fn nearest(word: &str) -> Option<&'static str> {
    /// More changes than this make another word.
    const CLOSE: usize = 2;
    let word = word.to_ascii_lowercase();
    let ranked = COMMANDS.iter().map(|command| {
        let distance = if word.len() > 2 && command.name.starts_with(&word) {
            0
        } else {
            strsim::damerau_levenshtein(&word, command.name)
        };
        (distance, command.name)
    });
    let (distance, name) = ranked.min_by_key(|(distance, _)| *distance)?;
    (distance <= CLOSE).then_some(name)
}

/// What `/help` shows.
pub(super) fn help() -> String {
    let mut text = String::new();
    for command in COMMANDS {
        let call = format!("{} {}", command.name, command.argument);
        text.push_str(&format!("{call:17} {}\n", command.about));
    }
    text.push_str(
        "\n\
         @FILE in a message includes a text file; @@ is a plain @.\n\
         Alt-Enter starts a new line; Ctrl-X Ctrl-E opens $VISUAL or $EDITOR.\n\
         Tab completes, Up and Ctrl-R look through earlier lines, Ctrl-C stops an answer.",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_words_of_letters() {
        for (line, meant) in [
            ("/model  qwen/m ", Some(Slash::Known(Verb::Model, "qwen/m"))),
            (
                "/system Be brief.\nAnd kind.",
                Some(Slash::Known(Verb::System, "Be brief.\nAnd kind.")),
            ),
            ("/QUIT", Some(Slash::Known(Verb::Exit, ""))),
            ("/?", Some(Slash::Known(Verb::Help, ""))),
            ("/modle x", Some(Slash::Unknown("/modle"))),
            ("/clear\nthe table", Some(Slash::Excess("/clear"))),
            ("/quit now", Some(Slash::Excess("/exit"))),
            // Messages.
            ("", None),
            ("/", None),
            (" /model x", None),
            ("// a comment", None),
            ("/etc/hosts has what?", None),
            ("/* a comment */", None),
            ("what does /model do?", None),
        ] {
            assert_eq!(Slash::parse(line), meant, "{line:?}");
        }
    }

    #[test]
    fn a_mistyped_command_has_a_nearest_one() {
        for (word, name) in [
            ("/modle", Some("/model")),
            ("/sav", Some("/save")),
            ("/cp", Some("/copy")),
            ("/thikn", Some("/think")),
            ("/regenerate", None),
        ] {
            assert_eq!(nearest(word), name, "{word}");
        }
    }

    #[test]
    fn help_names_every_command_and_fits_80_columns() {
        let help = help();
        for command in COMMANDS {
            assert!(help.contains(command.name), "{}", command.name);
        }
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
