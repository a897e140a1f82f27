//! The images and videos that a request refers to.

use qwen_openclaw_catalog::video::{MediaType, Mode, Protocol, VideoModel};
use qwen_openclaw_tasks::is_remote;

use super::VideoRequest;
use crate::{Error, Hint};

/// An image or a video that a request refers to, by its URL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference {
    url: String,
    is_video: bool,
    role: Option<MediaType>,
}

impl Reference {
    /// Creates a reference to an image.
    #[must_use]
    pub fn image(url: impl Into<String>) -> Self {
        Self {
            url: url.into().trim().to_owned(),
            is_video: false,
            role: None,
        }
    }

    /// Creates a reference to a video.
    #[must_use]
    pub fn video(url: impl Into<String>) -> Self {
        Self {
            is_video: true,
            ..Self::image(url)
        }
    }

    /// Sets what it is to Wan 2.7: the last frame, say. By default an image is the first frame or
    /// a subject, and a video the one to continue or a subject, as the model takes it.
    #[must_use]
    pub fn role(mut self, role: MediaType) -> Self {
        self.role = Some(role);
        self
    }

    /// Returns the URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns true for a video.
    #[must_use]
    pub fn is_video(&self) -> bool {
        self.is_video
    }

    /// Returns true for a URL that the service can reach: http, https, or its own storage.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        is_remote(&self.url)
    }

    /// Returns the path of a reference that is a file of this machine, without `file://`.
    #[must_use]
    pub fn local_path(&self) -> &str {
        self.url.strip_prefix("file://").unwrap_or(&self.url)
    }

    /// The maximum size of the file, going by what it is sent as.
    pub(crate) fn max_bytes(&self) -> u64 {
        let kind = self.role.unwrap_or(if self.is_video {
            MediaType::ReferenceVideo
        } else {
            MediaType::ReferenceImage
        });
        kind.max_bytes()
    }

    pub(crate) fn is_oss(&self) -> bool {
        self.url.starts_with("oss://")
    }

    pub(super) fn set_url(&mut self, url: String) {
        self.url = url;
    }

    /// What the reference is in the `media[]` of `model`.
    pub(super) fn media_type(&self, model: &VideoModel) -> MediaType {
        self.role.unwrap_or(match (model.mode(), self.is_video) {
            (Mode::ImageToVideo, false) => MediaType::FirstFrame,
            (Mode::ImageToVideo, true) => MediaType::FirstClip,
            (_, false) => MediaType::ReferenceImage,
            (_, true) => MediaType::ReferenceVideo,
        })
    }
}

/// Refuses what the model cannot refer to. There is nothing to normalise: leaving out a reference
/// would make another video.
pub(super) fn check(request: &VideoRequest, model: &VideoModel) -> Result<(), Error> {
    let videos = request
        .references
        .iter()
        .filter(|reference| reference.is_video)
        .count();
    let images = request.references.len() - videos;
    if !model.references().accept(images, videos) {
        return Err(Error::refused(format!("{} {}", model.id(), takes(model))));
    }
    if model.protocol() == Protocol::Media && model.mode() == Mode::ImageToVideo {
        let mut set: Vec<_> = request
            .references
            .iter()
            .map(|r| r.media_type(model))
            .collect();
        set.extend(
            request
                .audio_track
                .as_ref()
                .map(|_| MediaType::DrivingAudio),
        );
        if !model.references().accept_set(&set) {
            return Err(Error::refused(format!(
                "{} does not take this set of media together; it takes a first frame with or \
                 without a last one and a sound track, or a video with or without a last frame",
                model.id()
            )));
        }
    }
    let tracks = request
        .audio_track
        .iter()
        .map(|url| Reference::image(url.as_str()));
    for reference in request.references.iter().cloned().chain(tracks) {
        if !reference.is_remote() {
            let error = Error::refused(format!(
                "references must be remote http(s) URLs, as the service fetches them itself, and \
                 `{}` is not one",
                reference
                    .url
                    .chars()
                    .take(80)
                    .collect::<String>()
                    .escape_debug()
            ));
            return Err(error.with_hint(Hint::UploadFirst));
        }
    }
    Ok(())
}

fn takes(model: &VideoModel) -> String {
    let references = model.references();
    match model.mode() {
        Mode::TextToVideo => {
            "makes a video from text and takes no references; use an i2v or r2v model".to_owned()
        }
        Mode::ImageToVideo if references.max == 1 => {
            "needs exactly one reference image, and no video".to_owned()
        }
        _ => format!(
            "needs {} to {} references, at most {} of them videos",
            references.min, references.max, references.max_videos
        ),
    }
}
