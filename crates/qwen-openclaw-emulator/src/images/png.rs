//! Writes PNG files (ISO/IEC 15948) row by row, and reads what identifies the emulator's own.
//!
//! Compression is one block of fixed Huffman codes (RFC 1951) whose only matches repeat the pixel
//! before: pictures of areas and gradients become small, and nothing but the row above is kept.

use super::look::Look;

const SIGNATURE: &[u8; 8] = b"\x89PNG\r\n\x1a\n";

/// The chunk that has the look of a picture: ancillary, private, and safe to copy.
const LOOK: &[u8; 4] = b"qwLk";

/// Bytes of a pixel: red, green, blue.
const PIXEL: usize = 3;

/// Writes a picture. `paint` fills a row of red, green and blue bytes.
pub(super) fn encode(
    width: u32,
    height: u32,
    look: &Look,
    mut paint: impl FnMut(u32, &mut [u8]),
) -> Vec<u8> {
    let mut file = SIGNATURE.to_vec();
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    // Eight bits a channel, true color, and the only methods of compression, filtering and order.
    header.extend([8, 2, 0, 0, 0]);
    chunk(&mut file, b"IHDR", &header);
    chunk(&mut file, LOOK, &look.to_bytes());
    let mut data = Deflate::new();
    let length = width as usize * PIXEL;
    let (mut row, mut above) = (vec![0; length], vec![0; length]);
    // A filter type, and the differences to the row above, which most rows have none of.
    let mut filtered = vec![0; length + 1];
    filtered[0] = 2;
    for y in 0..height {
        paint(y, &mut row);
        if row == above {
            filtered[1..].fill(0);
        } else {
            for (to, (byte, above)) in filtered[1..].iter_mut().zip(row.iter().zip(&above)) {
                *to = byte.wrapping_sub(*above);
            }
        }
        data.add(&filtered);
        std::mem::swap(&mut row, &mut above);
    }
    chunk(&mut file, b"IDAT", &data.finish());
    chunk(&mut file, b"IEND", &[]);
    file
}

/// Reads the look of a picture that the emulator drew; `None` for other files.
pub(super) fn look(file: &[u8]) -> Option<Look> {
    let mut rest = file.strip_prefix(SIGNATURE)?;
    loop {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let (name, content) = rest.get(4..)?.split_at_checked(4)?;
        if name == LOOK {
            return Look::from_bytes(content.get(..length)?);
        }
        // It comes before the pixels.
        if name == b"IDAT" {
            return None;
        }
        rest = content.get(length.checked_add(4)?..)?;
    }
}

/// A chunk: length, name, content, and the checksum of the latter two.
fn chunk(file: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    // Nothing here comes near four gigabytes.
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    file.extend(length.to_be_bytes());
    file.extend(name);
    file.extend(content);
    file.extend(crc(name.iter().chain(content)).to_be_bytes());
}

/// The checksum of chunks, CRC-32.
fn crc<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    let register = bytes.fold(u32::MAX, |register, byte| {
        TABLE[((register ^ u32::from(*byte)) & 0xff) as usize] ^ (register >> 8)
    });
    !register
}

static TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut value = at as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                0xedb8_8320 ^ (value >> 1)
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[at] = value;
        at += 1;
    }
    table
};

/// The longest match.
const LONGEST: usize = 258;

/// A zlib stream (RFC 1950) as it is written.
struct Deflate {
    out: Vec<u8>,
    /// Bits that are no whole byte yet, the lowest first.
    bits: u32,
    count: u32,
    /// The two sums of the checksum, Adler-32.
    sums: (u64, u64),
}

impl Deflate {
    fn new() -> Self {
        let mut new = Self {
            // A window of 32 KiB, fast compression.
            out: vec![0x78, 0x01],
            bits: 0,
            count: 0,
            sums: (1, 0),
        };
        // The last block, with fixed codes.
        new.write(0b011, 3);
        new
    }

