//! Sets the engine up.

use std::{sync::Arc, time::Duration};

use qwen_openclaw_auth::CredentialProvider;
use qwen_openclaw_http::{BaseUrl, ExtraHeaders, RetryPolicy, UrlPolicy, UrlText};

use super::{
    api::Api,
    engine::{Product, Shared, Tasks},
    pace::Pace,
    running::Running,
    schedule::PollSchedule,
    store::{JobStore, MemoryJobs},
};
use crate::error::Error;

#[derive(Clone, Copy, Debug)]
struct Rates {
    submits: Option<u32>,
    queries: Option<u32>,
    running: Option<usize>,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            submits: Some(5),
            // The account has 20; other programs may use it too.
            queries: Some(15),
            running: Some(5),
        }
    }
}

/// Sets up [`Tasks`].
#[derive(Debug)]
#[must_use]
pub struct TasksBuilder {
    product: Product,
    origin: UrlText,
    credential: Arc<dyn CredentialProvider>,
    http: Option<qwen_openclaw_http::Client>,
    store: Option<Arc<dyn JobStore>>,
    workspace: Option<String>,
    headers: ExtraHeaders,
    retry: RetryPolicy,
    schedule: PollSchedule,
    deadline: Duration,
    rates: Rates,
    plain_http: bool,
    private_results: bool,
}

impl TasksBuilder {
    pub(crate) fn new(
        product: Product,
        origin: String,
        credential: Arc<dyn CredentialProvider>,
    ) -> Self {
        Self {
            product,
            origin: UrlText::from(origin),
            credential,
            http: None,
            store: None,
            workspace: None,
            headers: ExtraHeaders::default(),
            retry: RetryPolicy::default(),
            schedule: PollSchedule::default(),
            deadline: Duration::from_secs(60 * 60),
            rates: Rates::default(),
            plain_http: false,
            private_results: false,
        }
    }

    /// Sends through `http`, which clients may share. The default is a client of its own.
    pub fn http(mut self, http: qwen_openclaw_http::Client) -> Self {
        self.http = Some(http);
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
        self.workspace = Some(id.into());
        self
    }

    /// Sends a header with each request. `Debug` does not show its value.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Sets when requests that certainly had no effect are sent again. The default is
    /// [`RetryPolicy::default`]. Questions about a task are asked again until the deadline.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
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

    /// Sets how many tasks are asked for a second; `None` for any. The default is 5, which is what
    /// the service takes of an account.
    pub fn submits_per_second(mut self, rate: Option<u32>) -> Self {
        self.rates.submits = rate;
        self
    }

    /// Sets how many questions about tasks are asked a second; `None` for any. The default is 15 of
    /// the 20 that an account has.
    pub fn queries_per_second(mut self, rate: Option<u32>) -> Self {
        self.rates.queries = rate;
        self
    }

    /// Sets how many tasks of this client run at once; `None` for any, which then wait in the
    /// service's own queue. The default is 5, which is what the service works on for an account.
    pub fn running(mut self, limit: Option<usize>) -> Self {
        self.rates.running = limit;
        self
    }

    /// Sends the key over plain http to other machines too, where the origin says so. By default
    /// that is refused.
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Fetches results from addresses of private networks too. By default those are refused, but
    /// for loopback where the origin is loopback.
    pub fn allow_private_results(mut self) -> Self {
        self.private_results = true;
        self
    }

    /// Finishes. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::ErrorKind::InvalidRequest) when the origin is not one a key may be sent to,
    /// [`Setup`](crate::ErrorKind::Setup) when the HTTP client cannot be set up.
    pub fn build(self) -> Result<Tasks, Error> {
        let origin = match self.plain_http {
            true => BaseUrl::parse_allowing_plain_http(self.origin.as_str()),
            false => BaseUrl::parse(self.origin.as_str()),
        };
        let origin = origin.map_err(Error::from)?;
        let http = match self.http {
            Some(http) => http,
            None => qwen_openclaw_http::Client::builder()
                .build()
                .map_err(Error::from)?,
        };
        let mut screening = UrlPolicy::strict();
        if origin.is_loopback() {
            screening = screening.allow_loopback();
        }
        if self.private_results {
            screening = screening.allow_private();
        }
        let shared = Shared {
            api: Api {
                http,
                origin,
                credential: self.credential,
                workspace: self.workspace,
                headers: self.headers,
                retry: self.retry,
                queries: Pace::per_second(self.rates.queries),
            },
            product: self.product,
            store: self.store.unwrap_or_else(|| Arc::new(MemoryJobs::new())),
            schedule: self.schedule,
            deadline: self.deadline,
            screening,
            submits: Pace::per_second(self.rates.submits),
            running: Running::default(),
            running_limit: self.rates.running,
        };
        Ok(Tasks {
            shared: Arc::new(shared),
        })
    }
}
