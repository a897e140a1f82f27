//! Images, video, and audio in a request: what they are and how many tokens they cost.

use super::{
    request::{Frames, Part},
    usage::MediaTokens,
};
use crate::inline::{self, pixels, sniff};

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
    /// Input tokens: a fixed count for what cannot be measured without fetching or decoding it.
    pub(super) fn tokens(&self) -> MediaTokens {
        let image = || inline::image_tokens(self.size());
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

    /// Width and height of an image, as far as they can be seen.
    pub(super) fn size(&self) -> Option<(u32, u32)> {
        pixels(&self.data()?)
    }

    /// The data that the URL holds itself.
    fn data(&self) -> Option<Vec<u8>> {
        inline::data(self.address)?.ok()
    }

    /// Whether the URL is to hold the data, and does not.
    pub(super) fn is_broken(&self) -> bool {
        inline::data(self.address).is_some_and(|data| data.is_err())
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

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

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
            for end in 1..data.len() {
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
