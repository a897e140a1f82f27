//! From a request to a clip, or to an error, against recorded answers.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Method;
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_catalog::aigc_origin_for;
use qwen_openclaw_http::{Body, Error, Lookup, RetryPolicy, SendRequest};
use qwen_openclaw_video::{
    Strictness,
    task::{FileKind, Likeness, NewTask, PollSchedule, Product, Rates, SaveOptions, Tasks},
};
use serde_json::{Map, Value, json};

use super::{
    super::{canned::Canned, clock},
    Case, Differences, request,
};

/// Answers each kind of request from a list of its own.
#[derive(Clone, Debug)]
struct Service {
    submit: Canned,
    polls: Canned,
    downloads: Canned,
    by_url: Map<String, Value>,
    seen: Arc<Mutex<Vec<http::Request<Bytes>>>>,
}

impl Service {
    fn of(responses: &Value) -> Self {
        Self {
            submit: Canned::new(&json!([responses["submit"]])),
            polls: Canned::new(&responses["polls"]),
            downloads: Canned::new(&responses["downloads"]),
            by_url: responses["by_url"].as_object().cloned().unwrap_or_default(),
            seen: Arc::default(),
        }
    }

    fn seen(&self) -> Vec<http::Request<Bytes>> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl SendRequest for Service {
    fn lookup(&self) -> Lookup {
        Lookup::Never
    }

    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Body>, Error> {
        let url = request.uri().to_string();
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push(request.clone());
        }
        if let Some(response) = self.by_url.get(&url) {
            return Canned::new(&json!([response])).send(request).await;
        }
        let path = request.uri().path();
        if request.method() == Method::POST {
            return self.submit.send(request).await;
        }
        // What the program never asks: whether the service has a task that it did not name.
        if path.ends_with("/tasks") {
            let none = json!([{"body": {"data": []}}]);
            return Canned::new(&none).send(request).await;
        }
        match path.contains("/tasks/") {
            true => self.polls.send(request).await,
            false => self.downloads.send(request).await,
        }
    }
}

/// What became of a case.
struct Outcome {
    clip: Result<Vec<u8>, qwen_openclaw_video::Error>,
    seen: Vec<http::Request<Bytes>>,
}

pub(super) fn compare(case: &Case, found: &mut Differences) -> Result<(), String> {
    let outcome = run(case)?;
    let expected = &case.expected;
    let asked = |method: Method| outcome.seen.iter().filter(move |r| *r.method() == method);
    let expected_http = expected["http"].as_array().cloned().unwrap_or_default();
    let submits = expected_http
        .iter()
        .filter(|request| request["method"] == "POST");
    found.compare("submits", asked(Method::POST).count(), submits.count());
    if let (Some(sent), Some(request)) = (asked(Method::POST).next(), expected_http.first()) {
        found.compare(
            "url",
            Some(&*sent.uri().to_string()),
            request["url"].as_str(),
        );
        let key = sent
            .headers()
            .get("authorization")
            .and_then(|key| key.to_str().ok());
        found.compare("key", key, request["headers"]["authorization"].as_str());
    }
    // Each address once: what is asked again is asked at the same place.
    let mut files: Vec<_> = asked(Method::GET)
        .filter(|request| !request.uri().path().contains("/tasks"))
        .map(|request| request.uri().to_string())
        .collect();
    files.dedup();
    let mut recorded: Vec<_> = expected_http
        .iter()
        .filter_map(|request| request["url"].as_str())
        .filter(|url| !url.contains("/api/v1/"))
        .map(str::to_owned)
        .collect();
    recorded.dedup();
    found.compare("files", files, recorded);
    for request in asked(Method::GET).filter(|request| !request.uri().path().contains("/tasks")) {
        let keyless = !request.headers().contains_key("authorization");
        found.compare("no key for files", keyless, true);
    }
    match (&outcome.clip, expected["result"]["videos"].as_array()) {
        (Ok(clip), Some(videos)) => {
            found.compare("clips", 1, videos.len());
            let recorded = expected["result"]["videos"][0]["bytes_base64"].as_str();
            found.compare("clip", Some(&*STANDARD.encode(clip)), recorded);
        }
        (Ok(_), None) => found.note("success", "it succeeds"),
        (Err(error), Some(_)) => found.note("failure", format!("it fails: {error}")),
        (Err(error), None) => {
            if let Some(status) = expected["status"].as_u64() {
                found.compare("status", error.status().map(u64::from), Some(status));
            }
        }
    }
    Ok(())
}

fn run(case: &Case) -> Result<Outcome, String> {
    let service = Service::of(&case.input["responses"]);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("clip");
    let made = clock::run(make(case, &service, &path))?;
    Ok(Outcome {
        clip: made.map(|()| std::fs::read(path).unwrap_or_default()),
        seen: service.seen(),
    })
}

fn unusable(error: impl std::fmt::Display) -> qwen_openclaw_video::Error {
    qwen_openclaw_video::Error::ledger(error.to_string())
}

async fn make(
    case: &Case,
    service: &Service,
    path: &Path,
) -> Result<(), qwen_openclaw_video::Error> {
    let provider = &case.input["config"]["models"]["providers"]["qwen"];
    let origin = aigc_origin_for(provider["baseUrl"].as_str()).unwrap_or_default();
    let own = provider["request"]["auth"]["token"].as_str();
    let key = own.or(provider["apiKey"].as_str()).unwrap_or_default();
    let key = ApiKey::parse(key);
    let milliseconds = case.input["request"]["timeoutMs"].as_u64();
    let limit = Duration::from_millis(milliseconds.filter(|ms| *ms > 0).unwrap_or(120_000));
    let http = qwen_openclaw_http::Client::builder()
        .sender(service.clone())
        .head_timeout(limit);
    // The recorded clips are none: `fake-mp4`.
    let product = Product {
        name: "video",
        file: FileKind {
            name: "file",
            matches: |_| true,
        },
        results: |output| {
            let listed = output
                .get("results")
                .and_then(|results| results.get(0)?.get("video_url"));
            let url = output.get("video_url").or(listed);
            url.and_then(Value::as_str).into_iter().collect()
        },
        likeness: |_, _| Likeness::Untold,
        rates: Rates::default(),
    };
    let schedule = PollSchedule::default()
        .first(Duration::from_millis(10))
        .settled(Duration::from_millis(2500));
    let mut tasks = Tasks::builder(product, origin, key.map_err(unusable)?)
        .http(http.build().map_err(unusable)?)
        .retry(RetryPolicy::none())
        .schedule(schedule)
        .deadline(limit);
    for (name, value) in provider["headers"].as_object().into_iter().flatten() {
        tasks = tasks.header(name, value.as_str().unwrap_or_default());
    }
    for (name, value) in provider["request"]["headers"]
        .as_object()
        .into_iter()
        .flatten()
    {
        tasks = tasks.header(name, value.as_str().unwrap_or_default());
    }
    if provider["request"]["allowPrivateNetwork"] == true {
        tasks = tasks.allow_private_results().allow_plain_http();
    }
    let tasks = tasks.build()?;
    let checked = request(&case.input["request"])
        .map_err(unusable)?
        .check(Strictness::Exact)?;
    let mut task = NewTask::new(checked.model(), checked.path(), checked.body().clone());
    for (name, value) in checked.headers() {
        task = task.header(name, value);
    }
    let job = tasks.submit(task).await?;
    let finished = job.wait().await?;
    finished
        .save_with(path, SaveOptions::default(), |_| {})
        .await?;
    Ok(())
}
