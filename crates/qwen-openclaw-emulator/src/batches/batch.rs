//! A batch and what becomes of it.

use std::{io, sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    Content,
    line::{self, Lines, Problem},
    order::Order,
};
use crate::{
    endpoint::Endpoint, id::Id, refusal::Refusal, route::Exchange, spool::Spool, state::State,
};

/// A batch.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) id: String,
    number: Id,
    pub(super) endpoint: Endpoint,
    pub(super) order: Order,
    pub(super) created: Duration,
    /// How long it is checked, and as long finalized.
    checks: Duration,
    /// How long it runs.
    runs: Duration,
    content: Content,
    /// How many requests there are, or what is wrong with the file.
    checked: Result<usize, Vec<Problem>>,
    canceled: Option<Duration>,
    run: Run,
}

/// How far a batch is.
#[derive(Debug, Default)]
struct Run {
    /// Where the next line begins.
    at: u64,
    completed: usize,
    failed: usize,
    output: Arc<Spool>,
    errors: Arc<Spool>,
    /// Whether there will be no more results.
    over: bool,
    output_id: Option<String>,
    error_id: Option<String>,
}

/// The state of a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Status {
    Validating,
    InProgress,
    Finalizing,
    Completed,
    Failed,
    Expired,
    Canceling,
    Canceled,
}

impl Status {
    pub(super) const ALL: [Self; 8] = [
        Self::Validating,
        Self::InProgress,
        Self::Finalizing,
        Self::Completed,
        Self::Failed,
        Self::Expired,
        Self::Canceling,
        Self::Canceled,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Validating => "validating",
            Self::InProgress => "in_progress",
            Self::Finalizing => "finalizing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Canceling => "cancelling",
            Self::Canceled => "cancelled",
        }
    }
}

impl Batch {
    pub(super) fn new(
        exchange: &Exchange<'_>,
        order: Order,
        content: Content,
        checked: Result<usize, Vec<Problem>>,
        now: Duration,
    ) -> Self {
        let number = exchange.state.ids.next().at(now);
        let settings = exchange.state.video.settings();
        Self {
            id: format!("batch_{number}"),
            number,
            endpoint: exchange.endpoint,
            order,
            created: now,
            checks: settings.queued,
            runs: settings.running,
            content,
            checked,
            canceled: None,
            run: Run::default(),
        }
    }

    /// When its check ends.
    fn starts(&self) -> Duration {
        self.created.saturating_add(self.checks)
    }

    /// When its last line is answered, if nothing comes between.
    fn finalizes(&self) -> Duration {
        self.starts().saturating_add(self.runs)
    }

    fn completes(&self) -> Duration {
        self.finalizes().saturating_add(self.checks)
    }

    fn expires(&self) -> Duration {
        self.created.saturating_add(self.order.expires_after)
    }

    /// When its cancellation is over, if there is one.
    fn cancels(&self) -> Option<Duration> {
        let canceled = self.canceled?;
        Some(canceled.saturating_add(self.checks))
    }

    pub(super) fn status(&self, now: Duration) -> Status {
        if let Some(cancels) = self.cancels() {
            return if now < cancels {
                Status::Canceling
            } else {
                Status::Canceled
            };
        }
        if self.expires() < self.finalizes() && self.expires() <= now {
            Status::Expired
        } else if now < self.starts() {
            Status::Validating
        } else if self.checked.is_err() {
            Status::Failed
        } else if now < self.finalizes() {
            Status::InProgress
        } else if now < self.completes() {
            Status::Finalizing
        } else {
            Status::Completed
        }
    }

    pub(super) fn has_ended(&self, now: Duration) -> bool {
        match self.status(now) {
            Status::Completed | Status::Failed | Status::Expired | Status::Canceled => true,
            Status::Validating | Status::InProgress | Status::Finalizing | Status::Canceling => {
                false
            }
        }
    }

    /// Which requests are answered at a moment: they are evenly over the time it runs.
    fn due(&self, at: Duration) -> usize {
        let total = *self.checked.as_ref().unwrap_or(&0);
        let Some(run) = at.checked_sub(self.starts()) else {
            return 0;
        };
        let done = (total as u128 * run.as_nanos()).checked_div(self.runs.as_nanos());
        done.and_then(|done| usize::try_from(done).ok())
            .map_or(total, |done| done.min(total))
    }

