//! Values made to fit a JSON schema.

use std::io;

use serde::Serialize;
use serde_json::{Map, Number, Value, json, ser::Formatter};

/// Makes a value that fits `schema`, with words and numbers of `prompt` where they fit.
///
/// Understood are the keywords that tool parameters and typed answers use: `type`, `properties`,
/// `required`, `items`, `enum`, `const`, `default`, `$ref`, `anyOf`, `oneOf`, `allOf`, `format` and
/// the limits of numbers, strings and arrays. `pattern` is not.
pub(super) fn example(schema: &Value, prompt: &str) -> Value {
    Maker {
        root: schema,
        hints: Hints::of(prompt),
        optional: true,
    }
    .value(schema, "", 0)
}

/// The same, with nothing that is not required.
pub(super) fn required(schema: &Value, prompt: &str) -> Value {
    Maker {
        root: schema,
        hints: Hints::of(prompt),
        optional: false,
    }
    .value(schema, "", 0)
}

/// Writes JSON with a blank after colons and commas, as the models do.
pub(super) fn spaced(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Spaced);
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => value.to_string(),
    }
}

/// How deep values go; beyond it only what is required is made.
const MAX_DEPTH: usize = 8;
/// How deep values go at all. A schema that requires itself has no value that fits.
const MAX_REQUIRED_DEPTH: usize = 32;
/// The longest array and string made because a schema asks for that many.
const MAX_COUNT: usize = 256;

struct Maker<'a> {
    root: &'a Value,
    hints: Hints,
    /// Whether properties are made that need not be there.
    optional: bool,
}

