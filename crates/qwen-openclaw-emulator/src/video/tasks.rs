//! The routes for tasks.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    VideoRoute, VideoStatus,
    board::{Failure, Task},
    clock::{self, DAY},
    gallery,
    models::Usage,
    query::parameter,
    request::Order,
    result,
    usage::usage,
    work::Work,
};
use crate::{
    answer::Answer,
    endpoint::Region,
    fault::{Fault, FaultKind},
    images::{self, PartialFailure},
    refusal::Refusal,
    route::Exchange,
};

/// `POST` to a path that creates tasks.
pub(super) fn create(exchange: &Exchange<'_>, path: &str) -> Result<Answer, Refusal> {
    let studio = &exchange.state.video;
    let now = studio.clock.now();
    let request = exchange.request;
    if request.header("x-dashscope-async") != Some("enable") {
        return Err(Refusal::coded(
            403,
            "AccessDenied",
            "current user api does not support synchronous calls",
        ));
    }
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|_| Refusal::unreadable_body())?;
    let region = exchange.endpoint.region;
    let mut books = studio.books();
    let work = Work::read(exchange, &books, &body, path)?;
    books
        .rates
        .submit(work.pace(), &studio.settings().limits, now)?;
    let fault = |kind| exchange.fault.filter(|fault| fault.kind() == kind);
    let takes = match fault(FaultKind::SlowTask) {
        Some(fault) => fault.delay_or(60_000),
        None => studio.settings().running,
    };
    let failed = |code: &str| Failure {
        code: code.to_owned(),
        message: "The task failed, as it was asked to.".to_owned(),
    };
    let mut failure = fault(FaultKind::TaskFails)
        .map(|fault| failed(fault.task_code()))
        .or_else(|| work.failure());
    let mut partial = None;
    if let (Some(fault), Work::Images(order)) = (fault(FaultKind::ResultsFail), &work) {
        partial = PartialFailure::of(fault, order);
        if partial.is_none() {
            failure = Some(failed(fault.result_code()));
        }
    }
    // Depends on the time, so that a client that polls a previous emulator's task does not get
    // another task.
    let id = || exchange.state.ids.next().at(now).to_string();
    let task = Task {
        id: id(),
        request_id: exchange.id,
        region,
        work,
        body,
        submitted: now,
        takes,
        failure,
        partial,
        started: None,
        canceled: None,
        lost: fault(FaultKind::TaskVanishes).is_some(),
    };
    if fault(FaultKind::DuplicateTask).is_some() {
        books.board.add(Task {
            id: id(),
            ..task.clone()
        });
    }
    let output = json!({"task_status": VideoStatus::Pending.word(), "task_id": task.id});
    books.board.add(task);
    Ok(answer(exchange, json!({"output": output})))
}

