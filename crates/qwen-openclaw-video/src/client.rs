//! The client: videos for one account in one region.

use std::{path::PathBuf, sync::Arc, time::Duration};

use qwen_openclaw_auth::{CredentialProvider, StaticCredential};
use qwen_openclaw_catalog::{Region, aigc_origin_for, video};
use qwen_openclaw_client::ConnectionBuilder;
use qwen_openclaw_http::RetryPolicy;
use qwen_openclaw_tasks::{
    Error, FileKind, Job, JobId, JobStore, NewTask, PollSchedule, Product, Rates, Resumed, Tasks,
    TasksBuilder, Upload,
};
use serde_json::{Map, Value};

use crate::wan::{Checked, Strictness, VideoRequest, likeness};

const VIDEO: Product = Product {
    name: "video",
    file: FileKind {
        name: "MP4 file",
        matches: is_mp4,
    },
    results: urls,
    likeness,
    // Other programs ask about tasks as well: a quarter of what an account has is left to them.
    rates: Rates {
        submits_per_second: Some(video::SUBMITS_PER_SECOND),
        queries_per_second: Some(video::QUERIES_PER_SECOND - video::QUERIES_PER_SECOND / 4),
        running: Some(video::RUNNING_AT_ONCE as usize),
    },
};

fn is_mp4(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp")
}

/// A task makes one video as documented, `video_url`; OpenClaw reads a list of them as well.
fn urls(output: &Map<String, Value>) -> Vec<&str> {
    let listed = output.get("results").and_then(Value::as_array);
    let listed = listed.into_iter().flatten();
    let listed = listed.filter_map(|result| result.get("video_url"));
    let mut urls = Vec::new();
    for url in output.get("video_url").into_iter().chain(listed) {
        let url = url.as_str().filter(|url| !url.is_empty());
        urls.extend(url.filter(|url| !urls.contains(url)));
    }
    urls
}

/// Makes videos with one key, in the region of its base URL. Cheap to clone; clones share their
/// limits.
#[derive(Clone, Debug)]
pub struct Client {
    tasks: Tasks,
}

impl Client {
    /// Starts to set up a client for the region of `base_url`, which may be that of a chat
    /// endpoint, a plan's included: jobs go to the AIGC host of its region. The key must be a
    /// Standard one of that region.
    pub fn builder(
        base_url: impl AsRef<str>,
        credential: impl Into<qwen_openclaw_auth::Credential>,
    ) -> ClientBuilder {
        Self::builder_with(base_url, Arc::new(StaticCredential::new(credential)))
    }

    /// As [`builder`](Self::builder), with a credential that is asked for before each request.
    pub fn builder_with(
        base_url: impl AsRef<str>,
        credential: Arc<dyn CredentialProvider>,
    ) -> ClientBuilder {
        let base_url = base_url.as_ref();
        // No base URL is the default region. The portal, which has no such host, is refused when
        // the client is built.
        let origin = aigc_origin_for(Some(base_url)).unwrap_or(base_url.into());
        ClientBuilder {
            tasks: Tasks::builder_with(VIDEO, origin, credential),
        }
    }

    /// Starts to set up a client over a connection; see [`Tasks::over`].
    pub fn over(connection: ConnectionBuilder) -> ClientBuilder {
        ClientBuilder {
            tasks: Tasks::over(VIDEO, connection),
        }
    }

    /// Returns the engine below, which has the ledger.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Returns where videos are made.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.tasks.origin()
    }

    /// Returns the region whose prices apply, if the host tells.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        let origin = self.origin();
        Region::all()
            .iter()
            .copied()
            .find(|region| region.aigc_origin() == origin)
    }

    /// Submits a request, refused if the model does not take all of it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) before anything is sent, and as
    /// [`Tasks::submit`].
    pub async fn submit(&self, request: &VideoRequest) -> Result<Job, Error> {
        self.submit_checked(&request.check(Strictness::Exact)?, None, Vec::new())
            .await
    }

    /// Submits a request that was checked, noting the files that were uploaded for it and where the
    /// video is to be saved by the process that resumes the job after a crash.
    ///
    /// # Errors
    ///
    /// As [`Tasks::submit`].
    pub async fn submit_checked(
        &self,
        checked: &Checked,
        target: Option<PathBuf>,
        uploads: Vec<Upload>,
    ) -> Result<Job, Error> {
        let mut task = NewTask::new(checked.model(), checked.path(), checked.body().clone());
        for (name, value) in checked.headers() {
            task = task.header(name, value);
        }
        task = uploads.into_iter().fold(task, NewTask::upload);
        if let Some(target) = target {
            task = task.target(target);
        }
        self.tasks.submit(task).await
    }

    /// Puts the references of `request` that are files of this machine where the service can read
    /// them, for 48 hours. The service asks not to use this for production: see
    /// [`Tasks::upload`].
    ///
    /// # Errors
    ///
    /// As [`Tasks::upload`].
    pub async fn upload_references(
        &self,
        request: VideoRequest,
    ) -> Result<(VideoRequest, Vec<Upload>), Error> {
        let mut uploads = Vec::new();
        let model = request.model().trim().to_owned();
        for reference in request.references() {
            if !reference.is_remote() {
                let path = PathBuf::from(reference.local_path());
                let upload = self.tasks.upload(&model, &path, reference.max_bytes());
                uploads.push(upload.await?);
            }
        }
        let mut urls = uploads.iter().map(|upload| upload.url.clone());
        let request = request.place_references(|_| {
            urls.next()
                .ok_or_else(|| Error::refused("a reference was not uploaded"))
        })?;
        Ok((request, uploads))
    }

    /// Returns a job of the ledger.
    ///
    /// # Errors
    ///
    /// As [`Tasks::job`].
    pub async fn job(&self, id: &JobId) -> Result<Job, Error> {
        self.tasks.job(id).await
    }

    /// Resumes every job that is not over. See [`Tasks::resume`].
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub async fn resume(&self) -> Result<Vec<Resumed>, Error> {
        self.tasks.resume().await
    }
}

