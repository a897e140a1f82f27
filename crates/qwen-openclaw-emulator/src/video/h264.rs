//! Pictures of one color in H.264, written bit by bit.
//!
//! The first macroblock of a key picture carries the color; every other one is predicted from
//! its neighbors without a difference, which takes a byte each. The pictures between key pictures
//! are "skip everything": some ten bytes whatever the size. Clauses are those of ITU-T H.264.

/// A stream's size, in pixels; both are even.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
}

/// How far a color is from grey, in steps of the quantizer: brightness, blue and red.
#[derive(Clone, Copy, Debug)]
pub(super) struct Color(pub(super) [i32; 3]);

impl Size {
    /// Columns and rows of macroblocks, which are 16 pixels wide and high.
    const fn macroblocks(self) -> (u32, u32) {
        (self.width.div_ceil(16), self.height.div_ceil(16))
    }
}

/// Constrained Baseline at level 4: up to 1920x1088 at 30 pictures a second.
pub(super) const PROFILE: [u8; 3] = [66, 0xc0, 40];

/// The sequence parameter set (7.3.2.1).
pub(super) fn sequence(size: Size) -> Vec<u8> {
    let (columns, rows) = size.macroblocks();
    let mut bits = Bits::default();
    for byte in PROFILE {
        bits.number(byte.into(), 8);
    }
    // Set 0; frame numbers of 4 bits; pictures are shown in the order of the stream; one is kept.
    bits.all(&[0, 0, 2, 1]);
    bits.number(0, 1);
    bits.unsigned(columns - 1);
    bits.unsigned(rows - 1);
    // Whole frames, and what the standard wants with them.
    bits.number(0b11, 2);
    let (right, bottom) = (columns * 16 - size.width, rows * 16 - size.height);
    if right == 0 && bottom == 0 {
        bits.number(0, 1);
    } else {
        bits.number(1, 1);
        bits.all(&[0, right / 2, 0, bottom / 2]);
    }
    bits.number(0, 1);
    bits.unit(0x67)
}

/// The picture parameter set (7.3.2.2): variable-length codes, everything else at its simplest.
pub(super) fn picture() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.unsigned(0);
    bits.unsigned(0);
    bits.number(0b00, 2);
    bits.all(&[0, 0, 0]);
    bits.number(0b000, 3);
    // Quantiser 26, for chroma too.
    bits.all(&[0, 0, 0]);
    bits.number(0b000, 3);
    bits.unit(0x68)
}

/// A key picture (IDR) of one color. `number` differs between neighboring key pictures.
pub(super) fn key_picture(size: Size, color: Color, number: u32) -> Vec<u8> {
    let (columns, rows) = size.macroblocks();
    let mut bits = Bits::default();
    // First macroblock, I slices only, picture set 0, frame 0, which key picture.
    bits.all(&[0, 7, 0]);
    bits.number(0, 4);
    bits.unsigned(number % 2);
    bits.number(0b00, 2);
    bits.signed(0);
    let Color([brightness, blue, red]) = color;
    // I_16x16_2_1_0: predicted as a whole by the mean, with chroma means, without detail.
    bits.unsigned(7);
    bits.unsigned(0);
    bits.signed(0);
    bits.level(brightness, "1", "000101", "01");
    bits.level(blue, "01", "000111", "1");
    bits.level(red, "01", "000111", "1");
    for _ in 1..columns * rows {
        // I_16x16_2_0_0, chroma by the mean, the same quantizer, no level.
        bits.unsigned(3);
        bits.unsigned(0);
        bits.signed(0);
        bits.number(1, 1);
    }
    bits.unit(0x65)
}

/// A picture that repeats the one before. `frame` counts from the key picture.
pub(super) fn same_picture(size: Size, frame: u32) -> Vec<u8> {
    let (columns, rows) = size.macroblocks();
    let mut bits = Bits::default();
    bits.all(&[0, 5, 0]);
    bits.number(frame % 16, 4);
    bits.number(0b000, 3);
    bits.signed(0);
    // All macroblocks are skipped.
    bits.unsigned(columns * rows);
    bits.unit(0x41)
}

