//! The API key: validated once, redacted everywhere after.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, KeyProblem};

/// A validated API key that is never printed.
///
/// The key is a single line of visible ASCII characters. It has no `Display` and no `Serialize`,
/// its `Debug` prints `[redacted]`, and its memory is zeroed on drop. [`expose`] is the only access
/// to the text; [`masked`] is safe to show to people.
///
/// Keys are compared by their text. The comparison is not constant-time, because both sides belong
/// to the caller.
///
/// ```
/// use qwen_openclaw_auth::{ApiKey, KeyKind};
///
/// let key = ApiKey::parse("  sk-sp-0123456789abcdef\n")?;
/// assert_eq!(key.expose(), "sk-sp-0123456789abcdef");
/// assert_eq!(key.masked(), "sk-sp-01...89abcdef");
/// assert_eq!(key.kind(), KeyKind::CodingPlan);
/// assert_eq!(format!("{key:?}"), "ApiKey([redacted])");
/// # Ok::<(), qwen_openclaw_auth::Error>(())
/// ```
///
/// [`expose`]: Self::expose
/// [`masked`]: Self::masked
#[derive(Clone)]
pub struct ApiKey {
    text: SecretString,
    /// A login's access token, which is masked completely.
    is_token: bool,
}

/// Validates a key, as [`ApiKey::parse`] does.
impl TryFrom<&str> for ApiKey {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

/// Validates a key, as [`ApiKey::parse`] does.
impl TryFrom<String> for ApiKey {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl ApiKey {
    /// Validates a key, trimming surrounding whitespace.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidKey`](crate::ErrorKind::InvalidKey) when nothing is left after trimming,
    /// or at the first character that no key contains: a line break, whitespace, another control
    /// character, or a non-ASCII character. The error says which and where, and never contains the
    /// key.
    pub fn parse(text: impl Into<String>) -> Result<Self, Error> {
        // From here on the text is zeroed on drop, including on the error paths.
        let given = SecretString::from(text.into());
        let text = given.expose_secret();
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(Error::invalid_key(KeyProblem::Empty, 0));
        }
        for (index, character) in trimmed.chars().enumerate() {
            if let Some(problem) = problem_of(character) {
                return Err(Error::invalid_key(problem, index + 1));
            }
        }
        let text = if trimmed.len() == text.len() {
            given
        } else {
            SecretString::from(trimmed)
        };
        let is_token = false;
        Ok(Self { text, is_token })
    }

    /// Marks the key as an access token, which no user compares with what a console shows:
    /// [`masked`](Self::masked) hides all of it.
    #[must_use]
    pub fn into_token(self) -> Self {
        let is_token = true;
        Self { is_token, ..self }
    }

    /// Returns the key in the clear, only for sending it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// Returns the masked key: its ends, with `...` between them.
    ///
    /// A key of more than 16 characters shows eight at each end, one of more than 6 shows two, a
    /// shorter one shows one. OpenClaw masks keys the same way, so that the output of both can be
    /// compared. A login's access token is hidden completely: `[token]`.
    ///
    /// ```
    /// # use qwen_openclaw_auth::ApiKey;
    /// assert_eq!(ApiKey::parse("abcdefz")?.masked(), "ab...fz");
    /// # Ok::<(), qwen_openclaw_auth::Error>(())
    /// ```
    #[must_use]
    pub fn masked(&self) -> String {
        if self.is_token {
            return "[token]".to_owned();
        }
        let key = self.expose();
        let shown = match key.len() {
            0..=6 => 1,
            7..=16 => 2,
            _ => 8,
        };
        // A key is ASCII and not empty, so every index is a character boundary.
        format!("{}...{}", &key[..shown], &key[key.len() - shown..])
    }

    /// Returns the kind of key, judged by its prefix.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        KeyKind::of(self.expose())
    }
}

impl PartialEq for ApiKey {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for ApiKey {}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}

/// The kind of an API key, judged by its prefix.
///
/// The prefix is a hint for messages and defaults; only the service knows which region and plan a
/// key belongs to. Keys of the Token Plan have no documented prefix of their own.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum KeyKind {
    /// `sk-sp-`: a Coding Plan subscription key, rejected by every other endpoint.
    CodingPlan,
    /// `sk-ws-`: a key bound to one workspace.
    Workspace,
    /// `st-`: a temporary key, valid for minutes.
    Temporary,
    /// `sk-`: a standard key.
    Standard,
    /// Any other format, such as a portal token or a proxy's key.
    Other,
}

impl KeyKind {
    fn of(key: &str) -> Self {
        // Longer prefixes come first, because three of them start with `sk-`.
        const PREFIXES: [(&str, KeyKind); 4] = [
            ("sk-sp-", KeyKind::CodingPlan),
            ("sk-ws-", KeyKind::Workspace),
            ("st-", KeyKind::Temporary),
            ("sk-", KeyKind::Standard),
        ];
        PREFIXES
            .iter()
            .find(|(prefix, _)| key.starts_with(prefix))
            .map_or(Self::Other, |(_, kind)| *kind)
    }
}

