//! Audio formats: what the server sends, in parts, made into one file.

pub(crate) mod mp3;
pub(crate) mod save;
pub(crate) mod wav;

use std::{fmt, str::FromStr, time::Duration};

use crate::Error;

/// A format of audio.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum AudioFormat {
    /// MP3.
    Mp3,
    /// Samples of 16 bits, little endian, one channel, without a header.
    Pcm,
    /// The same samples with a header.
    Wav,
    /// Opus in Ogg. Of a text that is spoken in several parts, the file has several streams.
    Opus,
}

impl AudioFormat {
    /// Every format.
    pub const ALL: &[Self] = &[Self::Mp3, Self::Pcm, Self::Wav, Self::Opus];

    /// Returns the name, which is that of the service.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Pcm => "pcm",
            Self::Wav => "wav",
            Self::Opus => "opus",
        }
    }
}

impl fmt::Display for AudioFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for AudioFormat {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let mut all = Self::ALL.iter().copied();
        let found = all.find(|format| format.as_str().eq_ignore_ascii_case(name));
        found
            .ok_or_else(|| Error::refused(format!("`{name}` is not a format: mp3, pcm, wav, opus")))
    }
}

/// Bytes of a second of samples at a rate.
fn bytes_per_second(sample_rate: u32) -> u64 {
    u64::from(sample_rate) * 2
}

/// How long samples of so many bytes last.
pub(crate) fn length_of(bytes: u64, sample_rate: u32) -> Duration {
    let per_second = bytes_per_second(sample_rate).max(1);
    let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(per_second);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Takes the parts of a recording, each of which is a file of its own, and leaves out of them what may
/// not be in the middle of one.
#[derive(Debug)]
pub(crate) struct Joiner {
    format: AudioFormat,
    sample_rate: u32,
    part: Part,
    /// Of the parts that are complete.
    before: Duration,
}

#[derive(Debug)]
enum Part {
    Samples { wav: wav::Samples, bytes: u64 },
    Mp3(mp3::Frames),
    Opus,
}

impl Joiner {
    pub(crate) fn new(format: AudioFormat, sample_rate: u32) -> Self {
        Self {
            format,
            sample_rate,
            part: Part::of(format),
            before: Duration::ZERO,
        }
    }

    /// Takes a piece, and appends to `out` what of it belongs into the file. The header of a wav file is
    /// never in it.
    pub(crate) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        match &mut self.part {
            Part::Samples { wav, bytes } => {
                wav.push(piece, out);
                *bytes += (out.len() - start) as u64;
            }
            Part::Mp3(frames) => frames.push(piece, out),
            Part::Opus => out.extend_from_slice(piece),
        }
    }

    /// The part is complete.
    pub(crate) fn end_part(&mut self, out: &mut Vec<u8>) {
        let start = out.len();
        match &mut self.part {
            Part::Samples { wav, bytes } => {
                wav.end(out);
                *bytes += (out.len() - start) as u64;
            }
            Part::Mp3(frames) => frames.end(out),
            Part::Opus => {}
        }
        self.before = self.duration().unwrap_or_default();
        self.part = Part::of(self.format);
    }

    /// The sample rate: that of the header, if the server sent one.
    pub(crate) fn sample_rate(&self) -> u32 {
        match &self.part {
            Part::Samples { wav, .. } => wav.sample_rate().unwrap_or(self.sample_rate),
            _ => self.sample_rate,
        }
    }

    /// How long the audio so far lasts; `None` if that cannot be told of the format.
    pub(crate) fn duration(&self) -> Option<Duration> {
        let part = match &self.part {
            Part::Samples { bytes, .. } => length_of(*bytes, self.sample_rate()),
            Part::Mp3(frames) => frames.duration()?,
            Part::Opus => return None,
        };
        Some(self.before.saturating_add(part))
    }

    /// How long the complete parts last.
    pub(crate) fn before(&self) -> Duration {
        self.before
    }
}

impl Part {
    fn of(format: AudioFormat) -> Self {
        match format {
            AudioFormat::Mp3 => Self::Mp3(mp3::Frames::default()),
            AudioFormat::Opus => Self::Opus,
            AudioFormat::Pcm | AudioFormat::Wav => Self::Samples {
                wav: wav::Samples::default(),
                bytes: 0,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_of_parts_are_left_out() {
        let part = |samples: &[u8]| {
            let mut part = wav::header(16_000, Some(samples.len() as u64)).to_vec();
            part.extend_from_slice(samples);
            part
        };
        let mut joiner = Joiner::new(AudioFormat::Wav, 24_000);
        let mut out = Vec::new();
        for samples in [[1_u8; 32_000], [2; 32_000]] {
            for piece in part(&samples).chunks(1_000) {
                joiner.push(piece, &mut out);
            }
            assert_eq!(joiner.sample_rate(), 16_000);
            joiner.end_part(&mut out);
        }
        assert_eq!(out.len(), 64_000);
        assert_eq!((out[31_999], out[32_000]), (1, 2));
        assert_eq!(joiner.before(), Duration::from_secs(2));
    }
}
