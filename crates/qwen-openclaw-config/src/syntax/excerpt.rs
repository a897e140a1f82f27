//! Where a text is broken, and what stands there.

use std::fmt;

/// The longest excerpt, in characters.
const WIDTH: usize = 76;

/// A word this long may be a key.
const LONG_WORD: usize = 16;

/// Where a file is broken.
///
/// `Display` gives the line and, below it, a caret. What may be a key is masked: the contents of
/// strings other than names, long words, and comments.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Position {
    line: usize,
    column: usize,
    excerpt: String,
    caret: usize,
}

impl Position {
    /// Returns the line, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the column in characters, counted from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// Returns the line as it may be shown, cut to the part around the column.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        &self.excerpt
    }

    /// Describes the place at a byte offset.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let offset = floor(text, offset);
        let starts = line_starts(&text[..offset]);
        let start = starts.last().copied().unwrap_or(0);
        let number = starts.len() + 1;
        let line = &text[start..];
        let line = &line[..line.find(['\n', '\r']).unwrap_or(line.len())];
        let column = text[start..offset.min(start + line.len())].chars().count();
        let shown = mask(line, continues_a_string(&text[..start]));
        let first = column.saturating_sub(WIDTH / 2);
        let excerpt: String = shown.into_iter().skip(first).take(WIDTH).collect();
        Self {
            line: number,
            column: column + 1,
            excerpt,
            caret: column - first,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.excerpt)?;
        write!(f, "{:width$}^", "", width = self.caret)
    }
}

fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Returns the offset of each line but the first.
pub(crate) fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(index, byte)| {
        **byte == b'\n' || **byte == b'\r' && bytes.get(index + 1) != Some(&b'\n')
    });
    ends.map(|(index, _)| index + 1).collect()
}

/// Returns the line of an offset, counted from 1.
pub(crate) fn line_of(starts: &[usize], offset: usize) -> usize {
    starts.partition_point(|start| *start <= offset) + 1
}

/// Whether the line before ends in a backslash, so that this one may be the rest of a string.
fn continues_a_string(before: &str) -> bool {
    before.trim_end_matches(['\n', '\r']).ends_with('\\')
}

/// Replaces what may be secret by asterisks, one for each character.
fn mask(line: &str, all: bool) -> Vec<char> {
    let mut shown: Vec<char> = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let mut index = 0;
    while index < shown.len() {
        let end = match shown[index] {
            quote @ ('"' | '\'') => {
                let close = closing(&shown, index + 1, quote);
                let is_name = close.is_some_and(|close| {
                    shown[close + 1..].iter().find(|c| **c != ' ') == Some(&':')
                        && close - index <= 2 * LONG_WORD
                        && !looks_secret(&shown[index..close])
                });
                let end = close.unwrap_or(shown.len());
                if !is_name {
                    hide(&mut shown[index + 1..end]);
                }
                end + 1
            }
            '/' if matches!(shown.get(index + 1), Some('/' | '*')) => {
                hide(&mut shown[index + 2..]);
                break;
            }
            c if is_word(c) => {
                let length = shown[index..].iter().take_while(|c| is_word(**c)).count();
                let word = &mut shown[index..index + length];
                if length >= LONG_WORD || looks_secret(word) {
                    hide(word);
                }
                index + length
            }
            _ => index + 1,
        };
        index = end;
    }
    if all {
        hide(&mut shown);
    }
    shown
}

/// Whether it contains how keys begin.
fn looks_secret(part: &[char]) -> bool {
    part.windows(3).any(|three| three == ['s', 'k', '-'])
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '=' | '$')
}

fn closing(line: &[char], start: usize, quote: char) -> Option<usize> {
    let mut index = start;
    while index < line.len() {
        match line[index] {
            '\\' => index += 2,
            c if c == quote => return Some(index),
            _ => index += 1,
        }
    }
    None
}

fn hide(part: &mut [char]) {
    for c in part.iter_mut().filter(|c| **c != ' ') {
        *c = '*';
    }
}
