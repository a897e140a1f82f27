//! An image request in DashScope's own form, and what the service rejects in it.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    fields::{Fields, Wrong},
    input::{self, Input},
    look::{Color, Look},
    models::{self, Family, Mode, Model, TaskPath},
    size,
};
use crate::{id::splitmix, refusal::Refusal, route::Exchange, video, video::Books};

/// A valid request.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(super) model: &'static Model,
    pub(super) prompt: String,
    pub(super) count: usize,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) seed: u64,
    pub(super) prompt_extend: bool,
    pub(super) watermark: bool,
    pub(super) inputs: Vec<Input>,
    /// Whether text comes between the images.
    pub(super) interleaved: bool,
    /// The colors that were asked for.
    pub(super) palette: Option<Look>,
}

impl Order {
    /// Checks the body of a request for a task, or for an answer at once.
    pub(crate) fn read(
        exchange: &Exchange<'_>,
        books: &Books,
        body: &Value,
        path: Option<TaskPath>,
    ) -> Result<Self, Refusal> {
        let model = model(body, path)?;
        let input = body["input"]
            .as_object()
            .filter(|input| !input.is_empty())
            .ok_or_else(|| video::empty("input", "BadRequest.EmptyInput"))?;
        let none = Map::new();
        let parameters = Fields(match &body["parameters"] {
            Value::Null => &none,
            Value::Object(parameters) => parameters,
            _ => return Err(Refusal::parameter("parameters must be an object")),
        });
        let interleaved = model.interleaves() && parameters.flag("enable_interleave", false)?;
        let (prompt, urls) = match path {
            Some(TaskPath::TextToImage | TaskPath::ImageToImage) => fields(model, Fields(input))?,
            Some(TaskPath::Generation) | None => message(model, input, interleaved)?,
        };
        let inputs = urls
            .into_iter()
            .map(|url| input::read(exchange, books, model, url))
            .collect::<Result<Vec<_>, _>>()?;
        let draft = Draft {
            model,
            prompt,
            inputs,
            sign: '*',
        };
        let sequential =
            model.family == Family::Wan27 && parameters.flag("enable_sequential", false)?;
        let mode = match () {
            () if interleaved => Mode::Interleave,
            () if sequential => Mode::Sequential,
            () if draft.inputs.is_empty() => Mode::Text,
            () => Mode::Edit,
        };
        for name in ["negative_prompt", "style", "ref_mode"] {
            parameters.text(name)?;
        }
        let palette = wan27_fields(model, parameters, mode, draft.inputs.len())?;
        let count = count(model, parameters, mode)?;
        Ok(Self {
            palette,
            ..draft.order(parameters, mode, count)?
        })
    }

    /// The colors of one of its images.
    pub(crate) fn look(&self, index: usize) -> Look {
        let number = hash(self.prompt.as_bytes()) ^ splitmix(self.seed);
        self.palette
            .unwrap_or_else(|| Look::of(number.wrapping_add(index as u64)))
    }

    /// The part of the prompt that the model reads.
    pub(super) fn drawn_prompt(&self) -> &str {
        self.model.prompt.cut(&self.prompt)
    }

    pub(crate) fn model(&self) -> &'static str {
        self.model.id
    }

    pub(crate) fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The number of images.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The name of the API in task lists, such as `text2image:image-synthesis`.
    pub(crate) fn api(&self) -> String {
        let path = self.model.tasks.unwrap_or(TaskPath::Generation);
        path.words().join(":")
    }
}

/// A request whose text and images were read.
pub(super) struct Draft<'a> {
    pub(super) model: &'static Model,
    pub(super) prompt: &'a str,
    pub(super) inputs: Vec<Input>,
    /// The sign in sizes.
    pub(super) sign: char,
}

