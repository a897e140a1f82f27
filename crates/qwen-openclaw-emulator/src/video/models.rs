//! The video models, with what each takes. From the service's API reference of May and June 2026.

use std::borrow::Cow;

use crate::endpoint::Region;

/// A video model of the service.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) id: &'static str,
    pub(super) input: Input,
    pub(super) frame: Frame,
    pub(super) tiers: &'static [Tier],
    /// The tier, and for sizes its 16:9, that is made when none is asked for.
    pub(super) default_tier: Tier,
    pub(super) seconds: Seconds,
    /// Whether the field `audio` can turn the audio off.
    pub(super) audio: bool,
    /// Whether it knows `shot_type`.
    pub(super) shots: bool,
    pub(super) pace: Pace,
    pub(super) usage: Usage,
}

/// The input from which a model generates a video.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Input {
    /// `prompt`.
    Text,
    /// `img_url`.
    Image,
    /// `prompt` and `reference_urls`.
    References,
    /// `first_frame_url`, on a path of its own.
    Frames,
    /// `media` with frames, audio, or a video to continue.
    MediaFrames,
    /// `prompt` and `media` with subjects.
    MediaReferences,
    /// `media` with the video to edit.
    MediaEdit,
}

/// How the size of a video is requested.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Frame {
    /// `size`: exact pixels of a list.
    Pixels,
    /// `resolution`: a tier; the shape is that of the input.
    Tier,
    /// `resolution` and `ratio`.
    TierAndRatio,
}

/// A class of sizes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tier {
    P480,
    P720,
    P1080,
}

/// Which durations a model takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Seconds {
    Between(u64, u64),
    OneOf(&'static [u64]),
    /// None, for all of the input, or a number between.
    AllOrBetween(u64, u64),
}

/// How often requests are taken and how many tasks run at once, where that is less than the limits
/// an emulator is set to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Pace {
    /// As set.
    Current,
    /// 2 a second, 2 at once.
    Old,
    /// 2 a second, 1 at once.
    Frames,
    /// As set, apart from videos.
    Images,
    /// As set, apart from both.
    Vectors,
    /// Recognition. That it counts apart from videos is inferred, and its limits are theirs.
    Transcripts,
}

impl Pace {
    /// The maximum requests per second.
    pub(super) const fn submits(self) -> usize {
        match self {
            Self::Current | Self::Images | Self::Vectors | Self::Transcripts => usize::MAX,
            Self::Old | Self::Frames => 2,
        }
    }

    /// The maximum concurrent tasks.
    pub(super) const fn running(self) -> usize {
        match self {
            Self::Current | Self::Images | Self::Vectors | Self::Transcripts => usize::MAX,
            Self::Old => 2,
            Self::Frames => 1,
        }
    }
}

/// Which fields a finished task's `usage` has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Usage {
    /// Seconds in and out, tier and, for those that have one, size.
    V26,
    /// The same with `audio`.
    V26Audio,
    /// Seconds in and out, tier and, for those that have one, ratio.
    V27,
    /// The same as numbers with a fraction.
    Edit,
    /// Seconds, tier, count.
    V25,
    /// The same with the seconds as `video_duration`.
    Frames,
    /// `video_duration`, `video_ratio`, count.
    V21,
}

/// The aspect ratios of videos.
pub(super) const RATIOS: [&str; 5] = ["16:9", "9:16", "1:1", "4:3", "3:4"];

impl Tier {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::P480 => "480P",
            Self::P720 => "720P",
            Self::P1080 => "1080P",
        }
    }

    /// The number that stands in `usage`.
    pub(super) const fn lines(self) -> u32 {
        match self {
            Self::P480 => 480,
            Self::P720 => 720,
            Self::P1080 => 1080,
        }
    }

    /// The sizes up to wan2.6, in the order of [`RATIOS`].
    pub(super) const fn sizes(self) -> [(u32, u32); 5] {
        match self {
            Self::P480 => [(832, 480), (480, 832), (624, 624), (640, 480), (480, 640)],
            Self::P720 => [
                (1280, 720),
                (720, 1280),
                (960, 960),
                (1088, 832),
                (832, 1088),
            ],
            Self::P1080 => [
                (1920, 1080),
                (1080, 1920),
                (1440, 1440),
                (1632, 1248),
                (1248, 1632),
            ],
        }
    }

    /// The sizes that can be asked for by pixels: the least tier has no 4:3.
    pub(super) fn named_sizes(self) -> impl Iterator<Item = (u32, u32)> {
        let count = if self == Self::P480 { 3 } else { 5 };
        self.sizes().into_iter().take(count)
    }

    /// The sizes of wan2.7, in the order of [`RATIOS`].
    pub(super) const fn new_sizes(self) -> [(u32, u32); 5] {
        let [wide, tall, square, ..] = self.sizes();
        match self {
            Self::P480 => self.sizes(),
            Self::P720 => [wide, tall, square, (1104, 832), (832, 1104)],
            Self::P1080 => [wide, tall, square, (1648, 1248), (1248, 1648)],
        }
    }
}

