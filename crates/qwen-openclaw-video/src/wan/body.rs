//! The body of a request, in the two protocols.

use qwen_openclaw_catalog::video::{
    AudioField, Framing, MAX_SEED, Mode, NEGATIVE_PROMPT_LIMIT, Protocol, Resolution, Sound,
    VideoModel,
};
use qwen_openclaw_tasks::{Change, Changes};
use serde_json::{Map, Value, json};

use super::{Checked, ShotType, VideoRequest, format::Format};
use crate::Error;

pub(super) struct Body {
    input: Map<String, Value>,
    parameters: Map<String, Value>,
    resolution: Resolution,
    seconds: u32,
    silent: bool,
    resolve_oss: bool,
}

impl Body {
    pub(super) fn into_checked(self, model: &'static VideoModel, changes: Vec<Change>) -> Checked {
        Checked {
            model,
            body: json!({
                "model": model.id(),
                "input": self.input,
                "parameters": self.parameters,
            }),
            resolution: self.resolution,
            seconds: self.seconds,
            silent: self.silent,
            resolve_oss: self.resolve_oss,
            changes,
        }
    }
}

pub(super) fn build(
    request: &VideoRequest,
    model: &'static VideoModel,
    changes: &mut Changes,
) -> Result<Body, Error> {
    let format = Format::of(request, model, changes)?;
    let seconds = seconds(request, model, changes)?;
    let mut input = Map::new();
    if let Some(prompt) = prompt(request, model, changes)? {
        input.insert("prompt".into(), prompt.into());
    }
    if let Some(negative) = &request.negative_prompt {
        let limit = Some(NEGATIVE_PROMPT_LIMIT);
        let negative = changes.cut("negative prompt", negative, limit)?;
        input.insert("negative_prompt".into(), negative.into());
    }
    add_references(request, model, &mut input)?;

    let mut parameters = Map::new();
    match (model.framing(), format.ratio) {
        (Framing::Size, Some(ratio)) => {
            let size = model.size(format.resolution, ratio);
            let size = size.ok_or_else(|| Error::refused("the model has no such size"))?;
            parameters.insert("size".into(), size.to_string().into());
        }
        (_, ratio) => {
            parameters.insert("resolution".into(), format.resolution.as_str().into());
            if let Some(ratio) = ratio {
                parameters.insert("ratio".into(), ratio.as_str().into());
            }
        }
    }
    parameters.insert("duration".into(), seconds.into());
    let silent = add_switches(request, model, changes, &mut parameters)?;
    let resolve_oss = request
        .references
        .iter()
        .any(|reference| reference.is_oss())
        || request
            .audio_track
            .as_ref()
            .is_some_and(|url| url.starts_with("oss://"));
    Ok(Body {
        input,
        parameters,
        resolution: format.resolution,
        seconds,
        silent,
        resolve_oss,
    })
}

fn prompt(
    request: &VideoRequest,
    model: &VideoModel,
    changes: &mut Changes,
) -> Result<Option<String>, Error> {
    let prompt = request
        .prompt
        .as_deref()
        .map(str::trim)
        .filter(|prompt| !prompt.is_empty());
    match prompt {
        None if model.prompt_required() => {
            Err(Error::refused(format!("{} needs a prompt", model.id())))
        }
        None => Ok(None),
        Some(prompt) => changes
            .cut("prompt", prompt, model.prompt_limit())
            .map(Some),
    }
}

fn seconds(
    request: &VideoRequest,
    model: &VideoModel,
    changes: &mut Changes,
) -> Result<u32, Error> {
    let with_video = request
        .references
        .iter()
        .any(|reference| reference.is_video());
    let durations = match with_video {
        true => model.durations_with_video(),
        false => model.durations(),
    };
    let Some(asked) = request.seconds else {
        return Ok(durations.default_seconds());
    };
    if durations.contains(asked) {
        return Ok(asked);
    }
    let nearest = durations.nearest(asked);
    changes.note(
        "duration",
        format!("{asked} s"),
        Some(format!("{nearest} s")),
        || {
            let all: Vec<String> = durations.all().iter().map(ToString::to_string).collect();
            format!("it takes {} seconds", all.join(", "))
        },
    )?;
    Ok(nearest)
}

fn add_references(
    request: &VideoRequest,
    model: &VideoModel,
    input: &mut Map<String, Value>,
) -> Result<(), Error> {
    let urls = || {
        request
            .references
            .iter()
            .map(|reference| Value::from(reference.url()))
    };
    let mut media: Vec<Value> = Vec::new();
    match (model.protocol(), model.mode()) {
        (_, Mode::TextToVideo) => {}
        (Protocol::Legacy, Mode::ImageToVideo) => {
            input.extend(urls().next().map(|url| ("img_url".to_owned(), url)));
        }
        (Protocol::Legacy, _) => {
            input.insert("reference_urls".into(), urls().collect());
        }
        _ => media.extend(request.references.iter().map(|reference| {
            json!({"type": reference.media_type(model).as_str(), "url": reference.url()})
        })),
    }
    if let Some(url) = &request.audio_track {
        match model.audio_track().map(|track| track.field) {
            Some(AudioField::AudioUrl) => {
                input.insert("audio_url".into(), url.as_str().into());
            }
            Some(AudioField::DrivingAudio) => {
                media.push(json!({"type": "driving_audio", "url": url}));
            }
            _ => {
                return Err(Error::refused(format!(
                    "{} takes no sound track",
                    model.id()
                )));
            }
        }
    }
    if !media.is_empty() {
        input.insert("media".into(), media.into());
    }
    Ok(())
}

/// Adds what is on or off; returns true for a video without sound.
fn add_switches(
    request: &VideoRequest,
    model: &VideoModel,
    changes: &mut Changes,
    parameters: &mut Map<String, Value>,
) -> Result<bool, Error> {
    let mut silent = false;
    match (request.audio, model.sound()) {
        (Some(audio), Sound::Switchable) => {
            silent = !audio;
            parameters.insert("audio".into(), audio.into());
        }
        (Some(false), _) => {
            changes.note("audio", "off", None, || "it always makes sound".to_owned())?
        }
        // Sound is what the model makes anyway.
        _ => {}
    }
    if let Some(watermark) = request.watermark {
        parameters.insert("watermark".into(), watermark.into());
    }
    if let Some(extend) = request.prompt_extend {
        match model.has_prompt_extend() {
            true => drop(parameters.insert("prompt_extend".into(), extend.into())),
            false => changes.note("prompt_extend", extend, None, || "it has none".to_owned())?,
        }
    }
    if let Some(shot) = request.shot_type {
        let shot = match shot {
            ShotType::Single => "single",
            ShotType::Multi => "multi",
        };
        match model.has_shot_type() {
            true => drop(parameters.insert("shot_type".into(), shot.into())),
            false => changes.note("shot_type", shot, None, || {
                "say it in the prompt".to_owned()
            })?,
        }
    }
    if let Some(seed) = request.seed {
        let seed = changes.seed(seed, MAX_SEED)?;
        parameters.insert("seed".into(), seed.into());
    }
    Ok(silent)
}
