//! JSON schemas of Rust types.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

/// The schema of `T`, with everything it refers to in place: not every model follows references.
pub(crate) fn of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut schema = Value::from(schema);
    if let Value::Object(fields) = &mut schema {
        fields.remove("title");
    }
    schema
}

/// A name for the schema of `T` that the service takes.
pub(crate) fn name<T: JsonSchema>() -> String {
    let name = T::schema_name();
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name: String = name
        .chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .take(64)
        .collect();
    name
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is of interest")]
    struct Weather {
        /// Where.
        city: String,
        days: Option<Vec<Day>>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is of interest")]
    struct Day {
        number: u8,
    }

    #[test]
    fn a_schema_refers_to_nothing() {
        let schema = of::<Weather>();
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["properties"]["city"]["description"], "Where.");
        assert_eq!(schema["required"], json!(["city"]));
        assert!(!schema.to_string().contains("$ref"), "{schema}");
        assert_eq!(name::<Vec<Weather>>(), "Array_of_Weather");
    }
}