impl fmt::Display for KeyKind {
    /// Writes a name for use in messages, such as `Coding Plan key`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CodingPlan => "Coding Plan key",
            Self::Workspace => "workspace key",
            Self::Temporary => "temporary key",
            Self::Standard => "standard key",
            Self::Other => "key of unknown format",
        })
    }
}

fn problem_of(character: char) -> Option<KeyProblem> {
    match character {
        '\n' | '\r' => Some(KeyProblem::LineBreak),
        ' ' | '\t' => Some(KeyProblem::Blank),
        control if control.is_ascii_control() => Some(KeyProblem::Control),
        visible if visible.is_ascii() => None,
        _ => Some(KeyProblem::NonAscii),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorKind;

    #[test]
    fn surrounding_white_space_is_trimmed() {
        for text in ["sk-1", " sk-1", "sk-1\r\n", "\t\u{a0}sk-1 \n\n"] {
            assert_eq!(ApiKey::parse(text).unwrap().expose(), "sk-1", "{text:?}");
        }
    }

    #[test]
    fn invalid_characters_are_told_apart() {
        let table = [
            ("", KeyProblem::Empty, "the API key is empty"),
            (" \t\r\n", KeyProblem::Empty, "the API key is empty"),
            (
                "sk-1\nsk-2",
                KeyProblem::LineBreak,
                "a line break at character 5",
            ),
            (
                "sk-1\r\nsk-2",
                KeyProblem::LineBreak,
                "a line break at character 5",
            ),
            (
                "Bearer sk-1",
                KeyProblem::Blank,
                "whitespace at character 7",
            ),
            ("sk\t1", KeyProblem::Blank, "whitespace at character 3"),
            (
                "sk-\u{0}",
                KeyProblem::Control,
                "a control character at character 4",
            ),
            (
                "sk-\u{7f}1",
                KeyProblem::Control,
                "a control character at character 4",
            ),
            (
                "sk-\u{2026}",
                KeyProblem::NonAscii,
                "a non-ASCII character at character 4",
            ),
            (
                "sk\u{a0}1",
                KeyProblem::NonAscii,
                "a non-ASCII character at character 3",
            ),
            (
                "\u{feff}sk-1",
                KeyProblem::NonAscii,
                "a non-ASCII character at character 1",
            ),
        ];
        for (text, problem, message) in table {
            let error = ApiKey::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidKey(problem), "{text:?}");
            assert!(error.to_string().contains(message), "{text:?}: {error}");
        }
    }

    #[test]
    fn masks_show_the_ends_as_openclaw_does() {
        let table = [
            ("a", "a...a"),
            ("ab", "a...b"),
            ("MY_KEY", "M...Y"),
            ("1234567", "12...67"),
            ("qwen-oauth", "qw...th"),
            ("sk-0123456789abc", "sk...bc"),
            ("sk-0123456789abcd", "sk-01234...6789abcd"),
            ("sk-qwen-0000-1111-7890abcd", "sk-qwen-...7890abcd"),
        ];
        for (key, masked) in table {
            assert_eq!(ApiKey::parse(key).unwrap().masked(), masked);
        }
    }

    #[test]
    fn prefixes_name_the_kind() {
        let table = [
            ("sk-sp-1", KeyKind::CodingPlan),
            ("sk-ws-H.a.b", KeyKind::Workspace),
            ("st-1", KeyKind::Temporary),
            ("sk-1", KeyKind::Standard),
            ("sk-spx", KeyKind::Standard),
            ("SK-1", KeyKind::Other),
            ("token", KeyKind::Other),
        ];
        for (key, kind) in table {
            assert_eq!(ApiKey::parse(key).unwrap().kind(), kind, "{key}");
        }
    }

    #[test]
    fn debug_contains_no_part_of_the_key() {
        let key = ApiKey::parse("sk-very-secret").unwrap();
        assert_eq!(
            format!("{key:?} {key:#?}"),
            "ApiKey([redacted]) ApiKey([redacted])"
        );
    }

    #[test]
    fn keys_are_equal_by_their_text() {
        let key = ApiKey::parse("sk-1").unwrap();
        assert_eq!(key, ApiKey::parse(" sk-1 ").unwrap());
        assert_eq!(key, key.clone());
        assert_ne!(key, ApiKey::parse("sk-2").unwrap());
    }

    proptest! {
        #[test]
        fn any_text_is_a_clean_key_or_an_error(text in ".*") {
            match ApiKey::parse(text.clone()) {
                Ok(key) => {
                    prop_assert!(key.expose().bytes().all(|byte| byte.is_ascii_graphic()));
                    prop_assert_eq!(key.expose(), text.trim());
                    prop_assert!(key.masked().contains("..."));
                }
                Err(error) => prop_assert!(matches!(error.kind(), ErrorKind::InvalidKey(_))),
            }
        }

        #[test]
        fn errors_contain_no_part_of_the_key(
            start in "[0-9]{8,40}",
            bad in "[\n\r \t\u{1}\u{7f}\u{e9}\u{2028}]",
            end in "[0-9]{8,40}",
        ) {
            let error = ApiKey::parse(format!("{start}{bad}{end}")).unwrap_err();
            let shown = format!("{error} {error:?} {error:#?}");
            prop_assert!(!shown.contains(&start[..4]) && !shown.contains(&end[..4]), "{}", shown);
        }
    }
}
