//! Words that are no command: those of OpenClaw's that this program does not have, and mistakes.

use std::ffi::OsString;

use clap::{
    Command, CommandFactory, Error, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    args::{self, Cli},
    failure::Failure,
};

/// A command of OpenClaw's that is not ours (docs.openclaw.ai, "CLI reference").
struct Foreign {
    command: &'static str,
    what: &'static str,
    /// What does something like it here; `None` if only OpenClaw does it.
    here: Option<&'static str>,
}

const fn theirs(command: &'static str, what: &'static str) -> Foreign {
    Foreign {
        command,
        what,
        here: None,
    }
}

const fn like(command: &'static str, what: &'static str, here: &'static str) -> Foreign {
    Foreign {
        command,
        what,
        here: Some(here),
    }
}

const CHAT: &str = "`chat PROMPT` sends a prompt to a model, and `chat` starts a conversation";
const LOOK: &str = "`status` shows what is set up here, and `doctor` looks for problems";
const SET_UP: &str = "`onboard` stores a key and writes the configuration";

/// In alphabetical order.
const FOREIGN: &[Foreign] = &[
    theirs("acp", "connects editors to an agent"),
    like("agent", "runs one turn of an agent", CHAT),
    theirs("agents", "manages agents and their workspaces"),
    theirs("approvals", "manages what agents may run"),
    theirs("audit", "shows what agents have done"),
    theirs("backup", "backs up OpenClaw's state"),
    theirs("browser", "controls the browser of an agent"),
    like("capability", "runs a model without an agent", CHAT),
    theirs(
        "channels",
        "manages chat channels, such as WhatsApp or Telegram",
    ),
    theirs("clawbot", "is the old name of other commands"),
    theirs("commitments", "manages what agents have promised to do"),
    theirs("completion", "prints a completion script for OpenClaw"),
    like(
        "configure",
        "asks for OpenClaw's settings",
        "`config set KEY VALUE` changes one, and `onboard` stores a key and writes the configuration",
    ),
    theirs("crestodian", "sets up and repairs OpenClaw"),
    theirs("cron", "manages scheduled jobs"),
    theirs("daemon", "manages the gateway's service"),
    theirs("dashboard", "opens the gateway's web page"),
    theirs("devices", "manages paired devices"),
    theirs("directory", "looks up contacts and groups of chat channels"),
    theirs("dns", "sets up the discovery of gateways"),
    theirs("docs", "searches OpenClaw's documentation"),
    theirs("exec-policy", "manages what agents may run"),
    theirs("flows", "manages background tasks"),
    theirs("gateway call", "calls a method of the gateway"),
    theirs("gateway install", "installs the gateway as a service"),
    theirs("gateway run", "runs the gateway"),
    theirs("gateway start", "starts the gateway"),
    theirs("gateway stop", "stops the gateway"),
    like("health", "asks the gateway how it is", LOOK),
    theirs("hooks", "manages the hooks of agents"),
    like("infer", "runs a model without an agent", CHAT),
    theirs("logs", "shows the gateway's log"),
    theirs("mcp", "manages MCP servers"),
    theirs("memory", "searches the memory of agents"),
    theirs("message", "sends messages to chat channels"),
    theirs("migrate", "takes over the state of other programs"),
    like(
        "models auth add",
        "asks for a key or token",
        "`models auth paste-api-key --provider qwen` stores an API key, and `models auth \
         paste-token --provider qwen` a token",
    ),
    theirs(
        "models auth login-github-copilot",
        "logs in to GitHub Copilot",
    ),
    like(
        "models auth setup-token",
        "stores a token of Anthropic's",
        "`models auth paste-token --provider anthropic` stores a token",
    ),
    like(
        "models scan",
        "looks for free models at OpenRouter",
        "`models list --live` asks Qwen Cloud for its models",
    ),
    theirs("node", "runs a device that agents can use"),
    theirs("nodes", "manages the devices that agents can use"),
    theirs("pairing", "admits people who write to an agent"),
    theirs("plugins info", "describes a plugin"),
    theirs("plugins install", "installs a plugin"),
    theirs("plugins search", "looks for plugins to install"),
    theirs("plugins uninstall", "uninstalls a plugin"),
    theirs("plugins update", "updates plugins"),
    theirs("qr", "shows the code that pairs a phone"),
    theirs("reset", "resets OpenClaw's state"),
    theirs("sandbox", "manages the containers of agents"),
    theirs("secrets", "manages references to secrets"),
    like("security", "audits OpenClaw's settings", LOOK),
    theirs("sessions", "lists the conversations of agents"),
    like(
        "setup",
        "creates OpenClaw's configuration and workspace",
        SET_UP,
    ),
    theirs("skills", "manages the skills of agents"),
    theirs("system", "sends events to agents"),
    theirs("tasks", "manages background tasks"),
    like("terminal", "starts a conversation with an agent", CHAT),
    like("tui", "starts a conversation with an agent", CHAT),
    theirs("uninstall", "uninstalls the gateway"),
    theirs("update", "updates OpenClaw"),
    theirs("voicecall", "makes phone calls"),
    theirs("webhooks", "manages webhooks"),
    theirs("wiki", "manages the wiki of agents"),
];

