//! How a part of a message is marked for the explicit cache.

use serde::Serialize;

use crate::chat::family;

/// How a part of a message is marked for the explicit cache of the service.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CacheMarker {
    /// `"cache_control": {"type": "ephemeral"}`, at most four in a request (help.aliyun.com
    /// model-studio explicit-cache-best-practice).
    CacheControl,
    /// `"prompt_cache_breakpoint": {"mode": "explicit"}`. These models accept the older form too
    /// (help.aliyun.com model-studio explicit-cache-qwen4, 2026-11-16).
    Breakpoint,
}

impl CacheMarker {
    /// Returns the form that a model takes, by its id.
    ///
    /// An id outside the catalog is treated like the family that shares its prefix.
    #[must_use]
    pub fn of(model: &str) -> Self {
        family(model).cache_marker
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_family_has_breakpoints() {
        assert_eq!(CacheMarker::of(" Qwen4-Max "), CacheMarker::Breakpoint);
        assert_eq!(
            CacheMarker::of("qwen4-max-2026-11-16"),
            CacheMarker::Breakpoint
        );
        for id in ["qwen3.8-max", "glm-5", "qwen4", ""] {
            assert_eq!(CacheMarker::of(id), CacheMarker::CacheControl, "{id}");
        }
    }
}
