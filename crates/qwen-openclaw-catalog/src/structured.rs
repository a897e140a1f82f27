//! Which kind of structured output a model takes.

use serde::Serialize;

use crate::chat::family;

/// The kinds of `response_format` a model takes.
///
/// In both cases the prompt must hold the word "json" for `json_object`, and neither goes
/// together with thinking (help.aliyun.com model-studio error-code).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StructuredOutput {
    /// `json_object` alone: the schema has to be put into the prompt.
    JsonObject,
    /// `json_schema` as well.
    JsonSchema,
}

impl StructuredOutput {
    /// Returns what a model takes, going by its id. An id outside the catalog takes what the family
    /// does whose ids begin alike.
    #[must_use]
    pub fn of(model: &str) -> Self {
        family(model).structured_output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_families_take_a_schema() {
        for id in ["qwen3.7-max", " QWEN3.8-Flash ", "qwen3.7-plus-2026-05-01"] {
            assert_eq!(
                StructuredOutput::of(id),
                StructuredOutput::JsonSchema,
                "{id}"
            );
        }
        for id in ["qwen3.6-plus", "glm-5", "", "my-qwen3.7-max"] {
            assert_eq!(
                StructuredOutput::of(id),
                StructuredOutput::JsonObject,
                "{id}"
            );
        }
    }
}
