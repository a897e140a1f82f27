//! The state folder: named without being touched, created for one user.

use std::fs;

use qwen_openclaw_auth::{Environment, ErrorKind, StateDir};

#[test]
fn naming_the_folder_creates_nothing_and_creating_it_can_be_repeated() {
    let home = tempfile::tempdir().unwrap();
    let environment = Environment::from_pairs([("HOME", home.path())]);
    let folder = StateDir::of(&environment).unwrap();
    assert!(!folder.path().exists());

    folder.create().unwrap();
    assert!(folder.path().is_dir());
    folder.create().unwrap();
}

#[cfg(unix)]
#[test]
fn a_new_folder_is_for_its_owner_and_an_old_one_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt;

    let mode =
        |folder: &StateDir| fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777;
    let home = tempfile::tempdir().unwrap();

    let new = StateDir::new(home.path().join("a/b"));
    new.create().unwrap();
    assert_eq!(mode(&new), 0o700);

    let old = StateDir::new(home.path().join("old"));
    fs::create_dir(old.path()).unwrap();
    fs::set_permissions(old.path(), fs::Permissions::from_mode(0o755)).unwrap();
    old.create().unwrap();
    assert_eq!(mode(&old), 0o755);
}

#[test]
fn a_file_in_the_way_is_an_error_that_names_the_folder() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    let folder = StateDir::new(home.path().join("file/state"));
    let error = folder.create().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Folder);
    assert!(error.to_string().contains("file/state"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}
