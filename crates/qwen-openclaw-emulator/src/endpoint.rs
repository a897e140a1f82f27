//! Plans, regions, and their paths on the emulator.

use std::fmt;

/// A plan of the service, with its own base URL, keys, and models.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Plan {
    /// Pay-as-you-go, the only plan with video and media models.
    Standard,
    /// The Coding Plan subscription.
    Coding,
    /// The Token Plan subscription.
    Token,
    /// The portal, which accepts login tokens instead of keys.
    Portal,
}

impl Plan {
    /// Every plan, in the order in which base URLs are listed.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Coding, Self::Token, Self::Portal];

    /// Returns the plan's name in emulator keys, such as `coding` in `sk-emu-coding-cn-1`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Coding => "coding",
            Self::Token => "token",
            Self::Portal => "portal",
        }
    }

    /// The path of this plan's OpenAI-compatible API.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Standard => "/compatible-mode/v1",
            Self::Coding => "/coding/v1",
            Self::Token => "/token-plan/v1",
            Self::Portal => "/portal/v1",
        }
    }

    /// The plans that have Anthropic's protocol.
    const ANTHROPIC: [Self; 3] = [Self::Standard, Self::Coding, Self::Token];

    /// The path of this plan's API in Anthropic's protocol.
    const fn anthropic_path(self) -> &'static str {
        match self {
            Self::Standard => "/apps/anthropic",
            Self::Coding => "/coding/apps/anthropic",
            Self::Token => "/token-plan/apps/anthropic",
            Self::Portal => "/portal/apps/anthropic",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::Coding => "Coding Plan",
            Self::Token => "Token Plan",
            Self::Portal => "Portal",
        }
    }
}

/// A region of the service. Each rejects the other's keys.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Region {
    /// The international region.
    Global,
    /// Mainland China, served under `/cn`.
    China,
}

impl Region {
    /// Both regions, the international one first.
    pub const ALL: [Self; 2] = [Self::Global, Self::China];

    /// Returns the region's name in emulator keys, such as `cn` in `sk-emu-coding-cn-1`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::China => "cn",
        }
    }

    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Global => "",
            Self::China => "/cn",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Global => "Global",
            Self::China => "China",
        }
    }
}

/// Which protocol an endpoint uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Protocol {
    /// `chat/completions` and `models`, errors as `{"error":{..}}`.
    OpenAi(Plan),
    /// DashScope's own (`/api/v1`), errors as `{"code","message","request_id"}`.
    Native,
    /// Reranking in the style of other providers, with errors as those of the OpenAI-compatible API.
    Rerank,
    /// Anthropic's (`v1/messages`), errors as `{"type":"error","error":{..}}`.
    Anthropic(Plan),
}

/// One endpoint of the emulator.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Endpoint {
    pub(crate) protocol: Protocol,
    pub(crate) region: Region,
}

/// The path of DashScope's own API, where video jobs live.
const NATIVE_PATH: &str = "/api/v1";

/// The path of reranking, which is not below the OpenAI-compatible API.
const RERANK_PATH: &str = "/compatible-api/v1";

/// The path of Batch Chat, which has a host of its own at the service, in China only.
pub(crate) const BATCH_CHAT_PATH: &str = "/cn/batch/compatible-mode/v1";

impl Endpoint {
    pub(crate) const fn open_ai(plan: Plan, region: Region) -> Self {
        Self {
            protocol: Protocol::OpenAi(plan),
            region,
        }
    }

    pub(crate) const fn native(region: Region) -> Self {
        Self {
            protocol: Protocol::Native,
            region,
        }
    }

    const fn rerank(region: Region) -> Self {
        Self {
            protocol: Protocol::Rerank,
            region,
        }
    }

    pub(crate) const fn anthropic(plan: Plan, region: Region) -> Self {
        Self {
            protocol: Protocol::Anthropic(plan),
            region,
        }
    }

