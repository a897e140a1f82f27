//! What is sent for a request, and what is refused.

use serde_json::{Value, json};

use qwen_openclaw_catalog::video::Ratio;

use super::*;

fn request(model: &str) -> VideoRequest {
    let request = VideoRequest::new(model).prompt("a cat");
    match model {
        model if model.contains("i2v") => request.image("https://a.example/1.png"),
        model if model.contains("r2v") => request.video("https://a.example/1.mp4"),
        _ => request,
    }
}

fn body(request: &VideoRequest) -> Value {
    request.check(Strictness::Exact).unwrap().body().clone()
}

fn refused(request: &VideoRequest) -> String {
    request.check(Strictness::Exact).unwrap_err().to_string()
}

/// The parameters after normalising, and the changes.
fn normalised(request: &VideoRequest) -> (Value, Vec<String>) {
    let checked = request.check(Strictness::Normalise).unwrap();
    let changes = checked.changes().iter().map(ToString::to_string).collect();
    (checked.body()["parameters"].clone(), changes)
}

#[test]
fn resolution_and_duration_are_always_sent() {
    for model in video::models() {
        let parameters = &body(&request(model.id()))["parameters"];
        let framed = parameters.get("size").or(parameters.get("resolution"));
        assert!(framed.is_some(), "{}: {parameters}", model.id());
        assert!(
            parameters["duration"].is_u64(),
            "{}: {parameters}",
            model.id()
        );
    }
}

#[test]
fn text_to_video() {
    let legacy = request("wan2.6-t2v")
        .resolution(Resolution::P1080)
        .ratio(Ratio::R9x16)
        .seconds(10);
    assert_eq!(
        body(&legacy),
        json!({
            "model": "wan2.6-t2v",
            "input": {"prompt": "a cat"},
            "parameters": {"size": "1080*1920", "duration": 10},
        })
    );
    let media = request("wan2.7-t2v")
        .ratio(Ratio::R1x1)
        .negative_prompt("dogs")
        .seed(7);
    assert_eq!(
        body(&media),
        json!({
            "model": "wan2.7-t2v",
            "input": {"prompt": "a cat", "negative_prompt": "dogs"},
            "parameters": {"resolution": "720P", "ratio": "1:1", "duration": 5, "seed": 7},
        })
    );
}

#[test]
fn image_to_video() {
    let legacy = request("wan2.6-i2v").ratio(Ratio::R1x1).watermark(false);
    assert_eq!(
        body(&legacy),
        json!({
            "model": "wan2.6-i2v",
            "input": {"prompt": "a cat", "img_url": "https://a.example/1.png"},
            "parameters": {"resolution": "720P", "duration": 5, "watermark": false},
        })
    );
    let media = request("wan2.7-i2v").audio_track("https://a.example/1.mp3");
    assert_eq!(
        body(&media)["input"]["media"],
        json!([
            {"type": "first_frame", "url": "https://a.example/1.png"},
            {"type": "driving_audio", "url": "https://a.example/1.mp3"},
        ])
    );
}

#[test]
fn reference_to_video() {
    let legacy = request("wan2.6-r2v-flash")
        .image("https://a.example/1.png")
        .audio(false);
    let body_legacy = body(&legacy);
    assert_eq!(
        body_legacy["input"]["reference_urls"],
        json!(["https://a.example/1.mp4", "https://a.example/1.png"])
    );
    assert_eq!(body_legacy["parameters"]["audio"], false);
    let media = request("wan2.7-r2v").image("https://a.example/1.png");
    assert_eq!(
        body(&media)["input"]["media"],
        json!([
            {"type": "reference_video", "url": "https://a.example/1.mp4"},
            {"type": "reference_image", "url": "https://a.example/1.png"},
        ])
    );
}

