//! The Wan video models: what each accepts, and what it costs.
//!
//! Jobs go to the AIGC host of a region (see [`aigc_origin_for`](crate::aigc_origin_for)) and need
//! a Standard key. A request generates one video.
//!
//! Source: help.aliyun.com model-studio, Wan text-, image- and reference-to-video pages, legacy and
//! current, as of 2026-05-27.
//!
//! ```
//! use qwen_openclaw_catalog::{Region, video};
//!
//! let model = video::find("wan2.6-t2v").expect("it is in the catalog");
//! let size = model.size(video::Resolution::P720, video::Ratio::R9x16).expect("it is offered");
//! assert_eq!(size.to_string(), "720*1280");
//!
//! let job = video::Job::new(video::Resolution::P720, 5);
//! let cost = video::estimate(model, Region::China, &job).expect("the price is known");
//! assert_eq!(cost.to_string(), "CNY 3.00");
//! ```

mod durations;
mod format;
mod listing;
mod media;
mod models;
mod price;

use serde::Serialize;

use self::price::Prices;
pub use self::{
    durations::Durations,
    format::{Ratio, Resolution, Size},
    listing::{Listing, listing},
    media::{MediaType, References},
    price::{Job, VideoPrice, estimate, price, price_on},
};
use crate::{modality::Modality, nearest::nearest, provider::Provider};

/// The id of the default model.
pub const DEFAULT_MODEL: &str = models::ALL[0].id;

/// The maximum length of a negative prompt in characters.
pub const NEGATIVE_PROMPT_LIMIT: u32 = 500;

/// The maximum seed; the minimum is 0.
pub const MAX_SEED: u32 = 2_147_483_647;

/// The maximum size of a reference image in bytes.
pub const MAX_IMAGE_BYTES: u64 = 20 * 1_024 * 1_024;

/// The maximum size of a reference video in bytes.
pub const MAX_VIDEO_BYTES: u64 = 100 * 1_024 * 1_024;

/// The maximum size of an audio track in bytes.
pub const MAX_AUDIO_BYTES: u64 = 15 * 1_024 * 1_024;

/// The maximum number of jobs submitted per second, per account and model.
pub const SUBMITS_PER_SECOND: u32 = 5;

/// The maximum number of concurrent jobs, per account and model; further jobs are queued.
pub const RUNNING_AT_ONCE: u32 = 5;

/// The maximum number of task queries per second, per account.
pub const QUERIES_PER_SECOND: u32 = 20;

/// Returns every model, default first.
#[must_use]
pub const fn models() -> &'static [VideoModel] {
    models::ALL
}

/// Finds a model by id, ignoring case and surrounding whitespace.
///
/// A dated snapshot (`wan2.7-t2v-2026-04-25`) maps to the row of its main model.
#[must_use]
pub fn find(id: &str) -> Option<&'static VideoModel> {
    let id = id.trim().to_ascii_lowercase();
    let main = without_date(&id);
    models()
        .iter()
        .find(|model| model.id == id || model.id == main)
}

/// Returns up to three catalog ids close to an unknown one, closest first.
#[must_use]
pub fn nearest_models(id: &str) -> Vec<&'static str> {
    nearest(id, models().iter().map(|model| (model.id, model.id)))
}

/// A Wan video model.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct VideoModel {
    id: &'static str,
    mode: Mode,
    protocol: Protocol,
    resolutions: &'static [Resolution],
    default_resolution: Resolution,
    durations: Durations,
    durations_with_video: Durations,
    references: References,
    prompt_required: bool,
    prompt_limit: Option<u32>,
    sound: Sound,
    audio_track: Option<AudioTrack>,
    shot_type: bool,
    prompt_extend: bool,
    #[serde(skip)]
    prices: Option<Prices>,
}

/// What a video is generated from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Mode {
    /// A prompt.
    TextToVideo,
    /// An image that becomes the first frame.
    ImageToVideo,
    /// Images and videos whose subjects appear in the new video.
    ReferenceToVideo,
}

/// The format of a request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Protocol {
    /// Up to Wan 2.6: `img_url` or `reference_urls`, and exact sizes.
    Legacy,
    /// Wan 2.7: `media[]`, and a resolution with a ratio.
    Media,
}

/// How the frame size is specified.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Framing {
    /// `size`, exact pixels.
    Size,
    /// `resolution`; the ratio follows the image.
    Resolution,
    /// `resolution` and `ratio`.
    ResolutionAndRatio,
}

/// Whether the video has audio.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Sound {
    /// The video always has audio.
    Always,
    /// The video has audio unless `audio: false` is sent, which is cheaper.
    Switchable,
}

/// An audio track supplied by the caller.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AudioTrack {
    /// The field that the track is sent in.
    pub field: AudioField,
    /// The minimum length of the track in seconds.
    pub min_seconds: u32,
    /// The maximum length of the track in seconds; anything beyond the video is cut off.
    pub max_seconds: u32,
}

/// The field that an audio track is sent in.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AudioField {
    /// `input.audio_url`.
    AudioUrl,
    /// An entry of `input.media` of type `driving_audio`.
    DrivingAudio,
}

impl Mode {
    /// Returns what goes in and comes out, such as `text to video`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::TextToVideo => "text to video",
            Self::ImageToVideo => "image to video",
            Self::ReferenceToVideo => "references to video",
        }
    }
}

