//! `${NAME}` in a text.

use std::borrow::Cow;

use qwen_openclaw_auth::Environment;

use crate::error::Error;

/// Replaces each `${NAME}` by the value of that variable, and `$${NAME}` by `${NAME}`.
///
/// A name consists of capital letters, digits, and underscores; everything else stays as it is.
/// `path` says where the text comes from.
pub(crate) fn substitute<'a>(
    text: &'a str,
    environment: &Environment,
    path: &str,
) -> Result<Cow<'a, str>, Error> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        result.push_str(before);
        if let Some((name, after)) = from.strip_prefix("$$").and_then(braced) {
            result.push_str("${");
            result.push_str(name);
            result.push('}');
            rest = after;
        } else if let Some((name, after)) = from.strip_prefix('$').and_then(braced) {
            let value = environment.value(name).map_err(Error::auth)?;
            result.push_str(value.ok_or_else(|| Error::unset(name, path))?);
            rest = after;
        } else {
            result.push('$');
            rest = &from[1..];
        }
    }
    if rest.len() == text.len() {
        return Ok(Cow::Borrowed(text));
    }
    result.push_str(rest);
    Ok(Cow::Owned(result))
}

/// Returns the variable if the text is nothing but one `${NAME}`.
pub(crate) fn variable(text: &str) -> Option<&str> {
    let (name, after) = braced(text.trim().strip_prefix('$')?)?;
    after.is_empty().then_some(name)
}

/// Whether a variable may have this name: `[A-Z_][A-Z0-9_]*`.
pub(crate) fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Parses `{NAME}` at the beginning.
fn braced(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('{')?.split_once('}')?;
    is_variable(name).then_some((name, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn names_in_braces_are_replaced() {
        let environment =
            Environment::from_pairs([("A", "one"), ("B_2", "two ${A}"), ("BLANK", " ")]);
        for (text, expected) in [
            ("", ""),
            (
                "plain $ and ${lower} and ${A",
                "plain $ and ${lower} and ${A",
            ),
            ("${A}", "one"),
            ("<${A}-${B_2}>", "<one-two ${A}>"),
            ("$${A} $$${A} $$A", "${A} $${A} $$A"),
            ("${}", "${}"),
            ("ціна $${A}", "ціна ${A}"),
        ] {
            let result = substitute(text, &environment, "a").unwrap();
            assert_eq!(result, expected, "{text}");
        }
        for name in ["UNSET", "BLANK"] {
            let text = format!("${{{name}}}");
            let error = substitute(&text, &environment, "a.b").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unset);
            assert_eq!((error.variable(), error.path()), (Some(name), Some("a.b")));
        }
    }

    #[test]
    fn a_text_that_is_one_variable_is_recognized() {
        assert_eq!(variable(" ${MY_KEY} "), Some("MY_KEY"));
        for text in ["$${MY_KEY}", "${MY_KEY}x", "${my}", "MY_KEY", "${MY}${KEY}"] {
            assert_eq!(variable(text), None, "{text}");
        }
    }
}
