//! Tests of `$include`.

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::ErrorKind;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn resolved(folder: &TempDir, root: Value) -> Result<Value, Error> {
    resolve(root, &folder.path().join("openclaw.json"))
}

#[track_caller]
fn refused(folder: &TempDir, root: Value, problem: &str) {
    let error = resolved(folder, root).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Include);
    assert!(error.to_string().contains(problem), "{error}");
}

#[test]
fn files_are_merged_and_siblings_override() {
    let folder = folder(&[
        ("a.json5", "{ x: 1, list: [1], deep: { a: 1, b: 1 } }"),
        ("b.json5", "{ x: 2, list: [2], deep: { b: 2 } }"),
        (
            "sub/c.json5",
            "{ here: { $include: './d.json5' }, above: { $include: '../list.json5' } }",
        ),
        ("sub/d.json5", "{ d: true }"),
        ("list.json5", "[1, 2]"),
    ]);
    let value = resolved(
        &folder,
        json!({"$include": "./a.json5", "x": 9, "deep": {"c": 3}}),
    );
    let expected = json!({"x": 9, "list": [1], "deep": {"a": 1, "b": 1, "c": 3}});
    assert_eq!(value.unwrap(), expected);
    let value = resolved(&folder, json!({"$include": ["a.json5", "b.json5"]}));
    let expected = json!({"x": 2, "list": [1, 2], "deep": {"a": 1, "b": 2}});
    assert_eq!(value.unwrap(), expected);
    let value = resolved(&folder, json!({"in": [{"$include": "sub/c.json5"}]}));
    let expected = json!({"in": [{"here": {"d": true}, "above": [1, 2]}]});
    assert_eq!(value.unwrap(), expected);
    let value = resolved(&folder, json!({"$include": []}));
    assert_eq!(value.unwrap(), json!({}));
}

#[test]
fn a_file_is_shown_with_what_it_includes() {
    let folder = folder(&[
        ("openclaw.json", "{ $include: './a.json5', y: 2 }"),
        ("a.json5", "{ x: 1 }"),
        ("plain.json", "{ z: 1, a: 0x2 }"),
    ]);
    let merged = |name: &str| {
        let file = crate::ConfigFile::at(folder.path().join(name));
        file.read_merged().unwrap()
    };
    let value = merged("openclaw.json").unwrap().to_value();
    assert_eq!(value, json!({"x": 1, "y": 2}));
    assert_eq!(merged("plain.json").unwrap().text(), "{ z: 1, a: 0x2 }");
    assert!(merged("none.json").is_none());
}

#[test]
fn only_files_in_the_folder_are_included_and_none_twice_in_a_chain() {
    let folder = folder(&[
        ("self.json5", "{ $include: './other.json5' }"),
        ("other.json5", "{ $include: './self.json5' }"),
        ("root.json5", "{ $include: './openclaw.json' }"),
        ("list.json5", "[1]"),
        ("broken.json5", "{ a: 1 b }"),
        ("sub/up.json5", "{ $include: '../../x.json5' }"),
    ]);
    let include = |name: &str| json!({ "$include": name });
    refused(&folder, include("../x.json5"), "outside the folder");
    refused(&folder, include("/etc/passwd"), "outside the folder");
    refused(&folder, include("sub/up.json5"), "outside the folder");
    refused(&folder, include("self.json5"), "includes itself");
    refused(&folder, include("root.json5"), "includes itself");
    refused(&folder, include("nope.json5"), "does not exist");
    refused(&folder, include("broken.json5"), "cannot be used");
    refused(&folder, json!({"$include": 5}), "neither a string");
    refused(&folder, json!({"$include": [5]}), "not a string");
    refused(
        &folder,
        json!({"$include": "list.json5", "a": 1}),
        "must contain an object",
    );
    let error = resolved(&folder, include("broken.json5")).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("broken.json5 is not valid JSON5"), "{cause}");
}

#[test]
fn depth_size_and_number_are_bounded() {
    let chain = |length: usize| {
        let folder = folder(&[]);
        for index in 1..length {
            let text = format!("{{ $include: './{}.json5' }}", index + 1);
            fs::write(folder.path().join(format!("{index}.json5")), text).unwrap();
        }
        fs::write(folder.path().join(format!("{length}.json5")), "{ end: 1 }").unwrap();
        folder
    };
    let root = json!({"$include": "./1.json5"});
    assert_eq!(
        resolved(&chain(10), root.clone()).unwrap(),
        json!({"end": 1})
    );
    refused(&chain(11), root, "10 levels deep");

    let many = folder(&[("a.json5", "{}")]);
    refused(
        &many,
        json!({"$include": vec!["a.json5"; 101]}),
        "more than 100 files",
    );

    let large = folder(&[]);
    fs::write(large.path().join("a.json5"), vec![b' '; (2 << 20) + 1]).unwrap();
    refused(&large, json!({"$include": "a.json5"}), "cannot be used");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_outside_is_refused() {
    let outside = folder(&[("secret.json5", "{ secret: 1 }")]);
    let inside = folder(&[("real.json5", "{ a: 1 }")]);
    let link = |target: &Path, name: &str| {
        std::os::unix::fs::symlink(target, inside.path().join(name)).unwrap();
    };
    link(&outside.path().join("secret.json5"), "link.json5");
    link(&inside.path().join("real.json5"), "good.json5");
    refused(&inside, json!({"$include": "link.json5"}), "leads outside");
    let value = resolved(&inside, json!({"$include": "good.json5"}));
    assert_eq!(value.unwrap(), json!({"a": 1}));
}