    /// Every endpoint with a base URL, in listing order.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Region::ALL.into_iter().flat_map(|region| {
            let anthropic = Plan::ANTHROPIC
                .into_iter()
                .map(move |plan| Self::anthropic(plan, region));
            Plan::ALL
                .into_iter()
                .map(move |plan| Self::open_ai(plan, region))
                .chain([Self::native(region)])
                .chain(anthropic)
        })
    }

    /// The endpoints that a terminal lists. The plans' in Anthropic's protocol follow from the others.
    pub(crate) fn listed() -> impl Iterator<Item = Self> {
        let of_plan = |plan| matches!(plan, Protocol::Anthropic(plan) if plan != Plan::Standard);
        Self::all().filter(move |endpoint| !of_plan(endpoint.protocol))
    }

    /// Finds the endpoint of a request path, and the rest of the path.
    ///
    /// DashScope's own API is also found below the OpenAI-compatible one: that is where clients with a
    /// single base URL, such as OpenClaw, look for it.
    pub(crate) fn split(path: &str) -> Option<(Self, &str)> {
        if let Some(rest) = path.strip_prefix(BATCH_CHAT_PATH) {
            let is_chat = rest == "/chat/completions";
            return is_chat.then_some((Self::open_ai(Plan::Standard, Region::China), rest));
        }
        let mut all = Self::all().chain(Region::ALL.map(Self::rerank));
        let (endpoint, rest) = all.find_map(|endpoint| {
            let rest = below(
                path.strip_prefix(endpoint.region.prefix())?,
                endpoint.local_path(),
            )?;
            Some((endpoint, rest))
        })?;
        match below(rest, NATIVE_PATH) {
            Some(rest) if endpoint.protocol == Protocol::OpenAi(Plan::Standard) => {
                Some((Self::native(endpoint.region), rest))
            }
            _ => Some((endpoint, rest)),
        }
    }

    /// The plan whose keys are accepted here.
    pub(crate) const fn plan(self) -> Plan {
        match self.protocol {
            Protocol::OpenAi(plan) | Protocol::Anthropic(plan) => plan,
            Protocol::Native | Protocol::Rerank => Plan::Standard,
        }
    }

    /// The path below the origin.
    pub(crate) fn path(self) -> String {
        format!("{}{}", self.region.prefix(), self.local_path())
    }

    const fn local_path(self) -> &'static str {
        match self.protocol {
            Protocol::OpenAi(plan) => plan.path(),
            Protocol::Native => NATIVE_PATH,
            Protocol::Rerank => RERANK_PATH,
            Protocol::Anthropic(plan) => plan.anthropic_path(),
        }
    }
}

/// The rest of a path below a folder.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(folder)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = match self.protocol {
            Protocol::OpenAi(plan) => plan.title(),
            Protocol::Native => "AIGC",
            Protocol::Rerank => "Rerank",
            Protocol::Anthropic(Plan::Standard) => "Anthropic",
            Protocol::Anthropic(plan) => {
                return write!(f, "{} Anthropic {}", plan.title(), self.region.title());
            }
        };
        write!(f, "{title} {}", self.region.title())
    }
}

/// One of the emulator's base URLs with its name. `Display` shows both, for a list on a terminal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BaseUrl {
    label: String,
    url: String,
}

impl BaseUrl {
    pub(crate) fn new(endpoint: Endpoint, origin: &str) -> Self {
        Self {
            label: endpoint.to_string(),
            url: format!("{origin}{}", endpoint.path()),
        }
    }

    /// Returns the name, such as `Coding Plan China`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Returns the URL, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<18} {}", self.label, self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_every_path_it_makes() {
        for endpoint in Endpoint::all() {
            let path = format!("{}/chat/completions", endpoint.path());
            assert_eq!(
                Endpoint::split(&path),
                Some((endpoint, "/chat/completions"))
            );
        }
    }

    #[test]
    fn the_native_api_has_an_alias() {
        for (path, region) in [
            ("/compatible-mode/v1/api/v1/tasks/x", Region::Global),
            ("/cn/compatible-mode/v1/api/v1/tasks/x", Region::China),
        ] {
            let native = Endpoint::native(region);
            assert_eq!(Endpoint::split(path), Some((native, "/tasks/x")));
        }
        for path in ["/coding/v1/api/v1/tasks", "/compatible-mode/v1/api/v10"] {
            let (endpoint, _) = Endpoint::split(path).unwrap();
            assert_ne!(endpoint.protocol, Protocol::Native, "{path}");
        }
    }

    #[test]
    fn leaves_other_paths_alone() {
        for path in ["", "/", "/v1/models", "/compatible-mode/v10/models", "/cn"] {
            assert_eq!(Endpoint::split(path), None, "{path}");
        }
    }

    #[test]
    fn labels_tell_plans_and_regions_apart() {
        let mut labels: Vec<_> = Endpoint::all().map(|e| e.to_string()).collect();
        labels.sort();
        labels.dedup();
        assert_eq!(labels.len(), Endpoint::all().count());
    }
}
