//! What a task makes.

use serde_json::Value;

use super::{
    Books,
    models::{Input, Pace},
    rates::FRAMES_PATH,
    request::Order,
};
use crate::{images, refusal::Refusal, route::Exchange};

/// What a task makes.
#[derive(Clone, Debug)]
pub(super) enum Work {
    Video(Order),
    Images(images::Order),
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
        let order = Order::read(body, exchange.endpoint.region, path == FRAMES_PATH)?;
        let now = exchange.state.video.now();
        books.store.check(&order.urls, exchange, &order.id, now)?;
        Ok(Self::Video(order))
    }

    /// The id of the model as it was written.
    pub(super) fn model(&self) -> &str {
        match self {
            Self::Video(order) => &order.id,
            Self::Images(order) => order.model(),
        }
    }

    pub(super) fn pace(&self) -> Pace {
        match self {
            Self::Video(order) => order.model.pace,
            Self::Images(_) => Pace::Images,
        }
    }

    /// Width and height of the results.
    pub(super) fn size(&self) -> (u32, u32) {
        match self {
            Self::Video(order) => (order.width, order.height),
            Self::Images(order) => order.size(),
        }
    }

    pub(super) fn seconds(&self) -> u64 {
        match self {
            Self::Video(order) => order.seconds,
            Self::Images(_) => 0,
        }
    }

    /// The name of the API in task lists.
    pub(super) fn api(&self) -> String {
        match self {
            Self::Video(order) if order.model.input == Input::Frames => {
                "image2video:video-synthesis".to_owned()
            }
            Self::Video(_) => "video-generation:video-synthesis".to_owned(),
            Self::Images(order) => order.api(),
        }
    }
}
