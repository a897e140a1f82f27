//! MP3: the frames of a file, without what may not be in the middle of one.
//!
//! Tags, and a first frame that says how long the file is, are right for one part alone: players
//! believe them, and stop there.

use std::time::Duration;

/// Without any frame in so many bytes it is something else, and is taken as it is.
const PATIENCE: usize = 64 << 10;

/// Kilobits a second of Layer III, by the index in the header.
const VERSION_1: [u16; 15] = [
    0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
];
const VERSION_2: [u16; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/// Cuts an MP3 file that arrives in pieces into frames.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// What is not decided yet.
    rest: Vec<u8>,
    /// How much of a tag is still to come.
    skip: usize,
    frames: u64,
    nanos: u64,
    is_something_else: bool,
}

/// A frame, as its header tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Frame {
    length: usize,
    samples: u32,
    sample_rate: u32,
    /// Where the name of a frame that says how long the file is would be.
    info_at: usize,
}

impl Frames {
    pub(crate) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        if self.is_something_else {
            out.extend_from_slice(piece);
            return;
        }
        self.rest.extend_from_slice(piece);
        self.cut(out);
    }

    /// The file is complete: a frame that is not is left out, and everything is kept if there was none.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>) {
        if self.frames == 0 && self.skip == 0 {
            out.append(&mut self.rest);
        }
    }

    /// How long the frames last; `None` if it is something else.
    pub(crate) fn duration(&self) -> Option<Duration> {
        (!self.is_something_else).then(|| Duration::from_nanos(self.nanos))
    }

    fn cut(&mut self, out: &mut Vec<u8>) {
        let mut at = 0;
        loop {
            if self.skip > 0 {
                let skipped = self.skip.min(self.rest.len() - at);
                at += skipped;
                self.skip -= skipped;
            }
            let rest = &self.rest[at..];
            if rest.len() < 10 {
                break;
            }
            if rest.starts_with(b"ID3") {
                // Seven bits of each byte, and the length does not count itself.
                let size = rest[6..10]
                    .iter()
                    .fold(0_usize, |size, byte| size << 7 | usize::from(byte & 0x7f));
                self.skip = size + 10;
            } else if rest.starts_with(b"TAG") {
                self.skip = 128;
            } else if let Some(frame) = Frame::read(rest) {
                let Some(bytes) = rest.get(..frame.length) else {
                    break;
                };
                if self.frames > 0 || !frame.is_info(bytes) {
                    out.extend_from_slice(bytes);
                    self.frames += 1;
                    let nanos = u64::from(frame.samples) * 1_000_000_000;
                    self.nanos += nanos / u64::from(frame.sample_rate);
                }
                at += frame.length;
            } else if self.frames == 0 && at > PATIENCE {
                self.is_something_else = true;
                out.append(&mut self.rest);
                return;
            } else {
                at += 1;
            }
        }
        // Until there is a frame, all is kept: it may be something else.
        if self.frames > 0 || self.skip > 0 || at > PATIENCE {
            self.rest.drain(..at);
        } else if self.rest.len() > PATIENCE {
            self.is_something_else = true;
            out.append(&mut self.rest);
        }
    }
}

impl Frame {
    fn read(bytes: &[u8]) -> Option<Self> {
        let [first, second, third, fourth] = *bytes.first_chunk()?;
        // Eleven bits that are set, and Layer III.
        if first != 0xff || second & 0xe0 != 0xe0 || second & 0x06 != 0x02 {
            return None;
        }
        let version = second >> 3 & 3;
        let is_version_1 = version == 3;
        let divisor = match version {
            3 => 1,
            2 => 2,
            0 => 4,
            _ => return None,
        };
        let rates = if is_version_1 { VERSION_1 } else { VERSION_2 };
        let kilobits = *rates
            .get(usize::from(third >> 4))
            .filter(|rate| **rate > 0)?;
        let base = *[44_100_u32, 48_000, 32_000].get(usize::from(third >> 2 & 3))?;
        let sample_rate = base / divisor;
        let samples = if is_version_1 { 1_152 } else { 576 };
        let padding = u32::from(third >> 1 & 1);
        let length = samples / 8 * u32::from(kilobits) * 1_000 / sample_rate + padding;
        let is_mono = fourth >> 6 == 3;
        let side = match (is_version_1, is_mono) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        };
        let checksum = if second & 1 == 0 { 2 } else { 0 };
        Some(Self {
            length: length as usize,
            samples,
            sample_rate,
            info_at: 4 + checksum + side,
        })
    }

    fn is_info(self, bytes: &[u8]) -> bool {
        let names = |at: usize, names: &[&[u8]]| {
            let there = bytes.get(at..at + 4);
            there.is_some_and(|there| names.contains(&there))
        };
        names(self.info_at, &[b"Xing", b"Info"]) || names(36, &[b"VBRI"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of MPEG-2 Layer III: 24 kHz, 64 kbit/s, one channel.
    fn frame(fill: u8) -> Vec<u8> {
        let mut frame = vec![0xff, 0xf3, 0x84, 0xc4];
        frame.resize(192, fill);
        frame
    }

    fn frames_of(file: &[u8], size: usize) -> (Vec<u8>, Option<Duration>) {
        let (mut frames, mut out) = (Frames::default(), Vec::new());
        for piece in file.chunks(size) {
            frames.push(piece, &mut out);
        }
        frames.end(&mut out);
        (out, frames.duration())
    }

    #[test]
    fn a_header_tells_the_length() {
        let read = Frame::read(&frame(0)).unwrap();
        assert_eq!(
            (read.length, read.samples, read.sample_rate),
            (192, 576, 24_000)
        );
        // MPEG-1, 44.1 kHz, 128 kbit/s, padded, two channels.
        let read = Frame::read(&[0xff, 0xfb, 0x92, 0x04]).unwrap();
        assert_eq!((read.length, read.samples), (418, 1_152));
        assert_eq!(Frame::read(&[0xff, 0xfb, 0xf2, 0x04]), None);
        assert_eq!(Frame::read(&[0xff, 0xfb, 0x0e, 0x04]), None);
        assert_eq!(Frame::read(&[0xff]), None);
    }

    #[test]
    fn only_frames_are_kept_however_the_file_is_cut() {
        let mut info = frame(0);
        info[13..17].copy_from_slice(b"Info");
        let mut file = b"ID3\x04\0\0\0\0\x01\x02".to_vec();
        file.resize(file.len() + 130, b'x');
        file.extend(info);
        file.extend(frame(1));
        file.extend(b"junk");
        file.extend(frame(2));
        let mut tag = b"TAG".to_vec();
        tag.resize(128, b't');
        file.extend(tag);
        let expected = [frame(1), frame(2)].concat();
        for size in (1..file.len()).step_by(7) {
            let (frames, duration) = frames_of(&file, size);
            assert_eq!(frames, expected, "{size}");
            assert_eq!(duration, Some(Duration::from_millis(48)));
        }
        // A frame that is cut off is no frame.
        file.extend(&frame(3)[..100]);
        assert_eq!(frames_of(&file, 50).0, expected);
    }

    #[test]
    fn what_has_no_frames_is_taken_as_it_is() {
        assert_eq!(frames_of(b"short", 2).0, b"short");
        let long = vec![b'x'; 200_000];
        assert_eq!(frames_of(&long, 1_000), (long.clone(), None));
    }
}
