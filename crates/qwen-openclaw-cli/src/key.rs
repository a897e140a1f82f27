//! Reads a key from standard input.

use std::io::{IsTerminal, Read};

use qwen_openclaw::auth::ApiKey;

use crate::{failure::Failure, prompt};

/// Asks for a key on a terminal, which does not show it; otherwise reads it from standard input.
/// `what` is the prompt, such as `API key for qwen`.
pub(crate) async fn ask_for_key(what: &str) -> Result<ApiKey, Failure> {
    if !std::io::stdin().is_terminal() {
        return key_from_stdin();
    }
    let line = prompt::secret(&format!("{what}: ")).await?;
    Ok(ApiKey::parse(bare(&line))?)
}

pub(crate) fn key_from_stdin() -> Result<ApiKey, Failure> {
    let mut text = String::new();
    // Keys are short; anything longer is not a key.
    std::io::stdin()
        .take(64 << 10)
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("could not read the key: {error}")))?;
    Ok(ApiKey::parse(bare(&text))?)
}

/// The bare key in a line copied from a shell script or a dotenv file: `export NAME="key";`.
pub(crate) fn bare(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("export ").unwrap_or(text).trim_start();
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let text = match text.split_once('=') {
        Some((name, value)) if is_name(name) => value.trim().trim_end_matches(';'),
        _ => text,
    };
    let quoted = |mark| text.strip_prefix(mark)?.strip_suffix(mark);
    quoted('"').or_else(|| quoted('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn a_key_is_extracted_from_the_line_it_was_copied_with() {
        for text in [
            "sk-1",
            " sk-1\n",
            "\"sk-1\"",
            "'sk-1'\n",
            "QWEN_API_KEY=sk-1",
            "export QWEN_API_KEY=\"sk-1\";\n",
        ] {
            assert_eq!(bare(text), "sk-1", "{text}");
        }
        // No part of the key itself is lost.
        for text in ["sk-a=b", "\"sk-1", "", "=", "a=b"] {
            assert_eq!(bare(text), text);
        }
    }
}
