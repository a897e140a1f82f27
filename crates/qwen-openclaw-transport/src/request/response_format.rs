//! The form of an answer: text, JSON, or JSON that fits a schema.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

/// The form of an answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ResponseFormat {
    /// Text. The service's default.
    Text,
    /// One JSON object.
    JsonObject,
    /// JSON that fits a schema. Where the model takes none, the schema goes into the instructions
    /// and [`JsonObject`](Self::JsonObject) is asked for.
    JsonSchema {
        /// The name of the schema: letters, digits, `_` and `-`.
        name: String,
        /// The schema: an object.
        schema: Value,
    },
    /// A form this version does not know, as it is sent.
    Other(Value),
}

impl ResponseFormat {
    /// Creates the form of a schema.
    #[must_use]
    pub fn schema(name: impl Into<String>, schema: Value) -> Self {
        let name = name.into();
        Self::JsonSchema { name, schema }
    }

    /// Returns true for the forms that are JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        match self {
            Self::JsonObject | Self::JsonSchema { .. } => true,
            Self::Text => false,
            Self::Other(wire) => {
                matches!(wire["type"].as_str(), Some("json_object" | "json_schema"))
            }
        }
    }
}

impl From<Value> for ResponseFormat {
    fn from(wire: Value) -> Self {
        let known = match wire["type"].as_str() {
            Some("text") => Self::Text,
            Some("json_object") => Self::JsonObject,
            Some("json_schema") => {
                let name = wire["json_schema"]["name"].as_str().unwrap_or_default();
                Self::schema(name, wire["json_schema"]["schema"].clone())
            }
            _ => return Self::Other(wire),
        };
        // What is given besides is the caller's and must not get lost.
        let plain = Value::from(known.clone());
        let loose = {
            let mut wire = wire.clone();
            if let Some(Value::Object(schema)) = wire.get_mut("json_schema") {
                schema.insert("strict".to_owned(), true.into());
            }
            wire
        };
        if plain == wire || plain == loose {
            known
        } else {
            Self::Other(wire)
        }
    }
}

impl From<ResponseFormat> for Value {
    fn from(format: ResponseFormat) -> Self {
        match format {
            ResponseFormat::Text => json!({"type": "text"}),
            ResponseFormat::JsonObject => json!({"type": "json_object"}),
            ResponseFormat::JsonSchema { name, schema } => json!({
                "type": "json_schema",
                "json_schema": {"name": name, "schema": schema, "strict": true},
            }),
            ResponseFormat::Other(wire) => wire,
        }
    }
}

impl Serialize for ResponseFormat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ResponseFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

/// The sentence that puts a schema into the instructions.
pub(crate) fn instruction(schema: Option<&Value>) -> String {
    match schema {
        None => "Answer with one JSON object and nothing else.".to_owned(),
        Some(schema) => format!(
            "Answer with one JSON object and nothing else. It must be valid against this JSON \
             schema:\n{schema}"
        ),
    }
}

/// Takes from the schema of a format, if it has one.
pub(crate) fn schema_of(format: &Map<String, Value>) -> Option<&Value> {
    format.get("json_schema")?.get("schema")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_survive_a_round_trip() {
        let schema = ResponseFormat::schema("a", json!({"type": "object"}));
        for format in [ResponseFormat::Text, ResponseFormat::JsonObject, schema] {
            let wire = Value::from(format.clone());
            assert_eq!(ResponseFormat::from(wire), format);
        }
        let odd = json!({"type": "json_schema", "json_schema": {"name": "a", "description": "b"}});
        assert_eq!(Value::from(ResponseFormat::from(odd.clone())), odd);
        assert!(ResponseFormat::from(odd).is_json());
    }
}
