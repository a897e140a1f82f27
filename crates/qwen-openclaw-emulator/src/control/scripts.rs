//! Scripted replies: [`Script`] and [`Reply`] as JSON.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::{Asked, Control, error::ControlError, fields::Fields};
use crate::{
    reply::{End, Framing, Reply},
    script::Script,
    state::State,
};

pub(super) const CONTROLS: &[Control] = &[
    Control {
        method: Method::GET,
        path: "/scripts",
        description: "lists scripts with replies left",
        run: list,
    },
    Control {
        method: Method::POST,
        path: "/scripts",
        description: "adds a script: replies, path (its end), repeat_last; a reply has status, \
                      headers, one of json, text, base64, events, steps, and delay_ms, done, framing, \
                      write_size, head_after_ms, head_never, end",
        run: add,
    },
    Control {
        method: Method::DELETE,
        path: "/scripts",
        description: "removes every script",
        run: clear,
    },
];

const FRAMINGS: [(&str, Framing); 4] = [
    ("chunked", Framing::Chunked),
    ("length", Framing::Length),
    ("until-close", Framing::UntilClose),
    ("raw", Framing::Raw),
];

const ENDS: [(&str, End); 4] = [
    ("complete", End::Complete),
    ("eof", End::Eof),
    ("reset", End::Reset),
    ("hang", End::Hang),
];

fn list(state: &State, asked: Asked) -> Result<Value, ControlError> {
    asked.no_fields()?;
    let show = |script: Script| {
        json!({
            "path": script.path,
            "replies": script.replies.len(),
            "repeat_last": script.repeat_last,
        })
    };
    let scripts: Vec<Value> = state.scripts.all().into_iter().map(show).collect();
    Ok(json!({"scripts": scripts}))
}

fn add(state: &State, mut asked: Asked) -> Result<Value, ControlError> {
    let fields = &mut asked.fields;
    let replies = fields
        .list("replies")?
        .filter(|replies| !replies.is_empty())
        .ok_or_else(|| fields.invalid("replies", "a list of replies"))?;
    let mut script = Script::new().only(fields.text("path")?.unwrap_or_default());
    if fields.flag("repeat_last")? == Some(true) {
        script = script.repeat_last();
    }
    asked.fields.finish()?;
    let count = replies.len();
    for (number, reply) in replies.into_iter().enumerate() {
        script = script.then(read(&format!("replies[{number}]"), reply)?);
    }
    state.scripts.push(script);
    Ok(json!({"replies": count}))
}

fn clear(state: &State, asked: Asked) -> Result<Value, ControlError> {
    asked.no_fields()?;
    let removed = state.scripts.all().len();
    state.scripts.set(Vec::new());
    Ok(json!({"removed": removed}))
}

fn read(name: &str, value: Value) -> Result<Reply, ControlError> {
    let mut fields = Fields::of_value(name, value)?;
    let status = fields.number::<u16>("status")?.unwrap_or(200);
    if !(100..=999).contains(&status) {
        return Err(fields.invalid("status", "a number from 100 to 999"));
    }
    let headers = headers(&mut fields)?;
    let (content, mut reply) = body(&mut fields, Reply::new(status))?;
    let typed = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
    if let (Some(content), false) = (content, headers.iter().any(typed)) {
        reply = reply.header("content-type", content);
    }
    for (name, value) in headers {
        reply = reply.header(name, value);
    }
    if let Some(framing) = fields.choice("framing", &FRAMINGS)? {
        reply = reply.framing(framing);
    }
    if let Some(bytes) = fields.number::<usize>("write_size")? {
        if bytes == 0 {
            return Err(fields.invalid("write_size", "at least 1"));
        }
        reply = reply.write_size(bytes);
    }
    if let Some(delay) = fields.milliseconds("head_after_ms")? {
        reply = reply.head_after(delay);
    }
    if fields.flag("head_never")? == Some(true) {
        reply = reply.head_never();
    }
    if let Some(end) = end(&mut fields)? {
        reply = reply.end(end);
    }
    fields.finish()?;
    Ok(reply)
}

/// The headers, as an object or, for several of one name, as a list of pairs.
fn headers(fields: &mut Fields) -> Result<Vec<(String, String)>, ControlError> {
    let wanted = "an object of strings, or a list of pairs of strings";
    let wrong = fields.invalid("headers", wanted);
    let pair = |name: Option<&str>, value: Option<&str>| {
        let pair = name.zip(value).ok_or_else(|| wrong.clone())?;
        Ok((pair.0.to_owned(), pair.1.to_owned()))
    };
    match fields.take("headers") {
        None => Ok(Vec::new()),
        Some(Value::Object(map)) => map
            .iter()
            .map(|(name, value)| pair(Some(name), value.as_str()))
            .collect(),
        Some(Value::Array(list)) => list
            .iter()
            .map(|item| match item.as_array().map(Vec::as_slice) {
                Some([name, value]) => pair(name.as_str(), value.as_str()),
                _ => Err(wrong.clone()),
            })
            .collect(),
        Some(_) => Err(wrong.clone()),
    }
}

