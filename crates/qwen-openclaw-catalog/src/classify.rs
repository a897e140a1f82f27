//! Classifies a base URL: its plan, its region, and whether it is the service itself.

use std::borrow::Cow;

use serde::Serialize;

use crate::{
    endpoint::Endpoint,
    plan::{Plan, Region},
};

/// Classifies a base URL by its host.
///
/// Only the plain ASCII form of a URL is recognized, ignoring case and surrounding whitespace.
/// Anything that a lenient URL parser would first have to repair (backslashes, `%2E` or other dots
/// in the host, tabs, a missing scheme) is [`Host::Custom`]: such a URL in a configuration is either
/// a mistake or a trick.
///
/// ```
/// use qwen_openclaw_catalog::{Plan, Region, classify};
///
/// let class = classify("https://CODING.dashscope.aliyuncs.com/v1/");
/// assert_eq!((class.plan(), class.region()), (Some(Plan::Coding), Some(Region::China)));
/// assert!(class.is_native());
///
/// assert!(!classify("https://coding.dashscope.aliyuncs.com.evil.example/v1").is_native());
/// ```
#[must_use]
pub fn classify(base_url: &str) -> Classification {
    match Parts::read(base_url) {
        Some(parts) => parts.classify(),
        None => Classification::CUSTOM,
    }
}

/// Returns the origin for video jobs, given the base URL configured for chat.
///
/// - A plan's host (including Coding Plan and Token Plan) maps to the AIGC host of its region, as
///   the OpenClaw documentation says.
/// - Another host of the vendor (a workspace, another region) is its own AIGC host: path, query
///   and credentials are dropped.
/// - A loopback URL keeps its path, minus the path of an OpenAI-compatible API. A custom URL is kept
///   as it is, since a gateway may sit in front of the service.
/// - A missing or blank URL, or one without a scheme, maps to the default: the global host.
/// - The portal does not serve video jobs: `None`.
///
/// Append `/api/v1/...` to the result, which has no trailing slash.
#[must_use]
pub fn aigc_origin_for(base_url: Option<&str>) -> Option<Cow<'static, str>> {
    let url = base_url.unwrap_or_default().trim();
    let Some(parts) = Parts::read(url) else {
        let origin = match url.split_once("://") {
            Some((_, rest)) if !rest.is_empty() => url.trim_end_matches('/').to_owned().into(),
            _ => Region::Global.aigc_origin().into(),
        };
        return Some(origin);
    };
    match parts.classify().host {
        Host::Endpoint(Endpoint::Portal) => None,
        Host::Endpoint(endpoint) if endpoint.plan() != Plan::Standard => {
            endpoint.aigc_origin().map(Cow::Borrowed)
        }
        Host::Endpoint(_) | Host::Workspace(_) => Some(parts.origin().into()),
        Host::Custom if parts.is_vendor() => Some(parts.origin().into()),
        Host::Loopback => {
            let path = parts.path_without_api();
            Some(format!("{}{path}", parts.origin()).into())
        }
        Host::Custom => Some(url.trim_end_matches('/').to_owned().into()),
    }
}

/// The result of [`classify`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Classification {
    host: Host,
    native: bool,
}

/// The kind of host that a base URL names.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase", tag = "kind", content = "value")]
#[non_exhaustive]
pub enum Host {
    /// The host of one of the endpoints, regardless of the path.
    Endpoint(Endpoint),
    /// The host of a workspace, `{workspace}.{region}.maas.aliyuncs.com`.
    Workspace(Region),
    /// This machine: `localhost`, `127.x.y.z` or `[::1]`.
    Loopback,
    /// Any other host, and any URL that is not in plain form.
    Custom,
}

impl Classification {
    const CUSTOM: Self = Self {
        host: Host::Custom,
        native: false,
    };

    /// Returns the kind of host.
    #[must_use]
    pub const fn host(self) -> Host {
        self.host
    }

    /// Returns the endpoint that the host belongs to.
    #[must_use]
    pub const fn endpoint(self) -> Option<Endpoint> {
        match self.host {
            Host::Endpoint(endpoint) => Some(endpoint),
            _ => None,
        }
    }

    /// Returns the plan whose keys the host accepts; workspace hosts accept Standard keys.
    #[must_use]
    pub const fn plan(self) -> Option<Plan> {
        match self.host {
            Host::Endpoint(endpoint) => Some(endpoint.plan()),
            Host::Workspace(_) => Some(Plan::Standard),
            Host::Loopback | Host::Custom => None,
        }
    }

    /// Returns the region of the host; workspaces outside mainland China count as global.
    #[must_use]
    pub const fn region(self) -> Option<Region> {
        match self.host {
            Host::Endpoint(endpoint) => Some(endpoint.region()),
            Host::Workspace(region) => Some(region),
            Host::Loopback | Host::Custom => None,
        }
    }