/// Bits in the order of the stream.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn number(&mut self, value: u32, bits: u32) {
        for shift in (0..bits).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> shift & 1) as u8) << (7 - self.used % 8);
            }
            self.used += 1;
        }
    }

    /// An Exp-Golomb code (9.1).
    fn unsigned(&mut self, value: u32) {
        let bits = (value + 1).ilog2();
        self.number(0, bits);
        self.number(value + 1, bits + 1);
    }

    /// Several such codes.
    fn all(&mut self, values: &[u32]) {
        values.iter().for_each(|value| self.unsigned(*value));
    }

    /// The same with a sign (9.1.1).
    fn signed(&mut self, value: i32) {
        let magnitude = value.unsigned_abs() * 2;
        self.unsigned(if value > 0 { magnitude - 1 } else { magnitude });
    }

    fn code(&mut self, code: &str) {
        for bit in code.bytes() {
            self.number((bit == b'1').into(), 1);
        }
    }

    /// A block whose only level is its mean (9.2). The codes say: no level, one level, and one
    /// level that is 1 or -1.
    fn level(&mut self, level: i32, none: &str, one: &str, unit: &str) {
        match level {
            0 => return self.code(none),
            1 | -1 => {
                self.code(unit);
                self.number((level < 0).into(), 1);
            }
            _ => {
                self.code(one);
                // 2 and -2 are the least: 1 and -1 have a code of their own.
                let magnitude = level.unsigned_abs() * 2 - 4;
                let code = magnitude + u32::from(level < 0);
                match code {
                    0..14 => self.number(1, code + 1),
                    14..30 => {
                        self.number(1, 15);
                        self.number(code - 14, 4);
                    }
                    _ => {
                        self.number(1, 16);
                        self.number(code - 30, 12);
                    }
                }
            }
        }
        // No zeros before it.
        self.number(1, 1);
    }

    /// Ends the unit and makes it one of a stream (7.3.1): three bytes that could be taken for the
    /// start of another unit are kept apart.
    fn unit(mut self, head: u8) -> Vec<u8> {
        self.number(1, 1);
        let mut unit = vec![head];
        let mut zeros = 0;
        for byte in self.bytes {
            if zeros == 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(write: impl FnOnce(&mut Bits)) -> String {
        let mut bits = Bits::default();
        write(&mut bits);
        let all: String = bits
            .bytes
            .iter()
            .map(|byte| format!("{byte:08b}"))
            .collect();
        all[..bits.used as usize].to_owned()
    }

    #[test]
    fn numbers_have_the_codes_of_the_standard() {
        for (value, code) in [
            (0, "1"),
            (1, "010"),
            (2, "011"),
            (3, "00100"),
            (7, "0001000"),
        ] {
            assert_eq!(bits(|bits| bits.unsigned(value)), code);
        }
        for (value, code) in [
            (0, "1"),
            (1, "010"),
            (-1, "011"),
            (2, "00100"),
            (-2, "00101"),
        ] {
            assert_eq!(bits(|bits| bits.signed(value)), code);
        }
    }

    #[test]
    fn levels_grow_by_prefix_then_by_suffix() {
        let level = |level| bits(|bits| bits.level(level, "n", "", ""));
        assert_eq!(level(0), "0");
        assert_eq!(level(1), "01");
        assert_eq!(level(-1), "11");
        assert_eq!(level(2), "11");
        assert_eq!(level(-2), "011");
        assert_eq!(level(-8), "000000000000011");
        assert_eq!(level(9), "00000000000000100001");
        assert_eq!(level(17), "00000000000000010000000000001");
    }

    #[test]
    fn a_unit_never_looks_like_the_start_of_another() {
        let unit = |bytes: &[u8]| {
            let mut bits = Bits::default();
            bytes.iter().for_each(|byte| bits.number((*byte).into(), 8));
            bits.unit(9)
        };
        assert_eq!(unit(&[0, 0, 1]), [9, 0, 0, 3, 1, 0x80]);
        assert_eq!(unit(&[0, 0, 0, 0]), [9, 0, 0, 3, 0, 0, 0x80]);
        assert_eq!(unit(&[0, 0, 4]), [9, 0, 0, 4, 0x80]);
    }

    #[test]
    fn a_picture_is_a_byte_a_macroblock_or_next_to_nothing() {
        let size = Size {
            width: 1920,
            height: 1080,
        };
        let color = Color([-40, 30, -30]);
        assert!(key_picture(size, color, 0).len() < 120 * 68 + 32);
        assert!(same_picture(size, 1).len() < 12);
    }
}