#[test]
fn references_are_checked_and_never_left_out() {
    let url = "https://a.example/1.png";
    for (request, says) in [
        (request("wan2.6-t2v").image(url), "takes no references"),
        (
            VideoRequest::new("wan2.6-i2v").prompt("p"),
            "exactly one reference image",
        ),
        (
            request("wan2.6-i2v").image(url),
            "exactly one reference image",
        ),
        (
            VideoRequest::new("wan2.6-r2v").prompt("p"),
            "needs 1 to 5 references",
        ),
        (
            VideoRequest::new("wan2.6-i2v").image("/tmp/a.png"),
            "must be remote http(s) URLs",
        ),
        (
            VideoRequest::new("wan2.6-i2v").image("file:///a.png"),
            "must be remote http(s) URLs",
        ),
        (
            VideoRequest::new("wan2.6-i2v").image("  "),
            "must be remote http(s) URLs",
        ),
        (
            request("wan2.6-t2v").audio_track("a.mp3"),
            "must be remote http(s) URLs",
        ),
    ] {
        for strictness in [Strictness::Exact, Strictness::Normalise] {
            let error = request.check(strictness).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}

#[test]
fn an_unknown_model_is_refused_with_those_close_to_it() {
    let message = refused(&VideoRequest::new("wan2.6-t2w").prompt("p"));
    assert!(
        message.contains("`wan2.6-t2w`") && message.contains("wan2.6-t2v"),
        "{message}"
    );
}

#[test]
fn values_the_model_does_not_take() {
    let cases = [
        (
            request("wan2.6-t2v").seconds(16),
            json!(15),
            "duration",
            "duration 16 s becomes 15 s",
        ),
        (
            request("wan2.6-r2v").seconds(60),
            json!(10),
            "duration",
            "duration 60 s becomes 10 s",
        ),
        (
            request("wan2.5-t2v-preview").seconds(7),
            json!(5),
            "duration",
            "duration 7 s becomes 5 s",
        ),
        (
            request("wan2.6-t2v").resolution(Resolution::P480),
            json!("1280*720"),
            "size",
            "resolution 480P becomes 720P",
        ),
        (
            request("wan2.6-t2v").size(Size::new(999, 999)),
            json!("960*960"),
            "size",
            "size 999*999 becomes 960*960",
        ),
        (
            request("wan2.6-i2v").size(Size::new(640, 360)),
            json!("720P"),
            "resolution",
            "size 640*360 becomes 720P",
        ),
    ];
    for (request, applied, parameter, change) in cases {
        let message = refused(&request);
        assert!(
            message.starts_with("the model does not take the "),
            "{message}"
        );
        assert!(message.contains("it takes "), "{message}");
        let (parameters, changes) = normalised(&request);
        assert_eq!(parameters[parameter], applied, "{parameters}");
        assert_eq!(changes, [change]);
    }
}

#[test]
fn switches_the_model_does_not_have() {
    let silent = request("wan2.6-t2v").audio(false);
    assert!(refused(&silent).contains("always makes sound"));
    assert_eq!(normalised(&silent).1, ["audio off is left out"]);
    // Asking for the sound that comes anyway changes nothing.
    assert_eq!(
        body(&request("wan2.6-t2v").audio(true))["parameters"].get("audio"),
        None
    );
    let shots = request("wan2.7-t2v").shot_type(ShotType::Multi);
    assert!(refused(&shots).contains("say it in the prompt"));
    assert_eq!(
        body(&request("wan2.6-t2v").shot_type(ShotType::Multi))["parameters"]["shot_type"],
        "multi"
    );
}

#[test]
fn long_prompts_are_not_cut_in_silence() {
    let long = request("wan2.6-t2v").prompt("é".repeat(1501));
    assert!(refused(&long).contains("at most 1500 characters"));
    let checked = long.check(Strictness::Normalise).unwrap();
    let sent = checked.body()["input"]["prompt"]
        .as_str()
        .unwrap()
        .chars()
        .count();
    assert_eq!(sent, 1500);
    assert_eq!(checked.changes().len(), 1);
}

#[test]
fn a_prompt_is_needed_where_the_model_needs_one() {
    assert!(refused(&VideoRequest::new("wan2.6-t2v").prompt(" ")).contains("needs a prompt"));
    assert!(
        VideoRequest::new("wan2.6-i2v")
            .image("https://a.example/1.png")
            .check(Strictness::Exact)
            .is_ok()
    );
}

#[test]
fn uploaded_references_say_so_in_a_header() {
    let request = VideoRequest::new("wan2.6-i2v").image("oss://key/1.png");
    let checked = request.check(Strictness::Exact).unwrap();
    assert_eq!(
        checked.headers(),
        [
            ("X-DashScope-Async", "enable"),
            ("X-DashScope-OssResourceResolve", "enable"),
        ]
    );
}

#[test]
fn local_files_can_be_placed_elsewhere() {
    let request = VideoRequest::new("wan2.6-r2v")
        .prompt("p")
        .image("/tmp/1.png")
        .video("https://a.example/1.mp4");
    let placed =
        request.place_references(|reference| Ok::<_, ()>(format!("oss://key{}", reference.url())));
    let urls: Vec<_> = placed
        .unwrap()
        .references()
        .iter()
        .map(|r| r.url().to_owned())
        .collect();
    assert_eq!(urls, ["oss://key/tmp/1.png", "https://a.example/1.mp4"]);
}

#[test]
fn the_estimate_knows_silence() {
    let request = request("wan2.6-i2v-flash").seconds(10);
    let with = request
        .check(Strictness::Exact)
        .unwrap()
        .estimate(Region::China)
        .unwrap();
    let without = request.audio(false).check(Strictness::Exact).unwrap();
    let without = without.estimate(Region::China).unwrap();
    assert!(without.amount() < with.amount());
}

#[test]
fn any_ratio_becomes_the_nearest() {
    let wide: AspectRatio = "21:9".parse().unwrap();
    let request = request("wan2.6-t2v").prompt("x").ratio(wide);
    assert!(request.check(Strictness::Exact).is_err());
    let checked = request.check(Strictness::Normalise).unwrap();
    assert_eq!(checked.body()["parameters"]["size"], "1280*720");
    assert_eq!(checked.changes()[0].to_string(), "ratio 21:9 becomes 16:9");
}

#[test]
fn a_resolution_beats_a_size_where_there_are_no_sizes() {
    let size = "1280*720".parse().unwrap();
    let request = request("wan2.6-i2v").size(size);
    let checked = request.clone().check(Strictness::Exact).unwrap();
    assert_eq!(checked.resolution(), Resolution::P720);
    let checked = request
        .resolution(Resolution::P1080)
        .check(Strictness::Exact)
        .unwrap();
    assert_eq!(checked.resolution(), Resolution::P1080);
}
