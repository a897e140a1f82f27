//! Form bodies: `application/x-www-form-urlencoded`, as OAuth servers expect.

use http::{HeaderValue, header::CONTENT_TYPE};

use crate::Request;

impl Request {
    /// Sets a form body.
    ///
    /// A space becomes `%20`, which every server accepts, unlike `+`.
    ///
    /// ```
    /// # let client = qwen_openclaw_http::Client::builder().build()?;
    /// let request = client
    ///     .post("https://login.example/token")
    ///     .form(&[("grant_type", "refresh_token"), ("scope", "openid email")]);
    /// # let _ = request;
    /// # Ok::<(), qwen_openclaw_http::Error>(())
    /// ```
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        self.body = encode(fields).into();
        self
    }
}

fn encode(fields: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        escape(name, &mut body);
        body.push('=');
        escape(value, &mut body);
    }
    body
}

/// Appends `text`, escaping everything but RFC 3986's unreserved characters.
fn escape(text: &str, body: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            body.push(char::from(byte));
        } else {
            body.push('%');
            body.push(char::from(HEX[usize::from(byte >> 4)]));
            body.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn fields_are_escaped() {
        let table: [(&[(&str, &str)], &str); 4] = [
            (&[], ""),
            (&[("a", "")], "a="),
            (
                &[("scope", "openid email"), ("x", "1&2=3+%")],
                "scope=openid%20email&x=1%262%3D3%2B%25",
            ),
            (&[("ü", "-._~")], "%C3%BC=-._~"),
        ];
        for (fields, body) in table {
            assert_eq!(encode(fields), body);
        }
    }

    #[test]
    fn the_media_type_is_set() {
        let request = Request::new(Method::POST, "https://a.example/").form(&[("a", "b")]);
        let request = request.into_http().unwrap();
        assert_eq!(
            request.headers()[CONTENT_TYPE],
            "application/x-www-form-urlencoded"
        );
        assert_eq!(request.body(), "a=b");
    }
}
