//! Audio that is made for a text, and the text of audio.
//!
//! A character takes 60 ms at the normal rate, its tone follows from the character and the voice, and blanks
//! are silent. Everything is computed from the place in the audio, so that any part can be made alone.

mod carry;
mod heard;
mod mp3;
mod pcm;
mod wav;

use std::ops::Range;

pub(crate) use self::heard::{Heard, hear};
pub(super) use self::{
    carry::Ear,
    heard::{INVENTED, Timed},
};
use crate::{id::splitmix, refusal::Refusal};

/// How long a character is spoken at the normal rate, in milliseconds.
pub(super) const CHARACTER: u64 = 60;

/// The format of audio that can be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    Pcm,
    Wav,
    Mp3,
}

impl Format {
    /// Reads the name of a format. The service has `opus` too.
    pub(super) fn read(name: &str) -> Result<Self, Refusal> {
        match name {
            "pcm" => Ok(Self::Pcm),
            "wav" => Ok(Self::Wav),
            "mp3" => Ok(Self::Mp3),
            "opus" => Err(Refusal::not_offered("audio in the format opus")),
            _ => Err(Refusal::parameter(
                "format must be one of pcm, wav, mp3, opus",
            )),
        }
    }

    /// The name of a format, and how names of files end.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pcm => "pcm",
            Self::Wav => "wav",
            Self::Mp3 => "mp3",
        }
    }

    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Pcm => "audio/pcm",
            Self::Wav => "audio/wav",
            Self::Mp3 => "audio/mpeg",
        }
    }
}

/// How a text sounds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Sound {
    pub(super) format: Format,
    /// Samples a second.
    pub(super) sample_rate: u32,
    /// From 0 to 100.
    pub(super) volume: u32,
    /// In thousandths of the normal rate.
    pub(super) speed: u32,
    /// In thousandths of the normal pitch.
    pub(super) pitch: u32,
    /// The pitch of the voice in hertz.
    pub(super) voice: u32,
}

impl Sound {
    /// The sample rates that all formats have.
    pub(super) const SAMPLE_RATES: [u32; 6] = [8_000, 16_000, 22_050, 24_000, 44_100, 48_000];

    /// The pitch of a voice.
    pub(super) fn pitch_of(voice: &str) -> u32 {
        let mix = |state, byte| splitmix(state ^ u64::from(byte));
        let digest = voice.bytes().fold(0, mix);
        110 + (digest % 110) as u32
    }

    /// The samples of a character.
    fn character(&self) -> u64 {
        u64::from(self.sample_rate) * CHARACTER / u64::from(self.speed.max(1))
    }
}

/// A spoken text.
#[derive(Clone, Debug)]
pub(crate) struct Speech {
    text: Vec<char>,
    sound: Sound,
    samples: u64,
}

impl Speech {
    pub(super) fn new(text: &str, sound: Sound) -> Self {
        let text: Vec<char> = text.chars().collect();
        Self {
            samples: text.len() as u64 * sound.character(),
            text,
            sound,
        }
    }

    /// Adds silence at the end until it is this long, in milliseconds.
    pub(super) fn at_least(mut self, milliseconds: u64) -> Self {
        let least = milliseconds * u64::from(self.sound.sample_rate) / 1000;
        self.samples = self.samples.max(least);
        self
    }

    pub(crate) const fn format(&self) -> Format {
        self.sound.format
    }

    /// Its length in milliseconds.
    pub(super) fn milliseconds(&self) -> u64 {
        self.time(self.samples)
    }

    /// When a character starts, in milliseconds.
    pub(super) fn starts(&self, index: usize) -> u64 {
        self.time(index as u64 * self.sound.character())
    }

    fn time(&self, samples: u64) -> u64 {
        samples * 1000 / u64::from(self.sound.sample_rate)
    }

    /// The bytes of the audio, without a header.
    fn body(&self) -> u64 {
        match self.sound.format {
            Format::Pcm | Format::Wav => self.samples * 2,
            Format::Mp3 => mp3::offset(&self.sound, mp3::frames(self)),
        }
    }

    /// The header of a file.
    fn header(&self) -> Vec<u8> {
        match self.sound.format {
            Format::Pcm | Format::Mp3 => Vec::new(),
            Format::Wav => {
                let length = u32::try_from(self.body()).unwrap_or(u32::MAX - 36);
                wav::header(self.sound.sample_rate, length)
            }
        }
    }

    /// The header of audio whose length is not known yet.
    pub(super) fn open_header(sound: &Sound) -> Vec<u8> {
        match sound.format {
            Format::Pcm | Format::Mp3 => Vec::new(),
            Format::Wav => wav::header(sound.sample_rate, u32::MAX),
        }
    }

