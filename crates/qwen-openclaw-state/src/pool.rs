//! The connections of a process, and how transactions are run beside the async runtime.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use qwen_openclaw_router::Error;
use rusqlite::Connection;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use crate::{
    error::Failure,
    handle::{Access, BUSY_WAIT, Handle},
    place::Place,
};

/// How many of a process read at once.
const READERS: usize = 4;

/// How often a damaged or replaced file is opened again in one call.
const REOPENED: u32 = 3;

/// The connections of a process: one that writes, which writers wait for in order, and some that read.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    place: Place,
    writer: Connections,
    readers: Connections,
    checked: AtomicBool,
    /// Grows when a file was found damaged: connections from before are not kept.
    epoch: AtomicU64,
    set_aside: Mutex<Vec<PathBuf>>,
}

#[derive(Debug)]
struct Connections {
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Handle>>,
}

impl Connections {
    fn new(count: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(count)),
            idle: Mutex::default(),
        }
    }
}

impl Pool {
    pub(crate) fn new(place: Place) -> Self {
        let shared = Shared {
            place,
            writer: Connections::new(1),
            readers: Connections::new(READERS),
            checked: AtomicBool::new(false),
            epoch: AtomicU64::new(0),
            set_aside: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.shared.place
    }

    /// Returns where damaged files were put.
    pub(crate) fn set_aside(&self) -> Vec<PathBuf> {
        lock(&self.shared.set_aside).clone()
    }

    /// Runs a transaction. It may be run again when it fails because others use the file.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        access: Access,
        mut work: impl FnMut(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        self.with_handle(access, move |handle| handle.run(access, &mut work))
            .await
    }

    /// Does something with a connection, beside the runtime.
    pub(crate) async fn with_handle<T: Send + 'static>(
        &self,
        access: Access,
        mut work: impl FnMut(&mut Handle) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = Arc::clone(&self.shared.connections(access).permits)
            .acquire_owned()
            .await
            .map_err(|_| Error::storage("the store was closed"))?;
        let shared = Arc::clone(&self.shared);
        let work = move || {
            let done = shared.with_handle(access, &mut work);
            // Given back after the connection, so that the next one finds it.
            drop::<OwnedSemaphorePermit>(permit);
            done.map_err(|failure| failure.into_error(&shared.place.path))
        };
        spawn_blocking(work)
            .await
            .map_err(|error| Error::storage("the store was not used").with_cause(error))?
    }
}

impl Shared {
    fn connections(&self, access: Access) -> &Connections {
        match access {
            Access::Read => &self.readers,
            Access::Write | Access::Durable => &self.writer,
        }
    }

    fn with_handle<T>(
        &self,
        access: Access,
        work: &mut impl FnMut(&mut Handle) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let started = Instant::now();
        let mut reopened = 0;
        loop {
            let failure = match self.attempt(access, work) {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            if failure.is_damage() && reopened < REOPENED {
                reopened += 1;
                self.repair()?;
            } else if failure.is_busy() && started.elapsed() < BUSY_WAIT {
                thread::sleep(Duration::from_millis(fastrand::u64(1..20)));
            } else {
                return Err(failure);
            }
        }
    }

    fn attempt<T>(
        &self,
        access: Access,
        work: &mut impl FnMut(&mut Handle) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let connections = self.connections(access);
        let epoch = self.epoch.load(Ordering::SeqCst);
        let mut handle = self.handle(access)?;
        let done = work(&mut handle);
        let is_damaged = done.as_ref().is_err_and(Failure::is_damage);
        let mut idle = lock(&connections.idle);
        // Compared under the lock, so that `repair` finds it or it is not kept.
        if !is_damaged && self.epoch.load(Ordering::SeqCst) == epoch {
            idle.push(handle);
        }
        done
    }

    /// An idle connection, or a new one.
    fn handle(&self, access: Access) -> Result<Handle, Failure> {
        let idle = lock(&self.connections(access).idle).pop();
        match idle {
            Some(handle) if !handle.is_current(&self.place) => handle.abandon(),
            // The check of the whole file needs it closed.
            Some(_) if self.place.is_suspect() => return Err(Failure::Damaged),
            Some(handle) => return Ok(handle),
            None => {}
        }
        // Damage that a reader does not meet does not concern it.
        let checks = access != Access::Read && !self.checked.load(Ordering::Relaxed);
        let handle = Handle::open(&self.place, checks)?;
        if checks {
            self.checked.store(true, Ordering::Relaxed);
        }
        Ok(handle)
    }

    /// Sets a damaged file aside. The next connection creates a new one.
    fn repair(&self) -> Result<(), Failure> {
        self.place.suspect();
        self.checked.store(false, Ordering::Relaxed);
        self.epoch.fetch_add(1, Ordering::SeqCst);
        for connections in [&self.writer, &self.readers] {
            lock(&connections.idle).clear();
        }
        let aside = self.place.set_aside()?;
        lock(&self.set_aside).extend(aside);
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
