//! Finds out whether the service took a job, when nobody was told.

use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use super::{
    answer::ListedTask,
    engine::Tasks,
    fault,
    job::Job,
    record::{JobRecord, Phase},
    stamp,
};
use crate::error::{Error, ErrorKind};

/// How far the service's clock and ours may be apart.
const SKEW: Duration = Duration::from_secs(60);
/// How long after a job was sent its task may have been made: connecting, sending, and a gateway
/// that takes its time.
const LATEST: Duration = Duration::from_secs(5 * 60);
/// When the list is looked at: a task may take a moment to be in it.
const LOOKS: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(8),
];
/// Pages that are read. A list that is longer cannot be judged.
const PAGES: u64 = 100;

/// What the list of tasks says of a job.
enum Found {
    One(String),
    None,
    Several(Vec<String>),
    /// Other jobs of ours may own what was found.
    Contested(usize),
    TooMany,
}

impl Tasks {
    /// Looks for the task of a job that may have been taken: exactly one task of that model and
    /// time which no other job has, while no other job of that model and time is unresolved.
    /// Otherwise the job becomes ambiguous. Nothing is sent again.
    ///
    /// The caller has the job's lease.
    pub(crate) async fn reconcile(
        &self,
        record: JobRecord,
        cause: Option<Error>,
    ) -> Result<Job, Error> {
        let just_sent = cause.is_some();
        let mut found = Ok(Found::None);
        for look in LOOKS {
            if just_sent {
                sleep(look).await;
            }
            found = self.look_for(&record).await;
            match &found {
                Ok(Found::One(task_id)) => {
                    fault::point("found");
                    match self.claim(record.clone(), task_id).await {
                        Err(error) if error.kind() == ErrorKind::Refused => {}
                        claimed => return claimed,
                    }
                }
                // What was found may be claimed by its own job in a moment.
                Ok(_) | Err(_) if just_sent => {}
                _ => break,
            }
            if !just_sent {
                break;
            }
        }
        let why = match found {
            Ok(Found::One(_)) => {
                "the one task that may be its own belongs to another job".to_owned()
            }
            Ok(Found::None) => "no such task is in the service's list".to_owned(),
            Ok(Found::Several(ref ids)) => format!(
                "{} such tasks are in the service's list and belong to no job: {}",
                ids.len(),
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
        let id = record.id.clone();
        let given_up = self.update(&id, |record| {
            if record.phase == Phase::Sending {
                record.phase = Phase::Ambiguous;
            }
        });
        given_up.await?;
        fault::point("given-up");
        let error = Error::new(
            ErrorKind::Ambiguous,
            format!("it is unclear whether the service has the job ({why})"),
        );
        let error = error.with_hint(format!(
            "decide: `video resume {id} --adopt TASK`, or `--resubmit` to send it again"
        ));
        let error = error.of_job(&id, None);
        Err(match cause.or(found.err()) {
            Some(cause) => error.after(cause),
            None => error,
        })
    }

    async fn look_for(&self, record: &JobRecord) -> Result<Found, Error> {
        let Some(sent_at) = record.sent_at else {
            return Ok(Found::None);
        };
        let listed = match self.listed(record, sent_at).await? {
            Some(listed) => listed,
            None => return Ok(Found::TooMany),
        };
        let ledger = self.shared.store.list().await;
        let ledger = ledger.map_err(|error| error.of_job(&record.id, None))?;
        if let Some(error) = ledger.unreadable.first() {
            return Err(error.clone());
        }
        let claimed = |task: &ListedTask| {
            let mut records = ledger.records.iter();
            records.any(|other| other.task_id.as_deref() == Some(&task.id))
        };
        let mut unclaimed: Vec<_> = listed.iter().filter(|task| !claimed(task)).collect();
        let contested = ledger.records.iter().filter(|other| {
            other.id != record.id
                && other.model == record.model
                && other.origin == record.origin
                && other.phase.is_unresolved()
                && other.sent_at.is_some_and(|at| is_near(at, sent_at))
        });
        Ok(match (unclaimed.len(), contested.count()) {
            (0, _) => Found::None,
            (_, others @ 1..) => Found::Contested(others),
            (1, _) => unclaimed
                .pop()
                .map_or(Found::None, |task| Found::One(task.id.clone())),
            _ => Found::Several(unclaimed.iter().map(|task| task.id.clone()).collect()),
        })
    }

    /// The tasks of that model and time; `None` when the list cannot be judged as a whole.
    async fn listed(
        &self,
        record: &JobRecord,
        sent_at: SystemTime,
    ) -> Result<Option<Vec<ListedTask>>, Error> {
        let from = stamp::to_millis(sent_at.checked_sub(SKEW).unwrap_or(SystemTime::UNIX_EPOCH));
        let to = stamp::to_millis(sent_at.checked_add(LATEST).unwrap_or(sent_at));
        let mut listed: Vec<ListedTask> = Vec::new();
        for number in 1..=PAGES {
            let page = self.shared.api.list(&record.model, number).await?;
            let (pages, rows) = (page.pages, page.rows);
            if rows != page.tasks.len() {
                // A row without an id may be the one.
                return Ok(None);
            }
            // A task without model or time may be the one.
            let fits = page.tasks.into_iter().filter(|task| {
                let of_model = task
                    .model
                    .as_ref()
                    .is_none_or(|model| *model == record.model);
                of_model && task.created.is_none_or(|at| (from..=to).contains(&at))
            });
            for task in fits {
                // Pages move while new tasks come in front.
                if listed.iter().all(|known| known.id != task.id) {
                    listed.push(task);
                }
            }
            let last = match pages {
                Some(pages) => number >= pages,
                None => rows == 0,
            };
            if last {
                return Ok(Some(listed));
            }
        }
        Ok(None)
    }
}

/// The first few, for somebody to choose from.
fn some_of(ids: &[String]) -> String {
    let some: Vec<&str> = ids.iter().take(5).map(String::as_str).collect();
    let rest = if ids.len() > some.len() { ", …" } else { "" };
    format!("{}{rest}", some.join(", "))
}

fn is_near(a: SystemTime, b: SystemTime) -> bool {
    let apart = a.duration_since(b).or_else(|_| b.duration_since(a));
    apart.is_ok_and(|apart| apart <= LATEST + SKEW)
}
