//! The image models: what each accepts, how it is asked, and what it costs.
//!
//! Requests go to the AIGC host of a region (see [`aigc_origin_for`](crate::aigc_origin_for)) and
//! need a Standard key. What the vendor does not document is `None`, and is left to the service.
//!
//! Source: help.aliyun.com model-studio, the pages of Qwen-Image, Wan images and Z-Image, as of
//! 2026-05-27; Qwen-Image 3.0 as of 2026-09.
//!
//! ```
//! use qwen_openclaw_catalog::{Region, image};
//!
//! let model = image::find("qwen-image-plus").expect("it is in the catalog");
//! let size: image::ImageSize = "1328x1328".parse()?;
//! assert!(model.sizes(0).accept(size));
//!
//! let cost = image::estimate(model, Region::China, &image::Job::new(2));
//! assert_eq!(cost.expect("the price is known").to_string(), "CNY 0.40");
//! # Ok::<(), qwen_openclaw_catalog::Error>(())
//! ```

mod listing;
mod models;
mod price;
mod size;

use serde::Serialize;

use self::price::Prices;
pub use self::{
    listing::{Listing, listing},
    price::{ImagePrice, Job, estimate, price, price_on},
    size::{ImageSize, SizeClass, Sizes},
};
pub use crate::size::Size;
use crate::{modality::Modality, nearest::nearest, provider::Provider, video};

/// The id of the default model.
pub const DEFAULT_MODEL: &str = models::ALL[0].id;

/// The maximum seed; the minimum is 0.
pub const MAX_SEED: u32 = video::MAX_SEED;

/// The maximum size of an input image in bytes.
pub const MAX_IMAGE_BYTES: u64 = 10 * 1_024 * 1_024;

/// The maximum number of task queries per second, per account.
pub const QUERIES_PER_SECOND: u32 = video::QUERIES_PER_SECOND;

/// Returns every model, default first.
#[must_use]
pub const fn models() -> &'static [ImageModel] {
    models::ALL
}

/// Finds a model by id, ignoring case and surrounding whitespace.
///
/// A dated snapshot (`qwen-image-plus-2026-01-09`) maps to the row of its main model.
#[must_use]
pub fn find(id: &str) -> Option<&'static ImageModel> {
    let id = id.trim().to_ascii_lowercase();
    let main = video::without_date(&id);
    models()
        .iter()
        .find(|model| model.id == id || model.id == main)
}

/// Returns up to three catalog ids close to an unknown one, closest first.
#[must_use]
pub fn nearest_models(id: &str) -> Vec<&'static str> {
    nearest(id, models().iter().map(|model| (model.id, model.id)))
}

/// An image model.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ImageModel {
    id: &'static str,
    form: Form,
    images: Images,
    sizes: Sizes,
    sizes_with_images: Sizes,
    default_size: Option<ImageSize>,
    max_count: Option<u32>,
    default_count: Option<u32>,
    prompt_limit: Option<u32>,
    prompt_token_limit: Option<u32>,
    negative_prompt: Option<bool>,
    negative_prompt_limit: Option<u32>,
    seed: Option<bool>,
    prompt_extend: Option<bool>,
    watermark: Option<bool>,
    rate: Option<RequestRate>,
    #[serde(skip)]
    prices: Option<Prices>,
}

/// How a model is asked: the path, the form of the body, and whether the answer has the images or
/// a task that makes them.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Form {
    /// The OpenAI-compatible path; the answer has the images.
    OpenAi,
    /// A message of images and text; the answer has the images.
    Messages,
    /// A message of images and text; the answer has a task.
    MessagesTask,
    /// A prompt; the answer has a task.
    PromptTask,
    /// A prompt and a list of images; the answer has a task.
    EditTask,
}

impl Form {
    /// Returns the path below the origin.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::OpenAi => "/compatible-mode/v1/images/generations",
            Self::Messages => "/api/v1/services/aigc/multimodal-generation/generation",
            Self::MessagesTask => "/api/v1/services/aigc/image-generation/generation",
            Self::PromptTask => "/api/v1/services/aigc/text2image/image-synthesis",
            Self::EditTask => "/api/v1/services/aigc/image2image/image-synthesis",
        }
    }

    /// Returns true if the answer has the images themselves, and there is no task to ask about.
    #[must_use]
    pub const fn is_synchronous(self) -> bool {
        matches!(self, Self::OpenAi | Self::Messages)
    }
}

/// How many images a request must and may have.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Images {
    /// The minimum number.
    pub min: u32,
    /// The maximum number.
    pub max: u32,
}

