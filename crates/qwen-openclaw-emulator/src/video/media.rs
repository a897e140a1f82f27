//! The input media of a video: URLs of images, videos, and audio.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::models::{Input, Model};
use crate::{inline, refusal::Refusal};

/// The URLs in a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Material {
    pub(super) urls: Vec<String>,
    /// How many of them are reference videos.
    pub(super) videos: usize,
}

/// The service's message for an invalid URL.
const NOT_VALID: &str =
    "The provided URL does not appear to be valid. Ensure it is correctly formatted.";

/// The service's message for a URL that it cannot download.
const NO_DOWNLOAD: &str =
    "Unable to download the media resource during the data inspection process.";

pub(super) fn not_valid() -> Refusal {
    Refusal::parameter(format!("InternalError.Algo.InvalidParameter: {NOT_VALID}"))
}

pub(crate) const fn no_download() -> Refusal {
    Refusal::new(
        400,
        "invalid_parameter_error",
        "InvalidParameter.DataInspection",
        "invalid_request_error",
        NO_DOWNLOAD,
    )
}

/// Parses and checks the URLs that a model requires.
pub(super) fn read(model: &Model, input: &Map<String, Value>) -> Result<Material, Refusal> {
    let mut material = Material::default();
    match model.input {
        Input::Text => {}
        Input::Image => material.required(input, "img_url")?,
        Input::Frames => {
            material.required(input, "first_frame_url")?;
            material.optional(input, "last_frame_url")?;
        }
        Input::References => references(&mut material, input)?,
        Input::MediaFrames | Input::MediaReferences | Input::MediaEdit => {
            media(&mut material, model.input, input)?;
        }
    }
    material.optional(input, "audio_url")?;
    Ok(material)
}

/// The sides that an image may have, in pixels.
const SIDES: RangeInclusive<u32> = 240..=8000;
/// How many times as long as the other a side may be.
const MAX_RATIO: u32 = 8;
/// The largest image, in MB.
const MAX_IMAGE: usize = 20;

/// Checks the size of an image, which only one that is sent or uploaded shows: `pixels` are `None` for
/// anything else.
///
/// The limits are those of image to video on the service's pages, the ratio that of wan2.7. Inferred
/// are the texts, and that the same holds for all images and models.
pub(super) fn check_image(length: usize, pixels: Option<(u32, u32)>) -> Result<(), Refusal> {
    let Some((width, height)) = pixels else {
        return Ok(());
    };
    if !SIDES.contains(&width) || !SIDES.contains(&height) {
        return Err(Refusal::parameter(format!(
            "The image is {width}*{height}; each side must be in [{}, {}]",
            SIDES.start(),
            SIDES.end()
        )));
    }
    if width.max(height) > width.min(height) * MAX_RATIO {
        return Err(Refusal::parameter(format!(
            "The image is {width}*{height}; its aspect ratio must be in [1:{MAX_RATIO}, {MAX_RATIO}:1]"
        )));
    }
    if length > MAX_IMAGE << 20 {
        return Err(Refusal::parameter(format!(
            "The image must not be larger than {MAX_IMAGE} MB"
        )));
    }
    Ok(())
}

impl Material {
    fn add(&mut self, url: &str) -> Result<(), Refusal> {
        let known = ["http://", "https://", "oss://", "data:image/"];
        let start = known.iter().find(|start| url.starts_with(**start));
        // There is something behind the start.
        if start.is_none_or(|start| url.len() == start.len()) {
            return Err(not_valid());
        }
        if let Some(data) = inline::data(url) {
            let data = data.map_err(|_| not_valid())?;
            check_image(data.len(), inline::pixels(&data))?;
        }
        self.urls.push(url.to_owned());
        Ok(())
    }

    fn required(&mut self, input: &Map<String, Value>, name: &str) -> Result<(), Refusal> {
        if input.get(name).is_none_or(|url| url.is_null() || url == "") {
            return Err(Refusal::parameter(format!("{name} must be set")));
        }
        self.optional(input, name)
    }

    fn optional(&mut self, input: &Map<String, Value>, name: &str) -> Result<(), Refusal> {
        match input.get(name) {
            None | Some(Value::Null) => Ok(()),
            Some(Value::String(url)) => self.add(url),
            Some(_) => Err(Refusal::parameter(format!("{name} must be a string"))),
        }
    }
}

