//! Servers that a job may meet.

use std::{path::Path, sync::Arc, time::Duration};

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_video::{
    Client, Error, ErrorKind, VideoRequest,
    task::{FileJobs, JobStore, Phase, SaveOptions},
};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    Clock, Row,
    server::{Server, Step, answer, block, head, write},
};

/// A client with a ledger in a folder of its own.
struct World {
    folder: TempDir,
    client: Client,
    jobs: FileJobs,
}

impl World {
    fn at(server: &Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let jobs = FileJobs::new(folder.path().join("jobs"));
        let client = Client::builder(server.url(), ApiKey::parse("sk-0123456789abcdef").unwrap())
            .tasks(|tasks| {
                tasks
                    .store(Arc::new(jobs.clone()))
                    .deadline(Duration::from_secs(3600))
            })
            .build()
            .unwrap();
        Self {
            folder,
            client,
            jobs,
        }
    }

    /// Makes a clip and saves it as `clip.mp4`.
    async fn clip(&self) -> Result<(), Error> {
        let job = self.client.submit(&request()).await?;
        let path = self.folder.path().join("clip.mp4");
        let options = SaveOptions::default().limit(8 << 20);
        job.wait().await?.save_with(path, options, |_| ()).await?;
        Ok(())
    }

    /// How far the only job has come.
    async fn phase(&self) -> Phase {
        let list = self.jobs.list().await.unwrap();
        assert!(list.unreadable.is_empty(), "{:?}", list.unreadable);
        assert_eq!(list.records.len(), 1);
        list.records[0].phase()
    }

    /// The files beside the ledger.
    fn files(&self) -> Vec<String> {
        names(self.folder.path())
            .into_iter()
            .filter(|name| name != "jobs")
            .collect()
    }