impl Draft<'_> {
    /// Reads what both forms of requests have.
    pub(super) fn order(
        self,
        parameters: Fields<'_>,
        mode: Mode,
        count: u64,
    ) -> Result<Order, Wrong> {
        let wanted = parameters.text("size")?.filter(|size| *size != "auto");
        let last = self.inputs.last().and_then(|input| input.pixels);
        let made = self.model.sizes(mode).made(wanted, self.sign, last);
        let (width, height) = made.map_err(|wrong| {
            let message = match wrong {
                size::Wrong::Form => {
                    format!("Expected format: '<width>{}<height>'", self.sign)
                }
                size::Wrong::Range => {
                    format!("The size is not match {}", wanted.unwrap_or_default())
                }
            };
            Wrong::new("size", message)
        })?;
        let extends = self.model.family != Family::Z;
        Ok(Order {
            model: self.model,
            prompt: self.prompt.to_owned(),
            count: usize::try_from(count).unwrap_or(1),
            width,
            height,
            // The same request gets the same images.
            seed: parameters
                .seed()?
                .unwrap_or_else(|| hash(self.prompt.as_bytes()) & 0x7fff_ffff),
            prompt_extend: parameters.flag("prompt_extend", extends)?,
            watermark: parameters.flag("watermark", false)?,
            inputs: self.inputs,
            interleaved: mode == Mode::Interleave,
            palette: None,
        })
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let digest = Sha256::digest(bytes);
    digest
        .iter()
        .take(8)
        .fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// Finds the model, if it is served on this path.
fn model(body: &Value, path: Option<TaskPath>) -> Result<&'static Model, Refusal> {
    let Some(id) = body["model"].as_str().filter(|id| !id.is_empty()) else {
        return Err(video::empty("model", "BadRequest.EmptyModel"));
    };
    let model = models::find(id).ok_or_else(|| video::unknown_model(id))?;
    match path {
        Some(_) if model.tasks.is_none() => Err(not_asynchronous()),
        Some(path) if model.tasks == Some(path) => Ok(model),
        None if model.is_sync() => Ok(model),
        _ => Err(Refusal::parameter("url error, please check url!")),
    }
}

/// Seen for models without tasks.
pub(super) fn not_asynchronous() -> Refusal {
    Refusal::coded(
        403,
        "AccessDenied",
        "current user api does not support asynchronous calls",
    )
}

/// The text and the images of the one message. The texts are those of the service's error list,
/// unless said otherwise.
fn message<'a>(
    model: &Model,
    input: &'a Map<String, Value>,
    interleaved: bool,
) -> Result<(&'a str, Vec<&'a str>), Refusal> {
    let messages = input.get("messages").and_then(Value::as_array);
    let messages = messages.filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| Refusal::parameter("No messages found in input"))?;
    let [message] = messages.as_slice() else {
        return Err(Refusal::parameter("messages length only support 1"));
    };
    // Inferred: the text.
    if message["role"] != "user" {
        return Err(Refusal::parameter("role must be user"));
    }
    let lacking = || Refusal::parameter("lack of image or text");
    let content = message["content"].as_array().ok_or_else(lacking)?;
    // From when an editing model took one image, which makes two parts.
    let edits = model.family == Family::Qwen2 && model.least_inputs > 0;
    if edits && content.len() > model.most_inputs + 1 {
        return Err(Refusal::parameter("content length only support 2"));
    }
    let (mut texts, mut urls) = (Vec::new(), Vec::new());
    for part in content {
        match (part["text"].as_str(), part["image"].as_str()) {
            (Some(text), None) => texts.push(text),
            (None, Some(url)) => urls.push(url),
            _ => return Err(lacking()),
        }
    }
    let text = match texts.as_slice() {
        [text] if !text.trim().is_empty() => *text,
        [] | [_] => return Err(lacking()),
        // Inferred: the text.
        _ => return Err(Refusal::parameter("only one text is supported in content")),
    };
    let (least, most) = if interleaved {
        (0, 1)
    } else {
        (model.least_inputs, model.most_inputs)
    };
    if urls.len() < least {
        return Err(lacking());
    }
    too_many(urls.len(), most)?;
    Ok((text, urls))
}

/// Inferred: the text.
fn too_many(images: usize, most: usize) -> Result<(), Refusal> {
    if images > most {
        return Err(Refusal::parameter(format!(
            "the number of images must not be larger than {most}, but it is {images}"
        )));
    }
    Ok(())
}

