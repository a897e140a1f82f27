//! The rows of the video catalog.

use super::*;

fn model(id: &str) -> &'static VideoModel {
    find(id).unwrap_or_else(|| panic!("{id} is not in the catalog"))
}

#[test]
fn the_default_model_is_the_first_row() {
    assert_eq!(models()[0].id(), DEFAULT_MODEL);
    assert_eq!(models().len(), 10);
}

#[test]
fn input_is_what_the_references_may_be() {
    use Modality::{Image, Text, Video};
    for (id, input) in [
        ("wan2.6-t2v", &[Text][..]),
        ("wan2.6-i2v", &[Text, Image]),
        ("wan2.7-i2v", &[Text, Image, Video]),
        ("wan2.6-r2v-flash", &[Text, Image, Video]),
    ] {
        assert_eq!(model(id).input(), input, "{id}");
    }
    assert_eq!(model("wan2.6-t2v").model_ref(), "qwen/wan2.6-t2v");
}

#[test]
fn ids_are_found_with_their_snapshots() {
    assert_eq!(model("  WAN2.6-I2V ").id(), "wan2.6-i2v");
    assert_eq!(model("wan2.7-t2v-2026-04-25").id(), "wan2.7-t2v");
    for odd in [
        "",
        "wan2.6",
        "wan2.7-t2v-2026-4-25",
        "-2026-04-25",
        "\u{4e2d}\u{6587}wan2.6-t2v",
    ] {
        assert!(find(odd).is_none(), "{odd}");
    }
    assert_eq!(nearest_models("wan26-t2v")[0], "wan2.6-t2v");
}

#[test]
fn each_model_specifies_its_size_in_one_way() {
    let models_with = |framing| {
        let fitting = models().iter().filter(|model| model.framing() == framing);
        fitting.map(VideoModel::id).collect::<Vec<_>>()
    };
    assert_eq!(
        models_with(Framing::Size),
        [
            "wan2.6-t2v",
            "wan2.6-r2v",
            "wan2.6-r2v-flash",
            "wan2.5-t2v-preview"
        ]
    );
    assert_eq!(
        models_with(Framing::ResolutionAndRatio),
        ["wan2.7-t2v", "wan2.7-r2v"]
    );
    assert_eq!(
        models_with(Framing::Resolution),
        [
            "wan2.6-i2v",
            "wan2.6-i2v-flash",
            "wan2.7-i2v",
            "wan2.5-i2v-preview"
        ]
    );
    assert!(
        model("wan2.6-i2v").sizes().is_empty(),
        "the ratio follows the image"
    );
}

#[test]
fn the_sizes_of_a_model_are_the_documented_ones() {
    let sizes = |id| {
        let sizes = model(id).sizes().into_iter().map(|size| size.to_string());
        sizes.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        sizes("wan2.6-t2v"),
        "1280*720 720*1280 960*960 1088*832 832*1088 \
         1920*1080 1080*1920 1440*1440 1632*1248 1248*1632"
    );
    assert!(sizes("wan2.5-t2v-preview").starts_with("832*480 480*832 624*624 1280*720"));
    assert!(sizes("wan2.7-t2v").contains("1104*832 832*1104"));
    assert!(sizes("wan2.7-r2v").ends_with("1648*1248 1248*1648"));
}

#[test]
fn an_offered_size_maps_back_to_resolution_and_ratio() {
    let format = |id, size: &str| model(id).format_of(size.parse().unwrap());
    assert_eq!(
        format("wan2.6-t2v", "720*1280"),
        Some((Resolution::P720, Ratio::R9x16))
    );
    assert_eq!(format("wan2.6-t2v", "832*480"), None, "480P is not offered");
    assert_eq!(
        format("wan2.5-t2v-preview", "832*480"),
        Some((Resolution::P480, Ratio::R16x9))
    );
    assert_eq!(
        format("wan2.7-r2v", "1088*832"),
        Some((Resolution::P720, Ratio::R4x3))
    );
    assert_eq!(
        format("wan2.6-i2v", "1280*720"),
        Some((Resolution::P720, Ratio::R16x9))
    );
}

#[test]
fn durations_depend_on_the_references() {
    let range = |durations: Durations| (durations.min(), durations.max());
    assert_eq!(range(model("wan2.6-t2v").durations()), (2, 15));
    assert_eq!(range(model("wan2.6-r2v").durations()), (2, 10));
    assert_eq!(range(model("wan2.7-r2v").durations()), (2, 15));
    assert_eq!(range(model("wan2.7-r2v").durations_with_video()), (2, 10));
    assert_eq!(model("wan2.5-t2v-preview").durations().all(), [5, 10]);
    assert!(
        models()
            .iter()
            .all(|model| model.durations().default_seconds() == 5)
    );
}

#[test]
fn models_have_the_documented_parameters() {
    let having = |test: fn(&VideoModel) -> bool| {
        models()
            .iter()
            .filter(|model| test(model))
            .map(VideoModel::id)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        having(VideoModel::has_shot_type),
        [
            "wan2.6-t2v",
            "wan2.6-i2v",
            "wan2.6-i2v-flash",
            "wan2.6-r2v",
            "wan2.6-r2v-flash"
        ]
    );
    assert_eq!(
        having(|model| model.sound() == Sound::Switchable),
        ["wan2.6-i2v-flash", "wan2.6-r2v-flash"]
    );
    assert_eq!(
        having(|model| model.audio_track().is_none()),
        ["wan2.6-r2v", "wan2.6-r2v-flash", "wan2.7-r2v"]
    );
    assert_eq!(
        having(|model| !model.has_prompt_extend()),
        ["wan2.6-r2v", "wan2.6-r2v-flash"]
    );
    assert_eq!(
        having(|model| !model.prompt_required()),
        [
            "wan2.6-i2v",
            "wan2.6-i2v-flash",
            "wan2.7-i2v",
            "wan2.5-i2v-preview"
        ]
    );
}

#[test]
fn references_are_named_by_the_protocol() {
    let name = |id, kind, number| model(id).reference_name(kind, number);
    assert_eq!(
        name("wan2.6-r2v", MediaType::ReferenceVideo, 2),
        "character2"
    );
    assert_eq!(name("wan2.7-r2v", MediaType::ReferenceVideo, 1), "Video 1");
    assert_eq!(name("wan2.7-r2v", MediaType::ReferenceImage, 3), "Image 3");
}
