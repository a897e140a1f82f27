//! The object that a prompt asks for in words.

use serde_json::{Map, Value, json};

use super::schema::{self, Hints};

/// How many braces are tried as the start of an example.
const MAX_BRACES: usize = 64;

/// Makes the object that a text describes: by a schema, by an example, or by the names of its keys.
/// `None` if it describes none. Texts come from `prompt`.
pub(super) fn object(text: &str, prompt: &str) -> Option<Value> {
    let hints = Hints::of(prompt);
    by_json(text, prompt, &hints)
        .or_else(|| filled(quoted(text), &hints))
        .or_else(|| filled(listed(text), &hints))
}

/// By the first object in the text.
fn by_json(text: &str, prompt: &str, hints: &Hints) -> Option<Value> {
    let starts = text.match_indices('{').map(|(at, _)| at).take(MAX_BRACES);
    let mut objects = starts.filter_map(|at| {
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter();
        match values.next() {
            Some(Ok(Value::Object(object))) if !object.is_empty() => Some(object),
            _ => None,
        }
    });
    let found = objects.next()?;
    if found.get("properties").is_some_and(Value::is_object) {
        return Some(schema::example(&Value::Object(found), prompt));
    }
    Some(filled_in(&Value::Object(found), "", hints))
}

/// An example with its placeholders filled in.
fn filled_in(example: &Value, name: &str, hints: &Hints) -> Value {
    match example {
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| (name.clone(), filled_in(value, name, hints)))
            .collect(),
        Value::Array(items) => items
            .iter()
            .map(|item| filled_in(item, name, hints))
            .collect(),
        Value::String(text) => placeholder(text, name, hints).unwrap_or_else(|| example.clone()),
        other => other.clone(),
    }
}

/// What takes the place of a word that says what belongs there; `None` for any other text.
fn placeholder(text: &str, name: &str, hints: &Hints) -> Option<Value> {
    let text = text.trim().to_ascii_lowercase();
    match &*text {
        "" | "..." | "…" | "string" | "str" | "text" => Some(hints.word(name).into()),
        "number" | "integer" | "int" | "float" => Some(number(hints)),
        "boolean" | "bool" => Some(true.into()),
        "array" | "list" => Some(json!([hints.word(name)])),
        "object" => Some(json!({})),
        "null" => Some(Value::Null),
        text if text.starts_with('<') && text.ends_with('>') => Some(hints.word(name).into()),
        _ => None,
    }
}

fn number(hints: &Hints) -> Value {
    let first = hints.numbers.first().copied().unwrap_or(1.0);
    if first.fract() == 0.0 && first.abs() < 9e15 {
        json!(first as i64)
    } else {
        json!(first)
    }
}

/// A key, and the word for its type.
type Key = (String, String);

fn filled(keys: Vec<Key>, hints: &Hints) -> Option<Value> {
    let object: Map<String, Value> = keys
        .into_iter()
        .map(|(name, kind)| {
            let value = placeholder(&kind, &name, hints);
            let value = value.unwrap_or_else(|| hints.word(&name).into());
            (name, value)
        })
        .collect();
    (!object.is_empty()).then_some(Value::Object(object))
}

/// The keys of something like `{"name": string, "age": number}`: in quotes, before a colon.
fn quoted(text: &str) -> Vec<Key> {
    let parts: Vec<&str> = text.split('"').collect();
    let pairs = parts.windows(2).skip(1).step_by(2);
    pairs
        .filter_map(|pair| {
            let kind = pair[1].trim_start().strip_prefix(':')?.trim_start();
            let end = kind.find(|c: char| !c.is_alphanumeric());
            let is_name = !pair[0].is_empty() && pair[0].chars().count() <= 64;
            is_name.then(|| {
                (
                    pair[0].to_owned(),
                    kind[..end.unwrap_or(kind.len())].to_owned(),
                )
            })
        })
        .collect()
}

