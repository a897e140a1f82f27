//! Tests of edits: what they write, and what they leave alone.

use serde_json::json;

use super::*;
use crate::error::ErrorKind;

mod property;

#[track_caller]
fn edited(text: &str, edit: impl FnOnce(&mut Document) -> Result<(), Error>, expected: &str) {
    let mut document = Document::parse(text).unwrap();
    edit(&mut document).unwrap();
    assert_eq!(document.text(), expected);
}

fn path(text: &str) -> KeyPath {
    text.parse().unwrap()
}

#[test]
fn a_value_in_json5_keeps_its_order_and_becomes_json() {
    let value = "{ primary: 'p/m', fallbacks: ['p/z',], /* none */ extra: 0x10 }";
    edited(
        "{\n  a: 1, // one\n}\n",
        |document| document.set_json5(&path("b.c"), value),
        r#"{
  a: 1, // one
  b: {
    "c": {
      "primary": "p/m",
      "fallbacks": [
        "p/z"
      ],
      "extra": 16
    }
  },
}
"#,
    );
    let mut document = Document::new();
    let error = document.set_json5(&path("a"), "{ b: }").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Syntax);
    assert_eq!(error.file(), Some("the value"));
    assert_eq!(document.text(), Document::new().text());
}

#[test]
fn a_new_file_is_strict_json_of_two_spaces() {
    edited(
        Document::new().text(),
        |document| {
            document.set(&path("agents.defaults.model.primary"), &"p/m")?;
            document.set(
                &path("models.providers.qwen"),
                &json!({"models": [], "api": "x"}),
            )
        },
        r#"{
  "agents": {
    "defaults": {
      "model": {
        "primary": "p/m"
      }
    }
  },
  "models": {
    "providers": {
      "qwen": {
        "api": "x",
        "models": []
      }
    }
  }
}
"#,
    );
}

#[test]
fn a_value_is_replaced_where_it_stands() {
    edited(
        "{ a: 0x10, // ten\n  b: 'x' /* y */, }",
        |document| document.set(&path("b"), &"z"),
        "{ a: 0x10, // ten\n  b: \"z\" /* y */, }",
    );
    // The value is there already, in another spelling.
    edited(
        "{ a: 0x10 }",
        |document| document.set(&path("a"), &16),
        "{ a: 0x10 }",
    );
    // The last of two counts.
    edited(
        "{ a: 1, a: 2 }",
        |document| document.set(&path("a"), &3),
        "{ a: 1, a: 3 }",
    );
}

#[test]
fn what_is_added_looks_like_the_rest() {
    edited(
        "{\r\n\ta: 1 // one\r\n}\r\n",
        |document| document.set(&path("b.c"), &json!([1])),
        "{\r\n\ta: 1, // one\r\n\tb: {\r\n\t\t\"c\": [\r\n\t\t\t1\r\n\t\t]\r\n\t}\r\n}\r\n",
    );
    edited(
        "{ a: 1 }",
        |document| document.set(&path("b"), &2),
        "{ a: 1, b: 2 }",
    );
    edited(
        "{\n    \"a\": {\n        \"b\": 1,\n        // end\n    },\n}\n",
        |document| document.set(&path("a[\"c d\"]"), &2),
        "{\n    \"a\": {\n        \"b\": 1,\n        \"c d\": 2,\n        // end\n    },\n}\n",
    );
    edited(
        "{ \"qwen-portal\": { /* filled by the login */ } }",
        |document| document.set(&path("qwen-portal.api"), &"x"),
        "{ \"qwen-portal\": { /* filled by the login */\n  \"api\": \"x\"\n} }",
    );
    edited(
        "{\n  a: { // note\n  },\n}",
        |document| document.set(&path("a.b"), &1),
        "{\n  a: { // note\n    \"b\": 1\n  },\n}",
    );
}

#[test]
fn elements_are_inserted_and_appended() {
    for (index, expected) in [(0, "[9, 1, 2]"), (1, "[1, 9, 2]"), (7, "[1, 2, 9]")] {
        edited(
            "{ a: [1, 2] }",
            |document| document.insert(&path("a"), index, &9),
            &format!("{{ a: {expected} }}"),
        );
    }
    edited(
        "{\n  a: [ // list\n    1, // one\n    2\n  ]\n}",
        |document| {
            document.insert(&path("a"), 0, &8)?;
            document.insert(&path("a"), 2, &9)?;
            document.append(&path("a"), &10)
        },
        "{\n  a: [ // list\n    8,\n    1, // one\n    9,\n    2,\n    10\n  ]\n}",
    );
    edited(
        "{}",
        |document| document.append(&path("a"), &"x"),
        "{\n  \"a\": [\n    \"x\"\n  ]\n}",
    );
}

