//! The video catalog as one endpoint offers it.

use serde::Serialize;

use super::{VideoModel, models};
use crate::{
    classify::classify,
    edition::Edition,
    listing::{Availability, with_standard_key},
    provider::Provider,
};

/// A model and whether the endpoint offers it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schemars", schemars(rename = "VideoListing"))]
#[non_exhaustive]
pub struct Listing {
    /// The model.
    pub model: &'static VideoModel,
    /// Whether keys of the endpoint can be used for video jobs.
    pub availability: Availability,
}

/// Returns every video model of a provider, each with its availability for keys of `base_url`.
///
/// Only the provider `qwen` has video models, and only Standard keys can be used for them. No
/// single edition lists them, but the merged view includes them.
///
/// ```
/// use qwen_openclaw_catalog::{Edition, Endpoint, Provider, video};
///
/// let base_url = Endpoint::CodingGlobal.base_url();
/// for row in video::listing(&Provider::QWEN, Edition::Merged, base_url) {
///     let reason = row.availability.reason().expect("this endpoint offers no videos");
///     assert!(reason.to_string().contains("https://dashscope-intl.aliyuncs.com/"));
/// }
/// ```
#[must_use]
pub fn listing(provider: &Provider, edition: Edition, base_url: &str) -> Vec<Listing> {
    if *provider != Provider::QWEN || edition != Edition::Merged {
        return Vec::new();
    }
    let class = classify(base_url);
    let row = |model| Listing {
        model,
        availability: with_standard_key(model.id(), class),
    };
    models().iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{endpoint::Endpoint, plan::Plan};

    #[test]
    fn only_standard_keys_make_videos() {
        for endpoint in Endpoint::all() {
            let rows = listing(&Provider::QWEN, Edition::Merged, endpoint.base_url());
            assert_eq!(rows.len(), models().len());
            for row in rows {
                let is_standard = endpoint.plan() == Plan::Standard;
                assert_eq!(row.availability.is_available(), is_standard, "{endpoint}");
                let elsewhere = row.availability.reason().map(|reason| reason.elsewhere());
                let standard = vec![Endpoint::of(Plan::Standard, endpoint.region())];
                assert_eq!(elsewhere, (!is_standard).then_some(standard));
            }
        }
    }

    #[test]
    fn unknown_hosts_offer_everything() {
        for url in ["https://proxy.example.com/v1", "http://127.0.0.1:8080/v1"] {
            let rows = listing(&Provider::QWEN, Edition::Merged, url);
            assert!(rows.iter().all(|row| row.availability.is_available()));
        }
    }

    #[test]
    fn other_providers_and_single_editions_have_none() {
        let url = Endpoint::StandardGlobal.base_url();
        assert!(listing(&Provider::QWEN_TOKEN_PLAN, Edition::Merged, url).is_empty());
        assert!(listing(&Provider::QWEN, Edition::V2026_9, url).is_empty());
    }
}
