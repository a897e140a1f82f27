//! A parser for the dotenv format.
//!
//! The format is that of the Node package `dotenv`, with which OpenClaw reads `~/.openclaw/.env`,
//! so that a file means the same to both: `NAME=value` with an optional `export`; single, double,
//! or backtick quotes, which may span lines; a `#` starts a comment, even right after an unquoted
//! value; if a name occurs more than once, the last one wins. There is no substitution: a `$` is
//! literal. In double quotes `\n`, `\r`, `\t`, `\"`, `\\` and `\$` are escapes; any other backslash
//! is literal.
//!
//! The usual crate, `dotenvy` 0.15, does not fit: its errors contain the offending line, which may
//! be a key; it expands `$NAME` from the process environment, which only
//! [`Environment`](crate::Environment) may read; it reports no line numbers; and it stops at an
//! unquoted value containing a space, which OpenClaw accepts.

use std::fmt;

use secrecy::SecretString;

/// The maximum size of a file, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// One assignment in a file.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) value: SecretString,
}

/// A malformed line; its text is not kept, because it may be a secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SyntaxError {
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) problem: SyntaxProblem,
}

/// Why a line is malformed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SyntaxProblem {
    NoEqualSign,
    BadName,
    OpenQuote,
    AfterQuote,
    NotUnicode,
}

impl fmt::Display for SyntaxProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoEqualSign => "no equals sign: write NAME=value",
            Self::BadName => "not a variable name: use letters, digits, '_', '.' and '-'",
            Self::OpenQuote => "unclosed quote",
            Self::AfterQuote => "text after the closing quote: put a '#' before a comment",
            Self::NotUnicode => "not UTF-8",
        })
    }
}

/// Decodes the text of a file.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, SyntaxError> {
    str::from_utf8(bytes).map_err(|error| SyntaxError {
        line: bytes[..error.valid_up_to()]
            .split(|byte| *byte == b'\n')
            .count(),
        problem: SyntaxProblem::NotUnicode,
    })
}

/// Returns the assignments in order, and an error for each malformed line. A byte order mark is
/// skipped.
pub(crate) fn parse(text: &str) -> Parser<'_> {
    Parser {
        rest: text.strip_prefix('\u{feff}').unwrap_or(text),
        line: 1,
    }
}

/// The iterator returned by [`parse`].
#[derive(Debug)]
pub(crate) struct Parser<'a> {
    rest: &'a str,
    line: usize,
}

impl Iterator for Parser<'_> {
    type Item = Result<Entry, SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let line = self.line;
            let (statement, _) = split_line(self.rest);
            let content = statement.trim();
            if content.is_empty() || content.starts_with('#') {
                self.skip_line();
                continue;
            }
            let entry = self.assignment(statement);
            if entry.is_err() {
                self.skip_line();
            }
            return Some(entry.map_err(|problem| SyntaxError { line, problem }));
        }
        None
    }
}

impl Parser<'_> {
    /// Parses the assignment that starts at the current line, and moves past it on success.
    fn assignment(&mut self, statement: &str) -> Result<Entry, SyntaxProblem> {
        let (left, _) = statement
            .split_once('=')
            .ok_or(SyntaxProblem::NoEqualSign)?;
        let name = name_of(left).ok_or(SyntaxProblem::BadName)?.to_owned();

        let right = self.rest[left.len() + 1..].trim_start_matches(is_blank);
        let value = match right.chars().next() {
            Some(quote @ ('"' | '\'' | '`')) => {
                let inside = &right[1..];
                let length = quoted_length(inside, quote).ok_or(SyntaxProblem::OpenQuote)?;
                let (last_line, _) = split_line(&inside[length + 1..]);
                let trailing = last_line.trim_start();
                if !(trailing.is_empty() || trailing.starts_with('#')) {
                    return Err(SyntaxProblem::AfterQuote);
                }
                let value = unquoted(&inside[..length], quote);
                let end = self.rest.len() - inside.len() + length;
                self.skip_lines_until(end);
                value
            }
            _ => {
                let value = split_line(right).0;
                let value = value
                    .split_once('#')
                    .map_or(value, |(value, _)| value)
                    .trim();
                let value = SecretString::from(value);
                self.skip_line();
                value
            }
        };
        Ok(Entry { name, value })
    }

    fn skip_line(&mut self) {
        self.rest = split_line(self.rest).1;
        self.line += 1;
    }

    /// Moves past the line that contains the byte at `end`.
    fn skip_lines_until(&mut self, end: usize) {
        let target = self.rest.len() - end;
        while self.rest.len() >= target && !self.rest.is_empty() {
            self.skip_line();
        }
    }
}

/// Splits off the first line; a line ends with `\n`, `\r\n` or `\r`.
fn split_line(text: &str) -> (&str, &str) {
    let Some(end) = text.find(['\n', '\r']) else {
        return (text, "");
    };
    let (line, rest) = text.split_at(end);
    let rest = rest.strip_prefix("\r\n").unwrap_or_else(|| &rest[1..]);
    (line, rest)
}

/// Returns the variable's name to the left of an equals sign.
fn name_of(left: &str) -> Option<&str> {
    let left = left.trim();
    let name = match left.strip_prefix("export") {
        Some(rest) if rest.starts_with(is_blank) => rest.trim_start(),
        _ => left,
    };
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    is_name.then_some(name)
}

/// Returns the position of the closing quote, if there is one.
fn quoted_length(inside: &str, quote: char) -> Option<usize> {
    if quote != '"' {
        return inside.find(quote);
    }
    let mut escaped = false;
    inside.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// Returns the value of quoted text, with line endings normalized to `\n`.
fn unquoted(inside: &str, quote: char) -> SecretString {
    // Allocated at its maximum size, so that growing leaves no copies behind.
    let mut value = String::with_capacity(inside.len());
    let mut characters = inside.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                value.push('\n');
            }
            '\\' if quote == '"' => {
                let escape =
                    characters.next_if(|c| matches!(c, 'n' | 'r' | 't' | '"' | '\\' | '$'));
                value.push(match escape {
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    Some(itself) => itself,
                    None => '\\',
                });
            }
            other => value.push(other),
        }
    }
    SecretString::from(value)
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

#[cfg(test)]
mod tests;
