//! Statuses and codes, one by one.

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
