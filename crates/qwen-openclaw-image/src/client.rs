//! The image client: one account in one region.

use std::{path::PathBuf, sync::Arc};

use qwen_openclaw_auth::{CredentialProvider, StaticCredential};
use qwen_openclaw_catalog::{Region, aigc_origin_for, image};
use qwen_openclaw_client::ConnectionBuilder;
use qwen_openclaw_tasks::{
    Error, FileKind, Job, JobId, NewTask, Product, Rates, Resumed, Strictness, Tasks, TasksBuilder,
    Upload,
};
use serde_json::{Map, Value};

use crate::request::{Checked, ImageRequest, likeness};

const IMAGE: Product = Product {
    name: "image",
    file: FileKind {
        name: "PNG file",
        matches: is_png,
    },
    results: urls,
    likeness,
    // Other programs ask about tasks as well: a quarter of what an account has is left to them.
    rates: Rates {
        submits_per_second: None,
        queries_per_second: Some(image::QUERIES_PER_SECOND - image::QUERIES_PER_SECOND / 4),
        running: None,
    },
};

fn is_png(head: &[u8]) -> bool {
    head.starts_with(b"\x89PNG\r\n\x1a\n")
}

/// Each form has its own place for the images: `choices` with messages, `results` of tasks, and
/// `data` of the OpenAI-compatible path.
fn urls(output: &Map<String, Value>) -> Vec<&str> {
    let list = |name: &str| {
        let values = output.get(name).and_then(Value::as_array);
        values.into_iter().flatten()
    };
    let contents = list("choices").filter_map(|choice| choice.pointer("/message/content"));
    let parts = contents.filter_map(Value::as_array).flatten();
    let images = parts.filter_map(|part| part.get("image"));
    let results = list("results").chain(list("data"));
    let results = results.filter_map(|result| result.get("url"));
    let urls = images.chain(results).filter_map(Value::as_str);
    urls.filter(|url| !url.is_empty()).collect()
}

/// Makes images with one key, in the region of its base URL. Cheap to clone; clones share their
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
            tasks: Tasks::builder_with(IMAGE, origin, credential),
        }
    }

    /// Creates a builder for a client over a connection; see [`Tasks::over`].
    pub fn over(connection: ConnectionBuilder) -> ClientBuilder {
        ClientBuilder {
            tasks: Tasks::over(IMAGE, connection),
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
    pub async fn submit(&self, request: &ImageRequest) -> Result<Job, Error> {
        self.submit_checked(&request.check(Strictness::Exact)?, None, Vec::new())
            .await
    }

    /// Submits a checked request. The job's record keeps the files uploaded for it, and where to
    /// save the images, for the process that resumes the job after a crash.
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
        task = task.count(checked.count());
        if checked.is_synchronous() {
            task = task.synchronous();
        }
        for (name, value) in checked.headers() {
            task = task.header(name, value);
        }
        task = uploads.into_iter().fold(task, NewTask::upload);
        if let Some(target) = target {
            task = task.target(target);
        }
        self.tasks.submit(task).await
    }

    /// Uploads the local files of a request, for the service to read within 48 hours. The vendor
    /// advises against using this in production: see [`Tasks::upload`].
    ///
    /// # Errors
    ///
    /// Same as [`Tasks::upload`].
    pub async fn upload_images(
        &self,
        request: ImageRequest,
    ) -> Result<(ImageRequest, Vec<Upload>), Error> {
        let mut uploads = Vec::new();
        let model = request.model().trim().to_owned();
        for image in request.images().iter().filter(|image| image.is_local()) {
            let path = PathBuf::from(image.local_path());
            let upload = self.tasks.upload(&model, &path, image::MAX_IMAGE_BYTES);
            uploads.push(upload.await?);
        }
        let mut urls = uploads.iter().map(|upload| upload.url.clone());
        let request = request.place_images(|_| {
            urls.next()
                .ok_or_else(|| Error::refused("an image was not uploaded"))
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
    /// Changes the settings of the task client that makes the images: where jobs are kept, how
    /// often tasks are polled, the limits. By default tasks are queried at three quarters of
    /// [`image::QUERIES_PER_SECOND`]; submissions, whose limits depend on the model
    /// ([`ImageModel::rate`](image::ImageModel::rate)), are not limited here, and throttled ones are
    /// retried.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use qwen_openclaw_image::{Client, auth::ApiKey};
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
    use serde_json::json;

    use super::*;

    fn urls_of(output: &Value) -> String {
        urls(output.as_object().unwrap()).join(" ")
    }

    #[test]
    fn the_images_of_each_form_are_found() {
        let choice = |url: &str| json!({"message": {"content": [{"image": url}]}});
        let sync = json!({"choices": [choice("a"), choice("b")]});
        assert_eq!(urls_of(&sync), "a b");
        let content = json!([{"type": "image", "image": "a"}, {"type": "text", "text": "x"}]);
        let task = json!({"choices": [{"message": {"content": content}}], "finished": true});
        assert_eq!(urls_of(&task), "a");
        let old = json!({"results": [{"url": "a"}, {"code": "x", "message": "y"}, {"url": "b"}]});
        assert_eq!(urls_of(&old), "a b");
        assert_eq!(urls_of(&json!({"data": [{"url": "a"}]})), "a");
        for odd in [
            json!({}),
            json!({"choices": {}, "results": 7, "data": [[], "a", {"url": ""}]}),
            json!({"choices": [{"message": {"content": "a"}}]}),
        ] {
            assert_eq!(urls_of(&odd), "", "{odd}");
        }
    }

    #[test]
    fn debug_shows_no_header_and_no_password() {
        let key = ApiKey::parse("sk-secret-0123456789").unwrap();
        let builder = Client::builder("https://me:secret@a.example/v1", key)
            .tasks(|tasks| tasks.header("x-tenant", "secret"));
        let shown = format!("{builder:?}");
        assert!(
            shown.contains("a.example") && !shown.contains("secret"),
            "{shown}"
        );
    }
}
