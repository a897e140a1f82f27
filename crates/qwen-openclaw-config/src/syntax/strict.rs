//! What the parser accepts and JSON5 does not.

use jsonc_parser::tokens::{Token, TokenAndRange};

/// Finds the first place where the text is not JSON5, with what is wrong there.
pub(super) fn problem(text: &str, tokens: &[TokenAndRange<'_>]) -> Option<(usize, &'static str)> {
    let mut end = 0;
    for (index, token) in tokens.iter().enumerate() {
        let (start, raw) = (token.range.start, &text[token.range.start..token.range.end]);
        let found = blank_problem(&text[end..start])
            .map(|(offset, problem)| (end + offset, problem))
            .or_else(|| {
                let is_name = || names_a_member(&tokens[index + 1..]);
                let (offset, problem) = token_problem(&token.token, raw, is_name)?;
                Some((start + offset, problem))
            });
        if found.is_some() {
            return found;
        }
        end = token.range.end;
    }
    blank_problem(&text[end..]).map(|(offset, problem)| (end + offset, problem))
}

/// Whether a colon follows.
fn names_a_member(rest: &[TokenAndRange<'_>]) -> bool {
    let next = rest
        .iter()
        .find(|next| !matches!(next.token, Token::CommentLine(_) | Token::CommentBlock(_)));
    next.is_some_and(|next| next.token == Token::Colon)
}

/// The next-line control character is whitespace to Unicode, but not to JSON5.
fn blank_problem(blank: &str) -> Option<(usize, &'static str)> {
    let offset = blank.find('\u{85}')?;
    Some((offset, "an invisible character (U+0085)"))
}

fn token_problem(
    token: &Token<'_>,
    raw: &str,
    is_name: impl Fn() -> bool,
) -> Option<(usize, &'static str)> {
    match token {
        Token::String(_) => line_break(raw).map(|offset| (offset, "a line break in a string")),
        // To the parser the comment goes on, to JSON5 it ends there.
        Token::CommentLine(_) => raw
            .find(['\u{2028}', '\u{2029}'])
            .map(|offset| (offset, "a Unicode line separator in a comment")),
        Token::Number(_) if is_name() => Some((0, "a name that needs quotes")),
        Token::Word(_) => {
            let mut letters = raw.chars();
            let starts = letters
                .next()
                .is_some_and(|first| first.is_alphabetic() || matches!(first, '_' | '$'));
            let goes_on = letters.all(|letter| {
                letter.is_alphabetic() || letter.is_ascii_digit() || matches!(letter, '_' | '$')
            });
            (!(starts && goes_on)).then_some((0, "a name that needs quotes"))
        }
        _ => None,
    }
}

/// Finds a line break without a backslash before it.
fn line_break(raw: &str) -> Option<usize> {
    let bytes = raw.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        match bytes[index] {
            b'\\' if bytes[index + 1..].starts_with(b"\r\n") => index += 3,
            b'\\' => index += 2,
            b'\n' | b'\r' => return Some(index),
            _ => index += 1,
        }
    }
    None
}
