//! Fields that this version does not know, put together over the chunks of a stream.
//!
//! `null` says nothing. Objects are merged field by field. Lists are appended; an item with an
//! `index` is merged into the item with the same one. Strings of a delta are joined, but those that
//! name something ([`NAMES`]). Everything else is replaced: numbers, booleans, and what stands beside
//! the delta, where each chunk says all there is to say, so that outside of the choices a list
//! without `index` is replaced too.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value};

/// The unknown fields of one object, each as JSON. Of a repeated field the last value counts.
#[derive(Debug, Default)]
pub(super) struct Extra<'a>(BTreeMap<String, Cow<'a, str>>);

impl<'a> Extra<'a> {
    pub(super) fn put(&mut self, name: &str, json: impl Into<Cow<'a, str>>) {
        let json = json.into();
        if json == "null" {
            self.0.remove(name);
        } else {
            self.0.insert(name.to_owned(), json);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the fields to those of the chunks before.
    pub(super) fn merge_into(&self, all: &mut Map<String, Value>, level: Level) -> Effect {
        let mut effect = Effect::default();
        for (name, json) in &self.0 {
            if let Some(value) = value(json) {
                merge_field(all, name, value, level, &mut effect);
            }
        }
        effect
    }
}

/// Where a field stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Level {
    /// In a delta or in a tool call.
    Delta,
    /// In a choice, beside the delta.
    Choice,
    /// Beside the choices.
    Document,
}

/// What fields have changed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effect {
    /// Bytes that are held now, and those no longer held.
    pub(super) added: usize,
    pub(super) removed: usize,
    /// Something is not as it was.
    pub(super) changed: bool,
    /// The same fields a second time would change something again.
    pub(super) accumulates: bool,
}

impl std::ops::AddAssign for Effect {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.removed += other.removed;
        self.changed |= other.changed;
        self.accumulates |= other.accumulates;
    }
}

/// Strings that are never joined.
const NAMES: [&str; 6] = ["id", "type", "name", "role", "object", "format"];

/// How many items are searched for an `index`. What lies farther back is not found again.
const SEARCHED: usize = 64;

fn merge_field(
    all: &mut Map<String, Value>,
    name: &str,
    new: Value,
    level: Level,
    effect: &mut Effect,
) {
    match all.get_mut(name) {
        _ if new.is_null() => {}
        Some(old) => merge_value(old, name, new, level, effect),
        None => {
            effect.accumulates |= accumulates(&new, name, level);
            effect.added += name.len() + weight(&new);
            effect.changed = true;
            all.insert(name.to_owned(), new);
        }
    }
}

fn merge_value(old: &mut Value, name: &str, new: Value, level: Level, effect: &mut Effect) {
    match (old, new) {
        (Value::String(old), Value::String(new)) if joins(name, level) => {
            if !new.is_empty() {
                effect.added += new.len();
                effect.changed = true;
                effect.accumulates = true;
                old.push_str(&new);
            }
        }
        (Value::Object(old), Value::Object(new)) => {
            for (name, new) in new {
                merge_field(old, &name, new, level, effect);
            }
        }
        (Value::Array(old), Value::Array(new)) if appends(&new, level) => {
            for item in new {
                merge_item(old, item, level, effect);
            }
        }
        (old, new) => {
            effect.accumulates |= accumulates(&new, name, level);
            if *old != new {
                effect.removed += weight(old);
                effect.added += weight(&new);
                effect.changed = true;
                *old = new;
            }
        }
    }
}

fn merge_item(old: &mut Vec<Value>, item: Value, level: Level, effect: &mut Effect) {
    let index = index_of(&item);
    let same = |old: &Value| index_of(old) == index;
    let first = old.first().and_then(index_of).unwrap_or_default();
    let at = index.and_then(|index| {
        // Where it stands if none is missing.
        let near = usize::try_from(index.wrapping_sub(first)).unwrap_or(usize::MAX);
        let near = old.get(near).filter(|old| same(old)).map(|_| near);
        near.or_else(|| {
            let skipped = old.len().saturating_sub(SEARCHED);
            let far = old.iter().skip(skipped).position(same);
            far.map(|far| skipped + far)
        })
    });
    match at {
        Some(at) => merge_value(&mut old[at], "", item, level, effect),
        None => {
            effect.accumulates |=
                index.is_none() || old.len() >= SEARCHED || accumulates(&item, "", level);
            effect.added += weight(&item);
            effect.changed = true;
            old.push(item);
        }
    }
}

fn joins(name: &str, level: Level) -> bool {
    level == Level::Delta && !NAMES.contains(&name)
}

fn appends(list: &[Value], level: Level) -> bool {
    level != Level::Document || (!list.is_empty() && list.iter().all(|i| index_of(i).is_some()))
}

fn index_of(item: &Value) -> Option<u64> {
    item.get("index")?.as_u64()
}

/// Whether `value` a second time is more than once.
fn accumulates(value: &Value, name: &str, level: Level) -> bool {
    match value {
        Value::String(text) => joins(name, level) && !text.is_empty(),
        Value::Array(items) => {
            let one = |item: &Value| index_of(item).is_none() || accumulates(item, "", level);
            appends(items, level) && (items.len() > SEARCHED || items.iter().any(one))
        }
        Value::Object(fields) => fields.iter().any(|(name, v)| accumulates(v, name, level)),
        _ => false,
    }
}

/// About how many bytes of memory a value takes.
fn weight(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(weight).sum(),
            Value::Object(fields) => fields.iter().map(|(n, v)| n.len() + weight(v)).sum(),
            _ => 0,
        }
}

