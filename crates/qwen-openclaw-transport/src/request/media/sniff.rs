//! What a file is, going by its first bytes.

use qwen_openclaw_catalog::Modality::{self, Audio, Image, Video};

/// What was found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Found {
    pub(super) kind: Modality,
    pub(super) mime: &'static str,
}

const fn found(kind: Modality, mime: &'static str) -> Option<Found> {
    Some(Found { kind, mime })
}

/// Says what `bytes` are the beginning of.
pub(super) fn sniff(bytes: &[u8]) -> Option<Found> {
    let at = |offset: usize, mark: &[u8]| {
        let rest = bytes.get(offset..);
        rest.is_some_and(|rest| rest.starts_with(mark))
    };
    if at(0, b"\x89PNG\r\n\x1a\n") {
        found(Image, "image/png")
    } else if at(0, b"\xff\xd8\xff") {
        found(Image, "image/jpeg")
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        found(Image, "image/gif")
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        found(Image, "image/webp")
    } else if at(0, b"RIFF") && at(8, b"WAVE") {
        found(Audio, "audio/wav")
    } else if at(0, b"RIFF") && at(8, b"AVI ") {
        found(Video, "video/x-msvideo")
    } else if at(0, b"BM") && bytes.len() >= 26 && at(6, &[0; 4]) {
        found(Image, "image/bmp")
    } else if at(0, b"II*\0") || at(0, b"MM\0*") {
        found(Image, "image/tiff")
    } else if at(4, b"ftyp") {
        brand(bytes.get(8..12)?)
    } else if at(0, b"\x1a\x45\xdf\xa3") {
        matroska(bytes)
    } else if at(0, b"FLV\x01") {
        found(Video, "video/x-flv")
    } else if at(0, b"\x00\x00\x01\xba") || at(0, b"\x00\x00\x01\xb3") {
        found(Video, "video/mpeg")
    } else if at(0, b"fLaC") {
        found(Audio, "audio/flac")
    } else if at(0, b"OggS") {
        found(Audio, "audio/ogg")
    } else if at(0, b"#!AMR") {
        found(Audio, "audio/amr")
    } else if at(0, b"ID3") {
        found(Audio, "audio/mpeg")
    } else {
        mpeg_audio(bytes)
    }
}

/// The first brand of an ISO base media file.
fn brand(brand: &[u8]) -> Option<Found> {
    match brand {
        b"qt  " => found(Video, "video/quicktime"),
        b"M4A " | b"M4B " => found(Audio, "audio/mp4"),
        b"heic" | b"heix" | b"mif1" | b"msf1" => found(Image, "image/heic"),
        b"avif" => found(Image, "image/avif"),
        _ => found(Video, "video/mp4"),
    }
}

/// WebM is Matroska that says so in its head.
fn matroska(bytes: &[u8]) -> Option<Found> {
    let head = &bytes[..bytes.len().min(64)];
    if head.windows(4).any(|word| word == b"webm") {
        found(Video, "video/webm")
    } else {
        found(Video, "video/x-matroska")
    }
}

/// The frame headers of MP3 and AAC share their first eleven or twelve bits.
fn mpeg_audio(bytes: &[u8]) -> Option<Found> {
    match bytes {
        [0xff, second, ..] if second & 0xf6 == 0xf0 => found(Audio, "audio/aac"),
        [0xff, second, third, ..]
            if second & 0xe0 == 0xe0 && second & 0x06 != 0 && third & 0xf0 != 0xf0 =>
        {
            found(Audio, "audio/mpeg")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_bytes() {
        let bmp = [&b"BM\x46\0\0\0\0\0\0\0\x36"[..], &[0; 20]].concat();
        let cases: &[(&[u8], &str)] = &[
            (b"\x89PNG\r\n\x1a\n\0", "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"GIF89a..", "image/gif"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (&bmp, "image/bmp"),
            (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
            (b"\0\0\0\x20ftypisom\0\0", "video/mp4"),
            (b"\0\0\0\x14ftypqt  \0\0", "video/quicktime"),
            (b"\0\0\0\x20ftypM4A \0\0", "audio/mp4"),
            (
                b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm\x42\x87",
                "video/webm",
            ),
            (
                b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska",
                "video/x-matroska",
            ),
            (b"ID3\x04\0\0", "audio/mpeg"),
            (b"\xff\xfb\x90\x64", "audio/mpeg"),
            (b"\xff\xf1\x50\x80", "audio/aac"),
            (b"OggS\0\x02", "audio/ogg"),
            (b"fLaC\0\0", "audio/flac"),
        ];
        for (bytes, mime) in cases {
            assert_eq!(sniff(bytes).map(|found| found.mime), Some(*mime));
        }
    }

    #[test]
    fn other_files_are_not_taken_for_media() {
        for bytes in [
            &b""[..],
            b"\xff",
            b"BMW is a make of cars, not an image",
            b"<html>",
            b"%PDF-1.7",
            b"\x00\x01\x02\x03",
            b"PK\x03\x04",
            b"\xff\xfe\xff\xfe",
        ] {
            assert_eq!(sniff(bytes), None, "{bytes:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_are_too_odd(
            mark in proptest::sample::select(vec![
                &b"RIFF"[..], b"\0\0\0\x20ftyp", b"\x1a\x45\xdf\xa3", b"BM", b"\xff", b"",
            ]),
            rest: Vec<u8>,
        ) {
            let bytes = [mark, &rest].concat();
            if let Some(found) = sniff(&bytes) {
                proptest::prop_assert!(found.mime.starts_with(found.kind.as_str()));
            }
        }
    }
}
