//! What a request used.

use qwen_openclaw_catalog::embedding::Tokens;
use qwen_openclaw_http::json;

/// The tokens of a request, or of several together.
///
/// What the server did not count is `None`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// All tokens.
    pub tokens: Option<u64>,
    /// The tokens of images and videos among them.
    pub media_tokens: Option<u64>,
}

impl Usage {
    /// Reads the `usage` object of any of the services. `total_tokens` is what all of them have.
    pub(crate) fn read(usage: &str) -> Self {
        let (mut total, mut input, mut media) = (None, None, None);
        // A field that cannot be read is not counted; the vectors beside it are paid for.
        let _ = json::fields(usage, |name, value| match name {
            "total_tokens" => total = json::number(value),
            "input_tokens" | "prompt_tokens" => input = json::number(value),
            "input_tokens_details" => media = media_tokens(value),
            _ => {}
        });
        Self {
            tokens: total.or(input),
            media_tokens: media,
        }
    }

    /// Returns the total of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (one, other) => one.or(other),
        };
        Self {
            tokens: sum(self.tokens, other.tokens),
            media_tokens: sum(self.media_tokens, other.media_tokens),
        }
    }

    /// Returns the tokens as they are billed: those that are not of images or videos are of text.
    /// `None` if the server did not count.
    #[must_use]
    pub fn billed(self) -> Option<Tokens> {
        let media = self.media_tokens.unwrap_or(0);
        let text = self.tokens?.saturating_sub(media);
        Some(Tokens { text, media })
    }
}

fn media_tokens(details: &str) -> Option<u64> {
    let mut media = None;
    let _ = json::fields(details, |name, value| {
        if let ("image_tokens" | "video_tokens", Some(tokens)) = (name, json::number(value)) {
            media = Some(media.unwrap_or(0_u64).saturating_add(tokens));
        }
    });
    media
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_all_services_are_read() {
        let usage = |tokens, media_tokens| Usage {
            tokens,
            media_tokens,
        };
        let compatible = r#"{"prompt_tokens":5,"total_tokens":5}"#;
        assert_eq!(Usage::read(compatible), usage(Some(5), None));
        assert_eq!(
            Usage::read(r#"{"total_tokens":26.0}"#),
            usage(Some(26), None)
        );
        let multimodal = r#"{"input_tokens":10,
            "input_tokens_details":{"image_tokens":896,"text_tokens":7},
            "output_tokens":3,"total_tokens":906}"#;
        let read = Usage::read(multimodal);
        assert_eq!(read, usage(Some(906), Some(896)));
        let billed = read.billed().unwrap();
        assert_eq!((billed.text, billed.media), (10, 896));
        assert_eq!(Usage::read("null"), Usage::default());
        assert_eq!(Usage::read(r#"{"total_tokens":"many"}"#), Usage::default());
    }

    #[test]
    fn what_is_not_counted_is_not_zero() {
        let some = Usage::read(r#"{"total_tokens":2}"#);
        assert_eq!(some.plus(Usage::default()), some);
        assert_eq!(some.plus(some).tokens, Some(4));
        assert_eq!(Usage::default().billed(), None);
    }
}
