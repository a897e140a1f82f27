//! The router: its settings, and what its requests share.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use qwen_openclaw_client::KeyCheck;

use crate::{
    Budget, Error, FailoverStore, MemoryFailover, MemoryUsage, RouteRequest, UsageStore,
    ticket::Unsettled,
};

/// How often reservations that have expired are looked for.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);

/// Chooses who answers a request. Cheap to clone; all clones share their state.
#[derive(Clone, Debug)]
pub struct Router {
    pub(crate) shared: Arc<Shared>,
}

/// Builds a [`Router`].
#[derive(Debug)]
#[must_use]
pub struct RouterBuilder {
    shared: Shared,
}

pub(crate) struct Shared {
    pub(crate) usage: Arc<dyn UsageStore>,
    pub(crate) failover: Arc<dyn FailoverStore>,
    pub(crate) budgets: Vec<Budget>,
    pub(crate) allow_plan_keys: bool,
    pub(crate) key_check: Option<KeyCheck>,
    pub(crate) agent: Option<String>,
    pub(crate) expiry: Duration,
    /// Held while the endpoints of a key are asked, so that each is asked once.
    pub(crate) probing: tokio::sync::Mutex<()>,
    pub(crate) unsettled: Mutex<Unsettled>,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    store_failure: Mutex<Option<Error>>,
    has_warned: AtomicBool,
    /// When expired reservations were last looked for, in seconds since 1970.
    expired_at: AtomicU64,
}

impl Router {
    /// Creates a router with the default settings: stores in memory, no budget.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Creates a builder for a router.
    pub fn builder() -> RouterBuilder {
        RouterBuilder {
            shared: Shared {
                usage: Arc::new(MemoryUsage::new()),
                failover: Arc::new(MemoryFailover::new()),
                budgets: Vec::new(),
                allow_plan_keys: false,
                key_check: None,
                agent: None,
                expiry: Duration::from_secs(10 * 60),
                probing: tokio::sync::Mutex::default(),
                unsettled: Mutex::default(),
                clock: Box::new(SystemTime::now),
                store_failure: Mutex::default(),
                has_warned: AtomicBool::default(),
                expired_at: AtomicU64::default(),
            },
        }
    }

    /// Starts a request to a service, such as `chat`, which is noted in the usage entries.
    pub fn request(&self, service: impl Into<String>) -> RouteRequest {
        RouteRequest::new(self.clone(), service.into())
    }

    /// Returns the store of what was used.
    ///
    /// Call [`flush`](Self::flush) before reading it, for what tickets have left to be settled later.
    #[must_use]
    pub fn usage(&self) -> &Arc<dyn UsageStore> {
        &self.shared.usage
    }

    /// Returns the store of what is cooling down.
    #[must_use]
    pub fn failover(&self) -> &Arc<dyn FailoverStore> {
        &self.shared.failover
    }

    /// Returns the budgets.
    pub fn budgets(&self) -> &[Budget] {
        &self.shared.budgets
    }

    /// Returns the latest failure of a store. Such a failure stops no request.
    #[must_use]
    pub fn store_failure(&self) -> Option<Error> {
        let failure = self.shared.store_failure.lock();
        failure.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stores what tickets have left to be settled later. Each request does so first; a program that
    /// exits calls it last.
    pub async fn flush(&self) {
        self.shared.flush().await;
    }
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

impl RouterBuilder {
    /// Sets the store of what is used. The default is a new [`MemoryUsage`].
    pub fn usage_store(mut self, store: Arc<dyn UsageStore>) -> Self {
        self.shared.usage = store;
        self
    }

    /// Sets the store of what is cooling down. The default is a new [`MemoryFailover`].
    pub fn failover_store(mut self, store: Arc<dyn FailoverStore>) -> Self {
        self.shared.failover = store;
        self
    }

    /// Adds a budget. By default there is none.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.shared.budgets.push(budget);
        self
    }

    /// Allows falling back from another provider onto the key of a Coding Plan or a Token Plan. By
    /// default such a key is used only if its provider comes first: the vendor suspends plan keys that
    /// are used unattended.
    pub fn allow_plan_keys(mut self, allow: bool) -> Self {
        self.shared.allow_plan_keys = allow;
        self
    }

    /// Asks the other official endpoints about a key before a 401 condemns it. By default none is
    /// asked.
    ///
    /// Most keys do not say which plan and region they are bound to. What is sent is
    /// `GET {base_url}/models`, once to each endpoint until one accepts the key; the answer is
    /// remembered in the failover store, and the attempt is repeated at the endpoint that was found. It
    /// is done only where the endpoint follows from the key's prefix or the provider's default: not if
    /// an option, a variable, a configuration or a stored endpoint says where to send.
    pub fn probe_endpoints(mut self, check: KeyCheck) -> Self {
        self.shared.key_check = Some(check);
        self
    }

    /// Sets the agent that usage is counted for, unless a request names its own. The default is none.
    pub fn agent(mut self, agent: impl Into<String>) -> Self {
        self.shared.agent = Some(agent.into());
        self
    }

    /// Sets how long a reservation counts if its process dies. The default is 10 minutes.
    pub fn reservation_expiry(mut self, expiry: Duration) -> Self {
        self.shared.expiry = expiry;
        self
    }

    /// Sets the clock. The default is the system's.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.shared.clock = Box::new(clock);
        self
    }

    /// Builds the router.
    #[must_use]
    pub fn build(self) -> Router {
        Router {
            shared: Arc::new(self.shared),
        }
    }
}

impl Shared {
    pub(crate) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// Reports the failure of a store, which stops nothing.
    pub(crate) fn checked<T>(&self, result: Result<T, Error>) -> Option<T> {
        let error = match result {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        if self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::debug!(%error, "a store of the router failed again");
        } else {
            tracing::warn!(%error, "a store of the router failed; requests go on without it");
        }
        let mut failure = self.store_failure.lock();
        *failure
            .as_deref_mut()
            .unwrap_or_else(|poisoned| poisoned.get_mut()) = Some(error);
        None
    }

    /// Turns reservations that have expired into entries, once in a while.
    pub(crate) async fn expire(&self) {
        let now = self.now();
        let since = now.duration_since(SystemTime::UNIX_EPOCH);
        let seconds = since.unwrap_or_default().as_secs();
        let last = self.expired_at.load(Ordering::Relaxed);
        if seconds.abs_diff(last) >= EXPIRE_EVERY.as_secs() {
            self.expired_at.store(seconds, Ordering::Relaxed);
            self.checked(self.usage.expire(now).await);
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("usage", &self.usage)
            .field("failover", &self.failover)
            .field("budgets", &self.budgets)
            .field("allow_plan_keys", &self.allow_plan_keys)
            .field("key_check", &self.key_check)
            .field("agent", &self.agent)
            .field("expiry", &self.expiry)
            .finish_non_exhaustive()
    }
}
