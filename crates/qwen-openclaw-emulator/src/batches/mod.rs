//! Batches: files of requests that are answered in their own time.
//!
//! Nothing runs in the background: each access first brings the batches to the present of the emulated
//! clock. A batch is checked for as long as a task waits, is answered evenly over the time that a task
//! runs, and is finalized for as long as it was checked.
//!
//! Inferred: the texts of all refusals, the codes of a file's errors apart from `mismatched_model` and
//! `duplicate_custom_id` (they are OpenAI's), what stands in the file of errors, and that nothing of a
//! batch whose time is over is answered any more.

mod batch;
mod chat;
mod line;
mod list;
mod order;
mod rates;

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::Method;

use self::{
    batch::Batch,
    order::{Order, Work},
    rates::{Call, Rates},
};
pub(crate) use self::{
    chat::{check_chat, is_chat},
    rates::BatchLimits,
};
use crate::{
    answer::Answer,
    fault::{self, FaultKind},
    lock::lock,
    refusal::Refusal,
    route::Exchange,
    state::State,
};

/// The batches of one emulator.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    /// In the order in which they came.
    batches: Mutex<Vec<Batch>>,
    rates: Mutex<Rates>,
}

/// How long a batch is known.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The maximum number of batches that have not ended, by region.
const MAX_PARALLEL: usize = 1000;

/// The same of those for the test model.
const MAX_TESTS: usize = 2;

impl Batches {
    /// Forgets all batches.
    pub(crate) fn clear(&self) {
        lock(&self.batches).clear();
        *lock(&self.rates) = Rates::default();
    }

    pub(crate) fn limits(&self) -> BatchLimits {
        lock(&self.rates).limits
    }

    pub(crate) fn set_limits(&self, limits: BatchLimits) {
        lock(&self.rates).limits = limits;
    }

    /// Gives `act` the batches, brought to the present.
    fn with<T>(&self, state: &State, act: impl FnOnce(&mut Vec<Batch>, Duration) -> T) -> T {
        let now = state.video.unix_time();
        let mut batches = lock(&self.batches);
        batches.retain(|batch| now < batch.created + KEPT);
        for batch in batches.iter_mut() {
            batch.settle(state, now);
        }
        act(&mut batches, now)
    }
}

/// Whether batches are at a path below an endpoint.
pub(crate) fn has(path: &str) -> bool {
    let rest = path.strip_prefix("/batches");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(crate) fn answer(exchange: &Exchange<'_>, path: &str) -> Result<Answer, Refusal> {
    let path = path.trim_start_matches("/batches").trim_matches('/');
    let is_post = exchange.request.method == Method::POST;
    let call = match path.split_once('/') {
        None if path.is_empty() && is_post => Call::Create,
        None if path.is_empty() => Call::List,
        None => Call::Get,
        Some((_, "cancel")) => Call::Cancel,
        Some(_) => return Err(Refusal::unknown_path(&exchange.request.path)),
    };
    let method = match call {
        Call::Create | Call::Cancel => Method::POST,
        Call::Get | Call::List => Method::GET,
    };
    exchange.only(&method)?;
    let now = exchange.state.video.unix_time();
    let batches = &exchange.state.batches;
    if !lock(&batches.rates).take(exchange.endpoint.region, call, now) {
        return too_many(exchange);
    }
    let id = path.trim_end_matches("/cancel");
    match call {
        Call::Create => create(exchange),
        Call::List => list::answer(exchange),
        Call::Get => one(exchange, id, |_, _| Ok(())),
        Call::Cancel => one(exchange, id, Batch::cancel),
    }
}

fn create(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let order = Order::read(exchange)?;
    let content = exchange.state.files.content_of(exchange, &order.input)?;
    let checked = line::check(&content, order.work).map_err(broken)?;
    exchange.state.batches.with(exchange.state, |batches, now| {
        let region = exchange.endpoint.region;
        let open = batches
            .iter()
            .filter(|batch| batch.endpoint.region == region && !batch.has_ended(now));
        let (tests, all) = open.fold((0, 0), |(tests, all), batch| {
            (tests + usize::from(batch.order.work == Work::Test), all + 1)
        });
        if all >= MAX_PARALLEL || (order.work == Work::Test && tests >= MAX_TESTS) {
            return too_many(exchange);
        }
        let batch = Batch::new(exchange, order, content, checked, now);
        let body = batch.object(now).to_string();
        batches.push(batch);
        Ok(Answer::json(200, body, exchange.id))
    })
}

/// Changes a batch and shows it.
fn one(
    exchange: &Exchange<'_>,
    id: &str,
    change: impl FnOnce(&mut Batch, Duration) -> Result<(), Refusal>,
) -> Result<Answer, Refusal> {
    exchange.state.batches.with(exchange.state, |batches, now| {
        let batch = batches
            .iter_mut()
            .find(|batch| batch.id == id && batch.endpoint == exchange.endpoint)
            .ok_or_else(not_found)?;
        change(batch, now)?;
        // A cancellation that takes no time is over.
        batch.settle(exchange.state, now);
        let body = batch.object(now).to_string();
        Ok(Answer::json(200, body, exchange.id))
    })
}

fn too_many(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let throttled = fault::refuse(&FaultKind::LimitRequests.into(), exchange);
    throttled.ok_or_else(|| Refusal::coded(429, "limit_requests", "Requests rate limit exceeded."))
}

fn not_found() -> Refusal {
    Refusal::not_found("Batch not found.".to_owned())
}

/// What the service says of an error that is its own.
fn broken(_: io::Error) -> Refusal {
    Refusal::storage()
}

/// The content of a file.
type Content = Arc<crate::spool::Spool>;
