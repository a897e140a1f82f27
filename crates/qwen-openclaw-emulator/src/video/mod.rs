//! Video tasks: made, asked for, listed, canceled, and their result files.

mod board;
mod clock;
mod form;
mod h264;
mod handle;
mod media;
mod models;
mod mp4;
mod query;
mod rates;
mod request;
mod result;
mod settings;
mod tasks;
mod upload;
mod usage;

use std::sync::{Mutex, MutexGuard};

pub(crate) use self::settings::VideoSettings;
use self::{board::Board, clock::EmulatedClock, rates::Rates, upload::Store};
pub use self::{
    board::VideoStatus,
    handle::{Video, VideoTask, VideoUpload},
    rates::VideoRoute,
    settings::VideoLimits,
};
use crate::{answer::Answer, lock::lock, refusal::Refusal, route::Exchange};

/// What an emulator knows of videos.
#[derive(Debug)]
pub(crate) struct Studio {
    settings: VideoSettings,
    clock: EmulatedClock,
    /// What signatures and colours are derived from.
    seed: u64,
    books: Mutex<Books>,
}

/// What changes with the requests.
#[derive(Debug, Default)]
struct Books {
    board: Board,
    rates: Rates,
    store: Store,
    /// How many requests for files came with a credential.
    credentials: usize,
}

impl Studio {
    pub(crate) fn new(settings: VideoSettings, seed: u64) -> Self {
        Self {
            settings,
            clock: EmulatedClock::new(),
            seed,
            books: Mutex::default(),
        }
    }

    /// The books, brought up to the present.
    fn books(&self) -> MutexGuard<'_, Books> {
        let mut books = lock(&self.books);
        books.board.settle(self.clock.now(), &self.settings);
        books
    }
}

/// Answers a request to DashScope's own API, whose key has been checked; `None` for paths that
/// are none of videos.
pub(crate) fn answer(exchange: &Exchange<'_>, path: &str) -> Option<Result<Answer, Refusal>> {
    let synthesis = |frames_path| {
        exchange.only(&http::Method::POST)?;
        tasks::create(exchange, frames_path)
    };
    let path = path.trim_end_matches('/');
    Some(match path {
        "/services/aigc/video-generation/video-synthesis" => synthesis(false),
        "/services/aigc/image2video/video-synthesis" => synthesis(true),
        "/uploads" => exchange
            .only(&http::Method::GET)
            .and_then(|()| upload::policy(exchange)),
        "/tasks" => exchange
            .only(&http::Method::GET)
            .and_then(|()| tasks::list(exchange)),
        _ => {
            let rest = path.strip_prefix("/tasks/")?;
            match rest.strip_suffix("/cancel") {
                Some(id) => exchange
                    .only(&http::Method::POST)
                    .and_then(|()| tasks::cancel(exchange, id)),
                None => exchange
                    .only(&http::Method::GET)
                    .and_then(|()| tasks::poll(exchange, rest)),
            }
        }
    })
}

/// Answers a request for a file, which needs no key; `None` for other paths.
pub(crate) fn file(exchange: &Exchange<'_>) -> Option<Answer> {
    result::answer(exchange).or_else(|| upload::answer(exchange))
}
