//! Every fault of the emulator, and what becomes of it.

use std::time::Duration;

use futures_util::future::join_all;
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule};
use qwen_openclaw_transport::{ChatRequest, Client, ErrorKind, RetryPolicy, Stall, StreamTimeouts};

/// What a fault leads to.
enum Outcome {
    /// The reply is complete all the same.
    Complete,
    /// An error of this kind, its message containing this, some of the reply or nothing of it, and
    /// this many requests.
    Error(ErrorKind, &'static str, Partial, u32),
    /// As above, by this clock.
    Stalled(Stall, Partial, u32),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Partial {
    Nothing,
    Some,
}

use Outcome::{Complete, Error, Stalled};
use Partial::{Nothing, Some};

/// Two retries are allowed: what is tried again in vain takes three requests.
const TRIED: u32 = 3;

fn expected(fault: FaultKind) -> Option<Outcome> {
    use ErrorKind as E;
    Option::Some(match fault {
        FaultKind::WrongRegion => Error(E::Authentication, "Incorrect API key provided", Nothing, 1),
        FaultKind::LimitRequests | FaultKind::LimitBurstRate | FaultKind::Throttling => {
            Error(E::RateLimited, "", Nothing, TRIED)
        }
        FaultKind::NoBody429 => Error(E::RateLimited, "status 429", Nothing, TRIED),
        FaultKind::InsufficientQuota | FaultKind::NewScheme => Error(E::RateLimited, "quota", Nothing, TRIED),
        FaultKind::CommodityNotPurchased
        | FaultKind::PrepaidBillOverdue
        | FaultKind::PostpaidBillOverdue => Error(E::Billing, "check the account's balance", Nothing, 1),
        FaultKind::Arrearage => Error(E::Billing, "good standing", Nothing, 1),
        FaultKind::FreeTierExhausted | FaultKind::FreeTierQuota => {
            Error(E::Quota, "waiting does not restore the quota", Nothing, 1)
        }
        FaultKind::AccessDenied | FaultKind::ModelForbidden => {
            Error(E::Permission, "only this model was refused", Nothing, 1)
        }
        FaultKind::Unpurchased => Error(E::Billing, "only this model was refused", Nothing, 1),
        FaultKind::PlanGate => Error(
            E::Permission,
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            Nothing,
            1,
        ),
        FaultKind::DataInspection | FaultKind::ErrorAsData => {
            Error(E::ContentFilter, "inappropriate content", Nothing, 1)
        }
        FaultKind::AudioStatus => Error(E::InvalidRequest, "", Nothing, 1),
        FaultKind::InternalError | FaultKind::ModelServingError | FaultKind::ModelUnavailable => {
            Error(E::Server, "", Nothing, TRIED)
        }
        FaultKind::BadGateway => Error(E::Server, "status 502 and no error message", Nothing, TRIED),
        FaultKind::Redirect | FaultKind::RedirectLoop | FaultKind::RedirectPrivate => {
            Error(E::Protocol, "keys are not sent to redirect", Nothing, 1)
        }
        FaultKind::ResetBefore | FaultKind::LostAnswer => Error(E::Network, "", Nothing, TRIED),
        FaultKind::EmptyBody => Error(E::Truncated, "before the reply began", Nothing, TRIED),
        FaultKind::StreamError | FaultKind::StreamErrorNative | FaultKind::StreamErrorEvent => {
            Error(E::ContentFilter, "inappropriate content", Some, 1)
        }
        FaultKind::HeadersStall => Stalled(Stall::Head, Nothing, TRIED),
        FaultKind::Stall => Stalled(Stall::Bytes, Some, 1),
        FaultKind::KeepAlives => Stalled(Stall::Progress, Nothing, TRIED),
        FaultKind::NeverEnding => Error(E::TooLarge, "larger than 2000 bytes", Some, 1),
        FaultKind::Reset | FaultKind::Truncate => Error(E::Network, "", Some, 1),
        FaultKind::TruncateCleanly => Error(E::Truncated, "before the reply was complete", Some, 1),
        FaultKind::MalformedEvent => Error(E::Protocol, "not JSON", Some, 1),
        FaultKind::HugeLine => Error(E::TooLarge, "larger than 65536 bytes", Some, 1),
        FaultKind::LateHeaders
        | FaultKind::ResetAfterDone
        | FaultKind::NoDone
        | FaultKind::EofAfterDone
        | FaultKind::LateTerminator
        | FaultKind::NoTerminator
        | FaultKind::Dribble
        | FaultKind::SplitUtf8
        | FaultKind::OneWrite
        | FaultKind::Crlf
        | FaultKind::Cr
        | FaultKind::Bom
        | FaultKind::Comments
        | FaultKind::MultiLineData
        | FaultKind::NoSpace
        | FaultKind::NoLastBlankLine
        | FaultKind::DuplicateFields
        | FaultKind::UnknownFields
        | FaultKind::UnknownFinish
        | FaultKind::NoUsage
        | FaultKind::JsonInsteadOfStream
        | FaultKind::SecondFinish
        // No reasoning is encrypted here.
        | FaultKind::ReasoningLost
        // Those of tasks and files mean nothing here.
        | FaultKind::SlowTask
        | FaultKind::TaskFails
        | FaultKind::ResultsFail
        | FaultKind::SocketCloses
        | FaultKind::TaskVanishes
        | FaultKind::DuplicateTask
        | FaultKind::WrongLength
        | FaultKind::NotMp4 => Complete,
        _ => return None,
    })
}

fn request() -> ChatRequest {
    // Some characters of several bytes, for those faults that cut inside them.
    ChatRequest::new("qwen3-coder-plus").user("Schöne Grüße aus 北京! Tell me a story. 🐉")
}

fn client(emulator: &Emulator) -> Client {
    let mut timeouts = StreamTimeouts::default();
    timeouts.head = Duration::from_secs(2);
    timeouts.bytes = Duration::from_secs(3);
    timeouts.progress = Duration::from_secs(4);
    let mut limits = qwen_openclaw_transport::decode::Limits::default();
    limits.event = 64 << 10;
    limits.reply = 2000;
    let retry = RetryPolicy::default().base(Duration::from_millis(1));
    Client::builder(emulator.base_url(), ApiKey::parse("sk-test").unwrap())
        .stream_timeouts(timeouts)
        .limits(limits)
        .retry(retry)
        .build()
        .unwrap()
}

/// The fault, quick enough for a test.
fn quick(kind: FaultKind) -> Fault {
    let fault = Fault::new(kind);
    match kind {
        FaultKind::KeepAlives => fault.delay(Duration::from_millis(20)),
        FaultKind::NeverEnding => fault.delay(Duration::from_millis(0)),
        FaultKind::LateHeaders | FaultKind::LateTerminator => {
            fault.delay(Duration::from_millis(30))
        }
        FaultKind::HugeLine => fault.size(100_000),
        _ => fault,
    }
}

#[tokio::test]
async fn every_fault_ends_as_it_should() {
    let healthy = Emulator::builder().seed(1).start().await.unwrap();
    let whole = client(&healthy).send(&request()).await.unwrap();
    // At once, because the clocks of those that stall are real ones.
    let whole = whole.text();
    join_all(FaultKind::ALL.iter().map(|kind| check(*kind, whole))).await;
}

async fn check(kind: FaultKind, whole: &str) {
    let Option::Some(expected) = expected(kind) else {
        panic!("the fault {kind} has no expectation");
    };
    let emulator = Emulator::builder()
        .seed(1)
        .fault(FaultRule::new(quick(kind)));
    let emulator = emulator.start().await.unwrap();
    let result = client(&emulator).send(&request()).await;
    let requests = u32::try_from(emulator.requests().len()).unwrap();
    let (error, partial, attempts) = match (&expected, &result) {
        (Complete, Ok(reply)) => {
            assert_eq!((reply.text(), requests), (whole, 1), "{kind}");
            return;
        }
        (Error(expected, message, partial, attempts), Err(error)) => {
            assert_eq!(error.kind(), *expected, "{kind}: {error:?}");
            assert!(error.to_string().contains(message), "{kind}: {error}");
            (error, partial, attempts)
        }
        (Stalled(stall, partial, attempts), Err(error)) => {
            assert_eq!(error.stall(), Option::Some(*stall), "{kind}: {error:?}");
            (error, partial, attempts)
        }
        (_, Ok(reply)) => panic!("{kind}: unexpectedly complete: {reply:?}"),
        (_, Err(error)) => panic!("{kind}: unexpectedly failed: {error:?}"),
    };
    assert_eq!(requests, *attempts, "{kind}: requests");
    let arrived = error
        .partial()
        .map(|reply| reply.text())
        .unwrap_or_default();
    assert_eq!(
        arrived.is_empty(),
        *partial == Nothing,
        "{kind}: {arrived:?}"
    );
    // What the never-ending stream repeats is not of the healthy one.
    if kind != FaultKind::NeverEnding {
        assert!(whole.starts_with(arrived), "{kind}: {arrived:?}");
    }
    assert!(!format!("{error} {error:?}").contains("sk-test"), "{kind}");
}
