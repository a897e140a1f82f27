//! What is asked of a multimodal model, and how it is written.

use base64::{Engine, engine::general_purpose::STANDARD};
use qwen_openclaw_catalog::embedding::{self, Fusion};
use serde_json::{Map, Value, json};

/// Something that a multimodal model embeds: a text, an image, a video, or several of them.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Content {
    parts: Map<String, Value>,
}

impl Content {
    fn of(kind: &str, value: impl Into<Value>) -> Self {
        Self {
            parts: Map::from_iter([(kind.to_owned(), value.into())]),
        }
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of("text", text.into())
    }

    /// An image: its URL, or a data URL.
    pub fn image(url: impl Into<String>) -> Self {
        Self::of("image", url.into())
    }

    /// An image by its bytes, of a media type such as `image/png`.
    pub fn image_bytes(media_type: &str, bytes: &[u8]) -> Self {
        let data = STANDARD.encode(bytes);
        Self::image(format!("data:{media_type};base64,{data}"))
    }

    /// A video: its URL.
    pub fn video(url: impl Into<String>) -> Self {
        Self::of("video", url.into())
    }

    /// Several images as one content, by their URLs.
    pub fn images(urls: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let urls: Vec<Value> = urls.into_iter().map(|url| url.into().into()).collect();
        Self::of("multi_images", urls)
    }

    /// Makes one content of this one and `other`, such as an image with its caption, for models with
    /// [`Fusion::WithinContent`]. Where both have a part of the same kind, that of `other` counts.
    pub fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    fn needs_resolving(&self) -> bool {
        fn any(value: &Value) -> bool {
            match value {
                Value::String(url) => url.starts_with("oss://"),
                Value::Array(urls) => urls.iter().any(any),
                _ => false,
            }
        }
        let mut parts = self.parts.iter().filter(|(kind, _)| *kind != "text");
        parts.any(|(_, value)| any(value))
    }
}

/// A request for a multimodal model, which only the service itself understands.
///
/// The request is sent as it is: contents are not split over several, since a model may fuse them.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct MultimodalRequest {
    pub(crate) model: String,
    contents: Vec<Content>,
    pub(crate) dimensions: Option<u32>,
    fuse: bool,
    frame_rate: Option<f64>,
    instruction: Option<String>,
}

impl MultimodalRequest {
    /// Creates a request for a model such as `qwen3-vl-embedding`.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            contents: Vec::new(),
            dimensions: None,
            fuse: false,
            frame_rate: None,
            instruction: None,
        }
    }

    /// Sets the model.
    pub fn model_id(mut self, id: impl Into<String>) -> Self {
        self.model = id.into();
        self
    }

    /// Adds a content.
    pub fn content(mut self, content: Content) -> Self {
        self.contents.push(content);
        self
    }

    /// Adds contents.
    pub fn contents(mut self, contents: impl IntoIterator<Item = Content>) -> Self {
        self.contents.extend(contents);
        self
    }

    /// Sets the length of the vectors. The default is the model's.
    pub fn dimensions(mut self, dimensions: u32) -> Self {
        self.dimensions = Some(dimensions);
        self
    }

    /// Makes one vector of all contents, for models with [`Fusion::OnRequest`]. The default is one for
    /// each.
    pub fn fuse(mut self) -> Self {
        self.fuse = true;
        self
    }

    /// Sets which part of a video's frames is looked at, 0 to 1. The default is the service's.
    pub fn frame_rate(mut self, rate: f64) -> Self {
        self.frame_rate = Some(rate);
        self
    }

    /// Sets an instruction for the model. The default is none.
    pub fn instruction(mut self, instruction: impl Into<String>) -> Self {
        self.instruction = Some(instruction.into());
        self
    }

    /// Returns the id of the model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Returns whether one vector is made of all contents.
    #[must_use]
    pub fn is_fused(&self) -> bool {
        let known = embedding::find(&self.model).map(|model| model.fusion());
        self.fuse || known == Some(Fusion::Always)
    }

    /// How many vectors the answer must have.
    pub(crate) fn expected(&self) -> usize {
        if self.is_fused() {
            1
        } else {
            self.contents.len()
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.contents.is_empty()
    }

    /// Whether the service must resolve the address of an uploaded file.
    pub(crate) fn needs_resolving(&self) -> bool {
        self.contents.iter().any(Content::needs_resolving)
    }

    pub(crate) fn body(&self) -> Value {
        let mut parameters = Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            parameters.extend(value.map(|value| (name.to_owned(), value)));
        };
        set("dimension", self.dimensions.map(Value::from));
        set("enable_fusion", self.fuse.then(|| true.into()));
        set("fps", self.frame_rate.map(Value::from));
        set("instruct", self.instruction.clone().map(Value::from));
        let contents: Vec<&Map<_, _>> =
            self.contents.iter().map(|content| &content.parts).collect();
        json!({
            "model": self.model,
            "input": {"contents": contents},
            "parameters": parameters,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_written_as_the_service_names_them() {
        let request = MultimodalRequest::new("qwen3-vl-embedding")
            .content(Content::text("a fox"))
            .content(Content::image_bytes("image/png", b"abc"))
            .contents([Content::images(["https://a/1", "https://a/2"])])
            .content(Content::video("https://a/v").and(Content::text("a whale")))
            .dimensions(256)
            .frame_rate(0.5)
            .fuse();
        assert_eq!(
            request.body(),
            json!({
                "model": "qwen3-vl-embedding",
                "input": {"contents": [
                    {"text": "a fox"},
                    {"image": "data:image/png;base64,YWJj"},
                    {"multi_images": ["https://a/1", "https://a/2"]},
                    {"video": "https://a/v", "text": "a whale"},
                ]},
                "parameters": {"dimension": 256, "enable_fusion": true, "fps": 0.5},
            })
        );
        assert_eq!(request.expected(), 1);
    }

    #[test]
    fn some_models_always_fuse() {
        let contents = [Content::text("a"), Content::image("https://a/1")];
        let expected = |model| {
            MultimodalRequest::new(model)
                .contents(contents.clone())
                .expected()
        };
        assert_eq!(expected("qwen2.5-vl-embedding"), 1);
        assert_eq!(expected("qwen3-vl-embedding"), 2);
    }

    #[test]
    fn uploaded_files_are_resolved() {
        let request = |content| {
            MultimodalRequest::new("m")
                .content(content)
                .needs_resolving()
        };
        assert!(request(Content::image("oss://a")));
        assert!(request(Content::images(["https://a", "oss://a"])));
        assert!(!request(Content::text("oss://a")));
    }
}
