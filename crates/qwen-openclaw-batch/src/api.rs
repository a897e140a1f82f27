//! The calls: files and batches of the OpenAI-compatible API.

use std::{path::Path, time::Duration};

use qwen_openclaw_client::{Connection, Hint, RequestTemplate, Route, ServiceHost};
use qwen_openclaw_http::{Error as HttpError, FormPath, Response};
use serde_json::Value;

use crate::{Batch, Error};

/// The time limit of a call that sends and receives little.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The slowest upload that is waited for, in bytes a second.
const SLOWEST: u64 = 128 << 10;

/// The largest answer about one file or batch, and the largest list. The service lists up to 2,000
/// files at once, of about 300 bytes each.
const ONE: usize = 1 << 20;
const MANY: usize = 8 << 20;

/// How many pages of a list are read: an account has at most 10,000 files, and 1,000 batches that run.
const PAGES: usize = 50;

/// A file of the service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RemoteFile {
    pub(crate) id: String,
    name: String,
    bytes: Option<u64>,
}

/// What may come back from a list.
struct Page<T> {
    entries: Vec<T>,
    last: Option<String>,
    has_more: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) connection: Connection,
}

impl Api {
    /// Uploads a file once.
    pub(crate) async fn upload(
        &self,
        path: &Path,
        name: &str,
        bytes: u64,
    ) -> Result<RemoteFile, Error> {
        let (route, host, files) = self.place("files").await?;
        let file = FormPath {
            field: "file",
            file_name: name,
            media_type: "application/jsonl",
            path,
        };
        let template = RequestTemplate::form(files, &[("purpose", "batch")], &file)
            .host(host)
            .accept("application/json")
            .head_timeout(TIMEOUT + Duration::from_secs(bytes / SLOWEST));
        let mut call = self.connection.call(template).on(route);
        let answer = call.answer_once(ONE).await?;
        let value = json(answer.json())?;
        RemoteFile::of(&value).ok_or_else(|| no("the id of the file"))
    }

    /// Finds an uploaded file by its name and size.
    pub(crate) async fn find_file(
        &self,
        name: &str,
        bytes: u64,
    ) -> Result<Option<RemoteFile>, Error> {
        let mut after = None::<String>;
        for _ in 0..PAGES {
            let mut path = "files?purpose=batch&limit=2000".to_owned();
            if let Some(after) = &after {
                path += &format!("&after={}", escape(after));
            }
            let page = page(&self.get(&path, MANY).await?, RemoteFile::of)?;
            let is_it = |file: &RemoteFile| {
                file.name == name && file.bytes.is_none_or(|length| length == bytes)
            };
            if let Some(found) = page.entries.into_iter().find(is_it) {
                return Ok(Some(found));
            }
            if !page.has_more || page.last.is_none() {
                return Ok(None);
            }
            after = page.last;
        }
        Err(Error::protocol("the list of files does not end"))
    }

    /// Creates a batch once.
    pub(crate) async fn create(&self, body: &Value) -> Result<Batch, Error> {
        let (route, host, path) = self.place("batches").await?;
        let template = RequestTemplate::post(path, body.to_string().into_bytes())
            .host(host)
            .accept("application/json")
            .head_timeout(TIMEOUT);
        let mut call = self.connection.call(template).on(route);
        let answer = call.answer_once(ONE).await?;
        Batch::of(&json(answer.json())?).ok_or_else(|| no("the id and state of the batch"))
    }

    /// Finds the first batch that was created of a file.
    pub(crate) async fn find_batch(&self, file: &str) -> Result<Option<Batch>, Error> {
        let mut found: Option<Batch> = None;
        let mut after = None::<String>;
        for _ in 0..PAGES {
            let mut path = format!("batches?input_file_ids={}&limit=100", escape(file));
            if let Some(after) = &after {
                path += &format!("&after={}", escape(after));
            }
            let page = page(&self.get(&path, MANY).await?, Batch::of)?;
            // A server that ignores the filter lists others too.
            let ours = |batch: &Batch| batch.input_file.as_deref() == Some(file);
            for batch in page.entries.into_iter().filter(ours) {
                let is_first = |other: &Batch| batch.created_at < other.created_at;
                if found.as_ref().is_none_or(is_first) {
                    found = Some(batch);
                }
            }
            if !page.has_more || page.last.is_none() {
                return Ok(found);
            }
            after = page.last;
        }
        Err(Error::protocol("the list of batches does not end"))
    }

