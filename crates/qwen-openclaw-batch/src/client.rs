//! The client: batches of one account, and the ledger that they are written to.

use std::{fmt, sync::Arc, time::Duration};

use qwen_openclaw_auth::{Credential, CredentialProvider, StaticCredential};
use qwen_openclaw_catalog::{
    Provider,
    batch::charge,
    price::{Charge, TokenUsage},
};
use qwen_openclaw_client::{Connection, ConnectionBuilder, EndpointRules, Route};
use qwen_openclaw_http::RetryPolicy;

use crate::{
    Batch, BatchFile, BatchRecord, Error, ErrorKind, Ledger, PollSchedule, RecordId, Step,
    api::Api, watch::Watch,
};

/// How long after an unanswered request the service's list is believed if it does not have the batch.
const CERTAIN_AFTER: Duration = Duration::from_secs(60);

/// Computes the price of a line on a route.
pub(crate) type PriceOf = dyn Fn(&Route, &TokenUsage) -> Option<Charge> + Send + Sync;

/// Submits, follows and fetches batches, with one key at one endpoint. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    pub(crate) api: Api,
    pub(crate) ledger: Ledger,
    pub(crate) schedule: PollSchedule,
    pub(crate) certain_after: Duration,
    price: Option<Arc<PriceOf>>,
}

impl Client {
    /// Creates a builder for a client of `base_url`, which may be that of any endpoint. The key must be
    /// a Standard key of the same region.
    pub fn builder(
        base_url: impl Into<String>,
        credential: impl Into<Credential>,
    ) -> ClientBuilder {
        Self::builder_with(base_url, Arc::new(StaticCredential::new(credential)))
    }

    /// Like [`builder`](Self::builder), with a provider that is asked for a credential before each
    /// request.
    pub fn builder_with(
        base_url: impl Into<String>,
        credential: Arc<dyn CredentialProvider>,
    ) -> ClientBuilder {
        let base_url: String = base_url.into();
        let rules = EndpointRules::new().base_url(base_url);
        Self::over(Connection::builder(Provider::QWEN, rules).credentials(credential))
    }

    /// Creates a builder for a client that sends through `connection`.
    pub fn over(connection: ConnectionBuilder) -> ClientBuilder {
        ClientBuilder {
            connection,
            ledger: Ledger::memory(),
            schedule: PollSchedule::default(),
            certain_after: CERTAIN_AFTER,
        }
    }

    /// Creates a client that shares a connection with other clients.
    #[must_use]
    pub fn on(connection: Connection, ledger: Ledger) -> Self {
        Self {
            api: Api { connection },
            ledger,
            schedule: PollSchedule::default(),
            certain_after: CERTAIN_AFTER,
            price: None,
        }
    }

    /// Sets how often a batch is polled; see [`ClientBuilder::schedule`].
    #[must_use]
    pub fn schedule(mut self, schedule: PollSchedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets how a successful line is priced. The default is [`charge`], half of the list price.
    #[must_use]
    pub fn price(
        mut self,
        price: impl Fn(&Route, &TokenUsage) -> Option<Charge> + Send + Sync + 'static,
    ) -> Self {
        self.price = Some(Arc::new(price));
        self
    }

    pub(crate) fn price_of(
        &self,
        route: &Route,
        model: &str,
        usage: &TokenUsage,
    ) -> Option<Charge> {
        match &self.price {
            Some(price) => price(route, usage),
            None => charge(route.endpoint().class(), model, usage),
        }
    }

    /// Returns the connection that requests are sent through.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.api.connection
    }

