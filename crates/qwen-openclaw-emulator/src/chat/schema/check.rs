//! Whether a value fits a schema.

use std::cell::Cell;

use serde_json::Value;

use super::{count, number, pattern::Pattern, target};

/// How deep schemas are followed. A schema that only refers to itself never ends.
const MAX_DEPTH: usize = 128;

/// How many schemas and characters are looked at in all: some would take for ever.
const MAX_STEPS: usize = 200_000;

/// Checks values, until it has done so much that the rest is taken as not fitting.
#[derive(Debug)]
pub(super) struct Check<'a> {
    root: &'a Value,
    steps: Cell<usize>,
}

impl<'a> Check<'a> {
    pub(super) const fn new(root: &'a Value) -> Self {
        Self {
            root,
            steps: Cell::new(0),
        }
    }

    /// Tells whether `value` fits `schema`, which is part of the document. Keywords that are not
    /// understood are taken as met.
    pub(super) fn takes(&self, schema: &Value, value: &Value) -> bool {
        self.fits(schema, value, 0)
    }

    fn spend(&self, steps: usize) -> bool {
        self.steps.set(self.steps.get() + steps);
        self.steps.get() <= MAX_STEPS
    }

    fn matches(&self, pattern: &Pattern, text: &str) -> bool {
        let (matches, steps) = pattern.search(text);
        matches && self.spend(steps)
    }

    fn fits(&self, schema: &Value, value: &Value, depth: usize) -> bool {
        if let Value::Bool(anything) = schema {
            return *anything;
        }
        if depth > MAX_DEPTH || !self.spend(1) {
            return false;
        }
        let below = |schema: &Value| self.fits(schema, value, depth + 1);
        let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
        schema
            .get("type")
            .is_none_or(|types| has_type(types, value))
            && list("enum").is_none_or(|values| values.iter().any(|one| equal(one, value)))
            && schema.get("const").is_none_or(|one| equal(one, value))
            && schema
                .get("$ref")
                .is_none_or(|reference| target(self.root, reference).is_none_or(below))
            && list("allOf").is_none_or(|all| all.iter().all(below))
            && list("anyOf").is_none_or(|any| any.iter().any(below))
            && list("oneOf").is_none_or(|one| one.iter().filter(|one| below(one)).count() == 1)
            && schema.get("not").is_none_or(|not| !below(not))
            && self.fits_branch(schema, value, depth)
            && match value {
                Value::String(text) => self.fits_text(schema, text),
                Value::Number(_) => number::Limits::of(schema).take(value),
                Value::Array(items) => self.fits_array(schema, items, depth),
                Value::Object(_) => self.fits_object(schema, value, depth),
                Value::Null | Value::Bool(_) => true,
            }
    }

    /// `if`, `then` and `else`.
    fn fits_branch(&self, schema: &Value, value: &Value, depth: usize) -> bool {
        let Some(condition) = schema.get("if") else {
            return true;
        };
        let met = self.fits(condition, value, depth + 1);
        let branch = schema.get(if met { "then" } else { "else" });
        branch.is_none_or(|branch| self.fits(branch, value, depth + 1))
    }

    fn fits_array(&self, schema: &Value, items: &[Value], depth: usize) -> bool {
        let first = schema.get("prefixItems").and_then(Value::as_array);
        let first = first.map_or(&[][..], Vec::as_slice);
        let rest = items.get(first.len()..).unwrap_or_default();
        let unique = || {
            items
                .iter()
                .enumerate()
                .all(|(at, item)| !items[..at].contains(item))
        };
        first
            .iter()
            .zip(items)
            .all(|(schema, item)| self.fits(schema, item, depth + 1))
            && schema
                .get("items")
                .is_none_or(|schema| rest.iter().all(|item| self.fits(schema, item, depth + 1)))
            && within(schema, "minItems", "maxItems", items.len())
            && (schema["uniqueItems"] != true || unique())
            && schema
                .get("contains")
                .is_none_or(|schema| items.iter().any(|item| self.fits(schema, item, depth + 1)))
    }

    fn fits_object(&self, schema: &Value, value: &Value, depth: usize) -> bool {
        let Value::Object(object) = value else {
            return true;
        };
        let required = schema.get("required").and_then(Value::as_array);
        let properties = schema.get("properties").and_then(Value::as_object);
        let all_there = required.into_iter().flatten().all(|name| {
            let name = name.as_str().unwrap_or_default();
            object.contains_key(name)
        });
        all_there
            && within(schema, "minProperties", "maxProperties", object.len())
            && object.iter().all(|(name, value)| {
                let own = properties.and_then(|properties| properties.get(name));
                let matching = self.matching(schema, name);
                let others = schema.get("additionalProperties");
                let others = others.filter(|_| own.is_none() && matching.is_empty());
                own.into_iter()
                    .chain(matching)
                    .chain(others)
                    .all(|schema| self.fits(schema, value, depth + 1))
            })
    }

    /// The schemas of `patternProperties` that apply to a name.
    fn matching<'s>(&self, schema: &'s Value, name: &str) -> Vec<&'s Value> {
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        patterns
            .into_iter()
            .flatten()
            .filter(|(pattern, _)| {
                Pattern::parse(pattern).is_some_and(|pattern| self.matches(&pattern, name))
            })
            .map(|(_, schema)| schema)
            .collect()
    }

    /// A pattern that is not understood is taken as met.
    fn fits_text(&self, schema: &Value, text: &str) -> bool {
        let pattern = schema.get("pattern").and_then(Value::as_str);
        within(schema, "minLength", "maxLength", text.chars().count())
            && pattern
                .and_then(Pattern::parse)
                .is_none_or(|pattern| self.matches(&pattern, text))
    }
}

fn within(schema: &Value, least: &str, most: &str, length: usize) -> bool {
    count(schema, least).is_none_or(|least| length >= least)
        && count(schema, most).is_none_or(|most| length <= most)
}

fn has_type(types: &Value, value: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => number::is_whole(value),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => true,
    };
    match types {
        Value::Array(types) => types.iter().any(is),
        kind => is(kind),
    }
}

/// Equality in which 1 and 1.0 are the same.
fn equal(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one_number), Some(other_number)) => one == other || one_number == other_number,
        _ => one == other,
    }
}