    /// Returns the newest batches of the account, at most `limit` (1 to 100).
    pub(crate) async fn list(&self, limit: u32) -> Result<Vec<Batch>, Error> {
        let limit = limit.clamp(1, 100);
        let answer = self.get(&format!("batches?limit={limit}"), MANY).await?;
        Ok(page(&answer, Batch::of)?.entries)
    }

    pub(crate) async fn batch(&self, id: &str) -> Result<Batch, Error> {
        let answer = self.get(&format!("batches/{}", escape(id)), ONE).await?;
        Batch::of(&answer).ok_or_else(|| no("the id and state of the batch"))
    }

    pub(crate) async fn cancel(&self, id: &str) -> Result<Batch, Error> {
        let (route, host, path) = self
            .place(&format!("batches/{}/cancel", escape(id)))
            .await?;
        let template = RequestTemplate::post(path, "").host(host);
        let template = template.accept("application/json").head_timeout(TIMEOUT);
        // Asking twice cancels once.
        let answer = self.connection.call(template).on(route).answer(ONE).await?;
        Batch::of(&json(answer.json())?).ok_or_else(|| no("the id and state of the batch"))
    }

    /// Opens the content of a file.
    pub(crate) async fn content(&self, file: &str) -> Result<Response, Error> {
        let (route, host, path) = self
            .place(&format!("files/{}/content", escape(file)))
            .await?;
        let template = RequestTemplate::get(path).host(host).head_timeout(TIMEOUT);
        Ok(self.connection.call(template).on(route).send().await?)
    }

    async fn get(&self, path: &str, limit: usize) -> Result<Value, Error> {
        let (route, host, path) = self.place(path).await?;
        let template = RequestTemplate::get(path).host(host);
        let template = template.accept("application/json").head_timeout(TIMEOUT);
        let answer = self
            .connection
            .call(template)
            .on(route)
            .answer(limit)
            .await?;
        json(answer.json())
    }

    /// Where a call goes: the service has batches beside its tasks, with a Standard key, and other
    /// servers below the base URL.
    async fn place(&self, path: &str) -> Result<(Route, ServiceHost, String), Error> {
        let route = self.connection.route().await?;
        if !route.provider().is_qwen() {
            return Ok((route, ServiceHost::Api, path.to_owned()));
        }
        refuse_plan_key(&route)?;
        let path = format!("compatible-mode/v1/{path}");
        Ok((route, ServiceHost::Aigc, path))
    }
}

/// Refuses the keys that tasks refuse too, in words of this crate.
fn refuse_plan_key(route: &Route) -> Result<(), Error> {
    let Err(refused) = route.aigc_base() else {
        return Ok(());
    };
    let Some(hint @ Hint::TasksNeedStandardKey { key, .. }) = refused.hint() else {
        return Err(refused.into());
    };
    let message = match key {
        Some(key) => format!("batches need a Standard key, and {key} is that of a plan"),
        None => "batches need a Standard key".to_owned(),
    };
    let error = HttpError::unsent(refused.kind()).with_message(message);
    Err(Error::from(error).with_hint(hint.clone()))
}

impl RemoteFile {
    fn of(value: &Value) -> Option<Self> {
        let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
        Some(Self {
            id: text("id").filter(|id| (1..=256).contains(&id.len()))?,
            name: text("filename").unwrap_or_default(),
            bytes: value.get("bytes").and_then(Value::as_u64),
        })
    }
}

fn page<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Result<Page<T>, Error> {
    let rows = value.get("data").and_then(Value::as_array);
    let rows = rows.ok_or_else(|| no("a list"))?;
    let last = rows.last().and_then(|row| row.get("id")?.as_str());
    Ok(Page {
        last: last.map(str::to_owned),
        has_more: value.get("has_more").and_then(Value::as_bool) == Some(true),
        entries: rows.iter().filter_map(read).collect(),
    })
}

fn json(bytes: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::protocol("the answer is not JSON").with_source(error))
}

fn no(what: &str) -> Error {
    Error::protocol(format!("the answer does not have {what}"))
}

/// An id from an answer or a record, for a path or a query.
fn escape(id: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let escaped = id.bytes().map(|byte| match keep(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    escaped.collect()
}