impl VideoModel {
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

    /// Returns the kinds of prompt and references that the model accepts; see
    /// [`audio_track`](Self::audio_track) for audio.
    #[must_use]
    pub fn input(&self) -> Vec<Modality> {
        let images = (self.references.max_images > 0).then_some(Modality::Image);
        let videos = (self.references.max_videos > 0).then_some(Modality::Video);
        [Some(Modality::Text), images, videos]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Returns what a video is generated from.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns the format of a request.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Returns how the frame size is specified.
    #[must_use]
    pub const fn framing(&self) -> Framing {
        match (self.mode, self.protocol) {
            (Mode::ImageToVideo, _) => Framing::Resolution,
            (_, Protocol::Legacy) => Framing::Size,
            (_, Protocol::Media) => Framing::ResolutionAndRatio,
        }
    }

    /// Returns the resolutions, smallest first.
    #[must_use]
    pub const fn resolutions(&self) -> &'static [Resolution] {
        self.resolutions
    }

    /// Returns the resolution that the service uses if none is sent: the most expensive one.
    #[must_use]
    pub const fn default_resolution(&self) -> Resolution {
        self.default_resolution
    }

    /// Returns the aspect ratios of a resolution; empty if the ratio follows the image.
    #[must_use]
    pub fn ratios(&self, resolution: Resolution) -> Vec<Ratio> {
        let offered = |ratio: &Ratio| self.size(resolution, *ratio).is_some();
        Ratio::all().iter().copied().filter(offered).collect()
    }

    /// Returns the exact size for a resolution and a ratio.
    ///
    /// `None` if the model does not offer them, or if the ratio follows the image.
    #[must_use]
    pub fn size(&self, resolution: Resolution, ratio: Ratio) -> Option<Size> {
        let free = self.framing() != Framing::Resolution;
        let offered = free && self.resolutions.contains(&resolution);
        offered
            .then(|| Size::of(self.protocol, resolution, ratio))
            .flatten()
    }

    /// Returns every size, by resolution and ratio.
    #[must_use]
    pub fn sizes(&self) -> Vec<Size> {
        let of = |resolution: &Resolution| {
            let resolution = *resolution;
            Ratio::all()
                .iter()
                .filter_map(move |ratio| self.size(resolution, *ratio))
        };
        self.resolutions.iter().flat_map(of).collect()
    }

    /// Returns the resolution and ratio of a size that the model offers.
    ///
    /// For Wan 2.7, the sizes of 2.6 are recognized too.
    #[must_use]
    pub fn format_of(&self, size: Size) -> Option<(Resolution, Ratio)> {
        let format = size.format(self.protocol)?;
        self.resolutions.contains(&format.0).then_some(format)
    }

    /// Returns the durations for a request without a reference video.
    #[must_use]
    pub const fn durations(&self) -> Durations {
        self.durations
    }

    /// Returns the durations for a request with a reference video.
    #[must_use]
    pub const fn durations_with_video(&self) -> Durations {
        self.durations_with_video
    }

    /// Returns how many references the model accepts.
    #[must_use]
    pub const fn references(&self) -> References {
        self.references
    }

    /// Returns whether a prompt is required.
    #[must_use]
    pub const fn prompt_required(&self) -> bool {
        self.prompt_required
    }

    /// Returns the maximum prompt length in characters; the service truncates longer prompts.
    #[must_use]
    pub const fn prompt_limit(&self) -> Option<u32> {
        self.prompt_limit
    }

    /// Returns whether the video has audio.
    #[must_use]
    pub const fn sound(&self) -> Sound {
        self.sound
    }

    /// Returns the limits of a caller-supplied audio track, if the model accepts one.
    #[must_use]
    pub const fn audio_track(&self) -> Option<AudioTrack> {
        self.audio_track
    }

    /// Returns whether `shot_type` (`single` or `multi`) may be sent.
    ///
    /// It only takes effect together with `prompt_extend`.
    #[must_use]
    pub const fn has_shot_type(&self) -> bool {
        self.shot_type
    }

    /// Returns whether `prompt_extend` may be sent; the service's default is true.
    #[must_use]
    pub const fn has_prompt_extend(&self) -> bool {
        self.prompt_extend
    }

    /// Returns the name of a reference in the prompt, counted from 1 within its kind.
    ///
    /// Wan 2.6 numbers all references as characters; 2.7 numbers images and videos separately.
    #[must_use]
    pub fn reference_name(&self, kind: MediaType, number: usize) -> String {
        match (self.protocol, kind) {
            (Protocol::Legacy, _) => format!("character{number}"),
            (Protocol::Media, MediaType::ReferenceVideo) => format!("Video {number}"),
            (Protocol::Media, _) => format!("Image {number}"),
        }
    }
}

/// Cuts `-YYYY-MM-DD` off the end of an id.
pub(crate) fn without_date(id: &str) -> &str {
    let Some(start) = id.len().checked_sub("-2026-01-01".len()) else {
        return id;
    };
    let Some((main, date)) = id.split_at_checked(start) else {
        return id;
    };
    let plain = date.bytes().enumerate().all(|(index, byte)| match index {
        0 | 5 | 8 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if plain { main } else { id }
}

#[cfg(test)]
mod tests;
