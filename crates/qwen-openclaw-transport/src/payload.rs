//! Turns a request into the body that is sent.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{ChatRequest, Error, ErrorKind, client::Shared};

/// Writes the body of `request` for the endpoint of `shared`.
pub(crate) fn body(request: &ChatRequest, shared: &Shared) -> Result<Bytes, Error> {
    check(request)?;
    let unwritable = |error| {
        Error::new(ErrorKind::Refused, "could not write the request as JSON").with_source(error)
    };
    let mut body = serde_json::to_value(request).map_err(unwritable)?;
    body["stream"] = Value::Bool(true);
    if shared.options.usage.unwrap_or(shared.class.is_native()) {
        body["stream_options"] = json!({ "include_usage": true });
    }
    serde_json::to_vec(&body)
        .map(Bytes::from)
        .map_err(unwritable)
}

/// Refuses what the service would refuse anyway.
fn check(request: &ChatRequest) -> Result<(), Error> {
    let refused = |message: &str| Err(Error::new(ErrorKind::Refused, message));
    if request.model.trim().is_empty() {
        return refused("the request names no model");
    }
    if request.messages.is_empty() {
        return refused("the request has no messages");
    }
    Ok(())
}
