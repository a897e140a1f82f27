//! The requests about tasks: each is sent once, and says what is certain afterwards.

use std::{sync::Arc, time::SystemTime};

use qwen_openclaw_auth::{Credential, CredentialProvider, KeyKind};
use qwen_openclaw_http::{
    BaseUrl, BufferedResponse, ExtraHeaders, Request, RetryPolicy, ServerError,
};
use serde_json::Value;
use tokio::{task::spawn_blocking, time::sleep};

use super::{
    answer::{ListPage, TaskReport, skim},
    clock::Clock,
    pace::Pace,
    record::is_task_id,
};
use crate::{Error, ErrorKind};

/// The largest answer that is read. The service's own have a few KiB; one that says far too much
/// of a task that is paid for is still the answer.
const LARGEST_ANSWER: usize = 8 << 20;
/// From here on an answer takes long enough to read that it would hold up others.
const LONG_ANSWER: usize = 256 << 10;

/// Where tasks are, and with what they are asked about.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) http: qwen_openclaw_http::Client,
    pub(crate) origin: BaseUrl,
    pub(crate) credential: Arc<dyn CredentialProvider>,
    pub(crate) workspace: Option<String>,
    pub(crate) headers: ExtraHeaders,
    pub(crate) retry: RetryPolicy,
    pub(crate) queries: Pace,
}

/// What is certain after a task was asked for.
#[derive(Debug)]
pub(crate) enum Created {
    /// There is a task.
    Task(TaskReport, String),
    /// There is none: the service refused it, or was not reached.
    Nothing(Error),
    /// There is none: nothing was sent.
    NotSent(Error),
    /// There may be one.
    Unclear(Error),
}

impl Api {
    /// Asks for a task, once; again only with a newer credential after a 401.
    pub(crate) async fn create(
        &self,
        path: &str,
        headers: &[(String, String)],
        body: &Value,
    ) -> Created {
        let mut refreshed = false;
        let mut credential = match self.credential().await {
            Ok(credential) => credential,
            Err(error) => return Created::NotSent(error),
        };
        loop {
            let request = match self.post(path, headers, body, &credential) {
                Ok(request) => request,
                Err(error) => return Created::NotSent(error),
            };
            let error = match self.http.buffered_json(request, LARGEST_ANSWER).await {
                Ok(answer) => {
                    return match read(answer, skim).await {
                        Ok(value) => read_created(&value),
                        Err(error) => Created::Unclear(error),
                    };
                }
                Err(error) => error,
            };
            if !made_nothing(&error) {
                return Created::Unclear(self.explain(error, &credential));
            }
            if error.status() == Some(401) && !refreshed {
                refreshed = true;
                if let Ok(Some(renewed)) = self.credential.refresh(&credential).await {
                    credential = renewed;
                    continue;
                }
            }
            return Created::Nothing(self.explain(error, &credential));
        }
    }

    /// Asks about a task, once.
    pub(crate) async fn get(&self, task_id: &str) -> Result<TaskReport, Error> {
        let path = format!("api/v1/tasks/{}", segment(task_id));
        Ok(TaskReport::of(&self.value(&path, false).await?))
    }

    /// Asks about a task, as often as the policy allows.
    pub(crate) async fn get_again(&self, task_id: &str) -> Result<TaskReport, Error> {
        self.again(|| self.get(task_id)).await
    }

    /// Asks for a page of the tasks of the last 24 hours, as often as the policy allows.
    ///
    /// The service's own window is left at that: it does not say of which time zone the times in
    /// its query would be.
    pub(crate) async fn list(&self, model: &str, page: u64) -> Result<(ListPage, Clock), Error> {
        let model = segment(model);
        let path = format!("api/v1/tasks?model_name={model}&page_no={page}&page_size=50");
        let ask = || async {
            let asked = SystemTime::now();
            let answer = self.ask(&path, false).await?;
            let clock = Clock::of(asked, SystemTime::now(), answer.date());
            Ok((read(answer, ListPage::read).await?, clock))
        };
        self.again(ask).await
    }

    /// Cancels a task that has not begun.
    pub(crate) async fn cancel(&self, task_id: &str) -> Result<(), Error> {
        let path = format!("api/v1/tasks/{}/cancel", segment(task_id));
        self.again(|| self.value(&path, true)).await.map(drop)
    }

    /// Asks for anything else below the origin.
    pub(crate) async fn get_json(&self, path: &str) -> Result<Value, Error> {
        self.again(|| self.value(path, false)).await
    }

    async fn again<T, F: Future<Output = Result<T, Error>>>(
        &self,
        ask: impl Fn() -> F,
    ) -> Result<T, Error> {
        let mut attempts = self.retry.attempts();
        loop {
            let error = match ask().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let wait = error
                .is_transient()
                .then(|| attempts.after_transient(error.retry_after()))
                .flatten();
            match wait {
                Some(wait) => sleep(wait).await,
                None => return Err(error),
            }
        }
    }

    async fn value(&self, path: &str, post: bool) -> Result<Value, Error> {
        read(self.ask(path, post).await?, skim).await
    }

