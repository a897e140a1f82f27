//! A product of the task crate that is made up here, with several results of each task.

#![allow(clippy::unwrap_used, reason = "what cannot be set up fails its test")]

use std::{
    fs,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_http::{Body, Client, Error, ErrorKind, Lookup, SendRequest};
use qwen_openclaw_tasks::{
    FileKind, Likeness, MemoryJobs, NewTask, Phase, Product, Rates, Resumed, TaskReport, Tasks,
};
use serde_json::{Map, Value, json};

const ORIGIN: &str = "https://dashscope-intl.aliyuncs.com";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

const IMAGE: Product = Product {
    name: "image",
    file: FileKind {
        name: "PNG file",
        matches: |head| head.starts_with(PNG),
    },
    results,
    likeness,
    rates: Rates {
        submits_per_second: Some(2),
        queries_per_second: Some(15),
        running: Some(2),
    },
};

fn results(output: &Map<String, Value>) -> Vec<&str> {
    let results = output.get("results").and_then(Value::as_array);
    let urls = results.into_iter().flatten();
    urls.filter_map(|result| result["url"].as_str()).collect()
}

fn likeness(body: &Value, report: &TaskReport) -> Likeness {
    match report.output.get("prompt") {
        Some(prompt) if *prompt == body["input"]["prompt"] => Likeness::Same,
        Some(_) => Likeness::Other,
        None => Likeness::Untold,
    }
}

fn task(prompt: &str) -> NewTask {
    let body = json!({"model": "painter", "input": {"prompt": prompt}, "parameters": {"n": 2}});
    NewTask::new(
        "painter",
        "/api/v1/services/aigc/text2image/image-synthesis",
        body,
    )
    .header("X-DashScope-Async", "enable")
}

/// The service, as far as images need it: one task, which is done at the second question.
#[derive(Clone, Debug, Default)]
struct Service {
    seen: Arc<Mutex<Vec<Request<Bytes>>>>,
    refuses: bool,
}

impl Service {
    fn tasks(&self, store: &MemoryJobs) -> Tasks {
        let http = Client::builder().sender(self.clone()).build().unwrap();
        let key = ApiKey::parse("sk-0123456789abcdef").unwrap();
        let tasks = Tasks::builder(IMAGE, ORIGIN, key).http(http);
        tasks.store(Arc::new(store.clone())).build().unwrap()
    }

    fn count(&self, wanted: impl Fn(&Request<Bytes>) -> bool) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|request| wanted(request)).count()
    }
}

#[async_trait]
impl SendRequest for Service {
    fn lookup(&self) -> Lookup {
        Lookup::Never
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, Error> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        self.seen.lock().unwrap().push(request);
        let answer = |status, value: Value| {
            let body = Body::full(value.to_string());
            Ok(Response::builder().status(status).body(body).unwrap())
        };
        match &*path {
            "/1.png" | "/2.png" => {
                let file = [PNG, path.as_bytes()].concat();
                let head = Response::builder().header("content-length", file.len());
                Ok(head.body(Body::full(file)).unwrap())
            }
            _ if method == Method::POST && self.refuses => {
                let error = json!({"code": "InvalidParameter", "message": "no such size"});
                answer(StatusCode::BAD_REQUEST, error)
            }
            _ if method == Method::POST => {
                let output = json!({"task_id": "image-1", "task_status": "PENDING"});
                answer(StatusCode::OK, json!({"output": output}))
            }
            _ => {
                let asked = self.count(|request| request.uri().path().contains("/tasks/"));
                let mut output = json!({"task_id": "image-1", "task_status": "RUNNING"});
                if asked > 1 {
                    output["task_status"] = "SUCCEEDED".into();
                    output["results"] = json!([
                        {"url": "https://files.example.com/1.png"},
                        {"url": "https://files.example.com/2.png"},
                    ]);
                }
                answer(StatusCode::OK, json!({"output": output}))
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn images_are_made_and_each_is_saved() {
    let (service, store) = (Service::default(), MemoryJobs::new());
    let job = service.tasks(&store).submit(task("a lobster")).await;
    let finished = job.unwrap().wait().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lobster.png");
    let saved = finished.save(&path).await.unwrap();
    assert_eq!(saved.record().phase(), Phase::Saved);
    for number in 1..=2 {
        let file = fs::read(folder.path().join(format!("lobster-{number}.png"))).unwrap();
        assert!(file.ends_with(format!("/{number}.png").as_bytes()));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    let seen = service.seen.lock().unwrap();
    assert_eq!(seen[0].headers()["x-dashscope-async"], "enable");
    let files = seen.iter().filter(|r| r.uri().path().ends_with(".png"));
    for request in files {
        assert!(!request.headers().contains_key("authorization"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_survives_the_process_that_asked_for_it() {
    let (service, store) = (Service::default(), MemoryJobs::new());
    service.tasks(&store).submit(task("a cat")).await.unwrap();
    let mut resumed = service.tasks(&store).resume().await.unwrap();
    let Some(Resumed::Going(job)) = resumed.pop() else {
        panic!("{resumed:?}");
    };
    assert_eq!(job.record().product(), "image");
    job.wait().await.unwrap();
    assert_eq!(service.count(|request| request.method() == Method::POST), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_the_services_own() {
    let service = Service {
        refuses: true,
        ..Service::default()
    };
    let tasks = service.tasks(&MemoryJobs::new());
    let error = tasks.submit(task("a cat")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.status(), Some(400));
    assert!(error.to_string().contains("no such size"), "{error}");
}
