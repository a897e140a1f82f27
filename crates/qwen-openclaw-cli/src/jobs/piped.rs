//! A result on standard output: `--output -`.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::Kind;
use crate::{failure::Failure, output::Out};

/// A folder for a result until it is on standard output.
///
/// A download that breaks off goes on in its file, so the result is not written out before it is
/// complete and checked.
pub(crate) struct Piped {
    folder: TempDir,
    kind: Kind,
}

impl Piped {
    /// `None` if the output is not `-`. What cannot work is said before anything is sent.
    pub(crate) fn of(
        kind: Kind,
        output: Option<&Path>,
        json: bool,
    ) -> Result<Option<Self>, Failure> {
        if !is_stdout(output) {
            return Ok(None);
        }
        if json {
            return Err(Failure::usage(
                "--json and `--output -` cannot both have standard output",
            ));
        }
        if io::stdout().is_terminal() {
            let (name, reader) = match kind {
                Kind::Image => ("an image", "viewer"),
                Kind::Video => ("a video", "player"),
            };
            let hint = format!("name a file with `--output FILE`, or pipe it into a {reader}");
            return Err(Failure::usage(format!("a terminal cannot show {name}")).with_hint(hint));
        }
        let folder = tempfile::tempdir();
        let folder = folder.map_err(|error| {
            Failure::other(format!("could not make a temporary folder: {error}"))
        })?;
        Ok(Some(Self { folder, kind }))
    }

    /// Where the result is saved at first.
    pub(crate) fn path(&self) -> PathBuf {
        let name = format!("result.{}", self.kind.extension());
        self.folder.path().join(name)
    }

    /// Writes the result out.
    pub(crate) fn write(self) -> Result<(), Failure> {
        let failed = |error| Failure::other(format!("could not read the result back: {error}"));
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

/// Whether a result goes to standard output.
pub(crate) fn is_stdout(output: Option<&Path>) -> bool {
    output == Some(Path::new("-"))
}
