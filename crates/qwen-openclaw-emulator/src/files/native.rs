//! `/files` of DashScope's own API, in the shapes that `dashscope` 2.0.2 reads.
//!
//! Inferred: the purpose of a file that was uploaded without one, which is what the SDK does.

use http::Method;
use serde_json::{Value, json};

use super::{File, form, text};
use crate::{answer::Answer, query::parameter, refusal::Refusal, route::Exchange, video::clock};

pub(crate) fn answer(exchange: &Exchange<'_>, path: &str) -> Result<Answer, Refusal> {
    let id = path.trim_start_matches("/files").trim_matches('/');
    let method = &exchange.request.method;
    if id.contains('/') {
        return Err(Refusal::unknown_path(&exchange.request.path));
    }
    if id.is_empty() {
        if method == Method::POST {
            return upload(exchange);
        }
        exchange.only(&Method::GET)?;
        return list(exchange);
    }
    if method == Method::DELETE {
        exchange.state.files.remove(exchange, id)?;
        return Ok(answer_with(exchange, json!({})));
    }
    exchange.only(&Method::GET)?;
    let file = exchange.state.files.find(exchange, id)?;
    Ok(answer_with(exchange, json!({"data": row(&file)})))
}

/// Takes every field `files` of a form.
fn upload(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let fields = form(exchange)?;
    let purpose = text(&fields, "purpose").unwrap_or("fine-tune");
    let mut descriptions = fields.iter().filter(|field| field.name == "descriptions");
    let now = exchange.state.video.unix_time();
    let mut uploaded = Vec::new();
    for field in fields.iter().filter(|field| field.name == "files") {
        let description = descriptions.next().map_or(&[][..], |field| field.content);
        let file = File {
            id: exchange.state.ids.next().at(now).to_string(),
            endpoint: exchange.endpoint,
            name: field.file_name.clone().unwrap_or_default(),
            purpose: purpose.to_owned(),
            description: String::from_utf8_lossy(description).into_owned(),
            length: field.content.len(),
            // Nothing here reads a file back.
            content: None,
            created: now,
        };
        uploaded.push(json!({"file_id": file.id, "name": file.name}));
        exchange.state.files.add(file)?;
    }
    if uploaded.is_empty() {
        return Err(Refusal::parameter("'files' is a required property"));
    }
    let data = json!({"uploaded_files": uploaded, "failed_uploads": []});
    Ok(answer_with(exchange, json!({"data": data})))
}

fn list(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let query = exchange.request.query.as_deref();
    let number = |name, default: usize| match parameter(query, name) {
        None => Ok(default),
        Some(text) => {
            let number = text.parse().ok().filter(|number| *number > 0);
            number.ok_or_else(|| Refusal::parameter(format!("{name} must be a positive integer")))
        }
    };
    let (page, size) = (number("page_no", 1)?, number("page_size", 10)?.min(100));
    let files = exchange.state.files.list(exchange);
    let rows: Vec<Value> = files
        .iter()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .map(row)
        .collect();
    let data = json!({
        "total": files.len(),
        "page_no": page,
        "page_size": size,
        "files": rows,
    });
    Ok(answer_with(exchange, json!({"data": data})))
}

fn row(file: &File) -> Value {
    let created = clock::in_words(file.created);
    // Its parts of a second are left out here.
    let seconds = created.split('.').next().unwrap_or_default();
    json!({
        "file_id": file.id,
        "name": file.name,
        "description": file.description,
        "purpose": file.purpose,
        "size": file.length,
        "gmt_create": seconds,
        "upload_time": seconds,
    })
}

fn answer_with(exchange: &Exchange<'_>, mut body: Value) -> Answer {
    body["request_id"] = exchange.id.to_string().into();
    Answer::json(200, body.to_string(), exchange.id)
}
