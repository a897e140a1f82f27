//! Requests for images, checked against the catalog before anything is sent.

mod body;
mod input;
mod likeness;
mod size;

use std::fmt;

use qwen_openclaw_catalog::{
    Region,
    image::{self, ImageModel, ImageSize, Job},
    price::Cost,
};
use qwen_openclaw_tasks::{Change, Changes, Strictness, unknown_model};
use serde_json::Value;

use crate::{Error, ImageUsage};

pub use self::input::InputImage;
pub(crate) use self::likeness::likeness;

/// A request for images, generated from a prompt or edited.
///
/// ```
/// use qwen_openclaw_image::{ImageRequest, Strictness};
///
/// let request = ImageRequest::new("qwen-image-plus").prompt("a red crane, woodcut");
/// let checked = request.check(Strictness::Exact)?;
/// assert_eq!(checked.body()["parameters"]["size"], "1664*928");
/// # Ok::<(), qwen_openclaw_image::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct ImageRequest {
    model: String,
    prompt: Option<String>,
    negative_prompt: Option<String>,
    images: Vec<InputImage>,
    count: u32,
    size: Option<ImageSize>,
    watermark: Option<bool>,
    prompt_extend: Option<bool>,
    seed: Option<u32>,
}

/// A request that the model takes, and what had to be changed for that.
#[derive(Clone)]
pub struct Checked {
    model: &'static ImageModel,
    body: Value,
    count: u32,
    size: Option<ImageSize>,
    extended: bool,
    resolve_oss: bool,
    changes: Vec<Change>,
}

impl Default for ImageRequest {
    fn default() -> Self {
        Self {
            model: String::new(),
            prompt: None,
            negative_prompt: None,
            images: Vec::new(),
            count: 1,
            size: None,
            watermark: None,
            prompt_extend: None,
            seed: None,
        }
    }
}

impl ImageRequest {
    /// Creates a request for a model, such as `qwen-image-3.0`.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            ..Self::default()
        }
    }

    /// Sets what the image shows, or how the images are edited.
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = Some(prompt.into());
        self
    }

    /// Sets what the image must not show. The default is nothing.
    pub fn negative_prompt(mut self, prompt: impl Into<String>) -> Self {
        self.negative_prompt = Some(prompt.into());
        self
    }

    /// Adds an image to edit or to refer to.
    pub fn image(mut self, image: impl Into<InputImage>) -> Self {
        self.images.push(image.into());
        self
    }

    /// Sets how many images are made. Each is billed. The default is 1, which is always sent:
    /// several models make four by themselves.
    pub fn count(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// Sets the size: pixels, or a class where the model has classes. The default is the model's
    /// ([`ImageModel::default_size`]); with images, the service's.
    pub fn size(mut self, size: impl Into<ImageSize>) -> Self {
        self.size = Some(size.into());
        self
    }

    /// Puts the vendor's watermark on the image, or not. The default is the service's.
    pub fn watermark(mut self, watermark: bool) -> Self {
        self.watermark = Some(watermark);
        self
    }

    /// Lets the service rewrite the prompt, or not. The default is the service's, and no where it
    /// costs more.
    pub fn prompt_extend(mut self, extend: bool) -> Self {
        self.prompt_extend = Some(extend);
        self
    }

    /// Sets the seed, up to 2147483647. The default is a new one each time.
    pub fn seed(mut self, seed: u32) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets the model.
    pub fn model_id(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// Returns the model's id.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Returns the images to edit or to refer to.
    #[must_use]
    pub fn images(&self) -> &[InputImage] {
        &self.images
    }

    /// Returns the same request with each image that is a local file given a URL.
    ///
    /// # Errors
    ///
    /// What `place` says.
    pub fn place_images<E>(
        mut self,
        mut place: impl FnMut(&InputImage) -> Result<String, E>,
    ) -> Result<Self, E> {
        for image in &mut self.images {
            if image.is_local() {
                let url = place(image)?;
                *image = InputImage::new(url);
            }
        }
        Ok(self)
    }

    /// Checks the request against the catalog.
    ///
    /// # Errors
    ///
    /// An unknown model, a missing prompt, a number of images that the model does not take, or one
    /// that is a local file; with [`Strictness::Exact`] also any value that the model does not take.
    pub fn check(&self, strictness: Strictness) -> Result<Checked, Error> {
        let id = self.model.trim();
        let model = image::find(id).ok_or_else(|| {
            let all = image::models().iter().map(ImageModel::id);
            unknown_model("image", id, image::nearest_models(id), all)
        })?;
        input::check(self, model)?;
        let mut changes = Changes::new(strictness);
        let mut checked = body::build(self, model, &mut changes)?;
        checked.changes = changes.finish();
        Ok(checked)
    }
}

impl Checked {
    /// Returns the model's id.
    #[must_use]
    pub fn model(&self) -> &'static str {
        self.model.id()
    }

    /// Returns the body of the request. It may hold whole images.
    #[must_use]
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// Returns what was changed.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Returns how many images are made.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Returns the size that is sent; `None` leaves it to the service.
    #[must_use]
    pub fn size(&self) -> Option<ImageSize> {
        self.size
    }

    /// Returns true if the response has the images, and there is no task.
    #[must_use]
    pub fn is_synchronous(&self) -> bool {
        self.model.form().is_synchronous()
    }

    /// Returns what the images cost at list price in a region, where that is known; what images
    /// that go in cost is not in it.
    #[must_use]
    pub fn estimate(&self, region: Region) -> Option<Cost> {
        let class = self.size.and_then(ImageSize::class);
        self.price_of(region, Job::new(self.count).class(class))
    }

    /// Returns what the images cost that the service counted, at list price in a region.
    #[must_use]
    pub fn cost(&self, region: Region, usage: &ImageUsage) -> Option<Cost> {
        let class = self.size.and_then(ImageSize::class);
        self.price_of(region, Job::new(usage.images).class(usage.class.or(class)))
    }

    fn price_of(&self, region: Region, job: Job) -> Option<Cost> {
        let job = if self.extended { job.extended() } else { job };
        image::estimate(self.model, region, &job)
    }

    /// Returns the date of the price list behind [`estimate`](Self::estimate), as `YYYY-MM-DD`.
    #[must_use]
    pub fn price_date(&self, region: Region) -> Option<&'static str> {
        image::price(self.model, region).map(|list| list.as_of)
    }

    /// Returns the path of the request behind the origin of its region, as
    /// `qwen_openclaw_catalog::aigc_origin_for` gives it.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.model.form().path()
    }

    /// Returns the headers that the request needs besides key and content type.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, &'static str)> {
        let task = (!self.is_synchronous()).then_some(("X-DashScope-Async", "enable"));
        let resolve = ("X-DashScope-OssResourceResolve", "enable");
        let resolve = self.resolve_oss.then_some(resolve);
        task.into_iter().chain(resolve).collect()
    }
}

/// The body stays out of logs.
impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked")
            .field("model", &self.model())
            .field("count", &self.count)
            .field("size", &self.size)
            .field("changes", &self.changes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