/// Words after which names of keys follow.
const INTRODUCTIONS: &[&str] = &["keys", "fields", "properties", "attributes"];
/// The same for one, whose name must be quoted: "the key point" names none.
const SINGULAR: &[&str] = &["key", "field", "property", "attribute"];
/// What may stand before the names.
const FILLERS: &[&str] = &["are", "named", "called", "the", "following"];
/// What no key is called.
const OTHER_WORDS: &[&str] = &[
    "of", "in", "for", "with", "to", "from", "that", "which", "is", "must", "should", "as", "on",
];

/// The keys that are listed after words such as "with the keys".
fn listed(text: &str) -> Vec<Key> {
    let text = text
        .replace(['、', '，'], ", ")
        .replace('：', ": ")
        .replace('和', " and ")
        .replace("字段", " fields ");
    let words: Vec<&str> = text.split_whitespace().collect();
    (0..words.len())
        .map(|at| names(&words[at..]))
        .find(|names| !names.is_empty())
        .unwrap_or_default()
        .into_iter()
        .map(|name| (name, String::new()))
        .collect()
}

/// The names after the first word, if that introduces some.
fn names(words: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    let Some((first, mut rest)) = words.split_first() else {
        return names;
    };
    let first = first
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_ascii_lowercase();
    let singular = SINGULAR.contains(&&*first);
    if !singular && !INTRODUCTIONS.contains(&&*first) {
        return names;
    }
    while let Some((word, after)) = rest.split_first() {
        if !names.is_empty() || !FILLERS.contains(&word.trim_end_matches(':')) && *word != ":" {
            break;
        }
        rest = after;
    }
    while let Some((word, after)) = rest.split_first() {
        let is_quoted = word.starts_with(['`', '"', '\'', '“', '‘']);
        let name = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
        let letters = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let is_name = !name.is_empty() && name.chars().all(letters);
        if !is_name || singular && !is_quoted || !is_quoted && OTHER_WORDS.contains(&name) {
            break;
        }
        names.push(name.to_owned());
        rest = after;
        let joined = |word: &str| matches!(word, "and" | "or" | "&");
        let more = word.ends_with(',') || rest.first().is_some_and(|word| joined(word));
        if !more {
            break;
        }
        if let Some((word, after)) = rest.split_first()
            && joined(word)
        {
            rest = after;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Value) {
        assert_eq!(object(text, ""), Some(expected), "{text}");
    }

    #[test]
    fn keys_are_found() {
        let both = json!({"name": "example name", "age": "example age"});
        for text in [
            "as JSON with the keys name and age",
            "JSON. Keys: `name`, `age`.",
            "Return json with fields \"name\", \"age\" of the person",
            "JSON object; properties named name, and age for each",
            "JSON，字段：name、age",
        ] {
            check(text, both.clone());
        }
        check(
            "a JSON object with a key `answer`",
            json!({"answer": "example answer"}),
        );
        check(
            r#"Answer as JSON: {"name": string, "age": number, "ok": boolean}"#,
            json!({"name": "example name", "age": 1, "ok": true}),
        );
    }

    #[test]
    fn examples_and_schemas_are_followed() {
        check(
            r#"JSON like {"mood": "good", "who": {"name": "string"}, "tags": ["..."], "n": 3}"#,
            json!({"mood": "good", "who": {"name": "example name"}, "tags": ["example tags"], "n": 3}),
        );
        check(
            r#"JSON of {"type": "object", "properties": {"n": {"type": "integer"}}}, {"x": 1}"#,
            json!({"n": 0}),
        );
        assert_eq!(
            object(r#"{"city": "string"}"#, "Weather in Kyiv"),
            Some(json!({"city": "Kyiv"}))
        );
    }

    #[test]
    fn where_none_are_asked_for_none_are_found() {
        for text in [
            "",
            "The key points as JSON",
            "JSON about fields of study",
            "{ not json }",
            "{}",
            "\"",
            "keys",
            "keys:",
            "He said \"hello\" in JSON",
        ] {
            assert_eq!(object(text, ""), None, "{text}");
        }
        assert_eq!(object(&"{".repeat(100_000), ""), None);
    }
}
