//! An image request being built, and the client that makes images.

use std::path::PathBuf;

use qwen_openclaw_catalog::image::ImageSize;
use qwen_openclaw_client::Route;
use qwen_openclaw_image::{
    Checked, Client, ImageRequest, InputImage, Job, Strictness, task::Upload,
};

#[cfg(feature = "router")]
use crate::router::Accepted;
use crate::{Error, Qwen};

impl Qwen {
    /// Starts an image with a model such as `qwen/qwen-image-3.0`. An id without a provider means
    /// `qwen`, the only provider that generates images.
    pub fn image(&self, model: impl Into<String>) -> Image {
        Image {
            qwen: self.clone(),
            reference: model.into(),
            request: ImageRequest::default(),
            strictness: Strictness::Exact,
            target: None,
            uploads: Vec::new(),
            #[cfg(feature = "router")]
            agent: None,
        }
    }

    /// Returns the client that makes images, in the region of the base URL of `qwen` and with a
    /// Standard key: [`QwenBuilder::video_api_key`](crate::QwenBuilder::video_api_key), otherwise the
    /// stored profile `qwen:standard`, otherwise the key of `qwen`.
    ///
    /// # Errors
    ///
    /// [`Authentication`](crate::ErrorKind::Authentication) without a usable credential,
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for a base URL that no key may be sent to.
    pub async fn image_client(&self) -> Result<Client, Error> {
        let made = &self.inner.image;
        if let Some(client) = made.get() {
            return Ok(client.clone());
        }
        let connection = self.tasks_connection().await?;
        let builder = Client::over(connection).tasks(|tasks| self.task_settings(tasks));
        let client = builder.build()?;
        // When two callers connect at once, the first client is used by both.
        Ok(made.get_or_init(|| client).clone())
    }

    /// Resolves where images are made and with which key. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`Routes::route_to`](qwen_openclaw_client::Routes::route_to).
    pub async fn image_route(&self) -> Result<Route, Error> {
        self.tasks_route().await
    }
}

/// An image request being built. Created by [`Qwen::image`].
///
/// The methods here are the ones that most requests need. Every other parameter is a method of
/// [`ImageRequest`]; set it through [`with`](Self::with), as in
/// `.with(|request| request.negative_prompt("text"))`.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `submit`"]
pub struct Image {
    qwen: Qwen,
    reference: String,
    request: ImageRequest,
    strictness: Strictness,
    target: Option<PathBuf>,
    uploads: Vec<Upload>,
    #[cfg(feature = "router")]
    agent: Option<String>,
}

impl Image {
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

    /// Adds an image to edit or to refer to, by URL.
    pub fn image(self, image: impl Into<InputImage>) -> Self {
        self.with(|request| request.image(image))
    }

    /// Sets how many images are made, each of which is billed. The default is 1.
    pub fn count(self, count: u32) -> Self {
        self.with(|request| request.count(count))
    }

    /// Sets the size. The default is the model's, or that of the edited image.
    pub fn size(self, size: impl Into<ImageSize>) -> Self {
        self.with(|request| request.size(size))
    }

    /// Sets the seed. The default is a new one each time.
    pub fn seed(self, seed: u32) -> Self {
        self.with(|request| request.seed(seed))
    }

    /// Changes the underlying request, with any of the methods of [`ImageRequest`].
    pub fn with(mut self, change: impl FnOnce(ImageRequest) -> ImageRequest) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sets what to do with a value that the model does not accept. The default is to refuse it.
    pub fn strictness(mut self, strictness: Strictness) -> Self {
        self.strictness = strictness;
        self
    }

    /// Sets where the images are to be saved, which the job's record keeps for the process that
    /// resumes it. The default is nowhere: [`Finished::save`](qwen_openclaw_image::Finished::save)
    /// says where.
    pub fn target(mut self, path: impl Into<PathBuf>) -> Self {
        self.target = Some(path.into());
        self
    }

    /// Sets the files that were uploaded for this request ([`Client::upload_images`]), which the job's
    /// record keeps. The default is none.
    pub fn uploads(mut self, uploads: Vec<Upload>) -> Self {
        self.uploads = uploads;
        self
    }

    /// Returns the request for its model.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) for an unknown provider,
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for one that does not generate images.
    pub fn request(&self) -> Result<ImageRequest, Error> {
        let model = self.qwen.model_of_qwen(&self.reference, "images")?;
        Ok(self.request.clone().model_id(model))
    }

    /// Returns the request as it will be sent, with what was changed in it. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request) and [`ImageRequest::check`].
    pub fn check(&self) -> Result<Checked, Error> {
        Ok(self.request()?.check(self.strictness)?)
    }

    /// Submits the request. The returned job is already in the ledger. For many models the images are
    /// made then: [`Job::wait`] returns at once.
    ///
    /// # Errors
    ///
    /// As [`Qwen::image_client`] and [`Client::submit`]; with a router also
    /// [`Budget`](crate::ErrorKind::Budget), before anything is sent.
    pub async fn submit(&self) -> Result<Job, Error> {
        let client = self.qwen.image_client().await?;
        let checked = self.check()?;
        let (target, uploads) = (self.target.clone(), self.uploads.clone());
        #[cfg(feature = "router")]
        if let Some(router) = self.qwen.router() {
            let submit = || client.submit_checked(&checked, target.clone(), uploads.clone());
            let image = Accepted::image(&checked, client.region());
            let agent = self.agent.as_deref();
            return self.qwen.submit_routed(router, &image, agent, submit).await;
        }
        Ok(client.submit_checked(&checked, target, uploads).await?)
    }
}
