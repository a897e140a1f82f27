//! Sentences, words and languages of texts.

use serde_json::{Value, json};

use super::audio::{CHARACTER, Timed};

/// A language by its code.
pub(super) type Language = &'static str;

/// Guesses the language from the letters: English unless others are seen.
pub(super) fn language(text: &str) -> Language {
    let any = |ranges: &[std::ops::RangeInclusive<char>]| {
        text.chars()
            .any(|character| ranges.iter().any(|range| range.contains(&character)))
    };
    if any(&['\u{3040}'..='\u{30ff}']) {
        "ja"
    } else if any(&['\u{ac00}'..='\u{d7af}']) {
        "ko"
    } else if any(&['\u{4e00}'..='\u{9fff}']) {
        "zh"
    } else if any(&['\u{0400}'..='\u{04ff}']) {
        "ru"
    } else if text.contains(['ä', 'ö', 'ü', 'Ä', 'Ö', 'Ü', 'ß']) {
        "de"
    } else {
        "en"
    }
}

/// Whether a character has no blanks around its words.
const fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')
}

/// Whether a sentence may end with a character. Those of the first group need a blank after them.
const fn ends_before_blank(character: char) -> bool {
    matches!(character, '.' | '!' | '?' | ';' | '…')
}

const fn ends_anywhere(character: char) -> bool {
    matches!(character, '。' | '！' | '？' | '；' | '\n')
}

/// The bytes of the first sentence of a text; `None` as long as it may go on.
pub(super) fn first_sentence(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().peekable();
    let mut seen = false;
    while let Some((at, character)) = characters.next() {
        seen |= character.is_alphanumeric();
        let next = characters.peek();
        let ends = ends_anywhere(character)
            || ends_before_blank(character) && next.is_some_and(|(_, next)| next.is_whitespace());
        if ends && seen {
            return Some(at + character.len_utf8());
        }
    }
    None
}

/// Cuts a text into its sentences. They are all of it together.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut rest = text;
    while let Some(end) = first_sentence(rest) {
        let (sentence, after) = rest.split_at(end);
        sentences.push(sentence);
        rest = after;
    }
    match sentences.last() {
        // What is left may be blank.
        Some(last) if rest.trim().is_empty() => {
            let start = text.len() - rest.len() - last.len();
            sentences.pop();
            sentences.push(&text[start..]);
        }
        _ if rest.is_empty() => {}
        _ => sentences.push(rest),
    }
    sentences
}

/// A word and the characters of the text that it is, without those after it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The end of the punctuation after it.
    pub(super) stop: usize,
}

/// Finds the words of a text. Ideographs are words of their own.
pub(super) fn words(text: &[char]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open = false;
    for (at, &character) in text.iter().enumerate() {
        let end = at + 1;
        let is_letter =
            character.is_alphanumeric() || open && matches!(character, '\'' | '’' | '-');
        if character.is_whitespace() {
            open = false;
        } else if is_letter && !is_ideograph(character) {
            match words.last_mut() {
                Some(word) if open && word.stop == at => {
                    word.end = end;
                    word.stop = end;
                }
                _ => words.push(Word {
                    start: at,
                    end,
                    stop: end,
                }),
            }
            open = true;
        } else if is_letter {
            words.push(Word {
                start: at,
                end,
                stop: end,
            });
            open = false;
        } else {
            // Punctuation belongs to the word before it. `3.14` is one word.
            let inside = text.get(end).is_some_and(|next| next.is_alphanumeric());
            match words.last_mut() {
                Some(word) if word.stop == at => {
                    word.stop = end;
                    if open && inside && !is_ideograph(text[end]) {
                        word.end = end;
                    } else {
                        open = false;
                    }
                }
                _ => {}
            }
        }
    }
    words
}

/// Whether a sentence ends when a character follows another.
pub(super) fn ends(last: Option<char>, next: char) -> bool {
    ends_anywhere(next) || next.is_whitespace() && last.is_some_and(ends_before_blank)
}

/// Whether there is more than blanks.
pub(super) fn is_heard(text: &[Timed]) -> bool {
    text.iter().any(|timed| !timed.character.is_whitespace())
}

