//! The requests about tasks: each is sent once, and says what is certain afterwards.

use std::time::{Duration, SystemTime};

use qwen_openclaw_client::{Connection, RequestTemplate, Route, ServiceHost};
use qwen_openclaw_http::{BaseUrl, BufferedResponse, ServerError};
use serde_json::Value;
use tokio::{task::spawn_blocking, time::sleep};

use crate::{
    Error, ErrorKind,
    ledger::record::{JobRecord, is_task_id},
    service::answer::{ListPage, TaskReport, skim},
    service::clock::Clock,
    service::pace::Pace,
};

/// The largest answer that is read. The service's own have a few KiB; one that says far too much
/// of a task that is paid for is still the answer.
const LARGEST_ANSWER: usize = 8 << 20;
/// How long a request may take whose answer has the results (help.aliyun.com, Model Studio,
/// Qwen-Image 3.0).
const LONGEST_WORK: Duration = Duration::from_secs(600);
/// From here on an answer takes long enough to read that it would hold up others.
const LONG_ANSWER: usize = 256 << 10;

/// Where tasks are, and with what they are asked about.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) connection: Connection,
    /// Where the tasks of this ledger are: a key that leads elsewhere is not used.
    pub(crate) origin: BaseUrl,
    pub(crate) queries: Pace,
}

/// What is certain after a task was asked for.
#[derive(Debug)]
pub(crate) enum Created {
    /// There is a task.
    Task(TaskReport, String),
    /// There is no task, as its results are there already.
    Results(TaskReport),
    /// There is none: the service refused it, or was not reached.
    Nothing(Error),
    /// There is none: nothing was sent.
    NotSent(Error),
    /// There may be one.
    Unclear(Error),
}

/// How often a question is asked.
#[derive(Clone, Copy, Debug)]
enum Attempts {
    One,
    AsThePolicyAllows,
}

impl Api {
    /// Asks for a task, once; again only with a newer credential after a 401.
    pub(crate) async fn create(&self, record: &JobRecord) -> Created {
        let path = record.path.trim_start_matches('/');
        let request = RequestTemplate::post(path, record.body.to_string());
        let headers = record.headers.iter();
        let mut request = headers.fold(request, |request, (name, value)| {
            request.header(name.as_str(), value.as_str())
        });
        if record.synchronous {
            request = request.head_timeout(LONGEST_WORK);
        }
        let mut call = self.call(request);
        let error = match call.answer_once(LARGEST_ANSWER).await {
            Ok(answer) => {
                let request_id = answer.request_id();
                return match read(answer, skim).await {
                    Ok(value) => read_created(&value, record.synchronous, request_id),
                    Err(error) => Created::Unclear(error),
                };
            }
            Err(error) => error,
        };
        // There is no key, or no newer one after a 401.
        let is_refused_here =
            error.as_auth().is_some() || !error.as_http().was_sent() && !error.is_transient();
        let made_nothing = made_nothing(error.as_http());
        let error = Error::from(error);
        match (is_refused_here, made_nothing) {
            (true, _) => Created::NotSent(error),
            (false, true) => Created::Nothing(error),
            (false, false) => Created::Unclear(error),
        }
    }

    /// Asks about a task, once.
    pub(crate) async fn get(&self, task_id: &str) -> Result<TaskReport, Error> {
        self.task(task_id, Attempts::One).await
    }

    /// Asks about a task, as often as the policy allows.
    pub(crate) async fn get_again(&self, task_id: &str) -> Result<TaskReport, Error> {
        self.task(task_id, Attempts::AsThePolicyAllows).await
    }

    async fn task(&self, task_id: &str, attempts: Attempts) -> Result<TaskReport, Error> {
        let request = RequestTemplate::get(format!("api/v1/tasks/{}", segment(task_id)));
        let (answer, _) = self.ask(request, attempts).await?;
        Ok(TaskReport::of(&read(answer, skim).await?))
    }