/// `reference_urls`, at most 5 with at most 3 clips; or the older name, for clips only.
fn references(material: &mut Material, input: &Map<String, Value>) -> Result<(), Refusal> {
    let lists = ["reference_urls", "reference_video_urls"];
    let Some((name, urls)) = lists
        .into_iter()
        .find_map(|name| Some((name, input.get(name)?.as_array()?)))
    else {
        return Err(Refusal::parameter("reference_urls must be set"));
    };
    for url in urls {
        let url = url
            .as_str()
            .ok_or_else(|| Refusal::parameter(format!("{name} must be a list of strings")))?;
        material.add(url)?;
        if name == "reference_video_urls" || is_clip(url) {
            material.videos += 1;
        }
    }
    if urls.is_empty() || urls.len() > 5 || material.videos > 3 {
        return Err(Refusal::parameter(format!(
            "{name} must have 1 to 5 items, at most 3 of them videos"
        )));
    }
    Ok(())
}

/// Whether an address is that of a clip, as far as it shows.
fn is_clip(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| {
        extension.eq_ignore_ascii_case("mp4") || extension.eq_ignore_ascii_case("mov")
    })
}

/// `media`: a list of typed addresses.
fn media(
    material: &mut Material,
    wanted: Input,
    input: &Map<String, Value>,
) -> Result<(), Refusal> {
    let items = input.get("media").and_then(Value::as_array);
    let items = items
        .filter(|items| !items.is_empty())
        .ok_or_else(|| Refusal::parameter("media must be set"))?;
    let mut kinds = Vec::new();
    for item in items {
        let (Some(kind), Some(url)) = (item["type"].as_str(), item["url"].as_str()) else {
            return Err(Refusal::parameter("media must have type and url"));
        };
        material.add(url)?;
        if let Some(voice) = item["reference_voice"].as_str() {
            material.add(voice)?;
        }
        kinds.push(kind);
    }
    let count = |kind: &str| kinds.iter().filter(|present| **present == kind).count();
    let (known, fits) = match wanted {
        Input::MediaFrames => (
            &["first_frame", "last_frame", "driving_audio", "first_clip"][..],
            frames_fit(
                count("first_frame"),
                count("last_frame"),
                count("driving_audio"),
                count("first_clip"),
            ),
        ),
        Input::MediaReferences => {
            let subjects = count("reference_image") + count("reference_video");
            (
                &["reference_image", "reference_video", "first_frame"][..],
                (1..=5).contains(&subjects) && count("first_frame") <= 1,
            )
        }
        _ => (
            &["video", "reference_image"][..],
            count("video") == 1 && count("reference_image") <= 4,
        ),
    };
    if let Some(unknown) = kinds.iter().find(|kind| !known.contains(kind)) {
        return Err(Refusal::parameter(format!(
            "media type {unknown} is not supported"
        )));
    }
    if !fits {
        return Err(Refusal::parameter("The combination of media is not match"));
    }
    material.videos = count("reference_video");
    Ok(())
}

