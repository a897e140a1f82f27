//! Classifies failures by status and error code.

use crate::ErrorKind;

/// Classifies a failure by status, error code and message.
///
/// Neither status nor code is enough alone: 429 is either throttling that ends within a minute or an
/// unpaid bill, and `insufficient_quota` means throttling with 429 but an exhausted free tier with
/// 403 (help.aliyun.com, Model Studio, "error-code"). Codes in the native style (`InvalidApiKey`), in
/// the OpenAI style (`invalid_api_key`) and in the scheme of the vendor's SDK since 2.0.2
/// (`auth_failed`, `AuthenticationError`) are treated alike.
///
/// A status of 0 or 200 stands for an error inside a stream, where only the code counts.
#[must_use]
pub fn classify(status: u16, code: Option<&str>, message: Option<&str>) -> ErrorKind {
    if names_a_missing_model(status, code, message.unwrap_or_default()) {
        return ErrorKind::NotFound;
    }
    let code = fold(code.unwrap_or_default());
    TABLE
        .iter()
        .find(|row| {
            row.status.holds(status) && row.codes.iter().any(|pattern| fits(pattern, &code))
        })
        .map_or_else(|| by_status(status), |row| row.kind)
}

/// The codes that are more specific than the status. The first matching row wins.
const TABLE: &[Row] = &[
    row(
        ErrorKind::Billing,
        Status::Any,
        &[
            "arrearage",
            "prepaidbilloverdue",
            "postpaidbilloverdue",
            "commoditynotpurchased",
            "accessdeniedunpurchased",
        ],
    ),
    row(
        ErrorKind::Quota,
        Status::Any,
        &["allocationquotafreetieronly"],
    ),
    row(
        ErrorKind::Quota,
        Status::OneOf(&[400, 402, 403]),
        &[
            "insufficientquota",
            "throttlingallocationquota",
            "quotaexceeded",
        ],
    ),
    row(
        ErrorKind::RateLimited,
        Status::Any,
        &[
            "throttling*",
            "limitrequests",
            "limitburstrate",
            "ratelimitexceeded",
            "ratelimiterror",
            "concurrencylimitexceeded",
            "insufficientquota",
            "quotaexceeded",
        ],
    ),
    row(
        ErrorKind::Permission,
        Status::OneOf(&[403]),
        &["notauthorized"],
    ),
    row(
        ErrorKind::Authentication,
        Status::Any,
        &[
            "invalidapikey",
            "incorrectapikey",
            "notauthorized",
            "authfailed",
            "authenticationerror",
        ],
    ),
    row(
        ErrorKind::Permission,
        Status::Any,
        &[
            "accessdenied",
            "modelaccessdenied",
            "workspaceaccessdenied",
            "appaccessdenied",
            "permissiondenied",
            "permissiondeniederror",
            "permissionerror",
        ],
    ),
    row(
        ErrorKind::NotFound,
        Status::Any,
        &[
            "modelnotfound",
            "modelnotsupported",
            "modelnotexist",
            "workspacenotfound",
            "resourcenotfound",
            "notfound",
            "notfounderror",
            "badrequestresourcenotexist",
            "badrequestvoicenotfound",
        ],
    ),
    row(
        ErrorKind::ContentFilter,
        Status::Any,
        &[
            "datainspectionfailed",
            "ipinfringementsuspect",
            "contentfilter",
            "contentpolicyviolation",
            "customroleblocked",
            "faqruleblocked",
        ],
    ),
    row(
        ErrorKind::Server,
        Status::Any,
        &[
            "requesttimeout",
            "responsetimeout",
            "gatewaytimeout",
            "gatewaytimeouterror",
            "modelunavailable",
            "modelservingerror",
            "modelservicefailed",
            "serviceunavailable",
            "serviceunavailableerror",
            "internalservererror",
            "systemerror",
            "invokepluginfailed",
            "appprocessfailed",
            "rewritefailed",
            // The misspelling is the service's.
            "retrivalfailed",
        ],
    ),
    // With status 400, an algorithm could not process the request.
    row(
        ErrorKind::Server,
        Status::Without(&[400]),
        &["internalerror*"],
    ),
    // Generic codes, overridden by more specific statuses.
    row(
        ErrorKind::InvalidRequest,
        Status::Without(&[401, 403, 404, 407, 408, 429, 500, 502, 503, 504]),
        &[
            "invalidparameter*",
            "invalidrequest*",
            "invalidvalue",
            "invalidurl*",
            "invalidfile*",
            "invalidimage*",
            "missingparameter",
            "badrequest*",
            "requesttoolarge*",
            "unsupportedoperation",
            "flownotpublished",
            "clientdisconnect",
            "conflict",
            "audio*",
            "mismatchedmodel",
            "duplicatecustomid",
        ],
    ),
];

