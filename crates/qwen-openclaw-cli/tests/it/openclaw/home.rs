//! A home with OpenClaw's stores in it, as the releases make them.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::Qwen;

pub(crate) const SHARED: &str = "state/openclaw.sqlite";

/// A home with OpenClaw's folder in it.
pub(crate) struct Home(pub(crate) TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.0.path().join("tmp")).unwrap();
        home
    }

    /// A path in OpenClaw's folder; the folder it is in exists.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        let path = self.0.path().join(".openclaw").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// Makes the database that all agents share.
    pub(crate) fn shared(&self, store: &Value, state: &Value) -> Connection {
        let database = connection(&self.path(SHARED));
        let table = "CREATE TABLE config_machine_state \
                     (state_key TEXT PRIMARY KEY, value_json TEXT NOT NULL, updated_at_ms INTEGER)";
        database.execute_batch(table).unwrap();
        for (key, value) in [
            ("auth.sharedStore", &json!({"location": "state-db"})),
            ("authProfiles.store", store),
            ("authProfiles.state", state),
        ] {
            let insert = "INSERT INTO config_machine_state VALUES (?1, ?2, 1)";
            database.execute(insert, (key, value.to_string())).unwrap();
        }
        database
    }

    /// Makes the database of an agent.
    pub(crate) fn agent(&self, name: &str, store: &Value, state: &Value) -> Connection {
        let path = format!("agents/{name}/agent/openclaw-agent.sqlite");
        let database = connection(&self.path(&path));
        for (table, column, value) in [
            ("auth_profile_store", "store_json", store),
            ("auth_profile_state", "state_json", state),
        ] {
            let create = format!(
                "CREATE TABLE {table} (store_key TEXT, state_key TEXT, {column} TEXT, \
                 updated_at INTEGER)"
            );
            database.execute_batch(&create).unwrap();
            let insert = format!("INSERT INTO {table} VALUES ('primary', 'primary', ?1, 1)");
            database.execute(&insert, [value.to_string()]).unwrap();
        }
        database
    }

    pub(crate) fn file(&self, agent: &str, store: &Value) -> PathBuf {
        let path = self.path(&format!("agents/{agent}/agent/auth-profiles.json"));
        fs::write(&path, store.to_string()).unwrap();
        path
    }

    pub(crate) fn import(&self, more: &[&str]) -> Qwen {
        let arguments = [&["models", "auth", "import", "openclaw"], more].concat();
        Qwen::new(&arguments)
            .env("HOME", self.0.path().to_str().unwrap())
            .env("TMPDIR", self.0.path().join("tmp").to_str().unwrap())
    }

    /// The keys that are stored now, and no copy is left.
    pub(crate) fn stored(&self) -> BTreeMap<String, String> {
        let left = fs::read_dir(self.0.path().join("tmp")).unwrap().count();
        assert_eq!(left, 0, "a copy is left");
        let path = self.0.path().join(".qwen-openclaw/credentials.json");
        let document: Value = match fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).unwrap(),
            Err(_) => return BTreeMap::new(),
        };
        let profiles = document["profiles"].as_object().unwrap().iter();
        let text = |value: &Value| value["key"].as_str().unwrap().to_owned();
        profiles
            .map(|(id, value)| (id.clone(), text(value)))
            .collect()
    }

    /// Every file of OpenClaw's: its bytes, mode, and time.
    pub(crate) fn snapshot(&self) -> BTreeMap<PathBuf, (u32, i64, i64, Vec<u8>)> {
        let mut all = BTreeMap::new();
        let mut left = vec![self.0.path().join(".openclaw")];
        while let Some(path) = left.pop() {
            let metadata = fs::symlink_metadata(&path).unwrap();
            // The one that is huge is a hole.
            let bytes = if metadata.is_file() && metadata.len() < 1 << 24 {
                fs::read(&path).unwrap()
            } else {
                Vec::new()
            };
            if metadata.is_dir() {
                left.extend(
                    fs::read_dir(&path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
            }
            let mark = (
                metadata.mode(),
                metadata.mtime(),
                metadata.mtime_nsec(),
                bytes,
            );
            all.insert(path, mark);
        }
        all
    }
}

/// A database as OpenClaw makes it.
fn connection(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
    connection
        .execute_batch("PRAGMA user_version = 18")
        .unwrap();
    connection
}

/// A store with one key for each name.
pub(crate) fn keys(keys: &[(&str, &str)]) -> Value {
    let profile = |(name, key): &(&str, &str)| {
        let provider = name.split(':').next();
        let value = json!({"type": "api_key", "provider": provider, "key": key});
        ((*name).to_owned(), value)
    };
    let profiles: serde_json::Map<_, _> = keys.iter().map(profile).collect();
    json!({"version": 1, "profiles": profiles})
}

pub(crate) fn none() -> Value {
    keys(&[])
}

pub(crate) fn stored(keys: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(id, key): &(&str, &str)| ((*id).to_owned(), (*key).to_owned());
    keys.iter().map(owned).collect()
}
