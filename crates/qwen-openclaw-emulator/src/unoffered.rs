//! What the service has and the emulator does not.

use crate::endpoint::{Endpoint, Plan, Protocol, Region};

/// Paths below the OpenAI-compatible API of pay-as-you-go. Not among them is `/reranks`, which leads
/// nowhere at the service either.
const OPEN_AI: &[&str] = &["/completions", "/systemone"];

/// Paths of APIs that the emulator has nothing of.
const OTHERS: &[&str] = &[
    "/api/v2/apps/protocols/compatible-mode/v1/conversations",
    "/api/v2/apps/protocols/compatible-mode/v1/responses",
];

/// Tells whether the service has a path, given that the emulator does not.
pub(crate) fn is_of_service(path: &str) -> bool {
    let (known, rest) = match Endpoint::split(path) {
        Some((endpoint, rest)) => match endpoint.protocol {
            Protocol::OpenAi(Plan::Standard) => (OPEN_AI, rest),
            _ => return false,
        },
        None => {
            let china = path.strip_prefix(Region::China.prefix());
            (OTHERS, china.unwrap_or(path))
        }
    };
    known.iter().any(|known| {
        let below = rest.strip_prefix(known);
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_service() {
        for path in [
            "/compatible-mode/v1/completions/x",
            "/cn/compatible-mode/v1/systemone",
        ] {
            assert!(is_of_service(path), "{path}");
        }
        for path in [
            "/compatible-mode/v1/reranks",
            "/compatible-mode/v1/completionsx",
            "/coding/v1/embeddings",
            "/api/v1/batches",
            "/batches",
        ] {
            assert!(!is_of_service(path), "{path}");
        }
    }
}
