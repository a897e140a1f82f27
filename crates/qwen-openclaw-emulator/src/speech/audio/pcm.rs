//! Samples of 16 bits, little-endian, one channel.

use std::ops::Range;

use super::{Speech, carry::record};
use crate::id::splitmix;

/// The loudest a sample gets at the highest volume.
const LOUDEST: i64 = 16_000;

/// Steps of a pentatonic scale in thousandths of the voice's pitch.
const SCALE: [u64; 8] = [1000, 1125, 1250, 1500, 1687, 2000, 2250, 2500];

/// The bytes of a part, which may start and end inside samples.
pub(super) fn part(speech: &Speech, part: Range<u64>) -> Vec<u8> {
    let first = part.start / 2;
    let mut bytes: Vec<u8> = (first..part.end.div_ceil(2))
        .flat_map(|sample| self::sample(speech, sample).to_le_bytes())
        .collect();
    bytes.truncate(usize::try_from(part.end - first * 2).unwrap_or(usize::MAX));
    bytes.drain(..usize::from(part.start % 2 == 1));
    bytes
}

fn sample(speech: &Speech, number: u64) -> i16 {
    let each = speech.sound.character();
    let (index, place) = (number / each, number % each);
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    let Some(&character) = speech.text.get(index) else {
        return 0;
    };
    let bit = match place {
        0..64 => u64::from_be_bytes(record(character)) >> (63 - place) & 1,
        _ => 0,
    };
    let tone = tone(speech, character, place);
    i16::try_from(tone & !1 | i64::from(bit == 1)).unwrap_or_default()
}

/// A triangle wave, which needs no functions that differ between platforms. It swells and fades, so that
/// there are no clicks.
fn tone(speech: &Speech, character: char, place: u64) -> i64 {
    if character.is_whitespace() || character.is_control() {
        return 0;
    }
    let sound = &speech.sound;
    let step = SCALE[(splitmix(u64::from(u32::from(character))) % 8) as usize];
    let hertz = u64::from(sound.voice) * step * u64::from(sound.pitch) / 1_000_000;
    let phase = ((place * hertz * 0x1_0000 / u64::from(sound.sample_rate)) & 0xffff) as i64;
    let wave = if phase < 0x8000 {
        phase * 2 - 0x8000
    } else {
        0x17fff - phase * 2
    };
    let each = sound.character();
    let fade = (each / 8).max(1);
    let swell = place.min(each - 1 - place).min(fade);
    let loudness = LOUDEST * i64::from(sound.volume) / 100 * swell as i64 / fade as i64;
    wave * loudness / 0x8000
}
