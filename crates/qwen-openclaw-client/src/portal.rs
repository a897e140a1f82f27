//! What errors of the portal mean where they differ from those of Model Studio.

use qwen_openclaw_catalog::Plan;
use qwen_openclaw_http::{Error, ErrorKind, ErrorScope};

use crate::Route;

/// Reads an error that the server answered to a request on `route`, or reported inside a stream.
///
/// The portal counted requests per day and ended them with the same 429 `insufficient_quota` with
/// which Model Studio throttles for a minute. Waiting does not help there, and no model is left.
pub(crate) fn reread(error: Error, route: &Route) -> Error {
    let ends_the_quota = matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Quota)
        && is_portal(route)
        && names_the_quota(&error);
    if ends_the_quota {
        error.with_kind(ErrorKind::Quota, ErrorScope::Account)
    } else {
        error
    }
}

/// A server of one's own (the emulator, a gateway) is the portal if the provider has no other plan.
fn is_portal(route: &Route) -> bool {
    match route.endpoint().plan() {
        Some(plan) => plan == Plan::Portal,
        None => route.provider().plans() == [Plan::Portal],
    }
}

fn names_the_quota(error: &Error) -> bool {
    let server = error.server();
    let names = [error.code(), server.and_then(|server| server.error_type())];
    let mut names = names.into_iter().flatten().peekable();
    if names.peek().is_some() {
        return names.any(|name| matches!(name, "insufficient_quota" | "quota_exceeded"));
    }
    let message = server.and_then(|server| server.message());
    message.is_some_and(|message| message.to_ascii_lowercase().contains("quota"))
}
