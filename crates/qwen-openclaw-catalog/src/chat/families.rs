//! What the members of a model family have in common, and which family an id belongs to.
//!
//! A row of the table names its family. An id that has no row is matched by how it begins, so that
//! a snapshot or a newer member is treated as its family wants, although nothing else is known of
//! it.

use crate::{structured::StructuredOutput, thinking::Family};

/// How the members of a family are asked to think, and which structured output they take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ModelFamily {
    /// The thinking family on the Standard and Coding Plan endpoints.
    pub(crate) thinking: Family,
    /// The thinking family on the Token Plan.
    pub(crate) token_plan_thinking: Family,
    pub(crate) unasked: Unasked,
    pub(crate) structured_output: StructuredOutput,
}

/// What a model does when a request does not mention thinking.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unasked {
    /// It is not known.
    Unknown,
    /// It thinks, and obeys `enable_thinking: false`.
    Thinks,
    /// It thinks, and cannot be stopped.
    AlwaysThinks,
}

/// Nothing is known: thinking is a switch, structured output is `json_object`.
pub(crate) const PLAIN: ModelFamily = ModelFamily {
    thinking: Family::Plain,
    token_plan_thinking: Family::Plain,
    unasked: Unasked::Unknown,
    structured_output: StructuredOutput::JsonObject,
};

// Thinking by default: help.aliyun.com, Model Studio, "deep-thinking". `json_schema`: the vendor's
// AI SDK 2.0 sends it to these families.

pub(super) const QWEN3_5: ModelFamily = ModelFamily {
    unasked: Unasked::Thinks,
    ..PLAIN
};

pub(super) const QWEN3_7: ModelFamily = ModelFamily {
    structured_output: StructuredOutput::JsonSchema,
    ..PLAIN
};

/// The two models themselves. OpenClaw 2026.9 gives their snapshots no efforts.
pub(super) const QWEN3_8: ModelFamily = ModelFamily {
    thinking: Family::Qwen38,
    token_plan_thinking: Family::Qwen38,
    ..QWEN3_7
};

/// help.aliyun.com, Model Studio, pages on Qwen4, 2026-11-16.
pub(super) const QWEN4: ModelFamily = ModelFamily {
    unasked: Unasked::Thinks,
    structured_output: StructuredOutput::JsonSchema,
    ..PLAIN
};

pub(super) const MINIMAX_M2_5: ModelFamily = ModelFamily {
    unasked: Unasked::AlwaysThinks,
    ..PLAIN
};

pub(super) const DEEPSEEK_V4: ModelFamily = ModelFamily {
    token_plan_thinking: Family::DeepSeek,
    ..PLAIN
};

pub(super) const KIMI: ModelFamily = ModelFamily {
    token_plan_thinking: Family::Kimi,
    ..PLAIN
};

pub(super) const KIMI_HYBRID: ModelFamily = ModelFamily {
    unasked: Unasked::Thinks,
    ..KIMI
};

pub(super) const KIMI_CODE: ModelFamily = ModelFamily {
    unasked: Unasked::AlwaysThinks,
    ..KIMI
};

pub(super) const GLM: ModelFamily = ModelFamily {
    token_plan_thinking: Family::Glm,
    ..PLAIN
};

pub(super) const GLM_HYBRID: ModelFamily = ModelFamily {
    unasked: Unasked::Thinks,
    ..GLM
};

pub(super) const GLM_5_2: ModelFamily = ModelFamily {
    token_plan_thinking: Family::GlmMax,
    ..GLM_HYBRID
};

/// How the ids of a family begin; the first that fits counts.
const BEGINNINGS: &[(&str, ModelFamily)] = &[
    ("qwen3.5-", QWEN3_5),
    ("qwen3.7-plus", QWEN3_7),
    ("qwen3.7-flash", QWEN3_7),
    ("qwen3.7-max", QWEN3_7),
    ("qwen3.8-max", QWEN3_7),
    ("qwen3.8-flash", QWEN3_7),
    ("qwen4-max", QWEN4),
    ("deepseek-v4", DEEPSEEK_V4),
    ("kimi-k2.5", KIMI_HYBRID),
    ("kimi-k2.6", KIMI_HYBRID),
    ("kimi-k2.7-code", KIMI_CODE),
    ("kimi-", KIMI),
    ("glm-4.7", GLM_HYBRID),
    ("glm-5.2", GLM_5_2),
    ("glm-5", GLM_HYBRID),
    ("glm-", GLM),
];

/// Returns the family that an id without a row belongs to; the id is trimmed and in lower case.
pub(super) fn by_beginning(id: &str) -> ModelFamily {
    BEGINNINGS
        .iter()
        .find(|(beginning, _)| id.starts_with(beginning))
        .map_or(PLAIN, |(_, family)| *family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_beginning_comes_first() {
        for (index, (beginning, _)) in BEGINNINGS.iter().enumerate() {
            let hidden = BEGINNINGS[..index]
                .iter()
                .any(|(earlier, _)| beginning.starts_with(earlier));
            assert!(!hidden, "{beginning} is never reached");
        }
    }
}
