//! The commands in a hint, written out, so that they can be copied as they are.

use clap::CommandFactory;

use crate::args::Cli;

/// Writes the program's name before each command that a hint quotes without it.
pub(super) fn written_out(hint: &str) -> String {
    let root = Cli::command();
    let is_command = |quoted: &str| {
        let first = quoted.split(' ').next().unwrap_or_default();
        root.find_subcommand(first).is_some()
    };
    let mut text = String::with_capacity(hint.len());
    for (index, piece) in hint.split('`').enumerate() {
        if index > 0 {
            text.push('`');
        }
        // Every other piece is quoted.
        if index % 2 == 1 && is_command(piece) {
            text.push_str("qwen-openclaw ");
        }
        text.push_str(piece);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::written_out;

    #[test]
    fn a_quoted_command_has_the_name_of_the_program() {
        for (hint, text) in [
            (
                "`models list` shows them, `--force` sends it",
                "`qwen-openclaw models list` shows them, `--force` sends it",
            ),
            ("see `status`", "see `qwen-openclaw status`"),
            ("`qwen-openclaw chat` asks", "`qwen-openclaw chat` asks"),
            ("`openclaw cron` is theirs", "`openclaw cron` is theirs"),
            ("`models.providers` and chat", "`models.providers` and chat"),
            ("", ""),
        ] {
            assert_eq!(written_out(hint), text);
        }
    }
}
