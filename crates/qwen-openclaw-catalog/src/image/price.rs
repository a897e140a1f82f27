//! What an image costs.

use serde::Serialize;

use super::{ImageModel, SizeClass};
use crate::{
    classify::Classification,
    plan::{Plan, Region},
    price::{Cost, Currency, Rate},
};

/// The prices per image in one region.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ImagePrice {
    /// The currency of every figure.
    pub currency: Currency,
    /// The price of an image of the 1K class.
    pub image: Rate,
    /// The price of a larger image; the same where size does not matter.
    pub large_image: Rate,
    /// The price of an image whose prompt the service rewrites, if it is another.
    pub extended_image: Option<Rate>,
    /// Where the figures come from.
    pub source: &'static str,
    /// The date of the figures, as `YYYY-MM-DD`.
    pub as_of: &'static str,
}

/// The price lists of a model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Prices {
    pub(super) china: Option<&'static ImagePrice>,
    pub(super) global: Option<&'static ImagePrice>,
}

impl Prices {
    pub(super) fn bill_prompt_extend(self) -> bool {
        let mut lists = [self.china, self.global].into_iter().flatten();
        lists.any(|list| list.extended_image.is_some())
    }
}

/// The properties of a request that determine its price.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Job {
    /// The number of images.
    pub count: u32,
    /// The class of their size; `None` where the service chooses, which is billed as large here.
    pub class: Option<SizeClass>,
    /// Whether the service rewrites the prompt.
    pub extended: bool,
}

impl Job {
    /// Creates a job for this many images, of the 1K class.
    #[must_use]
    pub const fn new(count: u32) -> Self {
        Self {
            count,
            class: Some(SizeClass::K1),
            extended: false,
        }
    }

    /// Sets the class of the size. Default: 1K.
    #[must_use]
    pub const fn class(self, class: Option<SizeClass>) -> Self {
        Self { class, ..self }
    }

    /// Lets the service rewrite the prompt. Default: no.
    #[must_use]
    pub const fn extended(self) -> Self {
        Self {
            extended: true,
            ..self
        }
    }
}

/// Returns the price list of a model in a region, if known.
#[must_use]
pub fn price(model: &ImageModel, region: Region) -> Option<&'static ImagePrice> {
    let prices = model.prices?;
    match region {
        Region::China => prices.china,
        Region::Global => prices.global,
    }
}

/// Returns the price list of a model for keys of a classified base URL, if known.
///
/// Only keys of the Standard endpoints can be used for images, and the prices of other hosts are
/// unknown.
#[must_use]
pub fn price_on(class: Classification, model: &ImageModel) -> Option<&'static ImagePrice> {
    let endpoint = class
        .endpoint()
        .filter(|endpoint| endpoint.plan() == Plan::Standard)?;
    price(model, endpoint.region())
}

/// Returns the cost of the images of a job, if the price is known.
///
/// What images that go in cost is not documented, and not in it.
#[must_use]
pub fn estimate(model: &ImageModel, region: Region, job: &Job) -> Option<Cost> {
    let list = price(model, region)?;
    let rate = match (job.extended, list.extended_image) {
        (true, Some(rate)) => rate,
        _ if job.class == Some(SizeClass::K1) => list.image,
        _ => list.large_image,
    };
    Some(Cost::zero(list.currency).plus_images(rate, job.count))
}

const CHINA: &str = "help.aliyun.com model-studio model-pricing";

const CHINA_DATE: &str = "2026-05-27";

const RESOLD: &str = "price lists of resellers";

const RESOLD_DATE: &str = "2026-11-25";

/// One price in yuan, whatever the size.
const fn yuan(rate: f64) -> ImagePrice {
    ImagePrice {
        currency: Currency::Cny,
        image: Rate::of(rate),
        large_image: Rate::of(rate),
        extended_image: None,
        source: CHINA,
        as_of: CHINA_DATE,
    }
}

/// One price in dollars, whatever the size.
const fn dollars(rate: f64) -> ImagePrice {
    ImagePrice {
        currency: Currency::Usd,
        source: "litellm",
        as_of: "2026-11-20",
        ..yuan(rate)
    }
}

const fn china(list: &'static ImagePrice) -> Option<Prices> {
    Some(Prices {
        china: Some(list),
        global: None,
    })
}

