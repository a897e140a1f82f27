//! `POST …/multimodal-embedding/multimodal-embedding`.

use http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    bag::Bag,
    material::{Limits, Material},
    models::{self, Fusion, MediaModel},
    text::{check_length, choose, json as to_json, space},
    vector::vector,
};
use crate::{
    answer::Answer,
    fields::{self, Fields},
    refusal::Refusal,
    route::Exchange,
    served::TokenCounts,
};

/// The maximum number of elements in a request, documented for `qwen3-vl-embedding` and inferred for
/// the others.
const MAX_ELEMENTS: usize = 20;

/// A text, an image, several images, or a video.
#[derive(Debug)]
struct Element {
    kind: &'static str,
    bag: Bag,
    /// Which content it stands in.
    content: usize,
}

/// What a request has, counted.
#[derive(Debug, Default)]
struct Counts {
    text_tokens: usize,
    image_tokens: usize,
    video_tokens: usize,
    images: usize,
    videos: usize,
}

#[derive(Serialize)]
struct Row {
    index: usize,
    embedding: Vec<f32>,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// Reads the contents of a request.
struct Reader<'a> {
    exchange: &'a Exchange<'a>,
    model: &'static MediaModel,
    elements: Vec<Element>,
    counts: Counts,
}

impl Reader<'_> {
    fn contents(&mut self, contents: &Value) -> Result<(), Refusal> {
        let contents = contents.as_array().filter(|contents| !contents.is_empty());
        let contents =
            contents.ok_or_else(|| fields::missing("contents", "BadRequest.EmptyInput"))?;
        for (place, content) in contents.iter().enumerate() {
            self.content(place, content)?;
        }
        // Inferred from here on: that more is refused and not left out, and the texts.
        let (images, videos) = (self.model.images.0, self.model.videos.0);
        let refuse = |most: usize, what: &str| {
            Err(Refusal::parameter(format!(
                "The number of {what} must be at most {most}"
            )))
        };
        if self.elements.len() > MAX_ELEMENTS.max(images) {
            return refuse(MAX_ELEMENTS.max(images), "contents");
        }
        if self.counts.images > images {
            return refuse(images, "images");
        }
        if self.counts.videos > videos {
            return refuse(videos, "videos");
        }
        Ok(())
    }

    fn content(&mut self, content: usize, object: &Value) -> Result<(), Refusal> {
        let fields = Fields::of(object);
        let before = self.elements.len();
        if let Some(text) = fields.text("text")? {
            self.counts.text_tokens += check_length(text, self.model.tokens)?;
            self.add("text", content, Bag::of_text(text));
        }
        if let Some(url) = fields.text("image")? {
            let bag = self.image(url)?;
            self.add("image", content, bag);
        }
        if let Some(url) = fields.text("video")? {
            let video = Material::video(self.exchange, self.limits(self.model.videos.1), url)?;
            self.counts.video_tokens += video.tokens;
            self.counts.videos += 1;
            self.add("video", content, video.bag);
        }
        if let Some(urls) = fields
            .get("multi_images")
            .filter(|_| self.model.multi_images)
        {
            let bag = self.images(urls)?;
            self.add("multi_images", content, bag);
        }
        match self.elements.len() - before {
            0 => Err(Refusal::parameter(
                "Each of contents must have a text, an image or a video that the model takes",
            )),
            1 => Ok(()),
            _ if self.model.fusion == Fusion::Never => Err(Refusal::parameter(
                "Each of contents must have one of text, image and video",
            )),
            _ => Ok(()),
        }
    }

    fn add(&mut self, kind: &'static str, content: usize, bag: Bag) {
        self.elements.push(Element { kind, bag, content });
    }

    fn image(&mut self, url: &str) -> Result<Bag, Refusal> {
        let image = Material::image(self.exchange, self.limits(self.model.images.1), url)?;
        self.counts.image_tokens += image.tokens;
        self.counts.images += 1;
        Ok(image.bag)
    }

    fn images(&mut self, urls: &Value) -> Result<Bag, Refusal> {
        let urls: Option<Vec<&str>> = urls
            .as_array()
            .filter(|urls| !urls.is_empty())
            .and_then(|urls| urls.iter().map(Value::as_str).collect());
        let urls =
            urls.ok_or_else(|| Refusal::parameter("multi_images must be a list of strings"))?;
        let images: Result<Vec<Bag>, Refusal> =
            urls.into_iter().map(|url| self.image(url)).collect();
        Ok(Bag::merge(&images?))
    }

    fn limits(&self, size: usize) -> Limits<'static> {
        let model = self.model.id;
        Limits { model, size }
    }

    /// The bags of which vectors are made, with their types.
    fn bags(self, fused: bool) -> Vec<(&'static str, Bag)> {
        let bags = |elements: &[Element]| -> Vec<Bag> {
            elements.iter().map(|element| element.bag.clone()).collect()
        };
        let alone = |element: Element| match self.model.fusion {
            Fusion::Optional => ("vl", element.bag),
            _ => (element.kind, element.bag),
        };
        match self.model.fusion {
            Fusion::Always => vec![("fusion", Bag::merge(&bags(&self.elements)))],
            Fusion::Optional if fused => vec![("fusion", Bag::merge(&bags(&self.elements)))],
            Fusion::Objects => self
                .elements
                .chunk_by(|one, other| one.content == other.content)
                .map(|together| match together {
                    [one] => (one.kind, one.bag.clone()),
                    several => ("fused", Bag::merge(&bags(several))),
                })
                .collect(),
            Fusion::Never | Fusion::Optional => self.elements.into_iter().map(alone).collect(),
        }
    }
}

