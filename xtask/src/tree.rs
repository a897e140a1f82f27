//! The repository's files as git sees them: tracked ones, and new ones it does not ignore.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use crate::{error::Error, process::output_of};

/// Every file by its path from the root; `None` for what is not text.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads all files of the repository at `root`.
    pub(crate) fn load(root: &Path) -> Result<Self, Error> {
        let mut git = Command::new("git");
        git.current_dir(root);
        git.args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ]);
        let mut files = BTreeMap::new();
        for path in output_of(&mut git)?.split_terminator('\0') {
            let full = root.join(path);
            // A file that git still lists may be gone from the folder.
            if full.is_file() {
                let bytes = fs::read(&full).map_err(Error::io(format!("read {path}")))?;
                files.insert(path.to_owned(), String::from_utf8(bytes).ok());
            }
        }
        Ok(Self { files })
    }

    pub(crate) fn contains(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// The text files, by path.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// The Rust files below a folder, by path.
    pub(crate) fn rust_below(&self, folder: &str) -> impl Iterator<Item = (&str, &str)> {
        let prefix = format!("{folder}/");
        self.texts()
            .filter(move |(path, _)| path.starts_with(&prefix))
            .filter(|(path, _)| path.ends_with(".rs"))
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Tree {
    fn from(files: [(&str, &str); N]) -> Self {
        let entry = |(path, text): (&str, &str)| (path.to_owned(), Some(text.to_owned()));
        Self {
            files: files.into_iter().map(entry).collect(),
        }
    }
}
