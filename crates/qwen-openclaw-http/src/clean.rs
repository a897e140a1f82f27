//! Cleans server output for display and storage: removes terminal control characters, invisible
//! characters, and the secrets that were sent.

use std::{borrow::Cow, fmt, sync::Arc};

use bytes::Bytes;
use serde_json::{Map, Value};

/// Maximum length in characters of a text from the server: messages end up in terminals and logs.
const MAX_CHARS: usize = 300;
/// The replacement for a secret.
const MASK: &str = "[key]";
/// Anything shorter is likely an ordinary word rather than a secret.
const SHORTEST: usize = 4;
/// The same for texts that are used and not only shown, such as a URL: a wrongly placed mask would
/// break them.
const SHORTEST_IN_USE: usize = 8;
/// Longer documents are masked as text: parsed values would take many times their size.
const LARGEST_READ: usize = 1 << 20;
/// How much of a secret at the end of a truncated text is enough to hide it.
const SHORTEST_BEGINNING: usize = 4;
/// How many invisible characters may appear between two characters of a secret.
const GAP: usize = 8;

/// The keys and tokens sent with a request, which must not be shown.
///
/// A server, or a gateway in front of it, may echo them anywhere: in messages, codes and ids, and in
/// successful responses too. They are recognized regardless of case, percent-encoded, JSON-escaped,
/// or with spaces or invisible characters in between. Secrets shorter than four characters are not
/// hidden, since they could be ordinary words.
///
/// ```
/// use qwen_openclaw_http::Secrets;
///
/// let secrets = Secrets::default().with("sk-0123456789");
/// assert_eq!(secrets.mask("no such key: sk-0123456789"), "no such key: [key]");
/// assert_eq!(secrets.clean("\u{1b}[2Jsk-%301\u{200b}23456789").as_deref(), Some("[2J[key]"));
/// ```
#[derive(Clone, Default)]
pub struct Secrets {
    texts: Arc<[Box<str>]>,
}

impl Secrets {
    /// Adds a secret.
    #[must_use]
    pub fn with(self, secret: &str) -> Self {
        if secret.len() < SHORTEST {
            return self;
        }
        let texts = self.texts.iter().cloned();
        Self {
            texts: texts.chain([secret.into()]).collect(),
        }
    }

    /// Cleans a diagnostic text from a server so that it is safe to show; `None` if nothing is left.
    ///
    /// The result is one line of at most 300 characters, without control characters, invisible
    /// characters or these secrets.
    #[must_use]
    pub fn clean(&self, text: &str) -> Option<Box<str>> {
        // An id, as nearly always: nothing in it needs cleaning or can disguise a secret.
        if is_id(text) && !self.occur_plainly_in(text) {
            return Some(text.into());
        }
        clean(&self.mask(text))
    }

    /// Whether one of these secrets is in `text` as it is, regardless of case.
    fn occur_plainly_in(&self, text: &str) -> bool {
        self.texts.iter().any(|secret| {
            let mut places = text.as_bytes().windows(secret.len());
            places.any(|place| place.eq_ignore_ascii_case(secret.as_bytes()))
        })
    }

    /// Returns `text` with these secrets replaced by `[key]`.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.mask_from(SHORTEST, text)
    }

    /// Masks these secrets in all strings and field names of `value`.
    ///
    /// Secrets shorter than eight characters are left alone, since masking them could break URLs and
    /// ids that the program uses.
    pub fn mask_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(masked) = self.mask_from(SHORTEST_IN_USE, text) {
                    *text = masked;
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.mask_json(value)),
            Value::Object(fields) => {
                fields.values_mut().for_each(|value| self.mask_json(value));
                let masked = |name: &str| self.mask_from(SHORTEST_IN_USE, name).into_owned();
                if fields.keys().any(|name| masked(name) != *name) {
                    let fields_before: Map<_, _> = std::mem::take(fields);
                    let renamed = fields_before.into_iter();
                    fields.extend(renamed.map(|(name, value)| (masked(&name), value)));
                }
            }
            _ => {}
        }
    }

    /// Masks these secrets in a JSON document, like [`mask_json`](Self::mask_json).
    pub(crate) fn mask_document(&self, document: Bytes) -> Bytes {
        let text = String::from_utf8_lossy(&document);
        let Cow::Owned(masked) = self.mask_from(SHORTEST_IN_USE, &text) else {
            return document;
        };
        // Some gateways prepend a byte order mark.
        let text = text.trim_start_matches('\u{feff}');
        let read = (text.len() <= LARGEST_READ).then(|| serde_json::from_str(text));
        let Some(Ok(mut value)) = read else {
            // A lenient reader may still find fields in text that is not valid JSON as a whole.
            return masked.into();
        };
        self.mask_json(&mut value);
        value.to_string().into()
    }

    fn mask_from<'a>(&self, shortest: usize, whole: &'a str) -> Cow<'a, str> {
        let text = whole.strip_suffix('…').unwrap_or(whole);
        let cut = &whole[text.len()..];
        let secrets = self.texts.iter();
        let secrets: Vec<&str> = secrets
            .filter(|secret| secret.len() >= shortest)
            .map(AsRef::as_ref)
            .collect();
        let may_begin = |c: char| {
            let mut firsts = secrets.iter().filter_map(|secret| secret.chars().next());
            matches!(c, '%' | '\\') || firsts.any(|first| first.eq_ignore_ascii_case(&c))
        };
        let mut masked = String::new();
        let (mut kept, mut at) = (0, 0);
        while let Some(next) = text[at..].find(may_begin) {
            at += next;
            let rest = &text[at..];
            let mut secrets = secrets.iter();
            match secrets.find_map(|secret| length_in(secret, rest, !cut.is_empty())) {
                Some(length) => {
                    masked.push_str(&text[kept..at]);
                    masked.push_str(MASK);
                    at += length;
                    kept = at;
                }
                None => at += rest.chars().next().map_or(1, char::len_utf8),
            }
        }
        if kept == 0 {
            return Cow::Borrowed(whole);
        }
        masked.push_str(&text[kept..]);
        masked.push_str(cut);
        Cow::Owned(masked)
    }
}

