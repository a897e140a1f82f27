//! Requests for Wan videos, checked against the catalog before anything is sent.
//!
//! A value that a model does not take may only show up as a failed task, minutes later. So what is
//! sent comes from the catalog's table, and so do the values that are left to the service by
//! others: resolution and duration are always sent, because the service's own defaults are the
//! costly ones (help.aliyun.com, Model Studio, "text-to-video-api-reference").

mod aspect;
mod body;
mod format;
mod likeness;
mod references;

use qwen_openclaw_catalog::{
    Region,
    price::Cost,
    video::{self, Resolution, Size, VideoModel},
};
use qwen_openclaw_tasks::{Change, Changes, Strictness, unknown_model};

use crate::Error;

pub(crate) use self::likeness::likeness;
pub use self::{aspect::AspectRatio, references::Reference};

/// How the shots of a video follow each other.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ShotType {
    /// One shot.
    Single,
    /// Several shots.
    Multi,
}

/// A request for one video.
///
/// ```
/// use qwen_openclaw_catalog::video::Resolution;
/// use qwen_openclaw_video::{Strictness, VideoRequest};
///
/// let request = VideoRequest::new("wan2.6-t2v")
///     .prompt("a lobster surfing at sunset")
///     .seconds(5)
///     .resolution(Resolution::P720);
/// let checked = request.check(Strictness::Exact)?;
/// assert_eq!(checked.body()["parameters"]["size"], "1280*720");
/// # Ok::<(), qwen_openclaw_video::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct VideoRequest {
    model: String,
    prompt: Option<String>,
    negative_prompt: Option<String>,
    references: Vec<Reference>,
    audio_track: Option<String>,
    size: Option<Size>,
    resolution: Option<Resolution>,
    ratio: Option<AspectRatio>,
    seconds: Option<u32>,
    audio: Option<bool>,
    watermark: Option<bool>,
    prompt_extend: Option<bool>,
    shot_type: Option<ShotType>,
    seed: Option<u32>,
}

/// A request that the model takes, and what had to be changed for that.
#[derive(Clone, Debug)]
pub struct Checked {
    model: &'static VideoModel,
    body: serde_json::Value,
    resolution: Resolution,
    seconds: u32,
    silent: bool,
    resolve_oss: bool,
    changes: Vec<Change>,
}

