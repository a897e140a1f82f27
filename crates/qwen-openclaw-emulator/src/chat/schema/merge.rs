//! One schema out of two that must both hold.

use serde_json::{Map, Value, json};

/// Merges two schemas. What cannot be merged stays in `allOf`, so that a check still sees it.
pub(super) fn merge(one: &Value, other: &Value) -> Value {
    let (Value::Object(one), Value::Object(other)) = (one, other) else {
        // `true` adds nothing, `false` forbids everything.
        return match (one, other) {
            (Value::Bool(true), schema) | (schema, Value::Bool(true)) => schema.clone(),
            _ => Value::Bool(false),
        };
    };
    let mut merged = one.clone();
    let mut rest = Map::new();
    for (keyword, value) in other {
        let Some(present) = merged.get(keyword) else {
            merged.insert(keyword.clone(), value.clone());
            continue;
        };
        if present == value {
            continue;
        }
        match both(keyword, present, value) {
            Some(both) => {
                merged.insert(keyword.clone(), both);
            }
            None => {
                rest.insert(keyword.clone(), value.clone());
            }
        }
    }
    if !rest.is_empty() {
        let all = merged.entry("allOf").or_insert_with(|| json!([]));
        if let Value::Array(all) = all {
            all.push(Value::Object(rest));
        }
    }
    Value::Object(merged)
}

/// The value of a keyword that means both; `None` if there is none.
fn both(keyword: &str, one: &Value, other: &Value) -> Option<Value> {
    match keyword {
        "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties" => {
            let larger = one.as_f64()? >= other.as_f64()?;
            Some(if larger { one } else { other }.clone())
        }
        "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties" => {
            let smaller = one.as_f64()? <= other.as_f64()?;
            Some(if smaller { one } else { other }.clone())
        }
        "required" => {
            let mut all = one.as_array()?.clone();
            let more = other.as_array()?.iter();
            all.extend(
                more.filter(|name| !one.as_array().is_some_and(|one| one.contains(name)))
                    .cloned(),
            );
            Some(Value::Array(all))
        }
        "properties" | "$defs" | "definitions" => {
            let mut all = one.as_object()?.clone();
            for (name, schema) in other.as_object()? {
                let merged = match all.get(name) {
                    Some(present) => merge(present, schema),
                    None => schema.clone(),
                };
                all.insert(name.clone(), merged);
            }
            Some(Value::Object(all))
        }
        "type" => {
            let types = |value: &Value| match value {
                Value::Array(types) => types.clone(),
                one => vec![one.clone()],
            };
            let (one, other) = (types(one), types(other));
            let fits = |kind: &Value, kinds: &[Value]| {
                kinds.contains(kind)
                    || *kind == "integer" && kinds.iter().any(|kind| kind == "number")
            };
            let mut common: Vec<Value> = Vec::new();
            for kind in one.iter().filter(|kind| fits(kind, &other)) {
                common.push(kind.clone());
            }
            for kind in other.iter().filter(|kind| fits(kind, &one)) {
                if !common.contains(kind) {
                    common.push(kind.clone());
                }
            }
            Some(Value::Array(common))
        }
        "enum" => {
            let mut common = one.as_array()?.clone();
            let others = other.as_array()?;
            common.retain(|value| others.contains(value));
            Some(Value::Array(common))
        }
        "items" | "additionalProperties" => Some(merge(one, other)),
        "allOf" => Some(json!(
            [one.as_array()?.clone(), other.as_array()?.clone()].concat()
        )),
        // Notes, the second as good as the first.
        "description" | "title" | "default" | "examples" | "$comment" => Some(one.clone()),
        _ => None,
    }
}
