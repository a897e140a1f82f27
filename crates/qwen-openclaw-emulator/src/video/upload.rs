//! Temporary uploads: the policy, the form that it allows, and what becomes of the file.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Method;
use serde_json::json;

use super::{
    clock::{self, DAY},
    media,
    models::{self, Model},
    result::{KEY_ID, sign, store_answer, store_error},
};
use crate::{
    answer::Answer,
    embeddings,
    endpoint::Region,
    form::{self, Field},
    images::{self, Look},
    inline, models as chat_models,
    query::parameter,
    refusal::Refusal,
    rerank,
    route::Exchange,
    speech::{self, Heard, hear},
};

/// Where forms are sent, below the origin.
const HOST: &str = "/dashscope-file";

/// How long a policy is good.
const POLICY: Duration = Duration::from_secs(300);

/// How long a file is kept.
const KEPT: Duration = Duration::from_secs(2 * DAY.as_secs());

/// The largest file, in MiB.
const MAX_FILE: usize = 100;

/// The fields of a form before the file, in their order.
const FIELDS: [&str; 7] = [
    "OSSAccessKeyId",
    "Signature",
    "policy",
    "key",
    "x-oss-object-acl",
    "x-oss-forbid-overwrite",
    "success_action_status",
];

/// The policies given and the files got.
#[derive(Debug, Default)]
pub(super) struct Store {
    policies: Vec<Policy>,
    files: Vec<File>,
}

#[derive(Debug)]
struct Policy {
    text: String,
    folder: String,
    region: Region,
    model: String,
    expires: Duration,
}

#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(super) key: String,
    pub(super) region: Region,
    pub(super) model: String,
    pub(crate) length: usize,
    /// The content, where it is read.
    pub(crate) content: Bytes,
    /// A number that follows from the content.
    pub(crate) digest: u64,
    /// Width and height of an image.
    pub(crate) pixels: Option<(u32, u32)>,
    /// The colors that stand for the image.
    pub(crate) look: Look,
    /// What is said in an audio file.
    pub(crate) heard: Option<Arc<Heard>>,
    expires: Duration,
}

impl Store {
    pub(super) fn files(&self) -> &[File] {
        &self.files
    }

    /// Checks the addresses of a request: those of uploads need the header that resolves them, and
    /// a file that is still there, and was uploaded for the same model in the same region.
    pub(super) fn check(
        &self,
        urls: &[String],
        exchange: &Exchange<'_>,
        model: &str,
        now: Duration,
    ) -> Result<(), Refusal> {
        for key in urls.iter().filter_map(|url| url.strip_prefix("oss://")) {
            let file = self.find(key, exchange, model, now)?;
            media::check_image(file.length, file.pixels)?;
        }
        Ok(())
    }

    /// Finds the file of an address, without its scheme.
    pub(super) fn find(
        &self,
        key: &str,
        exchange: &Exchange<'_>,
        model: &str,
        now: Duration,
    ) -> Result<&File, Refusal> {
        let resolve = exchange.request.header("x-dashscope-ossresourceresolve");
        if resolve != Some("enable") {
            return Err(media::not_valid());
        }
        let there = self.files.iter().find(|file| {
            file.key == key
                && file.model == model
                && file.region == exchange.endpoint.region
                && now < file.expires
        });
        there.ok_or_else(media::no_download)
    }
}

/// `GET /uploads?action=getPolicy&model=…`.
pub(super) fn policy(exchange: &Exchange<'_>) -> Result<Answer, Refusal> {
    let studio = &exchange.state.video;
    let now = studio.clock.now();
    let mut books = studio.books();
    let query = exchange.request.query.as_deref();
    if parameter(query, "action").as_deref() != Some("getPolicy") {
        return Err(Refusal::parameter("action must be getPolicy"));
    }
    let model = parameter(query, "model").ok_or_else(|| Refusal::parameter("model must be set"))?;
    let region = exchange.endpoint.region;
    let video: Option<&Model> = models::find(&model, region);
    let is_known = video.is_some()
        || images::offers(&model)
        || speech::is_known(&model)
        || embeddings::takes_uploads(&model)
        || rerank::takes_uploads(&model);
    if !is_known {
        chat_models::find(exchange, &model)?;
    }
    let limits = &studio.settings().limits;
    books.rates.policy(&model, limits, now)?;
    let expires = now + POLICY;
    let folder = format!(
        "dashscope-instant/{}/{}/{}",
        exchange.id,
        clock::date(now),
        exchange.state.ids.next()
    );
    let conditions = json!({
        "expiration": clock::iso(expires),
        "conditions": [
            ["content-length-range", 0, MAX_FILE << 20],
            ["starts-with", "$key", folder],
            {"x-oss-object-acl": "private"},
            {"x-oss-forbid-overwrite": "true"},
        ],
    });
    let text = STANDARD.encode(conditions.to_string());
    let body = json!({
        "request_id": exchange.id.to_string(),
        "data": {
            "policy": text,
            "signature": sign(studio.seed, &text),
            "upload_dir": folder,
            "upload_host": format!("{}{HOST}", exchange.origin()),
            "expire_in_seconds": POLICY.as_secs(),
            "max_file_size_mb": MAX_FILE,
            "capacity_limit_mb": 999_999_999,
            "oss_access_key_id": KEY_ID,
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "true",
        },
    });
    let policies = &mut books.store.policies;
    policies.retain(|policy| now < policy.expires);
    policies.push(Policy {
        text,
        folder,
        region,
        model,
        expires,
    });
    Ok(Answer::json(200, body.to_string(), exchange.id))
}

/// Whether forms are sent to a path.
pub(super) fn is_host(path: &str) -> bool {
    path.trim_end_matches('/') == HOST
}

