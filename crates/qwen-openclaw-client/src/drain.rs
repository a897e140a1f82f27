//! Keeps connections whose last few bytes come late.
//!
//! A reply is complete at `[DONE]`, but its connection can be used again only when the body has
//! ended too. Servers often send that end a moment later, and a client that drops the body then
//! pays for a new connection at each request. So the rest is read in the background, within tight
//! bounds; this is the only task a client spawns.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use qwen_openclaw_http::Body;
use tokio::{runtime::Handle, sync::Notify, task::JoinSet, time::timeout};

/// How long the end of a body may take.
const PATIENCE: Duration = Duration::from_millis(50);
/// How much may come before the end of a body.
const MOST_BYTES: usize = 4 << 10;
/// How many bodies are read at once; more are dropped, with their connections.
const MOST_TASKS: usize = 64;
/// With so many connections about to be free, a new request waits for one of them.
const WORTH_WAITING_FOR: usize = 2;
/// How long it waits: less than a connection over TLS takes to be made.
const WAIT: Duration = Duration::from_millis(10);

/// The bodies being read to their end. Dropping it ends them all.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    tasks: Mutex<JoinSet<()>>,
    running: Arc<Running>,
}

#[derive(Debug, Default)]
struct Running {
    count: AtomicUsize,
    ended: Notify,
}

/// Counts one body for as long as it is read.
struct Counted(Arc<Running>);

impl Counted {
    fn new(running: &Arc<Running>) -> Self {
        running.count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(running))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
        self.0.ended.notify_one();
    }
}

impl Drain {
    /// Reads the rest of a body whose reply is complete.
    pub(crate) fn take(&self, mut body: Body) {
        // Most often the end is there already.
        let mut cx = Context::from_waker(Waker::noop());
        if let Poll::Ready(None | Some(Err(_))) = body.poll_chunk(&mut cx) {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        if tasks.len() < MOST_TASKS {
            tasks.spawn_on(read_to_end(body, Counted::new(&self.running)), &runtime);
        }
    }

    /// Waits a moment for a connection that is about to be free, where several are: otherwise a
    /// client that asks one question after the other opens a connection for each late end.
    pub(crate) async fn wait_for_a_free_one(&self) {
        if self.running.count.load(Ordering::Relaxed) >= WORTH_WAITING_FOR {
            // Giving up is no failure: the request then makes a connection of its own.
            let _ = timeout(WAIT, self.running.ended.notified()).await;
        }
    }
}

async fn read_to_end(mut body: Body, _counted: Counted) {
    let mut room = MOST_BYTES;
    let _ = timeout(PATIENCE, async {
        while let Some(Ok(bytes)) = body.chunk().await {
            match room.checked_sub(bytes.len()) {
                Some(left) => room = left,
                None => return,
            }
        }
    })
    .await;
}
