//! Images, videos and audio to send: by URL, or inline.

mod file;
mod sniff;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use qwen_openclaw_catalog::Modality;

use crate::{Error, ErrorKind};

/// The longest data URI that the service takes, in bytes of its text (help.aliyun.com, Model
/// Studio, "error-code"): about 7.8 million bytes of a file.
pub(crate) const MAX_DATA_URI: usize = 10 * 1024 * 1024;

/// An image, a video or audio: a URL that the service can reach, or the data itself.
///
/// ```
/// use qwen_openclaw_transport::Media;
///
/// let image = Media::bytes(&b"\x89PNG\r\n\x1a\n and so on"[..])?;
/// assert_eq!(image.mime(), Some("image/png"));
/// # Ok::<(), qwen_openclaw_transport::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Media {
    address: String,
    kind: Option<Modality>,
    mime: Option<String>,
}

impl Media {
    /// Creates media from a URL, which the service fetches itself, or from a data URI.
    #[must_use]
    pub fn url(address: impl Into<String>) -> Self {
        let address = address.into();
        let mime = address
            .strip_prefix("data:")
            .and_then(|rest| rest.split([';', ',']).next())
            .filter(|mime| !mime.is_empty())
            .map(str::to_owned);
        let kind = mime.as_deref().and_then(kind_of);
        Self {
            address,
            kind,
            mime,
        }
    }

    /// Takes the content of a file; what it is shows in its first bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] when it is empty, too large for the service, or nothing that is
    /// known.
    pub fn bytes(content: impl AsRef<[u8]>) -> Result<Self, Error> {
        let content = content.as_ref();
        let found = sniff::sniff(content).ok_or_else(|| match content.is_empty() {
            true => refused("the media is empty"),
            false => refused(
                "the media type was not recognized as image, video or audio; if it is one, \
                 pass the media type explicitly",
            ),
        })?;
        Self::with_type(content, found.mime)
    }

    /// Takes the content of a file that is of the media type `mime`, such as `video/mp4`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] when it is empty or too large for the service.
    pub fn with_type(content: impl AsRef<[u8]>, mime: impl Into<String>) -> Result<Self, Error> {
        let (content, mime) = (content.as_ref(), mime.into());
        if content.is_empty() {
            return Err(refused("the media is empty"));
        }
        let prefix = format!("data:{mime};base64,");
        let length = prefix.len() + content.len().div_ceil(3) * 4;
        if length > MAX_DATA_URI {
            return Err(too_large(content.len() as u64));
        }
        let mut address = String::with_capacity(length);
        address.push_str(&prefix);
        STANDARD.encode_string(content, &mut address);
        Ok(Self {
            kind: kind_of(&mime),
            mime: Some(mime),
            address,
        })
    }

    /// Returns the kind of media; `None` if the URL does not tell.
    #[must_use]
    pub fn kind(&self) -> Option<Modality> {
        self.kind
    }

    /// Returns the media type; `None` if the URL does not tell.
    #[must_use]
    pub fn mime(&self) -> Option<&str> {
        self.mime.as_deref()
    }

    /// Returns the URL, or the data URI.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn into_address(self) -> String {
        self.address
    }

    /// The name the service has for the format of audio.
    pub(crate) fn audio_format(&self) -> Option<&'static str> {
        Some(match self.mime.as_deref()? {
            "audio/mpeg" => "mp3",
            "audio/wav" => "wav",
            "audio/ogg" => "ogg",
            "audio/flac" => "flac",
            "audio/mp4" => "m4a",
            "audio/aac" => "aac",
            "audio/amr" => "amr",
            _ => return None,
        })
    }
}

/// Creates media from a URL or a data URI, as [`Media::url`] does.
impl From<&str> for Media {
    fn from(address: &str) -> Self {
        Self::url(address)
    }
}

/// Creates media from a URL or a data URI, as [`Media::url`] does.
impl From<String> for Media {
    fn from(address: String) -> Self {
        Self::url(address)
    }
}

/// What a media type is a type of.
fn kind_of(mime: &str) -> Option<Modality> {
    match mime.split('/').next() {
        Some("image") => Some(Modality::Image),
        Some("video") => Some(Modality::Video),
        Some("audio") => Some(Modality::Audio),
        _ => None,
    }
}

fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidRequest, message)
}

fn too_large(bytes: u64) -> Error {
    refused(format!(
        "the media has {bytes} bytes, and the service accepts at most 10 MiB of encoded data, which \
         are about 7800000 bytes; make it smaller or pass an https address of it"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_becomes_a_data_uri() {
        let media = Media::with_type([0, 1, 2, 3], "video/mp4").unwrap();
        assert_eq!(media.address(), "data:video/mp4;base64,AAECAw==");
        assert_eq!(media.kind(), Some(Modality::Video));
        assert_eq!(Media::url(media.address()), media);
    }

    #[test]
    fn an_address_says_nothing_of_itself() {
        let media = Media::url("https://example.com/a.png");
        assert_eq!((media.kind(), media.mime()), (None, None));
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let check = |result: Result<Media, Error>, expected: &str| {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(error.to_string().starts_with(expected), "{error}");
        };
        check(Media::bytes([]), "the media is empty");
        check(Media::with_type([], "image/png"), "the media is empty");
        check(
            Media::bytes("just a text"),
            "the media type was not recognized",
        );
        let large = vec![0; 7_900_000];
        check(
            Media::with_type(large, "image/png"),
            "the media has 7900000 bytes, and the service accepts at most 10 MiB",
        );
    }

    #[test]
    fn the_limit_is_that_of_the_encoded_text() {
        let fits = (MAX_DATA_URI - "data:image/png;base64,".len()) / 4 * 3;
        let media = Media::with_type(vec![0; fits], "image/png").unwrap();
        assert!(media.address().len() <= MAX_DATA_URI);
        assert!(Media::with_type(vec![0; fits + 3], "image/png").is_err());
    }
}
