//! Images that were made without a task, and where the images of tasks are.

use std::{sync::Arc, time::Duration};

use super::{Books, board::Task, clock::DAY, result, work::Work};
use crate::{images::Order, route::Exchange};

/// The images of one request.
#[derive(Debug)]
pub(super) struct Shown {
    id: String,
    order: Arc<Order>,
    since: Duration,
}

/// Keeps the images of a request, and returns their URLs.
pub(crate) fn show(exchange: &Exchange<'_>, books: &mut Books, order: Order) -> Vec<String> {
    let now = exchange.state.video.unix_time();
    let shown = Shown {
        // As for tasks: no emulator has a file of a previous one.
        id: exchange.id.at(now).to_string(),
        order: Arc::new(order),
        since: now,
    };
    let urls = urls(exchange, &shown.id, shown.order.count(), now);
    // The signature is good for a day.
    books.gallery.retain(|shown| now < shown.since + DAY * 2);
    books.gallery.push(shown);
    urls
}

/// The URLs of the first images of a task.
pub(super) fn task_urls(exchange: &Exchange<'_>, task: &Task, count: usize) -> Vec<String> {
    let ended = task.ended().unwrap_or(task.submitted);
    urls(exchange, &task.id, count, ended)
}

fn urls(exchange: &Exchange<'_>, id: &str, count: usize, since: Duration) -> Vec<String> {
    let url = |index| result::signed_url(exchange, &format!("{id}-{index}.png"), since);
    (0..count).map(url).collect()
}

impl Books {
    /// Finds an image by the name of its file, if it is finished.
    pub(super) fn image(&self, name: &str, now: Duration) -> Option<(&Order, usize)> {
        let (id, index) = name.strip_suffix(".png")?.rsplit_once('-')?;
        let index = index.parse().ok()?;
        let shown = self.gallery.iter().find(|shown| shown.id == id);
        if let Some(shown) = shown {
            return (index < shown.order.count()).then_some((&*shown.order, index));
        }
        let task = self.board.all().iter().find(|task| task.id == id)?;
        let Work::Images(order) = &task.work else {
            return None;
        };
        let partial = task.partial.as_ref();
        let count = partial.map_or(order.count(), |partial| partial.succeeded);
        let ended = task.succeeded(now);
        (ended && index < count).then_some((order, index))
    }

    /// Finds the image at a URL of this emulator; `None` for foreign ones.
    pub(crate) fn picture(&self, exchange: &Exchange<'_>, url: &str) -> Option<(&Order, usize)> {
        let path = url.strip_prefix(&exchange.origin())?.split('?').next()?;
        self.image(result::name(path)?, exchange.state.video.unix_time())
    }
}
