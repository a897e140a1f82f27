//! Sizes of images, and which of them a model offers.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use crate::{error::Error, size::Size};

/// The maximum number of pixels of the 1K class (help.aliyun.com, Model Studio, Qwen-Image 3.0).
const LARGEST_1K: u64 = 2_250_000;

/// A class of sizes, which some models take in place of a size and some prices depend on.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum SizeClass {
    /// `1K`, for prices up to 2,250,000 pixels.
    #[serde(rename = "1K")]
    K1,
    /// `2K`.
    #[serde(rename = "2K")]
    K2,
    /// `4K`.
    #[serde(rename = "4K")]
    K4,
}

impl SizeClass {
    /// Returns every class, smallest first.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        &[Self::K1, Self::K2, Self::K4]
    }

    /// Returns the value as sent to the service, with a capital K.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::K1 => "1K",
            Self::K2 => "2K",
            Self::K4 => "4K",
        }
    }

    /// Returns the class that a size is billed as.
    #[must_use]
    pub const fn of(size: Size) -> Self {
        if size.pixels() <= LARGEST_1K {
            Self::K1
        } else {
            Self::K2
        }
    }
}

impl fmt::Display for SizeClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The size of an image as a request names it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ImageSize {
    /// Exact pixels.
    Pixels(Size),
    /// A class; the service chooses the pixels.
    Class(SizeClass),
    /// `auto`: the service chooses.
    Auto,
}

impl ImageSize {
    /// Returns the class that the size is billed as; `None` where the service chooses.
    #[must_use]
    pub const fn class(self) -> Option<SizeClass> {
        match self {
            Self::Pixels(size) => Some(SizeClass::of(size)),
            Self::Class(class) => Some(class),
            Self::Auto => None,
        }
    }
}

impl From<Size> for ImageSize {
    fn from(size: Size) -> Self {
        Self::Pixels(size)
    }
}

impl From<SizeClass> for ImageSize {
    fn from(class: SizeClass) -> Self {
        Self::Class(class)
    }
}

/// As the native paths spell it: `1328*1328`, `2K` or `auto`.
impl fmt::Display for ImageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pixels(size) => size.fmt(f),
            Self::Class(class) => class.fmt(f),
            Self::Auto => f.write_str("auto"),
        }
    }
}

impl FromStr for ImageSize {
    type Err = Error;

    /// Parses `1328x1328`, `1328*1328`, `2K` or `auto`, ignoring case and surrounding whitespace.
    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.trim();
        if name.eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        let mut classes = SizeClass::all().iter();
        if let Some(class) = classes.find(|class| class.as_str().eq_ignore_ascii_case(name)) {
            return Ok(Self::Class(*class));
        }
        name.parse().map(Self::Pixels).map_err(|_: Error| {
            Error::unknown_format(text, &["WIDTHxHEIGHT in pixels", "1K", "2K", "4K", "auto"])
        })
    }
}

impl Serialize for ImageSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for ImageSize {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ImageSize".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A size in pixels, WIDTH*HEIGHT, a class such as 2K, or auto.",
            "pattern": "^([0-9]+\\*[0-9]+|[124]K|auto)$"
        })
    }
}

