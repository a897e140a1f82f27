//! Files of speech, which are made without a task.

use std::time::Duration;

use super::{Books, clock::DAY, result};
use crate::{route::Exchange, speech::Speech};

/// A spoken text. The file is made when it is asked for.
#[derive(Debug)]
pub(super) struct Spoken {
    name: String,
    speech: Speech,
    since: Duration,
}

/// Keeps a spoken text, and returns the URL of its file and when that expires, in seconds since 1970.
pub(crate) fn publish(exchange: &Exchange<'_>, speech: Speech) -> (String, u64) {
    let studio = &exchange.state.video;
    let now = studio.unix_time();
    let mut books = studio.books();
    // As for tasks: no emulator has a file of a previous one.
    let name = format!("{}.{}", exchange.id.at(now), speech.format().name());
    let url = result::signed_url(exchange, &name, now);
    books.spoken.retain(|spoken| now < spoken.since + DAY * 2);
    books.spoken.push(Spoken {
        name,
        speech,
        since: now,
    });
    (url, (now + DAY).as_secs())
}

impl Books {
    /// Finds a spoken text by the name of its file.
    pub(super) fn speech(&self, name: &str) -> Option<&Speech> {
        let spoken = self.spoken.iter().find(|spoken| spoken.name == name)?;
        Some(&spoken.speech)
    }

    /// Finds the spoken text at a URL of this emulator; `None` for foreign ones.
    pub(crate) fn speech_at(&self, exchange: &Exchange<'_>, url: &str) -> Option<&Speech> {
        self.speech(own_file(exchange, url)?)
    }
}

/// The name of the file at a URL of this emulator; `None` for foreign ones.
pub(crate) fn own_file<'a>(exchange: &Exchange<'_>, url: &'a str) -> Option<&'a str> {
    let path = url.strip_prefix(&exchange.origin())?.split('?').next()?;
    result::name(path)
}
