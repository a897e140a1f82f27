//! What every [`JobStore`] does, checked the same way for each: a test of a store calls [`check`].
#![expect(clippy::unwrap_used, reason = "it is a test, which is to panic")]

use std::time::{Duration, SystemTime};

use qwen_openclaw_auth::state::Fields;
use serde_json::json;

use super::{JobStore, Replaced};
use crate::ledger::record::{JobRecord, OneResult, Phase, VERSION};

/// Returns the record of a job that was just created, with this id.
///
/// # Panics
///
/// When it is not an id.
#[must_use]
pub fn record(id: &str) -> JobRecord {
    JobRecord {
        version: VERSION,
        revision: 0,
        id: id.parse().unwrap(),
        phase: Phase::Prepared,
        product: "thing".to_owned(),
        model: "some-model".to_owned(),
        created_at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_123),
        sent_at: None,
        origin: "https://dashscope-intl.aliyuncs.com".to_owned(),
        workspace: None,
        path: "/api/v1/x".to_owned(),
        headers: vec![("X-DashScope-Async".to_owned(), "enable".to_owned())],
        body: json!({"model": "some-model"}),
        uploads: Vec::new(),
        task_id: None,
        request_id: None,
        state: None,
        failure: None,
        synchronous: false,
        count: 1,
        failures: Vec::new(),
        results: Vec::new(),
        usage: None,
        target: None,
        old: OneResult::default(),
        extra: Fields::default(),
    }
}

/// Returns the next revision of a record, with this task.
#[must_use]
pub fn next(record: &JobRecord, task_id: Option<&str>) -> JobRecord {
    JobRecord {
        revision: record.revision + 1,
        task_id: task_id.map(str::to_owned),
        ..record.clone()
    }
}

/// Checks a store that is empty.
///
/// # Panics
///
/// When it does not do what [`JobStore`] says.
pub async fn check(store: &dyn JobStore) {
    assert!(store.list().await.unwrap().records.is_empty());
    let (a, b) = (record("a"), record("b"));
    assert_eq!(store.load(&a.id).await.unwrap(), None);

    // A record comes back as it went, and its id is taken.
    store.insert(&b).await.unwrap();
    store.insert(&a).await.unwrap();
    assert_eq!(store.load(&a.id).await.unwrap().as_ref(), Some(&a));
    assert!(store.insert(&a).await.is_err());
    assert_eq!(store.list().await.unwrap().records, [a.clone(), b.clone()]);

    // Of two that replace the same revision, one does.
    let mine = next(&a, None);
    assert_eq!(store.replace(&mine).await.unwrap(), Replaced::Stored);
    assert_eq!(store.replace(&mine).await.unwrap(), Replaced::Changed);
    assert_eq!(store.load(&a.id).await.unwrap(), Some(mine.clone()));
    let unknown = next(&record("c"), None);
    assert_eq!(store.replace(&unknown).await.unwrap(), Replaced::Changed);

    // A task has one job.
    let claimed = next(&mine, Some("t"));
    assert_eq!(store.claim(&claimed).await.unwrap(), Replaced::Stored);
    let second = next(&b, Some("t"));
    assert_eq!(store.claim(&second).await.unwrap(), Replaced::Taken);
    assert_eq!(store.load(&b.id).await.unwrap(), Some(b.clone()));
    let second = next(&b, Some("u"));
    assert_eq!(store.claim(&second).await.unwrap(), Replaced::Stored);

    // A lease is one's own until it is dropped, and says nothing about other jobs.
    let lease = store.lease(&a.id).await.unwrap();
    assert!(lease.is_some());
    assert!(store.lease(&a.id).await.unwrap().is_none());
    assert!(store.lease(&b.id).await.unwrap().is_some());
    drop(lease);
    assert!(store.lease(&a.id).await.unwrap().is_some());

    assert!(store.remove(&a.id).await.unwrap());
    assert!(!store.remove(&a.id).await.unwrap());
    assert_eq!(store.list().await.unwrap().records.len(), 1);
}
