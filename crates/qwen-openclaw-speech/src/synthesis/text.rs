//! Where a text may be cut.

use qwen_openclaw_catalog::synthesis::weight;

/// Returns where to cut the next part off `text`, in bytes, so that it has at most `limit` characters
/// as they are counted: behind the last sentence that fits, otherwise behind the last word, otherwise
/// anywhere.
///
/// A text that fits is cut behind its last whole sentence; `None` if it has none, unless it `is_all`.
pub(crate) fn cut(text: &str, limit: u64, is_all: bool) -> Option<usize> {
    let (mut used, mut sentence, mut word, mut any) = (0, None, None, 0);
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        used += weight(character);
        if used > limit {
            // One character at least, whatever the limit.
            let any = if any == 0 { character.len_utf8() } else { any };
            return Some(sentence.or(word).unwrap_or(any));
        }
        any = at + character.len_utf8();
        let next = characters.peek().map(|(_, next)| *next);
        if ends_sentence(character, next) {
            sentence = Some(any);
        }
        if character.is_whitespace()
            || matches!(character, ',' | ';' | '\u{ff0c}' | '\u{3001}' | '\u{ff1b}')
        {
            word = Some(any);
        }
    }
    match is_all {
        true => (!text.is_empty()).then_some(text.len()),
        false => sentence,
    }
}

/// Whether a sentence ends with `character` when `next` follows. A full stop ends one only before
/// white space: there are numbers and names with one.
fn ends_sentence(character: char, next: Option<char>) -> bool {
    match character {
        '\n' | '\u{3002}' | '\u{ff01}' | '\u{ff1f}' | '\u{2026}' => true,
        '.' | '!' | '?' => next.is_some_and(char::is_whitespace),
        _ => false,
    }
}

/// Cuts a whole text into parts, of which each has at most `limit` characters. Parts without a word
/// are left out.
pub(crate) fn parts(mut text: &str, limit: u64) -> Vec<&str> {
    let mut parts = Vec::new();
    while !text.is_empty() {
        // A part that fits is taken whole, with all of its sentences.
        let Some(at) = cut(text, limit, true) else {
            break;
        };
        let (part, rest) = text.split_at(at);
        if is_speakable(part) {
            parts.push(part.trim());
        }
        text = rest;
    }
    parts
}

/// Whether there is anything in a text that can be spoken.
pub(crate) fn is_speakable(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, limit: u64, expected: &[&str]) {
        assert_eq!(parts(text, limit), expected, "{text}");
    }

    #[test]
    fn long_texts_are_cut_behind_sentences_words_or_anywhere() {
        check("One. Two. Three.", 100, &["One. Two. Three."]);
        check("One. Two. Three.", 10, &["One. Two.", "Three."]);
        check(
            "It costs 3.14 or more. Yes!",
            24,
            &["It costs 3.14 or more.", "Yes!"],
        );
        check("one two three", 8, &["one two", "three"]);
        check("abcdefgh", 3, &["abc", "def", "gh"]);
        check("你好。世界!", 6, &["你好。", "世界!"]);
        check("你", 1, &["你"]);
        check(" \n ... ", 10, &[]);
        check("", 10, &[]);
    }

    #[test]
    fn of_a_text_that_goes_on_whole_sentences_are_taken() {
        assert_eq!(cut("It is 3.", 100, false), None);
        assert_eq!(cut("It is 3. And", 100, false), Some(8));
        assert_eq!(cut("A. B! C", 100, false), Some(5));
        assert_eq!(cut("你好。世", 100, false), Some("你好。".len()));
        assert_eq!(cut("no end yet", 100, false), None);
        assert_eq!(cut("no end yet", 5, false), Some(3));
        assert_eq!(cut("", 5, true), None);
    }
}
