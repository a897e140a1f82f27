//! The lines typed before, kept in the state folder.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::PathBuf,
    time::Duration,
};

use qwen_openclaw::auth::{
    ApiKey, Environment, KeyKind, StateDir,
    state::{self, FileLock},
};

use crate::failure::Failure;

/// How many lines are kept when the file has grown too large.
const KEPT: usize = 1_000;

/// Above this, the oldest lines are dropped.
const LARGEST: u64 = 1 << 20;

/// More than a file of ours can grow to.
const READABLE: u64 = 64 << 20;

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(2);

/// The shortest word that is taken for a key.
const SHORTEST_KEY: usize = 16;

/// The file `history`: a JSON string on each line, so that a line may have line breaks.
///
/// Lines are appended, and on disk when [`append`](Self::append) returns. What a killed process left
/// unfinished is skipped.
#[derive(Debug)]
pub(super) struct History {
    folder: StateDir,
    path: PathBuf,
}

impl History {
    pub(super) fn of(environment: &Environment) -> Result<Self, Failure> {
        let folder = StateDir::of(environment)?;
        let path = folder.path().join("history");
        Ok(Self { folder, path })
    }

    /// The lines, oldest first. If there are too many, the file is shortened.
    pub(super) async fn load(&self) -> Result<Vec<String>, Failure> {
        let Some(contents) = state::read(&self.path, READABLE)? else {
            return Ok(Vec::new());
        };
        let mut lines = parse(contents.bytes());
        if contents.bytes().len() as u64 <= LARGEST {
            return Ok(lines);
        }
        let _lock = self.lock().await?;
        // Another process may have written in the meantime.
        if let Some(contents) = state::read(&self.path, READABLE)? {
            lines = parse(contents.bytes());
        }
        lines.drain(..lines.len().saturating_sub(KEPT));
        // Long lines are few, but must not keep the file large.
        while size(&lines) > LARGEST / 2 && lines.len() > 1 {
            lines.drain(..lines.len().div_ceil(2));
        }
        let text: Vec<u8> = lines.iter().flat_map(|line| record(line)).collect();
        state::replace(&self.path, &text, drop)?;
        Ok(lines)
    }

    /// Adds a line, and flushes it to the disk.
    pub(super) async fn append(&self, line: &str) -> Result<(), Failure> {
        self.folder.create()?;
        let _lock = self.lock().await?;
        let written = || -> io::Result<()> {
            let mut file = self.open()?;
            let mut text = record(line);
            if !ends_with_line_break(&mut file)? {
                text.insert(0, b'\n');
            }
            file.write_all(&text)?;
            file.sync_data()
        };
        written().map_err(|error| {
            Failure::other(format!("could not write {}: {error}", self.path.display()))
        })
    }

    async fn lock(&self) -> Result<FileLock, Failure> {
        let path = self.folder.path().join("history.lock");
        Ok(FileLock::acquire(&path, PATIENCE).await?)
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&self.path)?;
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(file)
    }
}

/// Whether a line has something that looks like a key, which is not kept.
pub(super) fn has_key(line: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    line.split(|c| !word(c))
        .filter(|text| text.len() >= SHORTEST_KEY)
        .filter_map(|text| ApiKey::parse(text).ok())
        .any(|key| key.kind() != KeyKind::Other)
}

fn record(line: &str) -> Vec<u8> {
    // A string is always JSON.
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    text
}

fn parse(text: &[u8]) -> Vec<String> {
    text.split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}

fn size(lines: &[String]) -> u64 {
    lines.iter().map(|line| line.len() as u64).sum()
}

/// Whether a new record starts on a line of its own.
fn ends_with_line_break(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> (History, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("state");
        let environment = Environment::from_pairs([("QWEN_OPENCLAW_HOME", home)]);
        (History::of(&environment).unwrap(), folder)
    }

    #[tokio::test]
    async fn lines_are_read_again_and_damage_costs_one_line() {
        let (history, _folder) = history();
        assert!(history.load().await.unwrap().is_empty());
        history.append("one").await.unwrap();
        history.append("two\nlines, 你好").await.unwrap();
        // A process that was killed while it wrote.
        let mut file = history.open().unwrap();
        file.write_all(b"\"unfini").unwrap();
        history.append("three").await.unwrap();
        let lines = history.load().await.unwrap();
        assert_eq!(lines, ["one", "two\nlines, 你好", "three"]);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn no_one_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;

        let (history, _folder) = history();
        history.append("one").await.unwrap();
        let loose = PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&history.path, loose).unwrap();
        history.append("two").await.unwrap();
        let mode = std::fs::metadata(&history.path).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn a_file_that_has_grown_too_large_loses_its_oldest_lines() {
        let (history, _folder) = history();
        history.append("oldest").await.unwrap();
        let long = "x".repeat(2_000);
        let many: Vec<u8> = (0..1_200).flat_map(|_| record(&long)).collect();
        history.open().unwrap().write_all(&many).unwrap();
        history.append("newest").await.unwrap();
        let lines = history.load().await.unwrap();
        assert_eq!(lines.last().unwrap(), "newest");
        assert!(!lines.contains(&"oldest".to_owned()));
        assert_eq!(history.load().await.unwrap(), lines);
        let size = std::fs::metadata(&history.path).unwrap().len();
        assert!(size < LARGEST, "{size}");
    }

    #[test]
    fn keys_are_recognized_in_a_line() {
        for line in [
            "sk-0123456789abcdef",
            "my key is sk-sp-0123456789abcdef, thanks",
            "export QWEN_API_KEY='sk-0123456789abcdef'",
            "Authorization: Bearer sk-ws-H.ABC.0123456789",
            "a\nst-0123456789abcdef0123\nb",
        ] {
            assert!(has_key(line), "{line}");
        }
        for line in ["", "sk-", "what is sk-learn?", "risk-0123456789abcdef"] {
            assert!(!has_key(line), "{line}");
        }
    }
}
