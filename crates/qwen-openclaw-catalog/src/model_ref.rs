//! A reference to a model: `provider/model`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{error::Error, provider::Provider};

/// A provider and the id of one of its models, written `provider/model`.
///
/// Provider aliases are resolved when parsing, so [`Display`](fmt::Display) prints the canonical
/// form. The model id is kept as written, known or not, and may contain further slashes.
///
/// ```
/// use qwen_openclaw_catalog::{ModelRef, Provider};
///
/// let model = ModelRef::parse("modelstudio/glm-5")?;
/// assert_eq!(model.provider, Provider::QWEN);
/// assert_eq!(model.to_string(), "qwen/glm-5");
/// # Ok::<(), qwen_openclaw_catalog::Error>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub struct ModelRef {
    /// The provider that serves the model.
    pub provider: Provider,
    /// The model id, as the provider spells it; never empty.
    pub model: String,
}

impl ModelRef {
    /// Creates a ref from its parts.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::EmptyModel`](crate::ErrorKind::EmptyModel) when the id is blank.
    pub fn new(provider: Provider, model: &str) -> Result<Self, Error> {
        match model.trim() {
            "" => Err(Error::empty_model(provider.id())),
            model => Ok(Self {
                provider,
                model: model.to_owned(),
            }),
        }
    }

    /// Parses `provider/model`; an id without a provider belongs to `qwen`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownProvider`](crate::ErrorKind::UnknownProvider) when the provider is not a
    /// valid id, and [`ErrorKind::EmptyModel`](crate::ErrorKind::EmptyModel) when there is no model.
    /// The provider need not be well known: see [`Provider::is_well_known`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text.split_once('/') {
            Some((provider, model)) => Self::new(provider.parse()?, model),
            None => Self::new(Provider::QWEN, text),
        }
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider.id(), self.model)
    }
}

impl FromStr for ModelRef {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl Serialize for ModelRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ModelRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for ModelRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ModelRef".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A model ref, `provider/model`."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn check(text: &str, canonical: &str) {
        assert_eq!(
            ModelRef::parse(text).unwrap().to_string(),
            canonical,
            "{text}"
        );
    }

    #[test]
    fn refs_are_parsed_to_their_canonical_form() {
        check("qwen/qwen3.5-plus", "qwen/qwen3.5-plus");
        check("  qwen3.5-plus ", "qwen/qwen3.5-plus");
        check("modelstudio/glm-5", "qwen/glm-5");
        check("QwenCloud/MiniMax-M2.5", "qwen/MiniMax-M2.5");
        check("dashscope/glm-5", "qwen/glm-5");
        check("qwen-portal/coder-model", "qwen-oauth/coder-model");
        check("qwen-cli/coder-model", "qwen-oauth/coder-model");
        check("bailian-token-plan/glm-5", "qwen-token-plan/glm-5");
        check("openai/gpt-4o", "openai/gpt-4o");
        check("qwen/org/model/v1", "qwen/org/model/v1");
    }

    #[test]
    fn any_provider_id_parses_and_an_unknown_one_gets_suggestions() {
        check("my-vllm/org/model", "my-vllm/org/model");
        let error = ModelRef::parse("qwn/glm-5").unwrap().provider.unknown();
        assert_eq!(error.kind(), ErrorKind::UnknownProvider);
        assert_eq!(error.suggestions(), ["qwen"]);
        let error = ModelRef::parse("not an id/glm-5").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownProvider);
    }

    #[test]
    fn a_ref_without_an_id_is_an_error() {
        for text in ["", "  ", "qwen/", "qwen/  "] {
            assert_eq!(
                ModelRef::parse(text).unwrap_err().kind(),
                ErrorKind::EmptyModel,
                "{text}"
            );
        }
    }

    #[test]
    fn a_ref_is_a_string_in_json() {
        let model: ModelRef = serde_json::from_str("\"modelstudio/glm-5\"").unwrap();
        assert_eq!(serde_json::to_string(&model).unwrap(), "\"qwen/glm-5\"");
        assert!(serde_json::from_str::<ModelRef>("\"no id/x\"").is_err());
    }
}
