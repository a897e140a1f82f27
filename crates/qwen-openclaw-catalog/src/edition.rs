//! The editions of the chat catalog.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A release of OpenClaw's Qwen catalog.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Edition {
    /// The documented catalog: nine models; the Coding Plan lacks `qwen3.6-plus`. Ids are matched
    /// exactly.
    #[serde(rename = "2026.4")]
    V2026_4,
    /// The current catalog: fourteen models; the Coding Plan has `qwen3.6-plus`, but not
    /// `qwen3.6-flash`, `qwen3.7-max`, `qwen3.8-max` or `qwen3.8-flash`.
    #[serde(rename = "2026.9")]
    V2026_9,
    /// What the service offers beyond both, as of November 2026. It is not an OpenClaw catalog and
    /// cannot be selected by name: it only marks rows, which appear in the merged view.
    #[serde(rename = "2026.11", skip_deserializing)]
    V2026_11,
    /// The rows of all editions; the default. Where editions differ, limits and flags come from the
    /// newest, and on whether a plan offers a model they are all heard.
    #[default]
    #[serde(rename = "merged")]
    Merged,
}

impl Edition {
    /// Every edition that rows can carry, and the merged view.
    pub(crate) const WITH_ROWS: [Self; 4] =
        [Self::V2026_4, Self::V2026_9, Self::V2026_11, Self::Merged];

    /// Returns every edition that can be selected, default first.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        &[Self::Merged, Self::V2026_9, Self::V2026_4]
    }

    /// Returns the stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2026_4 => "2026.4",
            Self::V2026_9 => "2026.9",
            Self::V2026_11 => "2026.11",
            Self::Merged => "merged",
        }
    }

    /// Returns whether two model ids are equal under the rules of this edition.
    pub(crate) fn same_id(self, known: &str, given: &str) -> bool {
        match self {
            Self::V2026_4 => known == given,
            Self::V2026_9 | Self::V2026_11 | Self::Merged => {
                known.eq_ignore_ascii_case(given.trim())
            }
        }
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Edition {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let known = Self::all()
            .iter()
            .find(|edition| edition.as_str() == text.trim());
        known.copied().ok_or_else(|| Error::unknown_edition(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_a_round_trip() {
        for edition in Edition::all() {
            assert_eq!(edition.as_str().parse::<Edition>().unwrap(), *edition);
            let json = serde_json::to_string(edition).unwrap();
            assert_eq!(json, format!("\"{edition}\""));
        }
        let error = "2025".parse::<Edition>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown edition \"2025\"; use 2026.4, 2026.9 or merged"
        );
    }
}
