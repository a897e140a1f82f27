//! What the terminals behind the standard streams may be sent. Everything that colors or redraws asks
//! here.

use std::io::{self, IsTerminal};

/// The variables that say what a terminal may be sent.
struct Wishes {
    /// `NO_COLOR`, unless it is empty.
    no_color: bool,
    /// `CLICOLOR_FORCE`, unless it is empty or 0.
    force: bool,
    /// `CLICOLOR` is 0.
    off: bool,
    /// `TERM` names a terminal that knows no escape sequences.
    is_dumb: bool,
}

impl Wishes {
    fn read() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_on = |name| variable(name).is_some_and(|value| !value.is_empty());
        Self {
            no_color: is_on("NO_COLOR"),
            force: is_on("CLICOLOR_FORCE") && variable("CLICOLOR_FORCE").as_deref() != Some("0"),
            off: variable("CLICOLOR").as_deref() == Some("0"),
            is_dumb: variable("TERM").is_some_and(|term| term.eq_ignore_ascii_case("dumb")),
        }
    }

    /// The rules of no-color.org and bixense.com/clicolors, as clap has them for its help.
    fn colors(&self, is_terminal: bool) -> bool {
        !self.no_color && (self.force || (is_terminal && !self.off && !self.is_dumb))
    }
}

/// Whether what goes to `stream` may have colors, or be bold or dimmed.
pub(crate) fn has_colors(stream: &impl IsTerminal) -> bool {
    Wishes::read().colors(stream.is_terminal())
}

/// Whether lines on standard output are laid out for a person, as Markdown is.
pub(crate) fn is_laid_out(stdout: &impl IsTerminal) -> bool {
    stdout.is_terminal() && !Wishes::read().is_dumb
}

/// Whether a line of standard error may be drawn again.
pub(crate) fn redraws() -> bool {
    io::stderr().is_terminal() && !Wishes::read().is_dumb
}

/// Whether the terminal may belong to another program that reads our output, such as `less`: what goes
/// to standard error would be written over its screen.
pub(crate) fn is_paged() -> bool {
    io::stderr().is_terminal() && is_pipe()
}

#[cfg(unix)]
fn is_pipe() -> bool {
    use rustix::fs::{FileType, fstat};

    fstat(io::stdout()).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo)
}

#[cfg(not(unix))]
fn is_pipe() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether there are colors on a terminal and in a pipe.
    fn colors(variables: &[(&str, &str)]) -> (bool, bool) {
        let wishes = Wishes::of(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        (wishes.colors(true), wishes.colors(false))
    }

    #[test]
    fn variables_say_what_is_colored() {
        for (variables, expected) in [
            (&[][..], (true, false)),
            (&[("TERM", "xterm")], (true, false)),
            (&[("TERM", "dumb")], (false, false)),
            (&[("NO_COLOR", "")], (true, false)),
            (&[("NO_COLOR", "1")], (false, false)),
            (
                &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],
                (false, false),
            ),
            (&[("CLICOLOR_FORCE", "1")], (true, true)),
            (&[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")], (true, true)),
            (&[("CLICOLOR_FORCE", "0")], (true, false)),
            (&[("CLICOLOR", "0")], (false, false)),
        ] {
            assert_eq!(colors(variables), expected, "{variables:?}");
        }
    }
}
