//! Making the values.

use std::{borrow::Cow, cell::Cell};

use serde_json::{Map, Value, json};

use super::{Hints, check::Check, count, merge::merge, number::Limits, pattern::Pattern, target};

/// How deep values go; beyond it only what is required is made.
const MAX_DEPTH: usize = 8;
/// How deep values go at all.
const MAX_REQUIRED_DEPTH: usize = 48;
/// The longest array and string made because a schema asks for that many.
const MAX_COUNT: usize = 256;
/// How many schemas are looked at before only what is required is made.
const ROOM: usize = 2_000;
/// How many schemas are looked at at all: one that requires itself has no value that fits.
const MAX_VALUES: usize = 5_000;

pub(super) struct Maker<'a> {
    root: &'a Value,
    hints: Hints,
    /// Whether properties are made that need not be there.
    optional: Cell<bool>,
    made: Cell<usize>,
    check: Check<'a>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(root: &'a Value, prompt: &str) -> Self {
        Self {
            root,
            hints: Hints::of(prompt),
            optional: Cell::new(true),
            made: Cell::new(0),
            check: Check::new(root),
        }
    }

    pub(super) fn only_required(self) -> Self {
        self.optional.set(false);
        self
    }

    /// Makes a value; `null` if none is found.
    pub(super) fn make(&self, schema: &Value) -> Value {
        self.value(schema, "", 0).unwrap_or_default()
    }

    /// A value that fits; `None` if none is found.
    fn value(&self, schema: &Value, name: &str, depth: usize) -> Option<Value> {
        self.made.set(self.made.get() + 1);
        if depth > MAX_REQUIRED_DEPTH || self.made.get() > MAX_VALUES {
            return None;
        }
        if *schema == Value::Bool(false) {
            return None;
        }
        let flat = self.flat(schema, 0)?;
        let flat: &Value = &flat;
        if let Some(value) = flat.get("default").filter(|value| self.fits(flat, value)) {
            return Some(value.clone());
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(choices) = flat.get(keyword).and_then(Value::as_array) {
                return self.choice(flat, keyword, choices, name, depth);
            }
        }
        if let Some(condition) = flat.get("if") {
            return self.branch(flat, condition, name, depth);
        }
        self.plain(flat, name, depth)
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        self.check.takes(schema, value)
    }

    /// Whether there is room for what is not required.
    fn has_room(&self, depth: usize) -> bool {
        depth < MAX_DEPTH && self.made.get() < ROOM
    }

    /// The schema without references and without `allOf`; `None` if they go in a circle.
    fn flat<'s>(&'s self, schema: &'s Value, depth: usize) -> Option<Cow<'s, Value>> {
        self.made.set(self.made.get() + 1);
        if depth > MAX_REQUIRED_DEPTH || self.made.get() > MAX_VALUES {
            return None;
        }
        let Value::Object(object) = schema else {
            return Some(Cow::Borrowed(schema));
        };
        let reference = object.get("$ref").and_then(|to| target(self.root, to));
        let all = object.get("allOf").and_then(Value::as_array);
        if reference.is_none() && all.is_none() {
            return Some(Cow::Borrowed(schema));
        }
        let mut own = object.clone();
        own.remove("$ref");
        own.remove("allOf");
        let mut merged = Value::Object(own);
        for part in reference.into_iter().chain(all.into_iter().flatten()) {
            let part = self.flat(part, depth + 1)?;
            merged = merge(&merged, &part);
        }
        Some(Cow::Owned(merged))
    }

    /// A value of one of the choices. `null` comes last, but first where it gets too deep.
    fn choice(
        &self,
        schema: &Value,
        keyword: &str,
        choices: &[Value],
        name: &str,
        depth: usize,
    ) -> Option<Value> {
        let rest = without(schema, &[keyword]);
        let deep = !self.has_room(depth);
        let mut sorted: Vec<&Value> = choices.iter().collect();
        sorted.sort_by_key(|choice| (choice["type"] == "null") != deep);
        sorted.into_iter().find_map(|choice| {
            let both = merge(&rest, choice);
            let fits = |value: &Value| self.fits(schema, value);
            let value = self.value(&both, name, depth + 1).filter(fits);
            value.or_else(|| {
                // With less in it, it may be none of the other choices.
                let optional = self.optional.replace(false);
                let value = optional
                    .then(|| self.value(&both, name, depth + 1))
                    .flatten();
                self.optional.set(optional);
                value.filter(fits)
            })
        })
    }

    fn branch(&self, schema: &Value, condition: &Value, name: &str, depth: usize) -> Option<Value> {
        let rest = without(schema, &["if", "then", "else"]);
        let nothing = json!({});
        let then = schema.get("then").unwrap_or(&nothing);
        let otherwise = schema.get("else").unwrap_or(&nothing);
        [merge(condition, then), otherwise.clone()]
            .iter()
            .find_map(|branch| {
                let value = self.value(&merge(&rest, branch), name, depth + 1)?;
                self.fits(schema, &value).then_some(value)
            })
    }

    /// A value for a schema without choices.
    fn plain(&self, schema: &Value, name: &str, depth: usize) -> Option<Value> {
        let fits = |value: &Value| self.fits(schema, value);
        if let Some(value) = schema.get("const") {
            return Some(value.clone()).filter(fits);
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return self.hints.sorted(values).into_iter().find(fits);
        }
        // `null` last, unless it gets too deep for anything else.
        let mut kinds = kinds(schema);
        let deep = !self.has_room(depth);
        kinds.sort_by_key(|kind| (*kind == "null") != deep);
        kinds.into_iter().find_map(|kind| match kind {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, name, depth),
            "string" => self.string(schema, name),
            "integer" | "number" => {
                let whole = kind == "integer";
                let limits = Limits::of(schema);
                let numbers = limits.candidates(whole, &self.hints.numbers);
                numbers.into_iter().find(fits)
            }
            "boolean" => [true, false].map(Value::Bool).into_iter().find(fits),
            "null" => Some(Value::Null).filter(fits),
            // Anything: a text, unless just that is ruled out.
            _ => self.string(schema, name).or_else(|| {
                let others = [json!(1), json!(true), json!({}), json!([]), Value::Null];
                others.into_iter().find(fits)
            }),
        })
    }

    fn object(&self, schema: &Value, depth: usize) -> Option<Value> {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let properties = schema.get("properties").and_then(Value::as_object);
        let make = |optional: bool| {
            let mut object = Map::new();
            for (name, property) in properties.into_iter().flatten() {
                let needed = required.contains(&&**name);
                let wanted = needed || optional && self.has_room(depth);
                if !wanted {
                    continue;
                }
                match self.value(property, name, depth + 1) {
                    Some(value) => {
                        object.insert(name.clone(), value);
                    }
                    None if needed => return None,
                    None => {}
                }
            }
            let anything = Value::Bool(true);
            let others = schema.get("additionalProperties").unwrap_or(&anything);
            for name in &required {
                if !object.contains_key(*name) {
                    object.insert((*name).to_owned(), self.value(others, name, depth + 1)?);
                }
            }
            let least = count(schema, "minProperties").unwrap_or(0).min(MAX_COUNT);
            for number in 1..=least {
                if object.len() >= least {
                    break;
                }
                let name = format!("property {number}");
                let value = self.value(others, &name, depth + 1)?;
                object.insert(name, value);
            }
            Some(Value::Object(object)).filter(|value| self.fits(schema, value))
        };
        // Fewer properties, where one too many is what does not fit.
        let full = self.optional.get().then(|| make(true)).flatten();
        full.or_else(|| make(false))
    }

    fn array(&self, schema: &Value, name: &str, depth: usize) -> Option<Value> {
        let fits = |value: &Value| self.fits(schema, value);
        let first = schema.get("prefixItems").and_then(Value::as_array);
        let mut items = Vec::new();
        for item in first.into_iter().flatten() {
            items.push(self.value(item, name, depth + 1)?);
        }
        if let Some(contained) = schema.get("contains") {
            items.push(self.value(contained, name, depth + 1)?);
        }
        let least = count(schema, "minItems").unwrap_or(0).min(MAX_COUNT);
        let most = count(schema, "maxItems").unwrap_or(usize::MAX);
        let wanted = if self.has_room(depth) && first.is_none() {
            least.max(1).min(most)
        } else {
            least
        };
        let anything = Value::Bool(true);
        let item = schema.get("items").unwrap_or(&anything);
        if items.len() < wanted {
            match self.value(item, name, depth + 1) {
                Some(value) if schema["uniqueItems"] == true => {
                    let missing = wanted - items.len();
                    items.extend(self.different(item, value, missing));
                }
                Some(value) => items.resize(wanted, value),
                None if items.len() >= least => {}
                None => return None,
            }
        }
        Some(Value::Array(items))
            .filter(fits)
            .or_else(|| Some(json!([])).filter(fits))
    }

    /// Some values that fit and differ, the first of them given.
    fn different(&self, schema: &Value, first: Value, count: usize) -> Vec<Value> {
        let flat = self.flat(schema, 0);
        let flat = flat.as_deref().unwrap_or(schema);
        let candidates: Vec<Value> = match (&first, flat.get("enum").and_then(Value::as_array)) {
            (_, Some(values)) => values.clone(),
            (Value::Number(number), None) => {
                let whole = number.is_i64() || number.is_u64();
                let start = number.as_f64().unwrap_or_default();
                let numbers: Vec<f64> = (1..=count * 2).map(|step| start + step as f64).collect();
                Limits::of(flat).candidates(whole, &numbers)
            }
            (Value::String(text), None) => self.texts(flat, text),
            (Value::Bool(flag), None) => vec![Value::Bool(!flag)],
            (Value::Object(object), None) => (2..=count + 1)
                .map(|number| {
                    Value::Object(
                        object
                            .clone()
                            .into_iter()
                            .map(|(name, value)| (name, numbered(value, number)))
                            .collect(),
                    )
                })
                .collect(),
            _ => Vec::new(),
        };
        let mut values = vec![first];
        for candidate in candidates {
            if values.len() >= count {
                break;
            }
            if !values.contains(&candidate) && self.fits(schema, &candidate) {
                values.push(candidate);
            }
        }
        values
    }

    fn string(&self, schema: &Value, name: &str) -> Option<Value> {
        let fixed = match schema.get("format").and_then(Value::as_str) {
            Some("date") => Some("2026-01-23"),
            Some("time") => Some("12:30:00Z"),
            Some("date-time") => Some("2026-01-23T12:30:00Z"),
            Some("duration") => Some("PT5M"),
            Some("email") => Some("someone@example.com"),
            Some("hostname") => Some("example.com"),
            Some("ipv4") => Some("127.0.0.1"),
            Some("ipv6") => Some("::1"),
            Some("uri" | "url" | "uri-reference") => Some("https://example.com/"),
            Some("uuid") => Some("00000000-0000-4000-8000-000000000000"),
            _ => None,
        };
        let text = fixed.map_or_else(|| self.hints.word(name), str::to_owned);
        let fits = |value: &Value| self.fits(schema, value);
        let first = Value::String(sized(schema, &text));
        Some(first)
            .filter(fits)
            .or_else(|| self.texts(schema, &text).into_iter().find(fits))
    }

    /// Texts that could fit: words of the prompt, what a pattern makes, and the given text with numbers.
    fn texts(&self, schema: &Value, text: &str) -> Vec<Value> {
        let least = count(schema, "minLength").unwrap_or(0).min(MAX_COUNT);
        let most = count(schema, "maxLength").unwrap_or(usize::MAX);
        let mut texts = Vec::new();
        let pattern = schema.get("pattern").and_then(Value::as_str);
        if let Some(pattern) = pattern.and_then(Pattern::parse) {
            let hints = self.hints.names.iter().chain(&self.hints.words);
            texts.extend(hints.cloned());
            for variant in 0..8 {
                // Longer and longer, until it is long enough.
                for extra in (0..=least).filter(|extra| *extra < 8 || extra + 4 >= least) {
                    texts.push(pattern.example(extra, variant));
                    texts.push(sized(schema, &pattern.example(extra, variant)));
                }
                let length =
                    |extra: &usize| pattern.example(*extra, variant).chars().count() >= least;
                let long = (0..=least).find(length);
                texts.extend(long.map(|extra| pattern.example(extra, variant)));
            }
        }
        texts.extend((2..MAX_COUNT).map(|number| {
            let number = format!(" {number}");
            let kept = most.saturating_sub(number.chars().count());
            let start: String = sized(schema, text).chars().take(kept).collect();
            format!("{start}{number}")
        }));
        texts.into_iter().map(Value::String).collect()
    }
}

