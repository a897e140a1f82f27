//! Fault rules, in the words of the command line.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Asked, Control, error::ControlError, fields::Fields};
use crate::{
    fault::{FaultKind, FaultRule},
    state::State,
};

pub(super) const CONTROLS: &[Control] = &[
    Control {
        method: Method::GET,
        path: "/faults",
        description: "lists fault rules, and the known faults",
        run: list,
    },
    Control {
        method: Method::POST,
        path: "/faults",
        description: "adds a fault rule: fault, such as `stall;after=5;times=1`, or with after, delay, \
                      retry-after, size, code, shape, times, skip, model, path (its end), on as fields",
        run: add,
    },
    Control {
        method: Method::DELETE,
        path: "/faults/{id}",
        description: "removes a fault rule",
        run: remove,
    },
    Control {
        method: Method::DELETE,
        path: "/faults",
        description: "removes every fault rule",
        run: clear,
    },
];

/// The parameters that may be fields of their own.
const PARAMETERS: [&str; 11] = [
    "after",
    "delay",
    "retry-after",
    "size",
    "code",
    "shape",
    "times",
    "skip",
    "model",
    "path",
    "on",
];

fn list(state: &State, asked: Asked) -> Result<Value, ControlError> {
    asked.no_fields()?;
    let rules: Vec<Value> = state
        .faults
        .all()
        .into_iter()
        .map(|(id, rule)| json!({"id": id, "fault": rule.to_string()}))
        .collect();
    let known: Map<String, Value> = FaultKind::ALL
        .iter()
        .map(|kind| (kind.name().to_owned(), kind.description().into()))
        .collect();
    Ok(json!({"faults": rules, "known": known}))
}

fn add(state: &State, mut asked: Asked) -> Result<Value, ControlError> {
    let text = text(&mut asked.fields)?;
    let rule: FaultRule = text.parse().map_err(|error: crate::ParseFaultError| {
        ControlError::invalid_value("fault", error.to_string())
    })?;
    asked.fields.finish()?;
    let shown = rule.to_string();
    let id = state.faults.push(rule);
    Ok(json!({"id": id, "fault": shown}))
}

/// The rule as text.
fn text(fields: &mut Fields) -> Result<String, ControlError> {
    let mut text = fields.required_text("fault")?;
    for name in PARAMETERS {
        let value = match fields.take(name) {
            None => continue,
            Some(Value::String(value)) if !value.contains(';') => value,
            Some(Value::Number(value)) => value.to_string(),
            Some(_) => return Err(fields.invalid(name, "a number, or a string without `;`")),
        };
        text.push_str(&format!(";{name}={value}"));
    }
    Ok(text)
}

fn remove(state: &State, asked: Asked) -> Result<Value, ControlError> {
    let id = asked.no_fields()?.unwrap_or_default();
    super::removed(state.faults.remove(id), "fault rule", id)
}

fn clear(state: &State, asked: Asked) -> Result<Value, ControlError> {
    asked.no_fields()?;
    let removed = state.faults.all().len();
    state.faults.set(Vec::new());
    Ok(json!({"removed": removed}))
}