    /// Returns the ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the record of a batch.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if there is no such batch; [`Storage`](ErrorKind::Storage) if
    /// it cannot be read.
    pub fn record(&self, id: &RecordId) -> Result<BatchRecord, Error> {
        let record = self.ledger.load(id)?;
        record.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("no such batch: {id}")))
    }

    /// Asks for the state of a batch once.
    ///
    /// # Errors
    ///
    /// If no batch was created yet ([`Ambiguous`](ErrorKind::Ambiguous)), or the question fails.
    pub async fn refresh(&self, id: &RecordId) -> Result<BatchRecord, Error> {
        Ok(self.ask(id).await?.0)
    }

    pub(crate) async fn ask(&self, id: &RecordId) -> Result<(BatchRecord, Batch), Error> {
        let record = self.record(id)?;
        self.check_place(&record).await?;
        let batch = self.api.batch(created(&record)?).await?;
        Ok((self.noted(id, &batch)?, batch))
    }

    /// Notes what the service says. Where another process works at the batch, it notes it itself.
    fn noted(&self, id: &RecordId, batch: &Batch) -> Result<BatchRecord, Error> {
        let lease = match self.ledger.lease(id) {
            Ok(lease) => Some(lease),
            Err(error) if error.kind() == ErrorKind::Busy => None,
            Err(error) => return Err(error),
        };
        let mut record = self.record(id)?;
        let before = record.clone();
        record.note(batch);
        if let Some(lease) = lease
            && record != before
        {
            self.ledger.save(&record, &lease)?;
        }
        Ok(record)
    }

    /// Watches a batch until it is done.
    #[must_use]
    pub fn watch(&self, id: &RecordId) -> Watch {
        Watch::new(self.clone(), id.clone())
    }

    /// Waits until a batch is done: completed, failed, expired or canceled. Failures that may pass are
    /// retried until the deadline of the schedule.
    ///
    /// # Errors
    ///
    /// [`Deadline`](ErrorKind::Deadline) if it is not done by then, and any error with which the
    /// service rejects the question.
    pub async fn wait(&self, id: &RecordId) -> Result<BatchRecord, Error> {
        let mut watch = self.watch(id);
        let mut last = self.record(id)?;
        while let Some(record) = watch.next().await {
            last = record?;
        }
        Ok(last)
    }

    /// Cancels a batch. What is done by then has results and is billed. One that was not created yet is
    /// dropped without a request.
    ///
    /// # Errors
    ///
    /// [`Ambiguous`](ErrorKind::Ambiguous) if it is unclear whether it was created: resume it first.
    pub async fn cancel(&self, id: &RecordId) -> Result<BatchRecord, Error> {
        let lease = self.ledger.lease(id)?;
        let mut record = self.record(id)?;
        if matches!(
            record.step,
            Step::Prepared | Step::Uploading | Step::Uploaded
        ) {
            record.step = Step::Dropped;
            self.ledger.save(&record, &lease)?;
            return Ok(record);
        }
        self.check_place(&record).await?;
        let batch = self.api.cancel(created(&record)?).await?;
        record.note(&batch);
        self.ledger.save(&record, &lease)?;
        Ok(record)
    }

    /// Returns the newest batches of the account, at most `limit` (1 to 100), whoever created them.
    ///
    /// # Errors
    ///
    /// The server's error.
    pub async fn remote(&self, limit: u32) -> Result<Vec<Batch>, Error> {
        self.api.list(limit).await
    }

    /// Returns what a file is estimated to cost at half of the list price: its input, and the output
    /// that its lines allow, if each of them limits it. `None` if the price is unknown.
    ///
    /// The price of each line is taken to be that of a line of average length.
    ///
    /// # Errors
    ///
    /// When there is no route. Nothing is sent.
    pub async fn estimate(&self, file: &BatchFile) -> Result<Option<Charge>, Error> {
        let route = self.connection().route().await?;
        let lines = file.lines.max(1);
        let usage = TokenUsage {
            input: file.estimate.input / lines,
            output: file.estimate.output_limit.unwrap_or(0) / lines,
            batch: true,
            ..TokenUsage::default()
        };
        let charge = self.price_of(&route, &file.model, &usage);
        Ok(charge.map(|mut charge| {
            // The percentage of a whole amount is exact.
            let picos = charge.cost.picos().saturating_mul(lines.into());
            charge.cost =
                qwen_openclaw_catalog::price::Cost::from_picos(charge.cost.currency(), picos);
            charge
        }))
    }

    /// A batch stays with the host that has it.
    pub(crate) async fn check_place(&self, record: &BatchRecord) -> Result<(), Error> {
        let route = self.connection().route().await?;
        let base_url = route.endpoint().base_url().as_str();
        if base_url == record.base_url {
            return Ok(());
        }
        let (id, there) = (&record.id, &record.base_url);
        Err(Error::refused(format!(
            "{id} is at {there}, and this goes to {base_url}"
        )))
    }
}

/// The service's id of a batch.
pub(crate) fn created(record: &BatchRecord) -> Result<&str, Error> {
    record.batch_id.as_deref().ok_or_else(|| {
        let id = &record.id;
        match record.step {
            Step::Creating => Error::new(
                ErrorKind::Ambiguous,
                format!("it is unclear whether {id} was created: resume it"),
            ),
            Step::Refused | Step::Dropped => {
                Error::refused(format!("{id} was {} and has no batch", record.step))
            }
            _ => Error::refused(format!("{id} was not created yet: resume it")),
        }
    })
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("connection", &self.api.connection)
            .field("ledger", &self.ledger)
            .field("schedule", &self.schedule)
            .finish_non_exhaustive()
    }
}

/// Configures a [`Client`].
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    connection: ConnectionBuilder,
    ledger: Ledger,
    schedule: PollSchedule,
    certain_after: Duration,
}

impl ClientBuilder {
    /// Configures the connection that requests are sent through.
    pub fn connection(
        mut self,
        change: impl FnOnce(ConnectionBuilder) -> ConnectionBuilder,
    ) -> Self {
        self.connection = change(self.connection);
        self
    }

    /// Sets the retry policy. The default is [`RetryPolicy::default`].
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.connection(|connection| connection.retry(policy))
    }

    /// Sets the ledger. The default is memory, where a crash loses track of batches that are running
    /// and billed.
    pub fn ledger(mut self, ledger: Ledger) -> Self {
        self.ledger = ledger;
        self
    }

    /// Sets how often a batch is polled. The default is [`PollSchedule::default`].
    pub fn schedule(mut self, schedule: PollSchedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets how long after an unanswered request to create a batch the service's list is believed if it
    /// does not have it; then the request is sent again. The default is a minute.
    pub fn certain_after(mut self, wait: Duration) -> Self {
        self.certain_after = wait;
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](ErrorKind::InvalidRequest) if a key must not be sent to the base URL,
    /// [`Setup`](ErrorKind::Setup) if the HTTP client cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        let connection = self.connection.build()?;
        // Said now, not at the first request.
        connection.endpoint_without_key()?;
        Ok(Client {
            schedule: self.schedule,
            certain_after: self.certain_after,
            ..Client::on(connection, self.ledger)
        })
    }
}