    /// Brings it to the present: answers what was due, and gives out its files when it has ended.
    pub(super) fn settle(&mut self, state: &State, now: Duration) {
        if self.run.over || self.checked.is_err() {
            return;
        }
        if self.answer(state, now).is_err() {
            // What is lost cannot be answered again.
            self.checked = Err(vec![Problem::internal()]);
            return;
        }
        if self.has_ended(now) {
            self.run.over = true;
            self.give_out(state, now);
        }
    }

    fn answer(&mut self, state: &State, now: Duration) -> io::Result<()> {
        let stop = self.canceled.unwrap_or(now).min(self.expires()).min(now);
        let due = self.due(stop);
        let done = self.run.completed + self.run.failed;
        let has_expired = self.status(now) == Status::Expired;
        if done >= due && !has_expired {
            return Ok(());
        }
        let mut lines = Lines::new(&self.content, self.run.at);
        let end = match &self.checked {
            Ok(total) if has_expired => *total,
            _ => due,
        };
        for number in done..end {
            let Some(line) = lines.next()? else { break };
            let id = self.number.part(number);
            let (is_good, row) = if number < due {
                line::answer(state, self.endpoint, self.order.work, &line, id)
            } else {
                (false, line::expired(&line, id))
            };
            let run = &mut self.run;
            let (count, file) = if is_good {
                (&mut run.completed, &run.output)
            } else {
                (&mut run.failed, &run.errors)
            };
            file.append(row.as_bytes())?;
            *count += 1;
            run.at = lines.at;
        }
        Ok(())
    }

    /// Makes files of the results.
    fn give_out(&mut self, state: &State, now: Duration) {
        let ended = match self.status(now) {
            Status::Expired => self.expires(),
            Status::Canceled => self.cancels().unwrap_or(now),
            _ => self.completes(),
        };
        let plain = self.number.to_string().replace('-', "");
        let add = |kind: &str, content: &Content| {
            (content.length() > 0).then(|| {
                let id = format!("file-batch_{kind}-{plain}");
                let name = format!("{}_{kind}.jsonl", self.id);
                let files = &state.files;
                files.add_result(&id, self.endpoint, name, Arc::clone(content), ended);
                id
            })
        };
        let output = add("output", &self.run.output);
        let error = add("error", &self.run.errors);
        self.run.output_id = output;
        self.run.error_id = error;
    }

    /// Stops it, unless its results are being written.
    pub(super) fn cancel(&mut self, now: Duration) -> Result<(), Refusal> {
        let status = self.status(now);
        if !matches!(status, Status::Validating | Status::InProgress) {
            let word = status.word();
            return Err(Refusal::parameter(format!(
                "Cannot cancel a batch with status {word}."
            )));
        }
        self.canceled = Some(now);
        Ok(())
    }

    /// It, as the service shows it.
    pub(super) fn object(&self, now: Duration) -> Value {
        let status = self.status(now);
        let stop = self.canceled.unwrap_or(Duration::MAX);
        let has_expired = status == Status::Expired;
        let bound = if has_expired { self.expires() } else { stop };
        let seconds = |at: Duration, is_so: bool| is_so.then_some(at.as_secs());
        // What it came to before it was stopped.
        let reached = |at: Duration| seconds(at, at <= now && at < bound && self.checked.is_ok());
        let (total, errors) = match &self.checked {
            Ok(total) => (if now < self.starts() { 0 } else { *total }, Value::Null),
            Err(problems) if status == Status::Failed => {
                let problems: Vec<Value> = problems.iter().map(Problem::object).collect();
                (0, json!({"object": "list", "data": problems}))
            }
            Err(_) => (0, Value::Null),
        };
        json!({
            "id": self.id,
            "object": "batch",
            "endpoint": self.order.work.path(),
            "errors": errors,
            "input_file_id": self.order.input,
            "completion_window": self.order.window,
            "status": status.word(),
            "output_file_id": self.run.output_id,
            "error_file_id": self.run.error_id,
            "created_at": self.created.as_secs(),
            "in_progress_at": reached(self.starts()),
            "expires_at": self.expires().as_secs(),
            "finalizing_at": reached(self.finalizes()),
            "completed_at": seconds(self.completes(), status == Status::Completed),
            "failed_at": seconds(self.starts(), status == Status::Failed),
            "expired_at": seconds(self.expires(), has_expired),
            "cancelling_at": self.canceled.map(|at| at.as_secs()),
            "cancelled_at": seconds(self.cancels().unwrap_or_default(), status == Status::Canceled),
            "request_counts": {
                "total": total,
                "completed": self.run.completed,
                "failed": self.run.failed,
            },
            "metadata": self.order.metadata,
        })
    }
}
