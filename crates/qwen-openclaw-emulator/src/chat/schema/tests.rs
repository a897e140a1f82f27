//! What is made fits.

use serde_json::json;

use super::{check::Check, *};

/// Makes a value with all and one with only what is required, and checks that both fit.
fn made(schema: &Value, prompt: &str) -> Value {
    let value = example(schema, prompt);
    assert!(
        Check::new(schema).takes(schema, &value),
        "{schema}: {value}"
    );
    let least = required(schema, prompt);
    assert!(
        Check::new(schema).takes(schema, &least),
        "{schema}: {least}"
    );
    value
}

#[test]
fn takes_from_the_prompt_what_fits() {
    let schema = json!({"type": "object", "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer", "minimum": 1, "maximum": 10},
        "unit": {"enum": ["celsius", "fahrenheit"]},
    }});
    assert_eq!(
        made(
            &schema,
            "Weather in New York for 3 days, in Fahrenheit please"
        ),
        json!({"city": "New York", "days": 3, "unit": "fahrenheit"})
    );
    assert_eq!(
        made(&schema, "hm"),
        json!({"city": "example city", "days": 1, "unit": "celsius"})
    );
    assert_eq!(
        made(&json!({"type": "string"}), r#"say "a b""#),
        json!("a b")
    );
}

#[test]
fn only_what_is_required_is_made_on_request() {
    let schema = json!({"type": "object", "required": ["a"], "properties": {
        "a": {"type": "object", "required": ["b"], "properties": {
            "b": {"type": "integer"}, "c": {"type": "integer"}}},
        "d": {"type": "string"}}});
    assert_eq!(required(&schema, ""), json!({"a": {"b": 0}}));
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
        assert_eq!(made(&schema, ""), expected, "{schema}");
    }
}

#[test]
fn numbers_near_zero_fit() {
    for (limits, expected) in [
        (json!({"type": "integer", "maximum": 0.3}), json!(0)),
        (
            json!({"type": "integer", "exclusiveMinimum": -0.5, "exclusiveMaximum": 1}),
            json!(0),
        ),
        (
            json!({"type": "integer", "minimum": -0.5, "maximum": 0.5}),
            json!(0),
        ),
        (json!({"type": "integer", "exclusiveMaximum": 0}), json!(-1)),
        (json!({"type": "integer", "exclusiveMinimum": 0}), json!(1)),
        (
            json!({"type": "integer", "minimum": 0, "maximum": 0}),
            json!(0),
        ),
        (
            json!({"type": "integer", "exclusiveMinimum": -2, "exclusiveMaximum": 0}),
            json!(-1),
        ),
        (
            json!({"type": "integer", "multipleOf": 0.5, "exclusiveMinimum": 0}),
            json!(1),
        ),
        (
            json!({"type": "number", "exclusiveMinimum": 0, "maximum": 0.1}),
            json!(0.05),
        ),
        (
            json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
            json!(0.5),
        ),
        (
            json!({"type": "number", "multipleOf": 0.01, "exclusiveMinimum": 0}),
            json!(0.01),
        ),
        (json!({"minimum": 0, "exclusiveMinimum": true}), json!(0.5)),
    ] {
        assert_eq!(made(&limits, ""), expected, "{limits}");
    }
}

#[test]
fn references_are_followed_and_circles_end() {
    let node = |extra: Value| {
        let mut node = json!({"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string"}, "next": {"$ref": "#/$defs/node"}}});
        node.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        json!({"$ref": "#/$defs/node", "$defs": {"node": node}})
    };
    let value = made(&node(json!({})), "");
    assert_eq!(value["next"]["next"]["name"], "example name");
    for recursive in [
        // Itself, or nothing.
        node(
            json!({"required": ["name", "other"], "properties": {"other": {
            "anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}}),
        ),
        // A tree.
        node(
            json!({"required": ["children"], "properties": {"children": {
            "type": "array", "items": {"$ref": "#/$defs/node"}}}}),
        ),
        // Two of itself: twice as many with each level.
        node(
            json!({"properties": {"left": {"$ref": "#/$defs/node"}, "right": {"$ref": "#/$defs/node"}}, "required": []}),
        ),
        json!({"type": ["object", "null"], "required": ["next"], "properties": {"next": {"$ref": "#"}}}),
        json!({"oneOf": [{"type": "object", "required": ["not"], "properties": {"not": {"$ref": "#"}}},
            {"type": "string"}]}),
    ] {
        made(&recursive, "");
    }
    // Nothing fits these.
    for endless in [
        json!({"$ref": "#"}),
        json!({"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#"}}}),
        json!({"anyOf": [{"type": "array", "minItems": 1, "items": {"$ref": "#"}},
            {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}]}),
        json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}),
        json!(false),
    ] {
        assert_eq!(example(&endless, ""), Value::Null, "{endless}");
    }
}

