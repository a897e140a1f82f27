//! Reads a server's JSON field by field, borrowing from its text.
//!
//! Derived structs reject entire documents for what servers actually send: a duplicate field, a
//! number instead of a string, half of a surrogate pair. Here every field is optional, unknown ones
//! are skipped, and only text with escapes is copied. If a field is repeated, keep the last value:
//! fields are visited in order.
//!
//! ```
//! use qwen_openclaw_http::json;
//!
//! let (mut code, mut count) = (None, None);
//! json::fields(r#"{"code":"a","code":"b","count":10.0,"more":[]}"#, |name, value| match name {
//!     "code" => code = json::text(value),
//!     "count" => count = json::number(value),
//!     _ => {}
//! })?;
//! assert_eq!((code.as_deref(), count), (Some("b"), Some(10)));
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// Calls `each` with the name and the JSON of every field of the object in `json`, in order.
///
/// Values other than objects have no fields.
///
/// # Errors
///
/// When `json` is not a single JSON value. `each` has then been called for the fields before the
/// error.
pub fn fields<'a>(json: &'a str, each: impl FnMut(&str, &'a str)) -> Result<(), serde_json::Error> {
    struct Fields<F>(F);

    impl<'de, F: FnMut(&str, &'de str)> Visitor<'de> for Fields<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some((key, value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                (self.0)(&key.0, value.get());
            }
            Ok(())
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(json);
    if !json.trim_start().starts_with('{') {
        serde::de::IgnoredAny::deserialize(&mut deserializer)?;
        return deserializer.end();
    }
    deserializer.deserialize_map(Fields(each))?;
    deserializer.end()
}

/// Returns the JSON of each element of the array in `json`; other values have no elements.
#[must_use]
pub fn elements(json: &str) -> Vec<&str> {
    let elements: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
    elements.into_iter().map(RawValue::get).collect()
}

/// A field name, borrowed unless it contains escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// Returns the content of a JSON string, still escaped; `None` for any other value.
#[inline]
#[must_use]
pub fn string(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

/// Returns the text of a JSON string; `None` for any other value and for empty text.
#[must_use]
pub fn text(json: &str) -> Option<Cow<'_, str>> {
    let inner = string(json).filter(|inner| !inner.is_empty())?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    let mut text = String::with_capacity(inner.len());
    unescape(inner, &mut text);
    Some(Cow::Owned(text))
}

/// Returns a non-negative integer; `None` for any other value.
#[must_use]
pub fn number(json: &str) -> Option<u64> {
    json.parse().ok().or_else(|| {
        let number: f64 = json.parse().ok()?;
        // Counts are sometimes sent as `10.0`. Above 2^53 they are no longer exact.
        let whole = number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked"
        )]
        whole.then_some(number as u64)
    })
}

/// Appends the text of `inner`, the part between the quotes of a valid JSON string.
///
/// Half of a surrogate pair becomes U+FFFD, as in any decoder of JavaScript strings. An invalid
/// escape is kept as it is.
pub fn unescape(inner: &str, text: &mut String) {
    let mut rest = inner;
    while let Some(backslash) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..backslash]);
        let escape = &rest[backslash + 1..];
        let (c, used) = match escape.as_bytes().first() {
            Some(b'n') => ('\n', 1),
            Some(b't') => ('\t', 1),
            Some(b'r') => ('\r', 1),
            Some(b'b') => ('\u{8}', 1),
            Some(b'f') => ('\u{c}', 1),
            Some(b'u') => unicode_escape(&escape[1..]),
            Some(b'"' | b'\\' | b'/') => (char::from(escape.as_bytes()[0]), 1),
            _ => ('\\', 0),
        };
        text.push(c);
        rest = &escape[used..];
    }
    text.push_str(rest);
}

/// The character of `\u` followed by `digits`, and the number of bytes read after the backslash.
fn unicode_escape(digits: &str) -> (char, usize) {
    const UNKNOWN: char = char::REPLACEMENT_CHARACTER;
    let Some(unit) = hex4(digits) else {
        return (UNKNOWN, 1);
    };
    if let Some(c) = char::from_u32(unit) {
        return (c, 5);
    }
    let low = digits[4..].strip_prefix("\\u").and_then(hex4);
    let pair = low
        .filter(|low| unit < 0xdc00 && (0xdc00..0xe000).contains(low))
        .and_then(|low| char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)));
    pair.map_or((UNKNOWN, 5), |c| (c, 11))
}

fn hex4(digits: &str) -> Option<u32> {
    let digits = digits.get(..4)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unescaped(inner: &str) -> String {
        let mut text = String::new();
        unescape(inner, &mut text);
        text
    }

    fn listed(json: &str) -> Option<Vec<(String, String)>> {
        let mut list = Vec::new();
        fields(json, |key, value| {
            list.push((key.to_owned(), value.to_owned()))
        })
        .ok()?;
        Some(list)
    }

    #[test]
    fn fields_are_found_regardless_of_their_values() {
        let list = listed(r#"{"a":1,"b":{"c":[2]},"a":"x","d\n":null}"#).unwrap();
        let list: Vec<_> = list.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            list,
            [
                ("a", "1"),
                ("b", r#"{"c":[2]}"#),
                ("a", "\"x\""),
                ("d\n", "null")
            ]
        );
        assert_eq!(listed("null"), Some(vec![]));
        assert_eq!(listed("[1,2]"), Some(vec![]));
    }

    #[test]
    fn broken_json_is_an_error() {
        for json in ["", "{", "{oops", "{\"a\":}", "{} x", "[1"] {
            assert_eq!(listed(json), None, "{json}");
        }
    }

    #[test]
    fn halves_of_pairs_become_the_replacement_character() {
        assert_eq!(unescaped(r"a\ud83db"), "a\u{fffd}b");
        assert_eq!(unescaped(r"\ude00"), "\u{fffd}");
        assert_eq!(unescaped(r"\ud83d\ud83d\ude00"), "\u{fffd}😀");
        assert_eq!(unescaped(r"\ud83d\n"), "\u{fffd}\n");
        assert_eq!(unescaped(r"\u00e9\/\\"), "é/\\");
    }

    #[test]
    fn numbers() {
        for (json, expect) in [
            ("10", Some(10)),
            ("10.0", Some(10)),
            ("-1", None),
            ("1.5", None),
        ] {
            assert_eq!(number(json), expect, "{json}");
        }
        assert_eq!(number("\"10\""), None);
        assert_eq!(number("1e999"), None);
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text: String) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(unescaped(string(&json).unwrap()), text);
        }

        #[test]
        fn agrees_with_serde_json_on_escapes(units: Vec<u16>) {
            let json: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let expect = String::from_utf16_lossy(&units);
            prop_assert_eq!(unescaped(&json), expect);
        }

        #[test]
        fn takes_anything(inner in r#"[\\ud8-f0-9"a]{0,20}"#) {
            unescaped(&inner);
        }
    }
}