    /// Adds bytes. Matches do not go back beyond their first.
    fn add(&mut self, bytes: &[u8]) {
        self.check(bytes);
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            // What comes before the second whole pixel has nothing to repeat.
            let run = if at > PIXEL { run(bytes, at) } else { 0 };
            if run < 3 {
                self.symbol(u32::from(*byte));
                at += 1;
            } else {
                self.length(run);
                // The distance, one pixel, is the third of the codes of five bits.
                self.code(2, 5);
                at += run;
            }
        }
    }

    /// Takes bytes into the checksum. The sums of a row are far from what they can hold.
    fn check(&mut self, bytes: &[u8]) {
        let (mut sum, mut weighted) = (0_u64, 0_u64);
        // Zeros, which are most of it, change nothing by themselves.
        for (left, byte) in (1..=bytes.len() as u64).rev().zip(bytes) {
            if *byte != 0 {
                sum += u64::from(*byte);
                weighted += left * u64::from(*byte);
            }
        }
        let (first, second) = self.sums;
        self.sums = (
            (first + sum) % 65_521,
            (second + first * bytes.len() as u64 + weighted) % 65_521,
        );
    }

    /// The length of a match: from 11 on, several have a code in common and further bits.
    fn length(&mut self, length: usize) {
        let length = length as u32;
        match length {
            ..=10 => self.symbol(length + 254),
            258 => self.symbol(285),
            _ => {
                let above = length - 3;
                // Four codes have as many further bits.
                let extra = above.ilog2() - 2;
                let step = (above >> extra) & 3;
                self.symbol(261 + 4 * extra + step);
                self.write(above & ((1 << extra) - 1), extra);
            }
        }
    }

    /// A symbol in its fixed code.
    fn symbol(&mut self, symbol: u32) {
        match symbol {
            0..=143 => self.code(0x30 + symbol, 8),
            144..=255 => self.code(0x190 + symbol - 144, 9),
            256..=279 => self.code(symbol - 256, 7),
            _ => self.code(0xc0 + symbol - 280, 8),
        }
    }

    /// Huffman codes are written from their highest bit.
    fn code(&mut self, code: u32, length: u32) {
        self.write(code.reverse_bits() >> (32 - length), length);
    }

    fn write(&mut self, bits: u32, length: u32) {
        self.bits |= bits << self.count;
        self.count += length;
        while self.count >= 8 {
            self.out.push(self.bits as u8);
            self.bits >>= 8;
            self.count -= 8;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.symbol(256);
        self.write(0, 7);
        for sum in [self.sums.1, self.sums.0] {
            // Each is less than 65,521.
            self.out.extend((sum as u16).to_be_bytes());
        }
        self.out
    }
}

/// How many bytes from `at` on repeat those of the pixel before, as far as a match can be long.
fn run(bytes: &[u8], at: usize) -> usize {
    let end = bytes.len().min(at + LONGEST);
    let (rest, before) = (&bytes[at..end], &bytes[at - PIXEL..end - PIXEL]);
    if rest == before {
        return rest.len();
    }
    let mut pairs = rest.iter().zip(before);
    pairs.position(|(byte, before)| byte != before).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standards() {
        assert_eq!(crc(b"123456789".iter()), 0xcbf4_3926);
        // The end of every PNG.
        let mut end = Vec::new();
        chunk(&mut end, b"IEND", &[]);
        assert_eq!(end, b"\0\0\0\0IEND\xaeB`\x82");
        let mut data = Deflate::new();
        data.add(b"Wiki");
        data.add(b"pedia");
        assert!(data.finish().ends_with(&0x11e6_0398_u32.to_be_bytes()));
    }

    #[test]
    fn a_run_is_short() {
        let length = |bytes: &[u8]| {
            let mut data = Deflate::new();
            data.add(bytes);
            data.finish().len()
        };
        // Two bytes in front, four behind; four literals, and 13 bits for each of twelve matches.
        let run = [1, 2, 3].repeat(1000);
        assert!(length(&run) < 40, "{}", length(&run));
    }

    #[test]
    fn the_look_comes_back() {
        let look = Look::of(7);
        let file = encode(3, 2, &look, |_, row| row.fill(9));
        assert_eq!(super::look(&file), Some(look));
        for end in 0..file.len() {
            // No cut of a file is more than a file without a look.
            let _ = super::look(&file[..end]);
        }
        assert_eq!(super::look(b"\xff\xd8\xff"), None);
        assert_eq!(super::look(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffqwLk"), None);
    }
}
