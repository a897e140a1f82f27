//! Rows of the provider `qwen`: the Standard and Coding Plan endpoints.
//!
//! Sources: OpenClaw documentation (page on the Qwen provider) for edition `2026.4`, the catalog
//! of OpenClaw 2026.9 for edition `2026.9`, 2026-11.

use super::ChatModel;
use crate::modality::Modality::{self, Image, Text, Video};

/// What a model for text alone leaves open: nothing.
const NONE: &[Modality] = &[];

/// The documented catalog.
pub(super) const V2026_4: &[ChatModel] = &[
    QWEN3_5_PLUS,
    QWEN3_6_PLUS_2026_4,
    QWEN3_MAX,
    QWEN3_CODER_NEXT,
    QWEN3_CODER_PLUS,
    MINIMAX_M2_5,
    GLM_5,
    GLM_4_7,
    KIMI_K2_5,
];

/// The current catalog.
pub(super) const V2026_9: &[ChatModel] = &[
    QWEN3_5_PLUS,
    QWEN3_6_FLASH,
    QWEN3_6_PLUS,
    QWEN3_7_MAX,
    QWEN3_7_PLUS,
    QWEN3_8_MAX,
    QWEN3_8_FLASH,
    QWEN3_MAX,
    QWEN3_CODER_NEXT,
    QWEN3_CODER_PLUS,
    MINIMAX_M2_5,
    GLM_5,
    GLM_4_7,
    KIMI_K2_5,
];

/// Every row of both, and the media model.
pub(super) const MERGED: &[ChatModel] = &[
    QWEN3_5_PLUS,
    QWEN3_6_FLASH,
    QWEN3_6_PLUS,
    QWEN3_7_MAX,
    QWEN3_7_PLUS,
    QWEN3_8_MAX,
    QWEN3_8_FLASH,
    QWEN3_MAX,
    QWEN3_CODER_NEXT,
    QWEN3_CODER_PLUS,
    MINIMAX_M2_5,
    GLM_5,
    GLM_4_7,
    KIMI_K2_5,
    QWEN_VL_MAX_LATEST,
];

/// What the Coding Plan lacks in edition `2026.4`.
pub(super) const NOT_IN_CODING_PLAN_2026_4: &[&str] = &[QWEN3_6_PLUS.id];

/// What the Coding Plan lacks in edition `2026.9`.
pub(super) const NOT_IN_CODING_PLAN_2026_9: &[&str] = &[
    QWEN3_6_FLASH.id,
    QWEN3_7_MAX.id,
    QWEN3_8_MAX.id,
    QWEN3_8_FLASH.id,
];

const QWEN3_5_PLUS: ChatModel = ChatModel {
    default: true,
    notes: "default; thinks unless told not to",
    ..vision("qwen3.5-plus", 65_536)
};

const QWEN3_6_FLASH: ChatModel = ChatModel {
    reasoning: true,
    ..vision("qwen3.6-flash", 65_536)
};

pub(super) const QWEN3_6_PLUS: ChatModel = ChatModel {
    reasoning: true,
    notes: "prefer Standard",
    ..vision("qwen3.6-plus", 65_536)
};

const QWEN3_6_PLUS_2026_4: ChatModel = ChatModel {
    reasoning: false,
    ..QWEN3_6_PLUS
};

const QWEN3_7_MAX: ChatModel = ChatModel {
    reasoning: true,
    ..text("qwen3.7-max", 1_000_000, 65_536)
};

// models.dev lists video for this one; the catalog does not.
const QWEN3_7_PLUS: ChatModel = ChatModel {
    reasoning: true,
    ..vision("qwen3.7-plus", 65_536)
};

const QWEN3_8_MAX: ChatModel = ChatModel {
    reasoning: true,
    ..vision("qwen3.8-max", 131_072)
};

const QWEN3_8_FLASH: ChatModel = ChatModel {
    reasoning: true,
    ..vision("qwen3.8-flash", 131_072)
};

const QWEN3_MAX: ChatModel = ChatModel {
    notes: "Qwen Max line",
    ..text("qwen3-max-2026-01-23", 262_144, 65_536)
};

const QWEN3_CODER_NEXT: ChatModel = ChatModel {
    notes: "coding",
    ..text("qwen3-coder-next", 262_144, 65_536)
};

const QWEN3_CODER_PLUS: ChatModel = ChatModel {
    notes: "coding",
    ..text("qwen3-coder-plus", 1_000_000, 65_536)
};

const MINIMAX_M2_5: ChatModel = ChatModel {
    reasoning: true,
    notes: "reasoning enabled",
    ..text("MiniMax-M2.5", 1_000_000, 65_536)
};

const GLM_5: ChatModel = ChatModel {
    notes: "GLM",
    ..text("glm-5", 202_752, 16_384)
};

const GLM_4_7: ChatModel = ChatModel {
    notes: "GLM",
    ..text("glm-4.7", 202_752, 16_384)
};

const KIMI_K2_5: ChatModel = ChatModel {
    context: Some(262_144),
    notes: "Moonshot AI via Alibaba",
    ..vision("kimi-k2.5", 32_768)
};

/// The model for describing images and clips; its limits are not documented.
pub(super) const QWEN_VL_MAX_LATEST: ChatModel = ChatModel {
    input: &[Text, Image, Video],
    untried: NONE,
    context: None,
    max_output: None,
    media: true,
    notes: "images and video, Standard only",
    ..vision("qwen-vl-max-latest", 0)
};

/// A model for text and images with a window of a million tokens. Whether it takes clips the
/// catalog does not say; audio goes to the omni models only.
const fn vision(id: &'static str, max_output: u32) -> ChatModel {
    ChatModel {
        input: &[Text, Image],
        untried: &[Video],
        ..text(id, 1_000_000, max_output)
    }
}

const fn text(id: &'static str, context: u32, max_output: u32) -> ChatModel {
    ChatModel {
        provider: "qwen",
        id,
        name: id,
        input: &[Text],
        untried: NONE,
        context: Some(context),
        max_output: Some(max_output),
        reasoning: false,
        default: false,
        media: false,
        notes: "",
    }
}