    async fn ask(&self, path: &str, post: bool) -> Result<BufferedResponse, Error> {
        let mut credential = self.credential().await?;
        let mut refreshed = false;
        loop {
            self.queries.turn().await;
            let url = self.origin.join(path);
            let request = match post {
                true => self.http.post(url),
                false => self.http.get(url),
            };
            let request = self.authorized(request, &credential)?;
            let error = match self.http.buffered_json(request, LARGEST_ANSWER).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.status() == Some(401) && !refreshed {
                refreshed = true;
                let renewed = self.credential.refresh(&credential).await;
                if let Some(renewed) = renewed.map_err(Error::from)? {
                    credential = renewed;
                    continue;
                }
            }
            return Err(self.explain(error, &credential));
        }
    }

    fn post(
        &self,
        path: &str,
        headers: &[(String, String)],
        body: &Value,
        credential: &Credential,
    ) -> Result<Request, Error> {
        let request = self.http.post(self.origin.join(path));
        let mut request = self.authorized(request, credential)?;
        for (name, value) in headers {
            request = request.header(name, value).map_err(Error::from)?;
        }
        request.json(body).map_err(Error::from)
    }

    /// Returns the key to use, or why it cannot be used here.
    pub(crate) async fn credential(&self) -> Result<Credential, Error> {
        let credential = self.credential.credential().await;
        let credential = credential.map_err(Error::from)?;
        if credential.key().kind() == KeyKind::CodingPlan {
            return Err(plan_key(&credential));
        }
        Ok(credential)
    }

    fn authorized(&self, request: Request, credential: &Credential) -> Result<Request, Error> {
        let key = credential.key().expose();
        let mut request = request.bearer(key).map_err(Error::from)?;
        if let Some(id) = &self.workspace {
            let named = request.header("X-DashScope-WorkSpace", id);
            request = named.map_err(Error::from)?;
        }
        self.headers.apply(request).map_err(Error::from)
    }

    fn explain(&self, error: qwen_openclaw_http::Error, credential: &Credential) -> Error {
        let status = error.status();
        let error = Error::from(error);
        if error.kind() != ErrorKind::Authentication || status != Some(401) {
            return error;
        }
        let (masked, source) = (credential.key().masked(), credential.source());
        let origin = self.origin.as_str();
        error.with_hint(format!(
            "the key {masked} ({source}) was sent to {origin}: tasks need a Standard key of that \
             region"
        ))
    }
}

/// A plan's key is refused before any request: the plan's hosts have no tasks, and the others do
/// not know the key.
fn plan_key(credential: &Credential) -> Error {
    let (masked, source) = (credential.key().masked(), credential.source());
    Error::new(
        ErrorKind::Authentication,
        format!("the key {masked} ({source}) is a Coding Plan's, which makes no clips"),
    )
    .with_hint(
        "use a Standard key of the region beside it: `video_api_key` in code, the profile \
         `qwen:standard` or `--api-key-stdin` in the command",
    )
}

/// Reads an answer, beside the executor where that takes its time.
async fn read<T: Send + 'static>(
    answer: BufferedResponse,
    read: fn(&[u8]) -> Option<T>,
) -> Result<T, Error> {
    let value = match answer.body().len() {
        0..=LONG_ANSWER => read(answer.json()),
        _ => {
            let reading = spawn_blocking(move || read(answer.json()));
            reading.await.unwrap_or_default()
        }
    };
    value.ok_or_else(|| {
        Error::new(
            ErrorKind::Protocol,
            "the service's answer is not what it should be",
        )
    })
}

fn read_created(value: &Value) -> Created {
    let report = TaskReport::of(value);
    if let Some(id) = report.task_id.clone().filter(|id| is_task_id(id)) {
        return Created::Task(report, id);
    }
    let server = serde_json::to_vec(value).ok();
    let server = server.as_deref().and_then(ServerError::parse);
    match server {
        // Some gateways tell a refusal with status 200.
        Some(server) if server.code().is_some() => Created::Nothing(Error::from(
            qwen_openclaw_http::Error::from_answer(400, server, None),
        )),
        _ => Created::Unclear(Error::new(
            ErrorKind::Protocol,
            "the service's answer names no task",
        )),
    }
}

/// Whether it is certain that a request which failed like this made no task.
fn made_nothing(error: &qwen_openclaw_http::Error) -> bool {
    if !error.was_sent() {
        return true;
    }
    // 408 and 5xx may come from a gateway that had passed the request on; 303 says where to see what
    // became of it.
    matches!(
        error.status(),
        Some(301 | 302 | 307 | 308 | 400..=407 | 409..=499)
    )
}

/// An id as a part of a path: whatever it holds, it leads nowhere else.
fn segment(text: &str) -> String {
    use std::fmt::Write;

    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                segment.push(char::from(byte));
            }
            // A dot too: two of them would lead upwards.
            b'.' if !text.bytes().all(|byte| byte == b'.') => segment.push('.'),
            _ => drop(write!(segment, "%{byte:02X}")),
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_nowhere_else() {
        assert_eq!(segment("0385dc79-5ff8-4d82"), "0385dc79-5ff8-4d82");
        assert_eq!(segment("../../x?y=1"), "..%2F..%2Fx%3Fy%3D1");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(segment("wan2.6-t2v"), "wan2.6-t2v");
    }
}
