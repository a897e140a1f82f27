//! `video.json`: where jobs go, and what each model takes.

mod cycle;

use qwen_openclaw_auth::{ApiKey, KeyKind};
use qwen_openclaw_catalog::{
    ModelRef, aigc_origin_for,
    video::{self, Framing, MediaType, Ratio, Resolution, VideoModel},
};
use qwen_openclaw_video::{AspectRatio, Client, Reference, Strictness, VideoRequest};
use serde_json::{Value, json};

use super::{
    Case, Differences, UNKNOWN, Verdict,
    case::{object, string},
};

pub(super) fn compare(case: &Case, found: &mut Differences) -> Result<Verdict, String> {
    match (case.text("level"), case.text("record")) {
        ("describe", _) => described(case, found)?,
        ("is_configured", _) => {
            let configured = case.expected["configured"].as_bool();
            found.compare("configured", Some(is_configured(case)), configured);
        }
        ("provider" | "runtime", "submit") => submitted(case, found)?,
        ("provider" | "runtime", _) => cycle::compare(case, found)?,
        _ => return Err(UNKNOWN.to_owned()),
    }
    Ok(Verdict::Compared)
}

/// Whether clips could be made as far as can be told without asking.
fn is_configured(case: &Case) -> bool {
    let provider = &case.input["config"]["models"]["providers"]["qwen"];
    let key = ApiKey::parse(provider["apiKey"].as_str().unwrap_or_default());
    let client = |key| Client::builder(provider["baseUrl"].as_str().unwrap_or_default(), key);
    key.is_ok_and(|key| key.kind() != KeyKind::CodingPlan && client(key).build().is_ok())
}

/// The body of a request, or that it is refused. What the provider itself is asked for is taken as
/// it is; the layer before it chooses the nearest value that a model takes.
fn submitted(case: &Case, found: &mut Differences) -> Result<(), String> {
    let strictness = match case.text("level") {
        "runtime" => Strictness::Normalise,
        _ => Strictness::Exact,
    };
    let checked = request(&case.input["request"]).and_then(|request| {
        let checked = request.check(strictness);
        checked.map_err(|error| error.to_string())
    });
    let expected = &case.expected["http"][0];
    let (checked, expected) = match (checked, expected.is_null()) {
        (Ok(checked), false) => (checked, expected),
        (Err(_), true) => return Ok(()),
        (Err(reason), false) => {
            found.note("refused", format!("it is refused: {reason}"));
            return Ok(());
        }
        (Ok(_), true) => {
            found.note("sent", "it is sent");
            return Ok(());
        }
    };
    let configured = case.input["config"]["models"]["providers"]["qwen"]["baseUrl"].as_str();
    let origin = aigc_origin_for(configured).unwrap_or_default();
    let url = format!("{origin}{}", checked.path());
    found.compare("url", Some(&*url), expected["url"].as_str());
    for (name, value) in checked.headers() {
        let sent = expected["headers"][name.to_ascii_lowercase()].as_str();
        found.compare(name, Some(value), sent);
    }
    let (body, expected) = (checked.body(), &expected["json"]);
    found.compare("model", &body["model"], &expected["model"]);
    fields("input", &body["input"], &expected["input"], found);
    let mut parameters = body["parameters"].clone();
    let asked = |name: &str| !case.input["request"][name].is_null();
    for (name, is_asked) in [
        ("size", asked("size") || asked("resolution")),
        ("resolution", asked("size") || asked("resolution")),
        ("ratio", asked("size") || asked("aspectRatio")),
    ] {
        // What nobody asked for is ours alone: the cheapest.
        let sent = parameters.as_object_mut();
        if !is_asked && expected["parameters"][name].is_null() {
            let sent = sent.and_then(|sent| sent.remove(name));
            if sent.is_some() {
                found.note(
                    "default format",
                    format!("{name} is sent that nobody asked for"),
                );
                if name != "ratio" {
                    let cheapest = cheapest(checked.model());
                    found.compare("cheapest", Some(checked.resolution()), cheapest);
                }
            }
        }
    }
    fields("parameters", &parameters, &expected["parameters"], found);
    Ok(())
}

fn cheapest(model: &str) -> Option<Resolution> {
    let model = video::find(model)?;
    let has_720 = model.resolutions().contains(&Resolution::P720);
    Some(if has_720 {
        Resolution::P720
    } else {
        model.default_resolution()
    })
}

fn fields(of: &str, body: &Value, expected: &Value, found: &mut Differences) {
    let none = serde_json::Map::new();
    let body = body.as_object().unwrap_or(&none);
    let expected = expected.as_object().unwrap_or(&none);
    let mut names: Vec<_> = body.keys().chain(expected.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        found.compare(&format!("{of}.{name}"), body.get(name), expected.get(name));
    }
}

