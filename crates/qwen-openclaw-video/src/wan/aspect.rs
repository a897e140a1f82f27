//! A ratio as it is asked for, which no model need have.

use std::{fmt, str::FromStr};

use qwen_openclaw_catalog::video::Ratio;

use crate::Error;

/// Any ratio of width to height, such as 21:9.
///
/// A [`Ratio`] of the catalog is one, and so is what the text `21:9` says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AspectRatio {
    width: u32,
    height: u32,
}

impl AspectRatio {
    /// Returns the ratio of the catalog that this is, if it is one.
    pub(super) fn known(self) -> Option<Ratio> {
        let text = self.to_string();
        Ratio::all()
            .iter()
            .copied()
            .find(|ratio| ratio.as_str() == text)
    }

    pub(super) fn value(self) -> f64 {
        f64::from(self.width) / f64::from(self.height)
    }
}

impl FromStr for AspectRatio {
    type Err = Error;

    /// Reads `W:H`, both from 1 to 10000.
    fn from_str(text: &str) -> Result<Self, Error> {
        let sides = text.trim().split_once(':');
        let side = |text: &str| text.parse().ok().filter(|side| (1..=10_000).contains(side));
        let sides = sides.and_then(|(width, height)| Some((side(width)?, side(height)?)));
        let (width, height) = sides.ok_or_else(|| {
            Error::refused("a ratio is two whole numbers with a colon between them, such as 16:9")
        })?;
        Ok(Self { width, height })
    }
}

impl From<Ratio> for AspectRatio {
    fn from(ratio: Ratio) -> Self {
        let (width, height) = match ratio {
            Ratio::R9x16 => (9, 16),
            Ratio::R1x1 => (1, 1),
            Ratio::R4x3 => (4, 3),
            Ratio::R3x4 => (3, 4),
            _ => (16, 9),
        };
        Self { width, height }
    }
}

impl fmt::Display for AspectRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_of_the_catalog_are_themselves() {
        for ratio in Ratio::all() {
            let asked = AspectRatio::from(*ratio);
            assert_eq!(asked.known(), Some(*ratio));
            assert_eq!(asked, ratio.as_str().parse().unwrap());
            assert!((asked.value() - ratio.value()).abs() < 1e-9);
        }
        let wide: AspectRatio = " 21:9 ".parse().unwrap();
        assert_eq!((wide.known(), &*wide.to_string()), (None, "21:9"));
        for bad in ["", "16", "16:", "0:9", "1:-1", "99999:1", "a:b", "16:9:4"] {
            assert!(bad.parse::<AspectRatio>().is_err(), "{bad}");
        }
    }
}
