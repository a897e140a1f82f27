//! The endpoint that a key was issued for.

use std::fmt;

use qwen_openclaw_catalog::{Plan, Region};

/// The endpoint that a key was issued for, as far as it was specified when the key was stored.
///
/// Keys are bound to a plan and a region, but most keys do not reveal which. Storing them along
/// with the key means that they need not be specified again. A base URL binds the key to that
/// origin: the key is sent nowhere else.
#[derive(Clone, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct KeyEndpoint {
    /// The plan.
    pub plan: Option<Plan>,
    /// The region.
    pub region: Option<Region>,
    /// The base URL that came with the key, as for a portal login or a self-hosted server.
    pub base_url: Option<String>,
}

impl KeyEndpoint {
    /// Returns true if nothing is known about the endpoint.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Debug for KeyEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |url: &String| {
            if is_plain_url(url) {
                url.clone()
            } else {
                "[redacted]".to_owned()
            }
        };
        f.debug_struct("KeyEndpoint")
            .field("plan", &self.plan)
            .field("region", &self.region)
            .field("base_url", &self.base_url.as_ref().map(shown))
            .finish()
    }
}

/// Returns whether no part of `url` could be a secret: no user, no query, and nothing key-like.
fn is_plain_url(url: &str) -> bool {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    let may_be_key = |part: &str| {
        let has_digit = part.bytes().any(|byte| byte.is_ascii_digit());
        let begins = part.to_ascii_lowercase().starts_with("sk-");
        begins || part.len() >= 32 || (part.len() >= 12 && has_digit)
    };
    let mut parts = url.split(['/', '.', ':']);
    is_web && !url.contains(['@', '?', '#', '\\']) && !parts.any(may_be_key)
}
