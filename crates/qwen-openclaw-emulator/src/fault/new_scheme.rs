//! The errors of the newer scheme, from the error registry of dashscope 2.0.2.
//!
//! Whether the service answers with it has not been seen, nor where key and error code would be: here
//! the key is the `code` of the OpenAI shape and the error code its `type` and the native `code`.

use crate::refusal::Refusal;

/// The error that is sent unless a code is given: the one that is read wrongly most often.
pub(super) const DEFAULT: &str = "insufficient_quota";

/// The error with this key; `None` if there is none.
pub(super) fn refusal(key: &str) -> Option<Refusal> {
    let all = SCHEME.iter();
    let row = all.copied().find(|(known, ..)| *known == key)?;
    let (key, status, code, message) = row;
    Some(Refusal::new(status, key, code, code, message))
}

/// Key, status, error code and message. The registry has placeholders where words here are examples.
const SCHEME: &[(&str, u16, &str, &str)] = &[
    (
        "invalid_request",
        400,
        "BadRequestError",
        "The request is invalid. Please check the request and try again.",
    ),
    (
        "missing_parameter",
        400,
        "BadRequestError",
        "Missing required parameter: messages.",
    ),
    (
        "content_policy_violation",
        400,
        "BadRequestError",
        "The request was rejected by content policy.",
    ),
    (
        "invalid_url",
        400,
        "BadRequestError",
        "The provided URL is invalid or cannot be accessed.",
    ),
    (
        "invalid_file",
        400,
        "BadRequestError",
        "The provided file is invalid.",
    ),
    (
        "auth_failed",
        401,
        "AuthenticationError",
        "Authentication failed.",
    ),
    (
        "invalid_api_key",
        401,
        "AuthenticationError",
        "Incorrect API key provided.",
    ),
    (
        "permission_denied",
        403,
        "PermissionDeniedError",
        "You do not have permission to access this resource.",
    ),
    (
        "resource_not_found",
        404,
        "NotFoundError",
        "The requested resource was not found: model.",
    ),
    (
        "request_too_large",
        413,
        "RequestTooLargeError",
        "The request exceeds the maximum allowed size of 10 MB.",
    ),
    (
        "rate_limit_exceeded",
        429,
        "RateLimitError",
        "Rate limit exceeded. Please slow down your requests.",
    ),
    (
        "concurrency_limit_exceeded",
        429,
        "RateLimitError",
        "Too many concurrent requests. Please reduce concurrency and try again.",
    ),
    (
        "insufficient_quota",
        429,
        "RateLimitError",
        "You exceeded your current quota. Please check your plan and billing details.",
    ),
    (
        "internal_error",
        500,
        "InternalServerError",
        "The server encountered an internal error. Please try again later.",
    ),
    (
        "service_unavailable",
        503,
        "ServiceUnavailableError",
        "The service is temporarily unavailable. Please try again later.",
    ),
    (
        "request_timeout",
        504,
        "GatewayTimeoutError",
        "The request timed out. Please try again later.",
    ),
];