/// The text and the images of the older form. The texts are inferred from those of the video API.
fn fields<'a>(model: &Model, input: Fields<'a>) -> Result<(&'a str, Vec<&'a str>), Refusal> {
    input.text("negative_prompt")?;
    let prompt = input.text("prompt")?;
    let prompt = prompt
        .filter(|prompt| !prompt.trim().is_empty())
        .ok_or_else(|| Refusal::parameter("prompt must be set"))?;
    let mut urls = Vec::new();
    if model.id == "wanx2.1-imageedit" {
        for name in ["function", "base_image_url"] {
            let value = input.text(name)?.filter(|value| !value.is_empty());
            let value = value.ok_or_else(|| Refusal::parameter(format!("{name} must be set")))?;
            if name == "base_image_url" {
                urls.push(value);
            }
        }
        // It marks a part of the image; no image of its own.
        input.text("mask_image_url")?;
    } else if model.most_inputs > 0 {
        let images = input.value("images").and_then(Value::as_array);
        let images = images.filter(|images| !images.is_empty());
        for image in images.ok_or_else(|| Refusal::parameter("images must be set"))? {
            let url = image.as_str();
            urls.push(url.ok_or_else(|| Refusal::parameter("images must be a list of strings"))?);
        }
    }
    too_many(urls.len(), model.most_inputs)?;
    Ok((prompt, urls))
}

/// How many images are made.
fn count(model: &Model, parameters: Fields<'_>, mode: Mode) -> Result<u64, Refusal> {
    let one = || Refusal::parameter("num_images_per_prompt must be 1");
    match mode {
        Mode::Interleave => {
            parameters.number("n", 1, 1).map_err(|_| one())?;
            Ok(parameters.number("max_images", 1, 5)?.unwrap_or(5))
        }
        Mode::Sequential => Ok(parameters.number("n", 1, 12)?.unwrap_or(12)),
        Mode::Text | Mode::Edit if model.most == 1 => {
            parameters.number("n", 1, 1).map_err(|_| one())?;
            Ok(1)
        }
        Mode::Text | Mode::Edit => {
            let count = parameters.number("n", 1, model.most)?;
            Ok(count.unwrap_or(model.default_count))
        }
    }
}

/// What only wan2.7 has; other models ignore it. The texts are inferred.
fn wan27_fields(
    model: &Model,
    parameters: Fields<'_>,
    mode: Mode,
    inputs: usize,
) -> Result<Option<Look>, Refusal> {
    if model.family != Family::Wan27 {
        return Ok(None);
    }
    // A boolean for the page, one of three words for the SDK.
    if let Some(thinking) = parameters.value("thinking_mode")
        && !thinking.is_boolean()
        && !matches!(thinking.as_str(), Some("fast" | "balanced" | "quality"))
    {
        return Err(Refusal::parameter("thinking_mode must be a boolean"));
    }
    if let Some(boxes) = parameters.value("bbox_list") {
        let fits = boxes
            .as_array()
            .is_some_and(|lists| lists.len() == inputs && lists.iter().all(is_list_of_boxes));
        if !fits {
            return Err(Refusal::parameter(
                "bbox_list must have a list of [x1, y1, x2, y2] for each image",
            ));
        }
    }
    let Some(palette) = parameters.value("color_palette") else {
        return Ok(None);
    };
    if mode == Mode::Sequential {
        return Err(Refusal::parameter(
            "color_palette is not supported when enable_sequential is true",
        ));
    }
    let colors: Option<Vec<Color>> = palette.as_array().and_then(|colors| {
        colors
            .iter()
            .map(|color| color["hex"].as_str().and_then(hex))
            .collect()
    });
    match colors.as_deref() {
        Some([from, .., to]) => Ok(Some(Look {
            from: *from,
            to: *to,
        })),
        _ => Err(Refusal::parameter(
            "color_palette must have two or more colors with hex, such as #C2D1E6",
        )),
    }
}

fn is_list_of_boxes(value: &Value) -> bool {
    value.as_array().is_some_and(|boxes| {
        boxes.iter().all(|corners| {
            let numbers: Option<Vec<u64>> = corners
                .as_array()
                .and_then(|corners| corners.iter().map(Value::as_u64).collect());
            matches!(numbers.as_deref(), Some([x1, y1, x2, y2]) if x1 < x2 && y1 < y2)
        })
    })
}

/// Reads `#C2D1E6`.
fn hex(text: &str) -> Option<Color> {
    let digits = text.strip_prefix('#')?;
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}
