//! What the service counted of a request.

use qwen_openclaw_catalog::image::{Size, SizeClass};
use serde_json::Value;

/// The images that the service counted, and bills.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ImageUsage {
    /// The number of images.
    pub images: u32,
    /// The class that their size is billed as, if the service says so or tells the size.
    pub class: Option<SizeClass>,
}

impl ImageUsage {
    /// Reads the `usage` of a response: the OpenAI-compatible path, synchronous requests and tasks
    /// each have their own names. `None` if it does not tell the number of images.
    #[must_use]
    pub fn of(usage: &Value) -> Option<Self> {
        let field = |names: [&str; 2]| number(names.iter().find_map(|name| usage.get(*name)));
        let images = field(["output_image_count", "image_count"])?;
        let kind = usage.get("output_image_type").and_then(Value::as_str);
        let kind = kind.and_then(|kind| kind.rsplit('_').next());
        let mut classes = SizeClass::all().iter().copied();
        let named = classes
            .find(|class| kind.is_some_and(|kind| kind.eq_ignore_ascii_case(class.as_str())));
        let sides = (
            field(["output_width", "width"]),
            field(["output_height", "height"]),
        );
        let side = |side: u64| u32::try_from(side).ok();
        let size = match sides {
            (Some(width), Some(height)) => side(width).zip(side(height)),
            _ => None,
        };
        let size = size.map(|(width, height)| Size::new(width, height));
        let size = size.or_else(|| usage.get("size")?.as_str()?.parse().ok());
        Some(Self {
            images: u32::try_from(images).ok()?,
            class: named.or(size.map(SizeClass::of)),
        })
    }

    /// Counts results whose usage is not known.
    #[must_use]
    pub fn of_results(results: usize) -> Self {
        Self {
            images: u32::try_from(results).unwrap_or(u32::MAX),
            class: None,
        }
    }
}

/// A count: the service prints the same number as `2`, `2.0` and `"2"`.
pub(crate) fn number(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    let text = value.as_str().map(str::trim);
    let whole = value.as_u64().or_else(|| text?.parse().ok());
    whole.or_else(|| {
        let number = value.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is a whole number in these limits"
        )]
        let whole = || number as u64;
        (number.fract() == 0.0 && (0.0..1e15).contains(&number)).then(whole)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(usage: &Value, expected: Option<(u32, Option<SizeClass>)>) {
        let found = ImageUsage::of(usage).map(|usage| (usage.images, usage.class));
        assert_eq!(found, expected, "{usage}");
    }

    #[test]
    fn each_form_is_read() {
        use SizeClass::{K1, K2};
        let openai = json!({
            "output_width": 1328, "output_height": 1328, "input_image_count": 0,
            "input_image_type": "qima_input_1k", "output_image_count": 1,
            "output_image_type": "qima_output_1k",
        });
        check(&openai, Some((1, Some(K1))));
        let native = json!({"height": 2048, "width": 2048, "image_count": 3});
        check(&native, Some((3, Some(K2))));
        let task = json!({
            "image_count": 2, "input_tokens": 0, "output_tokens": 2, "size": "1280*1280",
            "total_tokens": 2,
        });
        check(&task, Some((2, Some(K1))));
        check(&json!({"image_count": 1}), Some((1, None)));
        check(
            &json!({"output_image_count": "2", "output_image_type": "qima_output_2k"}),
            Some((2, Some(K2))),
        );
    }

    #[test]
    fn odd_values_are_no_usage() {
        check(&json!({"image_count": 2.0, "size": 7}), Some((2, None)));
        for odd in [
            json!(null),
            json!([]),
            json!({}),
            json!({"image_count": -1}),
            json!({"image_count": 1.5}),
            json!({"image_count": "many"}),
            json!({"image_count": 99_999_999_999_u64}),
        ] {
            check(&odd, None);
        }
        check(
            &json!({"image_count": 1, "width": 1e12, "height": "x"}),
            Some((1, None)),
        );
    }
}
