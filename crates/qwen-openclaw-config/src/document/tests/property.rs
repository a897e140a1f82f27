//! Any sequence of edits on any file keeps every comment and every byte that it does not concern.

use std::ops::Range;

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use super::*;
use crate::syntax::{PieceKind, pieces};

/// A value of a generated file, with what stands around its parts.
#[derive(Clone, Debug)]
enum Part {
    Scalar(&'static str),
    Array(Vec<(String, Self)>, String, bool),
    Object(Vec<(String, &'static str, Self)>, String, bool),
}

impl Part {
    fn write(&self, text: &mut String) {
        match self {
            Self::Scalar(scalar) => text.push_str(scalar),
            Self::Array(elements, end, comma) => {
                text.push('[');
                for (index, (before, element)) in elements.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { "," });
                    text.push_str(before);
                    element.write(text);
                }
                text.push_str(if *comma && !elements.is_empty() {
                    ","
                } else {
                    ""
                });
                text.push_str(end);
                text.push(']');
            }
            Self::Object(members, end, comma) => {
                text.push('{');
                for (index, (before, name, value)) in members.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { "," });
                    text.push_str(before);
                    text.push_str(name);
                    text.push(':');
                    value.write(text);
                }
                text.push_str(if *comma && !members.is_empty() {
                    ","
                } else {
                    ""
                });
                text.push_str(end);
                text.push('}');
            }
        }
    }
}

fn trivia() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "",
        "",
        " ",
        "\n",
        "\n  ",
        "\t",
        "/* block */",
        "// line\n",
        "/* a\n b */",
        "\u{a0}",
    ]);
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn part() -> impl Strategy<Value = Part> {
    let scalar = select(vec![
        "1",
        "0x1F",
        "+.5",
        "-7.",
        "1e3",
        "null",
        "true",
        "'it\\'s'",
        "\"// no comment\"",
        "\"a\\\n b\"",
        "Infinity",
        "'{,}'",
    ]);
    let scalar = scalar.prop_map(Part::Scalar);
    scalar.prop_recursive(4, 24, 4, |inner| {
        let name = select(vec!["a", "b", "'c'", "\"d e\"", "$f", "\"a\""]);
        prop_oneof![
            (
                vec((trivia(), inner.clone()), 0..4),
                trivia(),
                any::<bool>()
            )
                .prop_map(|(elements, end, comma)| Part::Array(elements, end, comma)),
            (vec((trivia(), name, inner), 0..4), trivia(), any::<bool>())
                .prop_map(|(members, end, comma)| Part::Object(members, end, comma)),
        ]
    })
}

fn file() -> impl Strategy<Value = String> {
    let members = vec((trivia(), select(vec!["a", "b", "'c'", "g"]), part()), 0..5);
    let object = (members, trivia(), any::<bool>())
        .prop_map(|(members, end, comma)| Part::Object(members, end, comma));
    (any::<bool>(), any::<bool>(), trivia(), object, trivia()).prop_map(
        |(mark, crlf, before, object, after)| {
            let mut text = before;
            object.write(&mut text);
            text.push_str(&after);
            if crlf {
                text = text.replace('\n', "\r\n");
            }
            format!("{}{text}", if mark { "\u{feff}" } else { "" })
        },
    )
}

