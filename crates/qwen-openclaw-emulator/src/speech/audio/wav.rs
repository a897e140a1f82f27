//! The header of WAV files.

/// The header of audio of one channel and 16 bits a sample. Streams have the largest length.
pub(super) fn header(sample_rate: u32, length: u32) -> Vec<u8> {
    let mut header = b"RIFF".to_vec();
    header.extend((length.saturating_add(36)).to_le_bytes());
    header.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    header.extend(sample_rate.to_le_bytes());
    header.extend((sample_rate * 2).to_le_bytes());
    header.extend(b"\x02\0\x10\0data");
    header.extend(length.to_le_bytes());
    header
}

/// What a file's header says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Wav {
    pub(super) sample_rate: u32,
    pub(super) milliseconds: u64,
}

/// Reads a file's header; `None` when it is not one.
pub(super) fn read(file: &[u8]) -> Option<Wav> {
    let number = |at: usize| Some(u32::from_le_bytes(*file.get(at..)?.first_chunk()?));
    if file.get(..4)? != b"RIFF" || file.get(8..12)? != b"WAVE" {
        return None;
    }
    let (mut at, mut rates) = (12_usize, None);
    loop {
        let (name, length) = (file.get(at..at.checked_add(4)?)?, number(at + 4)? as usize);
        at += 8;
        match name {
            b"fmt " => rates = Some((number(at + 4)?, number(at + 8)?)),
            b"data" => {
                let (sample_rate, bytes) = rates?;
                // A stream does not know its length, and a file may be cut.
                let length = length.min(file.len() - at) as u64;
                let milliseconds = (length * 1000).checked_div(bytes.into())?;
                return Some(Wav {
                    sample_rate,
                    milliseconds,
                });
            }
            _ => {}
        }
        at = at.checked_add(length)?.checked_add(length % 2)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_back() {
        let mut file = header(16_000, 32_000);
        file.resize(44 + 32_000, 0);
        let wav = |milliseconds| {
            let sample_rate = 16_000;
            Some(Wav {
                sample_rate,
                milliseconds,
            })
        };
        assert_eq!(read(&file), wav(1000));
        assert_eq!(read(&file[..44 + 16_000]), wav(500));
        file.splice(12..12, *b"LIST\x03\0\0\0abc\0");
        assert_eq!(read(&file), wav(1000));
        let mut open = header(16_000, u32::MAX);
        open.extend([0; 3200]);
        assert_eq!(read(&open), wav(100));
    }

    #[test]
    fn every_cut_and_every_length_is_survived() {
        let file = header(16_000, 8);
        for end in 0..file.len() {
            assert_eq!(read(&file[..end]), None);
        }
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] = 0xff;
            let _ = read(&changed);
        }
    }
}
