//! Resolutions, aspect ratios and their exact sizes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Protocol;
use crate::error::Error;
pub use crate::size::Size;

/// A resolution tier, named after the number of lines at 16:9.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Resolution {
    /// `480P`.
    #[serde(rename = "480P")]
    P480,
    /// `720P`.
    #[serde(rename = "720P")]
    P720,
    /// `1080P`.
    #[serde(rename = "1080P")]
    P1080,
}

impl Resolution {
    /// Returns every resolution, smallest first.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        &[Self::P480, Self::P720, Self::P1080]
    }

    /// Returns the value as sent to the service, with a capital P.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P480 => "480P",
            Self::P720 => "720P",
            Self::P1080 => "1080P",
        }
    }

    /// Returns the number of lines at 16:9.
    #[must_use]
    pub const fn lines(self) -> u32 {
        match self {
            Self::P480 => 480,
            Self::P720 => 720,
            Self::P1080 => 1_080,
        }
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Resolution {
    type Err = Error;

    /// Parses a resolution, ignoring case and surrounding whitespace; the P is optional.
    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.trim().trim_end_matches(['p', 'P']);
        let known = Self::all()
            .iter()
            .find(|known| known.as_str().trim_end_matches('P') == name);
        known
            .copied()
            .ok_or_else(|| Error::unknown_format(text, &["480P", "720P", "1080P"]))
    }
}

/// An aspect ratio, width to height.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Ratio {
    /// `16:9`, the default.
    #[serde(rename = "16:9")]
    R16x9,
    /// `9:16`.
    #[serde(rename = "9:16")]
    R9x16,
    /// `1:1`.
    #[serde(rename = "1:1")]
    R1x1,
    /// `4:3`.
    #[serde(rename = "4:3")]
    R4x3,
    /// `3:4`.
    #[serde(rename = "3:4")]
    R3x4,
}

impl Ratio {
    /// Returns every ratio, default first.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        &[Self::R16x9, Self::R9x16, Self::R1x1, Self::R4x3, Self::R3x4]
    }

    /// Returns the value as sent to the service.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::R16x9 => "16:9",
            Self::R9x16 => "9:16",
            Self::R1x1 => "1:1",
            Self::R4x3 => "4:3",
            Self::R3x4 => "3:4",
        }
    }

    /// Returns the width divided by the height.
    #[must_use]
    pub fn value(self) -> f64 {
        match self {
            Self::R16x9 => 16.0 / 9.0,
            Self::R9x16 => 9.0 / 16.0,
            Self::R1x1 => 1.0,
            Self::R4x3 => 4.0 / 3.0,
            Self::R3x4 => 3.0 / 4.0,
        }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Ratio {
    type Err = Error;

    /// Parses a ratio, ignoring surrounding whitespace.
    fn from_str(text: &str) -> Result<Self, Error> {
        let known = Self::all()
            .iter()
            .find(|known| known.as_str() == text.trim());
        let names = ["16:9", "9:16", "1:1", "4:3", "3:4"];
        known
            .copied()
            .ok_or_else(|| Error::unknown_format(text, &names))
    }
}

impl Size {
    /// Returns the exact size of a resolution and a ratio; 480P has no 4:3 or 3:4.
    pub(super) const fn of(
        protocol: Protocol,
        resolution: Resolution,
        ratio: Ratio,
    ) -> Option<Self> {
        use {Ratio as R, Resolution as P};
        let size = match (resolution, ratio) {
            (P::P480, R::R16x9) => Self::new(832, 480),
            (P::P480, R::R1x1) => Self::new(624, 624),
            (P::P720, R::R16x9) => Self::new(1_280, 720),
            (P::P720, R::R1x1) => Self::new(960, 960),
            (P::P1080, R::R16x9) => Self::new(1_920, 1_080),
            (P::P1080, R::R1x1) => Self::new(1_440, 1_440),
            (P::P720, R::R4x3) => match protocol {
                Protocol::Legacy => Self::new(1_088, 832),
                Protocol::Media => Self::new(1_104, 832),
            },
            (P::P1080, R::R4x3) => match protocol {
                Protocol::Legacy => Self::new(1_632, 1_248),
                Protocol::Media => Self::new(1_648, 1_248),
            },
            (P::P480, R::R4x3 | R::R3x4) => return None,
            (_, R::R9x16) => return rotated(Self::of(protocol, resolution, R::R16x9)),
            (_, R::R3x4) => return rotated(Self::of(protocol, resolution, R::R4x3)),
        };
        Some(size)
    }

    /// Returns the resolution and ratio of a size of the protocol; the newer protocol recognizes the
    /// older sizes too.
    pub(super) fn format(self, protocol: Protocol) -> Option<(Resolution, Ratio)> {
        let maps = match protocol {
            Protocol::Legacy => [Protocol::Legacy, Protocol::Legacy],
            Protocol::Media => [Protocol::Media, Protocol::Legacy],
        };
        maps.into_iter().find_map(|map| {
            let formats = Resolution::all()
                .iter()
                .flat_map(|resolution| Ratio::all().iter().map(move |ratio| (*resolution, *ratio)));
            let mut fitting = formats
                .filter(|(resolution, ratio)| Self::of(map, *resolution, *ratio) == Some(self));
            fitting.next()
        })
    }
}

/// Swaps width and height.
const fn rotated(size: Option<Size>) -> Option<Size> {
    match size {
        Some(size) => Some(Size::new(size.height, size.width)),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_close_to_its_ratio() {
        for protocol in [Protocol::Legacy, Protocol::Media] {
            for resolution in Resolution::all() {
                for ratio in Ratio::all() {
                    let Some(size) = Size::of(protocol, *resolution, *ratio) else {
                        continue;
                    };
                    let found = f64::from(size.width) / f64::from(size.height);
                    assert!((found / ratio.value() - 1.0).abs() < 0.03, "{size} {ratio}");
                    assert_eq!(size.format(protocol), Some((*resolution, *ratio)));
                }
            }
        }
    }

    #[test]
    fn the_newer_protocol_recognizes_the_older_sizes() {
        let older = Size::new(1_088, 832);
        let newer = Size::new(1_104, 832);
        let expected = Some((Resolution::P720, Ratio::R4x3));
        assert_eq!(older.format(Protocol::Media), expected);
        assert_eq!(newer.format(Protocol::Media), expected);
        assert_eq!(older.format(Protocol::Legacy), expected);
        assert_eq!(newer.format(Protocol::Legacy), None);
    }

    #[test]
    fn common_spellings_are_parsed() {
        assert_eq!(" 720p ".parse::<Resolution>().unwrap(), Resolution::P720);
        assert_eq!("1080".parse::<Resolution>().unwrap(), Resolution::P1080);
        assert_eq!(" 4:3 ".parse::<Ratio>().unwrap(), Ratio::R4x3);
        assert_eq!(
            " 1440x1440 ".parse::<Size>().unwrap(),
            Size::new(1_440, 1_440)
        );
        assert_eq!("1280*720".parse::<Size>().unwrap().to_string(), "1280*720");
        for odd in [
            "",
            "abc",
            "1280",
            "x",
            "0x0",
            "-1x5",
            "+1x5",
            "99999999999x1",
        ] {
            assert!(odd.parse::<Size>().is_err(), "{odd}");
        }
        assert_eq!(
            "4K".parse::<Resolution>().unwrap_err().to_string(),
            "unknown format \"4K\"; use 480P, 720P or 1080P"
        );
    }
}
