//! The tools a model may call.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

/// A tool a model may call: a name, what it is for, and the JSON schema of its arguments.
///
/// ```
/// use qwen_openclaw_transport::Tool;
/// use serde_json::json;
///
/// let tool = Tool::new("get_weather", "Looks up the weather", json!({
///     "type": "object",
///     "properties": {"city": {"type": "string"}},
///     "required": ["city"],
/// }));
/// assert_eq!(tool.name(), Some("get_weather"));
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Tool {
    /// The kind of tool: `function`, for all that can be made here.
    #[serde(rename = "type", default = "function_kind")]
    pub kind: String,
    /// The function, for that kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<Function>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a [`Tool`] calls.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Function {
    /// The name: letters, digits, `_` and `-`, at most 64 of them.
    #[serde(default)]
    pub name: String,
    /// What it is for, for the model to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The JSON schema of the arguments: an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Tool {
    /// Creates a tool from the schema of its arguments.
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>, schema: Value) -> Self {
        Self {
            kind: function_kind(),
            function: Some(Function {
                name: name.into(),
                description: Some(description.into()),
                parameters: Some(schema),
                extra: Map::new(),
            }),
            extra: Map::new(),
        }
    }

    /// Creates a tool whose arguments are a `T`.
    #[cfg(feature = "schemars")]
    #[must_use]
    pub fn of<T: schemars::JsonSchema>(
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self::new(name, description, super::schema::of::<T>())
    }

    /// Returns the name of the function.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.function.as_ref().map(|function| &*function.name)
    }
}

fn function_kind() -> String {
    "function".to_owned()
}

/// Whether the model may, must or must not call tools.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ToolChoice {
    /// The model decides.
    Auto,
    /// It must not call any.
    None,
    /// It must call one. Models that think refuse this; see
    /// [`ChatRequest::tool_choice`](crate::ChatRequest::tool_choice).
    Required,
    /// It must call this one.
    Function(String),
    /// A choice this version does not know, as it is sent.
    Other(Value),
}

impl From<Value> for ToolChoice {
    fn from(wire: Value) -> Self {
        match wire.as_str() {
            Some("auto") => return Self::Auto,
            Some("none") => return Self::None,
            Some("required") => return Self::Required,
            _ => {}
        }
        let name = wire["function"]["name"].as_str();
        match name.map(|name| Self::Function(name.to_owned())) {
            // Nothing of an object that says more may be lost.
            Some(choice) if Value::from(choice.clone()) == wire => choice,
            _ => Self::Other(wire),
        }
    }
}

impl From<ToolChoice> for Value {
    fn from(choice: ToolChoice) -> Self {
        match choice {
            ToolChoice::Auto => "auto".into(),
            ToolChoice::None => "none".into(),
            ToolChoice::Required => "required".into(),
            ToolChoice::Function(name) => json!({"type": "function", "function": {"name": name}}),
            ToolChoice::Other(wire) => wire,
        }
    }
}

impl Serialize for ToolChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ToolChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_keeps_what_it_does_not_know() {
        let wire = json!({
            "type": "function",
            "function": {"name": "f", "parameters": {"type": "object"}, "strict": true},
            "x": 1,
        });
        let tool: Tool = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(tool.name(), Some("f"));
        assert_eq!(serde_json::to_value(&tool).unwrap(), wire);
        let wire = json!({"type": "web_search"});
        let tool: Tool = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(tool.name(), None);
        assert_eq!(serde_json::to_value(&tool).unwrap(), wire);
    }

    #[test]
    fn a_choice_survives_a_round_trip() {
        let named = json!({"type": "function", "function": {"name": "f"}});
        assert_eq!(
            ToolChoice::from(named.clone()),
            ToolChoice::Function("f".into())
        );
        for wire in [
            json!("auto"),
            json!("required"),
            json!("any"),
            json!({"type": "tool", "name": "f"}),
            json!({"type": "function", "function": {"name": "f", "x": 1}}),
            named,
        ] {
            assert_eq!(Value::from(ToolChoice::from(wire.clone())), wire);
        }
    }
}
