//! The token of the remote control.

use std::{error, fmt, io, str::FromStr};

use http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::key;

/// The header for the token, for clients whose `Authorization` is taken.
pub(super) const TOKEN_HEADER: &str = "x-emulator-token";

const MIN_LENGTH: usize = 16;
const MAX_LENGTH: usize = 256;

/// A token that gives access to the remote control. `Debug` does not show it.
///
/// It has 16 to 256 characters: letters, digits, `-`, `.`, `_` and `~`.
///
/// ```
/// use qwen_openclaw_emulator::{ControlToken, Emulator};
///
/// let token: ControlToken = "a-token-for-tests".parse()?;
/// let builder = Emulator::builder().control_token(token);
/// # Ok::<(), qwen_openclaw_emulator::ParseControlTokenError>(())
/// ```
#[derive(Clone)]
pub struct ControlToken(Box<str>);

impl ControlToken {
    /// Makes a token of 128 bits from the operating system.
    pub(crate) fn random() -> io::Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        let token = format!("{:032x}", u128::from_be_bytes(bytes));
        Ok(Self(token.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether a request has the token.
    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        let header = headers.get(TOKEN_HEADER);
        let given = header.and_then(|value| value.to_str().ok());
        given
            .or_else(|| key::bearer(headers))
            .is_some_and(|given| self.is(given))
    }

    /// Compares in constant time: digests have one length, and all of their bytes are compared.
    pub(super) fn is(&self, given: &str) -> bool {
        let [own, given] = [self.as_str(), given].map(Sha256::digest);
        let differences = own.iter().zip(given).fold(0, |all, (a, b)| all | (a ^ b));
        std::hint::black_box(differences) == 0
    }
}

impl FromStr for ControlToken {
    type Err = ParseControlTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if (MIN_LENGTH..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(ParseControlTokenError(()))
        }
    }
}

impl fmt::Debug for ControlToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ControlToken([redacted])")
    }
}

/// The error for a token that is too short, too long, or has other characters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParseControlTokenError(());

impl fmt::Display for ParseControlTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a control token has {MIN_LENGTH} to {MAX_LENGTH} letters, digits, `-`, `.`, `_` or `~`"
        )
    }
}

impl error::Error for ParseControlTokenError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_taken() {
        let token: ControlToken = "0123456789abcdef".parse().unwrap();
        assert!(token.is("0123456789abcdef"));
        for wrong in [
            "",
            "0123456789abcde",
            "0123456789abcdefg",
            "0123456789abcdeF",
        ] {
            assert!(!token.is(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_a_token_is_refused() {
        let long = "x".repeat(257);
        for text in [
            "",
            "short",
            "0123456789 bcdef",
            "0123456789abcd\u{e9}",
            &long,
        ] {
            assert!(text.parse::<ControlToken>().is_err(), "{text}");
        }
    }

    #[test]
    fn random_tokens_differ_and_are_valid() {
        let [one, other] = [(); 2].map(|()| ControlToken::random().unwrap());
        assert_ne!(one.as_str(), other.as_str());
        assert!(one.as_str().parse::<ControlToken>().is_ok());
        assert!(!format!("{one:?}").contains(one.as_str()));
    }
}