/// `GET /tasks/{id}`. Failed and unknown tasks are normal responses.
pub(super) fn poll(exchange: &Exchange<'_>, id: &str) -> Result<Answer, Refusal> {
    let studio = &exchange.state.video;
    let now = studio.clock.now();
    let mut books = studio.books();
    books
        .rates
        .query(VideoRoute::Poll, &studio.settings().limits, now)?;
    let mut task = books.board.find(exchange.endpoint.region, id);
    let vanishes = |fault: &Fault| fault.kind() == FaultKind::TaskVanishes;
    if let Some(task) = &mut task
        && exchange.fault.is_some_and(vanishes)
    {
        task.lost = true;
    }
    let Some((task, status)) = task.map(|task| (&*task, task.status(now))) else {
        let output = json!({"task_id": id, "task_status": VideoStatus::Unknown.word()});
        return Ok(answer(exchange, json!({"output": output})));
    };
    let mut output = json!({"task_id": id, "task_status": status.word()});
    if status == VideoStatus::Unknown {
        return Ok(answer(exchange, json!({"output": output})));
    }
    output["submit_time"] = clock::in_words(task.submitted).into();
    if let Some(started) = task.started {
        output["scheduled_time"] = clock::in_words(started).into();
    }
    if let (Some(ended), false) = (task.ended(), status == VideoStatus::Running) {
        output["end_time"] = clock::in_words(ended).into();
    }
    match (status, &task.failure) {
        (VideoStatus::Failed, Some(Failure { code, message })) => {
            output["code"] = code.as_str().into();
            output["message"] = message.as_str().into();
            match &task.work {
                Work::Vectors(_) => output["url"] = "null".into(),
                Work::Transcripts(transcripts) => {
                    transcripts.add_failures(code, message, &mut output);
                }
                Work::Video(_) | Work::Images(_) => {}
            }
            Ok(answer(exchange, json!({"output": output})))
        }
        (VideoStatus::Succeeded, _) => {
            let usage = match &task.work {
                Work::Video(order) => video(exchange, task, order, &mut output),
                Work::Images(order) => images(exchange, task, order, &mut output),
                Work::Vectors(lines) => {
                    let file = format!("{id}.gz");
                    let ended = task.ended().unwrap_or(task.submitted);
                    output["url"] = result::signed_url(exchange, &file, ended).into();
                    lines.usage()
                }
                Work::Transcripts(transcripts) => {
                    let ended = task.ended().unwrap_or(task.submitted);
                    transcripts.add_results(&mut output, |number| {
                        result::signed_url(exchange, &format!("{id}-{number}.json"), ended)
                    });
                    transcripts.usage()
                }
            };
            Ok(answer(exchange, json!({"output": output, "usage": usage})))
        }
        _ => Ok(answer(exchange, json!({"output": output}))),
    }
}

/// Adds a finished video to the output, and returns the usage.
fn video(exchange: &Exchange<'_>, task: &Task, order: &Order, output: &mut Value) -> Value {
    if let Some(prompt) = &order.prompt {
        output["orig_prompt"] = prompt.as_str().into();
        let says = !matches!(order.model.usage, Usage::V26 | Usage::V26Audio);
        if says && order.prompt_extend {
            output["actual_prompt"] = format!("{prompt}, in every detail").into();
        }
    }
    let ended = task.ended().unwrap_or(task.submitted);
    let file = format!("{}.mp4", task.id);
    output["video_url"] = result::signed_url(exchange, &file, ended).into();
    usage(order)
}

/// Adds finished images to the output, and returns the usage.
fn images(
    exchange: &Exchange<'_>,
    task: &Task,
    order: &images::Order,
    output: &mut Value,
) -> Value {
    let partial = task.partial.as_ref();
    let count = partial.map_or(order.count(), |partial| partial.succeeded);
    let urls = gallery::task_urls(exchange, task, count);
    let (results, usage) = images::finished(order, &urls, partial);
    if let (Some(output), Value::Object(mut results)) = (output.as_object_mut(), results) {
        output.append(&mut results);
    }
    usage
}

/// `POST /tasks/{id}/cancel`.
pub(super) fn cancel(exchange: &Exchange<'_>, id: &str) -> Result<Answer, Refusal> {
    let studio = &exchange.state.video;
    let now = studio.clock.now();
    let mut books = studio.books();
    books
        .rates
        .query(VideoRoute::Cancel, &studio.settings().limits, now)?;
    match books.board.find(exchange.endpoint.region, id) {
        Some(task) if task.status(now) == VideoStatus::Pending => {
            task.canceled = Some(now);
            Ok(answer(exchange, json!({})))
        }
        _ => Err(Refusal::coded(
            400,
            "UnsupportedOperation",
            "Failed to cancel the task, please confirm if the task is in PENDING status.",
        )),
    }
}

/// What a list is narrowed to.
struct Filter {
    from: Duration,
    to: Duration,
    task: Option<String>,
    model: Option<String>,
    status: Option<String>,
    key: Option<String>,
    region: Option<String>,
}

/// The name of the one key in lists: the emulator takes any.
const KEY_ID: &str = "1000001";

