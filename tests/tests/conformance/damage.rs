//! Recorded cases that have been damaged: each is counted, and nothing panics.

use std::path::Path;

use qwen_openclaw_tests::conformance::{areas, own_folder, run, shared_folder};
use serde_json::{Map, Value, json};

use crate::{deviations, seeded::Seeded};

/// A step from a value into one inside it.
#[derive(Clone)]
enum Step {
    Field(String),
    Item(usize),
}

/// Stands for a value that is nested deeper than any reader goes.
const BOTTOMLESS: &str = "nested deeper than any reader goes";

/// What takes the place of a value; `None` for nothing, that is, the field is removed.
fn replacements() -> Vec<Option<Value>> {
    let deep = (0..90).fold(json!("deep"), |inner, _| json!([inner]));
    let values = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("\u{0}\u{feff} é\r\n://😀"),
        json!([]),
        json!([null, "a", {}]),
        json!({}),
        json!({"id": 1, "": [{}]}),
        deep,
        json!(BOTTOMLESS),
    ];
    std::iter::once(None)
        .chain(values.into_iter().map(Some))
        .collect()
}

/// The ways to every value inside `value`.
fn paths(value: &Value, here: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    let steps: Vec<Step> = match value {
        Value::Object(fields) => fields.keys().cloned().map(Step::Field).collect(),
        Value::Array(items) => (0..items.len()).map(Step::Item).collect(),
        _ => return,
    };
    for step in steps {
        let inner = match &step {
            Step::Field(name) => &value[name],
            Step::Item(index) => &value[*index],
        };
        here.push(step.clone());
        found.push(here.clone());
        paths(inner, here, found);
        here.pop();
    }
}

/// `value` with another value, or none, at the end of `path`.
fn replace(value: &mut Value, path: &[Step], by: Option<&Value>) {
    match (path, value) {
        ([Step::Field(name)], Value::Object(fields)) => match by {
            Some(by) => drop(fields.insert(name.clone(), by.clone())),
            None => drop(fields.remove(name)),
        },
        ([Step::Item(index)], Value::Array(items)) => match by {
            Some(by) => items[*index] = by.clone(),
            None => drop(items.remove(*index)),
        },
        ([Step::Field(name), rest @ ..], value) => replace(&mut value[name], rest, by),
        ([Step::Item(index), rest @ ..], value) => replace(&mut value[*index], rest, by),
        ([], _) => {}
    }
}

/// Damaged copies of a case.
fn damaged(case: &Value, copies: usize, seeded: &mut Seeded) -> Vec<Value> {
    let mut all = Vec::new();
    paths(case, &mut Vec::new(), &mut all);
    let replacements = replacements();
    let damage = |_| {
        let mut case = case.clone();
        let at = &all[seeded.below(all.len())];
        let by = &replacements[seeded.below(replacements.len())];
        replace(&mut case, at, by.as_ref());
        case
    };
    (0..copies).map(damage).collect()
}

/// Runs damaged copies of each case of `folder`; how many there were.
fn check(folder: &Path, copies: usize) -> usize {
    let mut seeded = Seeded(20_269);
    let there = tempfile::tempdir().unwrap();
    let mut counts = Map::new();
    for area in areas() {
        let file = format!("{area}.json");
        let Ok(text) = std::fs::read_to_string(folder.join(&file)) else {
            continue;
        };
        let recorded: Value = serde_json::from_str(&text).unwrap();
        let cases = recorded["cases"].as_array().unwrap();
        let cases: Vec<Value> = cases
            .iter()
            .flat_map(|case| damaged(case, copies, &mut seeded))
            .collect();
        counts.insert(area.to_owned(), cases.len().into());
        let bottomless = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        let text = json!({ "cases": cases }).to_string();
        let text = text.replace(&json!(BOTTOMLESS).to_string(), &bottomless);
        std::fs::write(there.path().join(file), text).unwrap();
    }
    let report = run(there.path(), &deviations()).unwrap();
    assert_eq!(report.files.len(), counts.len());
    for file in &report.files {
        let not_yet: usize = file.not_yet.values().sum();
        let counted = file.passed + file.deviating + file.failed.len() + not_yet;
        assert_eq!(Value::from(counted), counts[&file.file], "{}", file.file);
        assert!(!file.failed.is_empty(), "{}: damage is seen", file.file);
        for failed in &file.failed {
            assert!(!failed.contains(": it panics: "), "{}: {failed}", file.file);
        }
    }
    counts.values().filter_map(Value::as_u64).sum::<u64>() as usize
}

#[test]
fn a_damaged_case_is_counted_and_panics_nowhere() {
    assert!(check(&own_folder(), 16) > 5_000);
}

#[test]
fn a_damaged_case_of_all_recordings_too() {
    match shared_folder() {
        Some(folder) => assert!(check(&folder, 2) > 8_000),
        None => {
            println!("skipped: QWEN_OPENCLAW_SHARED does not name the folder of the recordings")
        }
    }
}

#[test]
fn files_that_hold_odd_cases_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let cases = r#"{"cases": [
        null, 7, "a", [], {}, {"name": null},
        {"name": "no input", "expected": {}},
        {"name": "no object", "input": [], "expected": {}},
        {"name": "odd kind", "input": {"kind": "odd"}, "expected": {}}
    ]}"#;
    std::fs::write(folder.path().join("media.json"), cases).unwrap();
    let report = run(folder.path(), &deviations()).unwrap();
    let names = [1, 2, 3, 4, 5, 6].map(|place| format!("case {place}: "));
    let names = names.into_iter().chain([
        "no input: `input` is no object".to_owned(),
        "no object: `input` is no object".to_owned(),
        "odd kind: it cannot be read: its kind is not known".to_owned(),
    ]);
    let failed = &report.files[0].failed;
    assert_eq!((report.files[0].cases, failed.len()), (9, 9));
    for (name, failed) in names.zip(failed) {
        assert!(failed.starts_with(&name), "{failed}");
    }
}