    /// The length of a file in bytes.
    pub(crate) fn file_length(&self) -> u64 {
        self.header().len() as u64 + self.body()
    }

    /// A part of a file.
    pub(crate) fn file_part(&self, part: Range<u64>) -> Vec<u8> {
        let header = self.header();
        let length = header.len() as u64;
        let inside = |at: u64| usize::try_from(at.min(length)).unwrap_or_default();
        let mut bytes = header[inside(part.start)..inside(part.end)].to_vec();
        let part = part.start.saturating_sub(length)..part.end.saturating_sub(length);
        bytes.extend(self.part(part));
        bytes
    }

    /// A part of the audio without a header.
    fn part(&self, part: Range<u64>) -> Vec<u8> {
        let part = part.start..part.end.min(self.body());
        if part.is_empty() {
            return Vec::new();
        }
        match self.sound.format {
            Format::Pcm | Format::Wav => pcm::part(self, part),
            Format::Mp3 => mp3::part(self, part),
        }
    }

    /// The audio without a header in pieces of about this many milliseconds, each made when it is asked
    /// for.
    pub(super) fn pieces(&self, milliseconds: u64) -> impl Iterator<Item = Vec<u8>> + '_ {
        let samples = (u64::from(self.sound.sample_rate) * milliseconds / 1000).max(1);
        let ends: (u64, fn(&Sound, u64) -> u64, u64) = match self.sound.format {
            Format::Pcm | Format::Wav => (self.samples, |_, samples| samples * 2, samples),
            Format::Mp3 => {
                let each = samples.div_ceil(mp3::samples(&self.sound));
                (mp3::frames(self), mp3::offset, each)
            }
        };
        let (count, offset, each) = ends;
        (0..count.div_ceil(each)).map(move |number| {
            let start = offset(&self.sound, number * each);
            let end = offset(&self.sound, ((number + 1) * each).min(count));
            self.part(start..end)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn sound(format: Format, sample_rate: u32) -> Sound {
        Sound {
            format,
            sample_rate,
            volume: 50,
            speed: 1000,
            pitch: 1000,
            voice: Sound::pitch_of("Cherry"),
        }
    }

    fn listen(data: &[u8], size: usize) -> String {
        let mut ear = Ear::default();
        let heard = data.chunks(size).flat_map(|piece| ear.listen(piece));
        heard.map(|carried| carried.character).collect()
    }

    const TEXT: &str = "Grüße, 世界! It costs ￥3.";

    #[test]
    fn every_format_carries_its_text_at_every_rate() {
        for format in [Format::Pcm, Format::Wav, Format::Mp3] {
            for rate in Sound::SAMPLE_RATES {
                for speed in [500, 1000, 2000] {
                    let speech = Speech::new(
                        TEXT,
                        Sound {
                            speed,
                            ..sound(format, rate)
                        },
                    );
                    let file = speech.file_part(0..u64::MAX);
                    assert_eq!(file.len() as u64, speech.file_length());
                    for size in [1, 101, file.len()] {
                        assert_eq!(listen(&file, size), TEXT, "{format:?} {rate} {speed}");
                    }
                }
            }
        }
    }

    #[test]
    fn any_part_is_that_of_the_whole() {
        for format in [Format::Pcm, Format::Wav, Format::Mp3] {
            let speech = Speech::new(TEXT, sound(format, 22_050)).at_least(2000);
            let file = speech.file_part(0..u64::MAX);
            for start in (0..file.len()).step_by(997) {
                let end = (start + 1500).min(file.len());
                assert_eq!(speech.file_part(start as u64..end as u64), file[start..end]);
            }
            let header = speech.header().len();
            assert_eq!(
                speech.pieces(200).collect::<Vec<_>>().concat(),
                file[header..]
            );
            assert!(speech.file_part(u64::MAX - 1..u64::MAX).is_empty());
        }
    }

    #[test]
    fn the_length_follows_the_text() {
        let of = |text: &str| Speech::new(text, sound(Format::Pcm, 24_000)).milliseconds();
        assert_eq!((of(""), of("a"), of("Hello")), (0, 60, 300));
        let speech = Speech::new("Hello", sound(Format::Pcm, 24_000)).at_least(1000);
        assert_eq!(
            (speech.milliseconds(), speech.file_length()),
            (1000, 48_000)
        );
        assert_eq!(speech.starts(2), 120);
    }

    #[test]
    fn a_cut_costs_only_what_it_hits() {
        let speech = Speech::new("abcdef", sound(Format::Pcm, 16_000));
        let file = speech.file_part(0..u64::MAX);
        // In the middle of the record of the second character, and at an odd byte.
        assert_eq!(listen(&file[2021..], 64), "cdef");
        assert_eq!(listen(&file[..file.len() - 1921], 64), "abcde");
    }
}
