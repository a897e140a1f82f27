//! Reads PNG files of the kind that the emulator writes, and checks everything in them.

/// A decoded picture: red, green and blue bytes, row by row.
pub(crate) struct Png {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<u8>,
}

impl Png {
    /// Decodes a file of true color.
    pub(crate) fn read(file: &[u8]) -> Self {
        let mut rest = file.strip_prefix(b"\x89PNG\r\n\x1a\n").unwrap();
        let (mut size, mut data, mut names) = ((0, 0), Vec::new(), Vec::new());
        while !rest.is_empty() {
            let length = number(rest);
            let (name, content) = (&rest[4..8], &rest[8..8 + length]);
            assert_eq!(crc(&rest[4..8 + length]), number(&rest[8 + length..]));
            names.push(String::from_utf8(name.to_vec()).unwrap());
            match name {
                b"IHDR" => {
                    size = (number(content), number(&content[4..]));
                    assert_eq!(content[8..], [8, 2, 0, 0, 0]);
                }
                b"IDAT" => data.extend(content),
                // Others must say that they can be ignored.
                _ => assert!(name == b"IEND" || name[0].is_ascii_lowercase()),
            }
            rest = &rest[12 + length..];
        }
        assert_eq!(names.first().map(String::as_str), Some("IHDR"));
        assert_eq!(names.last().map(String::as_str), Some("IEND"));
        let (width, height) = size;
        let rows = inflate(&data);
        assert_eq!(rows.len(), (width * 3 + 1) * height);
        let mut pixels = vec![0; width * 3];
        for row in rows.chunks(width * 3 + 1) {
            assert_eq!(row[0], 2, "each row is filtered by the one above");
            for byte in &row[1..] {
                let above = pixels[pixels.len() - width * 3];
                pixels.push(byte.wrapping_add(above));
            }
        }
        pixels.drain(..width * 3);
        Self {
            width,
            height,
            pixels,
        }
    }

    pub(crate) fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let start = (y * self.width + x) * 3;
        self.pixels[start..start + 3].try_into().unwrap()
    }

    /// How many pixels have a color.
    pub(crate) fn count(&self, color: [u8; 3]) -> usize {
        let pixels = self.pixels.chunks(3);
        pixels.filter(|pixel| **pixel == color).count()
    }
}

fn number(bytes: &[u8]) -> usize {
    u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize
}

fn crc(bytes: &[u8]) -> usize {
    let mut register = u32::MAX;
    for byte in bytes {
        register ^= u32::from(*byte);
        for _ in 0..8 {
            let low = register & 1;
            register = (register >> 1) ^ (low * 0xedb8_8320);
        }
    }
    !register as usize
}

/// The bits of a stream, the lowest of each byte first.
struct Bits<'a>(&'a [u8], usize);

impl Bits<'_> {
    fn take(&mut self, count: usize) -> usize {
        (0..count).fold(0, |value, at| value | self.bit() << at)
    }

    fn bit(&mut self) -> usize {
        let bit = self.0[self.1 / 8] >> (self.1 % 8) & 1;
        self.1 += 1;
        bit.into()
    }

    /// A Huffman code is read from its highest bit.
    fn code(&mut self, count: usize) -> usize {
        (0..count).fold(0, |value, _| value << 1 | self.bit())
    }

    /// A symbol in the fixed code.
    fn symbol(&mut self) -> usize {
        let seven = self.code(7);
        if seven < 24 {
            return 256 + seven;
        }
        let eight = seven << 1 | self.bit();
        match eight {
            0x30..=0xbf => eight - 0x30,
            0xc0..=0xc7 => 280 + eight - 0xc0,
            _ => 144 + (eight << 1 | self.bit()) - 0x190,
        }
    }
}

/// Unpacks a zlib stream of one block with fixed codes, and checks its checksum.
fn inflate(data: &[u8]) -> Vec<u8> {
    assert_eq!(
        (data[0] & 15, number(&[0, 0, data[0], data[1]]) % 31),
        (8, 0)
    );
    let mut bits = Bits(&data[2..], 0);
    assert_eq!(bits.take(3), 0b011, "the last block, with fixed codes");
    let mut out: Vec<u8> = Vec::new();
    loop {
        let length = match bits.symbol() {
            literal @ 0..=255 => {
                out.push(literal.try_into().unwrap());
                continue;
            }
            256 => break,
            symbol @ 257..=264 => symbol - 254,
            285 => 258,
            symbol => {
                let (extra, step) = ((symbol - 261) / 4, (symbol - 261) % 4);
                3 + ((4 + step) << extra) + bits.take(extra)
            }
        };
        let distance = match bits.code(5) {
            code @ 0..=3 => code + 1,
            code => {
                let extra = code / 2 - 1;
                1 + ((2 + code % 2) << extra) + bits.take(extra)
            }
        };
        for _ in 0..length {
            out.push(out[out.len() - distance]);
        }
    }
    let end = 2 + bits.1.div_ceil(8);
    let sums = out.iter().fold((1, 0), |(first, second), byte| {
        let first = (first + usize::from(*byte)) % 65_521;
        (first, (second + first) % 65_521)
    });
    assert_eq!(number(&data[end..]), sums.1 << 16 | sums.0);
    assert_eq!(data.len(), end + 4);
    out
}