pub(super) const IMAGE_3: Option<Prices> = Some(Prices {
    china: None,
    global: Some(
        &const {
            ImagePrice {
                source: RESOLD,
                as_of: RESOLD_DATE,
                ..dollars(0.03)
            }
        },
    ),
});

pub(super) const IMAGE_3_PRO: Option<Prices> = Some(Prices {
    china: None,
    global: Some(
        &const {
            ImagePrice {
                large_image: Rate::of(0.0714),
                source: RESOLD,
                as_of: RESOLD_DATE,
                ..dollars(0.0357)
            }
        },
    ),
});

pub(super) const IMAGE_2: Option<Prices> = Some(Prices {
    china: Some(&const { yuan(0.2) }),
    global: Some(&const { dollars(0.035) }),
});

pub(super) const IMAGE_2_PRO: Option<Prices> = Some(Prices {
    china: Some(&const { yuan(0.5) }),
    global: Some(&const { dollars(0.075) }),
});

// The vendor's dollar prices of the models below are known as a range only.
pub(super) const PRO: Option<Prices> = china(&const { yuan(0.5) });

pub(super) const PLUS: Option<Prices> = china(&const { yuan(0.2) });

pub(super) const BASIC: Option<Prices> = china(&const { yuan(0.25) });

pub(super) const EDIT: Option<Prices> = china(&const { yuan(0.3) });

pub(super) const WAN: Option<Prices> = china(&const { yuan(0.2) });

pub(super) const WAN_PRO: Option<Prices> = china(&const { yuan(0.5) });

pub(super) const FLASH: Option<Prices> = china(&const { yuan(0.14) });

pub(super) const Z_TURBO: Option<Prices> = china(
    &const {
        ImagePrice {
            extended_image: Some(Rate::of(0.2)),
            ..yuan(0.1)
        }
    },
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        classify::classify,
        endpoint::Endpoint,
        image::{find, models},
    };

    fn check(id: &str, region: Region, job: Job, expected: Option<&str>) {
        let cost = estimate(find(id).unwrap(), region, &job);
        let cost = cost.map(|cost| cost.to_string());
        assert_eq!(cost.as_deref(), expected, "{id} {job:?}");
    }

    #[test]
    fn images_are_billed_by_their_number() {
        let (china, global) = (Region::China, Region::Global);
        for (id, region, expected) in [
            ("qwen-image-2.0-pro", china, Some("CNY 1.50")),
            ("qwen-image-2.0-pro", global, Some("USD 0.225")),
            ("qwen-image-2.0", global, Some("USD 0.105")),
            ("qwen-image", china, Some("CNY 0.75")),
            ("qwen-image-edit", china, Some("CNY 0.90")),
            ("wan2.2-t2i-flash", china, Some("CNY 0.42")),
            ("wan2.7-image-pro", china, Some("CNY 1.50")),
            ("qwen-image-3.0", global, Some("USD 0.09")),
            ("qwen-image-3.0", china, None),
            ("wan2.6-t2i", global, None),
            ("wan2.2-t2i-plus", china, None),
        ] {
            check(id, region, Job::new(3), expected);
        }
    }

    #[test]
    fn size_and_a_rewritten_prompt_cost_more_where_they_do() {
        let (job, pro) = (Job::new(2), "qwen-image-3.0-pro");
        check(pro, Region::Global, job, Some("USD 0.0714"));
        for class in [Some(SizeClass::K2), None] {
            check(pro, Region::Global, job.class(class), Some("USD 0.1428"));
        }
        check("z-image-turbo", Region::China, job, Some("CNY 0.20"));
        check(
            "z-image-turbo",
            Region::China,
            job.extended(),
            Some("CNY 0.40"),
        );
        check(
            "qwen-image-2.0",
            Region::China,
            job.extended(),
            Some("CNY 0.40"),
        );
    }

    #[test]
    fn only_standard_endpoints_have_prices() {
        for model in models() {
            for endpoint in Endpoint::all() {
                let found = price_on(classify(endpoint.base_url()), model);
                let expected = match endpoint.plan() {
                    Plan::Standard => price(model, endpoint.region()),
                    _ => None,
                };
                assert_eq!(found, expected, "{endpoint}");
            }
            assert_eq!(price_on(classify("http://127.0.0.1/v1"), model), None);
        }
    }
}
