//! A service in memory, which fails as it is told to.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_http::{Body, Error, ErrorKind, Lookup, RetryPolicy, SendRequest};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::{
    FileKind, JobStore, Likeness, MemoryJobs, NewTask, Product, Rates, TaskReport, Tasks,
    TasksBuilder, ledger::stamp,
};

pub(super) const ORIGIN: &str = "https://tasks.example.com";
pub(super) const RESULT: &str = "https://files.example.com/result.mp4?Signature=secret-signature";

/// What happens to a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// No connection.
    Connect,
    /// The service acts, and its answer is lost.
    Lost,
    /// The connection breaks before the service acts.
    Broken,
    /// An answer of that status, with this code, and nothing is done.
    Status(u16, &'static str),
    /// As `Status`, with a wait of so many seconds.
    Wait(u16, u32),
    /// An answer that is none.
    Nonsense,
    /// The page of a gateway, with that status.
    Page(u16),
    /// An answer larger than any.
    Huge,
    /// The service says that it does not know the task.
    Unknown,
    /// Only so many bytes of the file come.
    Short(usize),
    /// The whole file comes, whatever was asked for, and it is another version.
    OtherVersion,
    /// The answer says that the file is longer than it is.
    TooLong,
    /// The piece comes that was asked for, under this name of its version, whatever the condition.
    Version(&'static str),
    /// Only so many bytes of the file come, and nobody says how many there are.
    Endless(usize),
    /// As `Endless`, in pieces that say which one is the last.
    Framed(usize),
}

#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) created: i64,
    pub(super) state: &'static str,
    pub(super) prompt: Value,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) tasks: Vec<Task>,
    /// Method and path of each request, with the time at which it came.
    pub(super) seen: Vec<(String, Instant)>,
    /// Whatever had a key with it, by path.
    pub(super) with_key: Vec<String>,
    pub(super) bodies: Vec<Bytes>,
    pub(super) create: VecDeque<Fault>,
    pub(super) poll: VecDeque<Fault>,
    pub(super) list: VecDeque<Fault>,
    pub(super) file: VecDeque<Fault>,
    /// States that a task goes through, one a poll; the last one stays.
    pub(super) states: Vec<&'static str>,
    polls: usize,
    pub(super) content: Vec<u8>,
    /// What the server calls the version of the file.
    pub(super) etag: Option<&'static str>,
    /// `Range` and `If-Range` of each request for the file.
    pub(super) ranges: Vec<(Option<String>, Option<String>)>,
    /// By how many milliseconds the service's clock is ahead; `None` for one that is not told.
    pub(super) ahead: Option<i64>,
    /// What is in the answers to polls beside the task.
    pub(super) usage: Value,
    pub(super) result: String,
    /// Further results.
    pub(super) more: Vec<String>,
    /// Tasks that somebody else makes at the same time.
    pub(super) others: usize,
    pub(super) policy: Value,
    /// Whether a row of the list lacks its id.
    pub(super) nameless: bool,
    /// Whether the list comes in pages, without a word on how many.
    pub(super) pages: bool,
    /// The answer to a request that makes no task.
    pub(super) at_once: Option<Value>,
}

#[derive(Clone)]
pub(super) struct Fake(Arc<Mutex<State>>);

/// What the service knows is no secret that the engine has let out.
impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

impl Fake {
    pub(super) fn new() -> Self {
        let mut content = b"\0\0\0\x18ftypisom".to_vec();
        content.extend((0..100_000u32).map(|n| n.to_le_bytes()[0]));
        Self(Arc::new(Mutex::new(State {
            tasks: Vec::new(),
            seen: Vec::new(),
            with_key: Vec::new(),
            bodies: Vec::new(),
            create: VecDeque::new(),
            poll: VecDeque::new(),
            list: VecDeque::new(),
            file: VecDeque::new(),
            states: vec!["PENDING", "RUNNING", "SUCCEEDED"],
            polls: 0,
            content,
            etag: Some("\"one\""),
            ranges: Vec::new(),
            ahead: Some(0),
            usage: json!({"duration": 5}),
            result: RESULT.to_owned(),
            more: Vec::new(),
            others: 0,
            nameless: false,
            pages: false,
            at_once: None,
            policy: json!({
                "upload_host": "https://oss.example.com", "upload_dir": "dir/of/mine",
                "policy": "P", "signature": "S", "oss_access_key_id": "K",
                "x_oss_object_acl": "private", "x_oss_forbid_overwrite": "true",
                "max_file_size_mb": 1,
            }),
        })))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(super) fn with(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.state());
        self
    }

