//! How many connections a client needs.

use std::time::Duration;

use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule};
use qwen_openclaw_transport::ChatRequest;

use crate::chat::client;

async fn connections_for(requests: usize, fault: Option<Fault>) -> usize {
    let mut builder = Emulator::builder();
    if let Some(fault) = fault {
        builder = builder.fault(FaultRule::new(fault));
    }
    let emulator = builder.start().await.unwrap();
    let client = client(emulator.base_url());
    let request = ChatRequest::new("qwen3-coder-plus").user("hi");
    for _ in 0..requests {
        client.send(&request).await.unwrap();
    }
    emulator.connections().accepted
}

#[tokio::test]
async fn one_connection_serves_one_chat_after_the_other() {
    let accepted = connections_for(220, None).await;
    assert!(accepted <= 11, "{accepted} connections");
}

#[tokio::test]
async fn a_late_terminator_costs_no_connection_a_request() {
    // The figure that is aimed at is 3; a busy machine may be late itself.
    let late = Fault::new(FaultKind::LateTerminator).delay(Duration::from_millis(1));
    let accepted = connections_for(220, Some(late)).await;
    assert!(accepted <= 11, "{accepted} connections");
}

#[tokio::test]
async fn a_terminator_that_never_comes_is_not_waited_for() {
    let accepted = connections_for(5, Some(Fault::new(FaultKind::NoTerminator))).await;
    assert_eq!(accepted, 5);
}

#[tokio::test]
async fn nothing_is_left_when_the_client_is_gone() {
    let fault = FaultRule::new(Fault::new(FaultKind::NoTerminator));
    let emulator = Emulator::builder().fault(fault).start().await.unwrap();
    let client = client(emulator.base_url());
    for _ in 0..10 {
        client
            .send(&ChatRequest::new("qwen3-coder-plus").user("hi"))
            .await
            .unwrap();
    }
    drop(client);
    let connections = emulator
        .connections_until(|connections| connections.open == 0)
        .await;
    assert_eq!(connections.open, 0);
}
