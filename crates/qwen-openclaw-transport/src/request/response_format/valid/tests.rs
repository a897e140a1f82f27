//! Values and schemas, keyword by keyword.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Checks `value` against `schema`: `""` where it fits, otherwise path and reason.
fn expect(schema: Value, value: Value, expected: &str) {
    let found = match check(&value, &schema) {
        Ok(()) => String::new(),
        Err(mismatch) => format!("{}: {}", mismatch.path(), mismatch.reason),
    };
    assert_eq!(found, expected, "{value} against {schema}");
}

#[test]
fn types() {
    for (name, value) in [
        ("null", json!(null)),
        ("boolean", json!(true)),
        ("object", json!({})),
        ("array", json!([])),
        ("string", json!("")),
        ("number", json!(1.5)),
        ("integer", json!(1.0)),
        ("of the future", json!(1)),
    ] {
        expect(json!({"type": name}), value, "");
    }
    expect(
        json!({"type": "integer"}),
        json!(1.5),
        ".: it must be of the type integer",
    );
    expect(
        json!({"type": ["string", "null"]}),
        json!(1),
        ".: it must be of the type string or null",
    );
    expect(json!(false), json!(1), ".: no value is allowed");
    expect(json!(true), json!(1), "");
}

#[test]
fn fields() {
    let schema = json!({
        "type": "object",
        "properties": {"steps": {"items": {"properties": {"minutes": {"type": "integer"}}}}},
        "required": ["steps"],
        "additionalProperties": false,
    });
    expect(schema.clone(), json!({"steps": [{"minutes": 3}]}), "");
    expect(schema.clone(), json!({}), ".: the field `steps` is missing");
    expect(
        schema.clone(),
        json!({"steps": [{"minutes": 3}, {"minutes": "three"}]}),
        "steps[1].minutes: it must be of the type integer",
    );
    expect(
        schema,
        json!({"steps": [], "a\u{1b}b": 1}),
        "a\\u{1b}b: the schema has no such field",
    );
    let others = json!({"additionalProperties": {"type": "string"}});
    expect(others, json!({"a": 1}), "a: it must be of the type string");
    let pair = json!({"dependentRequired": {"a": ["b"]}, "maxProperties": 2});
    expect(pair.clone(), json!({"a": 1, "b": 2}), "");
    expect(pair.clone(), json!({"a": 1}), ".: the field `b` is missing");
    expect(
        pair,
        json!({"x": 1, "y": 2, "z": 3}),
        ".: it must have at most 2 fields",
    );
    let names = json!({"propertyNames": {"maxLength": 1}});
    expect(
        names,
        json!({"ab": 1}),
        "ab: it must have at most 1 characters",
    );
    // Which fields a pattern covers is not known.
    let pattern = json!({"patternProperties": {"^x": {}}, "additionalProperties": false});
    expect(pattern, json!({"y": 1}), "");
}

#[test]
fn arrays() {
    expect(
        json!({"minItems": 1}),
        json!([]),
        ".: it must have at least 1 items",
    );
    expect(
        json!({"uniqueItems": true}),
        json!([1, 1.0]),
        ".: no two items may be the same",
    );
    expect(
        json!({"uniqueItems": true}),
        json!([{"a": 1}, {"a": 2}]),
        "",
    );
    let tuple = json!({"prefixItems": [{"type": "string"}], "items": {"type": "integer"}});
    expect(tuple.clone(), json!(["a", 1]), "");
    expect(
        tuple,
        json!(["a", "b"]),
        "[1]: it must be of the type integer",
    );
    let older = json!({"items": [{"type": "string"}]});
    expect(older.clone(), json!(["a", 1]), "");
    expect(older, json!([1]), "[0]: it must be of the type string");
    let contains = json!({"contains": {"const": 1}});
    expect(contains.clone(), json!([2, 1]), "");
    expect(
        contains,
        json!([2]),
        ".: an item that `contains` describes is missing",
    );
}