    /// How many requests went to a path that begins like this.
    pub(super) fn count(&self, begin: &str) -> usize {
        let state = self.state();
        let seen = state.seen.iter();
        seen.filter(|(path, _)| path.starts_with(begin)).count()
    }

    pub(super) fn created(&self) -> usize {
        self.count("POST /api/v1/services")
    }

    pub(super) fn builder(&self) -> TasksBuilder {
        let http = qwen_openclaw_http::Client::builder().sender(self.clone());
        Tasks::builder(
            product(),
            ORIGIN,
            ApiKey::parse("sk-secret-key-0123456789").unwrap(),
        )
        .http(http.build().unwrap())
        .retry(RetryPolicy::default())
    }

    pub(super) fn tasks(&self) -> (Tasks, MemoryJobs) {
        let store = MemoryJobs::new();
        (self.on(&store), store)
    }

    /// Another process with the same ledger, as far as can be told.
    pub(super) fn on(&self, store: &MemoryJobs) -> Tasks {
        let store: Arc<dyn JobStore> = Arc::new(store.clone());
        self.builder().store(store).build().unwrap()
    }
}

pub(super) fn product() -> Product {
    Product {
        name: "thing",
        file: FileKind {
            name: "MP4 file",
            matches: |head| head.get(4..8) == Some(b"ftyp"),
        },
        results: urls,
        likeness,
        rates: Rates {
            submits_per_second: Some(5),
            queries_per_second: Some(15),
            running: Some(5),
        },
    }
}

/// One result as the emulator tells it, or several as a list.
fn urls(output: &Map<String, Value>) -> Vec<&str> {
    let one = output.get("url").or_else(|| output.get("video_url"));
    let several = output.get("results").and_then(Value::as_array);
    let several = several.into_iter().flatten();
    let several = several.filter_map(|result| result.get("url"));
    one.into_iter()
        .chain(several)
        .filter_map(Value::as_str)
        .collect()
}

/// By the words alone, and how long it is.
fn likeness(body: &Value, report: &TaskReport) -> Likeness {
    let asked = body.pointer("/parameters/duration");
    let counted = report
        .usage
        .as_ref()
        .and_then(|usage| usage.get("duration"));
    if asked.is_some() && counted.is_some() && asked != counted {
        return Likeness::Other;
    }
    match (
        body.pointer("/input/prompt"),
        report.output.get("orig_prompt"),
    ) {
        (Some(asked), Some(told)) if asked == told => Likeness::Same,
        (Some(_), Some(Value::String(_))) => Likeness::Other,
        _ => Likeness::Untold,
    }
}

pub(super) fn task() -> NewTask {
    let body = json!({"model": "some-model", "input": {"prompt": "a cat"}});
    NewTask::new("some-model", "/api/v1/services/make", body).header("X-DashScope-Async", "enable")
}

