//! The query of a request.

/// Returns the value of a parameter, its escapes resolved; `None` when it is absent or empty.
pub(crate) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    query
        .unwrap_or_default()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| unescape(value))
}

/// Writes text so that it can stand in a query.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(byte.into());
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
        let plain = if *first == b'+' { b' ' } else { *first };
        bytes.push(escaped.unwrap_or(plain));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_and_unescaped() {
        let query = Some("a=1&b=x%2By+z&c=&d=%&e=%zz");
        let parameter = |name| parameter(query, name);
        assert_eq!(parameter("a").as_deref(), Some("1"));
        assert_eq!(parameter("b").as_deref(), Some("x+y z"));
        assert_eq!(parameter("c"), None);
        assert_eq!(parameter("d").as_deref(), Some("%"));
        assert_eq!(parameter("e").as_deref(), Some("%zz"));
        assert_eq!(parameter("f"), None);
        assert_eq!(super::parameter(None, "a"), None);
    }

    #[test]
    fn what_is_escaped_comes_back() {
        for text in ["a+b/c=", "北京 &%", "x"] {
            assert_eq!(unescape(&escape(text)), text);
        }
    }
}
