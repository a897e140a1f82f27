//! Images and videos in a request: what is known of them without fetching any.

use sha2::{Digest as _, Sha256};

use super::bag::Bag;
use crate::{inline, refusal::Refusal, route::Exchange, video};

/// An image or a video.
#[derive(Clone, Debug)]
pub(crate) struct Material {
    pub(crate) bag: Bag,
    /// What it costs: an image by its size, where that is seen, and a video the same whatever it is.
    pub(crate) tokens: usize,
}

/// What a model takes of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits<'a> {
    pub(crate) model: &'a str,
    /// In MB.
    pub(crate) size: usize,
}

/// The tokens of a video.
const VIDEO_TOKENS: usize = 2048;

impl Material {
    /// Reads an image: a URL, data, or an upload. Equal data are equal images, sent or uploaded.
    pub(crate) fn image(
        exchange: &Exchange<'_>,
        limits: Limits<'_>,
        url: &str,
    ) -> Result<Self, Refusal> {
        if url.starts_with("data:image/")
            && let Some(data) = inline::data(url)
        {
            let data = data.map_err(|_| video::not_valid())?;
            limits.check(data.len())?;
            return Ok(Self {
                bag: Bag::of_digest(digest(&data)),
                tokens: inline::image_tokens(inline::pixels(&data)),
            });
        }
        let (bag, pixels) = located(exchange, limits, url)?;
        let tokens = inline::image_tokens(pixels);
        Ok(Self { bag, tokens })
    }

    /// Reads a video: a URL or an upload.
    pub(crate) fn video(
        exchange: &Exchange<'_>,
        limits: Limits<'_>,
        url: &str,
    ) -> Result<Self, Refusal> {
        let (bag, _) = located(exchange, limits, url)?;
        let tokens = VIDEO_TOKENS;
        Ok(Self { bag, tokens })
    }
}

impl Limits<'_> {
    /// The text is inferred.
    fn check(self, length: usize) -> Result<(), Refusal> {
        let most = self.size;
        if length > most << 20 {
            return Err(Refusal::parameter(format!(
                "The size of the file must be at most {most} MB"
            )));
        }
        Ok(())
    }
}

/// What is known of a file that is elsewhere, and the pixels of an uploaded image.
fn located(
    exchange: &Exchange<'_>,
    limits: Limits<'_>,
    url: &str,
) -> Result<(Bag, Option<(u32, u32)>), Refusal> {
    if let Some(key) = url.strip_prefix("oss://") {
        let books = exchange.state.video.books();
        let file = books.upload(key, exchange, limits.model)?;
        limits.check(file.length)?;
        return Ok((Bag::of_digest(file.digest), file.pixels));
    }
    let host = ["http://", "https://"].map(|scheme| url.strip_prefix(scheme));
    match host.into_iter().flatten().next() {
        Some(host) if !host.is_empty() => Ok((Bag::of_url(url), None)),
        _ => Err(video::not_valid()),
    }
}

/// A number that follows from data.
pub(crate) fn digest(data: &[u8]) -> u64 {
    let digest = Sha256::digest(data);
    digest
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
