//! OpenClaw's credential stores: which there are, and which of them counts.
//!
//! Releases up to 2026.6 keep a JSON file for each agent. Later ones keep a database that all agents
//! share and one for each agent, whose profiles come first. They no longer read the file: it still
//! counts only while the databases have no profile.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
};

use qwen_openclaw::auth::portal::OpenClawStore;

mod database;

/// What was found, in order of precedence.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) stores: Vec<OpenClawStore>,
    /// Stores that could not be read, and why.
    pub(crate) problems: Vec<Problem>,
    /// Files of an earlier release, which no longer count.
    pub(crate) outdated: Vec<PathBuf>,
}

#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) path: PathBuf,
    pub(crate) message: String,
}

impl Found {
    /// Reads the store at `path`, of either kind. Links are followed: the file was named.
    pub(super) fn in_file(path: &Path) -> Self {
        let mut found = Self::default();
        let target = fs::canonicalize(path);
        let target = target.as_deref().unwrap_or(path);
        if database::is_database(target) {
            found.add_database(target);
        } else {
            found.add_file(target);
        }
        found
    }

    /// Reads the stores in OpenClaw's folder: those of one agent, otherwise those of all.
    pub(crate) fn in_folder(folder: &Path, agent: Option<&str>) -> Self {
        let mut found = Self::default();
        let agents = match agent {
            Some(name) => vec![name.into()],
            None => found.agents(&folder.join("agents")),
        };
        let folder_of = |agent: &OsString| folder.join("agents").join(agent).join("agent");
        let database_of = |agent| folder_of(agent).join("openclaw-agent.sqlite");
        let mut has_profiles = Vec::new();
        // The shared database comes after that of the agent whose profiles count most.
        let mut agents_first = agents.iter();
        if let Some(first) = agents_first.next() {
            has_profiles.push(found.add_database(&database_of(first)));
        }
        let shared = found.add_database(&folder.join("state/openclaw.sqlite"));
        for agent in agents_first {
            has_profiles.push(found.add_database(&database_of(agent)));
        }
        for (agent, has_profiles) in agents.iter().zip(has_profiles) {
            let path = folder_of(agent).join("auth-profiles.json");
            if path.symlink_metadata().is_err() {
                continue;
            }
            if shared || has_profiles {
                found.outdated.push(path);
            } else {
                found.add_file(&path);
            }
        }
        found
    }

    /// The names of all agents, `main` first.
    fn agents(&mut self, folder: &Path) -> Vec<OsString> {
        let names = fs::read_dir(folder).and_then(|entries| {
            let names = entries.map(|entry| Ok(entry?.file_name()));
            names.collect::<io::Result<Vec<_>>>()
        });
        let mut names = match names {
            Ok(names) => names,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    self.problem(folder, format!("cannot be read: {error}"));
                }
                Vec::new()
            }
        };
        names.sort_by_key(|name| (name.as_os_str() != OsStr::new("main"), name.clone()));
        names
    }

    /// Reads a database if there is one, and returns whether it has a profile.
    fn add_database(&mut self, path: &Path) -> bool {
        match path.symlink_metadata() {
            // There is none. A name below a file is one too.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return false;
            }
            _ => {}
        }
        let store = database::read(path).and_then(|documents| {
            let (profiles, state) = (documents.profiles.as_deref(), documents.state.as_deref());
            OpenClawStore::parse(path, profiles, state)
                .map_err(|_| "contains profiles that are not in OpenClaw's format".to_owned())
        });
        match store {
            Ok(store) => {
                let has_profiles = !store.is_empty();
                self.stores.push(store);
                has_profiles
            }
            Err(message) => {
                self.problem(path, message);
                false
            }
        }
    }

    fn add_file(&mut self, path: &Path) {
        let read = match fs::metadata(path) {
            // Reading a pipe would wait.
            Ok(metadata) if !metadata.is_file() => Err("is not a regular file".to_owned()),
            _ => OpenClawStore::read(path).map_err(|error| why(&error)),
        };
        match read {
            Ok(store) => self.stores.push(store),
            Err(message) => self.problem(path, message),
        }
    }

    fn problem(&mut self, path: &Path, message: String) {
        self.problems.push(Problem {
            path: path.to_owned(),
            message,
        });
    }
}

/// What is wrong with a file. The error's own words name the file, and say to log in again.
fn why(error: &qwen_openclaw::auth::Error) -> String {
    use std::error::Error as _;
    match error.source() {
        Some(cause) => format!("cannot be read: {cause}"),
        None => "is not a list of OpenClaw profiles".to_owned(),
    }
}
