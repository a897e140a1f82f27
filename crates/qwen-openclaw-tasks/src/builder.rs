//! Sets the engine up.

use std::{sync::Arc, time::Duration};

use qwen_openclaw_client::ConnectionBuilder;
use qwen_openclaw_http::{RetryPolicy, UrlPolicy};

use crate::{
    engine::{Product, Rates, Shared, Tasks},
    error::Error,
    ledger::store::{JobStore, MemoryJobs},
    service::api::Api,
    service::pace::Pace,
    service::running::Running,
    service::schedule::PollSchedule,
};

/// Sets up [`Tasks`].
#[derive(Debug)]
#[must_use]
pub struct TasksBuilder {
    product: Product,
    connection: ConnectionBuilder,
    store: Option<Arc<dyn JobStore>>,
    schedule: PollSchedule,
    deadline: Duration,
    rates: Rates,
    largest: u64,
    private_results: bool,
}

impl TasksBuilder {
    pub(crate) fn new(product: Product, connection: ConnectionBuilder) -> Self {
        Self {
            rates: product.rates,
            product,
            connection,
            store: None,
            schedule: PollSchedule::default(),
            deadline: Duration::from_secs(60 * 60),
            largest: 2 << 30,
            private_results: false,
        }
    }

    /// Sends through `http`, which clients may share. The default is a client of its own.
    pub fn http(mut self, http: qwen_openclaw_http::Client) -> Self {
        self.connection = self.connection.http(http);
        self
    }

    /// Keeps the jobs in `store`. The default is memory: a crash then loses sight of what is being
    /// made and billed.
    pub fn store(mut self, store: Arc<dyn JobStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Names the workspace that tasks are made in. The default is that of the key. Each job's
    /// record has it.
    pub fn workspace(mut self, id: impl Into<String>) -> Self {
        self.connection = self.connection.workspace(id);
        self
    }

    /// Sends a header with each request. `Debug` does not show its value.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.connection = self.connection.header(name, value);
        self
    }

    /// Sets when requests that certainly had no effect are sent again. The default is
    /// [`RetryPolicy::default`]. Questions about a task are asked again until the deadline.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.connection = self.connection.retry(policy);
        self
    }

    /// Sets when a task is asked about. The default is [`PollSchedule::default`].
    pub fn schedule(mut self, schedule: PollSchedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets how long a task is waited for. The default is an hour.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets how many tasks are asked for a second; `None` for any. The default is the product's.
    pub fn submits_per_second(mut self, rate: Option<u32>) -> Self {
        self.rates.submits_per_second = rate;
        self
    }

    /// Sets how many questions about tasks are asked a second; `None` for any. The default is the
    /// product's.
    pub fn queries_per_second(mut self, rate: Option<u32>) -> Self {
        self.rates.queries_per_second = rate;
        self
    }

    /// Sets how large a result may be, in bytes, unless [`SaveOptions::limit`] says otherwise. The
    /// default is 2 GiB. A larger one is [`TooLarge`](crate::ErrorKind::TooLarge), and leaves no
    /// file.
    ///
    /// [`SaveOptions::limit`]: crate::SaveOptions::limit
    pub fn largest_result(mut self, bytes: u64) -> Self {
        self.largest = bytes;
        self
    }

    /// Sets how many tasks of this client run at once; `None` for any, which then wait in the
    /// service's own queue. The default is the product's.
    pub fn running(mut self, limit: Option<usize>) -> Self {
        self.rates.running = limit;
        self
    }

    /// Sends the key over plain http to other machines too, where the origin says so. By default
    /// that is refused.
    pub fn allow_plain_http(mut self) -> Self {
        self.connection = self.connection.allow_plain_http();
        self
    }

    /// Fetches results from private networks too. By default those are refused, but
    /// for loopback where the origin is loopback.
    pub fn allow_private_results(mut self) -> Self {
        self.private_results = true;
        self
    }

    /// Finishes. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) when the origin is not one a key may be
    /// sent to, or the portal's, [`Setup`](crate::ErrorKind::Setup) when the HTTP client cannot be set up.
    pub fn build(self) -> Result<Tasks, Error> {
        let connection = self.connection.build()?;
        // Jobs stay with the host that has them.
        let origin = connection.route_without_key()?.aigc_base()?;
        let mut screening = UrlPolicy::strict();
        if origin.is_loopback() {
            screening = screening.allow_loopback();
        }
        if self.private_results {
            screening = screening.allow_private();
        }
        let shared = Shared {
            api: Api {
                connection,
                origin,
                queries: Pace::per_second(self.rates.queries_per_second),
            },
            product: self.product,
            store: self.store.unwrap_or_else(|| Arc::new(MemoryJobs::new())),
            schedule: self.schedule,
            deadline: self.deadline,
            screening,
            largest: self.largest,
            submits: Pace::per_second(self.rates.submits_per_second),
            running: Running::default(),
            running_limit: self.rates.running,
        };
        Ok(Tasks {
            shared: Arc::new(shared),
        })
    }
}