impl Maker<'_> {
    fn value(&self, schema: &Value, name: &str, depth: usize) -> Value {
        if depth > MAX_REQUIRED_DEPTH {
            return Value::Null;
        }
        if let Some(value) = schema.get("const").or_else(|| schema.get("default")) {
            return value.clone();
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return self.hints.one_of(values);
        }
        if let Some(target) = schema.get("$ref").and_then(|target| self.target(target)) {
            return self.value(target, name, depth + 1);
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(choices) = schema.get(keyword).and_then(Value::as_array) {
                let choice = choices.iter().find(|choice| choice["type"] != "null");
                return choice.map_or(Value::Null, |choice| self.value(choice, name, depth + 1));
            }
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.merged(schema, parts, name, depth);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, name, depth),
            "string" => self.string(schema, name),
            "integer" => self.number(schema, true),
            "number" => self.number(schema, false),
            "boolean" => Value::Bool(true),
            "null" => Value::Null,
            _ => Value::String(self.hints.word(name)),
        }
    }

    /// The schema that a reference within the document means.
    fn target(&self, reference: &Value) -> Option<&Value> {
        self.root.pointer(reference.as_str()?.strip_prefix('#')?)
    }

    fn merged(&self, schema: &Value, parts: &[Value], name: &str, depth: usize) -> Value {
        let mut values = parts.iter().map(|part| self.value(part, name, depth + 1));
        let mut merged = values.next().unwrap_or_default();
        let own = schema.get("properties").map(|_| self.object(schema, depth));
        for value in values.chain(own) {
            if let (Value::Object(merged), Value::Object(value)) = (&mut merged, value) {
                merged.extend(value);
            }
        }
        merged
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let mut object = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            if self.optional && depth < MAX_DEPTH || required.contains(&&**name) {
                object.insert(name.clone(), self.value(property, name, depth + 1));
            }
        }
        for name in required {
            if !object.contains_key(name) {
                object.insert(name.to_owned(), Value::String(self.hints.word(name)));
            }
        }
        Value::Object(object)
    }

    fn array(&self, schema: &Value, name: &str, depth: usize) -> Value {
        if let Some(items) = schema.get("prefixItems").and_then(Value::as_array) {
            let values = items.iter().map(|item| self.value(item, name, depth + 1));
            return values.collect();
        }
        let least = count(schema, "minItems").unwrap_or(1);
        let most = count(schema, "maxItems").unwrap_or(usize::MAX);
        let length = if depth < MAX_DEPTH {
            least.max(1)
        } else {
            least
        };
        let item = schema.get("items").unwrap_or(&Value::Null);
        let value = self.value(item, name, depth + 1);
        let mut values = vec![value; length.min(most).min(MAX_COUNT)];
        if schema["uniqueItems"] == true {
            make_unique(&mut values);
        }
        Value::Array(values)
    }

    fn string(&self, schema: &Value, name: &str) -> Value {
        let fixed = match schema.get("format").and_then(Value::as_str) {
            Some("date") => Some("2026-01-23"),
            Some("time") => Some("12:30:00Z"),
            Some("date-time") => Some("2026-01-23T12:30:00Z"),
            Some("duration") => Some("PT5M"),
            Some("email") => Some("someone@example.com"),
            Some("hostname") => Some("example.com"),
            Some("ipv4") => Some("127.0.0.1"),
            Some("ipv6") => Some("::1"),
            Some("uri" | "url" | "uri-reference") => Some("https://example.com/"),
            Some("uuid") => Some("00000000-0000-4000-8000-000000000000"),
            _ => None,
        };
        let mut text = fixed.map_or_else(|| self.hints.word(name), str::to_owned);
        let least = count(schema, "minLength").unwrap_or(0).min(MAX_COUNT);
        let missing = least.saturating_sub(text.chars().count());
        text.extend(std::iter::repeat_n('x', missing));
        if let Some(most) = count(schema, "maxLength") {
            text = text.chars().take(most).collect();
        }
        Value::String(text)
    }

    fn number(&self, schema: &Value, whole: bool) -> Value {
        let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
        let step = limit("multipleOf")
            .filter(|step| *step > 0.0)
            .unwrap_or(if whole { 1.0 } else { 0.5 });
        let least =
            limit("minimum").or_else(|| limit("exclusiveMinimum").map(|least| least + step));
        let most = limit("maximum").or_else(|| limit("exclusiveMaximum").map(|most| most - step));
        let low = least.unwrap_or_else(|| most.map_or(0.0, |most| most.min(1.0)));
        let fits = |number: &f64| {
            *number >= least.unwrap_or(f64::MIN)
                && *number <= most.unwrap_or(f64::MAX)
                && (!whole || number.fract() == 0.0)
                && (limit("multipleOf").is_none() || (number / step).fract() == 0.0)
        };
        let found = self.hints.numbers.iter().copied().find(fits);
        let number = found.unwrap_or((low / step).ceil() * step);
        if whole || number.fract() == 0.0 {
            // Out of range, a float becomes the nearest integer.
            return json!(number as i64);
        }
        Number::from_f64(number).map_or(json!(0), Value::Number)
    }
}

/// The type a schema wants, guessed from its keywords when it does not say.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "",
    }
}

fn count(schema: &Value, name: &str) -> Option<usize> {
    usize::try_from(schema.get(name)?.as_u64()?).ok()
}

fn make_unique(values: &mut [Value]) {
    for (index, value) in values.iter_mut().enumerate().skip(1) {
        match value {
            Value::String(text) => text.push_str(&format!(" {}", index + 1)),
            Value::Number(number) => {
                let first = number.as_i64().unwrap_or_default();
                *value = json!(first.saturating_add(index as i64));
            }
            _ => {}
        }
    }
}

/// What in a prompt could be an argument.
#[derive(Debug)]
struct Hints {
    /// Quoted texts first, then names: words with a capital letter that start no sentence.
    names: Vec<String>,
    words: Vec<String>,
    numbers: Vec<f64>,
}

impl Hints {
    fn of(prompt: &str) -> Self {
        let mut quoted: Vec<String> = prompt
            .split('"')
            .skip(1)
            .step_by(2)
            .filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
            .collect();
        let words: Vec<String> = prompt
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
            .filter(|word| !word.is_empty())
            .collect();
        let numbers = words.iter().filter_map(|word| word.parse().ok());
        let numbers = numbers.filter(|number: &f64| number.is_finite()).collect();
        quoted.extend(names(prompt));
        Self {
            names: quoted,
            words,
            numbers,
        }
    }

