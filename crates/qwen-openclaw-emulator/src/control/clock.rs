//! The emulated clock.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{Asked, Control, error::ControlError};
use crate::state::State;

pub(super) const CONTROLS: &[Control] = &[
    Control {
        method: Method::GET,
        path: "/clock",
        description: "shows the emulated time",
        run: show,
    },
    Control {
        method: Method::POST,
        path: "/clock",
        description: "moves the emulated time forward by advance_seconds: tasks end; URLs, uploads, \
                      logins, tokens, cached prompts and quotas expire",
        run: advance,
    },
];

fn show(state: &State, asked: Asked) -> Result<Value, ControlError> {
    asked.no_fields()?;
    Ok(report(state))
}

fn advance(state: &State, mut asked: Asked) -> Result<Value, ControlError> {
    let by = asked.fields.seconds("advance_seconds")?;
    let by = by.ok_or_else(|| asked.fields.invalid("advance_seconds", "given"))?;
    asked.fields.finish()?;
    state.video.advance(by);
    Ok(report(state))
}

fn report(state: &State) -> Value {
    let milliseconds = |time: Duration| time.as_millis() as u64;
    json!({
        "unix_ms": milliseconds(state.video.unix_time()),
        "advanced_ms": milliseconds(state.video.advanced()),
    })
}