/// A text or number that is another for each number.
fn numbered(value: Value, number: usize) -> Value {
    match value {
        Value::String(text) => Value::String(format!("{text} {number}")),
        Value::Number(given) => match given.as_i64() {
            Some(given) => json!(given.saturating_add(number as i64)),
            None => json!(given.as_f64().unwrap_or_default() + number as f64),
        },
        other => other,
    }
}

/// A text in the length that a schema wants.
fn sized(schema: &Value, text: &str) -> String {
    let least = count(schema, "minLength").unwrap_or(0).min(MAX_COUNT);
    let most = count(schema, "maxLength").unwrap_or(usize::MAX);
    let mut text: String = text.chars().take(most).collect();
    let missing = least.saturating_sub(text.chars().count());
    text.extend(std::iter::repeat_n('x', missing));
    text
}

/// The types that a schema allows, guessed from its keywords when it does not say.
fn kinds(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => {
            let has = |keywords: &[&str]| keywords.iter().any(|name| schema.get(*name).is_some());
            let kind = if has(&[
                "properties",
                "required",
                "additionalProperties",
                "minProperties",
            ]) {
                "object"
            } else if has(&["items", "prefixItems", "contains", "minItems"]) {
                "array"
            } else if has(&[
                "minimum",
                "maximum",
                "exclusiveMinimum",
                "exclusiveMaximum",
                "multipleOf",
            ]) {
                "number"
            } else {
                ""
            };
            vec![kind]
        }
    }
}

fn without(schema: &Value, keywords: &[&str]) -> Value {
    let mut rest = schema.clone();
    if let Value::Object(rest) = &mut rest {
        for keyword in keywords {
            rest.remove(*keyword);
        }
    }
    rest
}
