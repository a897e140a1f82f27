//! MPEG audio, layer III: frames of silence at 32 kbit/s, one channel, whose unused bytes carry the text.
//!
//! The side information of a frame is all zeros, which is silence; decoders skip what is left of the frame.

use std::ops::Range;

use super::{
    Sound, Speech,
    carry::{RECORD, record},
};

/// Bits a second.
const BIT_RATE: u64 = 32_000;

/// How a sample rate is written: the version's byte, the rates of bits and samples, and the length of the
/// side information.
struct Kind {
    version: u8,
    bit_rate: u8,
    sample_rate: u8,
    side: usize,
}

/// MPEG-1 from 32 kHz on, MPEG-2 from 16 kHz on, and MPEG-2.5.
const fn kind(sound: &Sound) -> Kind {
    let (version, bit_rate, side) = match sound.sample_rate {
        32_000.. => (0xfb, 1, 17),
        16_000.. => (0xf3, 4, 9),
        _ => (0xe3, 4, 9),
    };
    let sample_rate = match sound.sample_rate {
        44_100 | 22_050 => 0,
        48_000 | 24_000 => 1,
        _ => 2,
    };
    Kind {
        version,
        bit_rate,
        sample_rate,
        side,
    }
}

/// The samples of a frame.
pub(super) const fn samples(sound: &Sound) -> u64 {
    match sound.sample_rate {
        32_000.. => 1152,
        _ => 576,
    }
}

/// The frames of a spoken text.
pub(super) fn frames(speech: &Speech) -> u64 {
    speech.samples.div_ceil(samples(&speech.sound))
}

/// Where a frame starts. Frames differ in length by one byte where the bit rate needs it.
pub(super) fn offset(sound: &Sound, frame: u64) -> u64 {
    let eighths = samples(sound) / 8 * BIT_RATE;
    (u128::from(frame) * u128::from(eighths) / u128::from(sound.sample_rate)) as u64
}

/// The bytes of a part, which may start and end inside frames.
pub(super) fn part(speech: &Speech, part: Range<u64>) -> Vec<u8> {
    let sound = &speech.sound;
    let each = u128::from(samples(sound) / 8 * BIT_RATE);
    let mut frame = (u128::from(part.start) * u128::from(sound.sample_rate) / each) as u64;
    let start = offset(sound, frame);
    let mut bytes = Vec::new();
    while start + (bytes.len() as u64) < part.end {
        bytes.extend(self::frame(speech, frame));
        frame += 1;
    }
    let at = |place: u64| usize::try_from(place - start).unwrap_or(usize::MAX);
    bytes.truncate(at(part.end));
    bytes.drain(..at(part.start).min(bytes.len()));
    bytes
}

fn frame(speech: &Speech, number: u64) -> Vec<u8> {
    let sound = &speech.sound;
    let kind = kind(sound);
    let length = offset(sound, number + 1) - offset(sound, number);
    let padded = length > samples(sound) / 8 * BIT_RATE / u64::from(sound.sample_rate);
    let rates = kind.bit_rate << 4 | kind.sample_rate << 2 | u8::from(padded) << 1;
    let mut frame = vec![0xff, kind.version, rates, 0xc0];
    frame.resize(4 + kind.side, 0);
    let each = sound.character();
    let first = |frame: u64| (frame * samples(sound)).div_ceil(each);
    let characters = first(number)..first(number + 1);
    let length = usize::try_from(length).unwrap_or_default();
    for index in characters {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        let Some(&character) = speech.text.get(index) else {
            break;
        };
        debug_assert!(
            frame.len() + RECORD <= length,
            "a frame has room for its text"
        );
        frame.extend(record(character));
    }
    frame.resize(length, 0);
    frame
}

/// What a file's frames say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Mp3 {
    pub(super) sample_rate: u32,
    pub(super) milliseconds: u64,
}

/// Measures a file of any bit rate; `None` when it does not start with a frame.
pub(super) fn read(file: &[u8]) -> Option<Mp3> {
    let mut at = tag(file);
    let (mut sample_rate, mut total) = (None, 0);
    while let Some((length, samples, rate)) = file.get(at..).and_then(header) {
        sample_rate.get_or_insert(rate);
        total += samples;
        at += length;
    }
    let sample_rate: u32 = sample_rate?;
    Some(Mp3 {
        sample_rate,
        milliseconds: total * 1000 / u64::from(sample_rate),
    })
}

/// The length of the tag before the first frame.
fn tag(file: &[u8]) -> usize {
    match file.get(..10) {
        Some([b'I', b'D', b'3', _, _, _, length @ ..]) => {
            let length = length
                .iter()
                .fold(0, |all, byte| all << 7 | usize::from(byte & 0x7f));
            10 + length
        }
        _ => 0,
    }
}

/// The length of a frame of layer III in bytes, and its samples and their rate.
fn header(data: &[u8]) -> Option<(usize, u64, u32)> {
    const FIRST: [u32; 15] = [
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ];
    const LATER: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let &[0xff, version, rates, _] = data.first_chunk()? else {
        return None;
    };
    let (first, divisor) = match version & 0xfe {
        0xfa => (true, 1),
        0xf2 => (false, 2),
        0xe2 => (false, 4),
        _ => return None,
    };
    let table = if first { FIRST } else { LATER };
    let bits = *table.get(usize::from(rates >> 4))? * 1000;
    let rate = [44_100, 48_000, 32_000].get(usize::from(rates >> 2 & 3))? / divisor;
    let samples: u32 = if first { 1152 } else { 576 };
    let length = samples / 8 * bits / rate + u32::from(rates >> 1 & 1);
    (bits > 0).then_some((length as usize, samples.into(), rate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::audio::{Format, tests::sound};

    #[test]
    fn files_have_the_length_that_their_frames_say() {
        for rate in Sound::SAMPLE_RATES {
            let speech = Speech::new(&"a".repeat(100), sound(Format::Mp3, rate));
            let file = speech.file_part(0..u64::MAX);
            let read = read(&file).unwrap();
            let frame = samples(&speech.sound) * 1000 / u64::from(rate) + 1;
            assert_eq!(read.sample_rate, rate);
            assert!(
                (6000..=6000 + frame).contains(&read.milliseconds),
                "{read:?}"
            );
            // The bit rate is that of the header.
            let expected = read.milliseconds * BIT_RATE / 8000;
            assert!(expected.abs_diff(file.len() as u64) < 8, "{rate}");
        }
    }

    #[test]
    fn what_is_not_audio_has_no_length() {
        for data in [
            &b""[..],
            b"ID3",
            b"\xff\xfb",
            b"\xff\xfb\xf0\xc0",
            b"RIFF1234WAVE",
        ] {
            assert_eq!(read(data), None);
        }
        let mut tagged = b"ID3\x04\0\0\0\0\0\x02xx".to_vec();
        tagged.extend([0xff, 0xf3, 0x44, 0xc0]);
        assert_eq!(read(&tagged).unwrap().sample_rate, 24_000);
    }
}
