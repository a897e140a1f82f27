//! Keeps connections alive whose last few bytes arrive late.
//!
//! A reply is complete at `[DONE]`, but its connection can only be reused once the body has ended
//! too. Servers often send the end a moment later, and a client that drops the body then pays for a
//! new connection with each request. So the rest is read in the background, within tight limits;
//! this is the only task that a client spawns.

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

/// Time limit for the end of a body.
const READ_TIMEOUT: Duration = Duration::from_millis(50);
/// Maximum number of bytes before the end of a body.
const MAX_BYTES: usize = 4 << 10;
/// Maximum number of bodies read at once; further ones are dropped, with their connections.
const MAX_TASKS: usize = 64;
/// With this many connections about to become free, a new request waits for one of them.
const WORTH_WAITING_FOR: usize = 2;
/// How long it waits: less than it takes to make a TLS connection.
const WAIT: Duration = Duration::from_millis(10);

/// The bodies being read to their end. Dropping it aborts them all.
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

/// Counts one body while it is being read.
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
        // Usually the end has already arrived.
        let mut cx = Context::from_waker(Waker::noop());
        if let Poll::Ready(None | Some(Err(_))) = body.poll_chunk(&mut cx) {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        if tasks.len() < MAX_TASKS {
            tasks.spawn_on(read_to_end(body, Counted::new(&self.running)), &runtime);
        }
    }

    /// Waits briefly if several connections are about to become free. Otherwise a client that sends
    /// one request after the other would open a new connection after each late end.
    pub(crate) async fn wait_for_a_free_one(&self) {
        if self.running.count.load(Ordering::Relaxed) >= WORTH_WAITING_FOR {
            // A timeout is not a failure: the request then opens its own connection.
            let _ = timeout(WAIT, self.running.ended.notified()).await;
        }
    }
}

async fn read_to_end(mut body: Body, _counted: Counted) {
    let mut room = MAX_BYTES;
    let _ = timeout(READ_TIMEOUT, async {
        while let Some(Ok(bytes)) = body.chunk().await {
            match room.checked_sub(bytes.len()) {
                Some(left) => room = left,
                None => return,
            }
        }
    })
    .await;
}
