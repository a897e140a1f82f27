//! Error bodies: one type for both styles of this service.

use serde_json::value::RawValue;

use crate::{Secrets, clean::clean, json};

/// An error body in any style of this service or in a compatible one.
///
/// * OpenAI style: `{"error":{"message","type","param","code"},"request_id"}`
/// * native style: `{"code","message","request_id"}`
/// * Anthropic style: `{"type":"error","error":{"type","message"},"request_id"}`
/// * others: `{"error":"…"}`, as the gate of the Coding Plan sends, `{"detail":"…"}`,
///   `{"message":"…"}`
///
/// Texts are cleaned: at most 300 characters, without control and invisible characters.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ServerError {
    code: Option<Box<str>>,
    kind: Option<Box<str>>,
    message: Option<Box<str>>,
    request_id: Option<Box<str>>,
}

impl ServerError {
    /// Parses an error body; `None` if it does not describe an error.
    ///
    /// A leading `data:` is skipped, since this service sends it when streaming was requested. If a
    /// field is repeated, the last one wins. A plain-text body becomes the message; a web page is
    /// ignored.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        let body = String::from_utf8_lossy(body);
        let body = body.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{feff}');
        let body = body.strip_prefix("data:").unwrap_or(body).trim_start();
        // An event stream may continue after the error: only the first value counts.
        let mut values = serde_json::Deserializer::from_str(body).into_iter::<&RawValue>();
        match values.next() {
            Some(Ok(value)) if value.get().starts_with('{') => {
                Envelope::read(value.get()).into_error()
            }
            // Plain text may start with valid JSON: "404 page not found".
            _ if body.starts_with(['<', '{', '[']) || body == "null" => None,
            _ => {
                let message = text(Some(body)).or_else(|| clean(body))?;
                Some(Self {
                    message: Some(message),
                    ..Self::default()
                })
            }
        }
    }

    /// Returns the machine-readable code, such as `invalid_api_key`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Returns the `type` field of the OpenAI and Anthropic styles.
    #[must_use]
    pub fn error_type(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// Returns the cleaned message.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Returns the request id, to give to the vendor's support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    pub(crate) fn with_code(mut self, code: String) -> Self {
        self.code = Some(code.into());
        self
    }

    pub(crate) fn or_request_id(mut self, id: Option<Box<str>>) -> Self {
        self.request_id = self.request_id.or(id);
        self
    }

    /// Masks `secret` wherever the server echoed it.
    #[must_use]
    pub fn without(self, secret: Option<&str>) -> Self {
        match secret {
            Some(secret) => self.masked(&Secrets::default().with(secret)),
            None => self,
        }
    }

    /// Masks `secrets` wherever the server echoed them.
    #[must_use]
    pub fn masked(mut self, secrets: &Secrets) -> Self {
        for text in [
            &mut self.code,
            &mut self.kind,
            &mut self.message,
            &mut self.request_id,
        ]
        .into_iter()
        .flatten()
        {
            *text = secrets.mask(text).into();
        }
        self
    }
}

/// The fields of all styles, each as loosely typed as servers send it.
#[derive(Default)]
struct Envelope<'a> {
    error: Option<&'a str>,
    code: Option<&'a str>,
    kind: Option<&'a str>,
    message: Option<&'a str>,
    detail: Option<&'a str>,
    request_id: Option<&'a str>,
    id: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    fn read(json: &'a str) -> Self {
        let mut envelope = Self::default();
        // The text is one valid value already; anything but an object has no fields.
        let _ = json::fields(json, |name, value| match name {
            "error" => envelope.error = Some(value),
            "code" => envelope.code = Some(value),
            "type" => envelope.kind = Some(value),
            "message" => envelope.message = Some(value),
            "detail" => envelope.detail = Some(value),
            "request_id" => envelope.request_id = Some(value),
            "id" => envelope.id = Some(value),
            _ => {}
        });
        envelope
    }

    fn into_error(self) -> Option<ServerError> {
        let inner = self.error.map(Self::read).unwrap_or_default();
        let error = ServerError {
            code: text(inner.code).or_else(|| text(self.code)),
            kind: text(inner.kind),
            message: text(inner.message)
                .or_else(|| text(self.error))
                .or_else(|| text(self.message))
                .or_else(|| text(self.detail)),
            request_id: text(self.request_id)
                .or_else(|| text(inner.request_id))
                .or_else(|| text(self.id))
                .or_else(|| text(inner.id)),
        };
        let found = error.code.is_some() || error.kind.is_some() || error.message.is_some();
        found.then_some(error)
    }
}

