//! Where audio goes.

use std::fs::File;

use qwen_openclaw::speech::{AudioFile, AudioFormat};

use crate::{failure::Failure, output::Out};

/// Standard output, a device, or a file that gets the length into its header at the end.
pub(super) struct Sink {
    out: Out,
    file: Option<AudioFile<File>>,
}

impl Sink {
    pub(super) fn new(out: Out) -> Self {
        Self { out, file: None }
    }

    /// The format is known.
    pub(super) fn begin(&mut self, format: AudioFormat) -> Result<(), Failure> {
        if let Some(file) = self.out.regular_file() {
            let file = file.and_then(|file| AudioFile::new(file, format));
            self.file = Some(file.map_err(|error| self.out.not_written(&error))?);
        }
        Ok(())
    }

    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), Failure> {
        match &mut self.file {
            Some(file) => file
                .write(piece)
                .map_err(|error| self.out.not_written(&error)),
            None => self.out.bytes(piece),
        }
    }

    /// The audio is complete.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        if let Some(file) = self.file.take() {
            file.finish()
                .map_err(|error| self.out.not_written(&error))?;
        }
        self.out.finish()
    }

    /// It will not be complete, and what there is can be played all the same.
    pub(super) fn abandon(mut self) {
        if let Some(Err(error)) = self.file.take().map(AudioFile::finish) {
            self.out.not_written(&error).tell();
        }
        self.out.abandon();
    }
}
