//! Speech: synthesis and recognition, over HTTP, as tasks, and over WebSocket.

mod asr;
mod audio;
mod models;
mod text;
mod tts;
mod voices;
mod ws;

use http::Method;

use self::models::{Seat, Stage};
pub(crate) use self::{
    asr::{TRANSCRIPTION_PATH, Transcripts},
    audio::{Heard, Speech, hear},
    models::is_known,
    voices::{VOICES_PATH, Voices},
    ws::{Socket, open, route, serve},
};
use crate::{answer::Answer, chat, refusal::Refusal, route::Exchange};

/// The path of synthesis, below DashScope's own API.
pub(crate) const SYNTHESIS_PATH: &str = "/services/audio/tts/SpeechSynthesizer";

/// The answer of a chat as PCM of 24 kHz, in pieces of half a second.
pub(crate) fn spoken(text: &str, voice: &str) -> Vec<Vec<u8>> {
    let sound = audio::Sound {
        format: audio::Format::Pcm,
        sample_rate: 24_000,
        volume: 50,
        speed: 1_000,
        pitch: 1_000,
        voice: audio::Sound::pitch_of(voice),
    };
    Speech::new(text, sound).pieces(500).collect()
}

/// Answers a request on the path of synthesis.
pub(crate) fn synthesize(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    exchange.only(&Method::POST)?;
    tts::answer(exchange, Stage::Synthesizer)
}

/// Answers a request on the path of voices.
pub(crate) fn customize(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    exchange.only(&Method::POST)?;
    voices::answer(exchange)
}

/// Answers a request on `…/multimodal-generation/generation` whose model speaks or listens; `None` for
/// other models.
pub(crate) fn multimodal(exchange: &Exchange<'_>, model: &str) -> Option<Result<Answer, Refusal>> {
    match models::listener_named(model).map(|listener| listener.seat) {
        Some(Seat::Chat | Seat::Multimodal) => Some(asr::multimodal(exchange)),
        _ if is_known(model) || model.contains("tts") => {
            Some(tts::answer(exchange, Stage::Multimodal))
        }
        _ => None,
    }
}

/// Answers a chat, which has a transcript where the model listens.
pub(crate) fn chat(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    asr::in_chat(exchange).unwrap_or_else(|| chat::complete(exchange))
}
