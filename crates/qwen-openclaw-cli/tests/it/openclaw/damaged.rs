//! Databases that cannot be read: each is said, and the others are read.

use std::{
    fs::{self, File},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use rusqlite::Connection;
use serde_json::json;

use super::home::{Home, SHARED, keys, stored};
use crate::run::KEY;

/// What is wrong with the shared database is said, and the others are read.
#[test]
fn a_database_that_cannot_be_read_holds_up_no_other() {
    let bytes_of = |path: &Path| fs::read(path).unwrap();
    let rewrite = |path: &Path, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes_of(path);
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    };
    let sql = |path: &Path, text: &str| {
        let database = Connection::open(path).unwrap();
        database.execute_batch(text).unwrap();
    };
    type Spoil<'a> = &'a dyn Fn(&Path);
    let table: [(&str, &str, Spoil<'_>); 16] = [
        ("damaged", "is damaged", &|path| {
            rewrite(path, &|bytes| bytes[4096..].fill(0xa5));
        }),
        ("damaged in the middle", "is damaged", &|path| {
            // The table's own page: its header, and the cells behind it, stay plausible.
            rewrite(path, &|bytes| bytes[4096 + 8..4096 + 16].fill(0xff));
        }),
        ("truncated", "is damaged", &|path| {
            rewrite(path, &|bytes| bytes.truncate(5000));
        }),
        ("truncated in its header", "is damaged", &|path| {
            rewrite(path, &|bytes| bytes.truncate(50));
        }),
        ("empty", "is empty", &|path| fs::write(path, "").unwrap()),
        ("short", "is not an SQLite database", &|path| {
            fs::write(path, "SQL").unwrap()
        }),
        ("claims a GiB", "is damaged", &|path| {
            rewrite(path, &|bytes| {
                bytes[28..32].copy_from_slice(&(1_u32 << 18).to_be_bytes());
                // So that the claim counts.
                bytes.copy_within(24..28, 92);
                bytes.truncate(8192);
            });
        }),
        ("is a GiB", "is too large: 1024 MiB", &|path| {
            File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(1 << 30)
                .unwrap();
        }),
        (
            "encrypted",
            "is not an SQLite database, or is encrypted",
            &|path| {
                rewrite(path, &|bytes| {
                    bytes.iter_mut().for_each(|byte| *byte ^= 0x5a)
                });
            },
        ),
        ("foreign", "but not one of OpenClaw's", &|path| {
            sql(path, "DROP TABLE config_machine_state; CREATE TABLE x (y)");
        }),
        ("a view", "but not one of OpenClaw's", &|path| {
            sql(
                path,
                "ALTER TABLE config_machine_state RENAME TO secrets; CREATE VIEW \
                 config_machine_state AS SELECT * FROM secrets",
            );
        }),
        (
            "other columns",
            "a form that this version does not know",
            &|path| {
                sql(
                    path,
                    "ALTER TABLE config_machine_state RENAME COLUMN value_json TO value",
                );
            },
        ),
        (
            "a number",
            "a form that this version does not know",
            &|path| {
                sql(
                    path,
                    "ALTER TABLE config_machine_state RENAME TO old; CREATE TABLE \
                 config_machine_state AS SELECT state_key, 5 AS value_json FROM old",
                );
            },
        ),
        ("not JSON", "not in OpenClaw's format", &|path| {
            sql(
                path,
                "UPDATE config_machine_state SET value_json = 'sk-secret {'",
            );
        }),
        ("a link", "is a symbolic link", &|path| {
            let aside = path.with_extension("aside");
            fs::rename(path, &aside).unwrap();
            symlink(aside, path).unwrap();
        }),
        ("a folder", "is not a regular file", &|path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
    ];
    for (name, says, spoil) in table {
        let home = Home::new();
        drop(home.shared(&keys(&[("qwen:a", "sk-secret")]), &json!(null)));
        drop(home.agent("main", &keys(&[("qwen:b", KEY)]), &json!(null)));
        let path = home.path(SHARED);
        spoil(&path);
        let before = home.snapshot();
        let ran = home.import(&[]).run().exits_with(1);
        let lines: Vec<_> = ran.stderr.lines().collect();
        assert_eq!(lines.len(), 1, "{name}: {lines:?}");
        let begin = "error: ~/.openclaw/state/openclaw.sqlite ";
        assert!(lines[0].starts_with(begin), "{name}: {}", lines[0]);
        assert!(lines[0].contains(says), "{name}: {}", lines[0]);
        assert_eq!(ran.stdout, "qwen:b -> qwen:b: imported\n", "{name}");
        assert_eq!(home.stored(), stored(&[("qwen:b", KEY)]), "{name}");

        let document = home.import(&["--json"]).run().exits_with(1).json();
        assert_eq!(document["ok"], false, "{name}");
        let problem = document["problems"][0]["message"].as_str().unwrap();
        assert!(problem.contains(says), "{name}: {problem}");
        assert!(
            home.snapshot() == before,
            "{name}: something of OpenClaw's has changed"
        );
    }
}

/// Root reads everything, so there is nothing to see for root.
#[test]
fn files_without_permission_and_pipes_are_said() {
    let home = Home::new();
    drop(home.shared(&keys(&[("qwen:a", KEY)]), &json!(null)));
    let path = home.path(SHARED);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o000)).unwrap();
    let ran = home.import(&[]).run();
    if File::open(&path).is_ok() {
        ran.exits_with(0);
    } else {
        ran.exits_with(1).says("cannot be read: Permission denied");
    }
    // Opening a pipe would wait for somebody to write to it.
    for name in [
        "agents/a/agent/openclaw-agent.sqlite",
        "agents/b/agent/auth-profiles.json",
    ] {
        let home = Home::new();
        let pipe = home.path(name);
        let made = std::process::Command::new("mkfifo").arg(pipe).status();
        assert!(made.unwrap().success());
        home.import(&[])
            .run()
            .exits_with(1)
            .says("not a regular file");
    }
}
