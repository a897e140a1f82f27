//! What a video costs.

use serde::Serialize;

use super::{Mode, Resolution, VideoModel};
use crate::{
    classify::Classification,
    plan::{Plan, Region},
    price::{Cost, Currency, Rate},
};

/// The maximum billed length of reference videos in seconds.
const BILLED_INPUT_SECONDS: u32 = 5;

/// The prices per second of video in one region.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct VideoPrice {
    /// The currency of every figure.
    pub currency: Currency,
    /// The price of a second with audio, by resolution.
    pub seconds: &'static [(Resolution, Rate)],
    /// The price of a second without audio, by resolution; empty if it is not cheaper.
    pub silent_seconds: &'static [(Resolution, Rate)],
    /// Where the figures come from.
    pub source: &'static str,
    /// The date of the figures, as `YYYY-MM-DD`.
    pub as_of: &'static str,
}

/// The price lists of a model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Prices {
    pub(super) china: &'static VideoPrice,
    pub(super) global: &'static VideoPrice,
}

/// The properties of a job that determine its price.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Job {
    /// The resolution.
    pub resolution: Resolution,
    /// The length of the new video in seconds.
    pub seconds: u32,
    /// The total length of the reference videos in seconds. If unknown, use 5: no more are billed.
    pub reference_seconds: u32,
    /// Whether audio is turned off.
    pub silent: bool,
}

impl Job {
    /// Creates a job with audio and without reference videos.
    #[must_use]
    pub const fn new(resolution: Resolution, seconds: u32) -> Self {
        Self {
            resolution,
            seconds,
            reference_seconds: 0,
            silent: false,
        }
    }

    /// Sets the total length of the reference videos in seconds. Default: 0.
    #[must_use]
    pub const fn reference_seconds(self, reference_seconds: u32) -> Self {
        Self {
            reference_seconds,
            ..self
        }
    }

    /// Turns audio off. Default: on.
    #[must_use]
    pub const fn silent(self) -> Self {
        Self {
            silent: true,
            ..self
        }
    }
}

/// Returns the price list of a model in a region, if known.
///
/// China: list prices in yuan. Global: dollars, converted from the yuan prices that the vendor
/// publishes for the international region.
#[must_use]
pub fn price(model: &VideoModel, region: Region) -> Option<&'static VideoPrice> {
    let prices = model.prices?;
    Some(match region {
        Region::China => prices.china,
        Region::Global => prices.global,
    })
}

/// Returns the price list of a model for keys of a classified base URL, if known.
///
/// Only keys of the Standard endpoints can be used for videos, and the prices of other hosts are
/// unknown.
#[must_use]
pub fn price_on(class: Classification, model: &VideoModel) -> Option<&'static VideoPrice> {
    let endpoint = class
        .endpoint()
        .filter(|endpoint| endpoint.plan() == Plan::Standard)?;
    price(model, endpoint.region())
}

/// Returns the cost of a successful job, if the price is known.
///
/// Failed jobs are free. Reference videos are billed too, up to five seconds in total.
#[must_use]
pub fn estimate(model: &VideoModel, region: Region, job: &Job) -> Option<Cost> {
    let list = price(model, region)?;
    let silent = job.silent && !list.silent_seconds.is_empty();
    let rates = if silent {
        list.silent_seconds
    } else {
        list.seconds
    };
    let (_, rate) = rates
        .iter()
        .find(|(resolution, _)| *resolution == job.resolution)?;
    let input = match model.mode() {
        Mode::ReferenceToVideo => job.reference_seconds.min(BILLED_INPUT_SECONDS),
        Mode::TextToVideo | Mode::ImageToVideo => 0,
    };
    let seconds = job.seconds.saturating_add(input);
    Some(Cost::zero(list.currency).plus_seconds(*rate, seconds))
}

/// The standard prices.
pub(super) const STANDARD: Option<Prices> = Some(Prices {
    china: &VideoPrice {
        seconds: &[
            (Resolution::P720, Rate::of(0.6)),
            (Resolution::P1080, Rate::of(1.0)),
        ],
        ..CHINA_LIST
    },
    global: &VideoPrice {
        seconds: &[
            (Resolution::P720, Rate::of(0.1)),
            (Resolution::P1080, Rate::of(0.15)),
        ],
        ..GLOBAL_LIST
    },
});

