//! The fields of requests in JSON.

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// An object of a request: the body, or what is in it. Fields that are null are absent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(Option<&'a Map<String, Value>>);

/// Reads a body, which must be an object.
pub(crate) fn body(bytes: &[u8]) -> Result<Value, Refusal> {
    let body: Value = serde_json::from_slice(bytes).map_err(|_| Refusal::unreadable_body())?;
    if body.is_object() {
        Ok(body)
    } else {
        Err(Refusal::unreadable_body())
    }
}

/// The refusal of a request that lacks a field, with the code that DashScope has for it.
pub(crate) fn missing(field: impl Display, native_code: &'static str) -> Refusal {
    Refusal {
        native_code: native_code.into(),
        ..Refusal::parameter(format!(
            "Required parameter({field}) missing or invalid, please check the request parameters."
        ))
    }
}

impl<'a> Fields<'a> {
    /// The fields of a body.
    pub(crate) fn of(body: &'a Value) -> Self {
        Self(body.as_object())
    }

    /// The model's id.
    pub(crate) fn model(self) -> Result<&'a str, Refusal> {
        let id = self.get("model").and_then(Value::as_str);
        id.filter(|id| !id.is_empty())
            .ok_or_else(|| missing("model", "BadRequest.EmptyModel"))
    }

    /// The object `input`, which must be there.
    pub(crate) fn input(self) -> Result<Self, Refusal> {
        let input = self.get("input").and_then(Value::as_object);
        match input.filter(|input| !input.is_empty()) {
            Some(input) => Ok(Self(Some(input))),
            None => Err(missing("input", "BadRequest.EmptyInput")),
        }
    }

    /// The object `parameters`, which may be absent.
    pub(crate) fn parameters(self) -> Result<Self, Refusal> {
        match self.get("parameters") {
            None => Ok(Self(None)),
            Some(Value::Object(parameters)) => Ok(Self(Some(parameters))),
            Some(_) => Err(Refusal::parameter("parameters must be an object")),
        }
    }

    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.0?.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(self, name: &str) -> Result<Option<&'a str>, Refusal> {
        self.read(name, "a string", Value::as_str)
    }

    pub(crate) fn flag(self, name: &str) -> Result<Option<bool>, Refusal> {
        self.read(name, "a boolean", Value::as_bool)
    }

    pub(crate) fn positive(self, name: &str) -> Result<Option<usize>, Refusal> {
        let read = |value: &Value| value.as_u64().filter(|number| *number > 0);
        let number = self.read(name, "a positive integer", read)?;
        Ok(number.map(|number| usize::try_from(number).unwrap_or(usize::MAX)))
    }

    /// A number from 0 to 1.
    pub(crate) fn share(self, name: &str) -> Result<Option<f64>, Refusal> {
        let read = |value: &Value| value.as_f64().filter(|share| (0.0..=1.0).contains(share));
        self.read(name, "in [0, 1]", read)
    }

    /// One of some words.
    pub(crate) fn choice(self, name: &str, words: &[&str]) -> Result<Option<&'a str>, Refusal> {
        let text = self.text(name)?;
        match text {
            Some(text) if !words.contains(&text) => Err(Refusal::parameter(format!(
                "{text} is not one of {words:?} - '{name}'"
            ))),
            _ => Ok(text),
        }
    }

    /// The texts of these refusals are inferred.
    fn read<T>(
        self,
        name: &str,
        wanted: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        self.get(name)
            .map(|value| {
                read(value).ok_or_else(|| Refusal::parameter(format!("{name} must be {wanted}")))
            })
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_absent_is_told_from_what_is_wrong() {
        let body = json!({"model": "m", "a": null, "n": 3, "w": "x", "s": 0.5, "f": true});
        let fields = Fields::of(&body);
        assert_eq!(fields.model(), Ok("m"));
        assert_eq!(fields.text("a"), Ok(None));
        assert_eq!(fields.positive("n"), Ok(Some(3)));
        assert_eq!(fields.share("s"), Ok(Some(0.5)));
        assert_eq!(fields.flag("f"), Ok(Some(true)));
        assert_eq!(fields.choice("w", &["x", "y"]), Ok(Some("x")));
        let message = |refusal: Refusal| refusal.message.into_owned();
        assert_eq!(
            fields.choice("w", &["y"]).map_err(message),
            Err("x is not one of [\"y\"] - 'w'".to_owned())
        );
        assert_eq!(
            fields.positive("w").map_err(message),
            Err("w must be a positive integer".to_owned())
        );
        assert_eq!(
            fields.input().map(|_| ()).unwrap_err().native_code,
            "BadRequest.EmptyInput"
        );
        assert!(fields.parameters().unwrap().get("x").is_none());
    }

    #[test]
    fn a_body_is_an_object() {
        for wrong in ["", "[]", "1", "{"] {
            assert_eq!(body(wrong.as_bytes()), Err(Refusal::unreadable_body()));
        }
    }
}