/// A command line without a command that asks a question: `qwen-openclaw "Why is the sky blue?"`.
///
/// Only an argument with a blank in it is a question. A word may be a mistyped command, which must not
/// be sent, and billed, as a question.
pub(crate) fn or_question(error: Error) -> Result<Cli, Error> {
    question(error, std::env::args_os())
}

fn question(error: Error, arguments: impl Iterator<Item = OsString>) -> Result<Cli, Error> {
    let is_about_it = matches!(
        error.kind(),
        ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument
    );
    let mut arguments: Vec<OsString> = arguments.collect();
    let Some(first) = arguments.get(1).and_then(|first| first.to_str()) else {
        return Err(error);
    };
    let has_blank = first.contains(char::is_whitespace);
    if !is_about_it || !(has_blank || first.starts_with('-')) {
        return Err(error);
    }
    arguments.insert(1, "chat".into());
    match Cli::try_parse_from(arguments) {
        Ok(Cli {
            command: args::Command::Chat(chat),
        }) if is_question(&chat.prompt) => Ok(Cli {
            command: args::Command::Chat(chat),
        }),
        // The question is one; something else is wrong.
        Err(other) if has_blank => Err(other),
        _ => Err(error),
    }
}

fn is_question(prompt: &[String]) -> bool {
    prompt
        .first()
        .is_some_and(|first| first.trim().contains(char::is_whitespace))
}

/// What to say of a command line whose command there is not; `None` if something else is wrong.
///
/// `arguments` are those of the command line, without the program's name.
pub(crate) fn command(error: &Error, arguments: &[String]) -> Option<Failure> {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let root = Cli::command();
    let mut parent = &root;
    let mut parents: Vec<&str> = Vec::new();
    // No command above another takes an option with a value.
    for argument in arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
    {
        let Some(command) = parent.find_subcommand(argument) else {
            break;
        };
        parents.push(command.get_name());
        parent = command;
    }
    let words = [&parents[..], &[word.as_str()]].concat();
    let line = words.join(" ");
    if let Some(foreign) = FOREIGN.iter().find(|foreign| foreign.command == line) {
        return Some(foreign.failure());
    }
    let shown: String = line.chars().take(80).collect();
    let similar = match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::String(one)) => std::slice::from_ref(one),
        Some(ContextValue::Strings(several)) => several,
        _ => &[],
    };
    let failure = Failure::usage(format!("there is no command `{shown}`"));
    Some(failure.with_hint(nearest(word, similar, &parents, parent)))
}

impl Foreign {
    fn failure(&self) -> Failure {
        let Self {
            command,
            what,
            here,
        } = self;
        let failure = Failure::usage(format!(
            "`{command}` is a command of OpenClaw, which {what}; this program does not have it"
        ));
        failure.with_hint(match here {
            Some(here) => format!("{here}; `openclaw {command}` is OpenClaw's own"),
            None => format!("run `openclaw {command}`"),
        })
    }
}

/// Our commands that may have been meant: those of that name elsewhere, or else those of a similar
/// name, or else all that can stand there.
fn nearest(word: &str, similar: &[String], parents: &[&str], parent: &Command) -> String {
    let here = |name: &str| [parents, &[name]].concat().join(" ");
    let mut meant: Vec<String> = Vec::new();
    elsewhere(&Cli::command(), word, &mut Vec::new(), &mut meant);
    // The very word is no mistake for a similar one.
    if meant.is_empty() {
        meant.extend(similar.iter().map(|name| here(name)));
    }
    let quoted = |line: &String| format!("`{line}`");
    if !meant.is_empty() {
        let meant: Vec<String> = meant.iter().map(quoted).collect();
        return format!("did you mean {}?", meant.join(" or "));
    }
    let commands = parent.get_subcommands();
    let names: Vec<String> = commands
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
        .map(|command| here(command.get_name()))
        .collect();
    format!("the commands are {}", names.join(", "))
}

