//! What a chat leaves in a log.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use qwen_openclaw_transport::ChatRequest;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::with_default,
};

use crate::canned::{Answer, Canned, Step, stop, text};

/// Writes every field of every span and event down.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0.lock().unwrap(), "{}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("qwen_openclaw")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn log_of(answers: Vec<Answer>) -> String {
    let log = Log::default();
    with_default(log.clone(), || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let client = Canned::new(answers).client().build().unwrap();
        let request = ChatRequest::new("qwen3-coder-plus").user("a secret question");
        let _ = runtime.block_on(client.send(&request));
    });
    let log = log.0.lock().unwrap().clone();
    assert!(!log.contains("secret") && !log.contains("sk-test"), "{log}");
    log
}

#[test]
fn a_span_says_what_a_chat_took() {
    let usage = "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n";
    let body = vec![text("a secret answer"), Step::Bytes(usage.into()), stop()];
    let log = log_of(vec![Answer::Body(body)]);
    for line in [
        "gen_ai.operation.name=\"chat\"",
        "gen_ai.provider.name=\"qwen\"",
        "gen_ai.request.model=\"qwen3-coder-plus\"",
        "gen_ai.response.id=\"c1\"",
        "gen_ai.response.finish_reasons=\"stop\"",
        "gen_ai.usage.input_tokens=3",
        "gen_ai.usage.output_tokens=4",
    ] {
        assert!(
            log.lines().any(|found| found == line),
            "{line} is not in\n{log}"
        );
    }
    assert!(!log.contains("error.type"), "{log}");
}

#[test]
fn a_span_says_how_a_chat_failed() {
    let broken = vec![Answer::Body(vec![text("a secret answer"), Step::Reset])];
    assert!(log_of(broken).contains("error.type=\"network\""));
    let refused = vec![Answer::Status(
        400,
        &[],
        "{\"message\":\"a secret reason\"}",
    )];
    assert!(log_of(refused).contains("error.type=\"invalid_request\""));
}
