//! Finds out whether the service took a job, when no one was told.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use qwen_openclaw_auth::fault;
use tokio::time::{Instant, sleep};

use crate::{
    Error, ErrorKind,
    engine::{Tasks, undecided},
    job::Job,
    ledger::record::{JobRecord, Phase},
    likeness::Likeness,
    next::NextStep,
    service::answer::ListedTask,
    service::clock::{self, Clock, Made},
    service::state::TaskState,
};

/// When the list is looked at: a task may take a moment to be in it.
const LOOKS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(8),
];
/// How long before a job was sent a task may have been made to be told of.
const SHORTLY: Duration = Duration::from_secs(60);
/// Pages that are read. A list that is longer cannot be judged.
const PAGES: u64 = 100;
/// Tasks that the service is asked about one by one. Of more, it cannot be told.
const MOST_ASKED: usize = 20;
/// Tasks of one model and time that are kept.
const MOST_LISTED: usize = 10_000;

/// What the service says of a job.
enum Found {
    One(String),
    /// None, but perhaps some that are not its own.
    None(Vec<String>),
    /// What the service says does not tell these from the job's own.
    Untold(Vec<String>),
    /// As `Untold`, while the service may say more of them once they are done.
    Open(Vec<String>),
    /// Other jobs of ours may own what was found.
    Contested(usize),
    TooMany,
}

/// What the list says of the time of a job.
struct Listed {
    tasks: Vec<ListedTask>,
    /// Of its model, and made shortly before it was sent.
    before: Vec<String>,
    clock: Clock,
}

/// What a task is to a job.
enum Relation {
    Own,
    Other,
    Doubtful,
    /// Doubtful until it is done.
    Open,
}

impl Tasks {
    /// Looks for the task of a job that may have been taken: the only one of that model which was
    /// made after the job was sent, was asked for in the same words, and belongs to no other job,
    /// while no other job of that model and time is unresolved. Otherwise the job becomes
    /// ambiguous. Nothing is sent again.
    ///
    /// A synchronous job has no task to look for, and becomes ambiguous.
    ///
    /// A task's words are told when it is done. A caller that has just sent the job has the time.
    ///
    /// The caller has the job's lease.
    pub(crate) async fn reconcile(
        &self,
        record: JobRecord,
        cause: Option<Error>,
    ) -> Result<Job, Error> {
        if record.synchronous {
            return Err(self
                .give_up_looking(&record, None, Vec::new(), cause)
                .await?);
        }
        let just_sent = cause.is_some();
        let (started, deadline) = (Instant::now(), self.shared.deadline);
        let mut looks = LOOKS.into_iter();
        let mut found;
        loop {
            if just_sent {
                sleep(looks.next().unwrap_or(self.shared.schedule.wait(u32::MAX))).await;
            }
            found = self.look_for(&record).await;
            if let Ok(Found::One(task_id)) = &found {
                fault::point("found");
                match self.claim(record.clone(), task_id).await {
                    Err(error)
                        if error.kind() == ErrorKind::InvalidRequest
                            && error.status().is_none() => {}
                    claimed => return claimed,
                }
            }
            // What was found may be claimed by its own job in a moment, and the list may lag.
            let again = looks.len() > 0
                || matches!(found, Ok(Found::Open(_))) && started.elapsed() < deadline;
            if !just_sent || !again {
                break;
            }
        }
        let why = match found {
            Ok(Found::One(_)) => {
                "the one task that may be its own belongs to another job".to_owned()
            }
            Ok(Found::None(ref others)) => match others.is_empty() {
                true => "no such task is in the service's list".to_owned(),
                false => format!(
                    "no such task is in the service's list; by their time or prompt these are \
                     others: {}",
                    some_of(others)
                ),
            },
            Ok(Found::Untold(ref ids)) => format!(
                "by what the service says {} in its list may be this job's: {}",
                counted(ids),
                some_of(ids)
            ),
            Ok(Found::Open(ref ids)) => format!(
                "{} in the service's list may be this job's, and when it is done the service says \
                 so: look again then; {}",
                counted(ids),
                some_of(ids)
            ),
            Ok(Found::Contested(count)) => format!(
                "{count} other jobs of that model and time are unclear too, so the service's list \
                 cannot tell whose a task is"
            ),
            Ok(Found::TooMany) => {
                "the service's list of tasks cannot be judged as a whole".to_owned()
            }
            Err(ref error) => format!("the service's list of tasks could not be read: {error}"),
        };
        let tasks = match &found {
            Ok(Found::Untold(ids) | Found::Open(ids)) => ids.clone(),
            Ok(Found::One(id)) => vec![id.clone()],
            _ => Vec::new(),
        };
        let cause = cause.or(found.err());
        Err(self
            .give_up_looking(&record, Some(&why), tasks, cause)
            .await?)
    }

