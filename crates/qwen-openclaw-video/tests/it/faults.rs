//! What the emulator can break, on real connections: what is told, what was made, and what is on
//! the disk.

use std::{fs, sync::Arc, time::Duration};

use futures_util::future::join_all;
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule, VideoRoute};
use qwen_openclaw_http::RetryPolicy;
use qwen_openclaw_video::{
    Client, Error, ErrorKind, Job, VideoRequest,
    task::{JobStore, MemoryJobs, Phase, PollSchedule, SaveOptions},
};

use crate::standard;

struct World {
    emulator: Emulator,
    client: Client,
    store: MemoryJobs,
}

impl World {
    /// A service where requests of a route break, so many times.
    async fn with(route: VideoRoute, fault: impl Into<Fault>, times: usize) -> Self {
        let emulator = Emulator::builder()
            .video_times(Duration::from_millis(20), Duration::from_millis(20))
            .start()
            .await
            .unwrap();
        emulator.fault(FaultRule::new(fault).video(route).times(times));
        let store = MemoryJobs::new();
        let client = Client::builder(emulator.base_url(), ApiKey::parse(standard()).unwrap())
            .tasks(|tasks| {
                tasks
                    .store(Arc::new(store.clone()))
                    .retry(retry())
                    .schedule(
                        PollSchedule::default()
                            .first(Duration::from_millis(20))
                            .settled(Duration::from_millis(100)),
                    )
                    .deadline(Duration::from_secs(20))
            })
            .build()
            .unwrap();
        Self {
            emulator,
            client,
            store,
        }
    }

    async fn submit(&self) -> Result<Job, Error> {
        let request = VideoRequest::new("wan2.6-t2v").prompt("a cat").seconds(2);
        self.client.submit(&request).await
    }

    fn tasks(&self) -> usize {
        self.emulator.video().tasks().len()
    }

    async fn phase(&self) -> Phase {
        self.store.list().await.unwrap().records[0].phase()
    }

    /// Makes a clip and saves it.
    async fn save(&self) -> Result<(), Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.mp4");
        let done = self.submit().await?.wait().await?;
        let options = SaveOptions::default().retry(retry());
        let saved = done.save_with(&path, options, |_| {}).await;
        match &saved {
            Ok(_) => assert!(
                fs::read(&path)
                    .unwrap()
                    .windows(4)
                    .any(|four| four == b"moov")
            ),
            Err(_) => assert!(!path.exists(), "half a clip"),
        }
        assert_eq!(self.emulator.video().credentials_seen(), 0);
        saved.map(drop)
    }
}

fn retry() -> RetryPolicy {
    RetryPolicy::default()
        .base(Duration::from_millis(5))
        .retries(3)
}

#[tokio::test]
async fn a_lost_answer_is_found_in_the_list() {
    let world = World::with(VideoRoute::Create, FaultKind::LostAnswer, 1).await;
    let job = world.submit().await.unwrap();
    assert_eq!(job.task_id(), Some(world.emulator.video().tasks()[0].id()));
    assert_eq!(world.tasks(), 1);
    assert_eq!(world.emulator.video().requests(VideoRoute::Create), 1);
    job.wait().await.unwrap();
}

#[tokio::test]
async fn what_nobody_can_tell_is_left_to_somebody() {
    // Each looks at the list for some seconds.
    let faults = [
        FaultKind::ResetBefore,
        FaultKind::BadGateway,
        FaultKind::InternalError,
    ];
    join_all(faults.map(left_to_somebody)).await;
}

async fn left_to_somebody(fault: FaultKind) {
    let world = World::with(VideoRoute::Create, fault, 1).await;
    let error = world.submit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous, "{fault}: {error}");
    assert_eq!(world.phase().await, Phase::Ambiguous, "{fault}");
    assert_eq!(world.tasks(), 0, "{fault}");
    assert_eq!(
        world.emulator.video().requests(VideoRoute::Create),
        1,
        "{fault}"
    );
    // Somebody decides to send it again.
    let id = error.job_id().unwrap();
    let job = world.client.tasks().resubmit(id).await.unwrap();
    job.wait().await.unwrap();
    assert_eq!(world.tasks(), 1, "{fault}");
}

