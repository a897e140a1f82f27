//! What an account of the service is held to is kept.

use std::time::Duration;

use futures_util::future::join_all;
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_emulator::{Emulator, VideoLimits, VideoRoute};
use qwen_openclaw_video::{Client, VideoRequest};

use crate::standard;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_jobs_at_once_stay_below_twenty_questions_a_second() {
    let emulator = Emulator::builder()
        .video_times(Duration::from_millis(500), Duration::from_secs(3))
        // The limits are looked at, not enforced, so that a breach shows in the figures.
        .video_limits(VideoLimits::none())
        .start()
        .await
        .unwrap();
    let client = Client::builder(emulator.base_url(), ApiKey::parse(standard()).unwrap())
        .tasks(|tasks| tasks.running(None).submits_per_second(None))
        .build()
        .unwrap();
    let request = VideoRequest::new("wan2.6-t2v").prompt("a cat").seconds(2);
    let jobs = (0..200).map(|_| async { client.submit(&request).await?.wait().await.map(drop) });
    for result in join_all(jobs).await {
        result.unwrap();
    }
    assert_eq!(emulator.video().tasks().len(), 200);
    let rate = emulator.video().highest_rate(VideoRoute::Poll);
    assert!((1..20).contains(&rate), "{rate} questions in a second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_never_has_to_refuse() {
    // The emulator refuses what the service refuses: more than 5 submissions a second.
    let emulator = Emulator::start().await.unwrap();
    let client = Client::builder(emulator.base_url(), ApiKey::parse(standard()).unwrap());
    let client = client.build().unwrap();
    let request = VideoRequest::new("wan2.6-t2v").prompt("a cat").seconds(2);
    let jobs = (0..9).map(|_| async { client.submit(&request).await?.wait().await.map(drop) });
    for result in join_all(jobs).await {
        result.unwrap();
    }
    assert!(emulator.video().highest_rate(VideoRoute::Create) <= 5);
    assert_eq!(emulator.video().requests(VideoRoute::Create), 9);
}