    /// Notes that a job is ambiguous, and returns the error that says so.
    async fn give_up_looking(
        &self,
        record: &JobRecord,
        why: Option<&str>,
        tasks: Vec<String>,
        cause: Option<Error>,
    ) -> Result<Error, Error> {
        let given_up = self.update(&record.id, |record| {
            if record.phase == Phase::Sending {
                record.phase = Phase::Ambiguous;
            }
        });
        given_up.await?;
        fault::point("given-up");
        let error = undecided(record, why);
        let error = error.with_next(NextStep::undecided(record, tasks));
        let error = error.of_job(&record.id, None);
        Ok(match cause {
            Some(cause) => error.after(cause),
            None => error,
        })
    }

    async fn look_for(&self, record: &JobRecord) -> Result<Found, Error> {
        let Some(sent_at) = record.sent_at else {
            return Ok(Found::None(Vec::new()));
        };
        let Some(listed) = self.listed(record, sent_at).await? else {
            return Ok(Found::TooMany);
        };
        // A record that cannot be read holds no one up: before a task is claimed, the store looks
        // whether it is in there.
        let ledger = self.shared.store.list().await;
        let ledger = ledger
            .map_err(|error| error.of_job(&record.id, None))?
            .records;
        let claimed: HashSet<&str> = ledger.iter().filter_map(JobRecord::task_id).collect();
        let unclaimed = |id: &str| !claimed.contains(id);
        let mut others = listed.before;
        others.retain(|id| unclaimed(id));
        let mut tasks = listed.tasks;
        tasks.retain(|task| unclaimed(&task.id));
        let contested = ledger.iter().filter(|other| {
            other.id != record.id
                && other.model == record.model
                && other.origin == record.origin
                && other.phase.is_unresolved()
                && other.sent_at.is_some_and(|at| is_near(at, sent_at))
        });
        match (tasks.len(), contested.count()) {
            (0, _) => return Ok(Found::None(others)),
            (_, count @ 1..) => return Ok(Found::Contested(count)),
            (0..=MOST_ASKED, _) => {}
            _ => return Ok(Found::Untold(ids(tasks))),
        }
        let (mut own, mut doubtful, mut open) = (Vec::new(), Vec::new(), Vec::new());
        for task in tasks {
            let relation = self.relation(record, sent_at, &task, listed.clock).await?;
            match relation {
                Relation::Own => own.push(task.id),
                Relation::Other => others.push(task.id),
                Relation::Doubtful => doubtful.push(task.id),
                Relation::Open => open.push(task.id),
            }
        }
        Ok(match (own.len(), doubtful.len(), open.len()) {
            (0, 0, 0) => Found::None(others),
            (1, 0, 0) => own.pop().map_or(Found::None(others), Found::One),
            // Those that are open may all turn out to be others.
            (0, 0..=1, 1..) | (1, 0, 1..) => Found::Open([own, doubtful, open].concat()),
            _ => Found::Untold([own, doubtful, open].concat()),
        })
    }

