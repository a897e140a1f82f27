//! A made-up tokenizer that splits and counts text plausibly.

/// The longest piece of a word, in characters.
const LONGEST: usize = 7;

/// Cuts text into tokens that give the text again when joined: a short run of letters or digits
/// with the blank before it, a single sign, or a single ideograph.
pub(crate) fn split(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (token, after) = rest.split_at(first(rest));
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// Counts the tokens of a text.
pub(crate) fn count(text: &str) -> usize {
    let mut count = 0;
    let mut rest = text;
    while !rest.is_empty() {
        rest = &rest[first(rest)..];
        count += 1;
    }
    count
}

/// Cuts a text after this many tokens, and counts those that are left.
pub(crate) fn cut(text: &str, most: usize) -> (&str, usize) {
    let mut rest = text;
    let mut count = 0;
    while count < most && !rest.is_empty() {
        rest = &rest[first(rest)..];
        count += 1;
    }
    (&text[..text.len() - rest.len()], count)
}

/// The length of the first token, at least one character.
fn first(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    characters.next_if(|(_, character)| *character == ' ');
    let Some((start, character)) = characters.next() else {
        return text.len();
    };
    let mut end = start + character.len_utf8();
    if !is_letter(character) {
        return end;
    }
    for (at, character) in characters.take(LONGEST - 1) {
        if !is_letter(character) {
            break;
        }
        end = at + character.len_utf8();
    }
    end
}

/// Whether a character is part of a longer token.
fn is_letter(character: char) -> bool {
    character.is_alphanumeric() && (character as u32) < 0x2e80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_words_signs_and_ideographs() {
        assert_eq!(
            split("Hello, extraordinary 你好!"),
            ["Hello", ",", " extraor", "dinary", " 你", "好", "!"]
        );
    }

    #[test]
    fn cuts_after_a_number_of_tokens() {
        assert_eq!(cut("Hello, you 你好", 3), ("Hello, you", 3));
        assert_eq!(cut("你好", 3), ("你好", 2));
        assert_eq!(cut("", 3), ("", 0));
    }

    #[test]
    fn loses_nothing() {
        for text in ["", " ", "   ", "\n\n", "a  b\t", "né 🦀🦀 x", "2 + 2 = 4"] {
            assert_eq!(split(text).concat(), text);
            assert_eq!(split(text).len(), count(text));
        }
    }
}