#[test]
fn numbers_and_texts() {
    expect(json!({"minimum": 1, "maximum": 2}), json!(2), "");
    expect(
        json!({"minimum": 1.5}),
        json!(1),
        ".: it must be at least 1.5",
    );
    expect(
        json!({"exclusiveMaximum": 2}),
        json!(2),
        ".: it must be below 2",
    );
    expect(
        json!({"maximum": 9_007_199_254_740_992_u64}),
        json!(9_007_199_254_740_993_u64),
        ".: it must be at most 9007199254740992",
    );
    expect(json!({"multipleOf": 0.1}), json!(0.3), "");
    expect(
        json!({"multipleOf": 2}),
        json!(3),
        ".: it must be a multiple of 2",
    );
    expect(json!({"multipleOf": 0}), json!(3), "");
    expect(json!({"maxLength": 2}), json!("äö"), "");
    expect(json!({"enum": ["a", 1]}), json!(1.0), "");
    expect(
        json!({"enum": ["a", 1]}),
        json!("b"),
        ".: it must be one of [\"a\",1]",
    );
    expect(
        json!({"const": {"a": 1, "b": 2}}),
        json!({"b": 2, "a": 1}),
        "",
    );
    expect(json!({"const": null}), json!(1), ".: it must be null");
}

#[test]
fn combinations() {
    let optional = json!({"anyOf": [
        {"type": "object", "properties": {"n": {"type": "integer"}}},
        {"type": "null"},
    ]});
    expect(optional.clone(), json!(null), "");
    expect(
        optional.clone(),
        json!(1),
        ".: it fits none of the schemas under `anyOf`",
    );
    expect(
        optional,
        json!({"n": "x"}),
        "n: it must be of the type integer",
    );
    let one = json!({"oneOf": [{"minimum": 1}, {"minimum": 2}]});
    expect(one.clone(), json!(1), "");
    expect(
        one,
        json!(2),
        ".: it fits several of the schemas under `oneOf`",
    );
    expect(
        json!({"not": {"type": "string"}}),
        json!("a"),
        ".: it fits the schema under `not`",
    );
    expect(
        json!({"allOf": [{"minimum": 1}, {"maximum": 2}]}),
        json!(3),
        ".: it must be at most 2",
    );
    let condition =
        json!({"if": {"minimum": 10}, "then": {"multipleOf": 10}, "else": {"const": 1}});
    expect(condition.clone(), json!(20), "");
    expect(
        condition.clone(),
        json!(11),
        ".: it must be a multiple of 10",
    );
    expect(condition, json!(2), ".: it must be 1");
}

#[test]
fn references_stay_within_the_schema_and_come_to_an_end() {
    let tree = json!({
        "$defs": {"node": {
            "properties": {"next": {"$ref": "#/$defs/node"}, "n": {"type": "integer"}},
        }},
        "$ref": "#/$defs/node",
    });
    expect(tree.clone(), json!({"next": {"next": {"n": 1}}}), "");
    expect(
        tree,
        json!({"next": {"n": "1"}}),
        "next.n: it must be of the type integer",
    );
    let complex = ".: the schema is too complex to be checked";
    expect(json!({"$ref": "#"}), json!(1), complex);
    expect(json!({"not": {"$ref": "#"}}), json!(1), complex);
    expect(
        json!({"anyOf": [{"$ref": "#"}, {"$ref": "#"}, {}]}),
        json!(1),
        complex,
    );
    // What is elsewhere is not fetched.
    expect(json!({"$ref": "https://example.com/schema"}), json!(1), "");
}

#[test]
fn keywords_that_are_not_checked_are_named() {
    let schema = json!({
        "title": "t",
        "properties": {"format": {"type": "string", "format": "date", "pattern": "^a"}},
        "$defs": {"a": {"items": {"$ref": "https://example.com/schema"}}},
        "anyOf": [{"unevaluatedProperties": false}, {"$ref": "#/$defs/a"}],
        "enum": [{"minContains": 1}],
    });
    assert_eq!(
        unchecked(&schema),
        ["$ref", "format", "pattern", "unevaluatedProperties"]
    );
    assert!(unchecked(&json!({"type": "object", "required": ["a"]})).is_empty());
}

/// Any JSON, with the words that mean something in a schema.
fn json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(CHECKED.to_vec());
    let types = prop::sample::select(vec!["object", "array", "integer", "string", "#", "#/not"]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        types.prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let key = words.clone().prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_schema_comes_to_an_end(schema in json(), value in json()) {
        let fits = check(&value, &schema).is_ok();
        // To demand it beside what demands nothing is the same.
        let all = check(&value, &json!({"allOf": [schema.clone(), {}]}));
        let refers = schema.to_string().contains("$ref");
        prop_assert!(refers || all.is_ok() == fits, "{value} against {schema}");
        prop_assert!(unchecked(&schema).iter().all(|keyword| keyword == "$ref"));
        let itself = json!({"const": value.clone()});
        prop_assert!(check(&value, &itself).is_ok());
    }
}
