//! The image models, with what each takes. From the service's API reference of February to May 2026
//! and, for Qwen-Image 3.0, of September.

use super::size::{Exact, Sizes};
use crate::chat;

/// An image model of the service.
#[derive(Debug)]
pub(crate) struct Model {
    pub(super) id: &'static str,
    pub(super) family: Family,
    /// Where tasks for it are created, if anywhere.
    pub(super) tasks: Option<TaskPath>,
    sizes: &'static Sizes,
    /// How many images a request gets at most, and if it does not say.
    pub(super) most: u64,
    pub(super) default_count: u64,
    /// How many input images it takes.
    pub(super) least_inputs: usize,
    pub(super) most_inputs: usize,
    pub(super) prompt: Limit,
}

/// Models whose answers have the same form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Family {
    /// Qwen-Image 3.0.
    Qwen3,
    /// Qwen-Image 2.0 and the models for editing.
    Qwen2,
    /// The first Qwen-Image: one image.
    Qwen1,
    Z,
    Wan26,
    Wan27,
    /// Wan up to 2.5, on the older task paths only.
    OldWan,
}

/// A path that creates tasks for images.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TaskPath {
    Generation,
    TextToImage,
    ImageToImage,
}

impl TaskPath {
    pub(super) const ALL: [Self; 3] = [Self::Generation, Self::TextToImage, Self::ImageToImage];

    /// The group and the function in the path.
    pub(super) const fn words(self) -> [&'static str; 2] {
        match self {
            Self::Generation => ["image-generation", "generation"],
            Self::TextToImage => ["text2image", "image-synthesis"],
            Self::ImageToImage => ["image2image", "image-synthesis"],
        }
    }
}

/// How much of a prompt is read; the rest is cut, not refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    Characters(usize),
    Tokens(usize),
}

impl Limit {
    pub(super) fn cut(self, prompt: &str) -> &str {
        let end = match self {
            Self::Characters(most) => prompt.char_indices().nth(most).map(|(at, _)| at),
            Self::Tokens(most) => {
                let tokens = chat::split_tokens(prompt);
                let kept = tokens.iter().take(most);
                Some(kept.map(|token| token.len()).sum())
            }
        };
        end.and_then(|end| prompt.get(..end)).unwrap_or(prompt)
    }
}

/// What a request asks of a model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mode {
    Text,
    Edit,
    /// A set of images that belong together.
    Sequential,
    /// Text and images in turn.
    Interleave,
}

const FIXED: Sizes = Sizes {
    tiers: &[],
    exact: Exact::OneOf(&[
        (1664, 928),
        (1472, 1104),
        (1328, 1328),
        (1104, 1472),
        (928, 1664),
    ]),
    default: (1664, 928),
    like_input: false,
    multiple: 1,
};
/// The ratio is documented for Qwen-Image 3.0, and inferred for 2.0.
const FREE: Sizes = Sizes {
    tiers: &[],
    exact: Exact::Area(512, 2048, 8),
    default: (2048, 2048),
    like_input: true,
    multiple: 1,
};
/// The default of editing models is inferred: about 1024*1024, in the shape of the input.
const EDIT: Sizes = Sizes {
    tiers: &[],
    exact: Exact::Sides(512, 2048),
    default: (1024, 1024),
    like_input: true,
    multiple: 16,
};
const UNSIZED: Sizes = Sizes {
    exact: Exact::Ignored,
    ..EDIT
};
/// Inferred: no page of the model was at hand.
const Z: Sizes = Sizes {
    exact: Exact::Area(512, 2048, 8),
    default: (1024, 1536),
    like_input: false,
    ..FIXED
};
const WAN_TEXT: Sizes = Sizes {
    exact: Exact::Area(1280, 1440, 4),
    default: (1280, 1280),
    ..FIXED
};
const WAN26_IMAGE: Sizes = Sizes {
    tiers: &[("1K", 1280), ("2K", 2048)],
    exact: Exact::Area(768, 2048, 4),
    default: (1280, 1280),
    like_input: true,
    multiple: 16,
};
const INTERLEAVE: Sizes = Sizes {
    tiers: &[],
    exact: Exact::Area(768, 1280, 4),
    ..WAN26_IMAGE
};
const WAN27: Sizes = Sizes {
    tiers: &[("1K", 1024), ("2K", 2048)],
    exact: Exact::Area(768, 2048, 8),
    default: (2048, 2048),
    like_input: true,
    multiple: 1,
};
const WAN27_PRO: Sizes = Sizes {
    tiers: &[("1K", 1024), ("2K", 2048), ("4K", 4096)],
    exact: Exact::Area(768, 4096, 8),
    ..WAN27
};
const WAN_SIDES: Sizes = Sizes {
    exact: Exact::Sides(512, 1440),
    default: (1024, 1024),
    ..FIXED
};
/// Inferred from the model after it.
const WAN_EDIT: Sizes = Sizes {
    exact: Exact::Area(768, 1280, 4),
    default: (1280, 1280),
    like_input: true,
    ..FIXED
};

