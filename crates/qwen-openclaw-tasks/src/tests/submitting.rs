//! A job is written down before it is sent, and never blindly sent twice.

use std::time::Duration;

use qwen_openclaw_auth::ApiKey;
use tokio::time::Instant;

use super::fake::*;
use crate::{ErrorKind, Job, JobStore, MemoryJobs, NextStep, Phase, Resumed, Tasks};

async fn only(store: &MemoryJobs) -> crate::JobRecord {
    let mut records = store.list().await.unwrap().records;
    assert_eq!(records.len(), 1);
    records.remove(0)
}

#[tokio::test(start_paused = true)]
async fn a_job_is_in_the_ledger_with_its_task() {
    let fake = Fake::new();
    let (tasks, store) = fake.tasks();
    let job = tasks.submit(task()).await.unwrap();
    let record = only(&store).await;
    assert_eq!(record.phase(), Phase::Submitted);
    assert_eq!(record.task_id(), Some("task-0-0"));
    assert_eq!(record.request_id(), Some("r"));
    assert_eq!(job.record(), &record);
    assert_eq!(fake.created(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_plans_key_is_refused_before_anything_is_written_or_sent() {
    let fake = Fake::new();
    let store = MemoryJobs::new();
    let key = ApiKey::parse("sk-sp-0123456789abcdef").unwrap();
    let http = qwen_openclaw_http::Client::builder().sender(fake.clone());
    let tasks = Tasks::builder(product(), ORIGIN, key)
        .http(http.build().unwrap())
        .store(std::sync::Arc::new(store.clone()));
    let error = tasks.build().unwrap().submit(task()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.to_string().contains("Standard key"), "{error}");
    assert!(!error.to_string().contains("456789"), "{error}");
    assert!(fake.state().seen.is_empty());
    assert!(store.list().await.unwrap().records.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_made_no_task_is_sent_again() {
    let faults = [Fault::Connect, Fault::Status(429, "Throttling.RateQuota")];
    let fake = Fake::new().with(|state| state.create.extend(faults));
    let (tasks, store) = fake.tasks();
    tasks.submit(task()).await.unwrap();
    assert_eq!(fake.created(), 3);
    assert_eq!(fake.state().tasks.len(), 1);
    assert_eq!(only(&store).await.phase(), Phase::Submitted);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final_and_a_throttle_is_not() {
    for (faults, kind, phase) in [
        (
            vec![Fault::Status(400, "InvalidParameter")],
            ErrorKind::InvalidRequest,
            Phase::Refused,
        ),
        (
            vec![Fault::Status(401, "InvalidApiKey")],
            ErrorKind::Authentication,
            Phase::Refused,
        ),
        (
            vec![Fault::Status(400, "Arrearage")],
            ErrorKind::Billing,
            Phase::Refused,
        ),
        (
            vec![Fault::Status(400, "DataInspectionFailed")],
            ErrorKind::ContentFilter,
            Phase::Refused,
        ),
        (vec![Fault::Connect; 9], ErrorKind::Network, Phase::Prepared),
        (
            vec![Fault::Status(429, "Throttling.RateQuota"); 9],
            ErrorKind::RateLimited,
            Phase::Prepared,
        ),
    ] {
        let fake = Fake::new().with(|state| state.create.extend(&faults));
        let (tasks, store) = fake.tasks();
        let error = tasks.submit(task()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{faults:?}: {error:?}");
        let record = only(&store).await;
        assert_eq!(record.phase(), phase, "{faults:?}");
        assert_eq!(error.job_id(), Some(record.id()));
        assert!(record.failure().is_some());
        assert_eq!(fake.count("GET /api/v1/tasks"), 0, "{faults:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_is_dropped_when_somebody_says_so() {
    let fake = Fake::new().with(|state| state.create.extend([Fault::Connect; 9]));
    let (tasks, store) = fake.tasks();
    let error = tasks.submit(task()).await.unwrap_err();
    let id = error.job_id().unwrap().clone();
    assert_eq!(error.next_steps(), [NextStep::Resubmit, NextStep::Cancel]);
    let resumed = tasks.resume().await.unwrap();
    assert!(matches!(&resumed[..], [Resumed::NotSent(_)]), "{resumed:?}");
    let asked = fake.state().seen.len();
    let mut job = tasks.job(&id).await.unwrap();
    assert_eq!(job.cancel().await.unwrap().phase(), Phase::Canceled);
    assert_eq!(only(&store).await.phase(), Phase::Canceled);
    assert_eq!(fake.state().seen.len(), asked);
    assert!(tasks.resume().await.unwrap().is_empty());
    let error = tasks.resubmit(&id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test(start_paused = true)]
async fn the_one_task_that_must_be_ours_is_adopted() {
    for fault in [Fault::Lost, Fault::Lost] {
        let fake = Fake::new().with(|state| state.create.push_back(fault));
        let (tasks, store) = fake.tasks();
        let job = tasks.submit(task()).await.unwrap();
        assert_eq!(job.task_id(), Some("task-0-0"));
        assert_eq!(only(&store).await.phase(), Phase::Submitted);
        // It was sent once.
        assert_eq!(fake.created(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_list_cannot_tell_is_left_to_somebody() {
    for (name, fault, others) in [
        ("nothing there", Fault::Broken, 0),
        ("two there", Fault::Lost, 1),
        ("a gateway's failure", Fault::Status(502, ""), 0),
        (
            "the service's failure",
            Fault::Status(500, "InternalError"),
            0,
        ),
        ("not understood", Fault::Nonsense, 0),
    ] {
        let fake = Fake::new().with(|state| {
            state.create.push_back(fault);
            state.others = others;
        });
        let (tasks, store) = fake.tasks();
        let error = tasks.submit(task()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{name}: {error}");
        let record = only(&store).await;
        assert_eq!(record.phase(), Phase::Ambiguous, "{name}");
        assert_eq!(error.job_id(), Some(record.id()), "{name}");
        // Those that may be its own are named.
        let candidates = match others {
            0 => Vec::new(),
            _ => vec!["task-0-0".to_owned(), "task-1-1".to_owned()],
        };
        let adopt = NextStep::Adopt { tasks: candidates };
        assert_eq!(
            error.next_steps(),
            [NextStep::LookAgain, adopt, NextStep::Resubmit],
            "{name}"
        );
        assert_eq!(fake.created(), 1, "{name}: it was sent again");
        // The list was looked at more than once: it may lag behind.
        let state = fake.state();
        let looks = state.seen.iter();
        let looks = looks.filter(|(path, _)| path == "GET /api/v1/tasks");
        assert_eq!(looks.count(), 3, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn tasks_of_other_models_times_and_jobs_are_not_ours() {
    let fake = Fake::new();
    let (tasks, _store) = fake.tasks();
    tasks.submit(task()).await.unwrap();
    {
        let mut state = fake.state();
        let mut old = state.tasks[0].clone();
        (old.id, old.created) = ("old".to_owned(), old.created - 3_600_000);
        let mut other = state.tasks[0].clone();
        (other.id, other.model) = ("other".to_owned(), "wan2.6-i2v".to_owned());
        state.tasks.extend([old, other]);
        state.create.push_back(Fault::Lost);
    }
    let job = tasks.submit(task()).await.unwrap();
    assert_eq!(job.task_id(), Some("task-3-0"));
}

#[tokio::test(start_paused = true)]
async fn two_that_are_unclear_at_once_are_not_told_apart() {
    // One of the two was taken, and nobody can tell which.
    let faults = [Fault::Lost, Fault::Broken];
    let fake = Fake::new().with(|state| state.create.extend(faults));
    let (tasks, store) = fake.tasks();
    let (a, b) = tokio::join!(tasks.submit(task()), tasks.submit(task()));
    for result in [a, b] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Ambiguous);
    }
    let records = store.list().await.unwrap().records;
    assert!(records.iter().all(|record| record.task_id().is_none()));
    // Once one is decided, so is the other.
    let (first, second) = (records[0].id(), records[1].id());
    tasks.adopt(first, "task-0-0").await.unwrap();
    let error = tasks.adopt(second, "task-0-0").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    tasks.resubmit(second).await.unwrap();
    assert_eq!(fake.created(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_cannot_be_read_decides_nothing() {
    let fake = Fake::new().with(|state| {
        state.create.push_back(Fault::Lost);
        state.list.extend([Fault::Status(403, "AccessDenied"); 3]);
        state.states = vec!["SUCCEEDED"];
    });
    let (tasks, store) = fake.tasks();
    let error = tasks.submit(task()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    // The next look finds it.
    let resumed = fake.on(&store).resume().await.unwrap();
    let [Resumed::Going(job)] = &resumed[..] else {
        panic!("{resumed:?}");
    };
    assert_eq!(job.task_id(), Some("task-0-0"));
    assert_eq!(fake.created(), 1);
}

#[tokio::test(start_paused = true)]
async fn resuming_finds_out_and_sends_nothing() {
    let fake = Fake::new();
    let (tasks, store) = fake.tasks();
    let going = tasks.submit(task()).await.unwrap();
    // Two whose processes died: one before, one while it was sent.
    for (id, phase) in [("prepared", Phase::Prepared), ("sending", Phase::Sending)] {
        let mut record = going.record().clone();
        record.id = id.parse().unwrap();
        record.phase = phase;
        record.task_id = None;
        store.insert(&record).await.unwrap();
    }
    // And one that somebody is sending just now.
    let mut busy = store
        .load(&"sending".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    busy.id = "busy".parse().unwrap();
    busy.model = "another".to_owned();
    store.insert(&busy).await.unwrap();
    let _lease = store.lease(&busy.id).await.unwrap().unwrap();
    let sent = fake.created();

    let mut said: Vec<_> = fake.on(&store).resume().await.unwrap();
    said.sort_by_key(|resumed| format!("{resumed:?}"));
    let said: Vec<_> = said
        .iter()
        .map(|resumed| match resumed {
            Resumed::Going(job) => format!("going {}", job.task_id().unwrap()),
            Resumed::NotSent(record) => format!("not sent {}", record.id()),
            Resumed::Ambiguous(record, _) => format!("ambiguous {}", record.id()),
            Resumed::Busy(record) => format!("busy {}", record.id()),
            Resumed::Unclear(error) => format!("unclear {error}"),
        })
        .collect();
    assert_eq!(
        said,
        [
            "ambiguous sending",
            "busy busy",
            "going task-0-0",
            "not sent prepared"
        ]
    );
    assert_eq!(fake.created(), sent, "something was sent");
    let id = "sending".parse().unwrap();
    assert_eq!(
        store.load(&id).await.unwrap().unwrap().phase(),
        Phase::Ambiguous
    );

    // What was never sent can be.
    let job = tasks.resubmit(&"prepared".parse().unwrap()).await.unwrap();
    assert_eq!(job.record().phase(), Phase::Submitted);
    let error = tasks.resubmit(job.id()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_does_not_exist_is_not_adopted() {
    let fake = Fake::new().with(|state| state.create.push_back(Fault::Broken));
    let (tasks, _store) = fake.tasks();
    let error = tasks.submit(task()).await.unwrap_err();
    let id = error.job_id().unwrap();
    let error = tasks.adopt(id, "made-up").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test(start_paused = true)]
async fn jobs_of_other_hosts_are_left_alone() {
    let fake = Fake::new();
    let (tasks, store) = fake.tasks();
    let job = tasks.submit(task()).await.unwrap();
    let http = qwen_openclaw_http::Client::builder().sender(fake.clone());
    let key = ApiKey::parse("sk-other-0123456789").unwrap();
    let elsewhere = Tasks::builder(product(), "https://elsewhere.example.com", key)
        .http(http.build().unwrap())
        .store(std::sync::Arc::new(store));
    let elsewhere = elsewhere.build().unwrap();
    assert!(elsewhere.resume().await.unwrap().is_empty());
    let error = elsewhere.job(job.id()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

/// When tasks were created, of all that was `seen`: never more than five in a second.
fn sent_five_a_second(seen: &[(String, Instant)]) -> Vec<Instant> {
    let created = seen.iter().filter(|(path, _)| path.starts_with("POST"));
    let sent: Vec<Instant> = created.map(|(_, at)| *at).collect();
    for window in sent.windows(6) {
        assert!(
            window[5] - window[0] >= Duration::from_millis(999),
            "{window:?}"
        );
    }
    sent
}

#[tokio::test(start_paused = true)]
async fn five_a_second_and_five_at_once() {
    let fake = Fake::new().with(|state| state.states = vec!["SUCCEEDED"]);
    let (tasks, _store) = fake.tasks();
    let started = Instant::now();
    // Nobody waits for any of them: what is running is asked about all the same.
    let jobs: Vec<Job> = {
        let mut jobs = Vec::new();
        for _ in 0..12 {
            jobs.push(tasks.submit(task()).await.unwrap());
        }
        jobs
    };
    assert_eq!(jobs.len(), 12);
    let state = fake.state();
    let sent = sent_five_a_second(&state.seen);
    // Of the first six, one was over before the sixth was sent.
    let over = state
        .seen
        .iter()
        .find(|(path, _)| path.starts_with("GET"))
        .unwrap();
    assert!(over.1 < sent[5]);
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn the_key_is_nowhere_to_be_seen() {
    let fake = Fake::new().with(|state| state.create.push_back(Fault::Broken));
    let (tasks, store) = fake.tasks();
    let error = tasks.submit(task()).await.unwrap_err();
    let job = tasks.submit(task()).await.unwrap();
    let records = store.list().await.unwrap().records;
    let all = format!(
        "{tasks:?} {store:?} {error:?} {error} {job:?} {} {}",
        serde_json::to_string(&records[0]).unwrap(),
        serde_json::to_string(&records[1]).unwrap()
    );
    assert!(!all.contains("secret-key"), "{all}");
    // Nor is what was asked for, but in the ledger.
    assert!(!format!("{error:?} {job:?} {records:?}").contains("a cat"));
}

#[tokio::test(start_paused = true)]
async fn a_second_try_that_is_refused_leaves_the_first_unclear() {
    for fault in [Fault::Status(400, "Arrearage"), Fault::Connect] {
        let fake = Fake::new().with(|state| {
            state.create.push_back(Fault::Lost);
            state.list.extend([Fault::Status(403, "AccessDenied"); 3]);
            state.create.extend([fault; 9]);
        });
        let (tasks, store) = fake.tasks();
        let error = tasks.submit(task()).await.unwrap_err();
        let id = error.job_id().unwrap().clone();
        let sent_at = only(&store).await.sent_at;
        tasks.resubmit(&id).await.unwrap_err();
        let record = only(&store).await;
        assert_eq!(record.phase(), Phase::Ambiguous, "{fault:?}");
        // The first one is found where it was looked for.
        assert_eq!(record.sent_at, sent_at);
        let job = tasks.adopt(&id, "task-0-0").await.unwrap();
        assert_eq!(job.record().phase(), Phase::Submitted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_has_one_spelling() {
    let fake = Fake::new();
    let (tasks, store) = fake.tasks();
    tasks.submit(task()).await.unwrap();
    fake.state().create.push_back(Fault::Broken);
    let error = tasks.submit(task()).await.unwrap_err();
    let id = error.job_id().unwrap();
    for spelled in [
        "task-0-0",
        " task-0-0 ",
        "task/-0-0",
        "",
        "../tasks/task-0-0",
    ] {
        let error = tasks.adopt(id, spelled).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{spelled}");
    }
    assert_eq!(store.list().await.unwrap().records[1].task_id(), None);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_fails_at_any_step_is_told_with_what_is_known() {
    let steps = ["insert", "sending", "submitted"];
    for (step, name) in steps.iter().enumerate() {
        let fake = Fake::new();
        let store = std::sync::Arc::new(Failing::after(step));
        let tasks = fake.builder().store(store.clone()).build().unwrap();
        let error = tasks.submit(task()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage, "{name}");
        assert!(error.job_id().is_some(), "{name}");
        let sent = usize::from(step == 2);
        assert_eq!(fake.created(), sent, "{name}");
        // The one thing that only this process knows.
        let task = (sent == 1).then_some("task-0-0");
        assert_eq!(error.task_id(), task, "{name}");
        if sent == 1 {
            let tasks = vec!["task-0-0".to_owned()];
            assert_eq!(error.next_steps(), [NextStep::Adopt { tasks }]);
        }
    }
}

/// A store whose disk is full after some writes.
#[derive(Debug)]
struct Failing {
    store: MemoryJobs,
    left: std::sync::atomic::AtomicUsize,
}

impl Failing {
    fn after(writes: usize) -> Self {
        Self {
            store: MemoryJobs::new(),
            left: writes.into(),
        }
    }

    fn write(&self) -> Result<(), crate::Error> {
        use std::sync::atomic::Ordering::Relaxed;

        let left = self
            .left
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        left.map(drop)
            .map_err(|_| crate::Error::ledger("the disk is full"))
    }
}

#[async_trait::async_trait]
impl JobStore for Failing {
    async fn insert(&self, record: &crate::JobRecord) -> Result<(), crate::Error> {
        self.write()?;
        self.store.insert(record).await
    }

    async fn load(&self, id: &crate::JobId) -> Result<Option<crate::JobRecord>, crate::Error> {
        self.store.load(id).await
    }

    async fn list(&self) -> Result<crate::JobList, crate::Error> {
        self.store.list().await
    }

    async fn replace(&self, record: &crate::JobRecord) -> Result<crate::Replaced, crate::Error> {
        self.write()?;
        self.store.replace(record).await
    }

    async fn claim(&self, record: &crate::JobRecord) -> Result<crate::Replaced, crate::Error> {
        self.write()?;
        self.store.claim(record).await
    }

    async fn remove(&self, id: &crate::JobId) -> Result<bool, crate::Error> {
        self.store.remove(id).await
    }

    async fn lease(&self, id: &crate::JobId) -> Result<Option<crate::JobLease>, crate::Error> {
        self.store.lease(id).await
    }
}

#[tokio::test(start_paused = true)]
async fn five_at_once_whatever_happens_while_they_are_sent() {
    // Every third answer is a throttle, and nobody waits for anything.
    let fake = Fake::new().with(|state| {
        state.states = vec!["RUNNING"; 60];
        state.states.push("SUCCEEDED");
        for _ in 0..12 {
            state
                .create
                .push_back(Fault::Status(429, "Throttling.RateQuota"));
        }
    });
    let (tasks, _store) = fake.tasks();
    let submits = (0..8).map(|_| tasks.submit(task()));
    let done = futures_util::future::join_all(submits);
    let done = tokio::time::timeout(Duration::from_secs(7200), done)
        .await
        .unwrap();
    let state = fake.state();
    // Retries keep the pace too.
    sent_five_a_second(&state.seen);
    let running = done.iter().filter(|job| job.is_ok()).count();
    assert!(running > 0);
    assert_eq!(state.tasks.len(), running);
}

#[tokio::test(start_paused = true)]
async fn tasks_that_the_service_has_forgotten_hold_nobody_up() {
    let fake = Fake::new();
    let (tasks, _store) = fake.tasks();
    for _ in 0..5 {
        tasks.submit(task()).await.unwrap();
    }
    fake.state().poll.extend([Fault::Unknown; 200]);
    let started = Instant::now();
    tasks.submit(task()).await.unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(120),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_place_that_never_comes_ends_at_the_deadline() {
    let fake = Fake::new().with(|state| state.states = vec!["RUNNING"]);
    let (tasks, store) = fake.tasks();
    for _ in 0..5 {
        tasks.submit(task()).await.unwrap();
    }
    let error = tasks.submit(task()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    let record = store.load(error.job_id().unwrap()).await.unwrap().unwrap();
    assert_eq!(record.phase(), Phase::Prepared);
    assert_eq!(fake.created(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_submit_that_is_dropped_gives_its_place_free() {
    let fake = Fake::new();
    let (tasks, _store) = fake.tasks();
    for _ in 0..9 {
        let submit = tasks.submit(task());
        let dropped = tokio::time::timeout(Duration::from_millis(5), submit).await;
        assert!(dropped.is_err());
    }
    tasks.submit(task()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_list_that_may_not_be_whole_is_not_judged() {
    // Rows without an id, and no word on how many pages there are.
    let fake = Fake::new().with(|state| {
        state.create.push_back(Fault::Lost);
        state.nameless = true;
    });
    let (tasks, _store) = fake.tasks();
    let error = tasks.submit(task()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.to_string().contains("judged"), "{error}");
    // Page after page, until one is empty.
    let fake = Fake::new().with(|state| {
        state.create.push_back(Fault::Lost);
        state.others = 60;
        state.pages = true;
    });
    let (tasks, _store) = fake.tasks();
    let error = tasks.submit(task()).await.unwrap_err();
    assert!(error.to_string().contains("61 tasks"), "{error}");
}

/// The task that somebody else has made with the same account, in the same words.
fn twin(fake: &Fake, made_before: i64, prompt: &str) -> Task {
    let millis = crate::ledger::stamp::to_millis(std::time::SystemTime::now());
    Task {
        id: format!("twin-{made_before}"),
        model: "some-model".to_owned(),
        created: millis - made_before + fake.state().ahead.unwrap_or_default(),
        state: "SUCCEEDED",
        prompt: prompt.into(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_made_before_ours_was_sent_is_never_ours() {
    // The request never arrives, and another machine has made the same a little before.
    for before in [30_000, 5_000, 2_000, 500, 50] {
        let fake = Fake::new().with(|state| state.create.push_back(Fault::Broken));
        let theirs = twin(&fake, before, "a cat");
        fake.state().tasks.push(theirs);
        let (tasks, store) = fake.tasks();
        let error = tasks.submit(task()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{before}");
        assert_eq!(only(&store).await.task_id(), None, "{before}");
        // Somebody has to know of it to decide.
        assert!(error.to_string().contains("twin-"), "{before}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_in_other_words_is_not_ours() {
    let fake = Fake::new().with(|state| {
        state.create.extend([Fault::Broken, Fault::Lost]);
        state.states = vec!["SUCCEEDED"];
    });
    let theirs = twin(&fake, -2_000, "a dog");
    fake.state().tasks.push(theirs);
    let (tasks, store) = fake.tasks();
    let error = tasks.submit(task()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.to_string().contains("these are others"), "{error}");
    store.remove(error.job_id().unwrap()).await.unwrap();
    // Beside it, ours is found.
    let job = tasks.submit(task()).await.unwrap();
    assert_eq!(job.task_id(), Some("task-1-0"));

    // Of other parameters.
    let fake = Fake::new().with(|state| {
        state.create.push_back(Fault::Lost);
        state.states = vec!["SUCCEEDED"];
        state.usage = serde_json::json!({"duration": 10});
    });
    let (tasks, _store) = fake.tasks();
    let body = serde_json::json!({"model": "some-model", "input": {"prompt": "a cat"},
                                  "parameters": {"duration": 5}});
    let five_seconds = crate::NewTask::new("some-model", "/api/v1/services/make", body);
    let error = tasks.submit(five_seconds).await.unwrap_err();
    assert!(error.to_string().contains("these are others"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_apart_is_nobodys() {
    // Made when ours was, in the same words: ours may be either.
    let fake = Fake::new().with(|state| {
        state.create.push_back(Fault::Lost);
        state.states = vec!["SUCCEEDED"];
    });
    let theirs = twin(&fake, -2_000, "a cat");
    fake.state().tasks.push(theirs);
    let (tasks, _store) = fake.tasks();
    let error = tasks.submit(task()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.to_string().contains("2 tasks"), "{error}");

    // The service says too little: no prompt, of a task that has failed; or its clock is not ours,
    // or is not told.
    for (name, ends_as, ahead) in [
        ("failed", "FAILED", Some(0)),
        ("another clock", "SUCCEEDED", Some(20_000)),
        ("no clock", "SUCCEEDED", None),
    ] {
        let (tasks, store, error) = loop {
            let fake = Fake::new().with(|state| {
                state.create.push_back(Fault::Lost);
                (state.states, state.ahead) = (vec![ends_as], ahead);
            });
            let (tasks, store) = fake.tasks();
            let started = std::time::Instant::now();
            let submitted = tasks.submit(task()).await;
            // Where the machine stalls between sending and making, the clocks do tell them apart.
            if started.elapsed() < Duration::from_millis(500) {
                break (tasks, store, submitted.unwrap_err());
            }
        };
        assert_eq!(error.kind(), ErrorKind::Ambiguous, "{name}");
        assert!(error.to_string().contains("one task"), "{name}: {error}");
        // Somebody who knows can say so.
        let id = only(&store).await.id().clone();
        tasks.adopt(&id, "task-0-0").await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_has_sent_it_waits_until_the_service_says_whose_it_is() {
    let fake = Fake::new().with(|state| {
        state.create.push_back(Fault::Lost);
        state.states = vec!["RUNNING"; 9];
        state.states.push("SUCCEEDED");
    });
    let (tasks, _store) = fake.tasks();
    let started = Instant::now();
    let job = tasks.submit(task()).await.unwrap();
    assert_eq!(job.task_id(), Some("task-0-0"));
    let waited = started.elapsed().as_secs();
    assert!((60..200).contains(&waited), "{waited} s");

    // Whoever takes it up is told to look again, and so is whoever has waited long enough.
    let fake = Fake::new().with(|state| {
        state.create.push_back(Fault::Lost);
        state.states = vec!["RUNNING"];
    });
    let store = MemoryJobs::new();
    let tasks = fake.builder().store(std::sync::Arc::new(store.clone()));
    let tasks = tasks.deadline(Duration::from_secs(60)).build().unwrap();
    let error = tasks.submit(task()).await.unwrap_err();
    assert!(error.to_string().contains("look again"), "{error}");
    let resumed = fake.on(&store).resume().await.unwrap();
    let [Resumed::Ambiguous(_, error)] = &resumed[..] else {
        panic!("{resumed:?}");
    };
    assert!(error.to_string().contains("look again"), "{error}");
    fake.state().states = vec!["SUCCEEDED"];
    let resumed = fake.on(&store).resume().await.unwrap();
    assert!(matches!(&resumed[..], [Resumed::Going(_)]), "{resumed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_bad_record_does_not_hold_up_the_others() {
    let fake = Fake::new().with(|state| {
        state.create.push_back(Fault::Lost);
        state.states = vec!["SUCCEEDED"];
    });
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.json"), "{\"task_id\": \"x\"").unwrap();
    let store = crate::FileJobs::new(folder.path());
    let tasks = fake.builder().store(std::sync::Arc::new(store));
    let tasks = tasks.build().unwrap();
    let job = tasks.submit(task()).await.unwrap();
    assert_eq!(job.task_id(), Some("task-0-0"));
    // Unless it is that one's.
    std::fs::write(folder.path().join("bad.json"), "{\"task_id\": \"task-1-0\"").unwrap();
    fake.state().create.push_back(Fault::Lost);
    let error = tasks.submit(task()).await.unwrap_err();
    assert!(error.to_string().contains("another job"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_long_list_is_read_once_a_look() {
    // All of that model and time, on one page.
    let fake = Fake::new().with(|state| state.create.push_back(Fault::Broken));
    let theirs = twin(&fake, -2_000, "a dog");
    let many = (0..9_000).map(|n| Task {
        id: format!(
            "0385dc79-5ff8-4d82-bcb6-0123456789ab-{n}-{}",
            "x".repeat(40)
        ),
        ..theirs.clone()
    });
    fake.state().tasks.extend(many);
    let (tasks, _store) = fake.tasks();
    let error = tasks.submit(task()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!(error.to_string().contains("9000 tasks"), "{error}");
    // The list at each of three looks, and none of its tasks.
    let asked = |number| {
        let state = fake.state();
        let asked = state.seen[number..].iter().map(|(path, _)| path.clone());
        asked.collect::<Vec<_>>()
    };
    assert_eq!(asked(1), ["GET /api/v1/tasks"; 3]);
    // And one more than can be judged.
    let more = (0..2_000).map(|n| Task {
        id: format!("more-{n}"),
        ..theirs.clone()
    });
    fake.state().tasks.extend(more);
    let resumed = tasks.resume().await.unwrap();
    let [Resumed::Ambiguous(_, error)] = &resumed[..] else {
        panic!("{resumed:?}");
    };
    assert!(error.to_string().contains("judged"), "{error}");
    assert_eq!(asked(4), ["GET /api/v1/tasks"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_paid_for_that_could_not_be_saved() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let long = folder.path().join("x".repeat(300));
    let mut targets = vec![
        folder.path().join("none/result.mp4"),
        file.join("result.mp4"),
        long,
    ];
    if cfg!(target_os = "linux") {
        // Where even root cannot write.
        targets.push("/proc/result.mp4".into());
    }
    for target in targets {
        let fake = Fake::new();
        let (tasks, store) = fake.tasks();
        let error = tasks.submit(task().target(&target)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage, "{target:?}");
        assert!(fake.state().seen.is_empty(), "{target:?}");
        assert!(store.list().await.unwrap().records.is_empty(), "{target:?}");
    }
    let fake = Fake::new().with(|state| state.create.extend([Fault::Connect; 9]));
    let (tasks, _store) = fake.tasks();
    let gone = folder.path().join("gone");
    std::fs::create_dir(&gone).unwrap();
    let error = tasks.submit(task().target(gone.join("result.mp4"))).await;
    assert_eq!(std::fs::read_dir(&gone).unwrap().count(), 0);
    std::fs::remove_dir(&gone).unwrap();
    let id = error.unwrap_err().job_id().unwrap().clone();
    let asked = fake.state().seen.len();
    let error = tasks.resubmit(&id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert_eq!(fake.state().seen.len(), asked);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_the_ledger_could_not_read_again_is_not_sent() {
    let fake = Fake::new();
    let folder = tempfile::tempdir().unwrap();
    let store = crate::FileJobs::new(folder.path());
    let tasks = fake.builder().store(std::sync::Arc::new(store.clone()));
    let tasks = tasks.build().unwrap();
    let mut deep = serde_json::json!(1);
    for _ in 0..200 {
        deep = serde_json::json!([deep]);
    }
    let body = serde_json::json!({"model": "m", "input": deep});
    let task = crate::NewTask::new("m", "/api/v1/services/make", body);
    let error = tasks.submit(task).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert_eq!(fake.created(), 0);
    let list = store.list().await.unwrap();
    assert!(list.records.is_empty() && list.unreadable.is_empty());
}
