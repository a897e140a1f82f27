//! What the models of a family have in common, and which family an id belongs to.
//!
//! A row of the table names its family. An id without a row is matched by prefix, so that a snapshot
//! or a newer model is treated like its family although nothing else is known about it.

use crate::{structured::StructuredOutput, thinking::Family};

/// How the models of a family think, and which structured output they support.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ModelFamily {
    /// The thinking family on the Standard and Coding Plan endpoints.
    pub(crate) thinking: Family,
    /// The thinking family on the Token Plan.
    pub(crate) token_plan_thinking: Family,
    pub(crate) default_thinking: DefaultThinking,
    pub(crate) structured_output: StructuredOutput,
}

/// What a model does when a request does not mention thinking.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DefaultThinking {
    Unknown,
    /// It thinks, and honors `enable_thinking: false`.
    On,
    /// It thinks, and this cannot be turned off.
    AlwaysOn,
}

/// An unknown family: thinking is on or off, structured output is `json_object`.
pub(crate) const PLAIN: ModelFamily = ModelFamily {
    thinking: Family::Plain,
    token_plan_thinking: Family::Plain,
    default_thinking: DefaultThinking::Unknown,
    structured_output: StructuredOutput::JsonObject,
};

// Thinking by default: help.aliyun.com, Model Studio, "deep-thinking". `json_schema`: the vendor's
// AI SDK 2.0 sends it to these families.

pub(super) const QWEN3_5: ModelFamily = ModelFamily {
    default_thinking: DefaultThinking::On,
    ..PLAIN
};

pub(super) const QWEN3_7: ModelFamily = ModelFamily {
    structured_output: StructuredOutput::JsonSchema,
    ..PLAIN
};

/// The two models themselves; OpenClaw 2026.9 gives their snapshots no efforts.
pub(super) const QWEN3_8: ModelFamily = ModelFamily {
    thinking: Family::Qwen38,
    token_plan_thinking: Family::Qwen38,
    ..QWEN3_7
};

/// help.aliyun.com, Model Studio, pages on Qwen4, 2026-11-16.
pub(super) const QWEN4: ModelFamily = ModelFamily {
    default_thinking: DefaultThinking::On,
    structured_output: StructuredOutput::JsonSchema,
    ..PLAIN
};

pub(super) const MINIMAX_M2_5: ModelFamily = ModelFamily {
    default_thinking: DefaultThinking::AlwaysOn,
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
    default_thinking: DefaultThinking::On,
    ..KIMI
};

pub(super) const KIMI_CODE: ModelFamily = ModelFamily {
    default_thinking: DefaultThinking::AlwaysOn,
    ..KIMI
};

pub(super) const GLM: ModelFamily = ModelFamily {
    token_plan_thinking: Family::Glm,
    ..PLAIN
};

pub(super) const GLM_HYBRID: ModelFamily = ModelFamily {
    default_thinking: DefaultThinking::On,
    ..GLM
};

pub(super) const GLM_5_2: ModelFamily = ModelFamily {
    token_plan_thinking: Family::GlmMax,
    ..GLM_HYBRID
};

/// The id prefixes of each family; the first match wins.
const PREFIXES: &[(&str, ModelFamily)] = &[
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

/// Returns the family of an id without a row; the id is trimmed and lowercase.
pub(super) fn by_prefix(id: &str) -> ModelFamily {
    PREFIXES
        .iter()
        .find(|(prefix, _)| id.starts_with(prefix))
        .map_or(PLAIN, |(_, family)| *family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_prefixes_come_first() {
        for (index, (prefix, _)) in PREFIXES.iter().enumerate() {
            let hidden = PREFIXES[..index]
                .iter()
                .any(|(earlier, _)| prefix.starts_with(earlier));
            assert!(!hidden, "{prefix} is never reached");
        }
    }
}
