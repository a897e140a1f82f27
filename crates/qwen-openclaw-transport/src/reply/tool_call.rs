//! A model's call of a tool, and its form on the wire.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Map, Value};

/// The type of a call that says nothing of it.
const FUNCTION: &str = "function";

/// How the id of a call begins that came without one.
const MADE_UP: &str = "call_made_";

/// A model's call of a tool.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ToolCall {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: String,
    pub(crate) complete: bool,
    /// `None` for a function.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<Box<str>>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) extra: Map<String, Value>,
}

impl ToolCall {
    /// Creates a complete call, to put an earlier one into a conversation.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
            complete: true,
            kind: None,
            extra: Map::new(),
        }
    }

    /// Returns the id that the tool's result must repeat.
    ///
    /// A call that came without an id gets one when the reply is complete; before that the id is
    /// empty.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the type of the call: `function`, unless the server says otherwise.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or(FUNCTION)
    }

    /// Returns the tool's name.
    #[must_use]
    pub fn name(&self) -> &str {
        if !self.name.is_empty() {
            return &self.name;
        }
        let own = self.extra.get(self.kind());
        let name = own.and_then(|own| own.get("name")?.as_str());
        name.unwrap_or_default()
    }

    /// Returns the arguments as the JSON text the model wrote; `{}` when the finished call has none.
    ///
    /// Calls of other types than `function` may have what they are called with in
    /// [`extra`](Self::extra) instead.
    #[must_use]
    pub fn arguments(&self) -> &str {
        &self.arguments
    }

    /// Returns the fields that this type does not know, those of its `function` under that name.
    /// They are sent back with the call.
    #[must_use]
    pub fn extra(&self) -> &Map<String, Value> {
        &self.extra
    }

    /// Returns true when the model finished the call and its arguments are a JSON object.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Reads the arguments as `T`.
    ///
    /// # Errors
    ///
    /// The position and the reason, when the arguments are not what `T` wants.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.arguments)
    }

    /// Whether the call is of a type that needs no name and arguments, and has none.
    pub(crate) fn is_of_other_form(&self) -> bool {
        self.kind.is_some() && self.name.is_empty() && self.arguments.is_empty()
    }

    /// Gives a call without an id one, which another call of the same reply or of a reply with
    /// another id does not have.
    pub(crate) fn make_up_id(&mut self, reply: Option<&str>, index: usize) {
        if self.id.is_empty() {
            self.id = made_up_id(reply, index);
        }
    }

    /// The call as it is sent.
    pub(crate) fn to_wire(&self) -> Map<String, Value> {
        let mut extra = self.extra.clone();
        let function = extra.remove(FUNCTION);
        let mut wire = Map::new();
        wire.insert("id".to_owned(), self.id.as_str().into());
        wire.insert("type".to_owned(), self.kind().into());
        if !self.is_of_other_form() || function.is_some() {
            let mut fields = Map::new();
            fields.insert("name".to_owned(), self.name.as_str().into());
            fields.insert("arguments".to_owned(), self.arguments.as_str().into());
            if let Some(Value::Object(more)) = function {
                fields.extend(more);
            }
            wire.insert(FUNCTION.to_owned(), fields.into());
        }
        wire.extend(extra);
        wire
    }

    fn from_wire(mut wire: Map<String, Value>) -> Self {
        let mut take = |name| match wire.remove(name) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let (id, kind) = (take("id"), take("type"));
        // The position in the reply means nothing in a conversation.
        wire.remove("index");
        let (mut name, mut arguments) = (String::new(), String::new());
        if let Some(Value::Object(mut function)) = wire.remove(FUNCTION) {
            if let Some(Value::String(text)) = function.remove("name") {
                name = text;
            }
            match function.remove("arguments") {
                Some(Value::String(text)) => arguments = text,
                Some(Value::Null) | None => {}
                Some(object) => arguments = object.to_string(),
            }
            if !function.is_empty() {
                wire.insert(FUNCTION.to_owned(), function.into());
            }
        }
        Self {
            kind: (!matches!(&*kind, "" | FUNCTION)).then(|| kind.into()),
            extra: wire,
            ..Self::new(id, name, arguments)
        }
    }
}

/// The id of the call at `index` of a reply, where the server gave none.
pub(crate) fn made_up_id(reply: Option<&str>, index: usize) -> String {
    let mut hasher = DefaultHasher::new();
    (reply, index).hash(&mut hasher);
    format!("{MADE_UP}{:016x}", hasher.finish())
}

/// Gives calls whose made-up ids occur among `used` other ones.
pub(crate) fn keep_ids_apart(calls: &mut [ToolCall], used: &HashSet<&str>) {
    let mut number = 0;
    for call in calls {
        while call.id.starts_with(MADE_UP) && used.contains(&*call.id) {
            number += 1;
            call.id = format!("{MADE_UP}{number}");
        }
    }
}

/// Calls in the form of the wire, for the field of a message.
pub(crate) mod wire {
    use super::{Deserialize, Deserializer, Map, Serializer, ToolCall, Value};

    pub(crate) fn serialize<S: Serializer>(
        calls: &[ToolCall],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(calls.iter().map(ToolCall::to_wire))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<ToolCall>, D::Error> {
        let calls = <Option<Vec<Map<String, Value>>>>::deserialize(deserializer)?;
        let calls = calls.unwrap_or_default().into_iter();
        Ok(calls.map(ToolCall::from_wire).collect())
    }
}
