//! What speech used.

use qwen_openclaw_catalog::synthesis::Units;
use qwen_openclaw_http::json;

/// What a request used, or several together. What the server did not count is `None`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// Characters of the text, as the server counts them.
    pub characters: Option<u64>,
    /// Tokens of the text.
    pub input_tokens: Option<u64>,
    /// Tokens of the audio.
    pub output_tokens: Option<u64>,
}

impl Usage {
    /// Reads the `usage` object of any of the services.
    pub(crate) fn read(usage: &str) -> Self {
        let mut read = Self::default();
        // A field that cannot be read is not counted; the audio beside it is paid for.
        let _ = json::fields(usage, |name, value| match name {
            "characters" => read.characters = json::number(value),
            "input_tokens" => read.input_tokens = json::number(value),
            "output_tokens" => read.output_tokens = json::number(value),
            _ => {}
        });
        read
    }

    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Returns the total of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (one, other) => one.or(other),
        };
        Self {
            characters: sum(self.characters, other.characters),
            input_tokens: sum(self.input_tokens, other.input_tokens),
            output_tokens: sum(self.output_tokens, other.output_tokens),
        }
    }

    /// Returns what is billed: characters where the server counted any, otherwise tokens. `None` if it
    /// did not count.
    #[must_use]
    pub fn billed(self) -> Option<Units> {
        match (self.characters, self.input_tokens, self.output_tokens) {
            (Some(characters), ..) if characters > 0 => Some(Units::Characters(characters)),
            (characters, None, None) => characters.map(Units::Characters),
            (_, input, output) => Some(Units::tokens(input.unwrap_or(0), output.unwrap_or(0))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Option<Units>) {
        assert_eq!(Usage::read(json).billed(), expected, "{json}");
    }

    #[test]
    fn characters_are_billed_unless_there_are_only_tokens() {
        check(r#"{"characters":9}"#, Some(Units::Characters(9)));
        let both = r#"{"input_tokens":0,"output_tokens":0,"characters":195}"#;
        check(both, Some(Units::Characters(195)));
        let tokens = r#"{"total_tokens":67,"input_tokens":3,"output_tokens":64}"#;
        check(tokens, Some(Units::tokens(3, 64)));
        check("null", None);
        check(r#"{"characters":"many"}"#, None);
    }

    #[test]
    fn what_is_not_counted_is_not_zero() {
        let some = Usage::read(r#"{"characters":2}"#);
        assert_eq!(some.plus(Usage::default()), some);
        assert_eq!(some.plus(some).characters, Some(4));
        assert_eq!(Usage::default().billed(), None);
    }
}
