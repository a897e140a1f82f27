//! What a model costs, for people and for programs.

use qwen_openclaw::catalog::{
    Classification,
    image::{self, ImageModel, ImagePrice},
    price::{self, ChatPrice, Rate, Tier},
    video::{self, Resolution, VideoModel, VideoPrice},
};
use serde_json::{Map, Value, json};

/// The list price of a model.
#[derive(Clone, Copy, Debug)]
pub(super) enum Price {
    /// By the token.
    Chat(ChatPrice),
    /// By the image.
    Image(&'static ImagePrice),
    /// By the second.
    Video(&'static VideoPrice),
}

impl Price {
    pub(super) fn of_chat(class: Classification, model: &str) -> Option<Self> {
        price::on(class, model).map(Self::Chat)
    }

    pub(super) fn of_image(class: Classification, model: &ImageModel) -> Option<Self> {
        image::price_on(class, model).map(Self::Image)
    }

    pub(super) fn of_video(class: Classification, model: &VideoModel) -> Option<Self> {
        video::price_on(class, model).map(Self::Video)
    }

    /// The price in a column; the lowest one, if it depends on the request.
    pub(super) fn text(self) -> String {
        match self {
            Self::Chat(list) => {
                let Some(first) = list.tiers.first() else {
                    return String::new();
                };
                let depends = list.tiers.len() > 1
                    || first.up_to.is_some()
                    || first.thinking_output.is_some();
                let from = if depends { "from " } else { "" };
                let (input, output) = (first.input, first.output);
                format!("{from}{} {input}/{output}", list.currency)
            }
            Self::Image(list) => {
                let rates = [
                    Some(list.image),
                    Some(list.large_image),
                    list.extended_image,
                ];
                let range = range(rates.into_iter().flatten());
                range.map_or_else(String::new, |range| {
                    format!("{} {range}/image", list.currency)
                })
            }
            Self::Video(list) => {
                let all = list.seconds.iter().chain(list.silent_seconds);
                let rates = all.map(|(_, rate)| *rate);
                let range = range(rates);
                range.map_or_else(String::new, |range| format!("{} {range}/s", list.currency))
            }
        }
    }

    pub(super) fn to_json(self) -> Value {
        match self {
            Self::Chat(list) => json!({
                "currency": list.currency,
                "per": "million tokens",
                "tiers": list.tiers.iter().map(tier).collect::<Vec<_>>(),
                "source": list.source,
                "asOf": list.as_of,
            }),
            Self::Image(list) => {
                let mut json = json!({
                    "currency": list.currency,
                    "per": "image",
                    "image": list.image,
                    "largeImage": list.large_image,
                    "source": list.source,
                    "asOf": list.as_of,
                });
                if let Some(rate) = list.extended_image {
                    json["extendedImage"] = json!(rate);
                }
                json
            }
            Self::Video(list) => {
                let mut json = json!({
                    "currency": list.currency,
                    "per": "second",
                    "resolutions": by_resolution(list.seconds),
                    "source": list.source,
                    "asOf": list.as_of,
                });
                if !list.silent_seconds.is_empty() {
                    json["silentResolutions"] = by_resolution(list.silent_seconds);
                }
                json
            }
        }
    }
}

/// The lowest and the highest rate, or the only one.
fn range(rates: impl Iterator<Item = Rate> + Clone) -> Option<String> {
    let (low, high) = (rates.clone().min()?, rates.max()?);
    Some(match low < high {
        true => format!("{low}-{high}"),
        false => low.to_string(),
    })
}

fn tier(tier: &Tier) -> Value {
    let mut json = json!({ "upTo": tier.up_to, "input": tier.input, "output": tier.output });
    for (name, rate) in [
        ("thinkingOutput", tier.thinking_output),
        ("implicitCacheHit", tier.implicit_hit),
        ("explicitCacheWrite", tier.explicit_write),
        ("explicitCacheRead", tier.explicit_read),
    ] {
        if let Some(rate) = rate {
            json[name] = json!(rate);
        }
    }
    json
}

fn by_resolution(rates: &[(Resolution, Rate)]) -> Value {
    let rates = rates.iter();
    let rates = rates.map(|(resolution, rate)| (resolution.to_string(), json!(rate)));
    Value::Object(rates.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use qwen_openclaw::catalog::{Edition, Endpoint, Plan, Provider, classify, models};

    use super::*;

    fn text(endpoint: Endpoint, model: &str) -> Option<String> {
        let class = classify(endpoint.base_url());
        let price = match video::find(model) {
            Some(model) => Price::of_video(class, model),
            None => match image::find(model) {
                Some(model) => Price::of_image(class, model),
                None => Price::of_chat(class, model),
            },
        };
        price.map(|price| price.text())
    }

    #[test]
    fn a_price_is_that_of_the_region() {
        let (china, global) = (Endpoint::StandardChina, Endpoint::StandardGlobal);
        for (endpoint, model, expected) in [
            (china, "qwen3.5-plus", "from CNY 0.80/4.80"),
            (china, "qwen3.7-max", "CNY 12.00/36.00"),
            (global, "qwen3.7-max", "USD 2.50/7.50"),
            // Longer inputs have no known price.
            (global, "qwen3-coder-plus", "from USD 1.00/5.00"),
            (china, "wan2.6-t2v", "CNY 0.60-1.00/s"),
            (global, "wan2.6-i2v-flash", "USD 0.025-0.075/s"),
            (global, "qwen-image-3.0-pro", "USD 0.0357-0.0714/image"),
            (china, "qwen-image", "CNY 0.25/image"),
            (china, "z-image-turbo", "CNY 0.10-0.20/image"),
        ] {
            assert_eq!(text(endpoint, model).as_deref(), Some(expected), "{model}");
        }
    }

    #[test]
    fn what_is_not_known_or_subscribed_to_has_no_price() {
        assert_eq!(text(Endpoint::StandardGlobal, "qwen3.5-plus"), None);
        for endpoint in Endpoint::all() {
            if endpoint.plan() != Plan::Standard {
                assert_eq!(text(*endpoint, "qwen3.7-max"), None, "{endpoint}");
                assert_eq!(text(*endpoint, "wan2.6-t2v"), None, "{endpoint}");
            }
        }
    }

    #[test]
    fn the_first_tier_is_the_cheapest() {
        for endpoint in [Endpoint::StandardChina, Endpoint::StandardGlobal] {
            for model in models(&Provider::QWEN, Edition::Merged) {
                let list = price::on(classify(endpoint.base_url()), model.id());
                for tier in list.iter().flat_map(|list| list.tiers) {
                    let first = list.unwrap().tiers[0];
                    assert!(first.input <= tier.input, "{}", model.id());
                    assert!(first.output <= tier.output, "{}", model.id());
                }
            }
        }
    }
}
