//! A video being put together, and the client that makes it.

use std::sync::Arc;

use qwen_openclaw_auth::{ApiKey, StaticCredential};
use qwen_openclaw_catalog::{
    ModelRef, Provider,
    video::{Resolution, Size},
};
use qwen_openclaw_client::Route;
use qwen_openclaw_video::{
    AspectRatio, Client, Job, Strictness, VideoRequest,
    task::{JobStore, PollSchedule},
};

use crate::{Error, Qwen, QwenBuilder};

impl Qwen {
    /// Starts a video with a model, such as `qwen/wan2.6-t2v`. An id without a provider belongs to
    /// `qwen`, which is the only one that makes videos.
    pub fn video(&self, model: impl Into<String>) -> Video {
        Video {
            qwen: self.clone(),
            reference: model.into(),
            request: VideoRequest::default(),
            strictness: Strictness::Exact,
        }
    }

    /// Returns the client that makes videos: in the region of the base URL of `qwen`, with a
    /// Standard key ([`QwenBuilder::video_api_key`], else the stored profile `qwen:standard`, else
    /// the key of `qwen`).
    ///
    /// # Errors
    ///
    /// Kind `Authentication` without a usable credential, kind `InvalidRequest` for a URL that no key may be
    /// sent to.
    pub async fn video_client(&self) -> Result<Client, Error> {
        let made = &self.inner.video;
        if let Some(client) = made.get() {
            return Ok(client.clone());
        }
        let client = self.connect_video().await?;
        // Two that connect at once agree on the first.
        Ok(made.get_or_init(|| client).clone())
    }

    /// Resolves where videos are made and with which key, as things are. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`Routes::route_to`](qwen_openclaw_client::Routes::route_to).
    pub async fn video_route(&self) -> Result<Route, Error> {
        let settings = &self.inner.settings;
        let route = match &settings.video_key {
            Some(key) => {
                let routes = settings.routes.clone();
                let routes = routes.api_key(Provider::QWEN, key.clone());
                routes.route_to(&Provider::QWEN).await
            }
            None => settings.routes.standard_route().await,
        };
        route.map_err(|error| transport_error(error).into())
    }

    async fn connect_video(&self) -> Result<Client, Error> {
        let settings = &self.inner.settings;
        let routes = &settings.routes;
        let credential = match &settings.video_key {
            Some(key) => Arc::new(StaticCredential::new(key.clone())),
            None => routes.standard_credentials().map_err(transport_error)?,
        };
        // Jobs stay with the host that has them: where the key leads now, they all go.
        let route = self.video_route().await?;
        let base_url = route.endpoint().base_url().as_str();
        let mut builder = Client::builder_with(base_url, credential);
        if let Some(http) = routes.http_client() {
            builder = builder.http(http.clone());
        }
        if let Some(store) = &settings.jobs {
            builder = builder.store(Arc::clone(store));
        }
        if let Some(schedule) = settings.polls {
            builder = builder.schedule(schedule);
        }
        if let Some(policy) = &settings.retry {
            builder = builder.retry(policy.clone());
        }
        if let Some(id) = routes.workspace_id() {
            builder = builder.workspace(id);
        }
        if routes.allows_plain_http() {
            builder = builder.allow_plain_http();
        }
        Ok(builder.build()?)
    }
}

fn transport_error(error: qwen_openclaw_client::Error) -> qwen_openclaw_transport::Error {
    error.into()
}

impl QwenBuilder {
    /// Sets the key that videos are made with, beside that of a plan, which makes none. It must be
    /// a Standard key of the same region. The default is the key of `qwen`.
    pub fn video_api_key(mut self, key: ApiKey) -> Self {
        self.video_key = Some(key);
        self
    }

    /// Sets where the jobs of videos are written down. The default is memory: a crash then loses
    /// sight of what is being made and billed.
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

    /// Sets when the service is asked about a video. The default is [`PollSchedule::default`].
    pub fn polls(mut self, schedule: PollSchedule) -> Self {
        self.polls = Some(schedule);
        self
    }
}

/// A video being put together. Made by [`Qwen::video`].
///
/// The methods are those of [`VideoRequest`] that most requests need; [`Video::with`] reaches the
/// others.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `submit`"]
pub struct Video {
    qwen: Qwen,
    reference: String,
    request: VideoRequest,
    strictness: Strictness,
}

impl Video {
    /// Sets what the video shows.
    pub fn prompt(self, prompt: impl Into<String>) -> Self {
        self.with(|request| request.prompt(prompt))
    }

    /// Adds an image by its URL: the first frame, or a subject.
    pub fn image(self, url: impl Into<String>) -> Self {
        self.with(|request| request.image(url))
    }

    /// Adds a video by its URL, whose subject appears.
    pub fn reference_video(self, url: impl Into<String>) -> Self {
        self.with(|request| request.video(url))
    }

    /// Sets the length in seconds. The default is 5.
    pub fn seconds(self, seconds: u32) -> Self {
        self.with(|request| request.seconds(seconds))
    }

    /// Sets the resolution. The default is 720P where the model has it.
    pub fn resolution(self, resolution: Resolution) -> Self {
        self.with(|request| request.resolution(resolution))
    }

    /// Sets the ratio. The default is 16:9, or that of the image.
    pub fn ratio(self, ratio: impl Into<AspectRatio>) -> Self {
        self.with(|request| request.ratio(ratio))
    }

    /// Sets the exact size. It comes before resolution and ratio.
    pub fn size(self, size: Size) -> Self {
        self.with(|request| request.size(size))
    }

    /// Makes the video silent, or not, where the model can be silent.
    pub fn audio(self, audio: bool) -> Self {
        self.with(|request| request.audio(audio))
    }

    /// Sets the seed. The default is a new one each time.
    pub fn seed(self, seed: u32) -> Self {
        self.with(|request| request.seed(seed))
    }

    /// Changes the request in any other way.
    pub fn with(mut self, change: impl FnOnce(VideoRequest) -> VideoRequest) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sets what to do with a value that the model does not take. The default is to refuse it.
    pub fn strictness(mut self, strictness: Strictness) -> Self {
        self.strictness = strictness;
        self
    }

    /// Returns the request, for its model.
    ///
    /// # Errors
    ///
    /// Kind `InvalidRequest` for an unknown provider, and for one that makes no videos.
    pub fn request(&self) -> Result<VideoRequest, Error> {
        let model = ModelRef::parse(&self.reference)?;
        if model.provider != Provider::QWEN {
            let provider = model.provider.id();
            return Err(Error::refused(format!(
                "the provider {provider} makes no videos"
            )));
        }
        Ok(self.request.clone().model_id(model.model))
    }

    /// Submits it. What comes back is in the ledger already.
    ///
    /// # Errors
    ///
    /// As [`Qwen::video_client`] and [`Client::submit`].
    pub async fn submit(&self) -> Result<Job, Error> {
        let client = self.qwen.video_client().await?;
        let checked = self.request()?.check(self.strictness)?;
        Ok(client.submit_checked(&checked, None, Vec::new()).await?)
    }
}
