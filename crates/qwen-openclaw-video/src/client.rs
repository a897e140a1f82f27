//! The video client: one account in one region.

use std::{path::PathBuf, sync::Arc};

use qwen_openclaw_auth::{CredentialProvider, StaticCredential};
use qwen_openclaw_catalog::{Region, aigc_origin_for, video};
use qwen_openclaw_client::ConnectionBuilder;
use qwen_openclaw_tasks::{
    Error, FileKind, Job, JobId, NewTask, Product, Rates, Resumed, Strictness, Tasks, TasksBuilder,
    Upload,
};
use serde_json::{Map, Value};

use crate::wan::{Checked, VideoRequest, likeness};

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

/// Generates videos with one key, in the region of its base URL. Cheap to clone; clones share their
/// rate limits.
#[derive(Clone, Debug)]
pub struct Client {
    tasks: Tasks,
}

impl Client {
    /// Creates a builder for a client in the region of `base_url`, which may be the base URL of any
    /// chat endpoint, including a plan's: jobs go to the AIGC host of its region. The key must be a
    /// Standard key of that region.
    pub fn builder(
        base_url: impl AsRef<str>,
        credential: impl Into<qwen_openclaw_auth::Credential>,
    ) -> ClientBuilder {
        Self::builder_with(base_url, Arc::new(StaticCredential::new(credential)))
    }

    /// Like [`builder`](Self::builder), with a credential that is queried before each request.
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

    /// Creates a builder for a client over a connection; see [`Tasks::over`].
    pub fn over(connection: ConnectionBuilder) -> ClientBuilder {
        ClientBuilder {
            tasks: Tasks::over(VIDEO, connection),
        }
    }

    /// Returns the underlying task client, which has the ledger.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Returns the origin that jobs are submitted to.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.tasks.origin()
    }

    /// Returns the region whose prices apply, if the host belongs to one.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        self.tasks.region()
    }

    /// Submits a request. It is rejected if the model does not accept all of its values.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) before anything is sent;
    /// otherwise same as [`Tasks::submit`].
    pub async fn submit(&self, request: &VideoRequest) -> Result<Job, Error> {
        self.submit_checked(&request.check(Strictness::Exact)?, None, Vec::new())
            .await
    }

    /// Submits a checked request. The job's record keeps the files uploaded for it, and where to
    /// save the video, for the process that resumes the job after a crash.
    ///
    /// # Errors
    ///
    /// Same as [`Tasks::submit`].
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

    /// Uploads the local files that `request` refers to, for the service to read within 48 hours.
    /// The vendor advises against using this in production: see [`Tasks::upload`].
    ///
    /// # Errors
    ///
    /// Same as [`Tasks::upload`].
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

    /// Loads a job from the ledger.
    ///
    /// # Errors
    ///
    /// Same as [`Tasks::job`].
    pub async fn job(&self, id: &JobId) -> Result<Job, Error> {
        self.tasks.job(id).await
    }

    /// Resumes every unfinished job; see [`Tasks::resume`].
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read.
    pub async fn resume(&self) -> Result<Vec<Resumed>, Error> {
        self.tasks.resume().await
    }
}

/// Configures a [`Client`].
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    tasks: TasksBuilder,
}

impl ClientBuilder {
    /// Changes the settings of the task client that makes the videos: where jobs are kept, how
    /// often tasks are polled, the limits. Its rates are by default those of the service for an
    /// account ([`video::SUBMITS_PER_SECOND`], [`video::RUNNING_AT_ONCE`]), and three quarters of
    /// [`video::QUERIES_PER_SECOND`].
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use qwen_openclaw_video::{Client, auth::ApiKey};
    /// # let (base, key) = ("https://dashscope-intl.aliyuncs.com", ApiKey::parse("sk-...")?);
    /// let client = Client::builder(base, key)
    ///     .tasks(|tasks| tasks.deadline(Duration::from_secs(600)).running(Some(2)))
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tasks(mut self, change: impl FnOnce(TasksBuilder) -> TasksBuilder) -> Self {
        self.tasks = change(self.tasks);
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when the base URL is the
    /// portal's, or one that a key may not be sent to;
    /// [`ErrorKind::Setup`](crate::ErrorKind::Setup) when the HTTP client cannot be set up.
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

        let builder = Client::builder("https://a.example/v1", key)
            .tasks(|tasks| tasks.header("x-tenant", "secret"));
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
