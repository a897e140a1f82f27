//! What is kept between commands: usage, cooldowns and budgets, in `state.sqlite` of the state folder.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use qwen_openclaw::{
    auth::{Environment, StateDir},
    routing::{
        Budget, Error, Exceeded, FailoverStore, MemoryFailover, MemoryUsage, Router, RouterBuilder,
        UsageStore,
    },
};
use qwen_openclaw_state::SqliteState;

use crate::{
    failure::{Failure, exit_code},
    key_check::KeyCheck,
    output::note,
    usage::{
        amount,
        days::{QUARTER, Zone},
    },
};

/// How long entries are kept one by one.
const ENTRIES_KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The stores, and the budgets in them.
#[derive(Debug)]
pub(crate) struct State {
    usage: Arc<dyn UsageStore>,
    failover: Arc<dyn FailoverStore>,
    budgets: Vec<Budget>,
    /// `None` in memory.
    file: Option<SqliteState>,
    /// How many damaged files were reported.
    reported: AtomicUsize,
}

impl State {
    /// What earlier commands have kept. Nothing is created.
    pub(crate) async fn existing(environment: &Environment) -> Result<Self, Failure> {
        // Without a home folder nothing is stored.
        let Ok(folder) = StateDir::of(environment) else {
            return Ok(Self::in_memory());
        };
        let file = SqliteState::existing_in_folder(&folder).await;
        match file.map_err(failure)? {
            Some(file) => Self::over(file).await,
            None => Ok(Self::in_memory()),
        }
    }

    /// The state folder's stores, which are created if needed.
    pub(crate) async fn open(environment: &Environment) -> Result<Self, Failure> {
        let folder = StateDir::of(environment)?;
        let file = SqliteState::in_folder(&folder).await.map_err(failure)?;
        Self::over(file).await
    }

    async fn over(file: SqliteState) -> Result<Self, Failure> {
        let budgets = file.budgets().await.map_err(failure)?;
        let state = Self {
            usage: Arc::new(file.clone()),
            failover: Arc::new(file.clone()),
            budgets,
            file: Some(file),
            reported: AtomicUsize::new(0),
        };
        state.report_damage();
        Ok(state)
    }

    /// The stores for commands that send requests. If they cannot be opened, this says so, and stores
    /// for this command alone take their place. An emulator has such stores too.
    pub(crate) async fn for_requests(environment: &Environment, is_emulated: bool) -> Self {
        // Without a home folder nothing is stored.
        if is_emulated || Self::path(environment).is_none() {
            return Self::in_memory();
        }
        Self::open(environment).await.unwrap_or_else(|failure| {
            note(&format!(
                "warning: usage is not recorded, and budgets are not enforced: {}",
                failure.message()
            ));
            Self::in_memory()
        })
    }

    /// A router on these stores and budgets.
    pub(crate) fn router(&self) -> Result<RouterBuilder, Failure> {
        let builder = Router::builder()
            .usage_store(Arc::clone(&self.usage))
            .failover_store(Arc::clone(&self.failover))
            .probe_endpoints(KeyCheck::of_service()?);
        let budgets = self.budgets.iter().cloned();
        Ok(budgets.fold(builder, RouterBuilder::budget))
    }

    /// Stores what is left to be stored, and says what could not be. What is old is only kept as sums.
    pub(crate) async fn close(&self, router: &Router) {
        router.flush().await;
        let compacted = self.usage.compact(before_which_sums_do()).await;
        match router.store_failure().or(compacted.err()) {
            Some(error) => note(&format!(
                "warning: not all of the usage was recorded: {}",
                failure(error).message()
            )),
            None => self.report_damage(),
        }
    }

    /// The failure of a request that a router sent.
    pub(crate) fn failure_of(&self, error: qwen_openclaw::Error) -> Failure {
        match error.exceeded() {
            Some(exceeded) => self.exceeded(exceeded),
            None => error.into(),
        }
    }

