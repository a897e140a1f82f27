//! The recorded requests.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, Method};
use serde_json::{Map, Value, json};

use super::{Asked, Control, error::ControlError};
use crate::{capture::CapturedRequest, oauth, state::State};

pub(super) const CONTROLS: &[Control] = &[
    Control {
        method: Method::GET,
        path: "/requests",
        description: "lists recorded requests, oldest first: path (its end), after (an index), limit \
                      (100), body (auto, text, base64, none)",
        run: list,
    },
    Control {
        method: Method::DELETE,
        path: "/requests",
        description: "forgets the recorded requests; indexes go on",
        run: clear,
    },
];

/// How many requests are listed unless asked otherwise.
const LIMIT: usize = 100;

/// How bodies are shown.
#[derive(Clone, Copy)]
enum BodyForm {
    /// As text where they are.
    Auto,
    Text,
    Base64,
    None,
}

fn list(state: &State, mut asked: Asked) -> Result<Value, ControlError> {
    let fields = &mut asked.fields;
    let path = fields.text("path")?.unwrap_or_default();
    let after: u64 = fields.number("after")?.unwrap_or_default();
    let limit = fields.number("limit")?.unwrap_or(LIMIT);
    let form = fields.choice(
        "body",
        &[
            ("auto", BodyForm::Auto),
            ("text", BodyForm::Text),
            ("base64", BodyForm::Base64),
            ("none", BodyForm::None),
        ],
    )?;
    let form = form.unwrap_or(BodyForm::Auto);
    asked.fields.finish()?;
    let (total, requests) = state.captures.numbered(after);
    let mut wanted = requests
        .into_iter()
        .filter(|(_, request)| request.path.ends_with(&path));
    let listed: Vec<_> = wanted.by_ref().take(limit).collect();
    // What does not fit is listed from the last one on; otherwise everything has been seen.
    let last = match (wanted.next(), listed.last()) {
        (Some(_), Some((index, _))) => *index,
        (Some(_), None) => after,
        (None, _) => total.max(after),
    };
    let listed: Vec<Value> = listed
        .iter()
        .map(|(index, request)| show(*index, request, form))
        .collect();
    Ok(json!({"requests": listed, "last": last, "total": total}))
}

fn clear(state: &State, asked: Asked) -> Result<Value, ControlError> {
    asked.no_fields()?;
    Ok(json!({"removed": state.captures.take().len()}))
}

fn show(index: u64, request: &CapturedRequest, form: BodyForm) -> Value {
    let body = if oauth::path(request).is_some() {
        mask_fields(&String::from_utf8_lossy(&request.body)).into()
    } else {
        request.body.clone()
    };
    let text = std::str::from_utf8(&body).ok();
    let (encoding, shown) = match (form, text) {
        (BodyForm::None, _) => (None, None),
        (BodyForm::Auto, Some(text)) => (Some("text"), Some(text.to_owned())),
        (BodyForm::Text, _) => {
            let text = String::from_utf8_lossy(&body).into_owned();
            (Some("text"), Some(text))
        }
        (BodyForm::Auto | BodyForm::Base64, _) => (Some("base64"), Some(STANDARD.encode(&body))),
    };
    json!({
        "index": index,
        "at_ms": request.at.as_millis() as u64,
        "method": request.method.as_str(),
        "path": request.path,
        "query": request.query().map(mask_fields),
        "headers": headers(&request.headers),
        "body_encoding": encoding,
        "body": shown,
        "body_bytes": request.body.len(),
    })
}

/// What stands in the place of a key.
const MASK: &str = "****";

/// The headers by name; several of one name are joined as HTTP joins them.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let value = |name: &http::HeaderName| {
        let values = headers.get_all(name).iter();
        let values = values.map(|value| {
            let value = String::from_utf8_lossy(value.as_bytes());
            if is_secret(name.as_str()) {
                mask(&value)
            } else {
                value.into_owned()
            }
        });
        values.collect::<Vec<_>>().join(", ")
    };
    let names = headers.keys();
    names
        .map(|name| (name.as_str().to_owned(), value(name).into()))
        .collect()
}

/// Tells whether a header or a field is known, or named, to carry a secret.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let parts = [
        "authorization",
        "api-key",
        "apikey",
        "token",
        "secret",
        "cookie",
        "password",
        "device-code",
        "verifier",
        "signature",
    ];
    name == "key" || parts.iter().any(|part| name.contains(part))
}

/// Hides a value, but for the scheme of an authorization.
fn mask(value: &str) -> String {
    match value.split_once(' ') {
        Some((scheme, _)) if ["bearer", "basic"].contains(&&*scheme.to_ascii_lowercase()) => {
            format!("{scheme} {MASK}")
        }
        _ => MASK.to_owned(),
    }
}

/// Hides the secrets in a query or a form.
fn mask_fields(text: &str) -> String {
    let fields = text.split('&').map(|field| match field.split_once('=') {
        Some((name, value)) if !value.is_empty() && is_secret(name) => format!("{name}={MASK}"),
        _ => field.to_owned(),
    });
    fields.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_masked() {
        assert_eq!(mask("Bearer sk-secret"), "Bearer ****");
        assert_eq!(mask("sk-secret"), "****");
        assert_eq!(mask("secret and more"), "****");
        for name in [
            "authorization",
            "x-api-key",
            "Cookie",
            "proxy-authorization",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["content-type", "user-agent", "x-dashscope-sse", "keys"] {
            assert!(!is_secret(name), "{name}");
        }
        assert_eq!(
            mask_fields("a=1&api_key=sk-x&refresh_token=y&token="),
            "a=1&api_key=****&refresh_token=****&token="
        );
    }
}
