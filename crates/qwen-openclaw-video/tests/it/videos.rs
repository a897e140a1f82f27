//! From a request to a clip.

use std::{sync::Arc, time::Duration};

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_catalog::video::{MAX_IMAGE_BYTES, Resolution};
use qwen_openclaw_emulator::{Emulator, Plan, Region};
use qwen_openclaw_video::{
    Client, ErrorKind, Strictness, VideoRequest,
    task::{FileJobs, JobStore, Phase, PollSchedule},
};

use crate::standard;

fn quick() -> PollSchedule {
    PollSchedule::default()
        .first(Duration::from_millis(50))
        .settled(Duration::from_millis(200))
}

fn key(text: &str) -> ApiKey {
    ApiKey::parse(text).unwrap()
}

fn request() -> VideoRequest {
    VideoRequest::new("wan2.6-t2v")
        .prompt("a lobster surfing at sunset")
        .seconds(3)
        .resolution(Resolution::P720)
}

#[tokio::test]
async fn a_clip_is_made_and_saved() {
    let emulator = Emulator::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(FileJobs::new(folder.path().join("jobs")));
    let client = Client::builder(emulator.base_url(), key(&standard()))
        .tasks(|tasks| {
            tasks
                .store(Arc::clone(&store) as Arc<dyn JobStore>)
                .schedule(quick())
        })
        .build()
        .unwrap();
    let job = client.submit(&request()).await.unwrap();
    assert_eq!(
        store.list().await.unwrap().records[0].task_id(),
        job.task_id()
    );
    let path = folder.path().join("lobster.mp4");
    let saved = job.wait().await.unwrap().save(&path).await.unwrap();
    assert_eq!(saved.record().phase(), Phase::Saved);
    assert_eq!(std::fs::read(&path).unwrap().get(4..8), Some(&b"ftyp"[..]));

    let task = &emulator.video().tasks()[0];
    assert_eq!(task.size(), (1280, 720));
    assert_eq!(task.seconds(), 3);
    assert_eq!(task.body()["parameters"]["size"], "1280*720");
    assert_eq!(emulator.video().credentials_seen(), 0);
}

#[tokio::test]
async fn every_model_takes_what_is_sent() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::builder(emulator.base_url(), key(&standard()))
        .tasks(|tasks| tasks.schedule(quick()).running(None))
        .build()
        .unwrap();
    for model in [
        "wan2.6-t2v",
        "wan2.6-i2v",
        "wan2.6-i2v-flash",
        "wan2.6-r2v",
        "wan2.6-r2v-flash",
        "wan2.7-t2v",
        "wan2.7-i2v",
        "wan2.7-r2v",
        "wan2.5-t2v-preview",
        "wan2.5-i2v-preview",
    ] {
        let request = VideoRequest::new(model).prompt("character1 dances");
        let request = match model.contains("t2v") {
            true => request,
            false => request.image("https://example.com/cat.png"),
        };
        let checked = request.check(Strictness::Exact).unwrap();
        let job = client.submit_checked(&checked, None, Vec::new()).await;
        job.unwrap_or_else(|error| panic!("{model}: {error}"));
    }
}

#[tokio::test]
async fn plan_urls_lead_to_the_host_of_their_region() {
    let emulator = Emulator::start().await.unwrap();
    for (plan, region) in [
        (Plan::Standard, Region::Global),
        (Plan::Standard, Region::China),
    ] {
        let base = emulator.base_url_for(plan, region);
        let client = Client::builder(base, key(&Emulator::key_for(plan, region)));
        let client = client
            .tasks(|tasks| tasks.schedule(quick()))
            .build()
            .unwrap();
        client.submit(&request()).await.unwrap();
        let tasks = emulator.video().tasks();
        assert_eq!(tasks.last().unwrap().region(), region);
    }
    for (base, origin) in [
        (
            "https://coding-intl.dashscope.aliyuncs.com/v1",
            "https://dashscope-intl.aliyuncs.com",
        ),
        (
            "https://coding.dashscope.aliyuncs.com/v1",
            "https://dashscope.aliyuncs.com",
        ),
    ] {
        let client = Client::builder(base, key("sk-0123456789")).build().unwrap();
        assert_eq!(client.origin(), origin);
    }
    let error = Client::builder("https://portal.qwen.ai/v1", key("sk-0123456789"));
    assert_eq!(error.build().unwrap_err().kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn a_key_of_another_region_is_explained() {
    let emulator = Emulator::start().await.unwrap();
    let secret = Emulator::key_for(Plan::Standard, Region::China);
    let client = Client::builder(emulator.base_url(), key(&secret))
        .build()
        .unwrap();
    let error = client.submit(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.status(), Some(401));
    assert!(
        error
            .hint()
            .unwrap()
            .to_string()
            .contains("Standard key of that region"),
        "{error}"
    );
    assert!(!error.to_string().contains(&*secret), "{error}");
}

#[tokio::test]
async fn files_of_this_machine_are_uploaded_when_that_is_asked_for() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::builder(emulator.base_url(), key(&standard()));
    let client = client
        .tasks(|tasks| tasks.schedule(quick()))
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cat.png");
    std::fs::write(&path, b"\x89PNG\r\n\x1a\n0123456789").unwrap();
    let request = VideoRequest::new("wan2.6-i2v")
        .prompt("it purrs")
        .image(path.to_str().unwrap());
    let error = client.submit(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);

    let (request, uploads) = client.upload_references(request).await.unwrap();
    let checked = request.check(Strictness::Exact).unwrap();
    let job = client
        .submit_checked(&checked, None, uploads)
        .await
        .unwrap();
    assert_eq!(job.record().uploads().len(), 1);
    assert!(job.record().uploads()[0].url.starts_with("oss://"));
    job.wait().await.unwrap();
    assert_eq!(emulator.video().credentials_seen(), 0);
}

#[tokio::test]
async fn a_file_larger_than_the_service_takes_of_its_kind_is_not_uploaded() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::builder(emulator.base_url(), key(&standard()));
    let client = client.build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.png");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(MAX_IMAGE_BYTES + 1).unwrap();
    let request = VideoRequest::new("wan2.6-i2v").image(path.to_str().unwrap());
    let error = client.upload_references(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
}

#[tokio::test]
async fn a_day_later_the_service_knows_nothing() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::builder(emulator.base_url(), key(&standard()));
    let client = client
        .tasks(|tasks| tasks.schedule(quick()))
        .build()
        .unwrap();
    let job = client.submit(&request()).await.unwrap();
    let done = job.wait().await.unwrap();
    emulator.video().advance(Duration::from_secs(25 * 3600));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("late.mp4");
    let error = done.save(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Expired, "{error}");
    assert!(!path.exists());
}