const fn model(
    id: &'static str,
    family: Family,
    tasks: Option<TaskPath>,
    sizes: &'static Sizes,
    (most, default_count): (u64, u64),
    (least_inputs, most_inputs): (usize, usize),
    prompt: Limit,
) -> Model {
    Model {
        id,
        family,
        tasks,
        sizes,
        most,
        default_count,
        least_inputs,
        most_inputs,
        prompt,
    }
}

/// Tasks of the newer and of the older form.
const NEW: Option<TaskPath> = Some(TaskPath::Generation);
const OLD: Option<TaskPath> = Some(TaskPath::TextToImage);
const EDITS: Option<TaskPath> = Some(TaskPath::ImageToImage);

#[rustfmt::skip] // a table reads better with one model a line
static MODELS: &[Model] = &[
    model("qwen-image-3.0", Family::Qwen3, None, &FREE, (6, 1), (0, 3), Limit::Tokens(MAX_TOKENS)),
    model("qwen-image-3.0-pro", Family::Qwen3, None, &FREE, (6, 1), (0, 3), Limit::Tokens(MAX_TOKENS)),
    model("qwen-image-2.0", Family::Qwen2, None, &FREE, (6, 1), (0, 3), Limit::Tokens(1300)),
    model("qwen-image-2.0-2026-03-03", Family::Qwen2, None, &FREE, (6, 1), (0, 3), Limit::Tokens(1300)),
    model("qwen-image-2.0-pro", Family::Qwen2, None, &FREE, (6, 1), (0, 3), Limit::Tokens(1300)),
    model("qwen-image-2.0-pro-2026-03-03", Family::Qwen2, None, &FREE, (6, 1), (0, 3), Limit::Tokens(1300)),
    model("qwen-image-2.0-pro-2026-06-22", Family::Qwen2, None, &FREE, (6, 1), (0, 3), Limit::Tokens(1300)),
    model("qwen-image-max", Family::Qwen1, None, &FIXED, (1, 1), (0, 0), Limit::Characters(800)),
    model("qwen-image-max-2025-12-30", Family::Qwen1, None, &FIXED, (1, 1), (0, 0), Limit::Characters(800)),
    model("qwen-image-plus", Family::Qwen1, OLD, &FIXED, (1, 1), (0, 0), Limit::Characters(800)),
    model("qwen-image-plus-2026-01-09", Family::Qwen1, None, &FIXED, (1, 1), (0, 0), Limit::Characters(800)),
    model("qwen-image", Family::Qwen1, OLD, &FIXED, (1, 1), (0, 0), Limit::Characters(800)),
    model("qwen-image-edit", Family::Qwen2, None, &UNSIZED, (1, 1), (1, 3), Limit::Characters(800)),
    model("qwen-image-edit-plus", Family::Qwen2, None, &EDIT, (6, 1), (1, 3), Limit::Characters(800)),
    model("qwen-image-edit-plus-2025-10-30", Family::Qwen2, None, &EDIT, (6, 1), (1, 3), Limit::Characters(800)),
    model("qwen-image-edit-plus-2025-12-15", Family::Qwen2, None, &EDIT, (6, 1), (1, 3), Limit::Characters(800)),
    model("qwen-image-edit-max", Family::Qwen2, None, &EDIT, (6, 1), (1, 3), Limit::Characters(800)),
    model("qwen-image-edit-max-2026-01-16", Family::Qwen2, None, &EDIT, (6, 1), (1, 3), Limit::Characters(800)),
    model("z-image-turbo", Family::Z, None, &Z, (1, 1), (0, 0), Limit::Characters(800)),
    model("wan2.7-image", Family::Wan27, NEW, &WAN27, (4, 1), (0, 9), Limit::Characters(5000)),
    model("wan2.7-image-pro", Family::Wan27, NEW, &WAN27_PRO, (4, 1), (0, 9), Limit::Characters(5000)),
    model("wan2.6-t2i", Family::Wan26, NEW, &WAN_TEXT, (4, 4), (0, 0), Limit::Characters(2100)),
    model("wan2.6-image", Family::Wan26, NEW, &WAN26_IMAGE, (4, 4), (1, 4), Limit::Characters(2000)),
    model("wan2.5-t2i-preview", Family::OldWan, OLD, &WAN_TEXT, (4, 4), (0, 0), Limit::Characters(2000)),
    model("wan2.5-i2i-preview", Family::OldWan, EDITS, &WAN_EDIT, (4, 4), (1, 3), Limit::Characters(2000)),
    model("wan2.2-t2i-flash", Family::OldWan, OLD, &WAN_SIDES, (4, 4), (0, 0), Limit::Characters(500)),
    model("wan2.2-t2i-plus", Family::OldWan, OLD, &WAN_SIDES, (4, 4), (0, 0), Limit::Characters(500)),
    model("wanx2.1-t2i-turbo", Family::OldWan, OLD, &WAN_SIDES, (4, 4), (0, 0), Limit::Characters(500)),
    model("wanx2.1-t2i-plus", Family::OldWan, OLD, &WAN_SIDES, (4, 4), (0, 0), Limit::Characters(500)),
    model("wanx2.1-imageedit", Family::OldWan, EDITS, &UNSIZED, (4, 1), (1, 1), Limit::Characters(800)),
];