/// Cuts what was heard into sentences, none of them blank: at their ends, and at pauses.
pub(super) fn heard_sentences(text: &[Timed], pause: u64) -> Vec<&[Timed]> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, timed) in text.iter().enumerate() {
        let next = text.get(at + 1);
        let blank = next.is_none_or(|next| next.character.is_whitespace());
        let ends = ends_anywhere(timed.character)
            || ends_before_blank(timed.character) && blank
            || next.is_some_and(|next| next.at - timed.at > pause);
        if ends {
            sentences.push(&text[start..=at]);
            start = at + 1;
        }
    }
    sentences.push(&text[start..]);
    sentences
        .into_iter()
        .map(trim)
        .filter(|sentence| is_heard(sentence))
        .collect()
}

/// Leaves blanks at both ends out.
pub(super) fn trim(mut text: &[Timed]) -> &[Timed] {
    while let [first, rest @ ..] = text
        && first.character.is_whitespace()
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && last.character.is_whitespace()
    {
        text = rest;
    }
    text
}

/// When what was heard starts, in milliseconds.
pub(super) fn start(text: &[Timed]) -> u64 {
    text.first().map_or(0, |first| first.at)
}

/// When what was heard ends, in milliseconds.
pub(super) fn end(text: &[Timed]) -> u64 {
    text.last().map_or(0, |last| last.at + CHARACTER)
}

/// The words of what was heard, as recognition tells them. Transcripts of files have blanks with the words
/// before them.
pub(super) fn timed_words(text: &[Timed], blanks: bool) -> Value {
    let characters: Vec<char> = text.iter().map(|timed| timed.character).collect();
    let ends = |index: usize| text.get(index).map_or_else(|| end(text), |next| next.at);
    let json = |word: &Word| {
        let of = |range: std::ops::Range<usize>| characters[range].iter().collect::<String>();
        let blank = blanks
            && word.end == word.stop
            && characters
                .get(word.end)
                .is_some_and(|next| next.is_whitespace());
        json!({
            "begin_time": text[word.start].at,
            "end_time": ends(word.end),
            "punctuation": of(word.end..word.stop),
            "text": of(word.start..word.end) + if blank { " " } else { "" },
        })
    };
    words(&characters).iter().map(json).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_all_of_the_text() {
        for (text, expected) in [
            ("", &[][..]),
            ("One", &["One"]),
            ("One. Two! Three", &["One.", " Two!", " Three"]),
            ("It is 3.14 or so.", &["It is 3.14 or so."]),
            ("你好。世界！", &["你好。", "世界！"]),
            ("... well", &["... well"]),
            ("a.\n\n", &["a.\n\n"]),
            ("One. \n", &["One. \n"]),
        ] {
            assert_eq!(sentences(text), expected, "{text:?}");
            assert_eq!(sentences(text).concat(), text);
        }
        assert_eq!(first_sentence("One."), None);
        assert_eq!(first_sentence("One. "), Some(4));
    }

    #[test]
    fn words_have_their_punctuation_after_them() {
        let text: Vec<char> = "Don't pay 3.14, 世界! (well-known)".chars().collect();
        let shown: Vec<_> = words(&text)
            .iter()
            .map(|word| {
                let of = |range: std::ops::Range<usize>| text[range].iter().collect::<String>();
                (of(word.start..word.end), of(word.end..word.stop))
            })
            .collect();
        let shown: Vec<_> = shown
            .iter()
            .map(|(word, after)| (&**word, &**after))
            .collect();
        assert_eq!(
            shown,
            [
                ("Don't", ""),
                ("pay", ""),
                ("3.14", ","),
                ("世", ""),
                ("界", "!"),
                ("well-known", ")"),
            ]
        );
    }

    #[test]
    fn languages_are_seen_from_letters() {
        for (text, expected) in [
            ("Hello", "en"),
            ("Grüße", "de"),
            ("你好", "zh"),
            ("こんにちは、世界", "ja"),
            ("Привет", "ru"),
            ("안녕", "ko"),
        ] {
            assert_eq!(language(text), expected);
        }
    }

    #[test]
    fn what_was_heard_is_cut_at_pauses_too() {
        let mut at = 0;
        let text: Vec<Timed> = "One. Two|three "
            .chars()
            .filter_map(|character| {
                at += if character == '|' { 2000 } else { 60 };
                (character != '|').then_some(Timed { character, at })
            })
            .collect();
        let cut = heard_sentences(&text, 1300);
        let cut: Vec<String> = cut
            .iter()
            .map(|sentence| sentence.iter().map(|timed| timed.character).collect())
            .collect();
        assert_eq!(cut, ["One.", "Two", "three"]);
    }
}