/// The prices of the flash models: half the standard price, and half of that without audio.
pub(super) const FLASH: Option<Prices> = Some(Prices {
    china: &VideoPrice {
        seconds: &[
            (Resolution::P720, Rate::of(0.3)),
            (Resolution::P1080, Rate::of(0.5)),
        ],
        silent_seconds: &[
            (Resolution::P720, Rate::of(0.15)),
            (Resolution::P1080, Rate::of(0.25)),
        ],
        ..CHINA_LIST
    },
    global: &VideoPrice {
        seconds: &[
            (Resolution::P720, Rate::of(0.05)),
            (Resolution::P1080, Rate::of(0.075)),
        ],
        silent_seconds: &[
            (Resolution::P720, Rate::of(0.025)),
            (Resolution::P1080, Rate::of(0.0375)),
        ],
        ..GLOBAL_LIST
    },
});

/// The prices of the models that also offer 480P.
pub(super) const PREVIEW: Option<Prices> = Some(Prices {
    china: &VideoPrice {
        seconds: &[
            (Resolution::P480, Rate::of(0.3)),
            (Resolution::P720, Rate::of(0.6)),
            (Resolution::P1080, Rate::of(1.0)),
        ],
        ..CHINA_LIST
    },
    global: &VideoPrice {
        seconds: &[
            (Resolution::P480, Rate::of(0.05)),
            (Resolution::P720, Rate::of(0.1)),
            (Resolution::P1080, Rate::of(0.15)),
        ],
        ..GLOBAL_LIST
    },
});

const CHINA_LIST: VideoPrice = VideoPrice {
    currency: Currency::Cny,
    seconds: &[],
    silent_seconds: &[],
    source: "help.aliyun.com model-studio model-pricing",
    as_of: "2026-05-27",
};

const GLOBAL_LIST: VideoPrice = VideoPrice {
    currency: Currency::Usd,
    source: "help.aliyun.com model-studio model-pricing, converted from yuan",
    ..CHINA_LIST
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        classify::classify,
        endpoint::Endpoint,
        video::{find, models},
    };

    fn check(id: &str, region: Region, job: Job, expected: &str) {
        let cost = estimate(find(id).unwrap(), region, &job).unwrap();
        assert_eq!(cost.to_string(), expected, "{id} {job:?}");
    }

    #[test]
    fn a_video_is_billed_by_the_second() {
        let job = Job::new(Resolution::P1080, 15);
        check("wan2.6-t2v", Region::China, job, "CNY 15.00");
        check("wan2.6-t2v", Region::Global, job, "USD 2.25");
        check(
            "wan2.5-i2v-preview",
            Region::Global,
            Job::new(Resolution::P480, 10),
            "USD 0.50",
        );
    }

    #[test]
    fn videos_without_audio_are_cheaper_where_offered() {
        let job = Job::new(Resolution::P1080, 4);
        check("wan2.6-i2v-flash", Region::Global, job, "USD 0.30");
        check("wan2.6-i2v-flash", Region::Global, job.silent(), "USD 0.15");
        check("wan2.6-i2v", Region::China, job.silent(), "CNY 4.00");
    }

    #[test]
    fn reference_videos_are_billed_up_to_five_seconds() {
        let job = Job::new(Resolution::P720, 5);
        check("wan2.6-r2v", Region::China, job, "CNY 3.00");
        check(
            "wan2.6-r2v",
            Region::China,
            job.reference_seconds(2),
            "CNY 4.20",
        );
        check(
            "wan2.7-r2v",
            Region::China,
            job.reference_seconds(30),
            "CNY 6.00",
        );
        check(
            "wan2.7-i2v",
            Region::China,
            job.reference_seconds(30),
            "CNY 3.00",
        );
    }

    #[test]
    fn only_standard_endpoints_have_prices() {
        let model = find("wan2.6-t2v").unwrap();
        for endpoint in Endpoint::all() {
            let found = price_on(classify(endpoint.base_url()), model);
            let is_standard = endpoint.plan() == Plan::Standard;
            let expected = is_standard.then(|| price(model, endpoint.region()).unwrap());
            assert_eq!(found, expected, "{endpoint}");
        }
        assert_eq!(price_on(classify("http://127.0.0.1/v1"), model), None);
    }

    #[test]
    fn exactly_the_offered_resolutions_have_a_price() {
        for model in models() {
            for region in Region::all() {
                for resolution in Resolution::all() {
                    let known = estimate(model, *region, &Job::new(*resolution, 5)).is_some();
                    let offered = model.resolutions().contains(resolution);
                    assert_eq!(known, offered, "{} {region} {resolution}", model.id());
                }
            }
        }
    }
}
