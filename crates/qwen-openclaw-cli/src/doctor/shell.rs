//! Words and paths for a command that is to be copied into a shell.

use std::path::Path;

use qwen_openclaw::{auth::Environment, config::KeyPath};

/// A text as one word.
pub(super) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    let shown: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("'{}'", shown.replace('\'', r"'\''"))
}

/// A path, with `~` for the home folder where the shell understands it.
pub(super) fn path(environment: &Environment, path: &Path) -> String {
    let shown = environment.shown(path);
    match shown.strip_prefix("~/") {
        Some(below) if word(below) == below => shown,
        _ => word(&path.display().to_string()),
    }
}

/// The command that removes a value of the configuration.
pub(super) fn unset(path: &KeyPath) -> String {
    format!("`qwen-openclaw config unset {}`", word(&path.to_string()))
}

/// The command that sets a value of the configuration.
pub(super) fn set(path: &KeyPath, value: &str) -> String {
    format!(
        "`qwen-openclaw config set {} {value}`",
        word(&path.to_string())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_means_itself_to_a_shell() {
        for text in [
            "qwen/m",
            "models.providers.qwen-oauth.apiKey",
            "https://x.example/v1",
        ] {
            assert_eq!(word(text), text);
        }
        assert_eq!(word("a b"), "'a b'");
        assert_eq!(word("$(x)"), "'$(x)'");
        assert_eq!(word("it's\n"), r"'it'\''s'");
        assert_eq!(word("~x"), "'~x'");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn a_path_is_short_only_where_the_shell_expands_it() {
        let environment = Environment::from_pairs([("HOME", "/home/olena")]);
        let shown = |text: &str| path(&environment, Path::new(text));
        assert_eq!(shown("/home/olena/.openclaw/.env"), "~/.openclaw/.env");
        assert_eq!(shown("/home/olena/a b"), "'/home/olena/a b'");
        assert_eq!(shown("/etc/x"), "/etc/x");
    }
}
