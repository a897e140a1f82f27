//! Tests of the file: its place, its backups, and several programs at once.

use std::{
    env,
    process::{Child, Command, Stdio},
};

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::{ErrorKind, KeyPath};

fn place() -> (TempDir, ConfigFile) {
    let folder = tempfile::tempdir().unwrap();
    let file = ConfigFile::at(folder.path().join("openclaw.json"));
    (folder, file)
}

fn path(text: &str) -> KeyPath {
    text.parse().unwrap()
}

async fn set(file: &ConfigFile, key: &str, value: u32) -> Result<Edited<()>, Error> {
    file.edit(|document| document.set(&path(key), &value)).await
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn variables_decide_where_the_file_is() {
    for (pairs, expected) in [
        (&[("HOME", "/h")][..], "/h/.openclaw/openclaw.json"),
        (
            &[("HOME", "/h"), ("OPENCLAW_HOME", "/o")],
            "/o/.openclaw/openclaw.json",
        ),
        (
            &[("HOME", "/h"), ("OPENCLAW_STATE_DIR", "/s")],
            "/s/openclaw.json",
        ),
        (
            &[("HOME", "/h"), ("OPENCLAW_CONFIG_PATH", "~/c.json")],
            "/h/c.json",
        ),
        (
            &[
                ("OPENCLAW_CONFIG_PATH", "/c.json"),
                ("OPENCLAW_STATE_DIR", "/s"),
            ],
            "/c.json",
        ),
        (
            &[("OPENCLAW_CONFIG_PATH", " "), ("OPENCLAW_STATE_DIR", "/s")],
            "/s/openclaw.json",
        ),
    ] {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let file = ConfigFile::locate(&environment).unwrap();
        assert_eq!(file.path(), Path::new(expected));
    }
    let error = ConfigFile::locate(&Environment::empty()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoHome);
    assert!(
        error.to_string().contains("home folder is unknown"),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_is_created_replaced_and_backed_up() {
    let (folder, file) = place();
    assert!(file.read().unwrap().is_none());
    let created = set(&file, "a", 0).await.unwrap();
    assert!(created.is_written && created.backup.is_none());
    for value in 1..=6 {
        let edited = set(&file, "a", value).await.unwrap();
        assert_eq!(edited.backup, Some(folder.path().join("openclaw.json.bak")));
    }
    let again = set(&file, "a", 6).await.unwrap();
    assert!(!again.is_written);
    let lock = ".openclaw.json.qwen-openclaw.lock";
    let backups = BACKUPS.map(|extension| format!("openclaw.json.{extension}"));
    let mut expected = vec![lock.to_owned(), "openclaw.json".to_owned()];
    expected.extend(backups.clone());
    assert_eq!(names(&folder), expected);
    // The latest first.
    for (name, value) in backups.iter().zip([5, 4, 3, 2, 1]) {
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(text, format!("{{\n  \"a\": {value}\n}}\n"), "{name}");
    }
    #[cfg(unix)]
    for name in &expected {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn an_edit_that_fails_or_changes_nothing_writes_nothing() {
    let (folder, file) = place();
    let edited = file
        .edit(|document| document.unset(&path("a")))
        .await
        .unwrap();
    assert!(!edited.value && !edited.is_written && !file.path().exists());
    fs::write(file.path(), "{ a: 1 }").unwrap();
    let failed = file
        .edit(|document| {
            document.set(&path("b"), &2)?;
            document.set(&path("a.c"), &3)
        })
        .await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::WrongType);
    assert_eq!(fs::read_to_string(file.path()).unwrap(), "{ a: 1 }");
    assert_eq!(names(&folder).len(), 2, "{:?}", names(&folder));
}

#[tokio::test]
async fn a_change_by_another_program_is_noticed_and_kept() {
    let (_folder, file) = place();
    fs::write(file.path(), "{ theirs: 0 }").unwrap();
    let mut calls = 0;
    let edited = file.edit(|document| {
        calls += 1;
        if calls <= 2 {
            fs::write(file.path(), format!("{{ theirs: {calls} }}")).unwrap();
        }
        document.set(&path("ours"), &calls)
    });
    assert!(edited.await.unwrap().is_written);
    let document = file.read().unwrap().unwrap();
    assert_eq!(document.to_value(), json!({"theirs": 2, "ours": 3}));

    let mut calls = 0;
    let endless = file.edit(|document| {
        calls += 1;
        fs::write(file.path(), format!("{{ theirs: {calls} }}")).unwrap();
        document.set(&path("ours"), &0)
    });
    let error = endless.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.is_transient());
    let document = file.read().unwrap().unwrap();
    assert_eq!(document.to_value(), json!({"theirs": ATTEMPTS}));
}

#[test]
fn what_cannot_be_read_says_why_and_names_the_file() {
    let (_folder, file) = place();
    let kind = |contents: &[u8]| {
        fs::write(file.path(), contents).unwrap();
        let error = file.read().unwrap_err();
        assert!(error.to_string().contains("openclaw.json"), "{error}");
        error.kind()
    };
    assert_eq!(kind(b"{ a: \xff }"), ErrorKind::NotUnicode);
    assert_eq!(kind(b""), ErrorKind::Syntax);
    assert_eq!(kind(b"{ a: 'x'\n"), ErrorKind::Syntax);
    assert_eq!(kind(b"[1]"), ErrorKind::WrongType);
    assert_eq!(kind(&vec![b' '; 50_000_000]), ErrorKind::TooLarge);
    assert_eq!(kind("[".repeat(100_000).as_bytes()), ErrorKind::Syntax);
    let folder = ConfigFile::at(env::temp_dir());
    assert!(folder.read().is_err());
}

#[tokio::test]
async fn a_broken_file_is_left_alone() {
    let (folder, file) = place();
    fs::write(file.path(), "{ a: 1,, }").unwrap();
    let error = set(&file, "b", 1).await.unwrap_err();
    assert_eq!(error.position().unwrap().column(), 8);
    assert_eq!(fs::read_to_string(file.path()).unwrap(), "{ a: 1,, }");
    assert_eq!(names(&folder).len(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_stays_a_link_and_a_read_only_file_stays() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let (folder, file) = place();
    let dotfiles = folder.path().join("dotfiles");
    fs::create_dir(&dotfiles).unwrap();
    let real = dotfiles.join("real.json");
    symlink(&real, file.path()).unwrap();
    let tried = |value: u32| file.try_edit(|document| document.set(&path("a"), &value));
    assert_eq!(tried(1).unwrap_err().kind(), ErrorKind::ReadOnly);
    let error = set(&file, "a", 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    assert!(error.to_string().ends_with("does not exist"), "{error}");

    fs::write(&real, "{ a: 0, /* kept */ }").unwrap();
    set(&file, "a", 1).await.unwrap();
    assert!(fs::symlink_metadata(file.path()).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), "{ a: 1, /* kept */ }");
    // The old contents stay out of the other folder, which may be under version control.
    assert!(folder.path().join("openclaw.json.bak").exists());

    fs::set_permissions(&real, fs::Permissions::from_mode(0o444)).unwrap();
    // What would change nothing can be done.
    tried(1).unwrap();
    assert_eq!(tried(2).unwrap_err().kind(), ErrorKind::ReadOnly);
    let error = set(&file, "a", 2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    assert!(error.to_string().contains("chmod u+w"), "{error}");
    assert_eq!(fs::read_to_string(&real).unwrap(), "{ a: 1, /* kept */ }");
    assert!(file.is_loose().unwrap());
}

/// The environment variables that control a child.
const FILE: &str = "QWEN_OPENCLAW_TEST_CONFIG";
const NUMBER: &str = "QWEN_OPENCLAW_TEST_NUMBER";

/// Not a test of its own: the body of a child process. It does nothing unless it is told to.
#[test]
fn child() {
    let (Ok(file), Ok(number)) = (env::var(FILE), env::var(NUMBER)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let file = ConfigFile::at(file);
    for round in 0..3 {
        let edit = file.edit(|document| {
            document.append(&path("list"), &format!("{number}-{round}"))?;
            document.set(&path("members").name(format!("{number}-{round}")), &round)
        });
        runtime.block_on(edit).unwrap();
    }
}

/// Starts processes that edit one file at once, and checks that no edit is lost.
fn at_once(processes: usize) {
    let (_folder, file) = place();
    let text = "{\n  // kept\n  list: [], // kept too\n  members: {},\n}\n";
    fs::write(file.path(), text).unwrap();
    let spawn = |number: usize| {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "file::tests::child", "--nocapture"])
            .env(FILE, file.path())
            .env(NUMBER, number.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<Child> = (0..processes).map(spawn).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let document = file.read().unwrap().unwrap();
    let value = document.to_value();
    assert_eq!(value["list"].as_array().unwrap().len(), 3 * processes);
    assert_eq!(value["members"].as_object().unwrap().len(), 3 * processes);
    for comment in ["// kept\n", "// kept too\n"] {
        assert!(document.text().contains(comment));
    }
}

#[test]
fn twenty_processes_at_once_lose_no_edit() {
    at_once(20);
}

#[test]
#[ignore = "two hundred processes take a minute; `cargo xtask ci --full` runs it"]
fn two_hundred_processes_at_once_lose_no_edit() {
    at_once(200);
}