/// The longest prompt of Qwen-Image 3.0, in tokens.
pub(super) const MAX_TOKENS: usize = 4500;

/// Finds a model by its id.
pub(super) fn find(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.id == id)
}

impl Model {
    /// Whether it is served without a task, on the path that chat models have, too.
    pub(super) fn is_sync(&self) -> bool {
        self.family != Family::OldWan
    }

    /// Whether it answers text and images in turn, if asked to.
    pub(super) fn interleaves(&self) -> bool {
        self.id == "wan2.6-image"
    }

    /// The sizes it takes.
    pub(super) fn sizes(&self, mode: Mode) -> &'static Sizes {
        match (self.id, mode) {
            // 4K is for text alone.
            ("wan2.7-image-pro", Mode::Edit | Mode::Sequential) => &WAN27,
            (_, Mode::Interleave) => &INTERLEAVE,
            _ => self.sizes,
        }
    }

    /// The largest input image, in MB.
    pub(super) fn max_input(&self) -> usize {
        if self.family == Family::Wan27 { 20 } else { 10 }
    }

    /// Whether sides of input images must be between 240 and 8000 pixels.
    pub(super) fn limits_sides(&self) -> bool {
        matches!(self.family, Family::Wan26 | Family::Wan27)
    }

    /// The text of its watermark. That of Wan is Chinese for it.
    pub(super) fn mark(&self) -> &'static str {
        match self.family {
            Family::Qwen1 | Family::Qwen2 | Family::Qwen3 => "Qwen-Image",
            _ => "AI generated",
        }
    }
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
    fn each_model_can_be_asked_somewhere() {
        for model in MODELS {
            assert!(model.is_sync() || model.tasks.is_some(), "{}", model.id);
            assert!((1..=model.most).contains(&model.default_count));
            assert!(model.least_inputs <= model.most_inputs);
        }
    }

    #[test]
    fn a_prompt_is_cut_at_its_limit() {
        assert_eq!(Limit::Characters(2).cut("鹤在松林"), "鹤在");
        assert_eq!(Limit::Characters(9).cut("鹤在松林"), "鹤在松林");
        assert_eq!(Limit::Tokens(2).cut("a red crane"), "a red");
        assert_eq!(Limit::Tokens(2).cut("a"), "a");
    }
}
