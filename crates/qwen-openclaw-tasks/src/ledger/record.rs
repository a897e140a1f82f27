//! The ledger's record of a job.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    time::{Duration, SystemTime},
};

use qwen_openclaw_auth::state::Fields;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{error::Error, ledger::stamp, service::state::TaskState};

/// How long the service keeps a task and its result (help.aliyun.com, Model Studio,
/// "text-to-video-api-reference").
pub(crate) const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How much JSON is kept of what the service has counted. Its own has 200 bytes.
const LARGEST_USAGE: usize = 4 << 10;
/// How much of that one entry of what is too large may be.
const LARGEST_ENTRY: usize = 200;
/// How many characters are kept of the service's words.
const LONGEST_TEXT: usize = 1_000;
/// The longest id of a task. The service's own have 36 characters.
const LONGEST_ID: usize = 256;
/// The longest URL of a result.
const LONGEST_URL: usize = 16 << 10;

/// Whether an id of a task can be kept. What is longer names none.
pub(crate) fn is_task_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len())
}

/// How many results of a task are kept. The service makes at most a dozen.
pub(crate) const MOST_RESULTS: usize = 64;

/// Whether the URL of a result can be kept. What is longer is not one.
pub(crate) fn is_result_url(text: &str) -> bool {
    (1..=LONGEST_URL).contains(&text.len())
}

/// The id of a job, such as `20261121-081500-k3f9qa`. Ids sort by creation time.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(Box<str>);

impl JobId {
    /// Creates a new id.
    pub(crate) fn new(now: SystemTime) -> Self {
        let chance = || {
            char::from(fastrand::choice(b"abcdefghjkmnpqrstuvwxyz23456789").map_or(b'a', |c| *c))
        };
        let chance: String = (0..6).map(|_| chance()).collect();
        Self(format!("{}-{chance}", stamp::to_name(now)).into())
    }

    /// Returns the id as text: letters, digits and hyphens.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobId {
    type Err = Error;

    /// Accepts 1 to 64 lowercase letters, digits and hyphens, so that an id is also a file name.
    fn from_str(text: &str) -> Result<Self, Error> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if text.is_empty() || text.len() > 64 || !text.bytes().all(good) {
            return Err(Error::refused(
                "a job's id has 1 to 64 small letters, digits and hyphens",
            ));
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for JobId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The phase of a job.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// Recorded, not submitted.
    Prepared,
    /// Being submitted. If its process has died, it is unknown whether the service has the task.
    Sending,
    /// It is unclear whether the service accepted it, and the service's task list did not settle
    /// it.
    Ambiguous,
    /// The service has the task.
    Submitted,
    /// The task has finished; the result is not saved yet.
    Succeeded,
    /// The result is saved.
    Saved,
    /// The service rejected the request; no task was created.
    Refused,
    /// The task failed.
    Failed,
    /// It was canceled.
    Canceled,
    /// The service no longer knows the task.
    Expired,
}

impl Phase {
    /// Returns true if nothing is left to do.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(
            self,
            Self::Saved | Self::Refused | Self::Failed | Self::Canceled | Self::Expired
        )
    }

    /// Returns true if it has yet to be determined whether the service has the task.
    #[must_use]
    pub fn is_unresolved(self) -> bool {
        matches!(self, Self::Sending | Self::Ambiguous)
    }

    /// Returns the name used in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Sending => "sending",
            Self::Ambiguous => "ambiguous",
            Self::Submitted => "submitted",
            Self::Succeeded => "succeeded",
            Self::Saved => "saved",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a job failed, in the service's words.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// The error code, such as `InvalidParameter`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The error message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A result: its URL, and where it was saved. Anyone who has the URL can download the result until
/// it expires, so `Debug` hides the URL.
#[derive(Clone, Eq, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResultFile {
    /// Its URL.
    pub url: String,
    /// When it expires.
    #[serde(with = "stamp::required")]
    pub expires_at: SystemTime,
    /// The path under which it is being saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<PartFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) saved: Option<PathBuf>,
}

