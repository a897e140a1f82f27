//! Cross-origin requests of web pages, where they are allowed.

use http::{Method, header::ORIGIN};

use crate::{answer::Answer, capture::CapturedRequest, control, id::Id, oauth, reply::Reply};

/// Tells whether pages may use what is at a path: everything but the login server, where they could
/// approve logins and change scenarios, and the remote control.
pub(crate) fn covers(path: &str) -> bool {
    !path.starts_with(oauth::PATH) && !control::covers(path)
}

/// Tells whether a browser asks for permission to send a request.
pub(crate) fn is_preflight(request: &CapturedRequest) -> bool {
    request.method == Method::OPTIONS
        && covers(&request.path)
        && request.headers.contains_key(ORIGIN)
        && request
            .headers
            .contains_key("access-control-request-method")
}

/// Gives the permission.
pub(crate) fn preflight(request: &CapturedRequest, id: Id) -> Answer {
    let mut answer = Answer::whole(204, "text/plain", "", id);
    answer.headers.retain(|(name, _)| name != "content-type");
    // The names asked for, since `*` does not stand for `Authorization`.
    for (asked, allowed) in [
        (
            "access-control-request-method",
            "access-control-allow-methods",
        ),
        (
            "access-control-request-headers",
            "access-control-allow-headers",
        ),
        (
            "access-control-request-private-network",
            "access-control-allow-private-network",
        ),
    ] {
        if let Some(value) = request.header(asked) {
            answer = answer.header(allowed, value);
        }
    }
    answer.header("access-control-max-age", "600")
}

/// What lets any page read an answer. No cookies are involved, so that `*` is enough.
const READABLE: [(&str, &str); 2] = [
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "*"),
];

pub(crate) fn open(answer: Answer) -> Answer {
    let add = |answer: Answer, (name, value)| answer.header(name, value);
    READABLE.into_iter().fold(answer, add)
}

pub(crate) fn open_reply(reply: Reply) -> Reply {
    let add = |reply: Reply, (name, value)| reply.header(name, value);
    READABLE.into_iter().fold(reply, add)
}