/// The ways to give a body, of which a reply has one.
const BODIES: [&str; 5] = ["json", "text", "base64", "events", "steps"];

/// Adds the body. Returns the content type that it has unless the headers say otherwise.
fn body(fields: &mut Fields, reply: Reply) -> Result<(Option<&'static str>, Reply), ControlError> {
    let names = fields.names();
    let mut given = BODIES
        .into_iter()
        .filter(|name| names.iter().any(|n| n == name));
    let form = given.next();
    if let Some(second) = given.next() {
        return Err(fields.invalid(second, "the only one of json, text, base64, events, steps"));
    }
    let whole = |reply: Reply| reply.framing(Framing::Length);
    Ok(match form {
        Some("json") => {
            let value = fields.take_nullable("json").unwrap_or_default();
            let reply = whole(reply).chunk(value.to_string());
            (Some("application/json"), reply)
        }
        Some("text") => {
            let text = fields.text("text")?.unwrap_or_default();
            (Some("text/plain; charset=utf-8"), whole(reply).chunk(text))
        }
        Some("base64") => {
            let reply = whole(reply).chunk(base64(fields)?);
            (Some("application/octet-stream"), reply)
        }
        Some("events") => (
            Some("text/event-stream;charset=UTF-8"),
            events(fields, reply)?,
        ),
        Some(_) => (None, steps(fields, reply)?),
        None => (None, reply),
    })
}

fn base64(fields: &mut Fields) -> Result<Bytes, ControlError> {
    let text = fields.text("base64")?.unwrap_or_default();
    let bytes = STANDARD.decode(text);
    bytes
        .map(Bytes::from)
        .map_err(|_| fields.invalid("base64", "base64"))
}

/// A payload: text as it is, anything else as compact JSON.
fn payload(value: Value) -> String {
    match value {
        Value::String(text) => text,
        value => value.to_string(),
    }
}

/// Adds events, each after the same delay, and `[DONE]` unless it is not wanted.
fn events(fields: &mut Fields, mut reply: Reply) -> Result<Reply, ControlError> {
    let events = fields.list("events")?.unwrap_or_default();
    let delay = fields.milliseconds("delay_ms")?.unwrap_or_default();
    let done = fields.flag("done")?.unwrap_or(true);
    let done = done.then(|| "[DONE]".to_owned());
    for payload in events.into_iter().map(payload).chain(done) {
        if !delay.is_zero() {
            reply = reply.pause(delay);
        }
        reply = reply.event(payload);
    }
    Ok(reply)
}

/// Adds steps: each is an event, bytes, or a pause.
fn steps(fields: &mut Fields, mut reply: Reply) -> Result<Reply, ControlError> {
    let name = fields.name("steps");
    for (number, step) in fields
        .list("steps")?
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        let name = format!("{name}[{number}]");
        let mut step = Fields::of_value(&name, step)?;
        reply = match step.names().as_slice() {
            [one] if one == "event" => {
                reply.event(payload(step.take_nullable("event").unwrap_or_default()))
            }
            [one] if one == "text" => reply.chunk(step.text("text")?.unwrap_or_default()),
            [one] if one == "base64" => reply.chunk(base64(&mut step)?),
            [one] if one == "pause_ms" => {
                reply.pause(step.milliseconds("pause_ms")?.unwrap_or_default())
            }
            _ => {
                let wanted = "an object with one of event, text, base64, pause_ms";
                return Err(ControlError::invalid(name, wanted));
            }
        };
    }
    Ok(reply)
}

/// The end: a word, `{"late_ms": N}`, or `{"repeat": TEXT, "every_ms": N}`.
fn end(fields: &mut Fields) -> Result<Option<End>, ControlError> {
    let name = fields.name("end");
    let value = match fields.take("end") {
        None => return Ok(None),
        Some(Value::String(word)) => {
            let mut ends = ENDS.into_iter();
            let end = ends.find(|(name, _)| *name == word).map(|(_, end)| end);
            let wanted = "complete, eof, reset, hang, or an object with late_ms or repeat";
            return end
                .map(Some)
                .ok_or_else(|| ControlError::invalid(name, wanted));
        }
        Some(value) => value,
    };
    let mut end = Fields::of_value(&name, value)?;
    let ended = if let Some(late) = end.milliseconds("late_ms")? {
        End::Late(late)
    } else {
        let chunk = end.required_text("repeat")?.into();
        let every = end.milliseconds("every_ms")?;
        // Without a pause, the emulator would do nothing else.
        let every = every.unwrap_or(Duration::from_millis(10));
        End::Endless {
            chunk,
            every: every.max(Duration::from_millis(1)),
        }
    };
    end.finish()?;
    Ok(Some(ended))
}