/// The sizes that a model offers.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Sizes {
    /// Not documented: the service decides.
    Unknown,
    /// None may be sent: the size follows the image.
    FollowsImage,
    /// Exactly these.
    Listed(&'static [Size]),
    /// Any with an area and a shape in these limits.
    Area {
        /// The minimum number of pixels.
        min: u64,
        /// The maximum number of pixels.
        max: u64,
        /// The longer side divided by the shorter one, at most.
        max_ratio: Option<u32>,
        /// Whether `auto` may be sent.
        auto: bool,
    },
    /// Any with both sides in these limits.
    Sides {
        /// The minimum side in pixels.
        min: u32,
        /// The maximum side in pixels.
        max: u32,
    },
    /// These classes, or exact pixels, whose limits are not documented.
    Classes(&'static [SizeClass]),
}

impl Sizes {
    /// Returns whether a size is offered, as far as that is known.
    #[must_use]
    pub fn accept(&self, size: ImageSize) -> bool {
        match (*self, size) {
            (Self::Unknown, _) | (Self::Classes(_), ImageSize::Pixels(_)) => true,
            (Self::Classes(classes), ImageSize::Class(class)) => classes.contains(&class),
            (Self::Area { auto, .. }, ImageSize::Auto) => auto,
            (_, ImageSize::Pixels(size)) => self.nearest(size) == Some(size),
            _ => false,
        }
    }

    /// Returns the offered size nearest to one; `None` if no size may be sent.
    #[must_use]
    pub fn nearest(&self, size: Size) -> Option<Size> {
        match *self {
            Self::Unknown | Self::Classes(_) => Some(size),
            Self::FollowsImage => None,
            Self::Listed(sizes) => {
                let distance = |other: &Size| apart(*other, size);
                let nearest = sizes
                    .iter()
                    .min_by(|a, b| distance(a).total_cmp(&distance(b)));
                nearest.copied()
            }
            Self::Sides { min, max } => Some(Size::new(
                size.width.clamp(min, max),
                size.height.clamp(min, max),
            )),
            Self::Area {
                min,
                max,
                max_ratio,
                ..
            } => Some(in_area(size, min, max, max_ratio)),
        }
    }
}

/// Squares of logarithms: of two sizes as far away, the one of nearly the same shape is nearer.
fn apart(a: Size, b: Size) -> f64 {
    let apart = |a: u32, b: u32| (f64::from(a.max(1)).ln() - f64::from(b.max(1)).ln()).powi(2);
    apart(a.width, b.width) + apart(a.height, b.height)
}

/// The size of nearly the same shape that is within the limits.
fn in_area(size: Size, min: u64, max: u64, max_ratio: Option<u32>) -> Size {
    let ratio_fits = |size: Size| {
        let (long, short) = (size.width.max(size.height), size.width.min(size.height));
        max_ratio.is_none_or(|ratio| u64::from(long) <= u64::from(short) * u64::from(ratio))
    };
    let fits = |size: Size| (min..=max).contains(&size.pixels()) && ratio_fits(size);
    if fits(size) {
        return size;
    }
    let (width, height) = (f64::from(size.width.max(1)), f64::from(size.height.max(1)));
    let limit = max_ratio.map_or(f64::INFINITY, f64::from);
    let ratio = (width / height).clamp(1.0 / limit, limit);
    #[expect(
        clippy::cast_precision_loss,
        reason = "areas of images are far below 2^53"
    )]
    let area = (width * height).clamp(min as f64, max as f64);
    let height = (area / ratio).sqrt();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a side is positive, and at most the root of the largest area times the ratio"
    )]
    let whole = |side: f64| side.round() as u32;
    let rounded = Size::new(whole(height * ratio), whole(height));
    // Rounding may have left the limits by less than a pixel on each side.
    let near = |side: u32| [side, side.saturating_sub(1), side + 1];
    near(rounded.width)
        .into_iter()
        .flat_map(|width| near(rounded.height).map(|height| Size::new(width, height)))
        .find(|size| fits(*size))
        .unwrap_or(rounded)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Sizes = Sizes::Area {
        min: 512 * 512,
        max: 2_048 * 2_048,
        max_ratio: Some(8),
        auto: true,
    };

    #[test]
    fn both_spellings_are_one_size() {
        let size = ImageSize::Pixels(Size::new(1_328, 1_328));
        for text in ["1328x1328", "1328*1328", " 1328X1328 "] {
            assert_eq!(text.parse::<ImageSize>().unwrap(), size, "{text}");
        }
        assert_eq!(size.to_string(), "1328*1328");
        assert_eq!("2k".parse::<ImageSize>().unwrap().to_string(), "2K");
        assert_eq!("Auto".parse::<ImageSize>().unwrap(), ImageSize::Auto);
        assert_eq!(
            "3K".parse::<ImageSize>().unwrap_err().to_string(),
            "unknown format \"3K\"; use WIDTHxHEIGHT in pixels, 1K, 2K, 4K or auto"
        );
    }

    #[test]
    fn a_size_is_billed_by_its_pixels() {
        assert_eq!(SizeClass::of(Size::new(1_500, 1_500)), SizeClass::K1);
        assert_eq!(SizeClass::of(Size::new(1_500, 1_501)), SizeClass::K2);
        assert_eq!(ImageSize::Auto.class(), None);
        assert_eq!(
            Size::new(u32::MAX, u32::MAX).pixels(),
            0xffff_fffe_0000_0001
        );
    }

    #[test]
    fn an_area_has_limits_and_a_shape() {
        for (size, nearest) in [
            ((1_024, 1_024), (1_024, 1_024)),
            ((512, 512), (512, 512)),
            ((256, 256), (512, 512)),
            ((4_096, 4_096), (2_048, 2_048)),
            ((4_096, 512), (4_096, 512)),
            ((9_000, 100), (2_683, 336)),
        ] {
            let size = Size::new(size.0, size.1);
            let nearest = Size::new(nearest.0, nearest.1);
            assert_eq!(
                AREA.nearest(size).map(|size| size.to_string()),
                Some(nearest.to_string())
            );
            assert!(AREA.accept(nearest.into()), "{nearest}");
            assert_eq!(AREA.accept(size.into()), size == nearest, "{size}");
        }
        assert!(AREA.accept(ImageSize::Auto) && !AREA.accept(SizeClass::K1.into()));
    }

    #[test]
    fn whatever_is_asked_for_the_nearest_is_offered() {
        let all = [
            AREA,
            Sizes::Sides {
                min: 512,
                max: 1_440,
            },
            Sizes::Listed(const { &[Size::new(1_664, 928), Size::new(928, 1_664)] }),
            Sizes::Area {
                min: 1_280 * 1_280,
                max: 1_440 * 1_440,
                max_ratio: Some(4),
                auto: false,
            },
        ];
        for sizes in all {
            for width in [1, 7, 333, 1_023, 1_999, 40_001, u32::MAX] {
                for height in [1, 9, 511, 1_025, 3_001, u32::MAX] {
                    let nearest = sizes.nearest(Size::new(width, height)).unwrap();
                    assert!(sizes.accept(nearest.into()), "{width}x{height}: {nearest}");
                }
            }
        }
        assert_eq!(Sizes::FollowsImage.nearest(Size::new(1, 1)), None);
    }
}