impl VideoRequest {
    /// Creates a request for a model, such as `wan2.6-t2v`.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            ..Self::default()
        }
    }

    /// Sets what the video shows.
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = Some(prompt.into());
        self
    }

    /// Sets what the video must not show, at most 500 characters. The default is nothing.
    pub fn negative_prompt(mut self, prompt: impl Into<String>) -> Self {
        self.negative_prompt = Some(prompt.into());
        self
    }

    /// Adds an image: the first frame for image-to-video, a subject for reference-to-video.
    pub fn image(self, url: impl Into<String>) -> Self {
        self.reference(Reference::image(url))
    }

    /// Adds a video whose subject appears.
    pub fn video(self, url: impl Into<String>) -> Self {
        self.reference(Reference::video(url))
    }

    /// Adds a reference.
    pub fn reference(mut self, reference: Reference) -> Self {
        self.references.push(reference);
        self
    }

    /// Sets the audio track. By default the service generates one.
    pub fn audio_track(mut self, url: impl Into<String>) -> Self {
        self.audio_track = Some(url.into());
        self
    }

    /// Sets the exact size. It comes before resolution and ratio.
    pub fn size(mut self, size: Size) -> Self {
        self.size = Some(size);
        self
    }

    /// Sets the resolution. The default is 720P where the model has it, which is the cheaper one.
    pub fn resolution(mut self, resolution: Resolution) -> Self {
        self.resolution = Some(resolution);
        self
    }

    /// Sets the ratio: a `Ratio` of the catalog, or any other for [`Strictness::Normalise`]. The
    /// default is 16:9; image-to-video follows the image.
    pub fn ratio(mut self, ratio: impl Into<AspectRatio>) -> Self {
        self.ratio = Some(ratio.into());
        self
    }

    /// Sets the length in seconds. The default is 5.
    pub fn seconds(mut self, seconds: u32) -> Self {
        self.seconds = Some(seconds);
        self
    }

    /// Makes the video silent, or not, where the model can be silent: it is cheaper then. The
    /// default is sound.
    pub fn audio(mut self, audio: bool) -> Self {
        self.audio = Some(audio);
        self
    }

    /// Puts the vendor's watermark on the video, or not. The default is the service's: no.
    pub fn watermark(mut self, watermark: bool) -> Self {
        self.watermark = Some(watermark);
        self
    }

    /// Lets the service rewrite the prompt, or not. The default is the service's: yes.
    pub fn prompt_extend(mut self, extend: bool) -> Self {
        self.prompt_extend = Some(extend);
        self
    }

    /// Sets how the shots follow each other, where the model takes it.
    pub fn shot_type(mut self, shot_type: ShotType) -> Self {
        self.shot_type = Some(shot_type);
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

    /// Returns the references.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Returns the same request with each reference that is not a URL given one.
    ///
    /// # Errors
    ///
    /// What `place` says.
    pub fn place_references<E>(
        mut self,
        mut place: impl FnMut(&Reference) -> Result<String, E>,
    ) -> Result<Self, E> {
        for reference in &mut self.references {
            if !reference.is_remote() {
                let url = place(reference)?;
                reference.set_url(url);
            }
        }
        Ok(self)
    }

    /// Checks the request against the catalog.
    ///
    /// # Errors
    ///
    /// An unknown model, references that the model does not take or that are not
    /// remote URLs, a missing prompt; with [`Strictness::Exact`] also any value that the model
    /// does not take.
    pub fn check(&self, strictness: Strictness) -> Result<Checked, Error> {
        let id = self.model.trim();
        let model = video::find(id).ok_or_else(|| {
            let all = video::models().iter().map(VideoModel::id);
            unknown_model("video", id, video::nearest_models(id), all)
        })?;
        references::check(self, model)?;
        let mut changes = Changes::new(strictness);
        let body = body::build(self, model, &mut changes)?;
        Ok(body.into_checked(model, changes.finish()))
    }
}

impl Checked {
    /// Returns the model's id.
    #[must_use]
    pub fn model(&self) -> &'static str {
        self.model.id()
    }

    /// Returns the body of the request.
    #[must_use]
    pub fn body(&self) -> &serde_json::Value {
        &self.body
    }

    /// Returns what was changed.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Returns the length of the video in seconds.
    #[must_use]
    pub fn seconds(&self) -> u32 {
        self.seconds
    }

    /// Returns the resolution of the video.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// Returns what the video costs at list price in a region, where that is known; seconds of
    /// reference videos, which are billed too, are not in it.
    #[must_use]
    pub fn estimate(&self, region: Region) -> Option<Cost> {
        let job = video::Job::new(self.resolution, self.seconds);
        let job = if self.silent { job.silent() } else { job };
        video::estimate(self.model, region, &job)
    }

    /// Returns the date of the price list behind [`estimate`](Self::estimate), as `YYYY-MM-DD`.
    #[must_use]
    pub fn price_date(&self, region: Region) -> Option<&'static str> {
        video::price(self.model, region).map(|list| list.as_of)
    }

    /// Returns the path of the request behind the origin of its region, as
    /// `qwen_openclaw_catalog::aigc_origin_for` gives it.
    #[must_use]
    pub fn path(&self) -> &'static str {
        "/api/v1/services/aigc/video-generation/video-synthesis"
    }

    /// Returns the headers that the request needs besides key and content type.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, &'static str)> {
        let resolve = ("X-DashScope-OssResourceResolve", "enable");
        let resolve = self.resolve_oss.then_some(resolve);
        [("X-DashScope-Async", "enable")]
            .into_iter()
            .chain(resolve)
            .collect()
    }
}

#[cfg(test)]
mod tests;
