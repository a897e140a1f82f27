//! What the models of a family have in common, and which family an id belongs to.
//!
//! A row of the table names its family. An id without a row is matched by prefix, so that a snapshot
//! or a newer model is treated like its family although nothing else is known about it.

use crate::{cache::CacheMarker, structured::StructuredOutput, thinking::Family};

/// How the models of a family think, and which structured output they support.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ModelFamily {
    /// The thinking family on the Standard and Coding Plan endpoints.
    pub(crate) thinking: Family,
    /// The thinking family on the Token Plan.
    pub(crate) token_plan_thinking: Family,
    pub(crate) default_thinking: DefaultThinking,
    pub(crate) structured_output: StructuredOutput,
    /// Whether structured output can be combined with thinking.
    pub(crate) json_while_thinking: bool,
    /// Whether a request with both `thinking_budget` and `reasoning_effort` is rejected.
    pub(crate) budget_excludes_effort: bool,
    /// Whether `reasoning_effort: "none"` turns thinking off.
    pub(crate) stops_by_effort: bool,
    /// Whether `thinking_display: "summarized"` returns a summary and the encrypted reasoning.
    pub(crate) summarizes: bool,
    pub(crate) cache_marker: CacheMarker,
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
    json_while_thinking: false,
    budget_excludes_effort: false,
    stops_by_effort: false,
    summarizes: false,
    cache_marker: CacheMarker::CacheControl,
};

// Thinking by default: help.aliyun.com, Model Studio, "deep-thinking". `json_schema`: the vendor's
// AI SDK 2.0 sends it to these families, thinking or not. JSON while thinking on Qwen 3.8 and GLM
// 5.2: QwenLM/Qwen issue 2329, 2026-09; it replaces the general refusal of the page "error-code".

pub(super) const QWEN3_5: ModelFamily = ModelFamily {
    default_thinking: DefaultThinking::On,
    ..PLAIN
};

pub(super) const QWEN3_7: ModelFamily = ModelFamily {
    structured_output: StructuredOutput::JsonSchema,
    json_while_thinking: true,
    ..PLAIN
};

/// Snapshots of Qwen 3.8, to which OpenClaw 2026.9 gives no efforts.
const QWEN3_8_SNAPSHOT: ModelFamily = ModelFamily {
    budget_excludes_effort: true,
    ..QWEN3_7
};

/// The two models themselves. A budget together with an effort is rejected: OpenClaw documentation.
pub(super) const QWEN3_8: ModelFamily = ModelFamily {
    thinking: Family::Qwen38,
    token_plan_thinking: Family::Qwen38,
    ..QWEN3_8_SNAPSHOT
};

/// help.aliyun.com, Model Studio, pages on Qwen4 ("cot-summary", "explicit-cache-qwen4"),
/// 2026-11-16. That a budget excludes an effort is assumed, as for Qwen 3.8.
pub(super) const QWEN4: ModelFamily = ModelFamily {
    default_thinking: DefaultThinking::On,
    structured_output: StructuredOutput::JsonSchema,
    json_while_thinking: true,
    budget_excludes_effort: true,
    stops_by_effort: true,
    summarizes: true,
    cache_marker: CacheMarker::Breakpoint,
    ..PLAIN
};

/// Thinks in streams only, and always: help.aliyun.com, Model Studio, "deep-thinking".
pub(super) const QWQ: ModelFamily = ModelFamily {
    default_thinking: DefaultThinking::AlwaysOn,
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
    json_while_thinking: true,
    ..GLM_HYBRID
};

/// The id prefixes of each family; the first match wins.
const PREFIXES: &[(&str, ModelFamily)] = &[
    ("qwen3.5-", QWEN3_5),
    ("qwen3.7-plus", QWEN3_7),
    ("qwen3.7-flash", QWEN3_7),
    ("qwen3.7-max", QWEN3_7),
    ("qwen3.8-max", QWEN3_8_SNAPSHOT),
    ("qwen3.8-flash", QWEN3_8_SNAPSHOT),
    ("qwen4-max", QWEN4),
    ("qwq-", QWQ),
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
