//! Which call a fragment of a tool call belongs to.

use std::borrow::Cow;

use qwen_openclaw_http::json::{fields, number, string, text};
use serde_json::{Map, value::RawValue};

use super::extra::{Effect, Extra, Level};
use crate::ToolCall;

/// A fragment of a tool call, as it stands in a chunk.
#[derive(Debug, Default)]
pub(super) struct Fragment<'a> {
    index: Option<u64>,
    /// Never empty: this service sends `"id":""` for "as before".
    id: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    pub(super) arguments: Option<Arguments<'a>>,
    extra: Extra<'a>,
    /// Unknown fields of the function.
    function_extra: Extra<'a>,
}

/// The arguments in a fragment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arguments<'a> {
    /// A piece of their JSON text, still escaped.
    Text(&'a str),
    /// All of them, as JSON instead of as a text of JSON.
    Json(&'a str),
}

impl<'a> Fragment<'a> {
    /// True when it says nothing of its call but more arguments.
    pub(super) fn is_arguments_alone(&self) -> bool {
        self.id.is_none() && self.name.is_none()
    }

    pub(super) fn parse(json: &'a str) -> Self {
        let mut fragment = Self::default();
        let mut function = None;
        // What is no object is an empty fragment.
        let _ = fields(json, |field, value| match field {
            "index" => fragment.index = number(value),
            "id" => fragment.id = text(value),
            "type" => fragment.kind = text(value),
            "function" => function = Some(value),
            _ => fragment.extra.put(field, value),
        });
        if let Some(function) = function {
            fragment.read_function(function);
        }
        fragment
    }

    /// Takes over id and name, and returns how many bytes of them `call` held before and holds now.
    pub(super) fn name_call(&self, call: &mut ToolCall) -> (usize, usize) {
        let before = call.id.len() + call.name.len();
        if let Some(id) = &self.id {
            id.as_ref().clone_into(&mut call.id);
        }
        if let Some(name) = &self.name {
            name.as_ref().clone_into(&mut call.name);
        }
        (before, call.id.len() + call.name.len())
    }

    /// Adds type and unknown fields to those that `call` has.
    pub(super) fn describe_call(&self, call: &mut ToolCall) -> Effect {
        let mut effect = self.extra.merge_into(&mut call.extra, Level::Delta);
        if !self.function_extra.is_empty() {
            let function = call.extra.entry("function");
            let function = function.or_insert_with(|| Map::new().into());
            if let Some(function) = function.as_object_mut() {
                effect += self.function_extra.merge_into(function, Level::Delta);
            }
        }
        if let Some(kind) = &self.kind
            && *kind != call.kind()
        {
            let held = |call: &ToolCall| call.kind.as_ref().map_or(0, |kind| kind.len());
            effect.changed = true;
            effect.removed += held(call);
            call.kind = (kind != "function").then(|| kind.as_ref().into());
            effect.added += held(call);
        }
        effect
    }

    pub(super) fn parse_function(json: &'a str) -> Self {
        let mut fragment = Self::default();
        fragment.read_function(json);
        fragment
    }

    fn read_function(&mut self, json: &'a str) {
        let _ = fields(json, |field, value| match field {
            "name" => self.name = text(value),
            "arguments" => {
                self.arguments = match string(value) {
                    Some("") => None,
                    Some(inner) => Some(Arguments::Text(inner)),
                    None => Some(Arguments::Json(value)).filter(|_| value != "null"),
                }
            }
            _ => self.function_extra.put(field, value),
        });
    }
}

/// The calls of a reply, by what fragments know them by.
#[derive(Debug, Default)]
pub(super) struct ToolSlots {
    slots: Vec<Slot>,
    added: bool,
}

#[derive(Debug)]
struct Slot {
    index: Option<u64>,
    announced: bool,
}

impl ToolSlots {
    /// Finds the call a fragment belongs to, by index, then by id, then by order. `None` when that
    /// would be one call too many.
    ///
    /// Two ids under one index are two calls: some gateways number every call 0.
    pub(super) fn find_or_add(
        &mut self,
        fragment: &Fragment<'_>,
        calls: &mut Vec<ToolCall>,
        limit: usize,
    ) -> Option<usize> {
        let other_id = |call: &ToolCall| {
            fragment
                .id
                .as_deref()
                .is_some_and(|id| !call.id.is_empty() && call.id != id)
        };
        let known = match (fragment.index, fragment.id.as_deref()) {
            (Some(_), _) => {
                let by_index = self
                    .slots
                    .iter()
                    .rposition(|slot| slot.index == fragment.index);
                by_index.filter(|i| !other_id(&calls[*i])).or_else(|| {
                    let id = fragment.id.as_deref()?;
                    calls.iter().position(|call| call.id == id)
                })
            }
            (None, Some(id)) => calls.iter().rposition(|call| call.id == id),
            (None, None) => {
                let last = calls.len().checked_sub(1);
                // Without index and id, a second name is the only sign of a second call.
                last.filter(|last| fragment.name.is_none() || calls[*last].name.is_empty())
            }
        };
        self.added = known.is_none();
        let i = match known {
            Some(i) => i,
            None if calls.len() == limit => return None,
            None => {
                self.slots.push(Slot {
                    index: fragment.index,
                    announced: false,
                });
                calls.push(ToolCall::default());
                calls.len() - 1
            }
        };
        Some(i)
    }

    /// True when the last fragment began a call.
    pub(super) fn was_added(&self) -> bool {
        self.added
    }

    pub(super) fn is_announced(&self, i: usize) -> bool {
        self.slots[i].announced
    }

    /// True the first time that `call` has a name to be announced with.
    pub(super) fn announce(&mut self, i: usize, call: &ToolCall) -> bool {
        let now = !self.slots[i].announced && !call.name.is_empty();
        self.slots[i].announced |= now;
        now
    }
}

/// True when `json` is one JSON object and nothing else.
pub(super) fn is_object(json: &str) -> bool {
    json.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(json).is_ok()
}