impl Seconds {
    pub(super) fn takes(self, seconds: u64) -> bool {
        match self {
            Self::Between(least, most) => (least..=most).contains(&seconds),
            Self::OneOf(list) => list.contains(&seconds),
            Self::AllOrBetween(least, most) => seconds == 0 || (least..=most).contains(&seconds),
        }
    }

    pub(super) fn in_words(self) -> String {
        match self {
            Self::Between(least, most) => format!("[{least}, {most}]"),
            Self::OneOf(list) => format!("one of {list:?}"),
            Self::AllOrBetween(least, most) => format!("0 or [{least}, {most}]"),
        }
    }
}

const LOW: &[Tier] = &[Tier::P480, Tier::P720];
const HIGH: &[Tier] = &[Tier::P720, Tier::P1080];
const ENDS: &[Tier] = &[Tier::P480, Tier::P1080];
const ALL: &[Tier] = &[Tier::P480, Tier::P720, Tier::P1080];
const MIDDLE: &[Tier] = &[Tier::P720];
const FIVE: Seconds = Seconds::OneOf(&[5]);
const FIVE_OR_TEN: Seconds = Seconds::OneOf(&[5, 10]);
const FIFTEEN: Seconds = Seconds::Between(2, 15);

const fn model(
    id: &'static str,
    input: Input,
    tiers: &'static [Tier],
    default_tier: Tier,
    seconds: Seconds,
    usage: Usage,
) -> Model {
    let frame = match (input, usage) {
        (Input::Text, Usage::V27) | (Input::MediaReferences | Input::MediaEdit, _) => {
            Frame::TierAndRatio
        }
        (Input::Text | Input::References, _) => Frame::Pixels,
        _ => Frame::Tier,
    };
    let pace = match (input, usage) {
        (Input::Frames, _) => Pace::Frames,
        (_, Usage::V21) => Pace::Old,
        _ => Pace::Current,
    };
    Model {
        id,
        input,
        frame,
        tiers,
        default_tier,
        seconds,
        audio: false,
        shots: matches!(usage, Usage::V26),
        pace,
        usage,
    }
}

/// A model whose audio can be turned off.
const fn flash(mut model: Model) -> Model {
    model.audio = true;
    model.shots = true;
    model
}

/// A model of wan2.2, which has the usage of later ones and the pace of earlier ones.
const fn old(mut model: Model) -> Model {
    model.pace = Pace::Old;
    model
}

