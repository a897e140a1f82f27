//! Media from files: read once, and no further than the service goes.

use std::{fs::File, io::Read, path::Path};

use qwen_openclaw_catalog::Modality;

use super::{MAX_DATA_URI, Media, refused, sniff, too_large};
use crate::Error;

/// How much is read to see what a file is.
const FIRST: u64 = 4096;

impl Media {
    /// Reads a file. It is read once, on this thread, and no further than its first bytes when it is
    /// larger than what the service takes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when it cannot be read, is empty, is too
    /// large, is nothing that is known, or is not what the ending of its name says.
    pub fn file(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::file_within(path, |_| None)
    }

    /// Reads a file as [`file`](Self::file) does, unless it is larger than `limit` says for its kind:
    /// the number of bytes, and what sets the limit, for the message. The kind is seen in the first
    /// bytes, and no more is read of a file that is too large.
    ///
    /// # Errors
    ///
    /// The same as [`file`](Self::file).
    pub fn file_within(
        path: impl AsRef<Path>,
        limit: impl FnOnce(Modality) -> Option<(u64, String)>,
    ) -> Result<Self, Error> {
        let path = path.as_ref();
        let shown = path.display();
        let unreadable = |error| refused(format!("could not read {shown}")).with_source(error);
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(refused(format!("{shown} is a folder")));
        }
        let mut content = Vec::new();
        let mut file = file.take(FIRST);
        file.read_to_end(&mut content).map_err(unreadable)?;
        if content.is_empty() {
            return Err(refused(format!("{shown} is empty")));
        }
        let kind = sniff::sniff(&content).map(|found| found.kind);
        let limit = kind.and_then(limit);
        let over = |bytes: u64| match &limit {
            Some((limit, name)) if bytes > *limit => Err(refused(format!(
                "{shown} has {bytes} bytes, and {name} allows {limit}"
            ))),
            _ => Ok(()),
        };
        over(metadata.len())?;
        // Base64 makes four bytes of three.
        let most = (MAX_DATA_URI / 4 * 3) as u64;
        if metadata.len() > most {
            return Err(too_large(metadata.len()));
        }
        // What is no plain file says nothing of its size.
        let most = limit.as_ref().map_or(most, |(limit, _)| most.min(*limit));
        file.set_limit((most + 1).saturating_sub(content.len() as u64));
        file.read_to_end(&mut content).map_err(unreadable)?;
        over(content.len() as u64)?;
        let found = sniff::sniff(&content).ok_or_else(|| {
            refused(format!(
                "{shown} does not look like an image, video or audio file"
            ))
        })?;
        if let Some(named) = named(path).filter(|named| !same(named, found.mime)) {
            return Err(refused(format!(
                "{shown} is {} by its content and {named} by its name; give it the name of what it \
                 is",
                found.mime
            )));
        }
        Self::with_type(content, found.mime)
    }
}

/// The media type that the ending of a name stands for, where there is just one.
fn named(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match ending.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "bmp" => "image/bmp",
        "tif" | "tiff" => "image/tiff",
        "heic" | "heif" => "image/heic",
        "avif" => "image/avif",
        "mp4" | "m4v" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "mkv" => "video/x-matroska",
        "avi" => "video/x-msvideo",
        "flv" => "video/x-flv",
        "mpg" | "mpeg" => "video/mpeg",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "ogg" | "opus" => "audio/ogg",
        "flac" => "audio/flac",
        "m4a" => "audio/mp4",
        "aac" => "audio/aac",
        "amr" => "audio/amr",
        // Of text files, archives and others it is known that they are no media.
        "txt" | "md" | "html" | "json" | "pdf" | "zip" | "gz" => "no medium",
        _ => return None,
    })
}

/// Whether a type by name and one by content go together: the same boxes hold MP4, QuickTime and
/// audio alone, and a `.webm` without the mark is still Matroska.
fn same(named: &str, found: &str) -> bool {
    const BOXES: [&str; 3] = ["video/mp4", "video/quicktime", "audio/mp4"];
    const MATROSKA: [&str; 2] = ["video/webm", "video/x-matroska"];
    named == found
        || (BOXES.contains(&named) && BOXES.contains(&found))
        || (MATROSKA.contains(&named) && MATROSKA.contains(&found))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

    fn check(name: &str, content: &[u8]) -> Result<Media, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let shown = path.display().to_string();
        Media::file(&path).map_err(|error| error.to_string().replace(&shown, name))
    }

    #[test]
    fn a_file_is_what_its_content_is() {
        for name in ["a.png", "A.PNG", "noname", "a.data"] {
            assert_eq!(check(name, PNG).unwrap().mime(), Some("image/png"));
        }
        let clip = check("a.mov", b"\0\0\0\x20ftypisom\0\0").unwrap();
        assert_eq!(clip.mime(), Some("video/mp4"));
    }

    #[test]
    fn what_is_no_medium_is_said_clearly() {
        let refused = |name, content: &[u8]| check(name, content).unwrap_err();
        assert_eq!(refused("a.png", b""), "a.png is empty");
        assert_eq!(
            refused("a.jpg", PNG),
            "a.jpg is image/png by its content and image/jpeg by its name; give it the name of what \
             it is"
        );
        assert_eq!(
            refused("a.txt", b"hello"),
            "a.txt does not look like an image, video or audio file"
        );
        let large = refused("a.png", &[PNG, &vec![0; 7_900_000]].concat());
        assert!(large.starts_with("the media has 7900018 bytes"), "{large}");
    }

    #[test]
    fn a_limit_is_that_of_the_kind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        std::fs::write(&path, [PNG, &vec![0; 10_000]].concat()).unwrap();
        let within = |limit: u64| {
            Media::file_within(&path, |kind| {
                assert_eq!(kind, Modality::Image);
                Some((limit, "the rule".to_owned()))
            })
        };
        assert_eq!(within(10_018).unwrap(), Media::file(&path).unwrap());
        let refused = within(10_017).unwrap_err().to_string();
        let end = "a.png has 10018 bytes, and the rule allows 10017";
        assert!(refused.ends_with(end), "{refused}");
    }

    #[test]
    fn what_is_no_file_is_said_too() {
        let folder = tempfile::tempdir().unwrap();
        let error = Media::file(folder.path()).unwrap_err();
        assert!(error.to_string().ends_with(" is a folder"), "{error}");
        let error = Media::file(folder.path().join("nothing")).unwrap_err();
        assert!(error.to_string().starts_with("could not read"), "{error}");
        assert!(std::error::Error::source(&error).is_some());
    }
}
