//! The form of an answer: text, JSON, or JSON that fits a schema.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use qwen_openclaw_client::Hint;

use crate::{Error, FinishReason, Reply};

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

/// An answer that is not the JSON that was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct JsonFailure {
    /// Where in the JSON: `steps[2].minutes`, or `.` for all of it.
    pub path: String,
    /// What is wrong there, in the words of the JSON reader, which may quote the answer.
    pub reason: String,
    /// The answer's text as it came.
    pub text: String,
}

impl Reply {
    /// Reads the answer's text as a `T`. A code fence around it is left out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Json`](crate::ErrorKind::Json), with the place inside the JSON and the text in
    /// [`Error::json`], and this reply in [`Error::partial`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let mut reader = serde_json::Deserializer::from_str(without_fence(self.text()));
        let read = serde_path_to_error::deserialize(&mut reader);
        let read = read.and_then(|value| match reader.end() {
            Ok(()) => Ok(value),
            // The path of the whole.
            Err(error) => Err(serde_path_to_error::Error::new(
                serde_path_to_error::Track::new().path(),
                error,
            )),
        });
        read.map_err(|error| {
            // A place whose name had not been read whole is that of its surroundings.
            let path = match error.path().to_string() {
                path if path == "?" => ".".to_owned(),
                path => path.trim_end_matches(".?").to_owned(),
            };
            let text = self.text().to_owned();
            let cause = error.into_inner();
            let reason = cause.to_string();
            let failure = JsonFailure { path, reason, text };
            let error = Error::not_json(failure, &cause).with_partial(self.clone());
            match self.finish_reason() {
                Some(FinishReason::Length) => error.with_hint(Hint::RaiseTokenLimit),
                _ => error,
            }
        })
    }
}

/// The inside of a Markdown code fence, if the text is nothing else.
fn without_fence(text: &str) -> &str {
    let trimmed = text.trim();
    let inside = trimmed
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
        .map(|rest| rest.strip_prefix("json").unwrap_or(rest));
    inside.unwrap_or(trimmed)
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

    fn reply(text: &str) -> Reply {
        Reply {
            text: text.to_owned(),
            ..Reply::default()
        }
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Recipe {
        steps: Vec<Step>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Step {
        minutes: u32,
    }

    #[test]
    fn an_answer_is_read_with_and_without_a_fence() {
        let expected = Recipe {
            steps: vec![Step { minutes: 3 }],
        };
        for text in [
            r#"{"steps": [{"minutes": 3}]}"#,
            "```json\n{\"steps\": [{\"minutes\": 3}]}\n```",
            " ```\n{\"steps\": [{\"minutes\": 3}]}``` \n",
        ] {
            assert_eq!(reply(text).json::<Recipe>().unwrap(), expected);
        }
    }

    #[test]
    fn a_failure_says_where_and_keeps_the_text() {
        let check = |text: &str, path: &str| {
            let error = reply(text).json::<Recipe>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Json);
            let failure = error.json().unwrap();
            assert_eq!((&*failure.path, &*failure.text), (path, text));
            assert_eq!(error.partial().unwrap().text(), text);
            assert!(!failure.reason.is_empty());
            assert!(!format!("{error} {error:?}").contains("secret"));
            assert!(std::error::Error::source(&error).is_some());
        };
        check(
            r#"{"steps": [{"minutes": 3}, {"minutes": "secret"}]}"#,
            "steps[1].minutes",
        );
        check("I'd rather not tell the secret.", ".");
        check(r#"{"steps": []} and a secret"#, ".");
        check("", ".");
    }

    #[test]
    fn an_answer_that_was_cut_off_says_so() {
        let cut = Reply {
            finish_reason: Some(FinishReason::Length),
            ..reply(r#"{"steps": [{"min"#)
        };
        assert_eq!(
            cut.json::<Recipe>().unwrap_err().to_string(),
            "the answer is not the JSON that was asked for, at steps[0]; it was cut off: raise the \
             limit of tokens"
        );
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
