//! Rows of the provider `qwen-oauth`: the Qwen portal.
//!
//! Sources: OpenClaw documentation (pages on Qwen OAuth), and what OpenClaw 2026.3 writes after a
//! portal login. The portal's free tier ended on 2026-04-15.

use super::ChatModel;
use crate::modality::Modality::{Image, Text, Video};

/// The portal's rows.
pub(super) const ROWS: &[ChatModel] = &[
    ChatModel {
        context: Some(1_000_000),
        max_output: Some(65_536),
        input: &[Text, Image],
        untried: &[Video],
        default: true,
        notes: "default",
        ..row("qwen3.5-plus", "qwen3.5-plus")
    },
    ChatModel {
        notes: "code",
        ..row("coder-model", "Qwen Coder")
    },
    ChatModel {
        input: &[Text, Image],
        untried: &[Video],
        notes: "images and text",
        ..row("vision-model", "Qwen Vision")
    },
];

const fn row(id: &'static str, name: &'static str) -> ChatModel {
    ChatModel {
        provider: "qwen-oauth",
        id,
        name,
        input: &[Text],
        untried: &[],
        context: Some(128_000),
        max_output: Some(8_192),
        reasoning: false,
        default: false,
        media: false,
        notes: "",
    }
}
