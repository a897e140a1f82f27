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
        message.contains("`wan2.6-t2w`; close to it: wan2.6-t2v"),
        "{message}"
    );
    let message = refused(&VideoRequest::new("sora").prompt("p"));
    for model in video::models() {
        assert!(message.contains(model.id()), "{message}");
    }
    assert!(message.contains("`sora`; it has "), "{message}");
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

mod any_request {
    use proptest::prelude::*;
    use qwen_openclaw_catalog::video::{self, Framing, Protocol, Ratio, Sound, VideoModel};

    use super::*;

    const MODELS: &[&str] = &[
        "wan2.6-t2v",
        "wan2.6-i2v",
        "wan2.6-i2v-flash",
        "wan2.6-r2v",
        "wan2.6-r2v-flash",
        "wan2.7-t2v",
        "wan2.7-i2v",
        "wan2.7-r2v",
        "wan2.5-t2v-preview",
        "wan2.5-i2v-preview",
    ];

    fn models() -> impl Strategy<Value = &'static VideoModel> {
        proptest::sample::select(MODELS).prop_map(|id| video::find(id).unwrap())
    }

    type Values = (
        Option<u32>,
        Option<(u32, u32)>,
        Option<Resolution>,
        Option<(u32, u32)>,
        [Option<bool>; 3],
        Option<u32>,
    );

    fn values() -> impl Strategy<Value = Values> {
        let side = 1u32..5000;
        let resolution =
            proptest::sample::select(vec![Resolution::P480, Resolution::P720, Resolution::P1080]);
        (
            proptest::option::of(0u32..40),
            proptest::option::of((side.clone(), side)),
            proptest::option::of(resolution),
            proptest::option::of((1u32..30, 1u32..30)),
            proptest::array::uniform3(proptest::option::of(any::<bool>())),
            proptest::option::of(any::<u32>()),
        )
    }

    /// The request with references that the model takes, so that only values are in question.
    fn with(model: &VideoModel, values: &Values) -> VideoRequest {
        let mut request = super::request(model.id());
        let (seconds, size, resolution, ratio, [audio, watermark, extend], seed) = values;
        if let Some(seconds) = seconds {
            request = request.seconds(*seconds);
        }
        if let Some((width, height)) = size {
            request = request.size(format!("{width}*{height}").parse().unwrap());
        }
        if let Some(resolution) = resolution {
            request = request.resolution(*resolution);
        }
        if let Some((width, height)) = ratio {
            let ratio: AspectRatio = format!("{width}:{height}").parse().unwrap();
            request = request.ratio(ratio);
        }
        if let Some(audio) = audio {
            request = request.audio(*audio);
        }
        if let Some(watermark) = watermark {
            request = request.watermark(*watermark);
        }
        if let Some(extend) = extend {
            request = request.prompt_extend(*extend);
        }
        if let Some(seed) = seed {
            request = request.seed(*seed);
        }
        request
    }

    /// What every body obeys, whatever was asked for.
    fn obeys(model: &VideoModel, body: &Value) {
        let parameters = body["parameters"].as_object().unwrap();
        let has = |name: &str| parameters.contains_key(name);
        match model.framing() {
            Framing::Size => {
                let size = parameters["size"].as_str().unwrap();
                let sizes = model.sizes();
                assert!(
                    sizes.iter().any(|known| known.to_string() == size),
                    "{size}"
                );
                assert!(!has("resolution") && !has("ratio"));
            }
            framing => {
                let resolution = parameters["resolution"].as_str().unwrap();
                let known = model.resolutions().iter();
                assert!(
                    known
                        .map(|known| known.as_str())
                        .any(|known| known == resolution)
                );
                assert!(!has("size"));
                assert_eq!(has("ratio"), framing == Framing::ResolutionAndRatio);
                if let Some(ratio) = parameters.get("ratio") {
                    let ratio: Ratio = ratio.as_str().unwrap().parse().unwrap();
                    assert!(model.ratios(Resolution::P720).contains(&ratio), "{ratio}");
                }
            }
        }
        let seconds = u32::try_from(parameters["duration"].as_u64().unwrap()).unwrap();
        let with_video = body.to_string().contains("1.mp4");
        let durations = match with_video {
            true => model.durations_with_video(),
            false => model.durations(),
        };
        assert!(durations.contains(seconds), "{seconds} s");
        assert!(!has("audio") || model.sound() == Sound::Switchable);
        assert!(!has("prompt_extend") || model.has_prompt_extend());
        assert!(
            parameters
                .get("seed")
                .is_none_or(|seed| seed.as_u64().unwrap() <= 2_147_483_647)
        );
        // One output, always: there is nothing to ask for more with.
        assert!(!has("n") && !has("shot_type"));
        let media = body["input"].get("media").is_some();
        assert!(!media || model.protocol() == Protocol::Media);
    }

    proptest! {
        #[test]
        fn obeys_the_model(model in models(), values in values()) {
            let request = with(model, &values);
            // Exact refuses, or sends what was asked for.
            if let Ok(checked) = request.check(Strictness::Exact) {
                assert!(checked.changes().is_empty());
                obeys(model, checked.body());
            }
            // Normalise never refuses a mere value.
            let normal = request.check(Strictness::Normalise).unwrap();
            obeys(model, normal.body());
            // What was changed is told, and what was told was changed.
            if let Ok(exact) = request.check(Strictness::Exact) {
                assert_eq!(exact.body(), normal.body());
                assert!(normal.changes().is_empty());
            } else {
                assert!(!normal.changes().is_empty());
            }
        }
    }
}
