//! The fields of a request to the remote control, each read once and none left over.

use std::time::Duration;

use serde_json::{Map, Value};

use super::error::ControlError;
use crate::oauth::Form;

type Result<T> = std::result::Result<T, ControlError>;

/// The fields of a body, of an object in it, or of a query.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    map: Map<String, Value>,
    /// What stands before their names in errors.
    within: String,
    /// Whether numbers come as text.
    is_query: bool,
}

impl Fields {
    pub(super) fn of_query(query: Option<&str>) -> Self {
        let form = Form::parse(query.unwrap_or_default().as_bytes());
        let fields = form.into_fields().into_iter();
        Self {
            map: fields
                .map(|(name, value)| (name, Value::String(value)))
                .collect(),
            within: String::new(),
            is_query: true,
        }
    }

    /// Reads a body; an empty one has no fields.
    pub(super) fn of_body(body: &[u8]) -> Result<Self> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => Ok(Self {
                map,
                ..Self::default()
            }),
            _ => Err(ControlError::new(
                400,
                "invalid_body",
                "The body must be a JSON object.",
            )),
        }
    }

    /// Reads an object that stands in a field.
    pub(super) fn of_value(name: &str, value: Value) -> Result<Self> {
        match value {
            Value::Object(map) => Ok(Self {
                map,
                within: format!("{name}."),
                is_query: false,
            }),
            _ => Err(ControlError::invalid(name.to_owned(), "an object")),
        }
    }

    /// The whole name of a field.
    pub(super) fn name(&self, field: &str) -> String {
        format!("{}{field}", self.within)
    }

    pub(super) fn invalid(&self, field: &str, wanted: &str) -> ControlError {
        ControlError::invalid(self.name(field), wanted)
    }

    /// Takes a field; `null` counts as absent.
    pub(super) fn take(&mut self, field: &str) -> Option<Value> {
        self.map.remove(field).filter(|value| !value.is_null())
    }

    /// Takes a field in which `null` has a meaning.
    pub(super) fn take_nullable(&mut self, field: &str) -> Option<Value> {
        self.map.remove(field)
    }

    pub(super) fn text(&mut self, field: &str) -> Result<Option<String>> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.invalid(field, "a string")),
        }
    }

    pub(super) fn required_text(&mut self, field: &str) -> Result<String> {
        let text = self.text(field)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| self.invalid(field, "given"))
    }

    /// Takes a whole number that a `T` can hold.
    pub(super) fn number<T: TryFrom<u64>>(&mut self, field: &str) -> Result<Option<T>> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        self.to_number(field, &value).map(Some)
    }

    pub(super) fn to_number<T: TryFrom<u64>>(&self, field: &str, value: &Value) -> Result<T> {
        let number = match value {
            Value::String(digits) if self.is_query => digits.parse().ok(),
            value => value.as_u64(),
        };
        number
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| self.invalid(field, "a whole number in range"))
    }

    /// Takes milliseconds, at most 49 days.
    pub(super) fn milliseconds(&mut self, field: &str) -> Result<Option<Duration>> {
        let milliseconds = self.number::<u32>(field)?;
        Ok(milliseconds.map(|number| Duration::from_millis(number.into())))
    }

    /// Takes seconds, which may have a fraction.
    pub(super) fn seconds(&mut self, field: &str) -> Result<Option<Duration>> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        let seconds = value.as_f64();
        seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .map(Some)
            .ok_or_else(|| self.invalid(field, "a number of seconds, not negative"))
    }

    pub(super) fn flag(&mut self, field: &str) -> Result<Option<bool>> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.invalid(field, "true or false")),
        }
    }

    pub(super) fn list(&mut self, field: &str) -> Result<Option<Vec<Value>>> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(_) => Err(self.invalid(field, "a list")),
        }
    }

    /// Takes one of some words.
    pub(super) fn choice<T: Clone>(
        &mut self,
        field: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>> {
        let Some(word) = self.text(field)? else {
            return Ok(None);
        };
        let chosen = choices.iter().find(|(name, _)| *name == word);
        chosen.map(|(_, value)| Some(value.clone())).ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.invalid(field, &format!("one of {}", names.join(", ")))
        })
    }

    /// The names of the fields that are left.
    pub(super) fn names(&self) -> Vec<String> {
        self.map.keys().cloned().collect()
    }

    /// Refuses what was not read.
    pub(super) fn finish(self) -> Result<()> {
        match self.map.keys().next() {
            Some(name) => Err(ControlError::unknown_field(self.name(name))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_text_in_a_query_only() {
        let mut query = Fields::of_query(Some("a=5&b=x&c=%2Fchat"));
        assert_eq!(query.number::<u8>("a"), Ok(Some(5)));
        assert!(query.number::<u8>("b").is_err());
        assert_eq!(query.text("c"), Ok(Some("/chat".to_owned())));
        assert_eq!(query.finish(), Ok(()));
        let mut body = Fields::of_body(br#"{"a": "5", "b": 256}"#).unwrap();
        assert!(body.number::<u8>("a").is_err());
        assert!(body.number::<u8>("b").is_err());
    }

    #[test]
    fn what_is_left_over_is_named_with_its_place() {
        let fields = Fields::of_value("replies[0]", json!({"statsu": 200})).unwrap();
        let error = fields.finish().unwrap_err();
        assert_eq!(
            error,
            ControlError::unknown_field("replies[0].statsu".to_owned())
        );
    }

    #[test]
    fn a_body_is_an_object_or_empty() {
        assert_eq!(Fields::of_body(b"").unwrap().finish(), Ok(()));
        for body in ["[]", "1", "null", "{", "{}x"] {
            assert!(Fields::of_body(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        let mut fields = Fields::of_body(br#"{"a": 0.25, "b": -1, "c": 1e30}"#).unwrap();
        assert_eq!(fields.seconds("a"), Ok(Some(Duration::from_millis(250))));
        assert!(fields.seconds("b").is_err());
        assert!(fields.seconds("c").is_err());
    }
}