#[rustfmt::skip] // a table reads better with one model a line
static MODELS: &[Model] = &[
    model("wan2.7-t2v", Input::Text, HIGH, Tier::P1080, FIFTEEN, Usage::V27),
    model("wan2.7-t2v-2026-04-25", Input::Text, HIGH, Tier::P1080, FIFTEEN, Usage::V27),
    model("wan2.7-t2v-2026-06-12", Input::Text, HIGH, Tier::P1080, FIFTEEN, Usage::V27),
    model("wan2.7-i2v", Input::MediaFrames, HIGH, Tier::P1080, FIFTEEN, Usage::V27),
    model("wan2.7-i2v-2026-04-25", Input::MediaFrames, HIGH, Tier::P1080, FIFTEEN, Usage::V27),
    model("wan2.7-r2v", Input::MediaReferences, HIGH, Tier::P1080, FIFTEEN, Usage::V27),
    model("wan2.7-videoedit", Input::MediaEdit, HIGH, Tier::P1080, Seconds::AllOrBetween(2, 10), Usage::Edit),
    model("wan2.6-t2v", Input::Text, HIGH, Tier::P1080, FIFTEEN, Usage::V26),
    model("wan2.6-t2v-us", Input::Text, HIGH, Tier::P1080, FIVE_OR_TEN, Usage::V26),
    model("wan2.6-i2v", Input::Image, HIGH, Tier::P1080, FIFTEEN, Usage::V26),
    flash(model("wan2.6-i2v-flash", Input::Image, HIGH, Tier::P1080, FIFTEEN, Usage::V26Audio)),
    model("wan2.6-i2v-us", Input::Image, HIGH, Tier::P1080, Seconds::OneOf(&[5, 10, 15]), Usage::V26),
    model("wan2.6-r2v", Input::References, HIGH, Tier::P1080, Seconds::Between(2, 10), Usage::V26),
    flash(model("wan2.6-r2v-flash", Input::References, HIGH, Tier::P1080, Seconds::Between(2, 10), Usage::V26)),
    model("wan2.5-t2v-preview", Input::Text, ALL, Tier::P1080, FIVE_OR_TEN, Usage::V25),
    model("wan2.5-i2v-preview", Input::Image, ALL, Tier::P1080, FIVE_OR_TEN, Usage::V25),
    old(model("wan2.2-t2v-plus", Input::Text, ENDS, Tier::P1080, FIVE, Usage::V25)),
    old(model("wan2.2-i2v-flash", Input::Image, ALL, Tier::P720, FIVE, Usage::V25)),
    old(model("wan2.2-i2v-plus", Input::Image, ENDS, Tier::P1080, FIVE, Usage::V25)),
    model("wan2.2-kf2v-flash", Input::Frames, ALL, Tier::P720, FIVE, Usage::Frames),
    model("wanx2.1-t2v-turbo", Input::Text, LOW, Tier::P720, FIVE, Usage::V21),
    model("wanx2.1-t2v-plus", Input::Text, MIDDLE, Tier::P720, FIVE, Usage::V21),
    model("wanx2.1-i2v-turbo", Input::Image, LOW, Tier::P720, Seconds::OneOf(&[3, 4, 5]), Usage::V21),
    model("wanx2.1-i2v-plus", Input::Image, MIDDLE, Tier::P720, FIVE, Usage::V21),
    model("wanx2.1-kf2v-plus", Input::Frames, MIDDLE, Tier::P720, FIVE, Usage::V21),
];

/// Finds a model. The oldest have an `x` in their name in mainland China only.
pub(super) fn find(id: &str, region: Region) -> Option<&'static Model> {
    let mut id = Cow::Borrowed(id);
    if region == Region::Global {
        if id.starts_with("wanx") {
            return None;
        }
        if let Some(rest) = id.strip_prefix("wan2.1-") {
            id = Cow::Owned(format!("wanx2.1-{rest}"));
        }
    }
    MODELS.iter().find(|model| model.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_model_stands_twice() {
        let mut seen: Vec<_> = MODELS.iter().map(|model| model.id).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), MODELS.len());
    }

    #[test]
    fn defaults_are_among_what_is_taken() {
        for model in MODELS {
            assert!(model.tiers.contains(&model.default_tier), "{}", model.id);
            let unasked = if model.input == Input::MediaEdit {
                0
            } else {
                5
            };
            assert!(model.seconds.takes(unasked), "{}", model.id);
        }
    }

    #[test]
    fn sizes_of_a_tier_have_about_its_pixels() {
        for tier in ALL {
            let pixels = |(width, height): (u32, u32)| f64::from(width * height);
            let wide = pixels(tier.sizes()[0]);
            for size in tier.named_sizes().chain(tier.new_sizes()) {
                let off = (pixels(size) / wide - 1.0).abs();
                let small = *tier == Tier::P480 && size.0.min(size.1) == 480;
                assert!(off < 0.03 || small, "{size:?} {off}");
            }
        }
    }

    #[test]
    fn the_oldest_are_named_by_region() {
        assert!(find("wanx2.1-t2v-plus", Region::China).is_some());
        assert!(find("wan2.1-t2v-plus", Region::China).is_none());
        assert!(find("wanx2.1-t2v-plus", Region::Global).is_none());
        assert!(find("wan2.1-t2v-plus", Region::Global).is_some());
        assert_eq!(
            find("wan2.6-t2v", Region::Global).map(|model| model.id),
            Some("wan2.6-t2v")
        );
    }
}
