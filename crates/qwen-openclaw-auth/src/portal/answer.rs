//! Requests to a login server, and its responses: JSON, or whatever comes back instead.

use std::time::{Duration, SystemTime};

use qwen_openclaw_http::{self as http, Secrets};
use serde_json::{Map, Value};

use super::{Portal, TIMEOUT};
use crate::error::Error;

/// No response of the protocol is longer; firewalls' pages are.
const MAX_BYTES: usize = 64 << 10;

/// The form fields that are secret, because knowing them is enough to log in.
const SECRET_FIELDS: [&str; 3] = ["refresh_token", "device_code", "code_verifier"];

/// A response that is a JSON object, whatever its status.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) object: Map<String, Value>,
    pub(super) retry_after: Option<Duration>,
    /// The server's clock.
    pub(super) date: Option<SystemTime>,
    /// The secrets that were sent, which the response may echo.
    pub(super) sent: Secrets,
}

/// A request that got no such response.
#[derive(Debug)]
pub(super) struct NoAnswer {
    pub(super) error: Error,
    pub(super) cause: Cause,
}

/// Why there is no response, as far as it determines what to do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    /// Nothing was sent.
    NotSent,
    /// Nothing was sent, and retrying is pointless: an untrusted certificate.
    Hopeless,
    /// It was sent, and the response was lost: the server may have acted.
    Lost,
    /// A gateway responded for a server that failed or was slow: it may have acted.
    Failing,
    /// An HTML page, or something else that is not a response of this protocol.
    Foreign,
}

impl Portal {
    /// Sends a form and reads the response. `doing` is the subject of error messages.
    pub(super) async fn ask(
        &self,
        doing: &'static str,
        url: String,
        fields: &[(&str, &str)],
        request_id: Option<&str>,
    ) -> Result<Answer, NoAnswer> {
        let http = &self.settings.http;
        let mut request = http
            .post(url)
            .form(fields)
            .accept("application/json")
            .head_timeout(TIMEOUT);
        for (name, value) in fields {
            if SECRET_FIELDS.contains(name) {
                request = request.hiding(value);
            }
        }
        if let Some(id) = request_id {
            request = request
                .header("x-request-id", id)
                .map_err(|error| unsent(doing, error))?;
        }
        let answer = http
            .buffered(request, MAX_BYTES)
            .await
            .map_err(|error| unsent(doing, error))?;
        decode(doing, &answer)
    }
}

fn unsent(doing: &'static str, error: http::Error) -> NoAnswer {
    let cause = match error.kind() {
        http::ErrorKind::TooLarge => Cause::Foreign,
        _ if error.was_sent() => Cause::Lost,
        http::ErrorKind::Network if !is_certificate(&error) => Cause::NotSent,
        _ => Cause::Hopeless,
    };
    let error = match cause {
        Cause::Foreign => Error::protocol(doing, "is too large"),
        _ => Error::unreachable(doing, error),
    };
    NoAnswer { error, cause }
}

/// Retrying does not help against an untrusted certificate.
fn is_certificate(error: &http::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error
            .to_string()
            .to_ascii_lowercase()
            .contains("certificate")
        {
            return true;
        }
        cause = error.source();
    }
    false
}

fn decode(doing: &'static str, answer: &http::BufferedResponse) -> Result<Answer, NoAnswer> {
    let status = answer.status();
    if (300..400).contains(&status) {
        return Err(NoAnswer {
            error: Error::redirected(doing, answer.location_host()),
            cause: Cause::Foreign,
        });
    }
    let failing = status >= 500;
    let body = answer.body().trim_ascii();
    let is_json = answer
        .media_type()
        .is_none_or(|media_type| media_type.to_ascii_lowercase().ends_with("json"));
    if !is_json || body.first() == Some(&b'<') {
        let media_type = answer.media_type().map(|text| answer.secrets().mask(text));
        let id = answer.request_id();
        let blocked = Error::blocked(doing, status, media_type.as_deref(), id.as_deref());
        let cause = if failing {
            Cause::Failing
        } else {
            Cause::Foreign
        };
        return Err(NoAnswer {
            error: blocked,
            cause,
        });
    }
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
        return Err(if failing {
            NoAnswer {
                error: Error::failing(doing, status),
                cause: Cause::Failing,
            }
        } else {
            NoAnswer {
                error: Error::protocol(doing, "is not a JSON object"),
                cause: Cause::Foreign,
            }
        });
    };
    Ok(Answer {
        status,
        object,
        retry_after: answer.retry_after(),
        date: answer.date(),
        sent: answer.secrets().clone(),
    })
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the error code, in lower case and with the sent secrets masked; servers return one
    /// with any status.
    pub(super) fn error(&self) -> Option<String> {
        let error = self.object.get("error")?;
        let code = error.as_str().or_else(|| error.get("code")?.as_str())?;
        Some(self.sent.mask(code.trim()).to_ascii_lowercase())
    }

    /// Returns a string field that is not blank.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let text = self.object.get(name)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// Returns a positive number of seconds, given as a number or a string.
    pub(super) fn seconds(&self, name: &str) -> Option<Duration> {
        let value = self.object.get(name)?;
        let number = value
            .as_f64()
            .or_else(|| value.as_str()?.trim().parse().ok())?;
        // Capped at about a century.
        (number.is_finite() && number > 0.0).then(|| Duration::from_secs_f64(number.min(3.2e9)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_may_be_texts_and_nonsense_is_absent() {
        let Value::Object(object) = json!({
            "a": 5, "b": "600", "c": 2.5, "d": 0, "e": -1, "f": "x", "g": null, "h": 1e300,
        }) else {
            unreachable!()
        };
        let answer = Answer {
            status: 200,
            object,
            retry_after: None,
            date: None,
            sent: Secrets::default(),
        };
        let seconds = |name| answer.seconds(name).map(|time| time.as_secs_f64());
        assert_eq!(seconds("a"), Some(5.0));
        assert_eq!(seconds("b"), Some(600.0));
        assert_eq!(seconds("c"), Some(2.5));
        assert_eq!(seconds("h"), Some(3.2e9));
        for name in ["d", "e", "f", "g", "i"] {
            assert_eq!(seconds(name), None, "{name}");
        }
    }
}
