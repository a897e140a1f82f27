//! The JSON Schema of a configuration file, and the shapes in which it differs from its typed view.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::Value;

use crate::config::{
    Config,
    agents::{Agent, AgentDefaults, ModelSettings},
    models::ProviderEntry,
    rows::ModelRow,
    sections::{MediaModel, MediaTools, ProfileEntry},
};

/// Returns the JSON Schema of a configuration file, as far as this crate reads it.
///
/// Keys that it does not read are allowed.
#[must_use]
pub fn schema() -> Schema {
    SchemaSettings::default()
        .with_transform(RecursiveTransform(without_null))
        .into_generator()
        .into_root_schema_for::<Config>()
}

/// Takes null out of what members may be: one that is not set is absent.
fn without_null(schema: &mut Schema) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(serde_json::Map::values_mut) {
        let null = Value::from("null");
        if let Some(Value::Array(kinds)) = property.get_mut("type") {
            kinds.retain(|kind| *kind != null);
            if let [kind] = &kinds[..] {
                property["type"] = kind.clone();
            }
        }
        let Some(members) = property.as_object_mut() else {
            continue;
        };
        if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
            choices.retain(|choice| choice["type"] != null);
            if let [Value::Object(only)] = &choices[..] {
                let only = only.clone();
                members.remove("anyOf");
                members.extend(only);
            }
        }
    }
}

/// An API key or other secret: the text itself, `${NAME}` for a variable, or a reference.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum Secret {
    /// The secret, a variable, or a marker for one that is stored elsewhere.
    Text(String),
    /// Where the secret is.
    Reference(SecretReference),
}

/// Where a secret is.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct SecretReference {
    /// The kind of source: `env`, `file`, `exec`, or `store`.
    source: String,
    /// The source's name in the configuration. Default: `default`.
    provider: Option<String>,
    /// What the source calls the secret: for `env`, the variable's name.
    id: String,
}

/// A model and its fallbacks.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum Choice {
    /// A reference such as `qwen/m`, or an alias.
    Model(String),
    /// A model with fallbacks.
    WithFallbacks(ChoiceWithFallbacks),
}

/// A model with fallbacks.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ChoiceWithFallbacks {
    /// The model that is asked first, a reference or an alias.
    primary: Option<String>,
    /// The models that are asked when it fails, in this order.
    fallbacks: Option<Vec<String>>,
}

/// Default models, and agents with models of their own.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct AgentsSection {
    /// What holds for every agent.
    defaults: Option<AgentDefaults>,
    /// The agents, as OpenClaw wrote them up to 2026.6.
    list: Option<Vec<ListedAgent>>,
    /// The agents by id.
    entries: Option<BTreeMap<String, Agent>>,
}

/// An agent of `agents.list`.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ListedAgent {
    /// The id.
    id: String,
    #[schemars(flatten)]
    agent: Agent,
}

/// Variables for the rest of the file and for requests.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct Env {
    /// Variables that are used where the process environment has none.
    vars: Option<BTreeMap<String, String>>,
    /// Whether missing keys are taken from the login shell.
    shell_env: Option<Shell>,
}

/// How the login shell is asked.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct Shell {
    /// Whether the shell is asked. Default: false.
    enabled: Option<bool>,
    /// How long the shell may take, in milliseconds. Default: 15000.
    timeout_ms: Option<u64>,
}

/// Which plugins are on.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct PluginSwitches {
    /// Whether plugins are on at all. Default: true.
    enabled: Option<bool>,
    /// The only plugins that may be on; empty means any.
    allow: Option<Vec<String>>,
    /// The plugins that are off whatever their entries say.
    deny: Option<Vec<String>>,
    /// The plugins by id.
    entries: Option<BTreeMap<String, PluginSwitch>>,
}

/// A plugin.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct PluginSwitch {
    /// Whether the plugin is on.
    enabled: Option<bool>,
}

/// Tools of agents.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct Tools {
    /// The models that look at media.
    media: Option<MediaTools>,
}

/// The models for one kind of media.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct MediaSection {
    /// The models, the first to be asked first.
    models: Option<Vec<MediaModel>>,
    /// The largest file that is read, in bytes.
    max_bytes: Option<u64>,
}

pub(crate) type Headers = Option<BTreeMap<String, Secret>>;
pub(crate) type Providers = Option<BTreeMap<String, ProviderEntry>>;
pub(crate) type Rows = Option<Vec<ModelRow>>;
pub(crate) type Levels = Option<BTreeMap<String, Option<String>>>;
pub(crate) type Fields = Option<BTreeMap<String, serde_json::Value>>;
pub(crate) type Settings = Option<BTreeMap<String, ModelSettings>>;
pub(crate) type Profiles = Option<BTreeMap<String, ProfileEntry>>;
pub(crate) type Order = Option<BTreeMap<String, Vec<String>>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_describes_the_file() {
        insta::assert_json_snapshot!("configuration", schema());
    }
}
