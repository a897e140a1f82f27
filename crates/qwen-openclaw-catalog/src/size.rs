//! A size in pixels.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use crate::error::Error;

/// A size in pixels, written `WIDTH*HEIGHT` as the service requires.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Size {
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
}

impl Size {
    /// Creates a size.
    #[must_use]
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Returns the number of pixels.
    #[must_use]
    pub const fn pixels(self) -> u64 {
        self.width as u64 * self.height as u64
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}*{}", self.width, self.height)
    }
}

impl FromStr for Size {
    type Err = Error;

    /// Parses `1280*720` or `1280x720`, ignoring surrounding whitespace.
    fn from_str(text: &str) -> Result<Self, Error> {
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            if plain { digits.parse().ok() } else { None }
        };
        let parts = text.trim().split_once(['*', 'x', 'X', '\u{d7}']);
        let size = parts.and_then(|(width, height)| {
            Some(Self::new(number(width.trim())?, number(height.trim())?))
        });
        size.filter(|size| size.width > 0 && size.height > 0)
            .ok_or_else(|| Error::unknown_format(text, &["WIDTH*HEIGHT in pixels"]))
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Size {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A size in pixels, WIDTH*HEIGHT.",
            "pattern": "^[0-9]+\\*[0-9]+$"
        })
    }
}