impl ResultFile {
    /// Reads the expiry from the URL's own signature (`Expires`, seconds since 1970); without
    /// one it is a day after `now`, as documented.
    pub(crate) fn new(url: String, now: SystemTime) -> Self {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let expires = query.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.eq_ignore_ascii_case("expires")
                .then_some(value)?
                .parse()
                .ok()
        });
        let signed = expires.map(Duration::from_secs);
        let signed = signed.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
        // Nothing is kept for that long: the number means something else.
        let signed = signed.filter(|expires| *expires < now + 30 * KEPT);
        Self {
            url,
            expires_at: signed.unwrap_or(now + KEPT),
            target: None,
            part: None,
            saved: None,
        }
    }

    /// Returns the path that it was saved at, if it was saved.
    #[must_use]
    pub fn saved(&self) -> Option<&Path> {
        self.saved.as_deref()
    }
}

impl fmt::Debug for ResultFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultFile")
            .field("url", &"[redacted]")
            .field("expires_at", &self.expires_at)
            .field("saved", &self.saved)
            .finish_non_exhaustive()
    }
}

/// A file uploaded for the service to read.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Upload {
    /// Its URL, `oss://…`.
    pub url: String,
    /// When the service deletes it.
    #[serde(with = "stamp::required")]
    pub expires_at: SystemTime,
}

/// A download that was begun.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct PartFile {
    pub(crate) path: PathBuf,
    /// What told the file apart from others, so that two halves are never of two files.
    pub(crate) etag: Option<String>,
    /// Its length, once it is whole and about to get its final name.
    #[serde(default)]
    pub(crate) whole: Option<u64>,
}

/// The one result of a record of version 1, as it stands in there.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct OneResult {
    #[serde(default)]
    result: Option<ResultFile>,
    #[serde(default)]
    part: Option<PartFile>,
    #[serde(default)]
    saved: Option<PathBuf>,
}

/// The ledger's record of a job.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct JobRecord {
    /// The version of this form.
    pub(crate) version: u32,
    /// Grows with each change, so that two who change it notice each other.
    pub(crate) revision: u64,
    pub(crate) id: JobId,
    pub(crate) phase: Phase,
    /// What is being made: the name of the product.
    pub(crate) product: String,
    pub(crate) model: String,
    #[serde(with = "stamp::required")]
    pub(crate) created_at: SystemTime,
    #[serde(with = "stamp::optional", default)]
    pub(crate) sent_at: Option<SystemTime>,
    pub(crate) origin: String,
    /// The workspace it was made in, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) workspace: Option<String>,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) uploads: Vec<Upload>,
    #[serde(default)]
    pub(crate) task_id: Option<String>,
    #[serde(default)]
    pub(crate) request_id: Option<String>,
    #[serde(default)]
    pub(crate) state: Option<TaskState>,
    #[serde(default)]
    pub(crate) failure: Option<Failure>,
    /// Whether the answer to the request has the results, and there is no task.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) synchronous: bool,
    /// How many results were asked for.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(crate) count: u32,
    /// Why some of the results are missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) failures: Vec<Failure>,
    #[serde(default)]
    pub(crate) results: Vec<ResultFile>,
    #[serde(default)]
    pub(crate) usage: Option<Value>,
    /// Where the result is to be saved; with several, the name that theirs are made from.
    #[serde(default)]
    pub(crate) target: Option<PathBuf>,
    /// Nothing, but while a record of version 1 is read.
    #[serde(flatten, skip_serializing)]
    pub(crate) old: OneResult,
    /// What a newer version has written: kept.
    #[serde(
        flatten,
        deserialize_with = "Fields::from_values",
        serialize_with = "Fields::to_values"
    )]
    pub(crate) extra: Fields,
}

/// The newest form that is understood, and the one that is written.
pub(crate) const VERSION: u32 = 2;

impl<'de> Deserialize<'de> for JobRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut record = Self::deserialize(deserializer)?;
        record.modernize();
        Ok(record)
    }
}

impl Serialize for JobRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl JobRecord {
    /// Makes a record of version 1, which has one result at most, one of this version.
    fn modernize(&mut self) {
        let old = std::mem::take(&mut self.old);
        if self.version != 1 {
            return;
        }
        self.version = VERSION;
        self.results = old.result.into_iter().collect();
        if let Some(result) = self.results.first_mut() {
            result.target = old.part.as_ref().and(self.target.clone());
            result.part = old.part;
            result.saved = old.saved;
        }
    }