    /// Returns whether this is a base URL of the service itself, or loopback.
    ///
    /// A service URL must be in its documented form: https, the default port, no credentials, and
    /// the API's own path. Token usage in a stream (`stream_options.include_usage`) is requested by
    /// default only on native base URLs. The portal is not native.
    #[must_use]
    pub const fn is_native(self) -> bool {
        self.native
    }

    /// Returns whether the host belongs to the Coding Plan, regardless of the path.
    #[must_use]
    pub const fn is_coding_plan(self) -> bool {
        matches!(self.plan(), Some(Plan::Coding))
    }

    /// Returns whether the host is this machine.
    #[must_use]
    pub const fn is_loopback(self) -> bool {
        matches!(self.host, Host::Loopback)
    }
}

/// The parts of a URL in plain form, lowercased except for the path.
struct Parts<'a> {
    scheme: String,
    userinfo: bool,
    host: String,
    port: Option<u16>,
    path: &'a str,
}

impl<'a> Parts<'a> {
    /// Parses a URL; `None` if it is not in plain form.
    fn read(url: &'a str) -> Option<Self> {
        let url = url.trim_matches(|c: char| c.is_ascii_whitespace());
        if !url.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let plain_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        if !plain_scheme {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (userinfo, address) = match authority.rsplit_once('@') {
            Some((_, address)) => (true, address),
            None => (false, authority),
        };
        let (host, port) = split_port(address)?;
        let path = tail.split(['?', '#']).next().unwrap_or_default();
        let scheme = scheme.to_ascii_lowercase();
        Some(Self {
            scheme,
            userinfo,
            host: host.to_ascii_lowercase(),
            port,
            path,
        })
    }

    fn classify(&self) -> Classification {
        let host = self.known_host();
        let direct = !self.userinfo && !self.host.ends_with('.');
        let native = direct
            && match host {
                Host::Endpoint(Endpoint::Portal) | Host::Custom => false,
                Host::Endpoint(endpoint) => self.is_public() && self.has_path(endpoint.path()),
                Host::Workspace(_) => self.is_public() && self.has_path("/compatible-mode/v1"),
                Host::Loopback => matches!(self.scheme.as_str(), "http" | "https"),
            };
        Classification { host, native }
    }

    fn known_host(&self) -> Host {
        // A single trailing dot names the same host.
        let host = self.host.strip_suffix('.').unwrap_or(&self.host);
        if let Some(endpoint) = Endpoint::all()
            .iter()
            .find(|endpoint| endpoint.host() == host)
        {
            return Host::Endpoint(*endpoint);
        }
        if is_loopback(&self.host) {
            return Host::Loopback;
        }
        workspace(host).map_or(Host::Custom, Host::Workspace)
    }

    fn is_public(&self) -> bool {
        self.scheme == "https" && matches!(self.port, None | Some(443))
    }

    fn has_path(&self, path: &str) -> bool {
        self.path.trim_end_matches('/').eq_ignore_ascii_case(path)
    }

    /// Returns whether the host belongs to the vendor.
    fn is_vendor(&self) -> bool {
        self.host.ends_with(".aliyuncs.com")
    }

    fn origin(&self) -> String {
        match self.port {
            Some(port) => format!("{}://{}:{port}", self.scheme, self.host),
            None => format!("{}://{}", self.scheme, self.host),
        }
    }

    /// Returns the path minus that of an OpenAI-compatible API, as the emulator serves them.
    fn path_without_api(&self) -> &'a str {
        let path = self.path.trim_end_matches('/');
        [
            "/compatible-mode/v1",
            "/coding/v1",
            "/token-plan/v1",
            "/api/v1",
        ]
        .iter()
        .find_map(|api| path.strip_suffix(api))
        .unwrap_or(path)
    }
}

/// Splits `host[:port]`; `None` if either is not in plain form.
fn split_port(address: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (inside, after) = rest.split_once(']')?;
            let plain = inside
                .bytes()
                .all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.');
            if !plain {
                return None;
            }
            (
                &address[..inside.len() + 2],
                after.strip_prefix(':').or(Some(after))?,
            )
        }
        None => address.split_once(':').unwrap_or((address, "")),
    };
    let plain = host.starts_with('[')
        || host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_');
    if host.is_empty() || !plain {
        return None;
    }
    match port {
        "" => Some((host, None)),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some((host, Some(digits.parse().ok()?)))
        }
        _ => None,
    }
}

/// Returns whether a host is loopback in its usual spelling.
fn is_loopback(host: &str) -> bool {
    let decimal = || {
        host.parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
    };
    host == "localhost" || host == "[::1]" || decimal()
}

/// Returns the region of a workspace host: `{workspace}.{region}.maas.aliyuncs.com`.
fn workspace(host: &str) -> Option<Region> {
    let name = host.strip_suffix(".maas.aliyuncs.com")?;
    let (workspace, region) = name.split_once('.')?;
    if workspace.is_empty() || region.is_empty() || region.contains('.') {
        return None;
    }
    Some(if region == "cn-beijing" {
        Region::China
    } else {
        Region::Global
    })
}

#[cfg(test)]
mod tests;
