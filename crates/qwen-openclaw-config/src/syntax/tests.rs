//! Tests of reading JSON5.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::error::ErrorKind;

#[track_caller]
fn check(text: &str, expected: &Value) {
    let value = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(value.to_value(), *expected, "{text}");
    let oracle: Value = json5::from_str(text.trim_start_matches(BYTE_ORDER_MARK)).unwrap();
    assert!(same(&oracle, expected), "{text}: {oracle}");
}

/// Compares values whose numbers may differ in kind, but not in size.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| same(a, b))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, a)| right.get(name).is_some_and(|b| same(a, b)))
        }
        _ => left == right,
    }
}

#[track_caller]
fn refused(text: &str, line: usize, column: usize, problem: &str) {
    let error = parse(text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Syntax, "{text}");
    let position = error.position().unwrap();
    assert_eq!(
        (position.line(), position.column()),
        (line, column),
        "{error}"
    );
    assert!(error.to_string().contains(problem), "{error}");
}

#[test]
fn every_form_of_json5_is_read() {
    check("{}", &json!({}));
    check(
        "{a: 1, 'b': 2, \"c\": [3,], $d_: null,}",
        &json!({"a": 1, "b": 2, "c": [3], "$d_": null}),
    );
    check(
        "\u{feff}// note\r\n{ /* x */ a: true }",
        &json!({"a": true}),
    );
    check(
        "[.5, 5., +1, -0x1F, 0xff, 1e3, -.25]",
        &json!([0.5, 5.0, 1, -31, 255, 1e3, -0.25]),
    );
    check("[Infinity, -Infinity, NaN]", &json!([null, null, null]));
    check(
        "'it\\'s \\x41\\u00e9 \\\nlong'",
        &json!("it's A\u{e9} long"),
    );
    check("{ціль: 1, été: 2}", &json!({"ціль": 1, "été": 2}));
    check(
        "[18446744073709551615, -9223372036854775807]",
        &json!([u64::MAX, -i64::MAX]),
    );
    check("{a: 1, a: 2}", &json!({"a": 2}));
    check("{null: 1, true: 2}", &json!({"null": 1, "true": 2}));
    check("\t[\u{a0}1\u{2028},\u{2029}2\u{b}]\u{c}", &json!([1, 2]));
}

#[test]
fn what_is_not_json5_is_refused_with_its_place() {
    refused("", 1, 1, "no value");
    refused("{\n  a: 1\n", 1, 1, "unterminated object");
    refused("{\n  a: 1\n  b: 2\n}", 2, 7, "expected comma");
    refused("{ a-b: 1 }", 1, 3, "needs quotes");
    refused("{ 1: 1 }", 1, 3, "needs quotes");
    refused("{ a /* c */ : 'x\ny' }", 1, 17, "line break in a string");
    refused("{ a: 1, // x\u{2028}b: 2\n}", 1, 13, "line separator");
    refused("{\u{85}}", 1, 2, "U+0085");
    refused("\u{feff}\u{feff}{}", 1, 3, "byte order mark");
    refused("{ a: '\\ud800' }", 1, 7, "unicode escape");
    refused("{} {}", 1, 4, "more than one");
}

#[test]
fn deep_nesting_is_refused_before_the_stack_ends() {
    for (open, close) in [("[", "]"), ("{a:", "}")] {
        let text = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let error = parse(&text).unwrap_err();
        assert!(error.to_string().contains("too deep"), "{error}");
    }
    let text = format!("{}{}", "[".repeat(200), "]".repeat(200));
    assert!(parse(&text).is_ok());
}

#[test]
fn an_excerpt_points_at_the_place_and_masks_what_may_be_a_key() {
    let text = "{\r\n  models: {\r\n    \"apiKey\": 'sk-1234' \"x\r\n  },\r\n}";
    let position = parse(text).unwrap_err().position().unwrap().clone();
    assert_eq!(position.line(), 3);
    let shown = position.to_string();
    assert!(
        shown.starts_with("    \"apiKey\": '*******' \"*\n"),
        "{shown}"
    );
    assert!(shown.ends_with('^'));
    for text in [
        "{ apiKey: sk-abc }",
        "{ apiKey: 0123456789abcdef0123 }",
        "{ a: 'b' 'sk-secret-in-an-open-string",
        "{ a: 1 b: 2 // sk-in-a-comment",
        "{ a: 'x \\\nsk-continued y' b }",
        "{ 'sk-0123456789012345678901234567890123456789': 1 b }",
    ] {
        let error = parse(text).unwrap_err();
        let shown = format!("{error} {error:?} {}", error.position().unwrap());
        assert!(!shown.contains("sk-") && !shown.contains("0123"), "{shown}");
    }
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let text = format!("[{} x, 2]", "1, ".repeat(5000));
    let error = parse(&text).unwrap_err();
    let shown = error.position().unwrap().to_string();
    let (line, caret) = shown.split_once('\n').unwrap();
    assert!(line.chars().count() <= 76, "{shown}");
    assert_eq!(line.chars().nth(caret.len() - 1), Some('x'), "{shown}");
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,80}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_text_of_tokens_panics_and_what_is_read_is_what_json5_reads(
        parts in proptest::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "a", "'b'", "\"c\\n\"", "1", "-0x1f", ".5", "NaN",
                "Infinity", "+2.", "// x\n", "/* y */", " ", "\n", "\r\n", "true", "null", "\\",
                "'", "\"", "\u{feff}", "\u{2028}", "é", "$_", "0", "e5", "-", "'\\\n'", "'\\0'",
            ]),
            0..14,
        )
    ) {
        let text = parts.concat();
        if let Ok(node) = parse(&text) {
            let body = text.trim_start_matches(BYTE_ORDER_MARK);
            let oracle: Value = json5::from_str(body)
                .map_err(|error| TestCaseError::fail(format!("{text:?}: {error}")))?;
            prop_assert!(same(&oracle, &node.to_value()), "{text:?}: {oracle}");
        }
    }
}