    /// Compares what the service says of a task with the record.
    async fn relation(
        &self,
        record: &JobRecord,
        sent_at: SystemTime,
        task: &ListedTask,
        clock: Clock,
    ) -> Result<Relation, Error> {
        let report = self.shared.api.get_again(&task.id).await?;
        let words = report.output.get("submit_time");
        let words = words.and_then(serde_json::Value::as_str);
        let made = task.created.and_then(|at| clock::earlier(at, words));
        let made = made.map_or(Made::Unclear, |at| clock.judge(sent_at, at));
        let likeness = (self.shared.product.likeness)(&record.body, &report);
        let is_certain = made == Made::After
            && task.model.as_ref() == Some(&record.model)
            && report.task_id.as_ref() == Some(&task.id);
        let is_over = report.state.as_ref().is_none_or(TaskState::is_final);
        Ok(match (likeness, made) {
            (Likeness::Other, _) | (_, Made::Elsewhen) => Relation::Other,
            (Likeness::Same, _) if is_certain => Relation::Own,
            (Likeness::Untold, _) if is_certain && !is_over => Relation::Open,
            _ => Relation::Doubtful,
        })
    }

    /// The tasks of that model and time; `None` when the list cannot be judged as a whole.
    async fn listed(
        &self,
        record: &JobRecord,
        sent_at: SystemTime,
    ) -> Result<Option<Listed>, Error> {
        let (mut tasks, mut before) = (Vec::new(), Vec::new());
        let mut known: HashSet<String> = HashSet::new();
        let earlier = sent_at.checked_sub(SHORTLY).unwrap_or(sent_at);
        for number in 1..=PAGES {
            let (page, clock) = self.shared.api.list(&record.model, number).await?;
            let (pages, rows) = (page.pages, page.rows);
            if rows != page.tasks.len() {
                // A row without an id may be the one.
                return Ok(None);
            }
            for task in page.tasks {
                // A task without model or time may be the one.
                let model = task.model.as_ref();
                if model.is_some_and(|model| *model != record.model) {
                    continue;
                }
                let is_near = made(&task, clock, sent_at) != Made::Elsewhen;
                if !is_near && made(&task, clock, earlier) == Made::Elsewhen {
                    continue;
                }
                // Pages move while new tasks come in front.
                if !known.insert(task.id.clone()) {
                    continue;
                }
                match is_near {
                    true => tasks.push(task),
                    false => before.push(task.id),
                }
                if known.len() > MOST_LISTED {
                    return Ok(None);
                }
            }
            let last = match pages {
                Some(pages) => number >= pages,
                None => rows == 0,
            };
            if last {
                return Ok(Some(Listed {
                    tasks,
                    before,
                    clock,
                }));
            }
        }
        Ok(None)
    }
}

fn made(task: &ListedTask, clock: Clock, sent_at: SystemTime) -> Made {
    match (task.created, task.begun) {
        (Some(at), _) => clock.judge(sent_at, at),
        // It was made before it was begun.
        (None, Some(at)) if clock.is_before(sent_at, at) => Made::Elsewhen,
        _ => Made::Unclear,
    }
}

fn ids(tasks: Vec<ListedTask>) -> Vec<String> {
    tasks.into_iter().map(|task| task.id).collect()
}

fn counted(ids: &[String]) -> String {
    match ids.len() {
        1 => "one task".to_owned(),
        count => format!("{count} tasks"),
    }
}

/// The first few, for a person to choose from.
fn some_of(ids: &[String]) -> String {
    let some: Vec<&str> = ids.iter().take(5).map(String::as_str).collect();
    let rest = if ids.len() > some.len() { ", …" } else { "" };
    format!("{}{rest}", some.join(", "))
}

fn is_near(a: SystemTime, b: SystemTime) -> bool {
    let apart = a.duration_since(b).or_else(|_| b.duration_since(a));
    apart.is_ok_and(|apart| apart <= SHORTLY + Duration::from_millis(clock::LATEST.unsigned_abs()))
}
