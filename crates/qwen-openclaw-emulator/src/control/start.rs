//! `GET /emulator/`, and the way back to the start.

use http::Method;
use serde_json::{Map, Value, json};

use super::{Asked, Control, PATH, error::ControlError};
use crate::{
    endpoint::{BaseUrl, Endpoint},
    oauth,
    state::State,
};

pub(super) const CONTROLS: &[Control] = &[
    Control {
        method: Method::GET,
        path: "/",
        description: "lists base URLs and controls",
        run: list,
    },
    Control {
        method: Method::POST,
        path: "/reset",
        description: "puts everything back to how it was at the start",
        run: reset,
    },
];

fn list(_: &State, asked: Asked) -> Result<Value, ControlError> {
    let origin = asked.origin.clone();
    asked.no_fields()?;
    let mut base_urls: Map<String, Value> = Endpoint::all()
        .map(|endpoint| {
            let base_url = BaseUrl::new(endpoint, &origin);
            (base_url.label().to_owned(), base_url.url().into())
        })
        .collect();
    let login = format!("{origin}{}", oauth::PATH);
    base_urls.insert("Login (OAuth)".to_owned(), login.into());
    let controls: Vec<Value> = super::CONTROLS
        .into_iter()
        .flatten()
        .map(|control| {
            json!({
                "method": control.method.as_str(),
                "path": format!("{PATH}{}", control.path),
                "description": control.description,
            })
        })
        .collect();
    Ok(json!({
        "name": "qwen-openclaw-emulator",
        "version": env!("CARGO_PKG_VERSION"),
        "base_urls": base_urls,
        "controls": controls,
    }))
}

fn reset(state: &State, asked: Asked) -> Result<Value, ControlError> {
    asked.no_fields()?;
    state.reset();
    Ok(json!({"reset": true}))
}
