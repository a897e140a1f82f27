//! Batches: files of requests at half the price.

use qwen_openclaw_batch::{
    self as batch, BatchFile, BatchRecord, Ledger, RecordId, SaveOptions, Saved, SubmitOptions,
};
use qwen_openclaw_catalog::{Provider, price::Charge};
use qwen_openclaw_client::Route;

use crate::{Error, Qwen, QwenBuilder};

impl QwenBuilder {
    /// Sets the ledger that batches are written to. The default is memory, where a crash loses track of
    /// batches that are running and billed; [`home`](Self::home) sets the files that the command uses.
    pub fn batches(mut self, ledger: Ledger) -> Self {
        self.batches = Some(ledger);
        self
    }

    /// Sets how often a batch is polled. The default is
    /// [`PollSchedule::default`](batch::PollSchedule::default).
    pub fn batch_polls(mut self, schedule: batch::PollSchedule) -> Self {
        self.batch_polls = Some(schedule);
        self
    }
}

impl Qwen {
    /// Returns the batches of the provider `qwen`, which need a Standard key: the stored profile
    /// `qwen:standard`, otherwise the key of `qwen`.
    ///
    /// ```no_run
    /// use qwen_openclaw::batch::{BatchFile, SaveOptions, SubmitOptions};
    ///
    /// # async fn run(qwen: qwen_openclaw::Qwen) -> Result<(), qwen_openclaw::Error> {
    /// let batches = qwen.batch()?;
    /// let file = BatchFile::check("requests.jsonl")?;
    /// let batch = batches.submit(&file, &SubmitOptions::new()).await?;
    /// batches.client().wait(batch.id()).await?;
    /// batches.save(batch.id(), &SaveOptions::new("results.jsonl")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    pub fn batch(&self) -> Result<Batches, Error> {
        let settings = &self.inner.settings;
        let routes = self.routes();
        let connection = routes.connect_with(&Provider::QWEN, routes.standard_credentials()?)?;
        let client = self.client_over(&Provider::QWEN, connection)?;
        let ledger = settings.batches.clone().unwrap_or_else(Ledger::memory);
        let mut client = batch::Client::on(client.connection().clone(), ledger);
        if let Some(schedule) = settings.batch_polls {
            client = client.schedule(schedule);
        }
        Ok(Batches {
            qwen: self.clone(),
            client,
        })
    }
}

/// The batches of the provider `qwen`. Created by [`Qwen::batch`].
///
/// With a router, a batch must fit the budgets by its estimate when it is submitted, which counts as a
/// request of the service `batch`; the tokens of its successful lines and what they cost are counted,
/// once, when its results are saved.
#[derive(Clone, Debug)]
pub struct Batches {
    qwen: Qwen,
    client: batch::Client,
}

impl Batches {
    /// Returns the client below, which polls, resumes and cancels batches.
    #[must_use]
    pub fn client(&self) -> &batch::Client {
        &self.client
    }

    /// Resolves where batches of a model go, and with which key. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`Qwen::route`].
    pub async fn route(&self, model: &str) -> Result<Route, Error> {
        let routes = self.qwen.routes();
        let route = routes.standard_route().await?;
        Ok(route.with_model(model, routes.catalog_edition()))
    }

    /// Returns what a checked file is estimated to cost; see
    /// [`Client::estimate`](batch::Client::estimate).
    ///
    /// # Errors
    ///
    /// When there is no route. Nothing is sent.
    pub async fn estimate(&self, file: &BatchFile) -> Result<Option<Charge>, Error> {
        Ok(self.client.estimate(file).await?)
    }

    /// Uploads a checked file and creates a batch of it; see
    /// [`Client::submit`](batch::Client::submit).
    ///
    /// # Errors
    ///
    /// As there; with a router also [`Budget`](crate::ErrorKind::Budget), before anything is sent.
    pub async fn submit(
        &self,
        file: &BatchFile,
        options: &SubmitOptions,
    ) -> Result<BatchRecord, Error> {
        #[cfg(feature = "router")]
        if let Some(router) = self.qwen.router() {
            return self.submit_routed(router, file, options).await;
        }
        Ok(self.client.submit(file, options).await?)
    }

    /// Saves the results of a batch that is done; see [`Client::save`](batch::Client::save).
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn save(&self, id: &RecordId, options: &SaveOptions) -> Result<Saved, Error> {
        let saved = self.client.save(id, options).await?;
        #[cfg(feature = "router")]
        if let Some(router) = self.qwen.router() {
            self.count(router, &saved.record).await?;
        }
        Ok(saved)
    }
}
