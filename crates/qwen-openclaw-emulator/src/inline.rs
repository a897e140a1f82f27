//! Media that a request holds itself: their data, formats and sizes.

use base64::{Engine, engine::general_purpose::STANDARD};

/// What a URL is to hold, and does not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Broken;

/// Decodes the data of a `data:` URL; `None` for other URLs.
pub(crate) fn data(url: &str) -> Option<Result<Vec<u8>, Broken>> {
    let (_, data) = match url.strip_prefix("data:")?.split_once("base64,") {
        Some(parts) => parts,
        None => return Some(Err(Broken)),
    };
    let decoded = STANDARD.decode(data.trim());
    Some(match decoded {
        Ok(data) if !data.is_empty() => Ok(data),
        _ => Err(Broken),
    })
}

/// The name of a format, from the first bytes.
pub(crate) fn sniff(data: &[u8]) -> Option<&'static str> {
    let at = |at: usize, sign: &[u8]| data.get(at..).is_some_and(|data| data.starts_with(sign));
    let riff = at(0, b"RIFF");
    [
        (at(0, b"\x89PNG\r\n\x1a\n"), "PNG"),
        (at(0, b"\xff\xd8\xff"), "JPEG"),
        (at(0, b"GIF8"), "GIF"),
        (at(0, b"BM"), "BMP"),
        (at(0, b"II*\0") || at(0, b"MM\0*"), "TIFF"),
        (riff && at(8, b"WEBP"), "WebP"),
        (riff && at(8, b"WAVE"), "WAV"),
        (riff && at(8, b"AVI "), "AVI"),
        (at(4, b"ftypqt"), "QuickTime"),
        (at(4, b"ftyp"), "MP4"),
        (at(0, b"\x1a\x45\xdf\xa3"), "WebM"),
        (at(0, b"ID3") || is_mpeg_audio(data), "MP3"),
        (at(0, b"fLaC"), "FLAC"),
        (at(0, b"OggS"), "Ogg"),
    ]
    .into_iter()
    .find_map(|(is, name)| is.then_some(name))
}

/// Whether data starts with a frame of MPEG audio, layer III.
fn is_mpeg_audio(data: &[u8]) -> bool {
    matches!(data, [0xff, 0xfa | 0xfb | 0xf2 | 0xf3 | 0xe2 | 0xe3, ..])
}

/// Whether data is audio of a known format.
pub(crate) fn is_audio(data: &[u8]) -> bool {
    matches!(sniff(data), Some("WAV" | "MP3" | "FLAC" | "Ogg"))
}

/// Width and height of an image. An image without any width or height is none.
pub(crate) fn pixels(data: &[u8]) -> Option<(u32, u32)> {
    header_size(data).filter(|(width, height)| *width > 0 && *height > 0)
}

/// The tokens of an image: one for each square of 32 pixels, a fixed count for an image whose size
/// is not seen.
pub(crate) fn image_tokens(pixels: Option<(u32, u32)>) -> usize {
    match pixels {
        Some((width, height)) => {
            let squares = width.div_ceil(32) as usize * height.div_ceil(32) as usize;
            squares.clamp(64, 16_384) + 2
        }
        None => 258,
    }
}

fn header_size(data: &[u8]) -> Option<(u32, u32)> {
    let big = |at: usize| {
        Some(u32::from(u16::from_be_bytes(
            *data.get(at..)?.first_chunk()?,
        )))
    };
    let little = |at: usize| {
        Some(u32::from(u16::from_le_bytes(
            *data.get(at..)?.first_chunk()?,
        )))
    };
    let triple = |at: usize| {
        let [a, b, c] = *data.get(at..)?.first_chunk()?;
        Some(u32::from_le_bytes([a, b, c, 0]) + 1)
    };
    match sniff(data)? {
        "PNG" => {
            let number = |at: usize| Some(u32::from_be_bytes(*data.get(at..)?.first_chunk()?));
            Some((number(16)?, number(20)?))
        }
        "GIF" => Some((little(6)?, little(8)?)),
        "BMP" => {
            let number = |at: usize| Some(i32::from_le_bytes(*data.get(at..)?.first_chunk()?));
            Some((number(18)?.unsigned_abs(), number(22)?.unsigned_abs()))
        }
        "WebP" => match data.get(12..16)? {
            b"VP8X" => Some((triple(24)?, triple(27)?)),
            b"VP8L" => {
                let bits = u32::from_le_bytes(*data.get(21..)?.first_chunk()?);
                Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
            }
            _ => Some((little(26)? & 0x3fff, little(28)? & 0x3fff)),
        },
        "JPEG" => {
            let mut at = 2;
            loop {
                let marker = *data.get(at + 1)?;
                // Start of frame, but not the tables that share the range.
                if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
                    return Some((big(at + 7)?, big(at + 5)?));
                }
                at += 2 + big(at + 2)? as usize;
            }
        }
        _ => None,
    }
}