/// As the service writes a time: of no zone, which is Beijing's here.
fn in_words(millis: i64) -> String {
    let stamp = jiff::Timestamp::from_millisecond(millis + 8 * 3_600_000).unwrap();
    stamp.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// The head of an answer has the service's time, cut to the second.
fn date(ahead: i64) -> http::HeaderValue {
    let millis = stamp::to_millis(SystemTime::now()) + ahead;
    let stamp = jiff::Timestamp::from_millisecond(millis).unwrap();
    let date = stamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    date.parse().unwrap()
}

fn answer(status: u16, value: &Value) -> Response<Body> {
    let response = Response::builder().status(status);
    response.body(Body::full(value.to_string())).unwrap()
}

fn failing(fault: Fault) -> Result<Response<Body>, Error> {
    match fault {
        Fault::Connect => Err(Error::unsent(ErrorKind::Network)),
        Fault::Lost | Fault::Broken => Err(Error::new(ErrorKind::Network)),
        Fault::Status(status, code) => Ok(answer(
            status,
            &json!({"code": code, "message": "no", "request_id": "r"}),
        )),
        Fault::Wait(status, seconds) => {
            let mut response = answer(status, &json!({"code": "Throttling.RateQuota"}));
            let value = seconds.to_string().parse().unwrap();
            response.headers_mut().insert("retry-after", value);
            Ok(response)
        }
        Fault::Page(status) => {
            let page = Response::builder().status(status).header("location", "/");
            Ok(page.body(Body::full("<html><h1>hello</h1>")).unwrap())
        }
        Fault::Huge => Ok(answer(200, &json!({"x": "x".repeat(16 << 20)}))),
        _ => Ok(Response::new(Body::full("<html>"))),
    }
}

impl State {
    fn create(&mut self, body: &Bytes) -> Value {
        if let Some(answer) = &self.at_once {
            return answer.clone();
        }
        let body: Value = serde_json::from_slice(body).unwrap();
        let model = body["model"].as_str().unwrap().to_owned();
        let created = stamp::to_millis(SystemTime::now()) + self.ahead.unwrap_or_default();
        for n in 0..=self.others {
            self.tasks.push(Task {
                id: format!("task-{}-{n}", self.tasks.len()),
                model: model.clone(),
                created,
                state: "PENDING",
                prompt: body["input"]["prompt"].clone(),
            });
        }
        let id = &self.tasks.last().unwrap().id;
        json!({"request_id": "r", "output": {"task_id": id, "task_status": "PENDING"}})
    }

    fn poll(&mut self, id: &str, fault: Option<Fault>) -> Value {
        let known = self.tasks.iter_mut().find(|task| task.id == id);
        let (Some(task), None) = (known, fault) else {
            return json!({"output": {"task_id": id, "task_status": "UNKNOWN"}});
        };
        if task.state != "CANCELED" {
            task.state = self.states[self.polls.min(self.states.len() - 1)];
            self.polls += 1;
        }
        let mut answer = json!({
            "request_id": "r",
            "output": {
                "task_id": id, "task_status": task.state, "url": self.result,
                "code": "InternalError.Algo", "message": "it did not work",
                "submit_time": in_words(task.created),
            },
        });
        let more = self.more.iter().map(|url| json!({ "url": url }));
        answer["output"]["results"] = more.collect();
        if task.state == "SUCCEEDED" {
            answer["usage"] = self.usage.clone();
            answer["output"]["orig_prompt"] = task.prompt.clone();
        }
        answer
    }

    fn listed(&self, model: &str, page: usize) -> Value {
        let rows = self.tasks.iter().filter(|task| task.model == model);
        let rows = rows.map(|task| {
            json!({"task_id": task.id, "model_name": task.model, "gmt_create": task.created,
                   "status": task.state})
        });
        let mut rows: Vec<Value> = rows.collect();
        if self.nameless {
            rows.push(json!({"model_name": model}));
        }
        if self.pages {
            let from = (page - 1) * 50;
            let rows: Vec<_> = rows.into_iter().skip(from).take(50).collect();
            return json!({ "data": rows });
        }
        json!({ "total_page": 1, "data": rows })
    }

    fn part(&self, headers: &http::HeaderMap, fault: Option<Fault>) -> Response<Body> {
        let header = |name: &str| Some(headers.get(name)?.to_str().unwrap());
        let asked = header("range").and_then(|range| {
            range
                .strip_prefix("bytes=")?
                .strip_suffix('-')?
                .parse()
                .ok()
        });
        let total = self.content.len();
        let etag = match fault {
            Some(Fault::OtherVersion) => Some("\"two\""),
            Some(Fault::Version(etag)) => Some(etag),
            _ => self.etag,
        };
        let is_met = matches!(fault, Some(Fault::Version(_)))
            || header("if-range").is_none_or(|condition| Some(condition) == etag);
        let whole = !is_met || matches!(fault, Some(Fault::TooLong));
        let from: usize = asked.filter(|from| *from < total && !whole).unwrap_or(0);
        let length = match fault {
            Some(Fault::TooLong) => total + 1,
            _ => total - from,
        };
        let mut response = Response::builder();
        response = match fault {
            Some(Fault::Endless(_)) => response,
            Some(Fault::Framed(_)) => response.header("transfer-encoding", "chunked"),
            _ => response.header("content-length", length),
        };
        if let Some(etag) = etag {
            response = response.header("etag", etag);
        }
        if from > 0 {
            let range = format!("bytes {from}-{}/{total}", total - 1);
            response = response.status(206).header("content-range", range);
        }
        let to = match fault {
            Some(Fault::Short(bytes) | Fault::Endless(bytes) | Fault::Framed(bytes)) => {
                (from + bytes).min(total)
            }
            _ => total,
        };
        let bytes = Bytes::copy_from_slice(&self.content[from..to]);
        response.body(Body::full(bytes)).unwrap()
    }
}

#[async_trait]
impl SendRequest for Fake {
    fn lookup(&self) -> Lookup {
        Lookup::Never
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, Error> {
        // A network takes its time.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let mut state = self.state();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let path = uri.path().to_owned();
        state
            .seen
            .push((format!("{method} {path}"), Instant::now()));
        if request.headers().contains_key("authorization") {
            state.with_key.push(path.clone());
        }
        let host = uri.host().unwrap().to_owned();
        if host == "files.example.com" {
            let header = |name| {
                let value = request.headers().get(name)?;
                Some(value.to_str().unwrap().to_owned())
            };
            state.ranges.push((header("range"), header("if-range")));
            let fault = state.file.pop_front();
            if let Some(fault @ (Fault::Connect | Fault::Broken | Fault::Status(..))) = fault {
                return failing(fault);
            }
            return Ok(state.part(request.headers(), fault));
        }
        if host == "oss.example.com" {
            state.bodies.push(request.body().clone());
            return match state.file.pop_front() {
                Some(fault) => failing(fault),
                None => Ok(Response::new(Body::full(""))),
            };
        }
        if path.starts_with("/api/v1/uploads") {
            return Ok(answer(200, &json!({"data": state.policy})));
        }
        if path.starts_with("/api/v1/services") {
            let fault = state.create.pop_front();
            return match fault {
                Some(Fault::Lost) => {
                    state.create(request.body());
                    failing(Fault::Lost)
                }
                Some(fault) => failing(fault),
                None => Ok(answer(200, &state.create(request.body()))),
            };
        }
        if let Some(id) = path.strip_suffix("/cancel") {
            let id = id.rsplit('/').next().unwrap();
            let task = state.tasks.iter_mut().find(|task| task.id == id).unwrap();
            if task.state != "PENDING" {
                return failing(Fault::Status(400, "UnsupportedOperation"));
            }
            task.state = "CANCELED";
            return Ok(answer(200, &json!({"request_id": "r"})));
        }
        if path == "/api/v1/tasks" {
            let query = uri.query().unwrap();
            let model = query
                .split('&')
                .find_map(|pair| pair.strip_prefix("model_name="));
            let page = query
                .split('&')
                .find_map(|pair| pair.strip_prefix("page_no="));
            let page = page.map(|page| page.parse().unwrap());
            return match state.list.pop_front() {
                Some(fault) => failing(fault),
                None => {
                    let mut listed = answer(200, &state.listed(model.unwrap(), page.unwrap()));
                    if let Some(ahead) = state.ahead {
                        listed.headers_mut().insert("date", date(ahead));
                    }
                    Ok(listed)
                }
            };
        }
        let id = path.rsplit('/').next().unwrap().to_owned();
        match state.poll.pop_front() {
            Some(Fault::Unknown) => Ok(answer(200, &state.poll(&id, Some(Fault::Unknown)))),
            Some(fault) => failing(fault),
            None => Ok(answer(200, &state.poll(&id, None))),
        }
    }
}