    /// A text for the property `name`.
    fn word(&self, name: &str) -> String {
        let named = self.names.first();
        named.cloned().unwrap_or_else(|| match name {
            "" => "example".to_owned(),
            name => format!("example {}", name.replace(['_', '-'], " ")),
        })
    }

    /// The value that the prompt mentions, else the first.
    fn one_of(&self, values: &[Value]) -> Value {
        let mentioned = |value: &&Value| {
            let text = value.as_str().unwrap_or_default();
            self.words
                .iter()
                .any(|word| word.eq_ignore_ascii_case(text))
        };
        let found = values.iter().find(mentioned).or_else(|| values.first());
        found.cloned().unwrap_or_default()
    }
}

/// Runs of capitalized words, without those at the start of a sentence.
fn names(prompt: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut open = false;
    let mut starts = true;
    for raw in prompt.split_whitespace() {
        let word = raw.trim_matches(|c: char| !c.is_alphanumeric());
        let capital = word.chars().next().is_some_and(char::is_uppercase);
        let is_name = capital && !starts && word != "I";
        match names.last_mut() {
            Some(last) if is_name && open => {
                last.push(' ');
                last.push_str(word);
            }
            _ if is_name => names.push(word.to_owned()),
            _ => {}
        }
        open = is_name && !raw.ends_with([',', ';', ':', '.', '!', '?']);
        starts = raw.ends_with(['.', '!', '?', ':']);
    }
    names
}

/// The JSON style of the models.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_from_the_prompt_what_fits() {
        let schema = json!({"type": "object", "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer", "minimum": 1, "maximum": 10},
            "unit": {"enum": ["celsius", "fahrenheit"]},
        }});
        assert_eq!(
            example(
                &schema,
                "Weather in New York for 3 days, in Fahrenheit please"
            ),
            json!({"city": "New York", "days": 3, "unit": "fahrenheit"})
        );
        assert_eq!(
            example(&schema, "hm"),
            json!({"city": "example city", "days": 1, "unit": "celsius"})
        );
        assert_eq!(
            example(&json!({"type": "string"}), r#"say "a b""#),
            json!("a b")
        );
    }

    #[test]
    fn keeps_to_limits() {
        for (schema, expected) in [
            (json!({"type": "integer", "exclusiveMinimum": 4}), json!(5)),
            (json!({"type": "number", "maximum": -2}), json!(-2)),
            (
                json!({"type": "integer", "minimum": 7, "multipleOf": 5}),
                json!(10),
            ),
            (json!({"type": "string", "maxLength": 3}), json!("exa")),
            (
                json!({"type": "string", "minLength": 9}),
                json!("examplexx"),
            ),
            (
                json!({"type": "string", "format": "date"}),
                json!("2026-01-23"),
            ),
            (json!({"type": ["null", "boolean"]}), json!(true)),
            (json!({"const": 7}), json!(7)),
            (
                json!({"type": "array", "minItems": 2, "uniqueItems": true, "items": {"type": "integer"}}),
                json!([0, 1]),
            ),
            (
                json!({"anyOf": [{"type": "null"}, {"type": "boolean"}]}),
                json!(true),
            ),
            (
                json!({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}),
                json!({"a": 1, "b": 2}),
            ),
            (
                json!({"type": "object", "required": ["x"]}),
                json!({"x": "example x"}),
            ),
        ] {
            assert_eq!(example(&schema, ""), expected, "{schema}");
        }
    }

    #[test]
    fn references_are_followed_and_circles_end() {
        let schema = json!({"$ref": "#/$defs/node", "$defs": {"node": {"type": "object",
            "properties": {"name": {"type": "string"}, "next": {"$ref": "#/$defs/node"}},
            "required": ["name"]}}});
        let value = example(&schema, "");
        assert_eq!(value["next"]["next"]["name"], "example name");
        let endless = json!({"$ref": "#"});
        assert_eq!(example(&endless, ""), Value::Null);
    }

    #[test]
    fn is_spaced_like_the_models() {
        assert_eq!(
            spaced(&json!({"a": [1, 2], "b": "x"})),
            r#"{"a": [1, 2], "b": "x"}"#
        );
    }
}
