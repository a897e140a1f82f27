//! Audio written to a file.

use std::io::{self, Seek, SeekFrom, Write};

use super::{AudioFormat, wav};

/// A file that audio is written to piece by piece: a wav file gets its length at the end.
///
/// It takes what a [`SpeechStream`](crate::SpeechStream) yields. A target that cannot be rewound keeps
/// the header of a stream, which says no length; players read it to its end.
#[derive(Debug)]
pub struct AudioFile<W> {
    target: W,
    format: AudioFormat,
    start: u64,
    written: u64,
}

impl<W: Write + Seek> AudioFile<W> {
    /// Creates a file whose first byte is where `target` stands now.
    ///
    /// # Errors
    ///
    /// When the position of `target` cannot be told.
    pub fn new(mut target: W, format: AudioFormat) -> io::Result<Self> {
        Ok(Self {
            start: target.stream_position()?,
            target,
            format,
            written: 0,
        })
    }

    /// Writes a piece.
    ///
    /// # Errors
    ///
    /// Those of the target.
    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.target.write_all(piece)?;
        self.written += piece.len() as u64;
        Ok(())
    }

    /// Writes the length into the header of a wav file, and returns the target, which then stands
    /// behind the audio.
    ///
    /// # Errors
    ///
    /// Those of the target.
    pub fn finish(mut self) -> io::Result<W> {
        let samples = self.written.checked_sub(wav::HEADER as u64);
        if let (AudioFormat::Wav, Some(samples)) = (self.format, samples)
            && let Ok(samples) = u32::try_from(samples)
            && let Some(all) = samples.checked_add(wav::HEADER as u32 - 8)
        {
            for (at, length) in [(4, all), (40, samples)] {
                self.target.seek(SeekFrom::Start(self.start + at))?;
                self.target.write_all(&length.to_le_bytes())?;
            }
            self.target
                .seek(SeekFrom::Start(self.start + self.written))?;
        }
        self.target.flush()?;
        Ok(self.target)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_wav_file_gets_its_length_at_the_end() {
        let mut file = AudioFile::new(Cursor::new(Vec::new()), AudioFormat::Wav).unwrap();
        file.write(&wav::header(24_000, None)).unwrap();
        file.write(&[1; 500]).unwrap();
        file.write(&[2; 500]).unwrap();
        let file = file.finish().unwrap();
        assert_eq!(file.position(), 1_044);
        let mut expected = wav::header(24_000, Some(1_000)).to_vec();
        expected.extend([1; 500]);
        expected.extend([2; 500]);
        assert_eq!(file.into_inner(), expected);
    }

    #[test]
    fn other_files_are_written_as_they_are() {
        let mut file = AudioFile::new(Cursor::new(Vec::new()), AudioFormat::Mp3).unwrap();
        file.write(&[7; 100]).unwrap();
        assert_eq!(file.finish().unwrap().into_inner(), [7; 100]);
    }
}
