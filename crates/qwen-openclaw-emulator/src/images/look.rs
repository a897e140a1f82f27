//! The colors by which a picture can be recognized.

use sha2::{Digest, Sha256};

use crate::id::splitmix;

/// Red, green and blue.
pub(super) type Color = [u8; 3];

/// A gradient from the upper left to the lower right corner.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Look {
    pub(super) from: Color,
    pub(super) to: Color,
}

impl Look {
    /// The look that follows from a number.
    pub(super) fn of(number: u64) -> Self {
        let color = |number: u64, least: u64, most: u64| {
            let bits = splitmix(number);
            [0, 16, 32].map(|shift| ((bits >> shift) % (most - least) + least) as u8)
        };
        Self {
            from: color(number, 20, 140),
            to: color(splitmix(number), 90, 230),
        }
    }

    /// The look of an image: its own if the emulator drew it, else a color that follows from the
    /// data.
    pub(crate) fn of_image(data: &[u8]) -> Self {
        super::png::look(data).unwrap_or_else(|| Self::of_digest(data))
    }

    /// A single color, which follows from data or a URL.
    pub(super) fn of_digest(bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        let color = [0, 1, 2].map(|at| 60 + digest[at] % 180);
        Self {
            from: color,
            to: color,
        }
    }

    pub(super) fn to_bytes(self) -> [u8; 6] {
        let ([a, b, c], [d, e, f]) = (self.from, self.to);
        [a, b, c, d, e, f]
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, d, e, f] = *<&[u8; 6]>::try_from(bytes).ok()?;
        Some(Self {
            from: [a, b, c],
            to: [d, e, f],
        })
    }

    /// The color of a pixel of an area. Half of the way goes with each axis, so that the difference
    /// of two rows is the same everywhere, and compresses to next to nothing.
    pub(super) fn at(&self, (x, width): (u32, u32), (y, height): (u32, u32)) -> Color {
        let (across, down) = (share(x, width), share(y, height));
        [0, 1, 2].map(|channel| {
            let from = i32::from(self.from[channel]);
            let way = i32::from(self.to[channel]) - from;
            (from + way * across / (2 * WHOLE) + way * down / (2 * WHOLE)) as u8
        })
    }
}

/// The whole way along an axis.
const WHOLE: i32 = 1 << 16;

/// How far a position is along an axis.
fn share(at: u32, length: u32) -> i32 {
    let share = (u64::from(at) << 16) / u64::from(length.max(1));
    i32::try_from(share).unwrap_or(WHOLE).min(WHOLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_from_corner_to_corner() {
        let look = Look {
            from: [10, 200, 0],
            to: [110, 0, 255],
        };
        assert_eq!(look.at((0, 100), (0, 50)), [10, 200, 0]);
        assert_eq!(look.at((99, 100), (49, 50)), [107, 5, 250]);
        assert_eq!(look.at((50, 100), (0, 50)), [35, 150, 63]);
    }

    #[test]
    fn differs_by_number_and_by_data() {
        assert_ne!(Look::of(1), Look::of(2));
        assert_ne!(Look::of_image(b"a"), Look::of_image(b"b"));
        let look = Look::of(3);
        assert_eq!(Look::from_bytes(&look.to_bytes()), Some(look));
        assert_eq!(Look::from_bytes(&[1]), None);
    }
}