/// An edit; the numbers choose among the paths there are.
#[derive(Clone, Debug)]
enum Edit {
    Set(usize, Value),
    Add(usize, &'static str, Value),
    Insert(usize, usize, Value),
    Unset(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let value = select(vec![
        json!(1),
        json!("text"),
        json!({"x": [1, {"y": null}], "z": {}}),
        json!([]),
    ]);
    let name = select(vec!["new", "a", "with space"]);
    prop_oneof![
        (any::<usize>(), value.clone()).prop_map(|(at, value)| Edit::Set(at, value)),
        (any::<usize>(), name, value.clone())
            .prop_map(|(at, name, value)| Edit::Add(at, name, value)),
        (any::<usize>(), 0_usize..4, value)
            .prop_map(|(at, index, value)| Edit::Insert(at, index, value)),
        any::<usize>().prop_map(Edit::Unset),
    ]
}

/// Every path of a document below its root.
fn paths(node: &Node, path: &KeyPath, found: &mut Vec<KeyPath>) {
    let below: Vec<(KeyPath, &Node)> = match &node.kind {
        Kind::Array(elements) => (0..)
            .zip(elements)
            .map(|(index, element)| (path.clone().index(index), element))
            .collect(),
        Kind::Object(members) => members
            .iter()
            .filter(|member| std::ptr::eq(*member, node.member(&member.name).unwrap()))
            .map(|member| (path.clone().name(&member.name), &member.value))
            .collect(),
        _ => Vec::new(),
    };
    for (path, node) in below {
        paths(node, &path, found);
        found.push(path);
    }
}

/// What stands outside of `except`: everything but blanks and commas.
fn tokens(document: &Document, except: &[Range<usize>]) -> Vec<String> {
    fn walk(text: &str, node: &Node, except: &[Range<usize>], found: &mut Vec<String>) {
        if except.contains(&node.span) {
            return;
        }
        let items = node.items();
        if !matches!(node.kind, Kind::Array(_) | Kind::Object(_)) {
            found.push(text[node.span.clone()].to_owned());
            return;
        }
        found.push(text[node.span.start..=node.span.start].to_owned());
        for (index, gap) in crate::document::layout::gaps(node).into_iter().enumerate() {
            comments(text, gap, found);
            match &node.kind {
                Kind::Array(elements) if index < items.len() => {
                    walk(text, &elements[index], except, found);
                }
                Kind::Object(members) if index < items.len() => {
                    let member = &members[index];
                    if !except.contains(&member.span()) {
                        found.push(text[member.name_span.clone()].to_owned());
                        let between = member.name_span.end..member.value.span.start;
                        comments(text, between, found);
                        walk(text, &member.value, except, found);
                    }
                }
                _ => {}
            }
        }
        found.push(text[node.span.end - 1..node.span.end].to_owned());
    }
    fn comments(text: &str, gap: Range<usize>, found: &mut Vec<String>) {
        let comments = pieces(text, gap);
        let comments = comments
            .iter()
            .filter(|piece| piece.kind == PieceKind::Comment);
        found.extend(comments.map(|piece| text[piece.span.clone()].to_owned()));
    }
    let mut found = Vec::new();
    comments(&document.text, 0..document.root.span.start, &mut found);
    walk(&document.text, &document.root, except, &mut found);
    comments(
        &document.text,
        document.root.span.end..document.text.len(),
        &mut found,
    );
    found
}

/// The bytes of all members or elements that the path may mean.
fn items_at(document: &Document, path: &KeyPath) -> Vec<Range<usize>> {
    let Some((last, above)) = path.segments().split_last() else {
        return Vec::new();
    };
    match (document.find(above).map(|node| &node.kind), last) {
        (Some(Kind::Object(members)), Segment::Name(name)) => members
            .iter()
            .filter(|member| member.name == *name)
            .map(crate::syntax::Member::span)
            .collect(),
        (Some(Kind::Array(elements)), Segment::Index(index)) => elements
            .get(*index)
            .map(|element| element.span.clone())
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

fn is_subsequence(short: &str, long: &str) -> bool {
    let mut long = long.chars();
    short
        .chars()
        .all(|letter| long.any(|other| other == letter))
}

fn without_blanks(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace())
        .collect()
}

/// Makes one edit, and compares what it left alone.
fn check(document: &mut Document, edit: &Edit) -> Result<(), TestCaseError> {
    let mut all = Vec::new();
    paths(&document.root, &KeyPath::default(), &mut all);
    all.push(KeyPath::default());
    let before = document.clone();
    let mut expected = before.to_value();
    let at = |index: usize| all[index % all.len()].clone();
    let pointed = |value: &mut Value, path: &KeyPath| -> Value {
        let mut place = &mut *value;
        for segment in path.segments() {
            place = match segment {
                Segment::Name(name) => place.get_mut(name).unwrap(),
                Segment::Index(index) => place.get_mut(index).unwrap(),
            };
        }
        place.clone()
    };
    match edit {
        Edit::Set(index, value) => {
            let path = at(*index);
            if path.segments().is_empty() {
                return Ok(());
            }
            let span = before.find(path.segments()).unwrap().span.clone();
            document.set(&path, value).map_err(fail)?;
            let (text, old) = (&document.text, &before.text);
            prop_assert!(text.starts_with(&old[..span.start]) && text.ends_with(&old[span.end..]));
            prop_assert_eq!(document.get(&path), Some(value.clone()));
        }
        Edit::Add(index, name, value) => {
            let object = at(*index);
            let path = object.clone().name(*name);
            let is_new = before.find(path.segments()).is_none();
            let is_object = pointed(&mut expected, &object).is_object();
            let result = document.set(&path, value);
            prop_assert_eq!(result.is_ok(), is_object);
            if !is_object || !is_new {
                return Ok(());
            }
            let new = items_at(document, &path);
            prop_assert_eq!(tokens(&before, &[]), tokens(document, &new));
            added(&before, document, &object)?;
        }
        Edit::Insert(index, position, value) => {
            let array = at(*index);
            let Some(length) = pointed(&mut expected, &array).as_array().map(Vec::len) else {
                prop_assert!(document.insert(&array, *position, value).is_err());
                return Ok(());
            };
            document.insert(&array, *position, value).map_err(fail)?;
            let path = array.clone().index(length.min(*position));
            prop_assert_eq!(document.get(&path), Some(value.clone()));
            let new = items_at(document, &path);
            prop_assert_eq!(tokens(&before, &[]), tokens(document, &new));
            added(&before, document, &array)?;
        }
        Edit::Unset(index) => {
            let path = at(*index);
            if path.segments().is_empty() {
                return Ok(());
            }
            let old = items_at(&before, &path);
            prop_assert!(document.unset(&path).map_err(fail)?);
            prop_assert_eq!(tokens(&before, &old), tokens(document, &[]));
            prop_assert!(is_subsequence(&document.text, &before.text));
        }
    }
    Ok(())
}

fn fail(error: Error) -> TestCaseError {
    TestCaseError::fail(format!("{error:?}"))
}

/// Nothing was removed for what was added, but blanks in an empty container.
fn added(before: &Document, after: &Document, container: &KeyPath) -> Result<(), TestCaseError> {
    if before
        .find(container.segments())
        .unwrap()
        .items()
        .is_empty()
    {
        let (short, long) = (without_blanks(&before.text), without_blanks(&after.text));
        prop_assert!(is_subsequence(&short, &long));
    } else {
        prop_assert!(is_subsequence(&before.text, &after.text));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn edits_keep_comments_and_bytes_and_json5_reads_the_same(
        text in file(),
        edits in vec(edit(), 1..6),
    ) {
        let mut document = Document::parse(text.clone()).unwrap();
        for edit in &edits {
            check(&mut document, edit)?;
            let text = document.text();
            let body = text.trim_start_matches('\u{feff}');
            let oracle: Value = json5::from_str(body)
                .map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
            prop_assert!(crate::syntax::tests::same(&oracle, &document.to_value()), "{}", text);
            prop_assert_eq!(text.starts_with('\u{feff}'), body.len() < text.len());
        }
        let is_crlf = text.contains("\r\n");
        let lone = document.text().replace("\r\n", "").contains('\n');
        prop_assert!(!(is_crlf && lone), "{}", document.text());
    }
}
