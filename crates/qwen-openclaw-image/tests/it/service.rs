//! The service on loopback: paths, bodies and answers as the vendor documents them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use qwen_openclaw_image::{
    Client,
    auth::ApiKey,
    task::{JobStore, MemoryJobs, PollSchedule},
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path, path_regex},
};

pub(crate) const OPENAI: &str = "/compatible-mode/v1/images/generations";
pub(crate) const MESSAGES: &str = "/api/v1/services/aigc/multimodal-generation/generation";
pub(crate) const MESSAGES_TASK: &str = "/api/v1/services/aigc/image-generation/generation";
pub(crate) const PROMPT_TASK: &str = "/api/v1/services/aigc/text2image/image-synthesis";

/// The beginning of a PNG file, and something behind it.
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";

pub(crate) struct Service {
    pub(crate) server: MockServer,
}

impl Service {
    /// With its files, which want no key.
    pub(crate) async fn start() -> Self {
        let server = MockServer::start().await;
        let this = Self { server };
        let file = ResponseTemplate::new(200).set_body_bytes(PNG);
        this.on("GET", "/files/a.png", file.clone()).await;
        this.on("GET", "/files/b.png", file).await;
        this
    }

    pub(crate) async fn on(&self, verb: &str, at: &str, answer: ResponseTemplate) {
        let mock = Mock::given(method(verb)).and(path(at));
        mock.respond_with(answer).mount(&self.server).await;
    }

    /// Answers requests to make images.
    pub(crate) async fn makes(&self, at: &str, answer: Value) {
        let answer = ResponseTemplate::new(200).set_body_json(answer);
        self.on("POST", at, answer).await;
    }

    /// Makes tasks that are done at the second question, and lists them.
    pub(crate) async fn makes_tasks(&self, at: &str, done: Value) {
        let made = Arc::new(Mutex::new(Vec::new()));
        let tasks = Arc::clone(&made);
        let create = move |request: &Request| {
            let body: Value = request.body_json().unwrap();
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let millis = u64::try_from(now.as_millis()).unwrap();
            let mut tasks = tasks.lock().unwrap();
            let id = format!("task-{}", tasks.len());
            tasks.push(json!({
                "task_id": id, "model_name": body["model"], "gmt_create": millis,
                "status": "RUNNING",
            }));
            let output = json!({"task_status": "PENDING", "task_id": id});
            ResponseTemplate::new(200).set_body_json(json!({"output": output, "request_id": "r-1"}))
        };
        let mock = Mock::given(method("POST")).and(path(at));
        mock.respond_with(create).mount(&self.server).await;
        let list = move |_: &Request| {
            let tasks = made.lock().unwrap();
            ResponseTemplate::new(200).set_body_json(json!({"total_page": 1, "data": *tasks}))
        };
        let mock = Mock::given(method("GET")).and(path("/api/v1/tasks"));
        mock.respond_with(list).mount(&self.server).await;
        let asked = AtomicUsize::new(0);
        let poll = move |request: &Request| {
            let id = request.url.path().rsplit('/').next().unwrap().to_owned();
            let mut answer = match asked.fetch_add(1, Ordering::Relaxed) {
                0 => json!({"request_id": "r-2", "output": {"task_status": "RUNNING"}}),
                _ => done.clone(),
            };
            answer["output"]["task_id"] = id.into();
            ResponseTemplate::new(200).set_body_json(answer)
        };
        let mock = Mock::given(method("GET")).and(path_regex("^/api/v1/tasks/.+$"));
        mock.respond_with(poll).mount(&self.server).await;
    }

    pub(crate) fn file(&self, name: &str) -> String {
        format!("{}/files/{name}.png", self.server.uri())
    }

    /// The requests to make images.
    pub(crate) async fn made(&self) -> Vec<Request> {
        let all = self.server.received_requests().await.unwrap();
        let made = all.into_iter().filter(|request| request.method == "POST");
        made.collect()
    }

    pub(crate) fn client(&self, store: &MemoryJobs) -> Client {
        client(&self.server.uri(), Arc::new(store.clone()))
    }
}

pub(crate) fn client(base: &str, store: Arc<dyn JobStore>) -> Client {
    let quick = PollSchedule::default()
        .first(Duration::from_millis(20))
        .settled(Duration::from_millis(60));
    Client::builder(base, ApiKey::parse("sk-secret-0123456789abcdef").unwrap())
        .tasks(|tasks| tasks.store(store).schedule(quick))
        .build()
        .unwrap()
}
