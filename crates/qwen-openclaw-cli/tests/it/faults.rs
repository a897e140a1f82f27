//! The exit code of every fault that ends by itself.

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
                    ran.stderr.contains("error: "),
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