/// Answers a request. `fps`, `res_level` and `max_video_frames` have no effect: nothing is fetched.
pub(crate) fn answer(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    exchange.only(&Method::POST)?;
    let body = fields::body(&exchange.request.body)?;
    let fields = Fields::of(&body);
    let id = fields.model()?;
    let unknown = || Refusal::unknown_model(exchange.endpoint, id);
    let model = models::find_media(id).ok_or_else(unknown)?;
    let parameters = fields.parameters()?;
    let dimension = choose(model.dimensions, parameters.positive("dimension")?)?;
    parameters.choice("output_type", &["dense"])?;
    parameters.share("fps")?;
    let instruct = parameters.text("instruct")?;
    let fused = parameters.flag("enable_fusion")?.unwrap_or_default();
    let none = Value::Null;
    let mut reader = Reader {
        exchange,
        model,
        elements: Vec::new(),
        counts: Counts::default(),
    };
    reader.contents(fields.input()?.get("contents").unwrap_or(&none))?;
    let counts = std::mem::take(&mut reader.counts);
    let rows: Vec<Row> = reader
        .bags(fused)
        .into_iter()
        .enumerate()
        .map(|(index, (kind, mut bag))| {
            if let Some(instruct) = instruct {
                bag.tint(instruct, 0.2);
            }
            Row {
                index,
                embedding: vector(&bag, space(model.id), dimension),
                kind,
            }
        })
        .collect();
    let (usage, tokens) = counts.usage(rows.len());
    let reply = format!(
        r#"{{"output":{{"embeddings":{}}},"usage":{usage},"request_id":"{}"}}"#,
        to_json(&rows),
        exchange.id,
    );
    Ok(Answer::json(200, reply, exchange.id).tokens(tokens))
}

impl Counts {
    /// The usage of a reply with this many vectors, each of which counts as one output token.
    ///
    /// The names of the fields are documented. How they add up is inferred: the example there does
    /// not say whether `input_tokens` has the tokens of images, which it does here.
    fn usage(&self, vectors: usize) -> (Value, TokenCounts) {
        let prompt = self.text_tokens + self.image_tokens + self.video_tokens;
        let mut details =
            json!({"image_tokens": self.image_tokens, "text_tokens": self.text_tokens});
        if self.videos > 0 {
            details["video_tokens"] = self.video_tokens.into();
        }
        let usage = json!({
            "input_tokens": prompt,
            "input_tokens_details": details,
            "output_tokens": vectors,
            "total_tokens": prompt + vectors,
        });
        let completion = vectors;
        (usage, TokenCounts { prompt, completion })
    }
}
