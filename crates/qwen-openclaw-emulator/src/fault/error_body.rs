//! The errors that faults answer with.

use super::{Fault, FaultKind, new_scheme};
use crate::refusal::Refusal;

/// The error a fault stands for; `None` for those that are none.
pub(super) fn refusal(fault: &Fault) -> Option<Refusal> {
    const LIMIT: &str = "You have exceeded your current request limit. For details, see: https://help.aliyun.com/zh/model-studio/error-code#rate-limit";
    Some(match fault.kind {
        FaultKind::LimitRequests => Refusal::new(
            429,
            "limit_requests",
            "Throttling.RateQuota",
            "limit_requests",
            LIMIT,
        ),
        FaultKind::LimitBurstRate => Refusal::new(
            429,
            "limit_burst_rate",
            "Throttling.BurstRate",
            "limit_burst_rate",
            "Request rate increased too quickly. To ensure system stability, please adjust your client logic to scale requests more smoothly over time.",
        ),
        FaultKind::Throttling => Refusal::coded(
            429,
            "Throttling.RateQuota",
            "Requests rate limit exceeded, please try again later.",
        ),
        FaultKind::InsufficientQuota => Refusal::new(
            429,
            "insufficient_quota",
            "Throttling.AllocationQuota",
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        FaultKind::CommodityNotPurchased => Refusal::coded(
            429,
            "CommodityNotPurchased",
            "Commodity has not purchased yet.",
        ),
        FaultKind::PrepaidBillOverdue => {
            Refusal::coded(429, "PrepaidBillOverdue", "The prepaid bill is overdue.")
        }
        FaultKind::PostpaidBillOverdue => {
            Refusal::coded(429, "PostpaidBillOverdue", "The postpaid bill is overdue.")
        }
        FaultKind::FreeTierExhausted => Refusal::coded(
            403,
            "AllocationQuota.FreeTierOnly",
            "The free tier of the model has been exhausted. If you wish to continue access the model on a paid basis, please disable the \"use free tier only\" mode in the management console.",
        ),
        FaultKind::FreeTierQuota => Refusal::new(
            403,
            "insufficient_quota",
            "AllocationQuota.FreeTierOnly",
            "insufficient_quota",
            "The free tier of the model has been exhausted.",
        ),
        FaultKind::AccessDenied => Refusal::new(
            403,
            "access_denied",
            "AccessDenied",
            "access_denied",
            "Access denied.",
        ),
        FaultKind::ModelForbidden => {
            Refusal::coded(403, "Model.AccessDenied", "Model access denied.")
        }
        FaultKind::Unpurchased => Refusal::coded(
            403,
            "AccessDenied.Unpurchased",
            "Access to model denied. Please make sure you are eligible for using the model.",
        ),
        // The body has the message alone.
        FaultKind::PlanGate => Refusal::coded(
            405,
            "",
            "Coding Plan is currently only available for Coding Agents",
        ),
        FaultKind::NewScheme => {
            let key = fault.code.as_deref().unwrap_or(new_scheme::DEFAULT);
            new_scheme::refusal(key).unwrap_or_else(|| {
                Refusal::parameter(format!("the newer scheme has no error `{key}`"))
            })
        }
        FaultKind::Arrearage => Refusal::coded(
            400,
            "Arrearage",
            "Access denied, please make sure your account is in good standing.",
        ),
        FaultKind::DataInspection | FaultKind::ErrorAsData => Refusal::new(
            400,
            "data_inspection_failed",
            "DataInspectionFailed",
            "data_inspection_failed",
            "Input data may contain inappropriate content.",
        ),
        FaultKind::StreamError | FaultKind::StreamErrorNative | FaultKind::StreamErrorEvent => {
            Refusal::new(
                200,
                "data_inspection_failed",
                "DataInspectionFailed",
                "data_inspection_failed",
                "Output data may contain inappropriate content.",
            )
        }
        FaultKind::AudioStatus => {
            Refusal::coded(430, "Audio.DecoderError", "Decoder audio file failed.")
        }
        FaultKind::InternalError => Refusal::new(
            500,
            "internal_error",
            "InternalError",
            "internal_error",
            "An internal error has occured, please try again later or contact service support.",
        ),
        FaultKind::ModelServingError => Refusal::coded(
            503,
            "ModelServingError",
            "Too many requests. Your requests are being throttled due to system capacity limits. Please try again later.",
        ),
        FaultKind::ModelUnavailable => Refusal::coded(
            503,
            "ModelUnavailable",
            "Model is unavailable, please try again later.",
        ),
        _ => return None,
    })
}
