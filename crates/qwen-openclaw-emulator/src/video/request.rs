//! A video request, and what the service rejects in it.

use serde_json::{Map, Value};

use super::{
    media,
    models::{self, Frame, Input, Model, RATIOS, Seconds, Tier},
};
use crate::{endpoint::Region, refusal::Refusal};

/// A valid request.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) model: &'static Model,
    /// The id as it was written; an old model has two.
    pub(super) id: String,
    pub(super) prompt: Option<String>,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) tier: Tier,
    pub(super) ratio: &'static str,
    /// The length of the video.
    pub(super) seconds: u64,
    /// The part of the input that is paid for.
    pub(super) input_seconds: u64,
    pub(super) audio: bool,
    pub(super) prompt_extend: bool,
    /// Every address of the input.
    pub(super) urls: Vec<String>,
}

type Object = Map<String, Value>;

/// How long a reference is taken to be: the service looks, the emulator does not.
const REFERENCE_SECONDS: u64 = 5;

impl Order {
    /// Checks a request's body.
    pub(super) fn read(body: &Value, region: Region, frames_path: bool) -> Result<Self, Refusal> {
        let Some(id) = body["model"].as_str().filter(|id| !id.is_empty()) else {
            return Err(empty("model", "BadRequest.EmptyModel"));
        };
        let model = models::find(id, region).ok_or_else(|| unknown_model(id))?;
        if frames_path != (model.input == Input::Frames) {
            return Err(Refusal::parameter("url error, please check url!"));
        }
        let input = body["input"]
            .as_object()
            .filter(|input| !input.is_empty())
            .ok_or_else(|| empty("input", "BadRequest.EmptyInput"))?;
        let none = Map::new();
        let parameters = match &body["parameters"] {
            Value::Null => &none,
            Value::Object(parameters) => parameters,
            _ => return Err(Refusal::parameter("parameters must be an object")),
        };
        let material = media::read(model, input)?;
        check_words(model, input)?;
        check_parameters(model, parameters)?;
        let (tier, shape) = frame(model, parameters)?;
        let (width, height) = match model.frame {
            Frame::TierAndRatio => tier.new_sizes()[shape],
            Frame::Pixels | Frame::Tier => tier.sizes()[shape],
        };
        let seconds = seconds(model, parameters, material.videos > 0)?;
        let input_seconds = match model.input {
            Input::References | Input::MediaReferences if material.videos > 0 => REFERENCE_SECONDS,
            Input::MediaEdit => seconds,
            _ => 0,
        };
        let flag = |name: &str| parameters.get(name).and_then(Value::as_bool);
        Ok(Self {
            model,
            id: id.to_owned(),
            prompt: input
                .get("prompt")
                .and_then(Value::as_str)
                .map(str::to_owned),
            width,
            height,
            tier,
            ratio: RATIOS[shape],
            seconds,
            input_seconds,
            audio: flag("audio").unwrap_or(true),
            prompt_extend: flag("prompt_extend").unwrap_or(true),
            urls: material.urls,
        })
    }
}

pub(crate) fn empty(field: &str, code: &'static str) -> Refusal {
    Refusal {
        native_code: code.into(),
        ..Refusal::parameter(format!(
            "Required parameter({field}) missing or invalid, please check the request parameters."
        ))
    }
}

pub(crate) fn unknown_model(id: &str) -> Refusal {
    Refusal {
        message: format!("The model `{id}` does not exist or you do not have access to it.").into(),
        ..Refusal::coded(404, "ModelNotFound", "")
    }
}

/// Texts are texts, and the prompt is there where nothing else says what to show. Long ones are
/// cut, not refused.
fn check_words(model: &Model, input: &Object) -> Result<(), Refusal> {
    for name in ["prompt", "negative_prompt", "template", "audio_url"] {
        if let Some(value) = input.get(name)
            && !value.is_string()
            && !value.is_null()
        {
            return Err(Refusal::parameter(format!("{name} must be a string")));
        }
    }
    let prompt = input.get("prompt").and_then(Value::as_str);
    let needed = matches!(
        model.input,
        Input::Text | Input::References | Input::MediaReferences
    );
    if needed && prompt.is_none_or(|prompt| prompt.trim().is_empty()) {
        return Err(Refusal::parameter("prompt must be set"));
    }
    Ok(())
}

