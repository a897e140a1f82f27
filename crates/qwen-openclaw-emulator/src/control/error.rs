//! What the remote control refuses, in one form.

use serde_json::json;

/// A request that the remote control refuses.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ControlError {
    pub(super) status: u16,
    code: &'static str,
    message: String,
    /// The field or parameter that is wrong.
    param: Option<String>,
}

impl ControlError {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            param: None,
        }
    }

    /// A field that does not exist here.
    pub(super) fn unknown_field(name: String) -> Self {
        Self {
            message: format!("There is no field `{name}` here."),
            param: Some(name),
            ..Self::new(400, "unknown_field", "")
        }
    }

    /// A field whose value is refused. `wanted` completes "must be …".
    pub(super) fn invalid(name: String, wanted: &str) -> Self {
        Self::invalid_value(&name, format!("`{name}` must be {wanted}."))
    }

    /// A field whose value is refused, in words of its own.
    pub(super) fn invalid_value(name: &str, message: String) -> Self {
        Self {
            param: Some(name.to_owned()),
            ..Self::new(400, "invalid_value", message)
        }
    }

    pub(super) fn body(&self) -> String {
        let Self {
            code,
            message,
            param,
            ..
        } = self;
        let error = json!({
            "error": {"message": message, "type": "emulator_refusal", "param": param, "code": code},
        });
        error.to_string()
    }
}
