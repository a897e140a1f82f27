//! Images, video, and audio in a request: what they are and how many tokens they cost.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    request::{Frames, Part},
    usage::MediaTokens,
};

/// An image, video, or audio input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Medium<'a> {
    pub(super) kind: Kind,
    /// Its URL, which may hold the data itself.
    pub(super) address: &'a str,
}

/// What a content part says it holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Image,
    Video,
    /// One frame of a video given as images.
    Frame,
    Audio,
}

/// The media of a content part.
pub(super) fn of(part: &Part) -> Vec<Medium<'_>> {
    let mut media = Vec::new();
    let mut add = |kind, address| media.push(Medium { kind, address });
    if let Some(image) = &part.image_url {
        add(Kind::Image, image.url());
    }
    if let Some(video) = &part.video_url {
        add(Kind::Video, video.url());
    }
    match &part.video {
        Some(Frames::One(video)) => add(Kind::Video, video),
        Some(Frames::List(frames)) => frames.iter().for_each(|frame| add(Kind::Frame, frame)),
        None => {}
    }
    if let Some(audio) = &part.input_audio {
        add(Kind::Audio, &audio.data);
    }
    media
}

impl Medium<'_> {
    /// Input tokens: one for each square of 32 pixels of an image, a fixed count for what cannot
    /// be measured without fetching or decoding it.
    pub(super) fn tokens(&self) -> MediaTokens {
        let image = || match self.size() {
            Some((width, height)) => {
                let squares = width.div_ceil(32) as usize * height.div_ceil(32) as usize;
                squares.clamp(64, 16_384) + 2
            }
            None => 258,
        };
        let none = MediaTokens::default();
        match self.kind {
            Kind::Image => MediaTokens {
                image: image(),
                ..none
            },
            Kind::Frame => MediaTokens {
                video: image(),
                ..none
            },
            Kind::Video => MediaTokens {
                video: 2048,
                ..none
            },
            Kind::Audio => MediaTokens { audio: 125, ..none },
        }
    }

    /// Says what it is: type, size in pixels and length of the data, as far as they can be seen.
    pub(super) fn describe(&self) -> String {
        let kind = match self.kind {
            Kind::Image => "image",
            Kind::Video => "video",
            Kind::Frame => "frame",
            Kind::Audio => "sound",
        };
        let Some(data) = self.data() else {
            return format!("{} {kind} at {}", article(kind), self.address);
        };
        let name = sniff(&data).unwrap_or("unrecognized");
        let mut text = format!("{} {name} {kind}", article(name));
        if let Some((width, height)) = pixels(&data) {
            text.push_str(&format!(" of {width}×{height} pixels"));
        }
        text.push_str(&format!(" ({} bytes)", data.len()));
        text
    }

    fn size(&self) -> Option<(u32, u32)> {
        pixels(&self.data()?)
    }

    /// The data that the URL holds itself.
    fn data(&self) -> Option<Vec<u8>> {
        let (_, data) = self.address.strip_prefix("data:")?.split_once("base64,")?;
        STANDARD.decode(data.trim()).ok()
    }
}

/// The article a word is spoken with; formats with M are spelled out.
fn article(word: &str) -> &'static str {
    if word.starts_with(['A', 'M', 'O', 'i', 'u']) {
        "an"
    } else {
        "a"
    }
}

/// The name of a format, from the first bytes.
fn sniff(data: &[u8]) -> Option<&'static str> {
    let at = |at: usize, sign: &[u8]| data.get(at..).is_some_and(|data| data.starts_with(sign));
    let riff = at(0, b"RIFF");
    [
        (at(0, b"\x89PNG\r\n\x1a\n"), "PNG"),
        (at(0, b"\xff\xd8\xff"), "JPEG"),
        (at(0, b"GIF8"), "GIF"),
        (at(0, b"BM"), "BMP"),
        (riff && at(8, b"WEBP"), "WebP"),
        (riff && at(8, b"WAVE"), "WAV"),
        (riff && at(8, b"AVI "), "AVI"),
        (at(4, b"ftypqt"), "QuickTime"),
        (at(4, b"ftyp"), "MP4"),
        (at(0, b"\x1a\x45\xdf\xa3"), "WebM"),
        (at(0, b"ID3") || at(0, b"\xff\xfb"), "MP3"),
        (at(0, b"fLaC"), "FLAC"),
        (at(0, b"OggS"), "Ogg"),
    ]
    .into_iter()
    .find_map(|(is, name)| is.then_some(name))
}

/// Width and height of an image.
fn pixels(data: &[u8]) -> Option<(u32, u32)> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn image(data: &[u8]) -> String {
        format!("data:image/png;base64,{}", STANDARD.encode(data))
    }

    fn describe(address: &str) -> String {
        let kind = Kind::Image;
        Medium { kind, address }.describe()
    }

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0";

    #[test]
    fn names_type_and_size() {
        assert_eq!(
            describe(&image(PNG)),
            "a PNG image of 640×480 pixels (24 bytes)"
        );
        assert_eq!(
            describe(&image(b"GIF89a\x10\0\x08\0")),
            "a GIF image of 16×8 pixels (10 bytes)"
        );
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x0b\x08\0\x20\0\x40";
        assert_eq!(
            describe(&image(jpeg)),
            "a JPEG image of 64×32 pixels (17 bytes)"
        );
        let webp = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0";
        assert_eq!(
            describe(&image(webp)),
            "a WebP image of 640×480 pixels (30 bytes)"
        );
        assert_eq!(
            describe(&image(b"hello")),
            "an unrecognized image (5 bytes)"
        );
        assert_eq!(
            describe("https://a.example/b.png"),
            "an image at https://a.example/b.png"
        );
    }

    #[test]
    fn every_cut_of_an_image_is_survived() {
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x0b\x08\0\x20\0\x40";
        for data in [PNG, jpeg] {
            for end in 0..data.len() {
                assert!(describe(&image(&data[..end])).ends_with(" bytes)"));
            }
        }
    }

    #[test]
    fn larger_images_cost_more() {
        let tokens = |address: &str| {
            let kind = Kind::Image;
            Medium { kind, address }.tokens().image
        };
        assert_eq!(tokens(&image(PNG)), 20 * 15 + 2);
        assert_eq!(tokens("https://a.example/b.png"), 258);
    }
}