/// Shows none of the secrets.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} redacted)", self.texts.len())
    }
}

/// The length of `secret`, in any spelling, at the start of `text`.
///
/// A text that was `cut` may end within the secret.
fn length_in(secret: &str, text: &str, cut: bool) -> Option<usize> {
    let mut at = 0;
    for (matched, wanted) in secret.chars().enumerate() {
        let mut gap = 0;
        loop {
            let rest = &text[at..];
            let Some(next) = rest.chars().next() else {
                return (cut && matched >= SHORTEST_BEGINNING).then_some(text.len());
            };
            if next.eq_ignore_ascii_case(&wanted) {
                at += next.len_utf8();
                break;
            }
            if let Some((decoded, length)) = escaped(rest)
                && decoded.eq_ignore_ascii_case(&wanted)
            {
                at += length;
                break;
            }
            let between = next == ' ' || next.is_control() || is_invisible(next);
            if matched == 0 || !between || gap == GAP {
                return None;
            }
            gap += 1;
            at += next.len_utf8();
        }
    }
    Some(at)
}

/// The escaped character at the start of `text` and the length of the escape: `%73`, `\u0073` or
/// `\/`, even if escaped several times.
fn escaped(text: &str) -> Option<(char, usize)> {
    let hex = |digits: Option<&str>| u32::from_str_radix(digits?, 16).ok();
    if let Some(rest) = text.strip_prefix('%') {
        let digits = rest.trim_start_matches("25");
        let at = text.len() - digits.len();
        let code = hex(digits.get(..2))?;
        return Some((char::from_u32(code).filter(char::is_ascii)?, at + 2));
    }
    let rest = text.trim_start_matches('\\');
    let at = text.len() - rest.len();
    let next = rest.chars().next().filter(|_| at > 0)?;
    match next {
        'u' => Some((char::from_u32(hex(rest.get(1..5))?)?, at + 5)),
        '/' | '"' => Some((next, at + 1)),
        _ => None,
    }
}

/// Whether a text consists only of the characters of ids and model names.
fn is_id(text: &str) -> bool {
    let mut bytes = text.bytes();
    let is_short = !text.is_empty() && text.len() <= MAX_CHARS;
    is_short && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte))
}

/// Cleans a diagnostic text, except for secrets.
pub(crate) fn clean(text: &str) -> Option<Box<str>> {
    let mut cleaned = String::with_capacity(text.len().min(MAX_CHARS * 4));
    let mut room = MAX_CHARS;
    let mut replaced = true;
    for c in text.trim().chars().filter(|c| !is_invisible(*c)) {
        if room == 0 {
            cleaned.push('…');
            break;
        }
        let is_space = c == ' ' || is_break(c);
        // A run of replaced characters leaves a single space.
        if is_space && (replaced || (is_break(c) && cleaned.ends_with(' '))) {
            replaced |= is_break(c);
            continue;
        }
        replaced = is_break(c);
        room -= 1;
        cleaned.push(if is_space { ' ' } else { c });
    }
    let cleaned = cleaned.trim_end();
    (!cleaned.is_empty()).then(|| cleaned.into())
}

