//! Tasks, most of them for videos and images: creating, polling, listing, and canceling them, and
//! result files.

mod board;
pub(crate) mod clock;
mod gallery;
mod h264;
mod handle;
mod media;
mod models;
mod mp4;
mod rates;
mod request;
mod result;
mod settings;
mod spoken;
mod tasks;
mod upload;
mod usage;
mod work;

use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use http::{Method, header::AUTHORIZATION};

use self::{
    board::Board,
    clock::EmulatedClock,
    gallery::Shown,
    rates::Rates,
    spoken::Spoken,
    upload::{File, Store},
};
pub use self::{
    board::VideoStatus,
    handle::{Video, VideoTask, VideoUpload},
    rates::VideoRoute,
    settings::VideoLimits,
};
pub(crate) use self::{
    clock::in_words,
    gallery::show,
    media::no_download,
    request::{empty, unknown_model},
    settings::VideoSettings,
    spoken::{own_file, publish},
};
use crate::{
    answer::Answer, capture::CapturedRequest, lock::lock, query, refusal::Refusal, route::Exchange,
    state::State,
};

/// The video state of an emulator.
#[derive(Debug)]
pub(crate) struct Studio {
    settings: Mutex<VideoSettings>,
    clock: EmulatedClock,
    /// What signatures and colors are derived from.
    seed: u64,
    books: Mutex<Books>,
}

/// What changes with the requests.
#[derive(Debug, Default)]
pub(crate) struct Books {
    board: Board,
    rates: Rates,
    store: Store,
    /// Images that were made without a task.
    gallery: Vec<Shown>,
    /// What was spoken without a task.
    spoken: Vec<Spoken>,
    /// How many requests for files came with a credential.
    credentials: usize,
}

impl Studio {
    pub(crate) fn new(settings: VideoSettings, seed: u64) -> Self {
        Self {
            settings: Mutex::new(settings),
            clock: EmulatedClock::new(),
            seed,
            books: Mutex::default(),
        }
    }

    /// The emulated time since 1970.
    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// The books, brought up to the present.
    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        let mut books = lock(&self.books);
        books.board.settle(self.clock.now(), &self.settings());
        books
    }

    pub(crate) fn settings(&self) -> VideoSettings {
        *lock(&self.settings)
    }

    pub(crate) fn set_settings(&self, settings: VideoSettings) {
        *lock(&self.settings) = settings;
    }

    /// The emulated time since 1970.
    pub(crate) fn unix_time(&self) -> Duration {
        self.clock.now()
    }

    /// How far the emulated time was moved forward.
    pub(crate) fn advanced(&self) -> Duration {
        self.clock.advanced()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Forgets everything, and goes back to the present.
    pub(crate) fn reset(&self, settings: VideoSettings) {
        *lock(&self.books) = Books::default();
        self.set_settings(settings);
        self.clock.reset();
    }
}

impl Books {
    /// Finds an upload that a request may use, by its address without the scheme.
    pub(crate) fn upload(
        &self,
        key: &str,
        exchange: &Exchange<'_>,
        model: &str,
    ) -> Result<&File, Refusal> {
        let now = exchange.state.video.unix_time();
        self.store.find(key, exchange, model, now)
    }
}

/// Counts a request to a video route, whatever will become of it.
pub(crate) fn count(state: &State, request: &CapturedRequest) {
    let Some(route) = VideoRoute::of(&request.path) else {
        return;
    };
    let studio = &state.video;
    let mut books = lock(&studio.books);
    books.rates.count(route, studio.clock.now());
    let is_file = matches!(route, VideoRoute::Result | VideoRoute::Upload);
    if is_file && request.headers.contains_key(AUTHORIZATION) {
        books.credentials += 1;
    }
}

/// Answers a request to DashScope's own API, whose key has been checked; `None` for paths that
/// are none of tasks and uploads.
pub(crate) fn answer(exchange: &Exchange<'_>, path: &str) -> Option<Result<Answer, Refusal>> {
    let path = path.trim_end_matches('/');
    let (method, route) = match VideoRoute::below(path)? {
        route @ (VideoRoute::Create | VideoRoute::Cancel) => (Method::POST, route),
        route => (Method::GET, route),
    };
    let task = path.trim_start_matches("/tasks/");
    Some(exchange.only(&method).and_then(|()| match route {
        VideoRoute::Create => tasks::create(exchange, path),
        VideoRoute::List => tasks::list(exchange),
        VideoRoute::Cancel => tasks::cancel(exchange, task.trim_end_matches("/cancel")),
        VideoRoute::Policy => upload::policy(exchange),
        _ => tasks::poll(exchange, task),
    }))
}

/// The service's refusal of a URL that is not one.
pub(crate) fn not_valid() -> Refusal {
    media::not_valid()
}

/// Signs a text as result files are signed.
pub(crate) fn sign(state: &State, text: &str) -> String {
    result::sign(state.video.seed, text)
}

/// Creates a task by a request whose path, below DashScope's own API, is not only for tasks.
pub(crate) fn create(exchange: &Exchange<'_>, path: &str) -> Result<Answer, Refusal> {
    tasks::create(exchange, path)
}

/// Words a refusal as the object store does; `None` for paths that are not its.
pub(crate) fn store_refusal(exchange: &Exchange<'_>, refusal: &Refusal) -> Option<Answer> {
    let route = VideoRoute::of(&exchange.request.path)?;
    let Refusal {
        status,
        native_code,
        message,
        ..
    } = refusal;
    matches!(route, VideoRoute::Result | VideoRoute::Upload)
        .then(|| result::store_error(*status, native_code, message, exchange.id))
}

/// Answers a request for a file, which needs no key; `None` for other paths.
pub(crate) fn file(exchange: &Exchange<'_>) -> Option<Answer> {
    result::answer(exchange).or_else(|| upload::answer(exchange))
}