/// The sets that wan2.7-i2v takes: a first frame with or without last frame and sound, or a clip
/// with or without last frame.
const fn frames_fit(first: usize, last: usize, sound: usize, clip: usize) -> bool {
    matches!(
        (first, last, sound, clip),
        (1, 0 | 1, 0 | 1, 0) | (0, 0 | 1, 0, 1)
    )
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use serde_json::json;

    use super::*;
    use crate::{endpoint::Region, video::models};

    fn read(model: &str, input: &Value) -> Result<Material, Refusal> {
        let model = models::find(model, Region::Global).unwrap();
        super::read(model, input.as_object().unwrap())
    }

    fn of_types(types: &[&str]) -> Value {
        let items: Vec<_> = types
            .iter()
            .map(|kind| json!({"type": kind, "url": "https://x/y"}))
            .collect();
        json!({"media": items})
    }

    #[test]
    fn the_sets_of_frames_are_the_documented_ones() {
        const FF: &str = "first_frame";
        const LF: &str = "last_frame";
        const SOUND: &str = "driving_audio";
        const CLIP: &str = "first_clip";
        for set in [
            &[FF][..],
            &[FF, SOUND],
            &[FF, LF],
            &[LF, FF, SOUND],
            &[CLIP],
            &[CLIP, LF],
        ] {
            assert!(read("wan2.7-i2v", &of_types(set)).is_ok(), "{set:?}");
        }
        for set in [
            &[][..],
            &[LF],
            &[SOUND],
            &[FF, FF],
            &[FF, CLIP],
            &[CLIP, SOUND],
            &["reference_image"],
        ] {
            assert!(read("wan2.7-i2v", &of_types(set)).is_err(), "{set:?}");
        }
    }

    #[test]
    fn subjects_are_counted() {
        let many = ["reference_image"; 5];
        assert!(read("wan2.7-r2v", &of_types(&many)).is_ok());
        let with_frame = [&many[..], &["first_frame"]].concat();
        assert!(read("wan2.7-r2v", &of_types(&with_frame)).is_ok());
        let six = [&many[..], &["reference_video"]].concat();
        assert!(read("wan2.7-r2v", &of_types(&six)).is_err());
        assert!(read("wan2.7-r2v", &of_types(&["first_frame"])).is_err());
        assert!(read("wan2.7-videoedit", &of_types(&["video"])).is_ok());
        assert!(read("wan2.7-videoedit", &of_types(&["video", "video"])).is_err());
    }

    #[test]
    fn references_are_images_and_clips() {
        let urls = |urls: &[&str]| json!({"reference_urls": urls});
        let (image, clip) = ("https://x/1.PNG", "https://x/1.MP4?v=1");
        let read = |input: &Value| read("wan2.6-r2v", input);
        assert_eq!(read(&urls(&[image, clip, clip])).unwrap().videos, 2);
        assert!(read(&urls(&[])).is_err());
        assert!(read(&urls(&[image; 6])).is_err());
        assert!(read(&urls(&[clip; 4])).is_err());
        assert!(read(&json!({"reference_urls": [1]})).is_err());
        let old = json!({"reference_video_urls": ["https://x/1"]});
        assert_eq!(read(&old).unwrap().videos, 1);
    }

    #[test]
    fn an_address_has_a_scheme_that_is_known() {
        let image = |url: &str| read("wan2.6-i2v", &json!({"img_url": url}));
        for url in [
            "https://x/1.png",
            "http://x/1.png",
            "oss://a/b.png",
            "data:image/png;base64,AA==",
        ] {
            assert!(image(url).is_ok(), "{url}");
        }
        for url in ["file:///1.png", "/1.png", "1.png", "https://"] {
            assert_eq!(image(url).unwrap_err(), not_valid(), "{url}");
        }
        assert!(image("").unwrap_err().message.contains("must be set"));
        assert!(read("wan2.6-i2v", &json!({"img_url": 1})).is_err());
        // The sound is looked at, too.
        assert!(read("wan2.6-t2v", &json!({"audio_url": "x.mp3"})).is_err());
    }

    #[test]
    fn images_have_a_size_that_fits() {
        let image = |width: u32, height: u32, filler: usize| {
            let mut data = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
            data.extend(width.to_be_bytes());
            data.extend(height.to_be_bytes());
            data.resize(data.len() + filler, 0);
            format!("data:image/png;base64,{}", STANDARD.encode(data))
        };
        let first_frame = |url: &str| {
            let media = json!({"media": [{"type": "first_frame", "url": url}]});
            let [old, new] = [
                read("wan2.6-i2v", &json!({"img_url": url})),
                read("wan2.7-i2v", &media),
            ]
            .map(|read| read.map(|_| ()).map_err(|refusal| refusal.message));
            assert_eq!(old, new);
            old
        };
        for (width, height) in [(240, 240), (8000, 1000), (640, 5120)] {
            assert_eq!(first_frame(&image(width, height, 0)), Ok(()));
        }
        for (width, height, says) in [
            (239, 240, "each side must be in [240, 8000]"),
            (1000, 8001, "each side must be in [240, 8000]"),
            (240, 1921, "aspect ratio must be in [1:8, 8:1]"),
        ] {
            let refused = first_frame(&image(width, height, 0)).unwrap_err();
            assert!(refused.contains(says), "{refused}");
        }
        let refused = first_frame(&image(640, 480, 20 << 20)).unwrap_err();
        assert!(refused.contains("larger than 20 MB"), "{refused}");
        for broken in [
            "data:image/png;base64,",
            "data:image/png;base64,A",
            "data:image/png,x",
        ] {
            assert_eq!(first_frame(broken), Err(not_valid().message), "{broken}");
        }
    }
}