fn check_parameters(model: &Model, parameters: &Object) -> Result<(), Refusal> {
    for name in ["prompt_extend", "watermark", "audio"] {
        if let Some(value) = parameters.get(name)
            && !value.is_boolean()
        {
            return Err(Refusal::parameter(format!("{name} must be a boolean")));
        }
    }
    if let Some(seed) = parameters.get("seed")
        && seed.as_u64().is_none_or(|seed| seed > 2_147_483_647)
    {
        return Err(Refusal::parameter("seed must be in [0, 2147483647]"));
    }
    if model.shots
        && let Some(shots) = parameters.get("shot_type")
        && !matches!(shots.as_str(), Some("single" | "multi"))
    {
        return Err(Refusal::parameter("shot_type must be single or multi"));
    }
    if model.input == Input::MediaEdit
        && let Some(setting) = parameters.get("audio_setting")
        && !matches!(setting.as_str(), Some("auto" | "origin"))
    {
        return Err(Refusal::parameter("audio_setting must be auto or origin"));
    }
    Ok(())
}

/// The tier that is asked for, and the place of the shape in [`RATIOS`].
fn frame(model: &Model, parameters: &Object) -> Result<(Tier, usize), Refusal> {
    if model.frame == Frame::Pixels {
        let Some(size) = parameters.get("size") else {
            return Ok((model.default_tier, 0));
        };
        return size
            .as_str()
            .and_then(|size| sized(model, size))
            .ok_or_else(|| Refusal::parameter(format!("The size is not match {size}")));
    }
    let tier = match parameters.get("resolution") {
        None => model.default_tier,
        Some(wanted) => model
            .tiers
            .iter()
            .copied()
            .find(|tier| wanted.as_str() == Some(tier.name()))
            .ok_or_else(|| Refusal::parameter(format!("The resolution is not match {wanted}")))?,
    };
    let shape = match parameters.get("ratio") {
        Some(wanted) if model.frame == Frame::TierAndRatio => RATIOS
            .iter()
            .position(|ratio| wanted.as_str() == Some(ratio))
            .ok_or_else(|| Refusal::parameter(format!("The ratio is not match {wanted}")))?,
        _ => 0,
    };
    Ok((tier, shape))
}

fn sized(model: &Model, size: &str) -> Option<(Tier, usize)> {
    model.tiers.iter().copied().find_map(|tier| {
        let mut sizes = tier.named_sizes();
        let shape = sizes.position(|(width, height)| size == format!("{width}*{height}"))?;
        Some((tier, shape))
    })
}

/// The length of the video.
fn seconds(model: &Model, parameters: &Object, with_video: bool) -> Result<u64, Refusal> {
    let allowed = match (model.input, model.seconds) {
        // A clip among the subjects makes the most shorter.
        (Input::MediaReferences, Seconds::Between(least, _)) if with_video => {
            Seconds::Between(least, 10)
        }
        (_, seconds) => seconds,
    };
    let Some(wanted) = parameters.get("duration") else {
        return Ok(5);
    };
    match whole(wanted).filter(|&seconds| allowed.takes(seconds)) {
        // All of a clip whose length the emulator does not know.
        Some(0) => Ok(REFERENCE_SECONDS),
        Some(seconds) => Ok(seconds),
        None => Err(Refusal::parameter(format!(
            "duration must be {}",
            allowed.in_words()
        ))),
    }
}

