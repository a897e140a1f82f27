//! A video on standard output: `--output -`.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{failure::Failure, output::Out};

/// A folder for a video until it is on standard output.
///
/// A download that breaks off goes on in its file, so the video is not written out before it is
/// complete and checked.
pub(super) struct Piped(TempDir);

impl Piped {
    /// `None` if the output is not `-`. What cannot work is said before anything is sent.
    pub(super) fn of(output: Option<&Path>, json: bool) -> Result<Option<Self>, Failure> {
        if !is_stdout(output) {
            return Ok(None);
        }
        if json {
            return Err(Failure::usage(
                "--json and `--output -` cannot both have standard output",
            ));
        }
        if io::stdout().is_terminal() {
            return Err(Failure::usage("a terminal cannot show a video")
                .with_hint("name a file with `--output FILE`, or pipe it into a player"));
        }
        let folder = tempfile::tempdir();
        let folder = folder.map_err(|error| {
            Failure::other(format!("could not make a temporary folder: {error}"))
        })?;
        Ok(Some(Self(folder)))
    }

    /// Where the video is saved at first.
    pub(super) fn path(&self) -> PathBuf {
        self.0.path().join("video.mp4")
    }

    /// Writes the video out.
    pub(super) fn write(self) -> Result<(), Failure> {
        let failed = |error| Failure::other(format!("could not read the video back: {error}"));
        let mut file = File::open(self.path()).map_err(failed)?;
        let mut out = Out::new();
        let mut piece = vec![0; 64 << 10];
        loop {
            match file.read(&mut piece).map_err(failed)? {
                0 => return Ok(()),
                length => out.bytes(piece.get(..length).unwrap_or_default())?,
            }
        }
    }
}

/// Whether a video goes to standard output.
pub(super) fn is_stdout(output: Option<&Path>) -> bool {
    output == Some(Path::new("-"))
}
