//! Which kind of structured output a model supports.

use serde::Serialize;

use crate::chat::family;

/// The kinds of `response_format` that a model supports.
///
/// In both cases, `json_object` requires the word "json" in the prompt (help.aliyun.com model-studio
/// error-code). Whether it can be combined with thinking is
/// [`Thinking::allows_json`](crate::Thinking::allows_json).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StructuredOutput {
    /// `json_object` only: the schema has to go into the prompt.
    JsonObject,
    /// `json_schema` in addition to `json_object`.
    JsonSchema,
}

impl StructuredOutput {
    /// Returns what a model supports, by its id.
    ///
    /// An id outside the catalog is treated like the family that shares its prefix.
    #[must_use]
    pub fn of(model: &str) -> Self {
        family(model).structured_output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_families_support_a_schema() {
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