/// The meaning of `codes` for statuses that match `status`.
struct Row {
    kind: ErrorKind,
    status: Status,
    /// In the form that [`fold`] returns; a trailing `*` matches any suffix.
    codes: &'static [&'static str],
}

const fn row(kind: ErrorKind, status: Status, codes: &'static [&'static str]) -> Row {
    Row {
        kind,
        status,
        codes,
    }
}

enum Status {
    Any,
    OneOf(&'static [u16]),
    Without(&'static [u16]),
}

impl Status {
    fn holds(&self, status: u16) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(those) => those.contains(&status),
            Self::Without(those) => !those.contains(&status),
        }
    }
}

/// Maps `Throttling.RateQuota` and `throttling_rate_quota` to the same string.
fn fold(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn fits(pattern: &str, code: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => code.starts_with(beginning),
        None => code == pattern,
    }
}

/// A plan's endpoint returns 400, as for any bad parameter, for a model that it does not offer.
fn names_a_missing_model(status: u16, code: Option<&str>, message: &str) -> bool {
    let general = match code.map(fold).as_deref() {
        Some("invalidparameter" | "invalidparametererror" | "invalidrequesterror") => {
            !matches!(status, 401 | 403 | 429 | 500..)
                && message.contains("model")
                && message.contains("is not supported")
        }
        _ => false,
    };
    let bare = status == 400 && message.starts_with("model `") && message.contains("not supported");
    general || bare
}

