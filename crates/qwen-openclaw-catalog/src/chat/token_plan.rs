//! Rows of the provider `qwen-token-plan`.
//!
//! Source: the catalog of OpenClaw 2026.9, 2026-11.

use super::ChatModel;
use crate::modality::Modality::{Image, Text, Video};

/// The Token Plan's rows; every one of them thinks.
pub(super) const ROWS: &[ChatModel] = &[
    ChatModel {
        default: true,
        notes: "default",
        ..vision("qwen3.7-plus", 1_000_000, 65_536)
    },
    vision("qwen3.8-max", 1_000_000, 131_072),
    vision("qwen3.8-flash", 1_000_000, 131_072),
    vision("qwen3.6-plus", 1_000_000, 65_536),
    ChatModel {
        notes: "coding",
        ..text("qwen3-coder-next", 262_144, 65_536)
    },
    ChatModel {
        notes: "Moonshot AI via Alibaba",
        ..vision("kimi-k2.5", 262_144, 98_304)
    },
    ChatModel {
        notes: "GLM",
        ..text("glm-5", 202_752, 16_384)
    },
    ChatModel {
        notes: "always thinks",
        ..text("MiniMax-M2.5", 196_608, 32_768)
    },
];

const fn vision(id: &'static str, context: u32, max_output: u32) -> ChatModel {
    ChatModel {
        input: &[Text, Image],
        untried: &[Video],
        ..text(id, context, max_output)
    }
}

const fn text(id: &'static str, context: u32, max_output: u32) -> ChatModel {
    ChatModel {
        provider: "qwen-token-plan",
        id,
        name: id,
        input: &[Text],
        untried: &[],
        context: Some(context),
        max_output: Some(max_output),
        reasoning: true,
        default: false,
        media: false,
        notes: "",
    }
}
