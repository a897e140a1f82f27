//! Input images: URLs, uploads, and data in the request. Nothing is fetched.

use super::{Look, models::Model};
use crate::{inline, refusal::Refusal, route::Exchange, video::Books};

/// What is known of an input image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input {
    /// Width and height; `None` for an image elsewhere, and for formats that are not understood.
    pub(super) pixels: Option<(u32, u32)>,
    pub(super) look: Look,
}

const FORMATS: [&str; 6] = ["PNG", "JPEG", "GIF", "BMP", "WebP", "TIFF"];

/// Reads and checks an image. The texts are those of the service's error list; when it sends which
/// is inferred.
pub(super) fn read(
    exchange: &Exchange<'_>,
    books: &Books,
    model: &Model,
    url: &str,
) -> Result<Input, Refusal> {
    if let Some(data) = inline::data(url) {
        let corrupted = || Refusal::parameter("Invalid image format or corrupted file");
        let data = data.map_err(|_| corrupted())?;
        if !inline::sniff(&data).is_some_and(|format| FORMATS.contains(&format)) {
            return Err(corrupted());
        }
        let pixels = inline::pixels(&data);
        check(model, data.len(), pixels)?;
        let look = Look::of_image(&data);
        return Ok(Input { pixels, look });
    }
    if let Some(key) = url.strip_prefix("oss://") {
        let file = books.upload(key, exchange, model.id)?;
        check(model, file.length, file.pixels)?;
        return Ok(Input {
            pixels: file.pixels,
            look: file.look,
        });
    }
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|start| url.strip_prefix(start));
    if rest.is_none_or(str::is_empty) {
        return Err(Refusal::parameter("image format error"));
    }
    Ok(match books.picture(exchange, url) {
        // A result of the emulator: it need not be fetched either.
        Some((order, index)) => Input {
            pixels: Some((order.width, order.height)),
            look: order.look(index),
        },
        None => Input {
            pixels: None,
            look: Look::of_digest(url.as_bytes()),
        },
    })
}

/// Checks the size of an image, in bytes and, as far as it is known, in pixels.
fn check(model: &Model, length: usize, pixels: Option<(u32, u32)>) -> Result<(), Refusal> {
    let fits = |side: u32| (240..=8000).contains(&side);
    if model.limits_sides() && pixels.is_some_and(|(width, height)| !fits(width) || !fits(height)) {
        return Err(Refusal::parameter(
            "the size of input image is too small or too large.",
        ));
    }
    // Inferred: the text.
    let most = model.max_input();
    if length > most << 20 {
        return Err(Refusal::parameter(format!(
            "The image must not be larger than {most} MB"
        )));
    }
    Ok(())
}
