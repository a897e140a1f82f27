//! Reads a value field by field, and notes what does not fit instead of failing.

use std::cell::RefCell;

use qwen_openclaw_auth::Environment;
use serde_json::{Map, Value};

use super::text::Text;
use crate::{
    path::KeyPath,
    problem::{Problem, ProblemKind},
};

/// What all readers of a file share.
pub(crate) struct Context<'a> {
    pub(crate) environment: &'a Environment,
    /// The file's display path.
    pub(crate) file: &'a str,
    pub(crate) problems: RefCell<Vec<Problem>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(environment: &'a Environment, file: &'a str) -> Self {
        let problems = RefCell::default();
        Self {
            environment,
            file,
            problems,
        }
    }
}

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    pub(crate) value: &'a Value,
    pub(crate) path: KeyPath,
    pub(crate) context: &'a Context<'a>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(value: &'a Value, context: &'a Context<'a>) -> Self {
        let path = KeyPath::default();
        Self {
            value,
            path,
            context,
        }
    }

    pub(crate) fn note(&self, kind: ProblemKind) {
        let problem = Problem::new(self.path.clone(), kind);
        self.context.problems.borrow_mut().push(problem);
    }

    pub(crate) fn wrong(&self, expected: &'static str) {
        self.note(ProblemKind::WrongType { expected });
    }

    pub(crate) fn no_effect(&self, reason: &'static str) {
        self.note(ProblemKind::NoEffect { reason });
    }

    /// Returns the object whose members have these names; others are unknown. Without names, any
    /// member may be there.
    pub(crate) fn object(&self, known: &[&str]) -> Option<Object<'a>> {
        let Some(members) = self.value.as_object() else {
            self.wrong("an object");
            return None;
        };
        let object = Object {
            members,
            reader: self.clone(),
        };
        if !known.is_empty() {
            let unknown = members
                .keys()
                .filter(|name| !known.contains(&name.as_str()));
            for name in unknown {
                object
                    .at(name, &members[name])
                    .note(ProblemKind::UnknownKey);
            }
        }
        Some(object)
    }

    pub(crate) fn elements(&self) -> Vec<Self> {
        let Some(elements) = self.value.as_array() else {
            self.wrong("an array");
            return Vec::new();
        };
        let at = |(index, value)| Self {
            value,
            path: self.path.clone().index(index),
            context: self.context,
        };
        elements.iter().enumerate().map(at).collect()
    }

    pub(crate) fn text(&self) -> Option<Text> {
        let Some(raw) = self.value.as_str() else {
            self.wrong("a string");
            return None;
        };
        Some(Text::new(raw, &self.path, self.context))
    }

    pub(crate) fn plain(&self) -> Option<String> {
        let text = self.value.as_str().map(ToOwned::to_owned);
        if text.is_none() {
            self.wrong("a string");
        }
        text
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        let value = self.value.as_bool();
        if value.is_none() {
            self.wrong("true or false");
        }
        value
    }

    pub(crate) fn number(&self) -> Option<f64> {
        let value = self.value.as_f64().filter(|value| *value >= 0.0);
        if value.is_none() {
            self.wrong("a number of zero or more");
        }
        value
    }

    /// Reads a whole number, however it is spelled.
    pub(crate) fn integer(&self) -> Option<u64> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "compared right before"
        )]
        let whole = |value: f64| {
            let fits = (0.0..=9_007_199_254_740_992.0).contains(&value) && value.fract() == 0.0;
            fits.then_some(value as u64)
        };
        let value = self
            .value
            .as_u64()
            .or_else(|| self.value.as_f64().and_then(whole));
        if value.is_none() {
            self.wrong("a whole number of zero or more");
        }
        value
    }

    pub(crate) fn texts(&self) -> Vec<Text> {
        self.elements().iter().filter_map(Self::text).collect()
    }

    pub(crate) fn plain_texts(&self) -> Vec<String> {
        self.elements().iter().filter_map(Self::plain).collect()
    }
}

/// An object and where it stands.
pub(crate) struct Object<'a> {
    members: &'a Map<String, Value>,
    pub(crate) reader: Reader<'a>,
}

impl<'a> Object<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<Reader<'a>> {
        let value = self.members.get(name)?;
        Some(self.at(name, value))
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a str, Reader<'a>)> + '_ {
        self.members
            .iter()
            .map(|(name, value)| (name.as_str(), self.at(name, value)))
    }

    pub(crate) fn object(&self, name: &str, known: &[&str]) -> Option<Self> {
        self.get(name)?.object(known)
    }

    fn at(&self, name: &str, value: &'a Value) -> Reader<'a> {
        Reader {
            value,
            path: self.reader.path.clone().name(name),
            context: self.reader.context,
        }
    }
}