fn by_status(status: u16) -> ErrorKind {
    match status {
        401 | 407 => ErrorKind::Authentication,
        402 => ErrorKind::Billing,
        403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        408 => ErrorKind::Timeout,
        429 => ErrorKind::RateLimited,
        300..=399 => ErrorKind::Protocol,
        // A stream that ended with an unknown error is the server's failure.
        0..=299 | 500.. => ErrorKind::Server,
        // 430 is specific to this service: audio that it cannot decode.
        _ => ErrorKind::InvalidRequest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_statuses_are_classified_as_documented() {
        use ErrorKind::{
            Authentication, Billing, ContentFilter, InvalidRequest, NotFound, Permission, Protocol,
            Quota, RateLimited, Server, Timeout,
        };
        let table: &[(ErrorKind, u16, &[&str])] = &[
            // Throttling and billing are not confused.
            (
                RateLimited,
                429,
                &[
                    "",
                    "insufficient_quota",
                    "Throttling",
                    "Throttling.AllocationQuota",
                    "Throttling.RateQuota",
                    "Throttling.BurstRate",
                    "LimitRequests",
                    "limit_requests",
                    "limit_burst_rate",
                    "rate_limit_exceeded",
                    "concurrency_limit_exceeded",
                    "RateLimitError",
                    "invalid_request_error",
                ],
            ),
            (RateLimited, 0, &["insufficient_quota", "limit_requests"]),
            (
                Billing,
                429,
                &[
                    "CommodityNotPurchased",
                    "PrepaidBillOverdue",
                    "PostpaidBillOverdue",
                ],
            ),
            (Billing, 400, &["Arrearage"]),
            (Billing, 402, &[""]),
            (Billing, 403, &["AccessDenied.Unpurchased"]),
            (Quota, 400, &["Throttling.AllocationQuota"]),
            (
                Quota,
                403,
                &["insufficient_quota", "AllocationQuota.FreeTierOnly"],
            ),
            // A key denied for one model or workspace is still valid.
            (
                Permission,
                403,
                &[
                    "",
                    "AccessDenied",
                    "access_denied",
                    "Model.AccessDenied",
                    "App.AccessDenied",
                    "Workspace.AccessDenied",
                    "permission_denied",
                    "PermissionDeniedError",
                    "NOT AUTHORIZED",
                ],
            ),
            (
                Authentication,
                401,
                &[
                    "",
                    "InvalidApiKey",
                    "invalid_api_key",
                    "NOT AUTHORIZED",
                    "auth_failed",
                    "AuthenticationError",
                    "invalid_request_error",
                ],
            ),
            (Authentication, 403, &["InvalidApiKey"]),
            (
                NotFound,
                404,
                &[
                    "",
                    "ModelNotFound",
                    "model_not_found",
                    "model_not_supported",
                    "WorkSpaceNotFound",
                    "NotFound",
                    "resource_not_found",
                    "invalid_parameter_error",
                ],
            ),
            (
                NotFound,
                400,
                &["Model.NotExist", "BadRequest.VoiceNotFound"],
            ),
            (
                ContentFilter,
                400,
                &[
                    "DataInspectionFailed",
                    "data_inspection_failed",
                    "IPInfringementSuspect",
                    "CustomRoleBlocked",
                    "FaqRuleBlocked",
                    "content_policy_violation",
                ],
            ),
            (ContentFilter, 0, &["data_inspection_failed"]),
            (
                InvalidRequest,
                400,
                &[
                    "",
                    "InvalidParameter",
                    "InvalidParameter.DataInspection",
                    "invalid_value",
                    "missing_parameter",
                    "BadRequestError",
                    "BadRequest.TooLarge",
                    "InvalidURL.Timeout",
                    "InvalidFile.Size",
                    "UnsupportedOperation",
                    "InternalError.Algo.InvalidParameter",
                    "some unknown code",
                ],
            ),
            (InvalidRequest, 200, &["InvalidParameter", "InvalidURL"]),
            (InvalidRequest, 409, &["Conflict"]),
            (InvalidRequest, 413, &["request_too_large"]),
            (InvalidRequest, 418, &["teapot"]),
            (InvalidRequest, 430, &["Audio.DecoderError"]),
            (
                Server,
                500,
                &[
                    "",
                    "InternalError",
                    "internal_error",
                    "InternalError.Algo",
                    "SystemError",
                    "RequestTimeOut",
                    "RewriteFailed",
                    "InternalServerError",
                    "invalid_parameter_error",
                ],
            ),
            (
                Server,
                503,
                &["", "ModelUnavailable", "service_unavailable"],
            ),
            (Server, 504, &["", "request_timeout", "GatewayTimeoutError"]),
            (Server, 200, &["", "some unknown code", "internal_error"]),
            (Timeout, 408, &[""]),
            (Authentication, 407, &[""]),
            (Protocol, 302, &[""]),
        ];
        for (kind, status, codes) in table {
            for code in *codes {
                let code_given = (!code.is_empty()).then_some(*code);
                assert_eq!(
                    classify(*status, code_given, None),
                    *kind,
                    "{status} {code}"
                );
            }
        }
    }

    #[test]
    fn every_code_in_the_table_is_reachable() {
        for row in TABLE {
            for code in row.codes {
                let bare = code.trim_end_matches('*');
                assert_eq!(fold(bare), bare, "it would never match");
            }
        }
    }

    #[test]
    fn a_model_missing_from_a_plan_is_not_found() {
        let message = Some("model `qwen3.7-max` is not supported.");
        for code in [
            Some("invalid_parameter_error"),
            Some("BadRequestError"),
            None,
        ] {
            assert_eq!(
                classify(400, code, message),
                ErrorKind::NotFound,
                "{code:?}"
            );
        }
        let other = Some("the size of the model's image is not known");
        assert_eq!(
            classify(400, Some("invalid_parameter_error"), other),
            ErrorKind::InvalidRequest
        );
    }
}