/// What the object store says against a form: status, code and message.
type Objection = (u16, &'static str, String);

/// `POST` of a form; `None` for other paths.
pub(super) fn answer(exchange: &Exchange<'_>) -> Option<Answer> {
    let request = exchange.request;
    if !is_host(&request.path) {
        return None;
    }
    let studio = &exchange.state.video;
    let now = studio.clock.now();
    let mut books = studio.books();
    let taken = if request.method == Method::POST {
        take(exchange, &books.store, now)
    } else {
        let message = "The specified method is not allowed against this resource.";
        Err((405, "MethodNotAllowed", message.to_owned()))
    };
    Some(match taken {
        Ok(file) => {
            books.store.files.push(file);
            store_answer(200, "text/plain", "", exchange.id)
        }
        Err((status, code, message)) => store_error(status, code, &message, exchange.id),
    })
}

/// Checks a form against its policy.
fn take(exchange: &Exchange<'_>, store: &Store, now: Duration) -> Result<File, Objection> {
    let content_type = exchange.request.header("content-type").unwrap_or_default();
    let malformed = |message: &str| (400, "MalformedPOSTRequest", message.to_owned());
    let fields = form::fields(content_type, &exchange.request.body).ok_or_else(|| {
        malformed("The body of your POST request is not well-formed multipart/form-data.")
    })?;
    in_order(&fields)?;
    let value = |name: &str| {
        let field = fields.iter().find(|field| field.name == name);
        field
            .and_then(|field| std::str::from_utf8(field.content).ok())
            .unwrap_or_default()
    };
    let denied = |message: String| (403, "AccessDenied", message);
    if value("OSSAccessKeyId") != KEY_ID {
        let message = "The OSS Access Key Id you provided does not exist in our records.";
        return Err((403, "InvalidAccessKeyId", message.to_owned()));
    }
    let text = value("policy");
    if value("Signature") != sign(exchange.state.video.seed, text) {
        let message = "The request signature we calculated does not match the signature you \
                       provided. Check your key and signing method.";
        return Err((403, "SignatureDoesNotMatch", message.to_owned()));
    }
    let policy = store.policies.iter().find(|policy| policy.text == text);
    let policy = policy
        .filter(|policy| now < policy.expires)
        .ok_or_else(|| denied("Invalid according to Policy: Policy expired.".to_owned()))?;
    let wrong = |condition: &str| {
        denied(format!(
            "Invalid according to Policy: Policy Condition failed: {condition}"
        ))
    };
    for (field, wanted) in [
        ("x-oss-object-acl", "private"),
        ("x-oss-forbid-overwrite", "true"),
    ] {
        if value(field) != wanted {
            return Err(wrong(&format!("[\"eq\", \"${field}\", \"{wanted}\"]")));
        }
    }
    let key = value("key");
    let name = key.strip_prefix(&policy.folder).unwrap_or_default();
    if name.strip_prefix('/').is_none_or(str::is_empty) {
        let folder = &policy.folder;
        return Err(wrong(&format!("[\"starts-with\", \"$key\", \"{folder}\"]")));
    }
    if store.files.iter().any(|file| file.key == key) {
        let message = "The object you specified already exists and can not be overwritten.";
        return Err((409, "FileAlreadyExists", message.to_owned()));
    }
    let content = fields.last().map_or(&[][..], |file| file.content);
    let length = content.len();
    if length > MAX_FILE << 20 {
        let message = "Your proposed upload exceeds the maximum allowed size.";
        return Err((400, "EntityTooLarge", message.to_owned()));
    }
    Ok(File {
        key: key.to_owned(),
        region: policy.region,
        model: policy.model.clone(),
        length,
        content: if embeddings::reads_uploads(&policy.model) {
            Bytes::copy_from_slice(content)
        } else {
            Bytes::new()
        },
        digest: embeddings::digest(content),
        pixels: inline::pixels(content),
        look: Look::of_image(content),
        heard: inline::is_audio(content).then(|| Arc::new(hear(content))),
        expires: now + KEPT,
    })
}

/// The fields stand in the documented order, others between them; the one file is last.
fn in_order(fields: &[Field<'_>]) -> Result<(), Objection> {
    let refuse = |message: String| Err((400, "InvalidArgument", message));
    let place = |name: &str| fields.iter().position(|field| field.name == name);
    let mut last = None;
    for name in FIELDS {
        let Some(at) = place(name) else {
            return refuse(format!("Bucket POST must contain a field named '{name}'."));
        };
        if last.is_some_and(|last| at < last) {
            return refuse(format!("The field '{name}' is not in its place."));
        }
        last = Some(at);
    }
    let files = fields.iter().filter(|field| field.name == "file").count();
    if files != 1 {
        return refuse("POST requires exactly one file upload per request.".to_owned());
    }
    if place("file") != Some(fields.len() - 1) {
        return refuse("The file must be the last field.".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(names: &[&str]) -> Result<(), String> {
        let fields: Vec<_> = names
            .iter()
            .map(|name| Field {
                name: (*name).to_owned(),
                file_name: None,
                content: b"",
            })
            .collect();
        in_order(&fields).map_err(|(_, _, message)| message)
    }

    #[test]
    fn the_order_is_the_documented_one() {
        let good = [&FIELDS[..], &["x-oss-content-type", "file"]].concat();
        assert_eq!(order(&good), Ok(()));
        let mut swapped = good.clone();
        swapped.swap(2, 3);
        assert!(order(&swapped).unwrap_err().contains("'key'"));
        assert!(order(&good[1..]).unwrap_err().contains("'OSSAccessKeyId'"));
        assert!(order(&FIELDS).unwrap_err().contains("exactly one file"));
        let early = [&FIELDS[..], &["file", "x"]].concat();
        assert!(order(&early).unwrap_err().contains("last"));
    }
}
