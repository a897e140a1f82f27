//! A task is asked about until the deadline, whatever happens on the way.

use std::time::Duration;

use tokio::time::Instant;

use super::fake::*;
use crate::{ErrorKind, JobStore, Phase, TaskState};

#[tokio::test(start_paused = true)]
async fn states_come_as_they_change() {
    let fake = Fake::new().with(|state| {
        state.states = vec![
            "PENDING",
            "PENDING",
            "RUNNING",
            "RESTING",
            "RUNNING",
            "SUCCEEDED",
        ];
    });
    let (tasks, _store) = fake.tasks();
    let job = tasks.submit(task()).await.unwrap();
    let mut watch = job.watch();
    let mut states = Vec::new();
    while let Some(record) = watch.next().await {
        states.push(record.unwrap().state().unwrap().to_string());
    }
    assert_eq!(
        states,
        ["PENDING", "RUNNING", "RESTING", "RUNNING", "SUCCEEDED"]
    );
    assert!(watch.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_result_says_until_when_it_is_there() {
    let fake = Fake::new();
    let (tasks, store) = fake.tasks();
    let job = tasks.submit(task()).await.unwrap();
    let done = job.wait().await.unwrap();
    assert_eq!(done.url(), RESULT);
    assert_eq!(done.usage().unwrap()["duration"], 5);
    assert!(done.expires_at() > std::time::SystemTime::now());
    let record = &store_record(&store).await;
    assert_eq!(record.phase(), Phase::Succeeded);
    assert!(!format!("{done:?}").contains("secret-signature"));
}

async fn store_record(store: &crate::MemoryJobs) -> crate::JobRecord {
    store.list().await.unwrap().records.remove(0)
}

#[tokio::test(start_paused = true)]
async fn failures_come_with_code_and_words_and_status_200() {
    for (state, kind, phase) in [
        ("FAILED", ErrorKind::Failed, Phase::Failed),
        ("CANCELED", ErrorKind::Canceled, Phase::Canceled),
    ] {
        let fake = Fake::new().with(|fake| fake.states = vec!["RUNNING", state]);
        let (tasks, store) = fake.tasks();
        let job = tasks.submit(task()).await.unwrap();
        let error = job.wait().await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.job_id(), Some(job.id()));
        assert_eq!(error.status(), None);
        assert_eq!(store_record(&store).await.phase(), phase);
        if kind == ErrorKind::Failed {
            assert_eq!(error.code(), Some("InternalError.Algo"));
            assert!(error.to_string().contains("it did not work"), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_unknown_is_asked_again_and_two_are_the_end() {
    let fake = Fake::new().with(|state| state.poll.push_back(Fault::Unknown));
    let (tasks, _store) = fake.tasks();
    tasks.submit(task()).await.unwrap().wait().await.unwrap();

    let fake = Fake::new().with(|state| state.poll.extend([Fault::Unknown; 2]));
    let (tasks, store) = fake.tasks();
    let job = tasks.submit(task()).await.unwrap();
    let error = job.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Expired);
    assert_eq!(error.hint(), Some(&crate::Hint::OtherAccount), "{error}");
    // It is too young to be gone: with the right key it is there.
    assert_eq!(store_record(&store).await.phase(), Phase::Submitted);
    job.wait().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_older_than_a_day_is_gone() {
    let fake = Fake::new().with(|state| state.poll.push_back(Fault::Unknown));
    let (tasks, store) = fake.tasks();
    let mut record = tasks.submit(task()).await.unwrap().record().clone();
    record.id = "old".parse().unwrap();
    record.created_at -= Duration::from_secs(25 * 3600);
    store.insert(&record).await.unwrap();
    let error = tasks
        .job(&record.id)
        .await
        .unwrap()
        .wait()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Expired);
    let record = store.load(&record.id).await.unwrap().unwrap();
    assert_eq!(record.phase(), Phase::Expired);
    assert_eq!(record.state(), Some(&TaskState::Unknown));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_ages_ends_at_the_deadline() {
    let fake = Fake::new().with(|state| state.poll.extend([Fault::Wait(429, u32::MAX); 99]));
    let (tasks, _store) = fake.tasks();
    let started = Instant::now();
    let job = tasks.submit(task()).await.unwrap();
    let error = job.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert_eq!(error.status(), Some(429));
    // Not before, and not much after it.
    let waited = started.elapsed().as_secs();
    assert!((3600..3602).contains(&waited), "{waited} s");
    // Two minutes between two questions, at the most.
    let asked = fake.count("GET /api/v1/tasks/");
    assert!((30..40).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn one_wait_that_is_too_long_does_not_end_the_waiting() {
    let fake = Fake::new().with(|state| state.poll.push_back(Fault::Wait(429, 1_000_000_000)));
    let (tasks, _store) = fake.tasks();
    let started = Instant::now();
    tasks.submit(task()).await.unwrap().wait().await.unwrap();
    let waited = started.elapsed().as_secs();
    assert!((60..200).contains(&waited), "{waited} s");

    // The deadline comes first: then it is asked once more.
    let fake = Fake::new().with(|state| {
        state.poll.push_back(Fault::Wait(429, 1_000_000_000));
        state.states = vec!["SUCCEEDED"];
    });
    let tasks = fake.builder().deadline(Duration::from_secs(10));
    let job = tasks.build().unwrap().submit(task()).await.unwrap();
    let started = Instant::now();
    job.wait().await.unwrap();
    assert_eq!(started.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn pages_that_are_not_the_services_are_waited_out() {
    let fake = Fake::new().with(|state| {
        state.poll.extend([
            // With status 200.
            Fault::Nonsense,
            Fault::Nonsense,
            Fault::Page(404),
            Fault::Page(403),
            Fault::Page(302),
            Fault::Huge,
        ]);
    });
    let (tasks, _store) = fake.tasks();
    let job = tasks.submit(task()).await.unwrap();
    let mut watch = job.watch();
    let mut troubles = 0;
    while let Some(record) = watch.next().await {
        record.unwrap();
        troubles += usize::from(watch.trouble().is_some());
    }
    // It is told once.
    assert_eq!(troubles, 1);
    assert!(fake.state().poll.is_empty());
    // What the service itself refuses is not.
    let fault = Fault::Status(403, "AccessDenied");
    let fake = Fake::new().with(|state| state.poll.push_back(fault));
    let (tasks, _store) = fake.tasks();
    let job = tasks.submit(task()).await.unwrap();
    assert_eq!(job.wait().await.unwrap_err().kind(), ErrorKind::Permission);
}

#[tokio::test(start_paused = true)]
async fn a_page_about_one_task_does_not_free_the_place_of_it() {
    let fake = Fake::new().with(|state| {
        state.states = vec!["RUNNING"; 40];
        state.states.push("SUCCEEDED");
        state.poll.extend([Fault::Nonsense; 30]);
    });
    let (tasks, _store) = fake.tasks();
    for _ in 0..6 {
        tasks.submit(task()).await.unwrap();
    }
    let state = fake.state();
    let over = state.tasks.iter().filter(|task| task.state == "SUCCEEDED");
    assert_eq!(over.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_says_far_too_much_costs_little_and_is_an_answer() {
    let fake = Fake::new().with(|state| {
        state.states = vec!["SUCCEEDED"];
        state.usage = serde_json::json!({"duration": 5, "rows": "x".repeat(5 << 20)});
    });
    let folder = tempfile::tempdir().unwrap();
    let store = crate::FileJobs::new(folder.path());
    let tasks = fake.builder().store(std::sync::Arc::new(store.clone()));
    let tasks = tasks.build().unwrap();
    let job = tasks.submit(task()).await.unwrap();
    let done = job.wait().await.unwrap();
    assert_eq!(done.usage(), Some(&serde_json::json!({"duration": 5})));
    let file = std::fs::read(folder.path().join(format!("{}.json", job.id()))).unwrap();
    assert!(file.len() < 4096, "{} bytes", file.len());
    let record = store.load(job.id()).await.unwrap().unwrap();
    assert_eq!(record.phase(), Phase::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn throttles_failures_and_a_lost_network_are_waited_out() {
    let faults = [
        Fault::Connect,
        Fault::Broken,
        Fault::Status(500, "InternalError"),
        Fault::Status(503, "ModelUnavailable"),
        Fault::Status(429, "Throttling.RateQuota"),
        Fault::Wait(429, 30),
    ];
    let fake = Fake::new().with(|state| state.poll.extend(faults));
    let (tasks, _store) = fake.tasks();
    let started = Instant::now();
    tasks.submit(task()).await.unwrap().wait().await.unwrap();
    let waited = started.elapsed();
    // The server's own wait was kept, and nothing else took long.
    assert!((30..180).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_when_it_begins_and_when_it_ends() {
    let fake = Fake::new().with(|state| {
        // Being asked to ask less often is none.
        state.poll.push_back(Fault::Wait(429, 1));
        state.poll.extend([Fault::Connect; 5]);
    });
    let (tasks, _store) = fake.tasks();
    let job = tasks.submit(task()).await.unwrap();
    let mut watch = job.watch();
    let mut seen = Vec::new();
    while let Some(record) = watch.next().await {
        let state = record.unwrap().state().unwrap().to_string();
        seen.push((state, watch.trouble().map(crate::Error::kind)));
    }
    let pending = "PENDING".to_owned();
    assert_eq!(
        seen,
        [
            (pending.clone(), None),
            (pending.clone(), Some(ErrorKind::Network)),
            (pending, None),
            ("RUNNING".to_owned(), None),
            ("SUCCEEDED".to_owned(), None),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_deadline_says_what_went_wrong_last_and_loses_nothing() {
    let fake = Fake::new().with(|state| state.poll.extend([Fault::Connect; 999]));
    let store = crate::MemoryJobs::new();
    let tasks = fake
        .builder()
        .store(std::sync::Arc::new(store.clone()))
        .deadline(Duration::from_secs(90))
        .build()
        .unwrap();
    let started = Instant::now();
    let job = tasks.submit(task()).await.unwrap();
    let error = job.wait().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert!(std::error::Error::source(&error).is_some());
    assert!(started.elapsed() <= Duration::from_secs(91));
    assert_eq!(store_record(&store).await.phase(), Phase::Submitted);
    // The network is back, and so is the job.
    fake.state().poll.clear();
    fake.on(&store)
        .job(job.id())
        .await
        .unwrap()
        .wait()
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_waiting_at_once() {
    let fake = Fake::new().with(|state| state.poll.push_back(Fault::Status(401, "InvalidApiKey")));
    let (tasks, store) = fake.tasks();
    let error = tasks
        .submit(task())
        .await
        .unwrap()
        .wait()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(store_record(&store).await.phase(), Phase::Submitted);
}

#[tokio::test(start_paused = true)]
async fn only_what_waits_for_its_turn_is_cancelled() {
    let fake = Fake::new();
    let (tasks, store) = fake.tasks();
    let mut job = tasks.submit(task()).await.unwrap();
    assert_eq!(job.cancel().await.unwrap().phase(), Phase::Canceled);
    assert_eq!(store_record(&store).await.phase(), Phase::Canceled);
    // What is over needs no service to say so.
    let asked = fake.state().seen.len();
    let error = job.cancel().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(fake.state().seen.len(), asked);

    let fake = Fake::new().with(|state| state.states = vec!["RUNNING"]);
    let (tasks, _store) = fake.tasks();
    let mut job = tasks.submit(task()).await.unwrap();
    job.refresh().await.unwrap();
    let error = job.cancel().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.code(), Some("UnsupportedOperation"));
}

#[tokio::test(start_paused = true)]
async fn two_hundred_at_once_keep_below_twenty_questions_a_second() {
    let fake = Fake::new().with(|state| {
        state.states = [vec!["RUNNING"; 4000], vec!["SUCCEEDED"]].concat();
    });
    let tasks = fake
        .builder()
        .running(None)
        .submits_per_second(None)
        .build()
        .unwrap();
    let jobs = (0..200).map(|_| async { tasks.submit(task()).await?.wait().await.map(drop) });
    for result in futures_util::future::join_all(jobs).await {
        result.unwrap();
    }
    let state = fake.state();
    let asked: Vec<Instant> = (state.seen.iter())
        .filter(|(path, _)| path.starts_with("GET"))
        .map(|(_, at)| *at)
        .collect();
    assert!(asked.len() > 4000);
    for window in asked.windows(21) {
        assert!(
            window[20] - window[0] >= Duration::from_secs(1),
            "{window:?}"
        );
    }
}