/// A number without a fraction, however it is written.
fn whole(value: &Value) -> Option<u64> {
    let small = |number: &f64| number.fract() == 0.0 && (0.0..1e6).contains(number);
    value
        .as_u64()
        .or_else(|| value.as_f64().filter(small).map(|number| number as u64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<Order, Refusal> {
        Order::read(body, Region::Global, false)
    }

    fn t2v(parameters: Value) -> Value {
        json!({"model": "wan2.6-t2v", "input": {"prompt": "a cat"}, "parameters": parameters})
    }

    fn message(body: &Value) -> String {
        read(body).unwrap_err().message.into_owned()
    }

    #[test]
    fn what_is_not_asked_for_is_the_costly_default() {
        let order = read(&t2v(json!({}))).unwrap();
        assert_eq!((order.width, order.height, order.seconds), (1920, 1080, 5));
        let order = read(&t2v(
            json!({"size": "832*1088", "duration": 15.0, "unheard_of": [1]}),
        ))
        .unwrap();
        assert_eq!((order.width, order.height, order.seconds), (832, 1088, 15));
        assert_eq!((order.tier, order.ratio), (Tier::P720, "3:4"));
    }

    #[test]
    fn parameters_are_held_to_the_model() {
        for (parameters, says) in [
            (json!({"size": "1280x720"}), "The size is not match"),
            (json!({"size": "720P"}), "The size is not match"),
            (json!({"size": "832*480"}), "The size is not match"),
            (json!({"size": 720}), "The size is not match"),
            (json!({"duration": 16}), "duration must be [2, 15]"),
            (json!({"duration": 5.5}), "duration must be"),
            (json!({"duration": "5"}), "duration must be"),
            (json!({"duration": -5}), "duration must be"),
            (json!({"seed": -1}), "seed must be"),
            (json!({"seed": 2_147_483_648_u64}), "seed must be"),
            (json!({"watermark": "no"}), "watermark must be"),
            (json!({"shot_type": "many"}), "shot_type must be"),
        ] {
            let got = message(&t2v(parameters));
            assert!(got.starts_with(says), "{got}");
        }
        assert_eq!(message(&t2v(json!([1]))), "parameters must be an object");
    }

    #[test]
    fn wan27_has_its_own_sizes() {
        let body = |parameters: Value| json!({"model": "wan2.7-t2v", "input": {"prompt": "x"}, "parameters": parameters});
        let order = read(&body(json!({"resolution": "720P", "ratio": "4:3"}))).unwrap();
        assert_eq!((order.width, order.height), (1104, 832));
        assert!(message(&body(json!({"resolution": "480P"}))).contains("resolution"));
        assert!(message(&body(json!({"ratio": "2:1"}))).contains("ratio"));
        // A field of the older protocol is none of this one's.
        assert!(read(&body(json!({"size": "1*1"}))).is_ok());
    }

    #[test]
    fn what_is_needed_is_missed() {
        let code = |body: Value| read(&body).unwrap_err().native_code.into_owned();
        assert_eq!(code(json!({"input": {}})), "BadRequest.EmptyModel");
        assert_eq!(code(json!({"model": "wan9"})), "ModelNotFound");
        assert_eq!(
            code(json!({"model": "wan2.6-t2v"})),
            "BadRequest.EmptyInput"
        );
        let no_prompt = json!({"model": "wan2.6-t2v", "input": {"negative_prompt": "x"}});
        assert_eq!(message(&no_prompt), "prompt must be set");
        let number = json!({"model": "wan2.6-t2v", "input": {"prompt": 1}});
        assert_eq!(message(&number), "prompt must be a string");
    }

    #[test]
    fn first_and_last_frame_have_a_path_of_their_own() {
        let body =
            json!({"model": "wan2.2-kf2v-flash", "input": {"first_frame_url": "https://x/1.png"}});
        assert!(message(&body).starts_with("url error"));
        assert!(Order::read(&body, Region::China, true).is_ok());
        assert!(Order::read(&t2v(json!({})), Region::China, true).is_err());
    }

    #[test]
    fn a_reference_clip_shortens_the_most() {
        let body = |kind: &str, duration: u64| {
            json!({"model": "wan2.7-r2v", "input": {"prompt": "x", "media": [
                {"type": kind, "url": "https://x/y"}]}, "parameters": {"duration": duration}})
        };
        assert!(read(&body("reference_image", 15)).is_ok());
        assert_eq!(
            message(&body("reference_video", 11)),
            "duration must be [2, 10]"
        );
        assert_eq!(read(&body("reference_video", 10)).unwrap().input_seconds, 5);
    }
}
