//! A home folder with OpenClaw's configuration in it, which outlasts one command.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{Qwen, Ran};

pub(crate) struct ConfigHome(TempDir);

impl ConfigHome {
    /// A home without a configuration.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A home with this configuration.
    pub(crate) fn with(text: &str) -> Self {
        let home = Self::empty();
        fs::create_dir(home.folder()).unwrap();
        fs::write(home.file(), text).unwrap();
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.path().join(".openclaw")
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder().join("openclaw.json")
    }

    /// What the file has now; empty if there is none.
    pub(crate) fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap_or_default()
    }

    /// The file, if it is strict JSON, as one that we have written is.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// The store of keys and logins.
    pub(crate) fn credentials(&self) -> Value {
        let file = self.path().join(".qwen-openclaw/credentials.json");
        serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
    }

    /// The files below the home folder, besides locks, leases, and what is kept of usage: paths and
    /// contents, in order.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let (mut files, mut folders) = (Vec::new(), vec![self.path().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(self.path()).unwrap();
                let name = name.to_str().unwrap().to_owned();
                if name.contains("/state.sqlite") {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else if !name.ends_with(".lock") && !name.contains(".lease=") {
                    // A link that leads nowhere has no contents.
                    files.push((name, fs::read(path).unwrap_or_default()));
                }
            }
        }
        files.sort();
        files
    }

    pub(crate) fn qwen(&self, arguments: &[&str]) -> Qwen {
        Qwen::new(arguments).env("HOME", self.path().to_str().unwrap())
    }

    /// A line as it is typed into a shell.
    #[cfg(unix)]
    pub(crate) fn in_shell(&self, line: &str) -> std::process::Command {
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_qwen-openclaw"));
        let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-c", line]).env_clear().env("PATH", path);
        shell.env("HOME", self.path());
        shell
    }

    /// Runs a command line, without the program's name; its words have no spaces.
    pub(crate) fn run(&self, line: &str) -> Ran {
        let words: Vec<&str> = line.split(' ').collect();
        self.qwen(&words).run()
    }
}
