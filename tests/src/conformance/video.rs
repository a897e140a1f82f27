//! `video.json`: where jobs go, and what each model takes.

#![expect(
    clippy::unwrap_used,
    reason = "a recording that is not as documented stops the run"
)]

use qwen_openclaw_catalog::{
    aigc_origin_for,
    video::{self, Framing, Ratio, Resolution, VideoModel},
};
use serde_json::{Value, json};

use super::{Case, Differences, Verdict};

pub(super) fn compare(case: &Case, found: &mut Differences) -> Verdict {
    if case.text("level") == "describe" {
        described(case, found);
        return Verdict::Compared;
    }
    match case.expected["http"][0]["url"].as_str() {
        Some(sent) if case.name.starts_with("endpoint ") => {
            endpoint(case, sent, found);
            Verdict::Compared
        }
        _ => Verdict::NotYet("video jobs"),
    }
}

fn endpoint(case: &Case, sent: &str, found: &mut Differences) {
    let configured = case.input["config"]["models"]["providers"]["qwen"]["baseUrl"].as_str();
    let origin = aigc_origin_for(configured).unwrap_or_default();
    let url = format!("{origin}/api/v1/services/aigc/video-generation/video-synthesis");
    found.compare("url", url.as_str(), sent);
}

fn described(case: &Case, found: &mut Differences) {
    let expected = &case.expected;
    let default = expected["default_model"].as_str();
    found.compare("default", Some(video::DEFAULT_MODEL), default);
    for (id, described) in expected["catalog_by_model"].as_object().unwrap() {
        model(video::find(id).unwrap(), described, found);
    }
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
