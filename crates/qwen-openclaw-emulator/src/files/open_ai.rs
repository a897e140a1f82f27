//! `/files` of the OpenAI-compatible API.

use http::Method;
use serde_json::{Value, json};

use super::{File, form, not_found, text};
use crate::{
    answer::Answer, query::parameter, refusal::Refusal, route::Exchange, spool::Spool, video::clock,
};

/// What a file can be for: the word, what ids begin with, and the maximum size in MB.
const PURPOSES: [(&str, &str, usize); 2] = [
    ("batch", "file-batch-", 500),
    ("file-extract", "file-fe-", 150),
];

/// The maximum number of files in a list, and how many there are unless it is said.
const MAX_LIMIT: usize = 2000;

pub(crate) fn answer(exchange: &Exchange<'_>, path: &str) -> Result<Answer, Refusal> {
    let path = path.trim_start_matches("/files").trim_matches('/');
    if path.is_empty() {
        if exchange.request.method == Method::POST {
            return upload(exchange);
        }
        exchange.only(&Method::GET)?;
        return list(exchange);
    }
    match path.split_once('/') {
        None if exchange.request.method == Method::DELETE => delete(exchange, path),
        None => {
            exchange.only(&Method::GET)?;
            let file = exchange.state.files.find(exchange, path)?;
            Ok(answer_with(exchange, &row(&file)))
        }
        Some((id, "content")) => {
            exchange.only(&Method::GET)?;
            content(exchange, id)
        }
        Some(_) => Err(Refusal::unknown_path(&exchange.request.path)),
    }
}

/// The texts of the refusals are inferred.
fn upload(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let fields = form(exchange)?;
    let purpose = text(&fields, "purpose").unwrap_or_default();
    let known = PURPOSES.iter().find(|(known, ..)| *known == purpose);
    let (purpose, prefix, most) = known.ok_or_else(|| {
        let words = PURPOSES.map(|(word, ..)| word);
        Refusal::parameter(format!("{purpose} is not one of {words:?} - 'purpose'"))
    })?;
    let file = fields.iter().find(|field| field.name == "file");
    let file = file.ok_or_else(|| Refusal::parameter("'file' is a required property"))?;
    let name = file.file_name.clone().unwrap_or_default();
    let length = file.content.len();
    if length == 0 {
        return Err(Refusal::parameter("The file is empty."));
    }
    if length > most << 20 {
        return Err(Refusal::parameter(format!(
            "The size of the file must be at most {most} MB."
        )));
    }
    let batch = *purpose == "batch";
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    if batch && !extension.is_some_and(|extension| extension.eq_ignore_ascii_case("jsonl")) {
        return Err(Refusal::parameter("The file of a batch must be .jsonl."));
    }
    let now = exchange.state.video.unix_time();
    let id = exchange
        .state
        .ids
        .next()
        .at(now)
        .to_string()
        .replace('-', "");
    let file = File {
        id: format!("{prefix}{id}"),
        endpoint: exchange.endpoint,
        name,
        purpose: (*purpose).to_owned(),
        description: String::new(),
        length,
        // No other file can be read back.
        content: batch
            .then(|| Spool::of(file.content))
            .transpose()
            .map_err(|_| Refusal::storage())?,
        created: now,
    };
    let row = row(&file);
    exchange.state.files.add(file)?;
    Ok(answer_with(exchange, &row))
}

fn list(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let query = exchange.request.query.as_deref();
    let limit = match parameter(query, "limit") {
        None => MAX_LIMIT,
        Some(text) => {
            let limit = text.parse().ok();
            limit
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| {
                    Refusal::parameter(format!("Range of limit should be [1, {MAX_LIMIT}]"))
                })?
        }
    };
    let since = parameter(query, "create_after")
        .map(|text| {
            clock::from_digits(&text).ok_or_else(|| {
                Refusal::parameter("create_after must be in the format of yyyyMMddHHmmss")
            })
        })
        .transpose()?;
    let purpose = parameter(query, "purpose");
    let mut files = exchange.state.files.list(exchange);
    files.retain(|file| {
        since.is_none_or(|since| file.created > since)
            && purpose
                .as_ref()
                .is_none_or(|purpose| *purpose == file.purpose)
    });
    if let Some(after) = parameter(query, "after") {
        let place = files.iter().position(|file| file.id == after);
        files.drain(..=place.ok_or_else(not_found)?);
    }
    let rows: Vec<Value> = files.iter().take(limit).map(row).collect();
    let body = json!({"object": "list", "data": rows, "has_more": files.len() > limit});
    Ok(answer_with(exchange, &body))
}

/// The bytes of a file of a batch. The service's page has this for the results only; the emulator gives
/// back what was uploaded for one, too.
fn content(exchange: &Exchange<'_>, id: &str) -> Result<Answer, Refusal> {
    let file = exchange.state.files.find(exchange, id)?;
    let Some(content) = file.content else {
        let purpose = &file.purpose;
        return Err(Refusal::parameter(format!(
            "Not allowed to download files of purpose: {purpose}"
        )));
    };
    let kind = "application/octet-stream";
    let bytes = content.bytes().map_err(|_| Refusal::storage())?;
    Ok(Answer::whole(200, kind, bytes, exchange.id))
}

fn delete(exchange: &Exchange<'_>, id: &str) -> Result<Answer, Refusal> {
    exchange.state.files.remove(exchange, id)?;
    let body = json!({"object": "file", "deleted": true, "id": id});
    Ok(answer_with(exchange, &body))
}

fn row(file: &File) -> Value {
    json!({
        "id": file.id,
        "bytes": file.length,
        "created_at": file.created.as_secs(),
        "filename": file.name,
        "object": "file",
        "purpose": file.purpose,
        "status": "processed",
        "status_details": null,
    })
}

fn answer_with(exchange: &Exchange<'_>, body: &Value) -> Answer {
    Answer::json(200, body.to_string(), exchange.id)
}
