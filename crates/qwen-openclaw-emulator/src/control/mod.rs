//! The remote control: what tests in Rust do with the emulator's handle, over HTTP for any language.
//!
//! A request to it is no request to the service: it is not recorded, counted or logged, meets no fault,
//! and uses up no script and, unless it issues tokens, no id. Its connection counts as one.

mod clock;
mod error;
mod faults;
mod fields;
mod limits;
mod logins;
mod requests;
mod scripts;
mod settings;
mod start;
mod token;

pub use self::token::{ControlToken, ParseControlTokenError};

use http::{HeaderMap, Method, header::AUTHORIZATION, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use self::{error::ControlError, fields::Fields, token::TOKEN_HEADER};
use crate::{
    answer::{Answer, AnswerBody},
    key, screen,
    state::State,
};

/// Where the remote control is.
pub(crate) const PATH: &str = "/emulator";

/// Something that can be asked of the remote control.
struct Control {
    method: Method,
    /// The path below [`PATH`]; `{id}` at its end stands for a number.
    path: &'static str,
    description: &'static str,
    run: fn(&State, Asked) -> Result<Value, ControlError>,
}

/// What is asked.
struct Asked {
    /// The query of a GET or DELETE, the body of a POST.
    fields: Fields,
    id: Option<u64>,
    /// The origin by which the client reached the emulator.
    origin: String,
}

impl Asked {
    /// Refuses fields where there are none.
    fn no_fields(self) -> Result<Option<u64>, ControlError> {
        self.fields.finish()?;
        Ok(self.id)
    }
}

/// Everything that can be asked, in the order in which it is listed.
static CONTROLS: [&[Control]; 8] = [
    start::CONTROLS,
    requests::CONTROLS,
    scripts::CONTROLS,
    faults::CONTROLS,
    clock::CONTROLS,
    limits::CONTROLS,
    logins::CONTROLS,
    settings::CONTROLS,
];

/// Tells whether a path is one of the remote control.
pub(crate) fn covers(path: &str) -> bool {
    path.strip_prefix(PATH)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Removes the token from a request to the service, where it was sent by mistake: it must not be
/// recorded, and it is not a key.
pub(crate) fn strip_token(state: &State, headers: &mut HeaderMap) {
    headers.remove(TOKEN_HEADER);
    if key::bearer(headers).is_some_and(|key| state.control_token.is(key)) {
        headers.remove(AUTHORIZATION);
    }
}

/// Answers a request to the remote control.
pub(crate) async fn answer(state: &State, head: &Parts, body: Incoming) -> Answer {
    if let Err(error) = admit(state, head) {
        // Its body is not read.
        return refuse(&error).header("connection", "close");
    }
    let body = match Limited::new(body, state.config.max_body).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            let error = if error.is::<LengthLimitError>() {
                ControlError::new(413, "body_too_large", "The body is too large.")
            } else {
                ControlError::new(400, "invalid_body", "The body could not be read.")
            };
            return refuse(&error).header("connection", "close");
        }
    };
    match run(state, head, &body) {
        Ok(value) => respond(200, value.to_string()),
        Err(Refused::Error(error)) => refuse(&error),
        Err(Refused::Method(allowed)) => {
            let message = format!("The methods of this path are {allowed}.");
            let error = ControlError::new(405, "method_not_allowed", message);
            refuse(&error).header("allow", allowed)
        }
    }
}

/// Lets in programs that have the token. Foreign web pages are refused even if they have it.
fn admit(state: &State, head: &Parts) -> Result<(), ControlError> {
    screen::check_control(&state.origin, state.config.access, head).map_err(|foreign| {
        let (code, message) = screen::explain(&state.origin, &foreign);
        ControlError::new(403, code, message)
    })?;
    if state.control_token.is_in(&head.headers) {
        return Ok(());
    }
    let message = "The remote control needs the token that the emulator gave at its start, as \
                   `Authorization: Bearer TOKEN` or `x-emulator-token: TOKEN`.";
    Err(ControlError::new(401, "invalid_token", message))
}

