//! The plans of a key and the regions of an endpoint.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// How a key is paid for; every key belongs to exactly one plan.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Plan {
    /// Pay as you go on the DashScope hosts, with every model and every feature.
    Standard,
    /// The Coding Plan subscription; its keys start with `sk-sp-`.
    Coding,
    /// The Token Plan subscription.
    Token,
    /// The Qwen portal, with a login token instead of a key.
    Portal,
}

impl Plan {
    /// Returns every plan, most capable first.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        &[Self::Standard, Self::Coding, Self::Token, Self::Portal]
    }

    /// Returns the stable lowercase name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Coding => "coding",
            Self::Token => "token",
            Self::Portal => "portal",
        }
    }

    /// Returns the display name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::Coding => "Coding Plan",
            Self::Token => "Token Plan",
            Self::Portal => "Portal",
        }
    }

    /// Returns the prefix of the plan's keys, if it has a distinctive one.
    #[must_use]
    pub const fn key_prefix(self) -> Option<&'static str> {
        match self {
            Self::Coding => Some("sk-sp-"),
            Self::Standard | Self::Token | Self::Portal => None,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Plan {
    type Err = Error;

    /// Parses a plan, ignoring case and surrounding whitespace.
    ///
    /// `coding-plan` and `token-plan` are accepted too.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().to_ascii_lowercase().as_str() {
            "standard" | "payg" | "pay-as-you-go" => Ok(Self::Standard),
            "coding" | "coding-plan" => Ok(Self::Coding),
            "token" | "token-plan" => Ok(Self::Token),
            "portal" => Ok(Self::Portal),
            _ => Err(Error::unknown_plan(text)),
        }
    }
}

/// Where an endpoint is located; a key works in only one region.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Region {
    /// Outside mainland China (Singapore); the default.
    #[default]
    Global,
    /// Mainland China (Beijing).
    China,
}

impl Region {
    /// Returns both regions, default first.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        &[Self::Global, Self::China]
    }

    /// Returns the stable lowercase name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::China => "china",
        }
    }

    /// Returns the display name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Global => "Global",
            Self::China => "China",
        }
    }

    /// Returns the origin of the region's AIGC host, which serves video jobs.
    #[must_use]
    pub const fn aigc_origin(self) -> &'static str {
        match self {
            Self::Global => "https://dashscope-intl.aliyuncs.com",
            Self::China => "https://dashscope.aliyuncs.com",
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Region {
    type Err = Error;

    /// Parses a region, ignoring case and surrounding whitespace.
    ///
    /// `intl`, `international`, `singapore`, `cn` and `beijing` are accepted too.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().to_ascii_lowercase().as_str() {
            "global" | "intl" | "international" | "singapore" | "ap-southeast-1" => {
                Ok(Self::Global)
            }
            "china" | "cn" | "beijing" | "cn-beijing" => Ok(Self::China),
            _ => Err(Error::unknown_region(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_a_round_trip() {
        for plan in Plan::all() {
            assert_eq!(plan.to_string().parse::<Plan>().unwrap(), *plan);
        }
        for region in Region::all() {
            assert_eq!(region.to_string().parse::<Region>().unwrap(), *region);
        }
    }

    #[test]
    fn other_spellings_are_accepted() {
        assert_eq!(" Intl ".parse::<Region>().unwrap(), Region::Global);
        assert_eq!("CN".parse::<Region>().unwrap(), Region::China);
        assert_eq!("Coding-Plan".parse::<Plan>().unwrap(), Plan::Coding);
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let plan = "gold".parse::<Plan>().unwrap_err();
        assert_eq!(
            plan.to_string(),
            "unknown plan \"gold\"; use standard, coding, token or portal"
        );
        let region = "mars".parse::<Region>().unwrap_err();
        assert_eq!(
            region.to_string(),
            "unknown region \"mars\"; use global or china"
        );
    }
}
