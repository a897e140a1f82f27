//! The images that go into a request.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use qwen_openclaw_catalog::image::{ImageModel, MAX_IMAGE_BYTES, Mode};
use qwen_openclaw_tasks::{is_remote, read_file};

use super::ImageRequest;
use crate::{Error, Hint};

/// How much may go along inline: a job's record holds all of it.
const MOST_INLINE: usize = 14 << 20;

/// An image that goes into a request: a URL, a `data:` URL, or the path of a local file, which must
/// be placed before the request is sent.
#[derive(Clone, Eq, PartialEq)]
pub struct InputImage {
    url: String,
}

impl InputImage {
    /// Creates an image from a URL or a path.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into().trim().to_owned(),
        }
    }

    /// Returns the URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns true for a file of this machine: neither a URL that the service can read nor a
    /// `data:` URL.
    #[must_use]
    pub fn is_local(&self) -> bool {
        !self.is_inline() && !is_remote(&self.url)
    }

    /// Returns the path of a local file, without `file://`.
    #[must_use]
    pub fn local_path(&self) -> &str {
        self.url.strip_prefix("file://").unwrap_or(&self.url)
    }

    /// Reads a local file, and returns it as a `data:` URL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Storage`](crate::ErrorKind::Storage) if it cannot be read,
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if it is not an image, or
    /// larger than 10 MiB.
    pub fn to_data_url(&self) -> Result<String, Error> {
        let path = self.local_path();
        let (content, media_type) = read_file(path.as_ref(), MAX_IMAGE_BYTES)?;
        if !media_type.starts_with("image/") {
            let message = format!("{path} is not an image that the service reads");
            return Err(Error::refused(message));
        }
        let mut url = format!("data:{media_type};base64,");
        STANDARD.encode_string(content, &mut url);
        Ok(url)
    }

    fn is_inline(&self) -> bool {
        let begin = self.url.get(..5);
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case("data:"))
    }

    pub(super) fn is_oss(&self) -> bool {
        self.url.starts_with("oss://")
    }
}

impl From<&str> for InputImage {
    fn from(url: &str) -> Self {
        Self::new(url)
    }
}

impl From<String> for InputImage {
    fn from(url: String) -> Self {
        Self::new(url)
    }
}

/// The beginning of the URL: the rest may be a whole image.
impl fmt::Debug for InputImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InputImage")
            .field(&beginning(&self.url))
            .finish()
    }
}

fn beginning(url: &str) -> String {
    url.chars().take(80).collect()
}

/// Refuses what the model cannot look at. There is nothing to normalise: leaving out an image would
/// make another one.
pub(super) fn check(request: &ImageRequest, model: &ImageModel) -> Result<(), Error> {
    if !model.images().accept(request.images.len()) {
        return Err(Error::refused(format!("{} {}", model.id(), takes(model))));
    }
    for image in &request.images {
        if image.is_local() {
            let error = Error::refused(format!(
                "images must be http(s) or data URLs, and `{}` is neither",
                beginning(&image.url).escape_debug()
            ));
            return Err(error.with_hint(Hint::UploadFirst));
        }
    }
    let inline = request.images.iter().filter(|image| image.is_inline());
    let inline: usize = inline.map(|image| image.url.len()).sum();
    if inline > MOST_INLINE {
        let limit = MOST_INLINE >> 20;
        let message = format!("the images have more than {limit} MiB together when sent inline");
        return Err(Error::refused(message).with_hint(Hint::UploadFirst));
    }
    Ok(())
}

fn takes(model: &ImageModel) -> String {
    let images = model.images();
    match model.mode() {
        Mode::TextToImage => {
            "makes images from text and takes none; use a model that edits images".to_owned()
        }
        Mode::Edit => format!("needs {} to {} images", images.min, images.max),
        _ => format!("takes at most {} images", images.max),
    }
}