    /// Cuts what the service has said to what is worth keeping, before it is written down: a
    /// record is read as a whole, and has to stay readable.
    pub(crate) fn shorten(&mut self) {
        let cut = |text: &mut Option<String>| {
            if let Some(text) = text
                && let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT)
            {
                text.truncate(end);
            }
        };
        cut(&mut self.request_id);
        self.failures.truncate(MOST_RESULTS);
        for failure in self.failure.iter_mut().chain(&mut self.failures) {
            cut(&mut failure.code);
            cut(&mut failure.message);
        }
        self.usage = self.usage.take().and_then(shortened);
    }

    /// Whether it may be given up without a word to the service: there is no task.
    pub(crate) fn may_be_dropped(&self) -> bool {
        self.phase == Phase::Prepared || self.synchronous && self.phase.is_unresolved()
    }

    /// Whether it is older than the service keeps tasks.
    pub(crate) fn is_old(&self) -> bool {
        let age = SystemTime::now().duration_since(self.created_at);
        age.is_ok_and(|age| age > KEPT)
    }

    /// Returns the job's id.
    #[must_use]
    pub fn id(&self) -> &JobId {
        &self.id
    }

    /// Returns the phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns the revision, which increases by one with each change.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the name of the [`Product`](crate::Product).
    #[must_use]
    pub fn product(&self) -> &str {
        &self.product
    }

    /// Returns the model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Returns the origin that the task was submitted to.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the workspace, if one was set. The task is known only in that workspace.
    #[must_use]
    pub fn workspace(&self) -> Option<&str> {
        self.workspace.as_deref()
    }

    /// Returns the request body.
    #[must_use]
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// Returns when the record was created.
    #[must_use]
    pub fn created_at(&self) -> SystemTime {
        self.created_at
    }

    /// Returns the task id assigned by the service, once it is known.
    #[must_use]
    pub fn task_id(&self) -> Option<&str> {
        self.task_id.as_deref()
    }

    /// Returns the request id of the submission, for the vendor's support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns the last state reported by the service.
    #[must_use]
    pub fn state(&self) -> Option<&TaskState> {
        self.state.as_ref()
    }

    /// Returns why the job failed.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Returns the results, in the service's order, once there are any.
    #[must_use]
    pub fn results(&self) -> &[ResultFile] {
        &self.results
    }

    /// Returns whether the response to the request has the results, and there is no task
    /// ([`NewTask::synchronous`](crate::NewTask::synchronous)).
    #[must_use]
    pub fn is_synchronous(&self) -> bool {
        self.synchronous
    }

    /// Returns how many results were requested.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Returns the errors of results that the service did not make, while it made others.
    #[must_use]
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// Returns the usage reported by the service.
    #[must_use]
    pub fn usage(&self) -> Option<&Value> {
        self.usage.as_ref()
    }

    /// Returns the path to save the result at, if one was set. With several results, their names
    /// are derived from it.
    #[must_use]
    pub fn target(&self) -> Option<&Path> {
        self.target.as_deref()
    }

    /// Returns the paths of the saved results, in order.
    pub fn saved(&self) -> impl Iterator<Item = &Path> {
        self.results.iter().filter_map(ResultFile::saved)
    }

    /// Returns the files uploaded for the job.
    #[must_use]
    pub fn uploads(&self) -> &[Upload] {
        &self.uploads
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

fn one() -> u32 {
    1
}

fn is_one(value: &u32) -> bool {
    *value == 1
}

/// What was counted, or its short entries where it is too much.
fn shortened(usage: Value) -> Option<Value> {
    let size = |value: &Value| serde_json::to_vec(value).map_or(usize::MAX, |json| json.len());
    if size(&usage) <= LARGEST_USAGE {
        return Some(usage);
    }
    let Value::Object(entries) = usage else {
        return None;
    };
    let mut room = LARGEST_USAGE;
    let short = entries.into_iter().filter(|(name, value)| {
        let size = name.len().saturating_add(size(value));
        let fits = size <= LARGEST_ENTRY.min(room);
        room -= if fits { size } else { 0 };
        fits
    });
    Some(Value::Object(short.collect()))
}

/// The body is what was asked for, and stays out of logs.
impl fmt::Debug for JobRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobRecord")
            .field("id", &self.id)
            .field("phase", &self.phase)
            .field("model", &self.model)
            .field("task_id", &self.task_id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_files_name_and_nothing_else() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let id = JobId::new(now);
        assert!(id.as_str().starts_with("20260921-141320-"), "{id}");
        assert_eq!(id.as_str().parse::<JobId>().unwrap(), id);
        for bad in ["", "../x", "a/b", "A", "a.json", &"a".repeat(65), "ü"] {
            assert!(bad.parse::<JobId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn little_is_kept_of_what_is_too_much() {
        let mut record = crate::ledger::store::contract::record("a");
        let small = serde_json::json!({"duration": 5, "ratio": "standard"});
        let long = "ü".repeat(5 << 20);
        record.usage = Some(small.clone());
        record.request_id = Some(long.clone());
        record.failure = Some(Failure {
            code: Some(long.clone()),
            message: Some("short".to_owned()),
        });
        record.shorten();
        assert_eq!(record.usage, Some(small.clone()));
        assert_eq!(record.request_id.as_deref(), Some(&*"ü".repeat(1000)));
        let failure = record.failure.as_ref().unwrap();
        assert_eq!(failure.code.as_ref().unwrap().chars().count(), 1000);
        assert_eq!(failure.message.as_deref(), Some("short"));

        let mut large = small.clone();
        large["more"] = long.clone().into();
        large["rows"] = vec![1; 1 << 20].into();
        record.usage = Some(large);
        record.shorten();
        assert_eq!(record.usage, Some(small));
        let many = (0..100_000).map(|n| (n.to_string(), n.into()));
        record.usage = Some(Value::Object(many.collect()));
        record.shorten();
        assert!(serde_json::to_vec_pretty(&record).unwrap().len() < 20_000);
        record.usage = Some(long.into());
        record.shorten();
        assert_eq!(record.usage, None);
    }

    /// As version 0.1 has written it: halfway through a download, and saved.
    #[test]
    fn a_record_of_version_1_is_read_with_its_one_result() {
        let text = |phase: &str, part: &str, saved: &str| {
            format!(
                r#"{{
                  "version": 1, "revision": 4, "id": "20260921-141320-k3f9qa", "phase": "{phase}",
                  "product": "p", "model": "m", "created_at": "2026-09-21T14:13:20.123Z",
                  "sent_at": null, "origin": "https://tasks.example.com", "path": "/api/v1/x",
                  "headers": [], "body": {{"n": 1.5}}, "task_id": "t", "request_id": null,
                  "state": "SUCCEEDED", "failure": null,
                  "result": {{"url": "https://a/b", "expires_at": "2026-09-22T14:13:20.000Z"}},
                  "usage": null, "target": "/home/me/b.mp4", "part": {part}, "saved": {saved},
                  "added": [1]
                }}"#
            )
        };
        let part = r#"{"path": "/home/me/.x.part", "etag": "\"e\"", "whole": 7}"#;
        let read = |text: String| serde_json::from_str::<JobRecord>(&text).unwrap();
        let half = read(text("succeeded", part, "null"));
        assert_eq!(half.version, VERSION);
        let [result] = half.results() else {
            panic!("{half:?}")
        };
        assert_eq!(result.url, "https://a/b");
        assert_eq!(result.target.as_deref(), Some(Path::new("/home/me/b.mp4")));
        assert_eq!(result.part.as_ref().unwrap().whole, Some(7));
        assert_eq!(result.saved(), None);

        let saved = read(text("saved", "null", r#""/home/me/b.mp4""#));
        assert_eq!(
            saved.saved().collect::<Vec<_>>(),
            [Path::new("/home/me/b.mp4")]
        );
        // As it is now written, with what is not known to it.
        let written = serde_json::to_value(&saved).unwrap();
        assert_eq!(written["version"], 2);
        assert_eq!(written["added"], serde_json::json!([1]));
        for gone in ["result", "part", "saved"] {
            assert!(written.get(gone).is_none(), "{gone}");
        }
        let again: JobRecord = serde_json::from_value(written).unwrap();
        assert!(again == saved);
    }

    #[test]
    fn expiry_is_read_from_the_signature() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        let at = |url: &str| ResultFile::new(url.to_owned(), now).expires_at;
        let epoch = SystemTime::UNIX_EPOCH;
        assert_eq!(
            at("https://a/b.mp4?x=1&Expires=500&S=s"),
            epoch + Duration::from_secs(500)
        );
        assert_eq!(at("https://a/b.mp4"), now + KEPT);
        assert_eq!(at("https://a/b.mp4?Expires=soon"), now + KEPT);
        // A time that no clock has.
        assert_eq!(at("https://a/b.mp4?Expires=1790000000000"), now + KEPT);
        let far = ResultFile::new(format!("https://a/?Expires={}", u64::MAX), now);
        assert!(!format!("{far:?}").contains("https"));
    }
}
