//! The exit code of every fault that ends by itself, and what refusals of the service become.

use std::thread;

use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule};

use crate::run::{Qwen, Service};

/// The exit code, or `None` for what only a clock of minutes would end.
fn code(kind: FaultKind) -> Option<i32> {
    Some(match kind {
        FaultKind::WrongRegion
        | FaultKind::AccessDenied
        | FaultKind::ModelForbidden
        | FaultKind::PlanGate => 3,
        FaultKind::LimitRequests
        | FaultKind::LimitBurstRate
        | FaultKind::Throttling
        | FaultKind::InsufficientQuota
        | FaultKind::NoBody429
        | FaultKind::NewScheme
        | FaultKind::Unpurchased
        | FaultKind::CommodityNotPurchased
        | FaultKind::PrepaidBillOverdue
        | FaultKind::PostpaidBillOverdue
        | FaultKind::FreeTierExhausted
        | FaultKind::FreeTierQuota
        | FaultKind::Arrearage => 5,
        FaultKind::Reset | FaultKind::Truncate | FaultKind::ResetBefore | FaultKind::LostAnswer => {
            6
        }
        FaultKind::DataInspection
        | FaultKind::ErrorAsData
        | FaultKind::AudioStatus
        | FaultKind::StreamError
        | FaultKind::StreamErrorNative
        | FaultKind::StreamErrorEvent => 4,
        FaultKind::InternalError
        | FaultKind::ModelServingError
        | FaultKind::ModelUnavailable
        | FaultKind::BadGateway
        | FaultKind::Redirect
        | FaultKind::RedirectLoop
        | FaultKind::RedirectPrivate
        | FaultKind::MalformedEvent => 7,
        FaultKind::EmptyBody | FaultKind::TruncateCleanly => 8,
        FaultKind::HeadersStall
        | FaultKind::Stall
        | FaultKind::KeepAlives
        | FaultKind::NeverEnding => return None,
        _ => 0,
    })
}

#[test]
fn every_fault_has_its_exit_code() {
    let faults = FaultKind::ALL
        .iter()
        .filter_map(|kind| Some((*kind, code(*kind)?)));
    let runs: Vec<_> = faults
        .map(|(kind, code)| {
            thread::spawn(move || {
                let rule = FaultRule::new(Fault::new(kind));
                let service = Service::with(Emulator::builder().fault(rule));
                let ran = Qwen::new(&["chat", "-m", "qwen3-coder-plus", "Grüße!"])
                    .at(&service)
                    .run();
                assert_eq!(ran.code, Some(code), "{kind}: {}", ran.stderr);
                assert_eq!(
                    ran.stderr.contains("rror: "),
                    code != 0,
                    "{kind}: {}",
                    ran.stderr
                );
            })
        })
        .collect();
    for run in runs {
        run.join().unwrap();
    }
}

/// Fault, kind, exit code, requests, and what the hint contains; without words, there is no hint.
const REFUSALS: &[(&str, &str, i32, usize, &[&str])] = &[
    ("insufficient-quota", "rate_limit", 5, 3, &["wait a minute"]),
    ("no-body-429", "rate_limit", 5, 3, &["wait a minute"]),
    (
        "arrearage",
        "billing",
        5,
        1,
        &["check the account's balance"],
    ),
    (
        "arrearage;shape=text",
        "billing",
        5,
        1,
        &["check the account's balance"],
    ),
    (
        "free-tier-exhausted",
        "quota",
        5,
        1,
        &["waiting does not restore the quota"],
    ),
    (
        "model-forbidden",
        "permission",
        3,
        1,
        &["only this model was refused"],
    ),
    (
        "unpurchased",
        "billing",
        5,
        1,
        &["only this model was refused", "activate it"],
    ),
    (
        "plan-gate",
        "permission",
        3,
        1,
        &[
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            "`--plan standard --region global`",
            "Standard key",
        ],
    ),
    (
        "wrong-region",
        "auth",
        3,
        1,
        &[
            "sk-01234...76543210 (env: QWEN_API_KEY)",
            "was sent to http",
        ],
    ),
    ("new-scheme", "rate_limit", 5, 3, &["wait a minute"]),
    (
        "new-scheme;code=content_policy_violation;shape=text",
        "content",
        4,
        1,
        &[],
    ),
    (
        "new-scheme;code=request_too_large;shape=anthropic",
        "invalid_request",
        4,
        1,
        &[],
    ),
    (
        "new-scheme;code=service_unavailable;shape=anthropic",
        "server",
        7,
        3,
        &[],
    ),
];

#[test]
fn refusals_are_reported_as_the_service_means_them() {
    let runs: Vec<_> = REFUSALS
        .iter()
        .map(|(fault, kind, code, requests, words)| {
            thread::spawn(move || {
                let rule: FaultRule = fault.parse().unwrap();
                let service = Service::with(Emulator::builder().fault(rule));
                let ran = Qwen::new(&["chat", "--json", "-m", "qwen3-coder-plus", "Hi"])
                    .at(&service)
                    .run()
                    .exits_with(*code);
                let error = &ran.json()["error"];
                assert_eq!(error["type"], *kind, "{fault}");
                assert_eq!(service.requests().len(), *requests, "{fault}");
                let hint = error["hint"].as_str().unwrap_or_default();
                assert_eq!(hint.is_empty(), words.is_empty(), "{fault}: {hint}");
                for word in *words {
                    assert!(hint.contains(word), "{fault}: {hint}");
                }
            })
        })
        .collect();
    for run in runs {
        run.join().unwrap();
    }
}
