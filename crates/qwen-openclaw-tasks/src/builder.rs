//! Configures the task client.

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

/// Configures [`Tasks`].
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

    /// Sets the HTTP client, which several clients may share. The default is a new one.
    pub fn http(mut self, http: qwen_openclaw_http::Client) -> Self {
        self.connection = self.connection.http(http);
        self
    }

    /// Sets the ledger that jobs are written to. The default is memory, where a crash loses track
    /// of tasks that are running and billed.
    pub fn store(mut self, store: Arc<dyn JobStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets the workspace, which is also stored in each job's record. The default is the workspace
    /// of the key.
    pub fn workspace(mut self, id: impl Into<String>) -> Self {
        self.connection = self.connection.workspace(id);
        self
    }

    /// Adds a header to each request. `Debug` does not show its value.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.connection = self.connection.header(name, value);
        self
    }

    /// Sets the retry policy for requests that certainly had no effect. The default is
    /// [`RetryPolicy::default`]. Polls are repeated until the deadline.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.connection = self.connection.retry(policy);
        self
    }

    /// Sets how often a task is polled. The default is [`PollSchedule::default`].
    pub fn schedule(mut self, schedule: PollSchedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets how long to wait for a task. The default is one hour.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the maximum number of submissions per second; `None` means no limit. The default is the
    /// product's.
    pub fn submits_per_second(mut self, rate: Option<u32>) -> Self {
        self.rates.submits_per_second = rate;
        self
    }

    /// Sets the maximum number of task queries per second; `None` means no limit. The default is
    /// the product's.
    pub fn queries_per_second(mut self, rate: Option<u32>) -> Self {
        self.rates.queries_per_second = rate;
        self
    }

    /// Sets the maximum size of a result in bytes, unless [`SaveOptions::limit`] overrides it. The
    /// default is 2 GiB. A larger result is a [`TooLarge`](crate::ErrorKind::TooLarge) error, and
    /// leaves no file.
    ///
    /// [`SaveOptions::limit`]: crate::SaveOptions::limit
    pub fn largest_result(mut self, bytes: u64) -> Self {
        self.largest = bytes;
        self
    }

    /// Sets the maximum number of this client's tasks that run at once; `None` means no limit, and
    /// tasks wait in the service's own queue. The default is the product's.
    pub fn running(mut self, limit: Option<usize>) -> Self {
        self.rates.running = limit;
        self
    }

    /// Allows sending the key over plain http to other machines. By default it is rejected.
    pub fn allow_plain_http(mut self) -> Self {
        self.connection = self.connection.allow_plain_http();
        self
    }

    /// Allows downloading results from private networks. By default they are rejected, except from
    /// loopback when the origin is loopback.
    pub fn allow_private_results(mut self) -> Self {
        self.private_results = true;
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) when the origin is the portal's, or one
    /// that a key may not be sent to; [`Setup`](crate::ErrorKind::Setup) when the HTTP client
    /// cannot be set up.
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
