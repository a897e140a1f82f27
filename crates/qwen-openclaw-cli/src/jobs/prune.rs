//! `prune`: removes the records of old jobs for which nothing is left to do.

use std::time::{Duration, SystemTime};

use qwen_openclaw::{
    auth::StateDir,
    video::task::{FileJobs, JobRecord, JobStore, Phase},
};
use serde_json::json;

use super::{Kind, args::Prune, view};
use crate::{
    args::Connection,
    failure::Failure,
    output::{self, Out},
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) async fn run(kind: Kind, arguments: Prune) -> Result<(), Failure> {
    let folder = StateDir::of(&Connection::default().environment()?)?;
    let store = FileJobs::in_folder(&folder);
    let now = SystemTime::now();
    let age = DAY.saturating_mul(arguments.older_than);
    let list = store.list().await?;
    let mut pruned = Vec::new();
    for record in list.records {
        if !kind.makes(&record) || !is_done(&record, now, age) {
            continue;
        }
        if arguments.dry_run || remove(&store, &record, now, age).await? {
            pruned.push(record);
        }
    }
    for error in &list.unreadable {
        output::note(&format!("warning: not touched: {error}"));
    }
    if arguments.json {
        let jobs: Vec<_> = pruned.iter().map(view::document).collect();
        let name = if arguments.dry_run {
            "would_remove"
        } else {
            "removed"
        };
        return Out::new().document(&json!({ name: jobs }));
    }
    let mut out = Out::new();
    view::table(&pruned, &mut out)?;
    let verb = if arguments.dry_run {
        "would be removed"
    } else {
        "removed"
    };
    output::note(&match pruned.len() {
        0 => "no such jobs".to_owned(),
        1 => format!("1 job {verb}; saved {}s stay", kind.name()),
        count => format!("{count} jobs {verb}; saved {}s stay", kind.name()),
    });
    Ok(())
}

/// Removes a record, unless another process works on its job or has changed it.
async fn remove(
    store: &FileJobs,
    record: &JobRecord,
    now: SystemTime,
    age: Duration,
) -> Result<bool, Failure> {
    let Some(_lease) = store.lease(record.id()).await? else {
        return Ok(false);
    };
    let current = store.load(record.id()).await?;
    if !current.is_some_and(|current| is_done(&current, now, age)) {
        return Ok(false);
    }
    Ok(store.remove(record.id()).await?)
}

/// Whether a job is older than `age`, and nothing can be done about it any more: it is settled, or its
/// results were never saved and are gone.
fn is_done(record: &JobRecord, now: SystemTime, age: Duration) -> bool {
    let is_old = now
        .duration_since(record.created_at())
        .is_ok_and(|since| since >= age);
    let results = record.results();
    let is_gone = record.phase() == Phase::Succeeded
        && !results.is_empty()
        && results.iter().all(|result| result.expires_at <= now);
    is_old && (record.phase().is_settled() || is_gone)
}