    fn saved(&self) -> Vec<u8> {
        std::fs::read(self.folder.path().join("clip.mp4")).unwrap()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn request() -> VideoRequest {
    VideoRequest::new("wan2.6-t2v").prompt("a cat").seconds(5)
}

fn is_create(request: &str) -> bool {
    request.starts_with("post /api/v1/services")
}

fn json(value: &serde_json::Value) -> Vec<Step> {
    answer(
        "200 OK",
        "content-type: application/json\r\n",
        value.to_string().as_bytes(),
    )
}

fn created() -> Vec<Step> {
    json(&json!({"request_id": "r", "output": {"task_id": "t", "task_status": "PENDING"}}))
}

fn succeeded(request: &str) -> Vec<Step> {
    let host = request
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    json(&json!({"request_id": "r", "output": {
        "task_id": "t", "task_status": "SUCCEEDED", "video_url": format!("http://{host}/clip.mp4"),
    }}))
}

/// A file that is told from others by its bytes.
fn clip(byte: u8) -> Vec<u8> {
    let mut clip = b"\0\0\0\x18ftypisom".to_vec();
    clip.resize(100_000, byte);
    clip
}

/// A service that makes clips, and `file` in place of its store of files, by the number of the
/// request for one and its head.
async fn files(file: impl Fn(usize, &str) -> Vec<Step> + Send + Sync + 'static) -> Server {
    let fetched = std::sync::atomic::AtomicUsize::new(0);
    Server::start(move |_, request| match request {
        _ if is_create(request) => created(),
        _ if request.starts_with("get /clip.mp4") => file(
            fetched.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
            request,
        ),
        _ => succeeded(request),
    })
    .await
}

pub(crate) fn rows() -> Vec<Row> {
    use Clock::{Paused, Real};

    vec![
        Row::new("a list of tasks of 7 MiB", Paused, 600, 64, || async {
            let server = Server::start(|_, request| {
                if is_create(request) {
                    return vec![Step::Reset];
                }
                let row = "{\"task_id\":\"x\",\"model_name\":\"wan2.6-t2v\",\"gmt_create\":1},";
                let rows = row.repeat((7 << 20) / row.len());
                let body = format!(
                    "{{\"total_page\":1,\"data\":[{}]}}",
                    rows.trim_end_matches(',')
                );
                answer("200 OK", "", body.as_bytes())
            })
            .await;
            let world = World::at(&server);
            let error = world.client.submit(&request()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Ambiguous, "{error}");
            assert_eq!(
                server.count("post /api/v1/services"),
                1,
                "it was sent again"
            );
            assert!(world.phase().await.is_unresolved());
        }),
        Row::new("answers to polls of 16 MiB", Real, 60, 64, || async {
            let server = Server::start(|number, request| match number {
                0 => created(),
                1..=3 => vec![
                    head("200 OK", ""),
                    write("{\"output\":{\"task_id\":\"t\",\"task_status\":\"RUNNING\",\"x\":["),
                    Step::Times(block("0,"), (16 << 5) - 1),
                    write("0]}}"),
                ],
                _ if request.starts_with("get /clip.mp4") => answer("200 OK", "", &clip(1)),
                _ => succeeded(request),
            })
            .await;
            let world = World::at(&server);
            // Whether such an answer is read or refused, the task goes on, and so does the wait.
            let client =
                Client::builder(server.url(), ApiKey::parse("sk-0123456789abcdef").unwrap())
                    .tasks(|tasks| {
                        tasks.store(Arc::new(world.jobs.clone())).schedule(
                            qwen_openclaw_tasks::PollSchedule::default()
                                .first(Duration::from_millis(1))
                                .settled(Duration::from_millis(1)),
                        )
                    })
                    .build()
                    .unwrap();
            let job = client.submit(&request()).await.unwrap();
            let _ = job.wait().await;
            assert!(matches!(
                world.phase().await,
                Phase::Submitted | Phase::Succeeded
            ));
        }),
        Row::new(
            "a web page and a wait of a billion seconds between polls",
            Paused,
            3700,
            16,
            || async {
                let server = Server::start(|number, request| match number {
                    0 => created(),
                    1 => answer("200 OK", "content-type: text/html\r\n", b"<html>busy"),
                    2 => answer(
                        "429 Too Many Requests",
                        "retry-after: 1000000000\r\n",
                        b"{}",
                    ),
                    3 => answer("503 Service Unavailable", "", b""),
                    _ if request.starts_with("get /clip.mp4") => answer("200 OK", "", &clip(1)),
                    _ => succeeded(request),
                })
                .await;
                let world = World::at(&server);
                world.clip().await.unwrap();
                assert_eq!(world.saved(), clip(1));
            },
        ),
        Row::new(
            "a usage that would make a record too large",
            Real,
            60,
            64,
            || async {
                let server = Server::start(|number, _| match number {
                0 => created(),
                _ => vec![
                    head("200 OK", ""),
                    write("{\"output\":{\"task_id\":\"t\",\"task_status\":\"SUCCEEDED\",\"video_url\":\"http://127.0.0.1:9/a\"},\"usage\":{\"x\":["),
                    Step::Times(block("0,"), 5 << 5),
                    write("0]}}"),
                ],
            })
            .await;
                let world = World::at(&server);
                let job = world.client.submit(&request()).await.unwrap();
                let _ = job.wait().await;
                assert!(matches!(
                    world.phase().await,
                    Phase::Submitted | Phase::Succeeded
                ));
                world.client.resume().await.unwrap();
            },
        ),
        Row::new("a file without end", Real, 60, 32, || async {
            let server = files(|_, _| {
                vec![
                    head("200 OK", ""),
                    write(clip(1)),
                    Step::Forever(block("\0")),
                ]
            })
            .await;
            let world = World::at(&server);
            assert_eq!(world.clip().await.unwrap_err().kind(), ErrorKind::TooLarge);
            assert!(
                !world.files().contains(&"clip.mp4".to_owned()),
                "{:?}",
                world.files()
            );
        }),
        Row::new("an empty file", Paused, 3700, 16, || async {
            let server = files(|_, _| answer("200 OK", "", b"")).await;
            let world = World::at(&server);
            assert!(world.clip().await.is_err());
            assert!(
                !world.files().contains(&"clip.mp4".to_owned()),
                "{:?}",
                world.files()
            );
        }),
        Row::new(
            "another file with a new strong ETag",
            Paused,
            3700,
            16,
            || async {
                two_versions("\"one\"", "\"two\"").await;
            },
        ),
        Row::new(
            "another file under the same weak ETag",
            Paused,
            3700,
            16,
            || async {
                two_versions("W/\"one\"", "W/\"one\"").await;
            },
        ),
        Row::new(
            "another file with a new weak ETag",
            Paused,
            3700,
            16,
            || async {
                two_versions("W/\"one\"", "W/\"two\"").await;
            },
        ),
        Row::new(
            "the rest of a file that was cut",
            Paused,
            3700,
            16,
            || async {
                let server = files(|number, request| match number {
                    0 => vec![
                        head("200 OK", "etag: \"one\"\r\ncontent-length: 100000\r\n"),
                        write(&clip(1)[..40_000]),
                    ],
                    _ => part(&clip(1), "\"one\"", request),
                })
                .await;
                let world = World::at(&server);
                world.clip().await.unwrap();
                assert_eq!(world.saved(), clip(1));
                let asked = server.requests();
                let asked = asked
                    .iter()
                    .rfind(|head| head.starts_with("get /clip.mp4"))
                    .unwrap();
                assert!(asked.contains("if-range: \"one\""), "{asked}");
            },
        ),
    ]
}

/// The file from where it is asked for, whatever the condition: a server that knows no better.
fn part(clip: &[u8], etag: &str, request: &str) -> Vec<Step> {
    let range = request
        .lines()
        .find_map(|line| line.strip_prefix("range: bytes="));
    let from = range.and_then(|range| range.trim_end_matches('-').parse::<usize>().ok());
    match from {
        Some(from) => {
            let total = clip.len();
            let fields = format!(
                "etag: {etag}\r\ncontent-range: bytes {from}-{}/{total}\r\n",
                total - 1
            );
            answer("206 Partial Content", &fields, &clip[from..])
        }
        None => answer("200 OK", &format!("etag: {etag}\r\n"), clip),
    }
}

/// The first download breaks off, and then there is another file. What is saved is one of them.
async fn two_versions(first: &'static str, second: &'static str) {
    let server = files(move |number, request| match number {
        0 => vec![
            head(
                "200 OK",
                &format!("etag: {first}\r\ncontent-length: 100000\r\n"),
            ),
            write(&clip(1)[..40_000]),
        ],
        _ => part(&clip(2), second, request),
    })
    .await;
    let world = World::at(&server);
    world.clip().await.unwrap();
    assert_eq!(world.saved(), clip(2));
    assert_eq!(world.phase().await, Phase::Saved);
}