impl Images {
    pub(self) const fn of(min: u32, max: u32) -> Self {
        Self { min, max }
    }

    /// Returns whether this many images are accepted.
    #[must_use]
    pub const fn accept(self, count: usize) -> bool {
        count >= self.min as usize && count <= self.max as usize
    }
}

/// What the service accepts of an account for one model.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RequestRate {
    /// The maximum number of requests in a period.
    pub requests: u32,
    /// The length of the period in seconds.
    pub seconds: u32,
}

/// What an image is made from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Mode {
    /// A prompt.
    TextToImage,
    /// Images that are edited as the prompt says.
    Edit,
    /// Either.
    TextToImageAndEdit,
}

impl Mode {
    /// Returns what the model does, such as `text to image`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::TextToImage => "text to image",
            Self::Edit => "image editing",
            Self::TextToImageAndEdit => "text to image, image editing",
        }
    }

    /// Returns whether images can be made from a prompt alone.
    #[must_use]
    pub const fn generates(self) -> bool {
        !matches!(self, Self::Edit)
    }

    /// Returns whether images can be edited.
    #[must_use]
    pub const fn edits(self) -> bool {
        !matches!(self, Self::TextToImage)
    }
}

impl ImageModel {
    /// Returns the id as sent to the service.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Returns the canonical ref, `provider/id`.
    #[must_use]
    pub fn model_ref(&self) -> String {
        format!("{}/{}", Provider::QWEN, self.id)
    }

    /// Returns what an image is made from.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        match (self.images.min, self.images.max) {
            (_, 0) => Mode::TextToImage,
            (0, _) => Mode::TextToImageAndEdit,
            _ => Mode::Edit,
        }
    }

    /// Returns the kinds of input that the model accepts.
    #[must_use]
    pub fn input(&self) -> Vec<Modality> {
        let images = self.mode().edits().then_some(Modality::Image);
        [Some(Modality::Text), images]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Returns how the model is asked.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// Returns how many images the model accepts.
    #[must_use]
    pub const fn images(&self) -> Images {
        self.images
    }

    /// Returns the sizes for a request with this many images.
    #[must_use]
    pub const fn sizes(&self, images: usize) -> Sizes {
        match images {
            0 => self.sizes,
            _ => self.sizes_with_images,
        }
    }

    /// Returns the size that is sent for a request without images that names none: the service's
    /// default where it is documented; `None` leaves it to the service.
    #[must_use]
    pub const fn default_size(&self) -> Option<ImageSize> {
        self.default_size
    }

    /// Returns the maximum number of results of a request.
    #[must_use]
    pub const fn max_count(&self) -> Option<u32> {
        self.max_count
    }

    /// Returns the number of results if a request names none: several models make four, and bill
    /// them.
    #[must_use]
    pub const fn default_count(&self) -> Option<u32> {
        self.default_count
    }

    /// Returns the maximum prompt length in characters.
    #[must_use]
    pub const fn prompt_limit(&self) -> Option<u32> {
        self.prompt_limit
    }

    /// Returns the maximum prompt length in tokens, for models that count them.
    #[must_use]
    pub const fn prompt_token_limit(&self) -> Option<u32> {
        self.prompt_token_limit
    }

    /// Returns whether `negative_prompt` may be sent.
    #[must_use]
    pub const fn has_negative_prompt(&self) -> Option<bool> {
        self.negative_prompt
    }

    /// Returns the maximum length of a negative prompt in characters.
    #[must_use]
    pub const fn negative_prompt_limit(&self) -> Option<u32> {
        self.negative_prompt_limit
    }

    /// Returns whether `seed` may be sent.
    #[must_use]
    pub const fn has_seed(&self) -> Option<bool> {
        self.seed
    }

    /// Returns whether `prompt_extend` may be sent; the service's default is true.
    #[must_use]
    pub const fn has_prompt_extend(&self) -> Option<bool> {
        self.prompt_extend
    }

    /// Returns whether an image whose prompt the service rewrites has another price.
    #[must_use]
    pub fn bills_prompt_extend(&self) -> bool {
        self.prices.is_some_and(Prices::bill_prompt_extend)
    }

    /// Returns whether `watermark` may be sent.
    #[must_use]
    pub const fn has_watermark(&self) -> Option<bool> {
        self.watermark
    }

    /// Returns what the service accepts of an account.
    #[must_use]
    pub const fn rate(&self) -> Option<RequestRate> {
        self.rate
    }
}

#[cfg(test)]
mod tests;
