//! The text that audio carries, by which recognition gives back what synthesis spoke.
//!
//! Each character is a record of eight bytes at the place where it is spoken: a mark, the code point, and
//! a checksum, all in groups of seven bits. PCM has the bits of a record in the lowest bits of 64
//! successive samples; a frame of MP3 has the bytes in the part that decoders skip. Either way a record
//! is found wherever the audio is cut, with or without a header before it; only characters whose record is
//! cut itself are lost. Resampling, a change of volume, and another codec remove them.

/// The length of a record.
pub(super) const RECORD: usize = 8;

/// What a record starts with. No byte of a record has its highest bit set, so that none looks like the
/// start of an MP3 frame.
const MARK: u32 = 0x7154_783a;

/// Makes the record of a character.
pub(super) fn record(character: char) -> [u8; RECORD] {
    let code = u64::from(u32::from(character));
    let groups = (code >> 14 & 0x7f) << 24 | (code >> 7 & 0x7f) << 16 | (code & 0x7f) << 8;
    (u64::from(MARK) << 32 | groups | checksum(groups)).to_be_bytes()
}

fn checksum(groups: u64) -> u64 {
    let [.., a, b, c, _] = groups.to_be_bytes();
    u64::from((a ^ b.rotate_left(1) ^ c.rotate_left(2) ^ 0x2a) & 0x7f)
}

/// The character of a record; `None` where there is none.
fn read(window: u64) -> Option<char> {
    if window >> 32 != u64::from(MARK) {
        return None;
    }
    let groups = window & 0x7f7f_7f00;
    if window & 0xffff_ffff != groups | checksum(groups) {
        return None;
    }
    let code = groups >> 10 & 0x1f_c000 | groups >> 9 & 0x3f80 | groups >> 8 & 0x7f;
    char::from_u32(u32::try_from(code).ok()?)
}

/// A character that was heard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::speech) struct Carried {
    pub(in crate::speech) character: char,
    /// Where its record starts, in bytes since the start.
    pub(in crate::speech) at: u64,
}

/// Listens to audio that comes in pieces. It keeps none of it.
#[derive(Clone, Debug, Default)]
pub(in crate::speech) struct Ear {
    bytes: u64,
    /// The lowest bits of the samples that start at an even and at an odd byte.
    bits: [u64; 2],
    heard: u64,
}

impl Ear {
    /// Listens to the next piece and returns the characters that it completes.
    pub(in crate::speech) fn listen(&mut self, piece: &[u8]) -> Vec<Carried> {
        let mut carried = Vec::new();
        for &byte in piece {
            let bits = &mut self.bits[usize::from(self.heard % 2 == 1)];
            *bits = *bits << 1 | u64::from(byte & 1);
            let in_samples = read(*bits);
            self.bytes = self.bytes << 8 | u64::from(byte);
            self.heard += 1;
            let found = match (read(self.bytes), in_samples) {
                (Some(character), _) => Some((character, RECORD as u64)),
                // The last sample has another byte.
                (None, Some(character)) => Some((character, RECORD as u64 * 16 - 1)),
                (None, None) => None,
            };
            if let Some((character, length)) = found {
                let at = self.heard.saturating_sub(length);
                carried.push(Carried { character, at });
            }
        }
        carried
    }

    /// How many bytes it has heard.
    pub(in crate::speech) const fn heard(&self) -> u64 {
        self.heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_read_back() {
        for character in ['a', ' ', '\n', '，', '￥', '🦀', '\u{10ffff}', '\0'] {
            let record = record(character);
            assert!(record.iter().all(|byte| *byte < 0x80));
            assert_eq!(read(u64::from_be_bytes(record)), Some(character));
            for place in 0..64 {
                let changed = u64::from_be_bytes(record) ^ 1 << place;
                assert_ne!(read(changed), Some(character));
            }
        }
    }

    #[test]
    fn records_are_found_among_bytes_and_in_samples() {
        let mut data = vec![0xff, 0xfb, 7];
        data.extend(record('é'));
        let bits = u64::from_be_bytes(record('字'));
        data.extend(
            (0..64)
                .rev()
                .flat_map(|bit| [0x10 | (bits >> bit & 1) as u8, 0x33]),
        );
        for size in [1, 3, 1000] {
            let mut ear = Ear::default();
            let heard: Vec<_> = data
                .chunks(size)
                .flat_map(|piece| ear.listen(piece))
                .collect();
            let expected = [('é', 3), ('字', 11)];
            assert_eq!(
                heard,
                expected.map(|(character, at)| Carried { character, at })
            );
        }
    }
}