#[test]
fn nothing_takes_for_ever() {
    // Each level has the one below it twice.
    let mut levels = json!({"l0": {"type": "integer"}});
    for level in 1..40 {
        let below = json!({"$ref": format!("#/$defs/l{}", level - 1)});
        levels[format!("l{level}")] = json!({"allOf": [below, below]});
    }
    for schema in [
        json!({"$ref": "#/$defs/l39", "$defs": levels}),
        json!({"default": 1, "anyOf": [{"$ref": "#"}, {"$ref": "#"}]}),
        json!({"default": 1, "not": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}),
        json!({"anyOf": [{"type": "array", "minItems": 200, "items": {"$ref": "#"}}]}),
        json!({"type": "array", "minItems": 1e300, "items": {"type": "string", "minLength": 1e300}}),
        json!({"type": "string", "pattern": "^(a|aa)+$", "minLength": 256, "not": {"pattern": "a"}}),
    ] {
        example(&schema, "");
        required(&schema, "");
    }
}

#[test]
fn patterns_are_kept() {
    for (schema, prompt, expected) in [
        (
            json!({"type": "string", "pattern": "^[A-Z]{2}-\\d{3}$"}),
            "",
            None,
        ),
        (
            json!({"type": "string", "pattern": "^[A-Z]{2}-\\d{3}$"}),
            "order AB-123 now",
            Some("AB-123"),
        ),
        (
            json!({"type": "string", "pattern": "^\\d+$", "minLength": 20}),
            "",
            None,
        ),
        (
            json!({"type": "string", "pattern": "^\\d+$", "minLength": 20, "maxLength": 20}),
            "",
            None,
        ),
        (
            json!({"type": "string", "pattern": "b", "minLength": 12}),
            "",
            None,
        ),
        (
            json!({"type": "string", "pattern": "^(?:yes|no)$", "not": {"const": "yes"}}),
            "",
            Some("no"),
        ),
        (
            json!({"type": "string", "pattern": "ample"}),
            "",
            Some("example"),
        ),
    ] {
        let value = made(&schema, prompt);
        if let Some(expected) = expected {
            assert_eq!(value, expected, "{schema}");
        }
    }
    let unique = json!({"type": "array", "minItems": 3, "uniqueItems": true,
        "items": {"type": "string", "pattern": "^[a-z]{3}$"}});
    assert_eq!(made(&unique, "").as_array().unwrap().len(), 3);
    let objects = json!({"type": "array", "minItems": 3, "uniqueItems": true,
        "items": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}});
    assert_eq!(made(&objects, "").as_array().unwrap().len(), 3);
}

#[test]
fn what_is_ruled_out_is_not_made() {
    for (schema, expected) in [
        (
            json!({"type": "integer", "not": {"enum": [0, 1]}}),
            json!(2),
        ),
        (
            json!({"type": "string", "not": {"const": "example"}}),
            json!("example 2"),
        ),
        (
            json!({"enum": ["a", "b"], "not": {"const": "a"}}),
            json!("b"),
        ),
        (
            json!({"type": "boolean", "not": {"const": true}}),
            json!(false),
        ),
        (json!({"not": {"type": "string"}}), json!(1)),
        (
            json!({"type": ["string", "integer"], "not": {"type": "string"}}),
            json!(0),
        ),
        (
            json!({"type": "object", "properties": {"a": {"const": 1}}, "not": {"required": ["a"]}}),
            json!({}),
        ),
        (
            json!({"type": "array", "items": {"const": 1}, "not": {"minItems": 1}}),
            json!([]),
        ),
        (
            json!({"type": "integer", "allOf": [{"not": {"const": 0}}, {"not": {"const": 1}}]}),
            json!(2),
        ),
    ] {
        assert_eq!(made(&schema, ""), expected, "{schema}");
    }
}

#[test]
fn combinations_are_kept() {
    for (schema, expected) in [
        (
            json!({"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 2}},
                "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            json!({"a": 1}),
        ),
        (
            json!({"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 4, "not": {"const": 3}}]}),
            json!(4),
        ),
        (
            json!({"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["x", "y"]}},
                "if": {"properties": {"kind": {"const": "x"}}},
                "then": {"required": ["n"], "properties": {"n": {"const": 1}}}}),
            json!({"kind": "x", "n": 1}),
        ),
        (
            json!({"type": "array", "prefixItems": [{"const": 1}, {"const": "a"}], "items": false}),
            json!([1, "a"]),
        ),
        (
            json!({"type": "object", "minProperties": 1, "additionalProperties": {"const": 1}}),
            json!({"property 1": 1}),
        ),
        (json!({"type": "string", "default": 7}), json!("example")),
        (json!({"type": "string", "default": "x"}), json!("x")),
    ] {
        assert_eq!(made(&schema, ""), expected, "{schema}");
    }
}

#[test]
fn is_spaced_like_the_models() {
    assert_eq!(
        spaced(&json!({"a": [1, 2], "b": "x"})),
        r#"{"a": [1, 2], "b": "x"}"#
    );
}
