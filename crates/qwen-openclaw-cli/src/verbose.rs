//! `--verbose`: what the libraries say of each request, on standard error.
//!
//! They say where a request goes and how it was answered; never what is in it, and no key.

use std::{
    fmt::{Debug, Write as _},
    sync::{Mutex, PoisonError},
    time::Instant,
};

use tracing::{
    Event, Id, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Record},
};

use crate::output::note;

/// The crates whose events are shown: ours.
const OURS: &str = "qwen_openclaw";

/// Shows the requests from now on.
pub(crate) fn start() {
    // Only the first one counts, when a command reads its environment twice.
    let _ = tracing::subscriber::set_global_default(Log {
        sent: Mutex::new(None),
    });
}

/// Writes each event as a line.
struct Log {
    /// When the last request was sent.
    sent: Mutex<Option<Instant>>,
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with(OURS)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = format!("[{}{}", line.message, line.fields);
        match &*line.message {
            "request" => *sent = Some(Instant::now()),
            "response" => {
                if let Some(sent) = sent.take() {
                    let _ = write!(text, " after={} ms", sent.elapsed().as_millis());
                }
            }
            _ => {}
        }
        note(&format!("{text}]"));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, &format!("{value:?}"));
    }
}

impl Line {
    fn add(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => {
                let _ = write!(self.fields, " {name}={value}");
            }
        }
    }
}
