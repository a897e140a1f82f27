//! The speech models, with the path of each and how it is billed.
//!
//! From the service's pages on speech synthesis and recognition, state of November 2026. Which models a
//! path has beyond the ones in the pages' examples is inferred from the families that dashscope 2.0.2
//! sends there.

use crate::{endpoint::Endpoint, refusal::Refusal};

/// Where a model speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// `…/audio/tts/SpeechSynthesizer`, and the tasks of `/api-ws/v1/inference`.
    Synthesizer,
    /// `…/multimodal-generation/generation`.
    Multimodal,
    /// `/api-ws/v1/realtime`.
    Realtime,
}

/// What speech costs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Bill {
    Characters,
    Tokens,
}

/// A model that speaks.
#[derive(Debug)]
pub(super) struct Speaker {
    pub(super) id: &'static str,
    pub(super) stage: Stage,
    pub(super) bill: Bill,
}

const fn speaker(id: &'static str, stage: Stage, bill: Bill) -> Speaker {
    Speaker { id, stage, bill }
}

static SPEAKERS: &[Speaker] = &[
    speaker("cosyvoice-v2", Stage::Synthesizer, Bill::Characters),
    speaker("cosyvoice-v3-flash", Stage::Synthesizer, Bill::Characters),
    speaker("cosyvoice-v3-plus", Stage::Synthesizer, Bill::Characters),
    speaker("cosyvoice-v3.5-flash", Stage::Synthesizer, Bill::Characters),
    speaker("cosyvoice-v3.5-plus", Stage::Synthesizer, Bill::Characters),
    speaker(
        "qwen-audio-3.0-tts-flash",
        Stage::Synthesizer,
        Bill::Characters,
    ),
    speaker(
        "qwen-audio-3.0-tts-plus",
        Stage::Synthesizer,
        Bill::Characters,
    ),
    speaker("qwen-audio-3.1-tts-flash", Stage::Synthesizer, Bill::Tokens),
    speaker(
        "qwen-audio-3.1-tts-plus",
        Stage::Synthesizer,
        Bill::Characters,
    ),
    speaker("qwen-tts", Stage::Multimodal, Bill::Tokens),
    speaker("qwen3-tts-flash", Stage::Multimodal, Bill::Characters),
    speaker(
        "qwen3-tts-instruct-flash",
        Stage::Multimodal,
        Bill::Characters,
    ),
    speaker("qwen-tts-realtime", Stage::Realtime, Bill::Tokens),
    speaker(
        "qwen3-tts-flash-realtime",
        Stage::Realtime,
        Bill::Characters,
    ),
    speaker(
        "qwen3-tts-vc-realtime-2026-01-15",
        Stage::Realtime,
        Bill::Characters,
    ),
];

/// Where a model listens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Seat {
    /// `chat/completions` and `…/multimodal-generation/generation`.
    Chat,
    /// `…/multimodal-generation/generation` alone.
    Multimodal,
    /// Tasks for one file.
    File,
    /// Tasks for several files.
    Files,
    /// The tasks of `/api-ws/v1/inference`.
    Live,
    /// `/api-ws/v1/realtime`.
    Realtime,
}

/// A model that listens.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) id: &'static str,
    pub(super) seat: Seat,
}

const fn listener(id: &'static str, seat: Seat) -> Listener {
    Listener { id, seat }
}

static LISTENERS: &[Listener] = &[
    listener("qwen3-asr-flash", Seat::Chat),
    listener("qwen-audio-3.0-asr-flash", Seat::Multimodal),
    listener("qwen-audio-3.1-asr-flash", Seat::Multimodal),
    listener("qwen3-asr-flash-filetrans", Seat::File),
    listener("qwen-audio-3.1-asr-flash-filetrans", Seat::Files),
    listener("fun-asr", Seat::Files),
    listener("paraformer-v2", Seat::Files),
    listener("fun-asr-realtime", Seat::Live),
    listener("paraformer-realtime-v2", Seat::Live),
    listener("qwen-audio-3.1-asr-flash-streaming", Seat::Live),
    listener("qwen3-asr-flash-realtime", Seat::Realtime),
];

/// Whether a model speaks or listens.
pub(crate) fn is_known(id: &str) -> bool {
    SPEAKERS.iter().any(|speaker| speaker.id == id)
        || LISTENERS.iter().any(|listener| listener.id == id)
}

/// Finds a model that listens.
pub(super) fn listener_named(id: &str) -> Option<&'static Listener> {
    LISTENERS.iter().find(|listener| listener.id == id)
}

/// Finds a model that speaks on a stage.
pub(super) fn find_speaker(
    endpoint: Endpoint,
    id: &str,
    stage: Stage,
) -> Result<&'static Speaker, Refusal> {
    let speaker = SPEAKERS.iter().find(|speaker| speaker.id == id);
    match speaker {
        Some(speaker) if speaker.stage == stage => Ok(speaker),
        _ => Err(missing(endpoint, id)),
    }
}

/// Finds a model that listens in one of some seats.
pub(super) fn find_listener(
    endpoint: Endpoint,
    id: &str,
    seats: &[Seat],
) -> Result<&'static Listener, Refusal> {
    match listener_named(id) {
        Some(listener) if seats.contains(&listener.seat) => Ok(listener),
        _ => Err(missing(endpoint, id)),
    }
}

/// What a path says of a model that it does not have. The service's own API says `url error` of models
/// that are on another path.
pub(super) fn missing(endpoint: Endpoint, id: &str) -> Refusal {
    if id.is_empty() {
        Refusal {
            native_code: "BadRequest.EmptyModel".into(),
            ..Refusal::parameter(
                "Required parameter(model) missing or invalid, please check the request parameters.",
            )
        }
    } else if is_known(id) {
        Refusal::parameter("url error, please check url！")
    } else {
        Refusal::unknown_model(endpoint, id)
    }
}
