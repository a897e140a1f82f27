//! A video request being built, and the client that generates videos.

use std::path::PathBuf;

use qwen_openclaw_catalog::video::{Resolution, Size};
use qwen_openclaw_client::Route;
use qwen_openclaw_video::{
    AspectRatio, Checked, Client, Job, Strictness, VideoRequest, task::Upload,
};

#[cfg(feature = "router")]
use crate::router::Accepted;
use crate::{Error, Qwen};

impl Qwen {
    /// Starts a video with a model such as `qwen/wan2.6-t2v`. An id without a provider means `qwen`,
    /// the only provider that generates videos.
    pub fn video(&self, model: impl Into<String>) -> Video {
        Video {
            qwen: self.clone(),
            reference: model.into(),
            request: VideoRequest::default(),
            strictness: Strictness::Exact,
            target: None,
            uploads: Vec::new(),
            #[cfg(feature = "router")]
            agent: None,
        }
    }

    /// Returns the client that generates videos, in the region of the base URL of `qwen` and with a
    /// Standard key: [`QwenBuilder::video_api_key`](crate::QwenBuilder::video_api_key), otherwise the
    /// stored profile `qwen:standard`, otherwise the key of `qwen`.
    ///
    /// # Errors
    ///
    /// [`Authentication`](crate::ErrorKind::Authentication) without a usable credential,
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for a base URL that no key may be sent to.
    pub async fn video_client(&self) -> Result<Client, Error> {
        let made = &self.inner.video;
        if let Some(client) = made.get() {
            return Ok(client.clone());
        }
        let client = self.connect_video().await?;
        // When two callers connect at once, the first client is used by both.
        Ok(made.get_or_init(|| client).clone())
    }

    /// Resolves where videos are generated and with which key. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`Routes::route_to`](qwen_openclaw_client::Routes::route_to).
    pub async fn video_route(&self) -> Result<Route, Error> {
        self.tasks_route().await
    }

    async fn connect_video(&self) -> Result<Client, Error> {
        let connection = self.tasks_connection().await?;
        let builder = Client::over(connection).tasks(|tasks| self.task_settings(tasks));
        Ok(builder.build()?)
    }
}

/// A video request being built. Created by [`Qwen::video`].
///
/// The methods here are the ones that most requests need. Every other parameter is a method of
/// [`VideoRequest`]; set it through [`with`](Self::with), as in
/// `.with(|request| request.negative_prompt("text"))`.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `submit`"]
pub struct Video {
    qwen: Qwen,
    reference: String,
    request: VideoRequest,
    strictness: Strictness,
    target: Option<PathBuf>,
    uploads: Vec<Upload>,
    #[cfg(feature = "router")]
    agent: Option<String>,
}

impl Video {
    /// Sets the agent that a router counts usage for. The default is none.
    #[cfg(feature = "router")]
    pub fn agent(mut self, id: impl Into<String>) -> Self {
        self.agent = Some(id.into());
        self
    }

    /// Sets the prompt.
    pub fn prompt(self, prompt: impl Into<String>) -> Self {
        self.with(|request| request.prompt(prompt))
    }

    /// Adds an image by URL: the first frame, or a subject.
    pub fn image(self, url: impl Into<String>) -> Self {
        self.with(|request| request.image(url))
    }

    /// Adds a video by URL whose subject is to appear.
    pub fn reference_video(self, url: impl Into<String>) -> Self {
        self.with(|request| request.video(url))
    }

    /// Sets the duration in seconds. The default is 5.
    pub fn seconds(self, seconds: u32) -> Self {
        self.with(|request| request.seconds(seconds))
    }

    /// Sets the resolution. The default is 720P where the model has it.
    pub fn resolution(self, resolution: Resolution) -> Self {
        self.with(|request| request.resolution(resolution))
    }

    /// Sets the aspect ratio. The default is 16:9, or the image's own.
    pub fn ratio(self, ratio: impl Into<AspectRatio>) -> Self {
        self.with(|request| request.ratio(ratio))
    }

    /// Sets the exact size, which takes precedence over resolution and ratio.
    pub fn size(self, size: Size) -> Self {
        self.with(|request| request.size(size))
    }

    /// Sets whether the video has sound, for models that can be silent.
    pub fn audio(self, audio: bool) -> Self {
        self.with(|request| request.audio(audio))
    }

    /// Sets the seed. The default is a new one each time.
    pub fn seed(self, seed: u32) -> Self {
        self.with(|request| request.seed(seed))
    }

    /// Changes the underlying request, with any of the methods of [`VideoRequest`].
    pub fn with(mut self, change: impl FnOnce(VideoRequest) -> VideoRequest) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sets what to do with a value that the model does not accept. The default is to refuse it.
    pub fn strictness(mut self, strictness: Strictness) -> Self {
        self.strictness = strictness;
        self
    }

    /// Sets where the video is to be saved, which the job's record keeps for the process that resumes
    /// it. The default is nowhere: [`Finished::save`](qwen_openclaw_video::Finished::save) says where.
    pub fn target(mut self, path: impl Into<PathBuf>) -> Self {
        self.target = Some(path.into());
        self
    }

    /// Sets the files that were uploaded for this request
    /// ([`Client::upload_references`]), which the job's record keeps. The default is none.
    pub fn uploads(mut self, uploads: Vec<Upload>) -> Self {
        self.uploads = uploads;
        self
    }

    /// Returns the request for its model.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) for an unknown provider,
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for one that does not generate videos.
    pub fn request(&self) -> Result<VideoRequest, Error> {
        let model = self.qwen.model_of_qwen(&self.reference, "videos")?;
        Ok(self.request.clone().model_id(model))
    }

    /// Returns the request as it will be sent, with what was changed in it. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request) and [`VideoRequest::check`].
    pub fn check(&self) -> Result<Checked, Error> {
        Ok(self.request()?.check(self.strictness)?)
    }

    /// Submits the request. The returned job is already in the ledger.
    ///
    /// # Errors
    ///
    /// As [`Qwen::video_client`] and [`Client::submit`]; with a router also
    /// [`Budget`](crate::ErrorKind::Budget), before anything is sent.
    pub async fn submit(&self) -> Result<Job, Error> {
        let client = self.qwen.video_client().await?;
        let checked = self.check()?;
        let (target, uploads) = (self.target.clone(), self.uploads.clone());
        #[cfg(feature = "router")]
        if let Some(router) = self.qwen.router() {
            let submit = || client.submit_checked(&checked, target.clone(), uploads.clone());
            let video = Accepted::video(&checked, client.region());
            let agent = self.agent.as_deref();
            return self.qwen.submit_routed(router, &video, agent, submit).await;
        }
        Ok(client.submit_checked(&checked, target, uploads).await?)
    }
}