impl Filter {
    fn read(query: Option<&str>, now: Duration) -> Result<Self, Refusal> {
        let moment = |name| {
            let text = parameter(query, name);
            text.map(|text| {
                clock::from_digits(&text).ok_or_else(|| {
                    Refusal::parameter(format!("{name} must be in the format of YYYYMMDDhhmmss"))
                })
            })
            .transpose()
        };
        let (start, end) = (moment("start_time")?, moment("end_time")?);
        // A second has passed before it is over: what is written has no smaller part.
        let to = end
            .map(|end| end + Duration::from_secs(1))
            .or_else(|| start.map(|start| start + DAY))
            .unwrap_or(now + Duration::from_secs(1));
        let from = start.unwrap_or_else(|| to.saturating_sub(DAY));
        if from > to || to - from > DAY + Duration::from_secs(1) {
            return Err(Refusal::parameter(
                "The interval between start_time and end_time must be within 24 hours",
            ));
        }
        Ok(Self {
            from,
            to,
            task: parameter(query, "task_id"),
            model: parameter(query, "model_name"),
            status: parameter(query, "status"),
            key: parameter(query, "api_key_id"),
            region: parameter(query, "region"),
        })
    }

    fn takes(&self, task: &Task, now: Duration) -> bool {
        let is = |wanted: &Option<String>, value: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == value)
        };
        (self.from..self.to).contains(&task.submitted)
            && is(&self.task, &task.id)
            && is(&self.model, task.work.model())
            && is(&self.status, task.status(now).word())
            && is(&self.key, KEY_ID)
            && is(&self.region, region(task.region))
    }
}

/// `GET /tasks`, the newest first. It has no address of a result.
pub(super) fn list(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let studio = &exchange.state.video;
    let now = studio.clock.now();
    let mut books = studio.books();
    books
        .rates
        .query(VideoRoute::List, &studio.settings().limits, now)?;
    let query = exchange.request.query.as_deref();
    let number = |name, default: usize| match parameter(query, name) {
        None => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .filter(|&number| number > 0)
            .ok_or_else(|| Refusal::parameter(format!("{name} must be a positive integer"))),
    };
    let (page, size) = (number("page_no", 1)?, number("page_size", 10)?.min(100));
    let filter = Filter::read(query, now)?;
    let found: Vec<&Task> = books
        .board
        .known(exchange.endpoint.region, now)
        .filter(|task| filter.takes(task, now))
        .collect();
    let rows: Vec<Value> = found
        .iter()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .map(|task| row(task, now))
        .collect();
    let body = json!({
        "total": found.len(),
        "total_page": found.len().div_ceil(size),
        "page_no": page,
        "page_size": size,
        "data": rows,
    });
    Ok(answer(exchange, body))
}

fn row(task: &Task, now: Duration) -> Value {
    let milliseconds = |at: Duration| u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
    let mut row = json!({
        "api_key_id": KEY_ID,
        "caller_parent_id": "1000000000000001",
        "caller_uid": "1000000000000001",
        "gmt_create": milliseconds(task.submitted),
        "start_time": milliseconds(task.submitted),
        "model_name": task.work.model(),
        "region": region(task.region),
        "request_id": task.request_id.to_string(),
        "status": task.status(now).word(),
        "task_id": task.id,
        "user_api_unique_key": format!("apikey:v1:{}:{}", task.work.api(), task.work.model()),
    });
    let ended = task.ended().filter(|ended| *ended <= now);
    if let Some(ended) = ended.or(task.canceled) {
        row["end_time"] = milliseconds(ended).into();
    }
    row
}

/// The region in the words of the list.
const fn region(region: Region) -> &'static str {
    match region {
        Region::Global => "ap-southeast-1",
        Region::China => "cn-beijing",
    }
}

fn answer(exchange: &Exchange<'_>, mut body: Value) -> Answer {
    body["request_id"] = exchange.id.to_string().into();
    Answer::json(200, body.to_string(), exchange.id)
}
