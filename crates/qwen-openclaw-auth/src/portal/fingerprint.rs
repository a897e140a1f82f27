//! Fingerprints, which identify tokens without revealing them.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Returns the fingerprint of a token: enough of its hash to tell two tokens apart, but not to log
/// in.
pub(super) fn of(token: &str) -> String {
    let hash = Sha256::new()
        .chain_update(b"qwen-openclaw token\0")
        .chain_update(token)
        .finalize();
    hash.iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_tokens_apart() {
        assert_eq!(of("token").len(), 32);
        assert_eq!(of("token"), of("token"));
        assert_ne!(of("token"), of("token "));
    }
}