/// Why a request has no answer.
enum Refused {
    Error(ControlError),
    /// The path exists, with these methods.
    Method(String),
}

impl From<ControlError> for Refused {
    fn from(error: ControlError) -> Self {
        Self::Error(error)
    }
}

fn run(state: &State, head: &Parts, body: &[u8]) -> Result<Value, Refused> {
    let path = head.uri.path();
    let rest = path.strip_prefix(PATH).unwrap_or(path);
    let here: Vec<(&Control, Option<u64>)> = CONTROLS
        .into_iter()
        .flatten()
        .filter_map(|control| Some((control, matches(control.path, rest)?)))
        .collect();
    if here.is_empty() {
        let message = format!("There is no such path: {path}. GET {PATH}/ lists what there is.");
        return Err(ControlError::new(404, "not_found", message).into());
    }
    let method = match &head.method {
        &Method::HEAD => &Method::GET,
        method => method,
    };
    let Some((control, id)) = here.iter().find(|(control, _)| control.method == method) else {
        let methods: Vec<&str> = here.iter().map(|(here, _)| here.method.as_str()).collect();
        return Err(Refused::Method(methods.join(", ")));
    };
    let query = Fields::of_query(head.uri.query());
    let fields = if method == Method::POST {
        query.finish()?;
        Fields::of_body(body)?
    } else if body.is_empty() {
        query
    } else {
        let message = format!("{method} takes its fields from the query and has no body.");
        return Err(ControlError::new(400, "invalid_body", message).into());
    };
    let asked = Asked {
        fields,
        id: *id,
        origin: screen::origin(&state.origin, state.config.access, &head.headers),
    };
    Ok((control.run)(state, asked)?)
}

/// What is answered when something with an id was removed, or was not there.
fn removed(found: bool, what: &str, id: u64) -> Result<Value, ControlError> {
    if found {
        return Ok(json!({"removed": 1}));
    }
    let message = format!("There is no {what} {id}.");
    Err(ControlError::new(404, "not_found", message))
}

/// Compares a path with that of a control; `Some` with the id at its end, where it has one.
fn matches(pattern: &str, path: &str) -> Option<Option<u64>> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let Some(folder) = pattern.strip_suffix("{id}") else {
        return (path == pattern.trim_end_matches('/')).then_some(None);
    };
    let digits = path.strip_prefix(folder)?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let id = is_number.then(|| digits.parse().ok()).flatten()?;
    Some(Some(id))
}

fn refuse(error: &ControlError) -> Answer {
    let answer = respond(error.status, error.body());
    if error.status == 401 {
        return answer.header("www-authenticate", "Bearer");
    }
    answer
}

/// An answer without the headers of the service.
fn respond(status: u16, body: String) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ];
    Answer {
        status,
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        body: AnswerBody::Whole(body.into()),
        tokens: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_as_wholes() {
        assert_eq!(matches("/faults", "/faults"), Some(None));
        assert_eq!(matches("/faults", "/faults/"), Some(None));
        assert_eq!(matches("/", ""), Some(None));
        assert_eq!(matches("/", "/"), Some(None));
        assert_eq!(matches("/faults/{id}", "/faults/12"), Some(Some(12)));
        for path in [
            "/faults",
            "/faults/",
            "/faults/x",
            "/faults/1/2",
            "/faults/+1",
        ] {
            assert_eq!(matches("/faults/{id}", path), None, "{path}");
        }
        assert_eq!(matches("/faults", "/faultsx"), None);
    }

    #[test]
    fn only_its_own_folder_is_covered() {
        for path in ["/emulator", "/emulator/", "/emulator/clock"] {
            assert!(covers(path), "{path}");
        }
        for path in [
            "/",
            "/emulators",
            "/cn/emulator/",
            "/compatible-mode/v1/emulator",
        ] {
            assert!(!covers(path), "{path}");
        }
    }

    #[test]
    fn no_control_stands_twice() {
        let all = CONTROLS.into_iter().flatten();
        let mut names: Vec<_> = all
            .map(|control| (control.path, control.method.as_str()))
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