/// Terminal control characters and line breaks.
fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Invisible characters, which can reorder, hide or disguise the text around them.
///
/// They are Unicode's format characters (Cf), the fillers and joiners that
/// `Default_Ignorable_Code_Point` adds, and variation selectors.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "sk-0123456789abcdef";

    fn secrets() -> Secrets {
        Secrets::default().with(KEY)
    }

    #[test]
    fn control_and_invisible_characters_are_removed() {
        let table = [
            ("a\u{1b}[31m\nb\u{202e}", Some("a [31m b")),
            (
                "The size\u{1b} is not\r\n\tmatch",
                Some("The size is not match"),
            ),
            ("mo\u{200b}de\u{61c}l\u{2066}s\u{feff}", Some("models")),
            ("a\u{9b}2J\u{85}b\u{2028}c", Some("a 2J b c")),
            ("\u{e0041}\u{ad}\u{3164}", None),
            ("two  blanks", Some("two  blanks")),
            (" \u{7} ", None),
            ("ключ 🗝", Some("ключ 🗝")),
        ];
        for (text, cleaned) in table {
            assert_eq!(clean(text).as_deref(), cleaned, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_truncated() {
        let long = clean(&"x".repeat(400)).unwrap();
        assert_eq!(long.chars().count(), MAX_CHARS + 1);
    }

    #[test]
    fn a_key_is_found_in_any_spelling() {
        for spelling in [
            KEY.to_owned(),
            KEY.to_uppercase(),
            KEY.replace('0', "%30"),
            KEY.replace('0', "%252530"),
            KEY.replace('s', "\\u0073"),
            KEY.replace('s', "\\\\u0073"),
            KEY.replace('5', "\u{200b}5\u{61c}"),
            KEY.replace('5', "\n5"),
            KEY.bytes().map(|byte| format!("%{byte:02x}")).collect(),
            KEY.bytes().map(|byte| format!("\\u{byte:04X}")).collect(),
        ] {
            let text = format!("the key {spelling}, {spelling}s");
            assert_eq!(secrets().mask(&text), "the key [key], [key]s", "{text}");
            let kept = secrets().clean(&format!("{spelling} ")).unwrap();
            assert_eq!(&*kept, "[key]", "{spelling}");
            // Also if the text was cleaned before the key was known.
            let late = clean(&text).unwrap();
            assert_eq!(secrets().mask(&late), "the key [key], [key]s", "{text}");
        }
    }

    #[test]
    fn other_text_is_kept() {
        for text in [
            "",
            "sk-0123456789abcde",
            "%",
            "\\u00",
            "100%",
            "\\",
            "…",
            "sk…",
            "ß%zz",
        ] {
            assert_eq!(secrets().mask(text), text);
        }
        let short = Secrets::default().with("abc").with("");
        assert_eq!(short.mask("abc"), "abc");
    }

    #[test]
    fn an_id_is_kept_unless_a_secret_is_in_it() {
        for id in [
            "chatcmpl-5f1c9a52-8d1e-9b7c-a0de-3c2f7d1b6e90",
            "org/model_1.5:free",
            "SK-0123456789ABCDEF",
            "id-sk-0123456789abcdef.1",
            "sk-0123456789abcde",
        ] {
            assert_eq!(secrets().clean(id), clean(&secrets().mask(id)), "{id}");
        }
        let echoed = secrets().clean("id-SK-0123456789abcdef.1");
        assert_eq!(echoed.as_deref(), Some("id-[key].1"));
    }

    #[test]
    fn a_partial_key_is_masked_where_a_text_was_truncated() {
        for (text, masked) in [
            ("bad key sk-01234…", "bad key [key]…"),
            ("bad key %73k-0…", "bad key [key]…"),
            ("bad key sk-01234", "bad key sk-01234"),
        ] {
            assert_eq!(secrets().mask(text), masked);
        }
    }

    #[test]
    fn documents_are_masked_as_a_whole() {
        let mut value = json!({
            "code": KEY, "list": [{KEY: [format!("https://x/?a={KEY}&b")]}], "n": 1, "z": null,
        });
        secrets().mask_json(&mut value);
        let expected = json!({
            "code": "[key]", "list": [{"[key]": ["https://x/?a=[key]&b"]}], "n": 1, "z": null,
        });
        assert_eq!(value, expected);

        let mut untouched = json!({"url": "https://files.test/test.mp4"});
        Secrets::default().with("test").mask_json(&mut untouched);
        assert_eq!(untouched, json!({"url": "https://files.test/test.mp4"}));
    }

    #[test]
    fn debug_shows_none() {
        assert_eq!(format!("{:?}", secrets()), "Secrets(1 redacted)");
    }
}
