//! `agents`: default models, aliases, and agents with models of their own.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    reader::{Object, Reader},
    rows::fields,
    text::Text,
};
use crate::problem::ProblemKind;
#[cfg(feature = "schemars")]
use crate::schema;

/// The `agents` section.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Agents {
    /// What holds for every agent.
    pub defaults: AgentDefaults,
    /// The agents: those of `agents.list`, then those of `agents.entries`.
    pub agents: Vec<Agent>,
}

/// The `agents.defaults` section.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct AgentDefaults {
    /// The default model and its fallbacks.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<schema::Choice>"))]
    pub model: ModelChoice,
    /// The model that looks at images, and its fallbacks.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<schema::Choice>"))]
    pub image_model: ModelChoice,
    /// The model that makes images, and its fallbacks.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<schema::Choice>"))]
    pub image_generation_model: ModelChoice,
    /// The model that makes videos, and its fallbacks.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<schema::Choice>"))]
    pub video_generation_model: ModelChoice,
    /// What is set for each model.
    #[cfg_attr(feature = "schemars", schemars(with = "schema::Settings"))]
    pub models: Vec<ModelSettings>,
    /// The largest media file that is read or sent, in megabytes of 1,048,576 bytes.
    pub media_max_mb: Option<f64>,
}

/// A model and its fallbacks: `"p/m"`, or `{primary, fallbacks}`. Each is a reference or an alias.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ModelChoice {
    /// The model that is asked first.
    pub primary: Option<Text>,
    /// The models that are asked when it fails, in this order; `None` unless they are written. An agent
    /// without them has those of the default model, one with an empty list has none.
    pub fallbacks: Option<Vec<Text>>,
}

/// A member of `agents.defaults.models`.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct ModelSettings {
    /// The model, as written.
    #[cfg_attr(feature = "schemars", schemars(skip))]
    pub model: String,
    /// The alias, if there is one.
    pub alias: Option<String>,
    /// Fields for the body of requests.
    #[cfg_attr(feature = "schemars", schemars(with = "schema::Fields"))]
    pub params: BTreeMap<String, Value>,
}

/// An agent.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[cfg_attr(
    feature = "schemars",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct Agent {
    /// The id.
    #[cfg_attr(feature = "schemars", schemars(skip))]
    pub id: String,
    /// The display name.
    pub name: Option<String>,
    /// Whether it is the agent that is used when none is named.
    #[cfg_attr(
        feature = "schemars",
        schemars(rename = "default", with = "Option<bool>")
    )]
    pub is_default: bool,
    /// Its own model and fallbacks, if any.
    #[cfg_attr(feature = "schemars", schemars(with = "Option<schema::Choice>"))]
    pub model: ModelChoice,
}

impl Agents {
    pub(super) fn read(reader: &Reader<'_>) -> Self {
        let Some(object) = reader.object(&["defaults", "list", "entries"]) else {
            return Self::default();
        };
        let list = object.get("list");
        let listed = list.iter().flat_map(Reader::elements).filter_map(|reader| {
            let object = reader.object(&[])?;
            let Some(id) = object.get("id").and_then(|reader| reader.plain()) else {
                reader.wrong("an agent with an id");
                return None;
            };
            Some(Agent::read(id, &object))
        });
        let entries = object.object("entries", &[]);
        let entered = entries
            .iter()
            .flat_map(Object::entries)
            .filter_map(|(id, reader)| Some(Agent::read(id.to_owned(), &reader.object(&[])?)));
        Self {
            defaults: object
                .object("defaults", &[])
                .map(|object| AgentDefaults::read(&object))
                .unwrap_or_default(),
            agents: listed.chain(entered).collect(),
        }
    }

    /// Finds an agent by its id, ignoring case.
    #[must_use]
    pub fn agent(&self, id: &str) -> Option<&Agent> {
        let id = id.trim();
        let exact = self.agents.iter().find(|agent| agent.id == id);
        exact.or_else(|| {
            let same = |agent: &&Agent| agent.id.eq_ignore_ascii_case(id);
            self.agents.iter().find(same)
        })
    }
}

impl AgentDefaults {
    fn read(object: &Object<'_>) -> Self {
        let choice = |name: &str| {
            object
                .get(name)
                .map(|reader| ModelChoice::read(&reader))
                .unwrap_or_default()
        };
        let models = object.object("models", &[]);
        Self {
            model: choice("model"),
            image_model: choice("imageModel"),
            image_generation_model: choice("imageGenerationModel"),
            video_generation_model: choice("videoGenerationModel"),
            models: models
                .iter()
                .flat_map(Object::entries)
                .filter_map(|(model, reader)| ModelSettings::read(model, &reader))
                .collect(),
            media_max_mb: object.get("mediaMaxMb").and_then(|reader| reader.number()),
        }
    }

    /// Returns the largest media file that is read or sent, in bytes.
    #[must_use]
    pub fn media_max_bytes(&self) -> Option<u64> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float that does not fit becomes the largest number"
        )]
        self.media_max_mb
            .map(|megabytes| (megabytes * f64::from(1 << 20)).floor() as u64)
    }
}

impl ModelChoice {
    fn read(reader: &Reader<'_>) -> Self {
        let choice = if reader.value.is_string() {
            Self {
                primary: reader.text(),
                fallbacks: None,
            }
        } else if reader.value.is_object() {
            let Some(object) = reader.object(&["primary", "fallbacks", "timeoutMs"]) else {
                return Self::default();
            };
            Self {
                primary: object.get("primary").and_then(|reader| reader.text()),
                fallbacks: object.get("fallbacks").and_then(|reader| {
                    let texts = reader.texts();
                    reader.value.is_array().then_some(texts)
                }),
            }
        } else {
            reader.wrong("a model or an object with `primary`");
            return Self::default();
        };
        for (index, fallback) in choice.fallbacks.iter().flatten().enumerate() {
            let is_primary = choice
                .primary
                .as_ref()
                .is_some_and(|primary| primary.raw() == fallback.raw());
            if is_primary {
                let path = reader.path.clone().name("fallbacks").index(index);
                let here = Reader {
                    path,
                    ..reader.clone()
                };
                here.note(ProblemKind::FallbackIsPrimary);
            }
        }
        choice
    }
}

impl ModelSettings {
    fn read(model: &str, reader: &Reader<'_>) -> Option<Self> {
        let object = reader.object(&["agentRuntime", "alias", "params", "streaming"])?;
        let alias = object.get("alias").and_then(|reader| reader.plain());
        Some(Self {
            model: model.to_owned(),
            alias: alias
                .map(|alias| alias.trim().to_owned())
                .filter(|alias| !alias.is_empty()),
            params: fields(&object),
        })
    }
}

impl Agent {
    fn read(id: String, object: &Object<'_>) -> Self {
        Self {
            id,
            name: object.get("name").and_then(|reader| reader.plain()),
            is_default: object
                .get("default")
                .and_then(|reader| reader.boolean())
                .unwrap_or_default(),
            model: object
                .get("model")
                .map(|reader| ModelChoice::read(&reader))
                .unwrap_or_default(),
        }
    }
}
