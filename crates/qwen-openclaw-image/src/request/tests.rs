//! What is sent for a request, and what is refused.

use qwen_openclaw_catalog::image::{Size, SizeClass};
use serde_json::json;

use super::*;
use crate::{ErrorKind, Hint};

const URL: &str = "https://example.com/a.png";

fn request(model: &str) -> ImageRequest {
    ImageRequest::new(model).prompt("a red crane")
}

fn body(request: &ImageRequest) -> Value {
    request.check(Strictness::Exact).unwrap().body().clone()
}

fn refused(request: &ImageRequest, expected: &str) {
    let error = request.check(Strictness::Exact).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.to_string(), expected);
}

/// What a request becomes where the nearest value is taken.
fn changed(request: &ImageRequest) -> (Value, String) {
    let checked = request.check(Strictness::Normalise).unwrap();
    let changes: Vec<String> = checked.changes().iter().map(ToString::to_string).collect();
    (checked.body().clone(), changes.join("; "))
}

#[test]
fn the_openai_path_has_a_flat_body() {
    let request = request("qwen-image-3.0").seed(7).prompt_extend(false);
    assert_eq!(
        body(&request),
        json!({"model": "qwen-image-3.0", "prompt": "a red crane", "n": 1, "size": "1328x1328",
               "prompt_extend": false, "seed": 7})
    );
    let edit = request
        .image(URL)
        .image(URL)
        .count(6)
        .watermark(false)
        .negative_prompt("blur");
    assert_eq!(
        body(&edit),
        json!({"model": "qwen-image-3.0", "prompt": "a red crane", "n": 6, "image": [URL, URL],
               "prompt_extend": false, "seed": 7, "watermark": false, "negative_prompt": "blur"})
    );
}

#[test]
fn messages_hold_the_images_and_one_text() {
    let request = request("qwen-image-2.0")
        .image(URL)
        .negative_prompt("blur")
        .size(Size::new(1024, 1024));
    assert_eq!(
        body(&request),
        json!({"model": "qwen-image-2.0",
               "input": {"messages": [{"role": "user",
                          "content": [{"image": URL}, {"text": "a red crane"}]}]},
               "parameters": {"n": 1, "size": "1024*1024", "negative_prompt": "blur"}})
    );
}

#[test]
fn older_tasks_take_a_prompt() {
    let request = request("wan2.5-t2i-preview")
        .negative_prompt("blur")
        .seed(1);
    assert_eq!(
        body(&request),
        json!({"model": "wan2.5-t2i-preview",
               "input": {"prompt": "a red crane", "negative_prompt": "blur"},
               "parameters": {"n": 1, "size": "1280*1280", "seed": 1}})
    );
    let edit = self::request("wan2.5-i2i-preview").image(URL);
    assert_eq!(
        body(&edit),
        json!({"model": "wan2.5-i2i-preview", "input": {"prompt": "a red crane", "images": [URL]},
               "parameters": {"n": 1}})
    );
}

#[test]
fn each_form_has_its_path_and_headers() {
    let task = ("X-DashScope-Async", "enable");
    for (model, path, headers) in [
        (
            "qwen-image-3.0-pro",
            "/compatible-mode/v1/images/generations",
            vec![],
        ),
        (
            "qwen-image-max",
            "/api/v1/services/aigc/multimodal-generation/generation",
            vec![],
        ),
        (
            "wan2.7-image",
            "/api/v1/services/aigc/image-generation/generation",
            vec![task],
        ),
        (
            "qwen-image",
            "/api/v1/services/aigc/text2image/image-synthesis",
            vec![task],
        ),
    ] {
        let checked = request(model).check(Strictness::Exact).unwrap();
        assert_eq!(checked.path(), path, "{model}");
        assert_eq!(checked.headers(), headers, "{model}");
        assert_eq!(checked.is_synchronous(), headers.is_empty(), "{model}");
    }
    let uploaded = request("qwen-image-3.0").image("oss://dir/a.png");
    let checked = uploaded.check(Strictness::Exact).unwrap();
    let resolve = ("X-DashScope-OssResourceResolve", "enable");
    assert_eq!(checked.headers(), [resolve]);
}