fn media_type(role: &str) -> Option<MediaType> {
    use MediaType::{
        DrivingAudio, FirstClip, FirstFrame, LastFrame, ReferenceImage, ReferenceVideo,
    };
    let all = [
        FirstFrame,
        LastFrame,
        DrivingAudio,
        FirstClip,
        ReferenceImage,
        ReferenceVideo,
    ];
    all.into_iter().find(|kind| kind.as_str() == role)
}

/// The request in our words, or why it cannot be said in them.
fn request(recorded: &Value) -> Result<VideoRequest, String> {
    let model = string(&recorded["model"], "model")?;
    let mut request = match model.trim() {
        "" => VideoRequest::new(video::DEFAULT_MODEL),
        model => VideoRequest::new(ModelRef::parse(model).map_err(|e| e.to_string())?.model),
    };
    if let Some(prompt) = recorded["prompt"].as_str() {
        request = request.prompt(prompt);
    }
    for (name, clip) in [("inputImages", false), ("inputVideos", true)] {
        for reference in recorded[name].as_array().into_iter().flatten() {
            let url = reference["url"].as_str();
            // What is in memory there is a file of this machine here.
            let url = url
                .filter(|url| !url.trim().is_empty())
                .unwrap_or("file.bin");
            let placed = match clip {
                true => Reference::video(url),
                false => Reference::image(url),
            };
            let role = reference["role"].as_str().map(str::trim);
            request = request.reference(match role.and_then(media_type) {
                Some(role) => placed.role(role),
                None => placed,
            });
        }
    }
    if let Some(track) = recorded["inputAudios"][0]["url"].as_str() {
        request = request.audio_track(track);
    }
    let unreadable = |what: &str| format!("{what} is no {what}");
    if let Some(size) = recorded["size"].as_str() {
        request = request.size(size.parse().map_err(|_| unreadable("size"))?);
    }
    if let Some(resolution) = recorded["resolution"].as_str() {
        request = request.resolution(resolution.parse().map_err(|_| unreadable("resolution"))?);
    }
    if let Some(ratio) = recorded["aspectRatio"].as_str() {
        let ratio: AspectRatio = ratio.parse().map_err(|_| unreadable("ratio"))?;
        request = request.ratio(ratio);
    }
    match &recorded["durationSeconds"] {
        Value::Null => {}
        seconds => {
            let seconds = seconds
                .as_u64()
                .and_then(|seconds| u32::try_from(seconds).ok());
            request = request.seconds(seconds.ok_or_else(|| unreadable("duration"))?);
        }
    }
    if let Some(audio) = recorded["audio"].as_bool() {
        request = request.audio(audio);
    }
    if let Some(watermark) = recorded["watermark"].as_bool() {
        request = request.watermark(watermark);
    }
    Ok(request)
}

fn described(case: &Case, found: &mut Differences) -> Result<(), String> {
    let expected = &case.expected;
    let default = expected["default_model"].as_str();
    found.compare("default", Some(video::DEFAULT_MODEL), default);
    for (id, described) in object(&expected["catalog_by_model"], "catalog_by_model")? {
        match video::find(id) {
            Some(known) => model(known, described, found),
            None => found.note("model", format!("{id} is no model")),
        }
    }
    Ok(())
}

/// A mode of ours goes by one of three names there.
fn capabilities<'a>(model: &VideoModel, described: &'a Value) -> &'a Value {
    let name = match model.mode() {
        video::Mode::ImageToVideo => "imageToVideo",
        video::Mode::ReferenceToVideo => "videoToVideo",
        _ => "generate",
    };
    &described["capabilities"][name]
}

fn model(model: &VideoModel, described: &Value, found: &mut Differences) {
    let taken = capabilities(model, described);
    let id = model.id();
    let names = model
        .resolutions()
        .iter()
        .map(|resolution| json!(resolution.as_str()));
    found.compare(id, &Value::from_iter(names), &taken["resolutions"]);
    let durations = Value::from(model.durations_with_video().all());
    found.compare(id, &durations, &taken["supportedDurationSeconds"]);
    if model.framing() != Framing::Resolution {
        let ratios = model.ratios(Resolution::P720);
        let ratios = Value::from_iter(ratios.into_iter().map(Ratio::as_str));
        found.compare(id, &ratios, &taken["aspectRatios"]);
    }
    if model.framing() == Framing::Size {
        let sizes = Value::from_iter(model.sizes().into_iter().map(|size| size.to_string()));
        found.compare(id, &sizes, &taken["sizes"]);
    }
    let references = model.references();
    let images = taken["maxInputImages"].as_u64().unwrap_or_default();
    let videos = taken["maxInputVideos"].as_u64().unwrap_or_default();
    found.compare(id, u64::from(references.max_images), images);
    found.compare(id, u64::from(references.max_videos), videos);
}