/// Collects the commands of this name, wherever they are.
fn elsewhere<'a>(
    command: &'a Command,
    word: &str,
    path: &mut Vec<&'a str>,
    found: &mut Vec<String>,
) {
    for below in command.get_subcommands() {
        path.push(below.get_name());
        if below.get_name() == word {
            found.push(path.join(" "));
        }
        elsewhere(below, word, path, found);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a command line: the message, and the hint.
    fn said(line: &str) -> (String, String) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let all = ["qwen-openclaw".to_owned()]
            .into_iter()
            .chain(words.clone());
        let error = Cli::try_parse_from(all).unwrap_err();
        let failure = command(&error, &words).unwrap_or_else(|| panic!("{line}: {error}"));
        let document = failure.to_json();
        let text = |name: &str| document["error"][name].as_str().unwrap().to_owned();
        (text("message"), text("hint"))
    }

    #[test]
    fn a_command_of_openclaws_says_what_it_is_and_what_to_run() {
        let (message, hint) = said("cron list --json");
        assert_eq!(
            message,
            "`cron` is a command of OpenClaw, which manages scheduled jobs; this program does not \
             have it"
        );
        assert_eq!(hint, "run `openclaw cron`");
        let (message, hint) = said("models scan");
        assert!(message.starts_with("`models scan` is a command of OpenClaw"));
        assert!(
            hint.starts_with("`qwen-openclaw models list --live` asks"),
            "{hint}"
        );
    }

    #[test]
    fn another_word_names_the_nearest_of_ours() {
        for (line, words) in [
            ("chatt", "did you mean `qwen-openclaw chat`?"),
            ("models lst", "did you mean `qwen-openclaw models list`?"),
            ("login", "did you mean `qwen-openclaw models auth login`?"),
            ("aliases", "did you mean `qwen-openclaw models aliases`?"),
            (
                "models auth liste",
                "did you mean `qwen-openclaw models auth list`",
            ),
            ("models models", "did you mean `qwen-openclaw models`?"),
            ("xyzzy", "the commands are onboard, chat, describe, "),
            ("models auth xyzzy", "the commands are models auth login, "),
        ] {
            let (message, hint) = said(line);
            assert_eq!(message, format!("there is no command `{line}`"));
            assert!(hint.starts_with(words), "{line}: {hint}");
        }
    }

    /// What a command line asks; `None` if it is an error.
    fn asked(arguments: &[&str]) -> Option<Vec<String>> {
        let all = || std::iter::once("qwen-openclaw").chain(arguments.iter().copied());
        let error = Cli::try_parse_from(all()).unwrap_err();
        match question(error, all().map(OsString::from)).ok()?.command {
            args::Command::Chat(chat) => Some(chat.prompt),
            command => panic!("{command:?}"),
        }
    }

    #[test]
    fn an_argument_with_a_blank_is_a_question() {
        for arguments in [
            &["why is it?"][..],
            &["--json", "why is it?"],
            &["-m", "qwen/x", "why is it?"],
            &["why is it?", "--think", "off"],
        ] {
            assert_eq!(asked(arguments).unwrap(), ["why is it?"], "{arguments:?}");
        }
        for arguments in [
            &["why"][..],
            &["why", "is it?"],
            &["chatt", "why is it?"],
            &["models", "why is it?"],
            &["--nope", "why is it?"],
            &["-m", "why is it?"],
            &["why is it?", "--nope"],
            &[" why "],
        ] {
            assert_eq!(asked(arguments), None, "{arguments:?}");
        }
    }

    #[test]
    fn other_mistakes_are_left_to_clap() {
        for line in ["chat --nope", "models list --edition 9"] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let all = ["qwen-openclaw".to_owned()]
                .into_iter()
                .chain(words.clone());
            let error = Cli::try_parse_from(all).unwrap_err();
            assert!(command(&error, &words).is_none(), "{line}");
        }
    }

    #[test]
    fn the_table_is_in_order_and_has_no_command_of_ours() {
        assert!(FOREIGN.is_sorted_by(|one, next| one.command < next.command));
        for foreign in FOREIGN {
            let mut words = foreign.command.split(' ');
            let root = Cli::command();
            let found = words.try_fold(&root, |command, name| command.find_subcommand(name));
            assert!(found.is_none(), "{} is ours", foreign.command);
        }
    }

    /// Each command that a hint names parses as it is printed.
    #[test]
    fn what_to_run_here_exists() {
        for foreign in FOREIGN {
            let quoted = foreign.here.unwrap_or_default().split('`');
            for line in quoted.skip(1).step_by(2) {
                let words = ["qwen-openclaw"].into_iter().chain(line.split(' '));
                let parsed = Cli::try_parse_from(words);
                assert!(parsed.is_ok(), "{line}");
            }
        }
    }
}
