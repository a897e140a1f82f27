//! The fields of a request: read, and held to their types and ranges.

use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// What is wrong with a field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Wrong {
    pub(super) field: &'static str,
    pub(super) message: String,
}

impl Wrong {
    pub(super) fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field,
            message: message.into(),
        }
    }
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        Self::parameter(wrong.message)
    }
}

/// The fields of an object. `null` is a field that is absent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

/// The texts are inferred from those of the video API.
impl<'a> Fields<'a> {
    pub(super) fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn flag(self, name: &'static str, default: bool) -> Result<bool, Wrong> {
        self.value(name).map_or(Ok(default), |value| {
            value
                .as_bool()
                .ok_or_else(|| Wrong::new(name, format!("{name} must be a boolean")))
        })
    }

    pub(super) fn text(self, name: &'static str) -> Result<Option<&'a str>, Wrong> {
        self.value(name)
            .map(|value| {
                value
                    .as_str()
                    .ok_or_else(|| Wrong::new(name, format!("{name} must be a string")))
            })
            .transpose()
    }

    /// An integer of a range.
    pub(super) fn number(
        self,
        name: &'static str,
        least: u64,
        most: u64,
    ) -> Result<Option<u64>, Wrong> {
        self.value(name)
            .map(|value| {
                value
                    .as_u64()
                    .filter(|number| (least..=most).contains(number))
                    .ok_or_else(|| Wrong::new(name, format!("{name} must be in [{least}, {most}]")))
            })
            .transpose()
    }

    pub(super) fn seed(self) -> Result<Option<u64>, Wrong> {
        self.number("seed", 0, 2_147_483_647)
    }
}