    /// Asks for a page of the tasks of the last 24 hours, as often as the policy allows.
    ///
    /// The service's own window is left at that: it does not say of which time zone the times in
    /// its query would be.
    pub(crate) async fn list(&self, model: &str, page: u64) -> Result<(ListPage, Clock), Error> {
        let model = segment(model);
        let path = format!("api/v1/tasks?model_name={model}&page_no={page}&page_size=50");
        let request = RequestTemplate::get(path);
        let (answer, asked) = self.ask(request, Attempts::AsThePolicyAllows).await?;
        let clock = Clock::of(asked, SystemTime::now(), answer.date());
        Ok((read(answer, ListPage::read).await?, clock))
    }

    /// Cancels a task that has not begun.
    pub(crate) async fn cancel(&self, task_id: &str) -> Result<(), Error> {
        let path = format!("api/v1/tasks/{}/cancel", segment(task_id));
        let request = RequestTemplate::post(path, "");
        let (answer, _) = self.ask(request, Attempts::AsThePolicyAllows).await?;
        read(answer, skim).await.map(drop)
    }

    /// Asks for anything else below the origin.
    pub(crate) async fn get_json(&self, path: &str) -> Result<Value, Error> {
        let request = RequestTemplate::get(path);
        let (answer, _) = self.ask(request, Attempts::AsThePolicyAllows).await?;
        read(answer, skim).await
    }

    /// Refuses a key that cannot make tasks here, before anything is written or sent.
    pub(crate) async fn check_key(&self) -> Result<(), Error> {
        let route = self.connection.route().await?;
        if let Some(error) = route.credential_error() {
            return Err(error.clone().into());
        }
        Ok(check_route(&route, &self.origin)?)
    }

    /// Sends a question, and returns the answer and when it was asked.
    async fn ask(
        &self,
        request: RequestTemplate,
        attempts: Attempts,
    ) -> Result<(BufferedResponse, SystemTime), Error> {
        let mut call = self.call(request);
        loop {
            self.queries.turn().await;
            let asked = SystemTime::now();
            let error = match call.answer_once(LARGEST_ANSWER).await {
                Ok(answer) => return Ok((answer, asked)),
                Err(error) => error,
            };
            let wait = match attempts {
                Attempts::One => None,
                Attempts::AsThePolicyAllows => call.wait_after(&error),
            };
            match wait {
                Some(wait) => sleep(wait).await,
                None => return Err(error.into()),
            }
        }
    }

    fn call(&self, request: RequestTemplate) -> qwen_openclaw_client::Call {
        let request = request.host(ServiceHost::Aigc).accept("application/json");
        let origin = self.origin.clone();
        let call = self.connection.call(request);
        call.check(move |route| check_route(route, &origin))
    }
}

/// Tasks stay with the host that has them.
fn check_route(route: &Route, origin: &BaseUrl) -> Result<(), qwen_openclaw_client::Error> {
    let base = route.aigc_base()?;
    if base.as_str() == origin.as_str() {
        return Ok(());
    }
    let error = qwen_openclaw_http::Error::unsent(ErrorKind::InvalidRequest);
    let message = format!(
        "the key leads to {}, and the tasks are at {}",
        base.as_str(),
        origin.as_str()
    );
    Err(error.with_message(message).into())
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

fn read_created(value: &Value, synchronous: bool, request_id: Option<Box<str>>) -> Created {
    let mut report = TaskReport::of(value);
    report.request_id = report.request_id.or(request_id.map(Into::into));
    if let Some(id) = report.task_id.clone().filter(|id| is_task_id(id)) {
        return Created::Task(report, id);
    }
    if synchronous {
        // The OpenAI-compatible paths have a list in its place.
        if let (true, Some(data @ Value::Array(_))) = (report.output.is_empty(), value.get("data"))
        {
            report.output.insert("data".to_owned(), data.clone());
        }
        if !report.output.is_empty() {
            return Created::Results(report);
        }
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
            match synchronous {
                true => "the service's answer has no results",
                false => "the service's answer names no task",
            },
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
