//! The rows of the image catalog.

use super::*;

fn model(id: &str) -> &'static ImageModel {
    find(id).unwrap_or_else(|| panic!("{id} is not in the catalog"))
}

#[test]
fn the_default_model_is_the_first_row() {
    assert_eq!(models()[0].id(), DEFAULT_MODEL);
    assert_eq!(models().len(), 19);
    assert_eq!(model(DEFAULT_MODEL).model_ref(), "qwen/qwen-image-3.0");
}

#[test]
fn ids_are_found_with_their_snapshots() {
    assert_eq!(model("  QWEN-Image ").id(), "qwen-image");
    assert_eq!(model("qwen-image-plus-2026-01-09").id(), "qwen-image-plus");
    for odd in ["", "qwen-image-3", "wan2.7", "-2026-01-09"] {
        assert!(find(odd).is_none(), "{odd}");
    }
    assert_eq!(nearest_models("qwen-image-30")[0], "qwen-image-3.0");
}

#[test]
fn each_model_has_its_form() {
    let of = |form| {
        let fitting = models().iter().filter(|model| model.form() == form);
        fitting.map(ImageModel::id).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(of(Form::OpenAi), "qwen-image-3.0 qwen-image-3.0-pro");
    assert_eq!(
        of(Form::Messages),
        "qwen-image-2.0 qwen-image-2.0-pro qwen-image-max qwen-image-edit-max \
         qwen-image-edit-plus qwen-image-edit z-image-turbo"
    );
    assert_eq!(
        of(Form::MessagesTask),
        "wan2.7-image wan2.7-image-pro wan2.6-t2i wan2.6-image"
    );
    assert_eq!(
        of(Form::PromptTask),
        "qwen-image-plus qwen-image wan2.5-t2i-preview wan2.2-t2i-flash wan2.2-t2i-plus"
    );
    assert_eq!(of(Form::EditTask), "wan2.5-i2i-preview");
    for model in models() {
        let sent_whole = matches!(model.form(), Form::OpenAi | Form::Messages);
        assert_eq!(model.form().is_synchronous(), sent_whole, "{}", model.id());
    }
}

#[test]
fn the_mode_follows_from_the_images() {
    use Modality::{Image, Text};
    for (id, mode, input) in [
        (
            "qwen-image-3.0",
            Mode::TextToImageAndEdit,
            &[Text, Image][..],
        ),
        ("qwen-image-max", Mode::TextToImage, &[Text]),
        ("qwen-image-edit", Mode::Edit, &[Text, Image]),
        ("wan2.6-image", Mode::Edit, &[Text, Image]),
        ("wan2.7-image", Mode::TextToImageAndEdit, &[Text, Image]),
    ] {
        assert_eq!(model(id).mode(), mode, "{id}");
        assert_eq!(model(id).input(), input, "{id}");
    }
    assert!(model("wan2.7-image").images().accept(9));
    assert!(!model("qwen-image-edit").images().accept(0));
}

#[test]
fn a_default_size_is_offered() {
    for model in models() {
        if let Some(size) = model.default_size() {
            assert!(model.sizes(0).accept(size), "{}", model.id());
        }
    }
    let pro = model("wan2.7-image-pro");
    let large = ImageSize::Class(SizeClass::K4);
    assert!(pro.sizes(0).accept(large) && !pro.sizes(1).accept(large));
}

#[test]
fn four_are_made_where_nothing_is_said() {
    let four: Vec<&str> = models()
        .iter()
        .filter(|model| model.default_count() == Some(4))
        .map(ImageModel::id)
        .collect();
    assert_eq!(
        four,
        [
            "wan2.6-t2i",
            "wan2.6-image",
            "wan2.5-t2i-preview",
            "wan2.2-t2i-flash",
            "wan2.2-t2i-plus"
        ]
    );
    for model in models() {
        let (default, max) = (model.default_count(), model.max_count());
        assert!(default <= max || max.is_none(), "{}", model.id());
    }
}