/// A string or a number as cleaned text; `None` for anything else and for empty text.
fn text(json: Option<&str>) -> Option<Box<str>> {
    let json = json?;
    match json.as_bytes().first()? {
        b'"' => clean(&json::text(json)?),
        b'-' | b'0'..=b'9' => clean(json),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expect: Option<(&str, &str, &str)>) {
        let error = ServerError::parse(body.as_bytes());
        let fields = error.as_ref().map(|e| {
            (
                e.code().unwrap_or("-"),
                e.message().unwrap_or("-"),
                e.request_id().unwrap_or("-"),
            )
        });
        assert_eq!(fields, expect, "{body}");
    }

    #[test]
    fn reads_every_style() {
        check(
            r#"{"error":{"message":"m","type":"t","param":null,"code":"c"},"request_id":"r"}"#,
            Some(("c", "m", "r")),
        );
        check(
            r#"{"code":"c","message":"m","request_id":"r"}"#,
            Some(("c", "m", "r")),
        );
        check(
            r#"data: {"error":{"code":"c","message":"m"},"id":"i"}"#,
            Some(("c", "m", "i")),
        );
        check(
            r#"{"error":{"message":"m","id":"i"}}"#,
            Some(("-", "m", "i")),
        );
        check(
            r#"{"type":"error","error":{"type":"t","message":"m"},"request_id":"r"}"#,
            Some(("-", "m", "r")),
        );
        check(r#"{"error":"m"}"#, Some(("-", "m", "-")));
        check(r#"{"detail":"m"}"#, Some(("-", "m", "-")));
        check(
            r#"{"error":{"code":401,"message":"m"}}"#,
            Some(("401", "m", "-")),
        );
    }

    #[test]
    fn other_bodies_are_none() {
        for body in [
            "",
            "{}",
            "[]",
            "null",
            "<html>",
            "[1]",
            "  ",
            r#"{"id":"x"}"#,
            r#"{"error":null}"#,
            "{\"error\":",
        ] {
            check(body, None);
        }
    }

    #[test]
    fn the_last_of_repeated_fields_wins() {
        check(
            r#"{"error":{"message":"a","code":"x"},"error":{"message":"b","code":"y","code":"z"}}"#,
            Some(("z", "b", "-")),
        );
        check(r#"{"message":"a","message":"b"}"#, Some(("-", "b", "-")));
    }

    #[test]
    fn plain_text_is_the_message() {
        for body in [
            "no such host",
            "404 page not found",
            "\u{feff}no such host",
            "\"quoted\"",
        ] {
            let message = body.trim_matches(['\u{feff}', '"']);
            check(body, Some(("-", message, "-")));
        }
    }

    #[test]
    fn texts_are_cleaned_and_truncated() {
        check(
            "{\"message\":\"a\\u001b[31m\\nb\\u202e\"}",
            Some(("-", "a [31m b", "-")),
        );
        let long = format!("{{\"message\":\"{}\"}}", "x".repeat(400));
        let error = ServerError::parse(long.as_bytes()).unwrap();
        assert_eq!(error.message().unwrap().chars().count(), 301);
    }

    #[test]
    fn the_key_that_was_sent_is_masked() {
        let error = ServerError::parse(br#"{"message":"bad key sk-1234"}"#).unwrap();
        assert_eq!(
            error.without(Some("sk-1234")).message(),
            Some("bad key [key]")
        );
        // A long message may be truncated in the middle of it.
        let filler = "x".repeat(295);
        let body = format!(r#"{{"message":"{filler}sk-1234"}}"#);
        let error = ServerError::parse(body.as_bytes()).unwrap();
        let message = format!("{filler}[key]…");
        assert_eq!(error.without(Some("sk-1234")).message(), Some(&*message));
    }
}
