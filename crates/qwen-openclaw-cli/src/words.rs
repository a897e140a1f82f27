//! Splits a command into words without a shell.

/// The words of a command line.
///
/// They are separated by blanks. `'...'` keeps everything, `"..."` everything but `\"` and `\\`, and a
/// backslash keeps the next character; on Windows it is a character of a path. Nothing is expanded: no
/// variable, no `*`, no `~`, no `|`.
///
/// # Errors
///
/// A quote that is not closed.
pub(crate) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            quote @ ('\'' | '"') => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        None => return Err(format!("a {quote} is not closed")),
                        Some(c) if c == quote => break,
                        Some('\\') if quote == '"' && matches!(chars.peek(), Some('"' | '\\')) => {
                            word.extend(chars.next());
                        }
                        Some(c) => word.push(c),
                    }
                }
            }
            '\\' if cfg!(not(windows)) => {
                let word = word.get_or_insert_default();
                word.push(chars.next().unwrap_or('\\'));
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_are_split_as_a_shell_does_without_expansion() {
        for (text, words) in [
            ("", &[][..]),
            ("  a  b\tc ", &["a", "b", "c"]),
            (
                "sh -c 'echo \"$HOME\" | wc'",
                &["sh", "-c", "echo \"$HOME\" | wc"],
            ),
            (r#"a "b \"c\" \\ \d""#, &["a", r#"b "c" \ \d"#]),
            ("a'b'\"c\"d", &["abcd"]),
            ("'' \"\"", &["", ""]),
            ("*.txt ~ $X", &["*.txt", "~", "$X"]),
            ("你 好", &["你", "好"]),
        ] {
            assert_eq!(split(text).unwrap(), words, "{text}");
        }
        if cfg!(not(windows)) {
            assert_eq!(split(r"a\ b \'c \").unwrap(), ["a b", "'c", "\\"]);
        }
        for text in ["'a", "a \"b", "'a\""] {
            assert!(split(text).is_err(), "{text}");
        }
    }
}
