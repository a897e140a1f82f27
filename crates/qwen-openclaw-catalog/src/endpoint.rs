//! The endpoints: one base URL for each plan and region.

use std::fmt;

use serde::Serialize;

use crate::plan::{Plan, Region};

/// An OpenAI-compatible base URL of Qwen Cloud.
///
/// A key works only on the endpoint it was created for: switching plan or region requires a
/// different key.
///
/// ```
/// use qwen_openclaw_catalog::{Endpoint, Plan, Region};
///
/// let endpoint = Endpoint::of(Plan::Coding, Region::China);
/// assert_eq!(endpoint.base_url(), "https://coding.dashscope.aliyuncs.com/v1");
/// assert_eq!(endpoint.aigc_origin(), Some("https://dashscope.aliyuncs.com"));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Endpoint {
    /// Pay as you go, Singapore: the default.
    StandardGlobal,
    /// Pay as you go, Beijing.
    StandardChina,
    /// Coding Plan, international.
    CodingGlobal,
    /// Coding Plan, mainland China.
    CodingChina,
    /// Token Plan, Singapore.
    TokenGlobal,
    /// Token Plan, Beijing.
    TokenChina,
    /// The Qwen portal, one host for both regions.
    Portal,
}

impl Endpoint {
    /// Returns the endpoint of a plan in a region.
    ///
    /// The portal has a single host, which serves both regions.
    #[must_use]
    pub const fn of(plan: Plan, region: Region) -> Self {
        match (plan, region) {
            (Plan::Standard, Region::Global) => Self::StandardGlobal,
            (Plan::Standard, Region::China) => Self::StandardChina,
            (Plan::Coding, Region::Global) => Self::CodingGlobal,
            (Plan::Coding, Region::China) => Self::CodingChina,
            (Plan::Token, Region::Global) => Self::TokenGlobal,
            (Plan::Token, Region::China) => Self::TokenChina,
            (Plan::Portal, _) => Self::Portal,
        }
    }

    /// Returns every endpoint.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        &[
            Self::StandardGlobal,
            Self::StandardChina,
            Self::CodingGlobal,
            Self::CodingChina,
            Self::TokenGlobal,
            Self::TokenChina,
            Self::Portal,
        ]
    }

    /// Returns the base URL, without a trailing slash.
    ///
    /// Chat requests go to `{base_url}/chat/completions`.
    #[must_use]
    pub const fn base_url(self) -> &'static str {
        match self {
            Self::StandardGlobal => "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            Self::StandardChina => "https://dashscope.aliyuncs.com/compatible-mode/v1",
            Self::CodingGlobal => "https://coding-intl.dashscope.aliyuncs.com/v1",
            Self::CodingChina => "https://coding.dashscope.aliyuncs.com/v1",
            Self::TokenGlobal => {
                "https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1"
            }
            Self::TokenChina => {
                "https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1"
            }
            Self::Portal => "https://portal.qwen.ai/v1",
        }
    }

    /// Returns the plan.
    #[must_use]
    pub const fn plan(self) -> Plan {
        match self {
            Self::StandardGlobal | Self::StandardChina => Plan::Standard,
            Self::CodingGlobal | Self::CodingChina => Plan::Coding,
            Self::TokenGlobal | Self::TokenChina => Plan::Token,
            Self::Portal => Plan::Portal,
        }
    }

    /// Returns the region; the portal counts as global.
    #[must_use]
    pub const fn region(self) -> Region {
        match self {
            Self::StandardChina | Self::CodingChina | Self::TokenChina => Region::China,
            Self::StandardGlobal | Self::CodingGlobal | Self::TokenGlobal | Self::Portal => {
                Region::Global
            }
        }
    }

    /// Returns the origin of the region's AIGC host, which serves video jobs; `None` for the portal.
    ///
    /// Plan keys are not accepted there: a job needs a Standard key for that region.
    #[must_use]
    pub const fn aigc_origin(self) -> Option<&'static str> {
        match self {
            Self::Portal => None,
            _ => Some(self.region().aigc_origin()),
        }
    }

    /// Returns the Standard endpoint of the same region, which offers every model.
    #[must_use]
    pub const fn standard(self) -> Self {
        Self::of(Plan::Standard, self.region())
    }

    /// Returns the display name, such as `Coding Plan, China`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::StandardGlobal => "Standard, Global",
            Self::StandardChina => "Standard, China",
            Self::CodingGlobal => "Coding Plan, Global",
            Self::CodingChina => "Coding Plan, China",
            Self::TokenGlobal => "Token Plan, Global",
            Self::TokenChina => "Token Plan, China",
            Self::Portal => "Portal",
        }
    }

    /// Returns the host name.
    pub(crate) fn host(self) -> &'static str {
        self.split().0
    }

    /// Returns the path, with its leading slash.
    pub(crate) fn path(self) -> &'static str {
        self.split().1
    }

    fn split(self) -> (&'static str, &'static str) {
        let rest = self.base_url().trim_start_matches("https://");
        rest.find('/')
            .map_or((rest, ""), |slash| rest.split_at(slash))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.base_url())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_and_region_lead_back_to_the_endpoint() {
        for endpoint in Endpoint::all() {
            assert_eq!(Endpoint::of(endpoint.plan(), endpoint.region()), *endpoint);
        }
        assert_eq!(Endpoint::of(Plan::Portal, Region::China), Endpoint::Portal);
    }

    #[test]
    fn base_urls_are_https_and_distinct() {
        let mut seen = Vec::new();
        for endpoint in Endpoint::all() {
            let url = url::Url::parse(endpoint.base_url()).unwrap();
            assert_eq!(url.scheme(), "https");
            assert_eq!(url.host_str(), Some(endpoint.host()));
            assert_eq!(url.path(), endpoint.path());
            assert!(!seen.contains(&endpoint.base_url()));
            seen.push(endpoint.base_url());
        }
    }
}