#[tokio::test]
async fn a_task_too_many_is_seen_and_ours_is_ours() {
    // The answer names ours: there is no doubt.
    let world = World::with(VideoRoute::Create, FaultKind::DuplicateTask, 1).await;
    let job = world.submit().await.unwrap();
    assert_eq!(world.tasks(), 2);
    job.wait().await.unwrap();
}

#[tokio::test]
async fn refusals_make_no_task_and_throttles_are_waited_out() {
    let world = World::with(VideoRoute::Create, FaultKind::Throttling, 2).await;
    world.submit().await.unwrap();
    assert_eq!(world.tasks(), 1);
    for (fault, kind) in [
        (FaultKind::WrongRegion, ErrorKind::Authentication),
        (FaultKind::Arrearage, ErrorKind::Billing),
        (FaultKind::FreeTierExhausted, ErrorKind::Quota),
        (FaultKind::DataInspection, ErrorKind::ContentFilter),
        (FaultKind::PostpaidBillOverdue, ErrorKind::Billing),
    ] {
        let world = World::with(VideoRoute::Create, fault, 1).await;
        let error = world.submit().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault}: {error}");
        assert_eq!(world.phase().await, Phase::Refused, "{fault}");
        assert_eq!(world.tasks(), 0, "{fault}");
    }
}

#[tokio::test]
async fn polls_outlast_what_passes() {
    for fault in [
        Fault::from(FaultKind::Throttling),
        Fault::new(FaultKind::Throttling).retry_after("1"),
        FaultKind::InternalError.into(),
        FaultKind::ModelUnavailable.into(),
        FaultKind::BadGateway.into(),
        FaultKind::ResetBefore.into(),
        FaultKind::LostAnswer.into(),
    ] {
        let world = World::with(VideoRoute::Poll, fault.clone(), 2).await;
        let job = world.submit().await.unwrap();
        job.wait()
            .await
            .unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(world.tasks(), 1);
    }
}

#[tokio::test]
async fn tasks_that_fail_or_vanish_say_so() {
    let failing = Fault::new(FaultKind::TaskFails).code("InvalidParameter.Size");
    let world = World::with(VideoRoute::Create, failing, 1).await;
    let error = world.save().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(error.code(), Some("InvalidParameter.Size"));
    assert_eq!(world.phase().await, Phase::Failed);

    let world = World::with(VideoRoute::Poll, FaultKind::TaskVanishes, 1).await;
    let error = world.save().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Expired);
    // It is too young to be gone for good.
    assert_eq!(world.phase().await, Phase::Submitted);
}

#[tokio::test]
async fn downloads_outlast_what_passes() {
    for fault in [
        FaultKind::Reset,
        FaultKind::Truncate,
        FaultKind::ResetBefore,
        FaultKind::WrongLength,
        FaultKind::InternalError,
        FaultKind::Dribble,
        FaultKind::Redirect,
    ] {
        let world = World::with(VideoRoute::Result, fault, 1).await;
        let saved = world.save().await;
        saved.unwrap_or_else(|error| panic!("{fault}: {error:?}"));
        assert_eq!(world.phase().await, Phase::Saved, "{fault}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_result_is_said_and_nothing_is_saved() {
    for (fault, kind) in [
        (FaultKind::NotMp4, ErrorKind::Protocol),
        (FaultKind::RedirectPrivate, ErrorKind::InvalidRequest),
        (FaultKind::RedirectLoop, ErrorKind::Protocol),
        (FaultKind::WrongLength, ErrorKind::Network),
        (FaultKind::ResetBefore, ErrorKind::Network),
    ] {
        let world = World::with(VideoRoute::Result, fault, 99).await;
        let error = world.save().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault}: {error:?}");
        // It can be fetched later: the job is done, not lost.
        assert_eq!(world.phase().await, Phase::Succeeded, "{fault}");
    }
}