#[test]
fn every_request_says_how_many_images() {
    for model in image::models() {
        let request = match model.mode().generates() {
            true => request(model.id()),
            false => request(model.id()).image(URL),
        };
        let body = body(&request);
        let count = body.get("n").or_else(|| body.pointer("/parameters/n"));
        assert_eq!(count, Some(&json!(1)), "{}", model.id());
    }
}

#[test]
fn a_rewritten_prompt_that_costs_more_is_asked_for() {
    let turbo = request("z-image-turbo");
    assert_eq!(
        body(&turbo)["parameters"],
        json!({"n": 1, "prompt_extend": false})
    );
    let cost = |request: &ImageRequest| {
        let checked = request.check(Strictness::Exact).unwrap();
        checked.estimate(Region::China).unwrap().to_string()
    };
    assert_eq!(cost(&turbo), "CNY 0.10");
    assert_eq!(cost(&turbo.prompt_extend(true)), "CNY 0.20");
}

#[test]
fn what_the_model_does_not_take_is_refused_or_the_nearest_taken() {
    let large = request("qwen-image-plus")
        .size(Size::new(1700, 900))
        .count(3);
    refused(
        &large,
        "the model does not take the number of images 3: it makes one at a time",
    );
    let (body, changes) = changed(&large);
    assert_eq!(body["parameters"], json!({"n": 1, "size": "1664*928"}));
    assert_eq!(
        changes,
        "number of images 3 becomes 1; size 1700*900 becomes 1664*928"
    );

    let none = request("qwen-image-2.0").count(0).size(SizeClass::K2);
    let (body, changes) = changed(&none);
    assert_eq!(body["parameters"], json!({"n": 1, "size": "2048*2048"}));
    assert_eq!(
        changes,
        "number of images 0 becomes 1; size 2K becomes 2048*2048"
    );

    let edit = request("qwen-image-edit")
        .image(URL)
        .size(Size::new(1024, 1024));
    refused(
        &edit,
        "the model does not take the size 1024*1024: the size follows the image",
    );
    let (body, changes) = changed(&edit);
    assert_eq!(body["parameters"], json!({"n": 1}));
    assert_eq!(changes, "size 1024*1024 is left out");

    let auto = request("wan2.7-image-pro").image(URL).size(SizeClass::K4);
    assert_eq!(changed(&auto).1, "size 4K becomes 2K");
    let seed = request("qwen-image").seed(u32::MAX);
    assert_eq!(changed(&seed).1, "seed 4294967295 becomes 2147483647");
    let long = request("wan2.2-t2i-flash").prompt("ü".repeat(501));
    refused(
        &long,
        "the model does not take the prompt of 501 characters: at most 500 characters",
    );
    let (body, changes) = changed(&long);
    assert_eq!(body["input"]["prompt"], "ü".repeat(500));
    assert_eq!(changes, "prompt of 501 characters becomes its first 500");
}

#[test]
fn what_cannot_be_made_right_is_refused() {
    for strictness in [Strictness::Exact, Strictness::Normalise] {
        for (request, expected) in [
            (
                request("qwen-image-3"),
                "the catalog has no image model `qwen-image-3`; close to it",
            ),
            (
                ImageRequest::new("qwen-image-3.0").prompt("  "),
                "qwen-image-3.0 needs a prompt",
            ),
            (
                request("qwen-image-edit"),
                "qwen-image-edit needs 1 to 3 images",
            ),
            (
                request("qwen-image").image(URL),
                "qwen-image makes images from text and takes none",
            ),
            (
                (0..4).fold(request("qwen-image-3.0"), |request, _| request.image(URL)),
                "qwen-image-3.0 takes at most 3 images",
            ),
        ] {
            let error = request.check(strictness).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(error.to_string().starts_with(expected), "{error}");
        }
        let local = request("qwen-image-edit").image("cat.png");
        let error = local.check(strictness).unwrap_err();
        assert_eq!(error.hint(), Some(&Hint::UploadFirst));
    }
}

