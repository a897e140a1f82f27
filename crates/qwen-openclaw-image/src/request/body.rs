//! The body of a request, in each form.

use qwen_openclaw_catalog::image::{Form, ImageModel, ImageSize, MAX_SEED};
use qwen_openclaw_tasks::Changes;
use serde_json::{Map, Value, json};

use super::{Checked, ImageRequest, size::size};
use crate::Error;

pub(super) fn build(
    request: &ImageRequest,
    model: &'static ImageModel,
    changes: &mut Changes,
) -> Result<Checked, Error> {
    let prompt = prompt(request, model, changes)?;
    let count = count(request, model, changes)?;
    let size = size(request, model, changes)?;
    // Where it costs more, it is not left to the service.
    let extend = request
        .prompt_extend
        .or(model.bills_prompt_extend().then_some(false));

    let mut parameters = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        parameters.extend(value.map(|value| (name.to_owned(), value)));
    };
    set("n", Some(count.into()));
    set("size", size.map(|size| spelled(size, model.form()).into()));
    let watermark = switch(
        "watermark",
        request.watermark,
        model.has_watermark(),
        changes,
    )?;
    set("watermark", watermark.map(Value::from));
    let extend = switch("prompt_extend", extend, model.has_prompt_extend(), changes)?;
    set("prompt_extend", extend.map(Value::from));
    let seed = switch("seed", request.seed, model.has_seed(), changes)?;
    let seed = seed.map(|seed| changes.seed(seed, MAX_SEED)).transpose()?;
    set("seed", seed.map(Value::from));
    let negative = request.negative_prompt.as_deref();
    let negative = switch(
        "negative prompt",
        negative,
        model.has_negative_prompt(),
        changes,
    )?;
    let limit = model.negative_prompt_limit();
    let negative = negative
        .map(|text| changes.cut("negative prompt", text, limit))
        .transpose()?;

    Ok(Checked {
        model,
        body: body(request, model, prompt, negative, parameters),
        count,
        size,
        extended: extend != Some(false),
        resolve_oss: request.images.iter().any(super::InputImage::is_oss),
        changes: Vec::new(),
    })
}

fn body(
    request: &ImageRequest,
    model: &ImageModel,
    prompt: String,
    negative: Option<String>,
    mut parameters: Map<String, Value>,
) -> Value {
    let mut urls = request.images.iter().map(|image| Value::from(image.url()));
    let negative = negative.map(|text| ("negative_prompt".to_owned(), Value::from(text)));
    let mut input = Map::new();
    match model.form() {
        Form::OpenAi => {
            let mut body = parameters;
            body.insert("model".into(), model.id().into());
            body.insert("prompt".into(), prompt.into());
            // An empty list is refused.
            let images: Vec<Value> = urls.collect();
            if !images.is_empty() {
                body.insert("image".into(), images.into());
            }
            body.extend(negative);
            return body.into();
        }
        Form::PromptTask | Form::EditTask => {
            input.insert("prompt".into(), prompt.into());
            input.extend(negative);
            if model.form() == Form::EditTask {
                input.insert("images".into(), urls.collect());
            }
        }
        // One message, with one text.
        _ => {
            let images = urls.by_ref().map(|url| json!({ "image": url }));
            let content: Vec<Value> = images.chain([json!({ "text": prompt })]).collect();
            let message = json!({ "role": "user", "content": content });
            input.insert("messages".into(), json!([message]));
            parameters.extend(negative);
        }
    }
    json!({ "model": model.id(), "input": input, "parameters": parameters })
}

/// The two paths spell a size in two ways.
fn spelled(size: ImageSize, form: Form) -> String {
    match (size, form) {
        (ImageSize::Pixels(size), Form::OpenAi) => format!("{}x{}", size.width, size.height),
        _ => size.to_string(),
    }
}

fn prompt(
    request: &ImageRequest,
    model: &ImageModel,
    changes: &mut Changes,
) -> Result<String, Error> {
    let prompt = request.prompt.as_deref().map(str::trim);
    let prompt = prompt.filter(|prompt| !prompt.is_empty());
    let needed = || Error::refused(format!("{} needs a prompt", model.id()));
    changes.cut("prompt", prompt.ok_or_else(needed)?, model.prompt_limit())
}

fn count(request: &ImageRequest, model: &ImageModel, changes: &mut Changes) -> Result<u32, Error> {
    let asked = request.count;
    let most = model.max_count().unwrap_or(u32::MAX);
    let applied = asked.clamp(1, most);
    if applied != asked {
        changes.note(
            "number of images",
            asked,
            Some(applied.to_string()),
            || match model.max_count() {
                Some(1) => "it makes one at a time".to_owned(),
                Some(most) => format!("it makes 1 to {most}"),
                None => "it makes at least one".to_owned(),
            },
        )?;
    }
    Ok(applied)
}

/// A value, unless it is known that the model does not take it.
fn switch<T: ToString>(
    what: &'static str,
    value: Option<T>,
    has: Option<bool>,
    changes: &mut Changes,
) -> Result<Option<T>, Error> {
    match (value, has) {
        (Some(value), Some(false)) => {
            changes.note(what, value, None, || "it has none".to_owned())?;
            Ok(None)
        }
        (value, _) => Ok(value),
    }
}
