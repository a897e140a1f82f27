//! Which kind of failure a status and a code mean on this service.

use crate::ErrorKind;

/// Tells what kind of failure a status with an error code and message is.
///
/// Neither status nor code alone is enough here: 429 is a throttle that recovers within a minute
/// or an unpaid bill for good, `insufficient_quota` is a throttle with 429 and an exhausted free
/// tier with 403 (help.aliyun.com, Model Studio, "error-code"). Codes of the native style
/// (`InvalidApiKey`) and of the OpenAI style (`invalid_api_key`) are treated alike.
///
/// A status of 0 or 200 stands for an error inside a stream, where only the code speaks.
#[must_use]
pub fn classify(status: u16, code: Option<&str>, message: Option<&str>) -> ErrorKind {
    let code = code.unwrap_or_default();
    by_code(status, &fold(code), message.unwrap_or_default()).unwrap_or_else(|| by_status(status))
}

/// `Throttling.RateQuota` and `throttling_rate_quota` become the same word.
fn fold(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn by_code(status: u16, code: &str, message: &str) -> Option<ErrorKind> {
    Some(match code {
        "commoditynotpurchased"
        | "prepaidbilloverdue"
        | "postpaidbilloverdue"
        | "arrearage"
        | "accessdeniedunpurchased" => ErrorKind::Billing,
        "allocationquotafreetieronly" => ErrorKind::Quota,
        "insufficientquota" | "throttlingallocationquota" | "quotaexceeded" => match status {
            400 | 402 | 403 => ErrorKind::Quota,
            _ => ErrorKind::RateLimit,
        },
        "limitrequests" | "limitburstrate" | "ratelimitexceeded" => ErrorKind::RateLimit,
        _ if code.starts_with("throttling") => ErrorKind::RateLimit,
        "invalidapikey" | "notauthorized" | "authenticationerror" | "incorrectapikey" => {
            ErrorKind::Auth
        }
        "modelaccessdenied" | "workspaceaccessdenied" | "appaccessdenied" => ErrorKind::Auth,
        "modelnotfound" | "modelnotsupported" | "modelnotexist" => ErrorKind::NotFound,
        "datainspectionfailed" | "ipinfringementsuspect" | "contentfilter" => ErrorKind::Content,
        "requesttimeout" | "responsetimeout" | "modelunavailable" | "modelservingerror"
        | "modelservicefailed" | "serviceunavailable" | "gatewaytimeout" | "systemerror" => {
            ErrorKind::Server
        }
        _ if code.starts_with("internalerror") && status != 400 => ErrorKind::Server,
        "invalidparametererror" | "invalidparameter" | "invalidrequesterror" => {
            // A plan endpoint answers 400 for a model that it does not carry.
            let unsupported = message.contains("is not supported") && message.contains("model");
            match status {
                404 => ErrorKind::NotFound,
                _ if unsupported => ErrorKind::NotFound,
                401 | 403 | 429 | 500.. => return None,
                _ => ErrorKind::Rejected,
            }
        }
        _ if status == 400
            && message.starts_with("model `")
            && message.contains("not supported") =>
        {
            ErrorKind::NotFound
        }
        _ => return None,
    })
}

fn by_status(status: u16) -> ErrorKind {
    match status {
        401 | 403 | 407 => ErrorKind::Auth,
        402 => ErrorKind::Billing,
        404 => ErrorKind::NotFound,
        408 => ErrorKind::Timeout,
        429 => ErrorKind::RateLimit,
        300..=399 => ErrorKind::Redirect,
        // A stream that broke off with an error nobody has named is the server's failure.
        0..=299 | 500.. => ErrorKind::Server,
        // 430 is this service's own for audio it cannot decode.
        _ => ErrorKind::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, code: &str, expect: ErrorKind) {
        assert_eq!(
            classify(status, Some(code), None),
            expect,
            "{status} {code}"
        );
    }

    #[test]
    fn tells_throttles_quotas_and_bills_apart() {
        check(429, "insufficient_quota", ErrorKind::RateLimit);
        check(403, "insufficient_quota", ErrorKind::Quota);
        check(403, "AllocationQuota.FreeTierOnly", ErrorKind::Quota);
        check(400, "Throttling.AllocationQuota", ErrorKind::Quota);
        check(429, "Throttling.AllocationQuota", ErrorKind::RateLimit);
        check(429, "Throttling.RateQuota", ErrorKind::RateLimit);
        check(429, "LimitRequests", ErrorKind::RateLimit);
        check(429, "limit_burst_rate", ErrorKind::RateLimit);
        check(429, "PostpaidBillOverdue", ErrorKind::Billing);
        check(429, "CommodityNotPurchased", ErrorKind::Billing);
        check(400, "Arrearage", ErrorKind::Billing);
    }

    #[test]
    fn both_spellings_mean_the_same() {
        for code in ["InvalidApiKey", "invalid_api_key"] {
            check(401, code, ErrorKind::Auth);
        }
        for code in ["ModelNotFound", "model_not_found"] {
            check(404, code, ErrorKind::NotFound);
        }
        for code in ["DataInspectionFailed", "data_inspection_failed"] {
            check(400, code, ErrorKind::Content);
        }
    }

    #[test]
    fn a_plan_without_the_model_is_not_found() {
        let message = Some("model `qwen3.7-max` is not supported.");
        assert_eq!(
            classify(400, Some("invalid_parameter_error"), message),
            ErrorKind::NotFound
        );
        assert_eq!(classify(400, None, message), ErrorKind::NotFound);
    }

    #[test]
    fn unknown_codes_fall_back_to_the_status() {
        check(430, "Audio.DecoderError", ErrorKind::Rejected);
        check(500, "RewriteFailed", ErrorKind::Server);
        check(418, "teapot", ErrorKind::Rejected);
        check(200, "whatever", ErrorKind::Server);
        check(500, "InternalError.Algo", ErrorKind::Server);
        assert_eq!(classify(503, None, None), ErrorKind::Server);
        assert_eq!(classify(401, None, None), ErrorKind::Auth);
    }
}
