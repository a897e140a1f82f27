//! Settings that can be changed while the emulator runs.

use http::Method;
use serde_json::{Value, json};

use super::{Asked, Control, error::ControlError};
use crate::{chat::ToolCalls, state::State};

pub(super) const CONTROLS: &[Control] = &[
    Control {
        method: Method::GET,
        path: "/settings",
        description: "shows the settings",
        run: show,
    },
    Control {
        method: Method::POST,
        path: "/settings",
        description: "changes settings: tools (never, named, first), tokens_per_second (0: no \
                      limit), first_chunk_delay_ms, chunk_delay_ms, video_queued_ms, \
                      video_running_ms",
        run: change,
    },
];

fn show(state: &State, asked: Asked) -> Result<Value, ControlError> {
    asked.no_fields()?;
    Ok(report(state))
}

fn change(state: &State, mut asked: Asked) -> Result<Value, ControlError> {
    let fields = &mut asked.fields;
    let mut settings = state.settings();
    let mut video = state.video.settings();
    if let Some(tools) = fields.choice("tools", &ToolCalls::NAMES)? {
        settings.tool_calls = tools;
    }
    if let Some(tokens) = fields.number("tokens_per_second")? {
        settings.tokens_per_second = tokens;
    }
    for (field, setting) in [
        ("first_chunk_delay_ms", &mut settings.first_chunk_delay),
        ("chunk_delay_ms", &mut settings.chunk_delay),
        ("video_queued_ms", &mut video.queued),
        ("video_running_ms", &mut video.running),
    ] {
        if let Some(time) = fields.milliseconds(field)? {
            *setting = time;
        }
    }
    asked.fields.finish()?;
    state.set_settings(settings);
    state.video.set_settings(video);
    Ok(report(state))
}

fn report(state: &State) -> Value {
    let settings = state.settings();
    let video = state.video.settings();
    let tools = ToolCalls::NAMES
        .iter()
        .find(|(_, tools)| *tools == settings.tool_calls)
        .map(|(name, _)| *name);
    json!({
        "tools": tools,
        "tokens_per_second": settings.tokens_per_second,
        "first_chunk_delay_ms": settings.first_chunk_delay.as_millis() as u64,
        "chunk_delay_ms": settings.chunk_delay.as_millis() as u64,
        "video_queued_ms": video.queued.as_millis() as u64,
        "video_running_ms": video.running.as_millis() as u64,
    })
}
