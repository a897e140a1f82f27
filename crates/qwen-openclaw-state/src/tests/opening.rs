//! Files that are damaged, foreign, newer, not ours, full or not writable.

use std::{fs, path::Path};

use qwen_openclaw_auth::StateDir;
use qwen_openclaw_http::ErrorKind;
use qwen_openclaw_router::{Error, FailoverStore, UsageGroup, UsageStore};
use rusqlite::Connection;

use super::{at, entry, folder, open, report, sums_match};
use crate::{SqliteState, handle::Access};

fn causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text += &format!(": {cause}");
        next = cause.source();
    }
    text
}

async fn refused(path: &Path, why: &str) {
    let error = SqliteState::open(path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(causes(&error).contains(why), "{}", causes(&error));
}

/// Fills a file of a few hundred entries and returns its path; it is closed.
async fn filled(folder: &Path) -> std::path::PathBuf {
    let state = open(folder).await;
    for seconds in 0..300 {
        state.settle(&entry(seconds * 60, 1)).await.unwrap();
    }
    state.path().to_owned()
}

/// The files that were set aside, without what belongs to them.
fn damaged(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_damaged = |path: &std::path::PathBuf| {
        let name = path.to_str().unwrap();
        name.contains(".damaged-") && !name.ends_with("-wal") && !name.ends_with("-shm")
    };
    paths.filter(is_damaged).collect()
}

#[tokio::test]
async fn a_damaged_file_is_set_aside_whole_and_said() {
    type Damage = fn(&mut Vec<u8>);
    let ways: [(&str, Damage); 6] = [
        ("random", |bytes| bytes.fill_with(|| fastrand::u8(..))),
        ("truncated", |bytes| bytes.truncate(5_000)),
        ("cut to a page", |bytes| bytes.truncate(4_096)),
        ("no header", |bytes| bytes[..100].fill(0)),
        ("zeros in the middle", |bytes| {
            let length = bytes.len();
            bytes[4_096..length / 2].fill(0);
        }),
        ("a text", |bytes| {
            *bytes = b"this is not a database".to_vec()
        }),
    ];
    for (name, damage) in ways {
        let folder = folder();
        let path = filled(folder.path()).await;
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, &bytes).unwrap();

        let state = open(folder.path()).await;
        let aside = state.set_aside();
        assert_eq!(aside, damaged(folder.path()), "{name}");
        assert_eq!(aside.len(), 1, "{name}");
        assert_eq!(fs::read(&aside[0]).unwrap(), bytes, "{name}");
        assert_eq!(state.latest(9).await.unwrap(), []);
        state.settle(&entry(0, 1)).await.unwrap();
        drop(state);
        // Once.
        let state = open(folder.path()).await;
        assert!(state.set_aside().is_empty());
        assert_eq!(state.latest(9).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_is_only_read_is_not_checked_until_it_is_written() {
    let folder = folder();
    let home = StateDir::new(folder.path());
    let absent = SqliteState::existing_in_folder(&home).await.unwrap();
    assert!(absent.is_none() && fs::read_dir(folder.path()).unwrap().next().is_none());
    let path = filled(folder.path()).await;
    let file = Connection::open(&path).unwrap();
    // Damage in a table that cooldowns have nothing to do with.
    let root: i64 = file
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'entries_time'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    drop(file);
    let mut bytes = fs::read(&path).unwrap();
    let page = (usize::try_from(root).unwrap() - 1) * 4_096;
    bytes[page..page + 4_096].fill(0x55);
    fs::write(&path, &bytes).unwrap();

    let state = SqliteState::existing_in_folder(&home)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(state.running(at(0)).await.unwrap(), []);
    assert!(state.set_aside().is_empty());
    state.settle(&entry(0, 1)).await.unwrap();
    assert_eq!(state.set_aside(), damaged(folder.path()));
    assert_eq!(state.set_aside().len(), 1);
    // What cannot be read at all is set aside at once.
    drop(state);
    fs::write(&path, vec![0; 20_000]).unwrap();
    let state = SqliteState::existing_in_folder(&home)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(state.set_aside().len(), 1);
}

#[tokio::test]
async fn an_empty_file_is_a_new_one_unless_it_has_a_log() {
    let folder = folder();
    let path = folder.path().join("state.sqlite");
    fs::write(&path, "").unwrap();
    assert!(open(folder.path()).await.set_aside().is_empty());
    fs::write(&path, "").unwrap();
    let log = folder.path().join("state.sqlite-wal");
    fs::write(&log, "of a file that was emptied").unwrap();
    let state = open(folder.path()).await;
    let [aside] = &state.set_aside()[..] else {
        panic!("{:?}", state.set_aside());
    };
    let log = format!("{}-wal", aside.display());
    assert_eq!(fs::read(log).unwrap(), b"of a file that was emptied");
}

#[tokio::test]
async fn damage_that_is_met_later_is_dealt_with_at_once() {
    let folder = folder();
    let state = open(folder.path()).await;
    for seconds in 0..300 {
        state.settle(&entry(seconds * 60, 1)).await.unwrap();
    }
    // A table is gone while the file is open, which the check of a page would not find.
    let file = Connection::open(state.path()).unwrap();
    file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    let root: u64 = file
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'sums'",
            [],
            |row| row.get::<_, i64>(0),
        )
        .unwrap()
        .try_into()
        .unwrap();
    drop(file);
    let page = usize::try_from((root - 1) * 4_096).unwrap();
    let mut bytes = fs::read(state.path()).unwrap();
    bytes[page..page + 4_096].fill(0x55);
    fs::write(state.path(), &bytes).unwrap();
    // A connection that has read the page before does not see it; a new one does.
    let other = SqliteState {
        pool: crate::pool::Pool::new(state.pool.place().clone()),
    };
    drop(state);
    other.settle(&entry(0, 1)).await.unwrap();
    assert_eq!(other.set_aside().len(), 1);
    assert_eq!(other.latest(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_suspicion_that_is_not_confirmed_stops_no_one() {
    let folder = folder();
    let path = filled(folder.path()).await;
    let other = open(folder.path()).await;
    let suspect = folder.path().join("state.sqlite.suspect");
    for state in [&other, &open(folder.path()).await, &other] {
        fs::write(&suspect, "").unwrap();
        assert_eq!(state.latest(1_000).await.unwrap().len(), 300);
        assert!(state.set_aside().is_empty());
        assert!(!suspect.exists());
    }
    drop(other);
    sums_match(&path);
}

#[tokio::test]
async fn a_damaged_file_that_others_have_open_stays_until_they_close_it() {
    let folder = folder();
    let path = filled(folder.path()).await;
    let other = open(folder.path()).await;
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..5_000]).unwrap();
    let error = SqliteState::open(&path).await.unwrap_err();
    assert!(
        causes(&error).contains("other processes have it open"),
        "{error}"
    );
    assert!(damaged(folder.path()).is_empty());
    // The other one meets it at its next use, and goes on with a new file.
    other.settle(&entry(0, 1)).await.unwrap();
    assert_eq!(other.set_aside().len(), 1);
    assert_eq!(fs::read(&other.set_aside()[0]).unwrap().len(), 5_000);
    let state = open(folder.path()).await;
    assert_eq!(state.latest(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_full_check_finds_what_the_quick_one_does_not_look_at() {
    let folder = folder();
    let path = filled(folder.path()).await;
    let file = Connection::open(&path).unwrap();
    // An index whose entries are not those of its table.
    file.execute_batch(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, '(model, credential', '(credential, model')
         WHERE name = 'series_key';",
    )
    .unwrap();
    drop(file);
    let state = open(folder.path()).await;
    assert!(!state.check().await.unwrap());
    let sound = super::folder();
    assert!(open(sound.path()).await.check().await.unwrap());
}

#[tokio::test]
async fn newer_and_foreign_files_are_refused_and_left_alone() {
    let folder = folder();
    let path = filled(folder.path()).await;
    let file = Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 7).unwrap();
    drop(file);
    refused(&path, "written by a newer version (its format is 7)").await;
    assert!(damaged(folder.path()).is_empty());

    for set_up in ["CREATE TABLE theirs (x)", "PRAGMA user_version = 1"] {
        let other = folder.path().join("other.sqlite");
        let _ = fs::remove_file(&other);
        Connection::open(&other)
            .unwrap()
            .execute_batch(set_up)
            .unwrap();
        refused(&other, "the database of another program").await;
    }
    assert!(damaged(folder.path()).is_empty());
}

#[tokio::test]
async fn a_folder_is_not_a_file() {
    let folder = folder();
    let path = folder.path().join("state.sqlite");
    fs::create_dir(&path).unwrap();
    refused(&path, "not a link").await;
    assert!(path.is_dir());
    let below = folder.path().join("a-file");
    fs::write(&below, "").unwrap();
    refused(&below.join("state.sqlite"), "a-file").await;
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let root = folder();
    let home = root.path().join("home");
    let state = SqliteState::in_folder(&StateDir::new(&home)).await.unwrap();
    state.settle(&entry(0, 1)).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home), 0o700);
    for end in ["", "-wal", "-shm", ".lock"] {
        let path = home.join(format!("state.sqlite{end}"));
        assert_eq!(mode(&path), 0o600, "{end}");
    }
    drop(state);
    fs::set_permissions(home.join("state.sqlite"), fs::Permissions::from_mode(0o644)).unwrap();
    drop(SqliteState::in_folder(&StateDir::new(&home)).await.unwrap());
    assert_eq!(mode(&home.join("state.sqlite")), 0o600);

    fs::set_permissions(&home, fs::Permissions::from_mode(0o777)).unwrap();
    refused(&home.join("state.sqlite"), "chmod go-w").await;

    let link = root.path().join("link.sqlite");
    symlink(home.join("state.sqlite"), &link).unwrap();
    refused(&link, "not a link").await;
}

/// Only root can give a file to another user.
#[cfg(unix)]
#[tokio::test]
async fn what_belongs_to_another_user_is_not_used() {
    use std::os::unix::fs::{MetadataExt, chown, lchown, symlink};

    let root = folder();
    if fs::metadata(root.path()).unwrap().uid() != 0 {
        println!("skipped: only root can give a file to another user");
        return;
    }
    let path = filled(root.path()).await;
    chown(&path, Some(12_345), None).unwrap();
    refused(&path, "another user").await;
    chown(&path, Some(0), None).unwrap();
    let link = root.path().join("folder");
    symlink(root.path(), &link).unwrap();
    lchown(&link, Some(12_345), None).unwrap();
    refused(&link.join("state.sqlite"), "another user").await;
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_nothing_is_half_written() {
    let folder = folder();
    let state = open(folder.path()).await;
    state.settle(&entry(0, 1)).await.unwrap();
    state
        .pool
        .with_handle(Access::Write, |handle| {
            handle.limit_pages(2);
            Ok(())
        })
        .await
        .unwrap();
    let mut settled = 1;
    let error = loop {
        match state.settle(&entry(settled * 900, 1)).await {
            Ok(()) => settled += 1,
            Err(error) => break error,
        }
        assert!(settled < 10_000);
    };
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.to_string().starts_with("the disk is full"), "{error}");
    // Reading goes on, and writing once there is room.
    let rows = report(&state, UsageGroup::Model).await;
    assert_eq!(rows[0].sum.requests, settled);
    drop(state);
    sums_match(&folder.path().join("state.sqlite"));
    open(folder.path())
        .await
        .settle(&entry(0, 1))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_an_error() {
    let folder = folder();
    let state = open(folder.path()).await;
    state.settle(&entry(0, 1)).await.unwrap();
    let read_only = |handle: &mut crate::handle::Handle| handle.refuse_writes();
    state
        .pool
        .with_handle(Access::Write, read_only)
        .await
        .unwrap();
    let error = state.settle(&entry(1, 1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    let expected = format!("{} or its folder is read-only", state.path().display());
    assert_eq!(causes(&error), expected);
    assert_eq!(state.latest(9).await.unwrap().len(), 1);
    assert_eq!(state.running(at(0)).await.unwrap(), []);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_that_cannot_be_made_is_an_error() {
    refused(Path::new("/proc/self/none/state.sqlite"), "/proc/self/none").await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_was_moved_away_is_not_written_to() {
    let folder = folder();
    let state = open(folder.path()).await;
    state.settle(&entry(0, 1)).await.unwrap();
    let reader = state.latest(9).await.unwrap();
    assert_eq!(reader.len(), 1);
    for end in ["", "-wal", "-shm"] {
        let path = folder.path().join(format!("state.sqlite{end}"));
        fs::rename(&path, folder.path().join(format!("moved.sqlite{end}"))).unwrap();
    }
    for seconds in 1..4 {
        state.settle(&entry(seconds, 1)).await.unwrap();
    }
    assert_eq!(state.latest(9).await.unwrap().len(), 3);
    drop(state);
    assert_eq!(open(folder.path()).await.latest(9).await.unwrap().len(), 3);
    let moved = SqliteState::open(folder.path().join("moved.sqlite"))
        .await
        .unwrap();
    assert_eq!(moved.latest(9).await.unwrap().len(), 1);
}