/// Sets up a [`Client`].
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    tasks: TasksBuilder,
}

impl ClientBuilder {
    fn with(mut self, change: impl FnOnce(TasksBuilder) -> TasksBuilder) -> Self {
        self.tasks = change(self.tasks);
        self
    }

    /// Sends through `http`, which clients may share. The default is a client of its own.
    pub fn http(self, http: qwen_openclaw_http::Client) -> Self {
        self.with(|tasks| tasks.http(http))
    }

    /// Keeps the jobs in `store`. The default is memory: a crash then loses sight of what is being
    /// made and billed.
    pub fn store(self, store: Arc<dyn JobStore>) -> Self {
        self.with(|tasks| tasks.store(store))
    }

    /// Names the workspace that videos are made in. The default is that of the key. Each job's
    /// record has it.
    pub fn workspace(self, id: impl Into<String>) -> Self {
        self.with(|tasks| tasks.workspace(id))
    }

    /// Sends a header with each request. `Debug` does not show its value.
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.with(|tasks| tasks.header(name, value))
    }

    /// Sets when requests that certainly had no effect are sent again. The default is
    /// [`RetryPolicy::default`].
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.with(|tasks| tasks.retry(policy))
    }

    /// Sets when a task is asked about. The default is [`PollSchedule::default`].
    pub fn schedule(self, schedule: PollSchedule) -> Self {
        self.with(|tasks| tasks.schedule(schedule))
    }

    /// Sets how long a video is waited for. The default is an hour.
    pub fn deadline(self, deadline: Duration) -> Self {
        self.with(|tasks| tasks.deadline(deadline))
    }

    /// Sets how many tasks of this client run at once; `None` for any. The default is what the
    /// service works on for an account ([`video::RUNNING_AT_ONCE`]).
    pub fn running(self, limit: Option<usize>) -> Self {
        self.with(|tasks| tasks.running(limit))
    }

    /// Sets how many videos are asked for a second; `None` for any. The default is what the service
    /// takes of an account ([`video::SUBMITS_PER_SECOND`]).
    pub fn submits_per_second(self, rate: Option<u32>) -> Self {
        self.with(|tasks| tasks.submits_per_second(rate))
    }

    /// Sets how many questions about videos are asked a second; `None` for any. The default
    /// is three quarters of [`video::QUERIES_PER_SECOND`].
    pub fn queries_per_second(self, rate: Option<u32>) -> Self {
        self.with(|tasks| tasks.queries_per_second(rate))
    }

    /// Sends the key over plain http to other machines too. By default that is refused.
    pub fn allow_plain_http(self) -> Self {
        self.with(TasksBuilder::allow_plain_http)
    }

    /// Sets how large a video may be, in bytes. The default is 2 GiB.
    pub fn largest_result(self, bytes: u64) -> Self {
        self.with(|tasks| tasks.largest_result(bytes))
    }

    /// Fetches videos from private networks too. By default those are refused.
    pub fn allow_private_results(self) -> Self {
        self.with(TasksBuilder::allow_private_results)
    }

    /// Finishes the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when the base URL is the portal's, or not
    /// one a key may be sent to; [`ErrorKind::Setup`](crate::ErrorKind::Setup) when the HTTP client
    /// cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        Ok(Client {
            tasks: self.tasks.build()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use qwen_openclaw_auth::ApiKey;

    use super::*;

    #[test]
    fn each_url_counts_once_and_none_is_lost() {
        let urls_of = |output: Value| {
            let output = output.as_object().unwrap().clone();
            urls(&output).join(" ")
        };
        let listed = serde_json::json!([{"video_url": "a"}, {"url": "x"}, {"video_url": "b"}]);
        assert_eq!(urls_of(serde_json::json!({"video_url": "a"})), "a");
        assert_eq!(urls_of(serde_json::json!({ "results": listed })), "a b");
        let both = serde_json::json!({"video_url": "b", "results": listed});
        assert_eq!(urls_of(both), "b a");
        let none = serde_json::json!({"video_url": "", "results": {"video_url": "a"}});
        assert_eq!(urls_of(none), "");
    }

    #[test]
    fn debug_shows_no_header_and_no_password() {
        let key = ApiKey::parse("sk-secret-0123456789").unwrap();
        let builder = Client::builder("https://me:secret@a.example/v1", key.clone());
        let shown = format!("{builder:?}");
        assert!(
            shown.contains("a.example") && !shown.contains("secret"),
            "{shown}"
        );

        let builder = Client::builder("https://a.example/v1", key).header("x-tenant", "secret");
        let client = builder.build().unwrap();
        let shown = format!("{client:?}");
        assert!(
            shown.contains("x-tenant") && !shown.contains("secret"),
            "{shown}"
        );

        let task = NewTask::new("m", "p", Value::Null).header("x-tenant", "secret");
        let shown = format!("{task:?}");
        assert!(
            shown.contains("x-tenant") && !shown.contains("secret"),
            "{shown}"
        );
    }
}
