//! Many streams at once, some of which break.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule};
use qwen_openclaw_transport::{ChatRequest, Client, ErrorKind, RetryPolicy, StreamTimeouts};
use tokio::task::JoinSet;

const STREAMS: usize = 500;

/// Faults, and the kind of error they end in.
const FAULTS: [(FaultKind, Option<ErrorKind>); 10] = [
    (FaultKind::OneWrite, None),
    (FaultKind::Dribble, None),
    (FaultKind::LateTerminator, None),
    (FaultKind::EofAfterDone, None),
    (FaultKind::Reset, Some(ErrorKind::Network)),
    (FaultKind::TruncateCleanly, Some(ErrorKind::Truncated)),
    (FaultKind::StreamError, Some(ErrorKind::ContentFilter)),
    (FaultKind::PostpaidBillOverdue, Some(ErrorKind::Billing)),
    (FaultKind::Stall, Some(ErrorKind::Timeout)),
    (FaultKind::MalformedEvent, Some(ErrorKind::Protocol)),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stream_is_accounted_for() {
    let mut builder = Emulator::builder();
    for (i, (kind, _)) in FAULTS.iter().enumerate() {
        // Each fault has a model of its own, so that it is known which stream it hits.
        let fault = Fault::new(*kind).delay(Duration::from_millis(5));
        let model = format!("model-{i}");
        builder = builder
            .model(&model)
            .fault(FaultRule::new(fault).model(model));
    }
    let emulator = builder.start().await.unwrap();
    let mut timeouts = StreamTimeouts::thinking();
    timeouts.bytes = Duration::from_secs(5);
    let client = Client::builder(emulator.base_url(), ApiKey::parse("sk-test").unwrap())
        .stream_timeouts(timeouts)
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let client = Arc::new(client);

    let mut tasks = JoinSet::new();
    for number in 0..STREAMS {
        let client = Arc::clone(&client);
        tasks.spawn(async move {
            let fault = number % FAULTS.len();
            let request = ChatRequest::new(format!("model-{fault}")).user(format!("{number}: hi"));
            let kind = client.send(&request).await.err().map(|error| error.kind());
            (fault, kind)
        });
    }
    let mut ended: BTreeMap<usize, usize> = BTreeMap::new();
    while let Some(task) = tasks.join_next().await {
        let (fault, kind) = task.unwrap();
        assert_eq!(kind, FAULTS[fault].1, "{}", FAULTS[fault].0);
        *ended.entry(fault).or_default() += 1;
    }
    assert_eq!(ended.values().sum::<usize>(), STREAMS);
    assert!(ended.values().all(|count| *count == STREAMS / FAULTS.len()));
    assert_eq!(emulator.connections().requests, STREAMS);

    drop(client);
    let connections = emulator
        .connections_until(|connections| connections.open == 0)
        .await;
    assert_eq!(connections.open, 0);
}
