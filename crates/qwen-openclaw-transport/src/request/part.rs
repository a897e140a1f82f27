//! The parts of a message: text, images, videos and audio.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Media;

/// One part of a message, in the form in which it is sent.
///
/// The limits of an image or a video are set beside it (help.aliyun.com, Model Studio, "vision").
/// One that does not fit the kind of part is ignored by the service.
///
/// ```
/// use qwen_openclaw_transport::{ChatRequest, Media, Part};
///
/// let request = ChatRequest::new("qwen-vl-max-latest").user_parts([
///     Part::text("What is on it?"),
///     Part::image(Media::url("https://example.com/cat.png")).max_pixels(1_000_000),
/// ]);
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Part(Value);

impl Part {
    /// Creates a text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self(json!({"type": "text", "text": text.into()}))
    }

    /// Creates an image.
    #[must_use]
    pub fn image(image: impl Into<Media>) -> Self {
        let url = image.into().into_address();
        Self(json!({"type": "image_url", "image_url": {"url": url}}))
    }

    /// Creates a video part.
    #[must_use]
    pub fn video(video: impl Into<Media>) -> Self {
        let url = video.into().into_address();
        Self(json!({"type": "video_url", "video_url": {"url": url}}))
    }

    /// Creates a video part from single frames: at least 4, at most 80 or 512, depending on the model.
    ///
    /// [`fps`](Self::fps) says how many of them are a second.
    #[must_use]
    pub fn frames(frames: impl IntoIterator<Item = Media>) -> Self {
        let frames: Vec<String> = frames.into_iter().map(Media::into_address).collect();
        Self(json!({"type": "video", "video": frames}))
    }

    /// Creates audio.
    #[must_use]
    pub fn audio(audio: impl Into<Media>) -> Self {
        let audio = audio.into();
        let format = audio.audio_format();
        let mut part =
            json!({"type": "input_audio", "input_audio": {"data": audio.into_address()}});
        if let Some(format) = format {
            part["input_audio"]["format"] = format.into();
        }
        Self(part)
    }

    /// Sets how many pixels an image has at least: smaller ones are enlarged. The default is the
    /// model's own, 65 536 for most.
    #[must_use]
    pub fn min_pixels(self, pixels: u32) -> Self {
        self.with("min_pixels", pixels)
    }

    /// Sets the maximum number of pixels of an image or a video frame; larger ones are scaled down.
    /// The default is the model's own, 2 621 440 and 655 360 for most.
    #[must_use]
    pub fn max_pixels(self, pixels: u32) -> Self {
        self.with("max_pixels", pixels)
    }

    /// Sets the maximum number of pixels of all frames of a video together. The default is the model's
    /// own.
    #[must_use]
    pub fn total_pixels(self, pixels: u64) -> Self {
        self.with("total_pixels", pixels)
    }

    /// Sets how many frames of a video are sampled per second, or, for [frames](Self::frames), how
    /// many of them there are a second. The default is 2.
    #[must_use]
    pub fn fps(self, fps: f64) -> Self {
        self.with("fps", fps)
    }

    /// Keeps everything up to this part in the explicit cache; see
    /// [`ChatRequest::cache_system`](crate::ChatRequest::cache_system). At most four parts of a
    /// request may say so.
    #[must_use]
    pub fn cache(self) -> Self {
        self.with("cache_control", json!({"type": "ephemeral"}))
    }

    /// Sets any field of the part.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Value::Object(fields) = &mut self.0 {
            fields.insert(name.to_owned(), value.into());
        }
        self
    }

    pub(crate) fn into_value(self) -> Value {
        self.0
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_stand_beside_the_medium() {
        let part = Part::image(Media::url("https://example.com/a.png"))
            .min_pixels(1)
            .max_pixels(2);
        assert_eq!(
            part.into_value(),
            json!({
                "type": "image_url",
                "image_url": {"url": "https://example.com/a.png"},
                "min_pixels": 1,
                "max_pixels": 2,
            })
        );
        let frames = ["https://example.com/1.jpg", "https://example.com/2.jpg"];
        assert_eq!(
            Part::frames(frames.map(Media::url)).fps(0.5).into_value(),
            json!({"type": "video", "video": frames, "fps": 0.5})
        );
    }

    #[test]
    fn audio_names_its_format() {
        let audio = Media::bytes(&b"RIFF\x00\x00\x00\x00WAVEfmt "[..]).unwrap();
        let part = Part::audio(audio).into_value();
        assert_eq!(part["input_audio"]["format"], "wav");
        let part = Part::audio(Media::url("https://example.com/a")).into_value();
        assert_eq!(part["input_audio"].get("format"), None);
    }
}
