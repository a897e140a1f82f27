//! What images and videos have in common: where their jobs go, with which key, and where they are
//! kept.

use std::sync::Arc;

use qwen_openclaw_auth::{ApiKey, StaticCredential};
use qwen_openclaw_catalog::Provider;
use qwen_openclaw_client::{ConnectionBuilder, Route};
use qwen_openclaw_tasks::{JobStore, PollSchedule, TasksBuilder};

use crate::{Error, Qwen, QwenBuilder};

impl QwenBuilder {
    /// Sets the key for generating images and videos, for use beside a plan's key, which cannot. It
    /// must be a Standard key of the same region. The default is the key of `qwen`.
    pub fn video_api_key(mut self, key: ApiKey) -> Self {
        self.video_key = Some(key);
        self
    }

    /// Sets the ledger that image and video jobs are written to. The default is memory, where a crash
    /// loses track of jobs that are running and billed; [`home`](Self::home) sets the files that the
    /// command uses.
    ///
    /// ```no_run
    /// use std::sync::Arc;
    /// use qwen_openclaw::{Qwen, auth::{Environment, StateDir}, video::task::FileJobs};
    ///
    /// let environment = Environment::capture();
    /// let jobs = FileJobs::in_folder(&StateDir::of(&environment)?);
    /// let qwen = Qwen::builder().environment(environment).jobs(Arc::new(jobs)).build()?;
    /// # let _ = qwen;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn jobs(mut self, store: Arc<dyn JobStore>) -> Self {
        self.jobs = Some(store);
        self
    }

    /// Sets how often the service is polled for a task. The default is [`PollSchedule::default`].
    pub fn polls(mut self, schedule: PollSchedule) -> Self {
        self.polls = Some(schedule);
        self
    }
}

impl Qwen {
    /// Where jobs go, and with which key. Nothing is sent.
    pub(crate) async fn tasks_route(&self) -> Result<Route, Error> {
        let settings = &self.inner.settings;
        let route = match &settings.video_key {
            Some(key) => {
                let routes = settings.routes.clone();
                let routes = routes.api_key(Provider::QWEN, key.clone());
                routes.route_to(&Provider::QWEN).await
            }
            None => settings.routes.standard_route().await,
        };
        Ok(route?)
    }

    /// The connection that jobs are made over.
    pub(crate) async fn tasks_connection(&self) -> Result<ConnectionBuilder, Error> {
        let settings = &self.inner.settings;
        let routes = &settings.routes;
        let credential = match &settings.video_key {
            Some(key) => Arc::new(StaticCredential::new(key.clone())),
            None => routes.standard_credentials()?,
        };
        // Jobs stay with the host that has them, so the host is decided once, by the current key.
        let route = self.tasks_route().await?;
        let base_url = route.endpoint().base_url().as_str();
        let routes = routes.clone().base_url(Provider::QWEN, base_url);
        Ok(routes.connect_with(&Provider::QWEN, credential)?)
    }

    /// Applies what was set for all jobs.
    pub(crate) fn task_settings(&self, mut tasks: TasksBuilder) -> TasksBuilder {
        let settings = &self.inner.settings;
        if let Some(store) = &settings.jobs {
            tasks = tasks.store(Arc::clone(store));
        }
        if let Some(schedule) = settings.polls {
            tasks = tasks.schedule(schedule);
        }
        if let Some(policy) = &settings.retry {
            tasks = tasks.retry(policy.clone());
        }
        tasks
    }

    /// Returns the id of a model of `qwen`, the only provider that makes images and videos.
    pub(crate) fn model_of_qwen(&self, reference: &str, what: &str) -> Result<String, Error> {
        let model = self.parse(reference)?;
        if model.provider != Provider::QWEN {
            let provider = model.provider.id();
            return Err(Error::refused(format!(
                "the provider {provider} does not generate {what}"
            )));
        }
        Ok(model.model)
    }
}
