//! WAV: headers read and written.

const SAMPLE_BYTES: u32 = 2;

/// What stands for a length that is not known yet. Players then read to the end of the file.
const UNKNOWN: u32 = u32::MAX;

/// The length of a header.
pub(crate) const HEADER: usize = 44;

/// A header is looked for in so many bytes at most.
const LONGEST_HEADER: usize = 64 << 10;

/// Returns the header of samples of 16 bits in one channel, of so many bytes; `None` if that is not
/// known yet.
pub(crate) fn header(sample_rate: u32, length: Option<u64>) -> [u8; HEADER] {
    let length = length.and_then(|length| u32::try_from(length).ok());
    // The length of everything behind it.
    let all = length.and_then(|length| length.checked_add(HEADER as u32 - 8));
    let mut header = [0; HEADER];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        header[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(b"RIFF");
    put(&all.unwrap_or(UNKNOWN).to_le_bytes());
    put(b"WAVEfmt ");
    put(&16_u32.to_le_bytes());
    put(&1_u16.to_le_bytes()); // integers
    put(&1_u16.to_le_bytes()); // channels
    put(&sample_rate.to_le_bytes());
    put(&sample_rate.saturating_mul(SAMPLE_BYTES).to_le_bytes());
    put(&(SAMPLE_BYTES as u16).to_le_bytes());
    put(&(SAMPLE_BYTES as u16 * 8).to_le_bytes());
    put(b"data");
    put(&all.and(length).unwrap_or(UNKNOWN).to_le_bytes());
    header
}

/// Takes a wav file in pieces and gives its samples; takes samples without a header as they are.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    state: State,
    sample_rate: Option<u32>,
}

#[derive(Debug)]
enum State {
    /// What there is of the header.
    Header(Vec<u8>),
    /// How many bytes of samples are left; `None` if all that follows is samples.
    Data(Option<u64>),
}

impl Default for State {
    fn default() -> Self {
        Self::Header(Vec::new())
    }
}

impl Samples {
    pub(crate) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        match &mut self.state {
            State::Data(left) => take(left, piece, out),
            State::Header(start) => {
                start.extend_from_slice(piece);
                let found = find_data(start);
                if let Found::NotYet = found {
                    return;
                }
                let start = std::mem::take(start);
                let (at, mut left) = match found {
                    Found::Data { at, length, rate } => {
                        self.sample_rate = rate;
                        (at, length)
                    }
                    _ => (0, None),
                };
                take(&mut left, &start[at..], out);
                self.state = State::Data(left);
            }
        }
    }

    /// There is no more: what was held back as a header that was not complete is samples, unless it
    /// says that it is a header.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>) {
        if let State::Header(start) = &mut self.state
            && !start.starts_with(b"RIFF")
        {
            out.append(start);
        }
    }

    /// The sample rate that the header says.
    pub(crate) fn sample_rate(&self) -> Option<u32> {
        self.sample_rate
    }
}

/// Takes of a piece what is samples: other chunks may follow them.
fn take(left: &mut Option<u64>, piece: &[u8], out: &mut Vec<u8>) {
    let Some(left) = left else {
        out.extend_from_slice(piece);
        return;
    };
    let length = usize::try_from(*left)
        .unwrap_or(usize::MAX)
        .min(piece.len());
    out.extend_from_slice(&piece[..length]);
    *left -= length as u64;
}

enum Found {
    NotYet,
    /// It has no header.
    Raw,
    Data {
        at: usize,
        length: Option<u64>,
        rate: Option<u32>,
    },
}

fn find_data(start: &[u8]) -> Found {
    let word = |at: usize| -> Option<u32> {
        let bytes = start.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let known = start.len().min(4);
    if start[..known] != b"RIFF"[..known] {
        return Found::Raw;
    }
    let (mut at, mut rate) = (12, None);
    while let (Some(id), Some(length)) = (start.get(at..at + 4), word(at + 4)) {
        if id == b"data" {
            // Zero, and what is next to the maximum, stand for a length that was not known.
            let is_known = (1..0x7fff_0000).contains(&length);
            return Found::Data {
                at: at + 8,
                length: is_known.then_some(length.into()),
                rate,
            };
        }
        if id == b"fmt " {
            let Some(found) = word(at + 12) else { break };
            rate = Some(found).filter(|rate| *rate > 0);
        }
        // Chunks begin at even places.
        let length = (length as usize).saturating_add(length as usize % 2);
        at = at.saturating_add(8).saturating_add(length);
        if at > LONGEST_HEADER {
            return Found::Raw;
        }
    }
    match start.len() > LONGEST_HEADER {
        true => Found::Raw,
        false => Found::NotYet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples_of(file: &[u8], size: usize) -> (Vec<u8>, Option<u32>) {
        let (mut samples, mut out) = (Samples::default(), Vec::new());
        for piece in file.chunks(size) {
            samples.push(piece, &mut out);
        }
        samples.end(&mut out);
        (out, samples.sample_rate())
    }

    #[test]
    fn samples_are_found_however_the_file_is_cut() {
        let mut file = header(8_000, Some(6)).to_vec();
        // A chunk that is not known, of odd length, before the samples, and one behind them.
        file.splice(36..36, *b"LIST\x03\0\0\0abc\0");
        file.extend_from_slice(b"\x01\x02\x03\x04\x05\x06LISTgarbage");
        for size in 1..file.len() {
            let (samples, rate) = samples_of(&file, size);
            assert_eq!(samples, [1, 2, 3, 4, 5, 6], "{size}");
            assert_eq!(rate, Some(8_000));
        }
    }

    #[test]
    fn what_has_no_header_or_no_length_is_taken_whole() {
        assert_eq!(samples_of(b"no header at all", 1).0, b"no header at all");
        assert_eq!(samples_of(b"RI", 1).0, b"RI");
        let mut streamed = header(24_000, None).to_vec();
        streamed.extend_from_slice(&[7; 100]);
        assert_eq!(samples_of(&streamed, 9).0, [7; 100]);
        assert_eq!(samples_of(b"RIFF\0\0", 9).0, b"");
        let odd = b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff0123456789";
        assert_eq!(samples_of(odd, 9).1, None);
    }

    #[test]
    fn a_header_has_44_bytes_and_the_length() {
        let header = header(24_000, Some(1_000));
        assert_eq!(header[4..8], 1_036_u32.to_le_bytes());
        assert_eq!(header[24..28], 24_000_u32.to_le_bytes());
        assert_eq!(header[28..32], 48_000_u32.to_le_bytes());
        assert_eq!(header[40..], 1_000_u32.to_le_bytes());
        let endless = super::header(24_000, Some(u64::from(u32::MAX) - 10));
        assert_eq!(endless[40..], [0xff; 4]);
    }
}