/// The value of `json`; `None` for what a [`Value`] cannot be: nested more than 127 deep, or a number
/// out of range.
fn value(json: &str) -> Option<Value> {
    let read = serde_json::from_str(json);
    read.or_else(|_| serde_json::from_str(&with_whole_pairs(json)))
        .ok()
}

/// Replaces halves of surrogate pairs, which no string can hold, by U+FFFD.
fn with_whole_pairs(json: &str) -> String {
    let mut whole = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        whole.push_str(&rest[..at]);
        rest = &rest[at..];
        let unit = |text: &str| {
            let digits = text.strip_prefix("\\u")?.get(..4)?;
            u16::from_str_radix(digits, 16).ok()
        };
        let used = match unit(rest) {
            Some(0xd800..=0xdbff) => match rest.get(6..).and_then(unit) {
                Some(0xdc00..=0xdfff) => 12,
                _ => 0,
            },
            Some(0xdc00..=0xdfff) => 0,
            Some(_) => 6,
            // A backslash and what it escapes.
            None => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        if used == 0 {
            whole.push_str("\\ufffd");
            rest = &rest[6..];
        } else {
            whole.push_str(&rest[..used]);
            rest = &rest[used..];
        }
    }
    whole.push_str(rest);
    whole
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(level: Level, chunks: &[Value]) -> (Value, Effect) {
        let (mut all, mut last) = (Map::new(), Effect::default());
        for chunk in chunks {
            let chunk = chunk.to_string();
            let mut extra = Extra::default();
            qwen_openclaw_http::json::fields(&chunk, |name, json| extra.put(name, json)).unwrap();
            last = extra.merge_into(&mut all, level);
        }
        (all.into(), last)
    }

    fn check(level: Level, chunks: &[Value], expect: &Value) {
        assert_eq!(merged(level, chunks).0, *expect);
    }

    #[test]
    fn deltas_are_joined() {
        check(
            Level::Delta,
            &[
                json!({"audio": {"id": "a", "data": "AB", "expires": 1}, "tags": ["x"], "n": null}),
                json!({"audio": {"id": "a", "data": "CD", "expires": 2}, "tags": ["y"], "n": null}),
                json!({"audio": null, "seen": true}),
            ],
            &json!({
                "audio": {"id": "a", "data": "ABCD", "expires": 2},
                "tags": ["x", "y"],
                "seen": true,
            }),
        );
    }

    #[test]
    fn items_find_their_index() {
        let chunks = [
            json!({"a": [{"index": 1, "text": "x"}, {"index": 2, "text": "y"}]}),
            json!({"a": [{"index": 2, "text": "Y", "type": "t"}, {"index": 7}, {"text": "z"}]}),
            json!({"a": [{"index": 7, "text": "!", "type": "t"}]}),
        ];
        let mut expect = json!({"a": [
            {"index": 1, "text": "x"},
            {"index": 2, "text": "yY", "type": "t"},
            {"index": 7, "text": "!", "type": "t"},
            {"text": "z"},
        ]});
        check(Level::Delta, &chunks, &expect);
        expect["a"][1]["text"] = "Y".into();
        check(Level::Choice, &chunks, &expect);
    }

    #[test]
    fn beside_the_choices_the_last_word_counts() {
        let chunks = [
            json!({"tier": "a", "found": ["x", "y"], "info": {"r": [{"index": 1, "t": "x"}]}}),
            json!({"tier": "b", "found": ["z"], "info": {"r": [{"index": 2, "t": "y"}]}}),
        ];
        check(
            Level::Document,
            &chunks,
            &json!({
                "tier": "b",
                "found": ["z"],
                "info": {"r": [{"index": 1, "t": "x"}, {"index": 2, "t": "y"}]},
            }),
        );
    }

    #[test]
    fn what_changes_nothing_says_so() {
        let effect = |level, chunk: Value| merged(level, &[chunk.clone(), chunk]).1;
        for (level, chunk) in [
            (
                Level::Document,
                json!({"a": "x", "b": 1, "c": ["x"], "d": {"e": [{"index": 0}]}}),
            ),
            (Level::Choice, json!({"a": "x", "c": [], "d": {"e": "x"}})),
            (
                Level::Delta,
                json!({"a": "", "id": "x", "c": [], "d": {"type": "x", "n": 1}}),
            ),
        ] {
            let effect = effect(level, chunk);
            assert!(!effect.changed && !effect.accumulates, "{effect:?}");
            assert_eq!((effect.added, effect.removed), (0, 0));
        }
        for (level, chunk) in [
            (Level::Choice, json!({"c": ["x"]})),
            (Level::Delta, json!({"a": "x"})),
            (Level::Delta, json!({"d": [{"index": 0, "t": "x"}]})),
        ] {
            let once = merged(level, std::slice::from_ref(&chunk)).1;
            assert!(once.accumulates);
            let effect = effect(level, chunk);
            assert!(effect.changed && effect.accumulates && effect.added > 0);
        }
    }

    #[test]
    fn halves_of_pairs_cost_no_field() {
        assert_eq!(value(r#"["a\ud83d"]"#), Some(json!(["a\u{fffd}"])));
        assert_eq!(
            value(r#"["\ude00\\\ud83d\ude00\ud83d\u00e9"]"#),
            Some(json!(["\u{fffd}\\\u{1F600}\u{fffd}é"]))
        );
        assert_eq!(value(&"[".repeat(200)), None);
        assert_eq!(value("1e999"), None);
    }

    #[test]
    fn long_lists_are_not_searched_for_ever() {
        let items: Vec<_> = (0..2000)
            .rev()
            .map(|index| json!({"index": index}))
            .collect();
        let (all, effect) = merged(Level::Choice, &[json!({"a": items}), json!({"a": items})]);
        assert!(effect.accumulates);
        assert!(all["a"].as_array().unwrap().len() >= 2000);
    }
}
