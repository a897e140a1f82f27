//! What a task makes.

use serde_json::Value;

use super::{
    Books,
    board::Failure,
    models::{Input, Pace},
    rates::FRAMES_PATH,
    request::Order,
};
use crate::{embeddings, images, refusal::Refusal, route::Exchange, speech};

/// What a task makes.
#[derive(Clone, Debug)]
pub(super) enum Work {
    Video(Order),
    Images(images::Order),
    Vectors(embeddings::Lines),
    Transcripts(speech::Transcripts),
}

impl Work {
    /// Checks the body of a request to a path below DashScope's own API.
    pub(super) fn read(
        exchange: &Exchange<'_>,
        books: &Books,
        body: &Value,
        path: &str,
    ) -> Result<Self, Refusal> {
        if let Some(path) = images::task_path(path) {
            let order = images::Order::read(exchange, books, body, Some(path))?;
            return Ok(Self::Images(order));
        }
        if path == embeddings::TEXT_PATH {
            let lines = embeddings::Lines::read(exchange, books, body)?;
            return Ok(Self::Vectors(lines));
        }
        if path == speech::TRANSCRIPTION_PATH {
            let transcripts = speech::Transcripts::read(exchange, books, body)?;
            return Ok(Self::Transcripts(transcripts));
        }
        let order = Order::read(body, exchange.endpoint.region, path == FRAMES_PATH)?;
        let now = exchange.state.video.unix_time();
        books.store.check(&order.urls, exchange, &order.id, now)?;
        Ok(Self::Video(order))
    }

    /// The id of the model as it was written.
    pub(super) fn model(&self) -> &str {
        match self {
            Self::Video(order) => &order.id,
            Self::Images(order) => order.model(),
            Self::Vectors(lines) => lines.model(),
            Self::Transcripts(transcripts) => transcripts.model(),
        }
    }

    pub(super) fn pace(&self) -> Pace {
        match self {
            Self::Video(order) => order.model.pace,
            Self::Images(_) => Pace::Images,
            Self::Vectors(_) => Pace::Vectors,
            Self::Transcripts(_) => Pace::Transcripts,
        }
    }

    /// Why the task is bound to fail.
    pub(super) fn failure(&self) -> Option<Failure> {
        match self {
            Self::Video(_) | Self::Images(_) => None,
            Self::Vectors(lines) => lines.failure().map(|(code, message)| Failure {
                code: code.to_owned(),
                message: message.to_owned(),
            }),
            Self::Transcripts(transcripts) => {
                transcripts.failure().map(|(code, message)| Failure {
                    code: code.to_owned(),
                    message: message.to_owned(),
                })
            }
        }
    }

    /// Width and height of the results.
    pub(super) fn size(&self) -> (u32, u32) {
        match self {
            Self::Video(order) => (order.width, order.height),
            Self::Images(order) => order.size(),
            Self::Vectors(_) => (0, 0),
            Self::Transcripts(_) => (0, 0),
        }
    }

    pub(super) fn seconds(&self) -> u64 {
        match self {
            Self::Video(order) => order.seconds,
            Self::Images(_) | Self::Vectors(_) | Self::Transcripts(_) => 0,
        }
    }

    /// The name of the API in task lists.
    pub(super) fn api(&self) -> String {
        let api = match self {
            Self::Video(order) if order.model.input == Input::Frames => {
                "aigc:image2video:video-synthesis"
            }
            Self::Video(_) => "aigc:video-generation:video-synthesis",
            Self::Images(order) => return format!("aigc:{}", order.api()),
            Self::Vectors(_) => "embeddings:text-embedding:text-embedding",
            Self::Transcripts(_) => "audio:asr:transcription",
        };
        api.to_owned()
    }
}
