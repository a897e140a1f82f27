//! The form of an answer: text, JSON, or JSON that fits a schema.

mod valid;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::{Error, JsonFailure, Reply};

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

impl Reply {
    /// Reads the answer's text as JSON that fits `schema`, whatever the model was told of it. A code
    /// fence around it is left out.
    ///
    /// The keywords that are [not checked](unchecked_keywords) are taken to be fulfilled.
    ///
    /// ```
    /// use qwen_openclaw_transport::{ErrorKind, Reply};
    /// use serde_json::json;
    ///
    /// # fn check(reply: &Reply) -> Result<(), qwen_openclaw_transport::Error> {
    /// let schema = json!({"type": "object", "required": ["city"]});
    /// let weather = reply.json_matching(&schema)?;
    /// println!("{}", weather["city"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Json`](crate::ErrorKind::Json) for an answer that is not JSON, or does not fit;
    /// [`Error::json`] has the place inside the JSON, and [`Error::partial`] this reply.
    pub fn json_matching(&self, schema: &Value) -> Result<Value, Error> {
        let value: Value = self.json()?;
        match valid::check(&value, schema) {
            Ok(()) => Ok(value),
            Err(mismatch) => {
                let failure = JsonFailure {
                    path: mismatch.path(),
                    reason: mismatch.reason,
                    text: self.text().to_owned(),
                };
                Err(Error::not_valid(failure).with_partial(self.clone()))
            }
        }
    }
}

/// Returns the keywords of a JSON schema that [`Reply::json_matching`] does not check, in
/// alphabetical order: `format`, `pattern`, and what else draft 2020-12 has beyond types, fields,
/// items, limits, choices and references within the schema.
#[must_use]
pub fn unchecked_keywords(schema: &Value) -> Vec<String> {
    valid::unchecked(schema)
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
    use crate::ErrorKind;

    #[test]
    fn an_answer_is_held_against_its_schema() {
        let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
        let reply = |text: &str| Reply {
            text: text.to_owned(),
            ..Reply::default()
        };
        let fenced = reply("```json\n{\"n\": 1}\n```");
        assert_eq!(fenced.json_matching(&schema).unwrap(), json!({"n": 1}));
        let error = reply(r#"{"n": "secret"}"#)
            .json_matching(&schema)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Json);
        assert_eq!(
            error.to_string(),
            "the answer does not fit the JSON schema, at n: it must be of the type integer"
        );
        assert_eq!(error.json().unwrap().path, "n");
        assert_eq!(error.partial().unwrap().text(), r#"{"n": "secret"}"#);
        assert!(!format!("{error} {error:?}").contains("secret"));
        let cut = reply(r#"{"n": 1"#).json_matching(&schema).unwrap_err();
        assert_eq!(cut.kind(), ErrorKind::Json);
    }

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