    /// A budget that has no room: how much it has used, and when it resets.
    fn exceeded(&self, exceeded: &Exceeded) -> Failure {
        let Exceeded {
            budget: window,
            used,
            reserved,
        } = exceeded;
        let name = &window.name;
        let in_unit = |used| amount::amount(used, &window.limit);
        let mut message = format!(
            "the budget {name} has no room: {} of {} used",
            in_unit(used),
            amount::whole(&window.limit)
        );
        if amount::counts_of(reserved, &window.limit) > 0 {
            message.push_str(&format!(", {} reserved", in_unit(reserved)));
        }
        let budget = self.budgets.iter().find(|budget| budget.name() == name);
        let ends = budget.and_then(|budget| {
            let zone: Zone = budget.zone_name().parse().ok()?;
            Some(zone.shown(budget.ends(SystemTime::now())?))
        });
        message.push_str(&match ends {
            Some(ends) => format!("; it resets at {ends}"),
            None => "; it never resets".to_owned(),
        });
        Failure::budget(message).with_hint(format!(
            "`qwen-openclaw usage budget list` shows it; `usage budget set '{name}' ...` changes it, \
             and `usage budget remove '{name}'` removes it"
        ))
    }

    /// Stores for this command alone.
    pub(crate) fn in_memory() -> Self {
        Self {
            usage: Arc::new(MemoryUsage::new()),
            failover: Arc::new(MemoryFailover::new()),
            budgets: Vec::new(),
            file: None,
            reported: AtomicUsize::new(0),
        }
    }

    /// The file, whether it exists or not; `None` without a home folder.
    pub(crate) fn path(environment: &Environment) -> Option<PathBuf> {
        let folder = StateDir::of(environment).ok()?;
        Some(folder.path().join("state.sqlite"))
    }

    pub(crate) fn usage(&self) -> &Arc<dyn UsageStore> {
        &self.usage
    }

    pub(crate) fn failover(&self) -> &Arc<dyn FailoverStore> {
        &self.failover
    }

    pub(crate) fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    /// Adds a budget, or replaces the one of that name; true if there was one.
    pub(crate) async fn set_budget(&self, budget: &Budget) -> Result<bool, Failure> {
        if let Some(file) = &self.file {
            file.set_budget(budget).await.map_err(failure)?;
        }
        Ok(self.budgets.iter().any(|old| old.name() == budget.name()))
    }

    /// Removes a budget; false if there was none.
    pub(crate) async fn remove_budget(&self, name: &str) -> Result<bool, Failure> {
        match &self.file {
            Some(file) => file.remove_budget(name).await.map_err(failure),
            None => Ok(false),
        }
    }

    /// Whether the file is sound from its first page to its last.
    pub(crate) async fn is_sound(&self) -> Result<bool, Failure> {
        match &self.file {
            Some(file) => file.check().await.map_err(failure),
            None => Ok(true),
        }
    }

    /// Says where damaged files are now, of each once.
    fn report_damage(&self) {
        let aside = self.file.as_ref().map(SqliteState::set_aside);
        let aside = aside.unwrap_or_default();
        let reported = self.reported.swap(aside.len(), Ordering::Relaxed);
        for path in aside.iter().skip(reported) {
            note(&format!(
                "warning: the file with usage, cooldowns and budgets was damaged, and a new one starts \
                 empty: set the budgets again; the old file is {}",
                path.display()
            ));
        }
    }
}

/// When entries are so old that no one asks for a single one: a quarter of an hour, as stores want it.
fn before_which_sums_do() -> SystemTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let kept = since.unwrap_or_default().saturating_sub(ENTRIES_KEPT);
    let seconds = kept.as_secs() - kept.as_secs() % QUARTER;
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Says that something goes on without what is kept.
pub(crate) fn warn(failure: &Failure) {
    note(&format!("warning: {}", failure.message()));
}

/// A store that could not be read or written.
pub(crate) fn failure(error: Error) -> Failure {
    let kind = error.kind();
    Failure::of(exit_code(kind), kind.as_str(), &error)
}
