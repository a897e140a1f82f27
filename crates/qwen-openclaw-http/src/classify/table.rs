//! The table of errors. `docs/errors.md` is the same table for readers; a test compares them.

use super::{Row, Status};
use crate::{
    ErrorKind::{
        self, Authentication, Billing, ContentFilter, InvalidRequest, NotFound, Permission,
        Protocol, Quota, RateLimited, Server, Timeout,
    },
    ErrorScope::{self, Account, Model, Provider, Request},
};

/// Codes and texts that are more specific than the status. The first row that fits wins.
pub(super) const SPECIFIC: &[Row] = &[
    PLAN_GATE,
    row(NotFound, Model).codes(&["ModelNotFound", "model_not_supported", "Model.NotExist"]),
    row(Billing, Account).codes(&[
        "Arrearage",
        "PrepaidBillOverdue",
        "PostpaidBillOverdue",
        "CommodityNotPurchased",
    ]),
    row(Billing, Model).codes(&["AccessDenied.Unpurchased"]),
    row(Quota, Model).codes(&["AllocationQuota.FreeTierOnly"]),
    row(Quota, Model)
        .status(Status::OneOf(&[400, 402, 403]))
        .codes(&[
            "insufficient_quota",
            "Throttling.AllocationQuota",
            "quota_exceeded",
        ]),
    // The SDK's registry has this type for `insufficient_quota` with 429.
    row(RateLimited, Model)
        .status(Status::OneOf(&[0, 200, 429]))
        .codes(&["billing_error"]),
    row(Billing, Account).codes(&["billing_error"]),
    row(RateLimited, Model).codes(&[
        "Throttling*",
        "LimitRequests",
        "limit_burst_rate",
        "rate_limit_exceeded",
        "RateLimitError",
        "concurrency_limit_exceeded",
        "insufficient_quota",
        "quota_exceeded",
    ]),
    row(Permission, Account)
        .status(Status::OneOf(&[403]))
        .codes(&["NOT AUTHORIZED"]),
    row(Authentication, Account).codes(&[
        "InvalidApiKey",
        "incorrect_api_key",
        "NOT AUTHORIZED",
        "auth_failed",
        "AuthenticationError",
    ]),
    row(Permission, Account).codes(&["Workspace.AccessDenied"]),
    row(Permission, Request).codes(&["App.AccessDenied"]),
    row(Permission, Model).codes(&[
        "AccessDenied",
        "Model.AccessDenied",
        "permission_denied",
        "PermissionDeniedError",
        "permission_error",
    ]),
    row(NotFound, Account).codes(&["WorkSpaceNotFound"]),
    row(NotFound, Request).codes(&[
        "NotFound",
        "resource_not_found",
        "NotFoundError",
        "BadRequest.ResourceNotExist",
        "BadRequest.VoiceNotFound",
    ]),
    row(ContentFilter, Request).codes(&[
        "DataInspectionFailed",
        "IPInfringementSuspect",
        "content_filter",
        "content_policy_violation",
        "CustomRoleBlocked",
        "FaqRuleBlocked",
    ]),
    row(Server, Model).codes(&[
        "ModelUnavailable",
        "ModelServingError",
        "ModelServiceFailed",
        "InternalServerError",
        "SystemError",
    ]),
    // With 400, an algorithm could not process the request.
    row(Server, Model)
        .status(Status::Outside(400, 499))
        .codes(&["InternalError*", "api_error"]),
    row(Server, Provider).codes(&[
        "RequestTimeOut",
        "ResponseTimeout",
        "timeout_error",
        "GatewayTimeout",
        "GatewayTimeoutError",
        "service_unavailable",
        "ServiceUnavailableError",
        "overloaded_error",
    ]),
    row(Server, Request).codes(&[
        "InvokePluginFailed",
        "AppProcessFailed",
        "RewriteFailed",
        // The misspelling is the service's.
        "RetrivalFailed",
    ]),
];

/// The gate of the Coding Plan, which looks at the program that sends.
pub(super) const PLAN_GATE: Row = row(Permission, Account)
    .status(Status::Range(400, 499))
    .message(&["only available for coding agents"]);

/// Where neither code nor type is specific: known messages, then generic codes, then the status.
pub(super) const GENERAL: &[Row] = &[
    row(Billing, Account)
        .status(Status::Range(400, 499))
        .message(&["account is in good standing"]),
    row(Billing, Model)
        .status(Status::OneOf(&[403]))
        .message(&["eligible for using the model"]),
    row(Quota, Model)
        .status(Status::OneOf(&[400, 402, 403]))
        .message(&["free tier", "exhausted"]),
    row(Quota, Model)
        .status(Status::OneOf(&[400, 402, 403]))
        .message(&["quota exceeded"]),
    row(ContentFilter, Request)
        .status(Status::OneOf(&[0, 200, 400]))
        .message(&["inappropriate content"]),
    row(ContentFilter, Request)
        .status(Status::OneOf(&[0, 200, 400]))
        .message(&["rejected by content policy"]),
    // A plan's endpoint returns 400, as for any bad parameter, for a model that it does not offer.
    row(NotFound, Model)
        .status(Status::Without(&[401, 403, 429, 500, 502, 503, 504]))
        .codes(&[
            "InvalidParameter",
            "invalid_parameter_error",
            "invalid_request_error",
        ])
        .message(&["model", "is not supported"]),
    row(NotFound, Model)
        .status(Status::OneOf(&[400]))
        .message(&["^model `", "not supported"]),
    row(InvalidRequest, Request)
        .status(Status::Without(&[
            401, 402, 403, 404, 407, 408, 429, 500, 502, 503, 504,
        ]))
        .codes(&[
            "InvalidParameter*",
            "invalid_request*",
            "invalid_value",
            "InvalidURL*",
            "InvalidFile*",
            "InvalidImage*",
            "missing_parameter",
            "BadRequest*",
            "request_too_large",
            "RequestTooLargeError",
            "UnsupportedOperation",
            "FlowNotPublished",
            "ClientDisconnect",
            "Conflict",
            "Audio*",
            "mismatched_model",
            "duplicate_custom_id",
        ]),
    row(Authentication, Account).status(Status::OneOf(&[401, 407])),
    row(Billing, Account).status(Status::OneOf(&[402])),
    row(Permission, Model).status(Status::OneOf(&[403])),
    row(NotFound, Request).status(Status::OneOf(&[404])),
    row(Timeout, Model).status(Status::OneOf(&[408])),
    row(RateLimited, Model).status(Status::OneOf(&[429])),
    row(Protocol, Provider).status(Status::Range(300, 399)),
    // A stream that ended with an unknown error is the server's failure.
    row(Server, Model).status(Status::Range(0, 299)),
    row(Server, Model).status(Status::OneOf(&[500])),
    row(Server, Provider).status(Status::Range(501, u16::MAX)),
    OTHER,
];

/// 430 is specific to this service: audio that it cannot decode.
pub(super) const OTHER: Row = row(InvalidRequest, Request);

const fn row(kind: ErrorKind, scope: ErrorScope) -> Row {
    Row {
        kind,
        scope,
        status: Status::Any,
        codes: &[],
        message: &[],
    }
}

impl Row {
    const fn status(self, status: Status) -> Self {
        Self { status, ..self }
    }

    const fn codes(self, codes: &'static [&'static str]) -> Self {
        Self { codes, ..self }
    }

    const fn message(self, message: &'static [&'static str]) -> Self {
        Self { message, ..self }
    }
}
