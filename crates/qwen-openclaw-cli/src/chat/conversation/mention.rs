//! `@file` in a message, and text files that go with it.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// The largest text file that is included.
pub(super) const LARGEST: u64 = 1 << 20;

/// Characters that may follow a file name in a sentence.
const PUNCTUATION: [char; 8] = [',', '.', ';', ':', '!', '?', ')', '\''];

/// A text file that is sent with a message.
#[derive(Debug, PartialEq)]
pub(super) struct Included {
    /// The name as it was typed.
    pub(super) name: String,
    pub(super) text: String,
}

/// Replaces each `@file` by the file's name, and `@@` by `@`, at the beginning of a word, and reads
/// the files.
pub(super) fn expand(
    message: &str,
    home: Option<&Path>,
) -> Result<(String, Vec<Included>), Failure> {
    let mut text = String::with_capacity(message.len());
    let mut files: Vec<Included> = Vec::new();
    let mut rest = message;
    let mut starts_word = true;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let is_mention = c == '@' && starts_word;
        starts_word = c.is_whitespace();
        if !is_mention {
            text.push(c);
            rest = after;
            continue;
        }
        if let Some(after) = after.strip_prefix('@') {
            text.push('@');
            rest = after;
            continue;
        }
        let (mut name, mut length) = word(after);
        if name.is_empty() {
            text.push('@');
            rest = after;
            continue;
        }
        if !after.starts_with('"') && !path_of(&name, home).exists() {
            let bare = name.trim_end_matches(PUNCTUATION);
            if !bare.is_empty() && path_of(bare, home).exists() {
                // What follows a name are single bytes, in the message too.
                length -= name.len() - bare.len();
                name.truncate(bare.len());
            }
        }
        if !files.iter().any(|file| file.name == name) {
            files.push(read(&name, home)?);
        }
        text.push_str(&name);
        rest = &after[length..];
    }
    Ok((text, files))
}

/// Reads a text file.
pub(super) fn read(name: &str, home: Option<&Path>) -> Result<Included, Failure> {
    let path = path_of(name, home);
    let wrong = |what: &str| Failure::usage(format!("{name} {what}"));
    let failed = |error: std::io::Error| Failure::usage(format!("could not read {name}: {error}"));
    let metadata = std::fs::metadata(&path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(wrong("is not a file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(&path).map_err(failed)?;
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(wrong(&format!(
            "is larger than {} KiB, the most that is included",
            LARGEST >> 10
        )));
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(Included {
            name: name.to_owned(),
            text,
        }),
        _ => Err(wrong("is not a text file")),
    }
}

/// A message with the files that go with it.
pub(super) fn with_files(message: &str, files: &[Included]) -> String {
    let mut text = message.to_owned();
    for file in files {
        let body = file.text.trim_end_matches('\n');
        text.push_str(&format!(
            "\n\n<file name=\"{}\">\n{body}\n</file>",
            file.name
        ));
    }
    text
}

/// A file name at the beginning of a text, as it is without quotes and backslashes, and its length
/// in the text. A blank ends it, unless it is quoted.
pub(super) fn word(text: &str) -> (String, usize) {
    let mut name = String::new();
    let mut quoted = false;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if quoted => return (name, at + 1),
            '"' if at == 0 => quoted = true,
            '\\' if is_escape(chars.peek().map(|(_, c)| *c)) => {
                name.extend(chars.next().map(|(_, c)| c));
            }
            c if c.is_whitespace() && !quoted => return (name, at),
            c => name.push(c),
        }
    }
    (name, text.len())
}

/// A file name as it is typed, so that [`word`] reads it again.
pub(super) fn quote(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if is_escape(Some(c)) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// The path of a name; `~/` is the home folder.
pub(super) fn path_of(name: &str, home: Option<&Path>) -> PathBuf {
    match (name.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(name),
    }
}

/// Whether a backslash before a character stands for the character alone. Others are parts of a
/// Windows path.
fn is_escape(c: Option<char>) -> bool {
    matches!(c, Some(c) if c.is_whitespace() || c == '"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("notes.txt", &b"one\ntwo\n"[..]),
            ("with blank.md", b"blank"),
            ("binary", b"a\0b"),
            ("latin", b"caf\xe9"),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn expanded(message: &str, folder: &Path) -> Result<(String, Vec<String>), String> {
        let message = message.replace("@~", &format!("@{}/", folder.display()));
        let (text, files) =
            expand(&message, None).map_err(|failure| failure.message().to_owned())?;
        let here = format!("{}/", folder.display());
        let files = files.into_iter().map(|file| file.text).collect();
        Ok((text.replace(&here, ""), files))
    }

    #[test]
    fn files_are_found_where_a_word_begins() {
        let folder = folder();
        for (message, text, files) in [
            (
                "what is in @~notes.txt?",
                "what is in notes.txt?",
                &["one\ntwo\n"][..],
            ),
            ("@~notes.txt", "notes.txt", &["one\ntwo\n"]),
            ("(@~notes.txt)", "(@/notes.txt)", &[]),
            ("a @~with\\ blank.md b", "a with blank.md b", &["blank"]),
            ("mail me@example.com @ 9", "mail me@example.com @ 9", &[]),
            ("@@override and @@@", "@override and @@", &[]),
            (
                "@~notes.txt, @~notes.txt.",
                "notes.txt, notes.txt.",
                &["one\ntwo\n"],
            ),
            ("你 @~notes.txt 好", "你 notes.txt 好", &["one\ntwo\n"]),
        ] {
            let message = message.replace("(@~", "(@/");
            let (found, included) = expanded(&message, folder.path()).unwrap();
            assert_eq!(found, text, "{message}");
            assert_eq!(included, files, "{message}");
        }
        let quoted = format!("see @\"{}/with blank.md\"!", folder.path().display());
        let (_, files) = expand(&quoted, None).unwrap();
        assert_eq!(files[0].text, "blank");
        let (_, files) = expand("@~/notes.txt", Some(folder.path())).unwrap();
        assert_eq!(files[0].name, "~/notes.txt");
    }

    #[test]
    fn what_cannot_be_included_is_said() {
        let folder = folder();
        std::fs::write(folder.path().join("big"), "x".repeat((1 << 20) + 1)).unwrap();
        for (message, words) in [
            ("@~nosuch", "could not read"),
            ("@~binary", "is not a text file"),
            ("@~latin", "is not a text file"),
            ("@~big", "is larger than 1024 KiB"),
            ("@~.", "is not a file"),
        ] {
            let error = expanded(message, folder.path()).unwrap_err();
            assert!(error.contains(words), "{message}: {error}");
        }
    }

    #[test]
    fn a_name_that_is_quoted_is_read_again() {
        for name in ["plain", "with blank", "a\"b", "C:\\folder\\file"] {
            let text = format!("{} rest", quote(name));
            assert_eq!(word(&text).0, name);
        }
    }

    #[test]
    fn files_follow_the_message() {
        let file = Included {
            name: "a.txt".to_owned(),
            text: "one\n\n".to_owned(),
        };
        assert_eq!(
            with_files("What?", &[file]),
            "What?\n\n<file name=\"a.txt\">\none\n</file>"
        );
    }
}