#[test]
fn a_local_file_is_sent_inline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    std::fs::write(&path, b"\x89PNG\r\n\x1a\n").unwrap();
    let request = request("qwen-image-edit").image(path.to_str().unwrap());
    let placed = request.place_images(InputImage::to_data_url).unwrap();
    let url = "data:image/png;base64,iVBORw0KGgo=";
    assert_eq!(placed.images()[0].url(), url);
    let content = &body(&placed)["input"]["messages"][0]["content"];
    assert_eq!(content[0]["image"], url);

    std::fs::write(&path, "just a text").unwrap();
    let image = InputImage::new(format!("file://{}", path.display()));
    let error = image.to_data_url().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(
        error
            .to_string()
            .ends_with("is not an image that the service reads"),
        "{error}"
    );
    let missing = InputImage::new("no-such.png").to_data_url().unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Storage);
}

#[test]
fn what_no_record_could_hold_is_to_be_uploaded() {
    let data = format!("data:image/png;base64,{}", "A".repeat(8 << 20));
    let one = request("qwen-image-edit").image(data.as_str());
    assert!(one.check(Strictness::Exact).is_ok());
    let error = one.image(data).check(Strictness::Exact).unwrap_err();
    assert_eq!(error.hint(), Some(&Hint::UploadFirst));
}

#[test]
fn debug_does_not_show_whole_images() {
    let data = format!("data:image/png;base64,{}", "A".repeat(10_000));
    let request = request("qwen-image-edit").image(data);
    let checked = request.check(Strictness::Exact).unwrap();
    for shown in [format!("{request:?}"), format!("{checked:?}")] {
        assert!(shown.len() < 600, "{shown}");
    }
}

#[test]
fn the_cost_is_that_of_what_was_counted() {
    let checked = request("qwen-image-3.0-pro")
        .count(2)
        .check(Strictness::Exact)
        .unwrap();
    let estimate = checked.estimate(Region::Global).unwrap();
    assert_eq!(estimate.to_string(), "USD 0.0714");
    let usage = json!({"output_image_count": 1, "output_image_type": "qima_output_2k"});
    let usage = ImageUsage::of(&usage).unwrap();
    let cost = checked.cost(Region::Global, &usage).unwrap();
    assert_eq!(cost.to_string(), "USD 0.0714");
    let one = checked
        .cost(Region::Global, &ImageUsage::of_results(1))
        .unwrap();
    assert_eq!(one.to_string(), "USD 0.0357");
    assert_eq!(checked.estimate(Region::China), None);
    assert_eq!(checked.price_date(Region::Global), Some("2026-11-25"));
}

#[test]
fn a_task_is_like_the_request_for_it() {
    use qwen_openclaw_tasks::{Likeness, TaskReport};
    let told = |output: Value, usage: Value| {
        let body = body(&request("wan2.5-t2i-preview").count(2));
        likeness(
            &body,
            &TaskReport::of(&json!({"output": output, "usage": usage})),
        )
    };
    let prompt = |prompt: &str| json!({"results": [{"url": "a", "orig_prompt": prompt}]});
    let two = json!({"image_count": 2});
    assert_eq!(told(prompt("a red  crane"), two.clone()), Likeness::Same);
    assert_eq!(told(prompt("a dog"), two.clone()), Likeness::Other);
    assert_eq!(told(json!({}), two), Likeness::Untold);
    // One of two may have failed.
    assert_eq!(
        told(prompt("a red crane"), json!({"image_count": 1})),
        Likeness::Same
    );
    assert_eq!(
        told(prompt("a red crane"), json!({"image_count": 4})),
        Likeness::Other
    );
    let mut metrics = prompt("a red crane");
    metrics["task_metrics"] = json!({"TOTAL": 4, "SUCCEEDED": 1, "FAILED": 3});
    assert_eq!(told(metrics, json!({"image_count": 1})), Likeness::Other);
    let size = json!({"image_count": 2, "size": "1024*1024"});
    assert_eq!(told(prompt("a red crane"), size), Likeness::Other);

    let seeded = body(&request("wan2.5-t2i-preview").seed(1));
    let report = TaskReport::of(&json!({"output": prompt("a red crane")}));
    assert_eq!(likeness(&seeded, &report), Likeness::Untold);
    let message = body(&request("wan2.7-image"));
    assert_eq!(likeness(&message, &report), Likeness::Untold);
}