#[test]
fn a_member_goes_with_its_line_and_comments_stay() {
    let unset = |text: &str, key: &str, expected: &str| {
        edited(
            text,
            |document| document.unset(&path(key)).map(|found| assert!(found)),
            expected,
        );
    };
    unset(
        "{\n  // one\n  a: 1,\n  b: 2\n}",
        "a",
        "{\n  // one\n  b: 2\n}",
    );
    unset("{\n  a: 1,\n  b: 2\n}", "b", "{\n  a: 1\n}");
    unset("{\n  a: 1,\n  b: 2,\n}", "b", "{\n  a: 1,\n}");
    unset(
        "{\n  a: 1, // one\n  b: 2 // two\n}",
        "b",
        "{\n  a: 1 // one\n  // two\n}",
    );
    unset("{ a: 1, b: 2, c: 3 }", "b", "{ a: 1, c: 3 }");
    unset("{ a: 1, b: 2 }", "b", "{ a: 1 }");
    unset("{ a: 1, b: 2 }", "a", "{ b: 2 }");
    unset("{a:1}", "a", "{}");
    unset("{ a: 1 /* x */ , b: 2 }", "a", "{  /* x */ b: 2 }");
    unset("{ a: 1, b: 0, a: 2, }", "a", "{ b: 0, }");
    unset("{ a: [1, /* c */ 2] }", "a[0]", "{ a: [/* c */ 2] }");
    let mut document = Document::parse("{ a: 1 }").unwrap();
    assert!(!document.unset(&path("b.c")).unwrap());
    assert!(!document.unset(&path("a.c")).unwrap());
    assert_eq!(document.text(), "{ a: 1 }");
}

#[test]
fn a_member_is_renamed_in_place() {
    edited(
        "{ Qwen: { a: 1 }, // mine\n}",
        |document| document.rename(&path("Qwen"), "qwen").map(drop),
        "{ qwen: { a: 1 }, // mine\n}",
    );
    let mut document = Document::parse("{ a: 1, b: 2 }").unwrap();
    let error = document.rename(&path("a"), "b").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongType);
    assert!(!document.rename(&path("c"), "d").unwrap());
}

#[test]
fn an_edit_that_does_not_fit_changes_nothing() {
    let text = "{ a: 'text', n: null, list: [1], inc: { $include: './x.json5' } }";
    let mut document = Document::parse(text).unwrap();
    for (key, kind) in [
        ("a.b", ErrorKind::WrongType),
        ("n.b", ErrorKind::WrongType),
        ("list[1]", ErrorKind::WrongType),
        ("list.x", ErrorKind::WrongType),
        ("new[0]", ErrorKind::WrongType),
        ("inc.b", ErrorKind::Included),
    ] {
        let error = document.set(&path(key), &1).unwrap_err();
        assert_eq!(error.kind(), kind, "{key}: {error}");
    }
    let error = document.insert(&path("a"), 0, &1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`a` in the configuration is not an array"
    );
    for error in [
        document.set(&KeyPath::default(), &5).unwrap_err(),
        document.unset(&KeyPath::default()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidPath);
    }
    // JSON has no name that is not text.
    let pairs = std::collections::BTreeMap::from([((1, 2), 3)]);
    let error = document.set(&path("z"), &pairs).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadBack);
    assert_eq!(document.text(), text);
}

#[test]
fn names_that_occur_twice_are_listed_with_their_lines() {
    let document = Document::parse("{\n  a: { b: 1,\n    b: 2 },\n  c: [{ d: 1 }],\n}").unwrap();
    let found = document.duplicates();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, path("a.b"));
    assert_eq!(found[0].lines, [2, 3]);
    assert_eq!(document.get(&path("a.b")), Some(json!(2)));
}

#[test]
fn debug_shows_no_text() {
    let document = Document::parse("{ apiKey: 'sk-secret' }").unwrap();
    assert!(!format!("{document:?}").contains("sk-"));
}

#[test]
fn a_value_has_a_position_with_secrets_masked() {
    let text = "{\n  a: {\n    'b c': 'sk-secret', list: [1, 2],\n  },\n}";
    let document = Document::parse(text).unwrap();
    let position = document.position(&KeyPath::from(["a", "b c"])).unwrap();
    assert_eq!((position.line(), position.column()), (3, 5));
    assert_eq!(position.to_string().lines().nth(1), Some("    ^"));
    assert!(!position.to_string().contains("secret"));
    let second = document.position(&KeyPath::from(["a", "list"]).index(1));
    assert_eq!(second.unwrap().column(), 35);
    assert_eq!(document.position(&KeyPath::from(["a", "x"])), None);
}
