//! What is wrong with images, videos, and audio.

use super::super::{
    Chat,
    media::{self, Kind},
    request::Frames,
    usage::Prompt,
};
use crate::{models::Media, refusal::Refusal};

pub(super) fn audio_without_stream(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    (chat.request.wants_audio() && !chat.request.stream)
        .then(|| Refusal::algo("'audio' output only support with stream=true"))
}

pub(super) fn not_understood(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let takes = |kind| {
        let needed = match kind {
            media::Kind::Image => Media::Image,
            media::Kind::Video | media::Kind::Frame => Media::Video,
            media::Kind::Audio => Media::Audio,
        };
        chat.model.media.contains(&needed)
    };
    let mut all = chat.request.parts().flat_map(media::of);
    let refused = all.any(|medium| !takes(medium.kind));
    refused.then(|| Refusal::algo("Unexpected item type in content."))
}

pub(super) fn frame_count(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let many = chat.model.takes_many_frames();
    let (least, most) = if many { (4, 512) } else { (4, 80) };
    let mut lists = chat.request.parts().filter_map(|part| match &part.video {
        Some(Frames::List(frames)) => Some(frames.len()),
        _ => None,
    });
    let refused = lists.any(|frames| !(least..=most).contains(&frames));
    refused.then(|| {
        Refusal::algo(format!(
            "The video modality input does not meet the requirements because: the range of sequence images shoule be ({least}, {most})."
        ))
    })
}

/// The longest data URI.
const MAX_DATA_URI: usize = 10 * 1024 * 1024;

pub(super) fn data_uri_length(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let mut media = chat.request.parts().flat_map(media::of);
    let long = media
        .any(|medium| medium.address.starts_with("data:") && medium.address.len() > MAX_DATA_URI);
    long.then(|| {
        Refusal::algo(format!(
            "Exceeded limit on max bytes per data-uri item : {MAX_DATA_URI}'"
        ))
    })
}

/// Inferred: that data must be base64, and the text.
pub(super) fn broken_data(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let mut media = chat.request.parts().flat_map(media::of);
    media
        .any(|medium| medium.is_broken())
        .then(|| Refusal::parameter("The data of a data-uri item is not valid base64."))
}

/// Sides must be longer than this.
const MIN_SIDE: u32 = 10;

/// QwenLM/qwen-code#2505; the text before the numbers is inferred, and so is the rule for frames.
pub(super) fn small_image(chat: &Chat<'_>, _: &Prompt) -> Option<Refusal> {
    let images = chat.request.parts().flat_map(media::of);
    let mut sizes = images
        .filter(|medium| matches!(medium.kind, Kind::Image | Kind::Frame))
        .filter_map(|medium| medium.size());
    let (width, height) = sizes.find(|(width, height)| width.min(height) <= &MIN_SIDE)?;
    Some(Refusal::algo(format!(
        "The image length and width do not meet the model restrictions. [height:{height} or width:{width} must be larger than {MIN_SIDE}]"
    )))
}
