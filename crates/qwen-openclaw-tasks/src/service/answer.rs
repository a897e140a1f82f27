//! What the service says about tasks. Everything is optional and read loosely: the service prints
//! the same number as `720`, `"720"` and `720.0`.
//!
//! An answer is skimmed before it becomes values: what no one asked for may be megabytes of it.

use std::fmt;

use qwen_openclaw_http::Secrets;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, value::RawValue};

use crate::{
    ledger::record::{Failure, is_task_id},
    service::state::TaskState,
};

/// What is kept of an answer about a task. The rest is skipped.
const FIELDS: [&str; 7] = [
    "request_id",
    "code",
    "message",
    "error",
    "output",
    "usage",
    "data",
];
/// How much JSON one of these is taken as it stands, and how much is kept of a longer object.
const LARGEST_FIELD: usize = 128 << 10;
/// How much JSON a row of a list may be. The service's own have 500 bytes.
const LARGEST_ROW: usize = 16 << 10;
/// How many rows of a page are kept. Pages of 50 are asked for.
const MOST_ROWS: usize = 20_000;

/// Reads an answer about a task without keeping more than it should hold; `None` when it is no
/// JSON object. Of a field that comes twice the last counts, and what is too long is left out.
pub(crate) fn skim(json: &[u8]) -> Option<Value> {
    let mut kept = Map::new();
    fields(json, |name, raw| {
        let Some(name) = FIELDS.iter().find(|known| **known == name) else {
            return;
        };
        let json = raw.get();
        let value = match json.len() {
            0..=LARGEST_FIELD => serde_json::from_str(json).ok(),
            _ => skim_object(json),
        };
        put(&mut kept, name, value);
    })?;
    Some(Value::Object(kept))
}

/// The entries of a long object, as many as there is room for.
fn skim_object(json: &str) -> Option<Value> {
    let (mut kept, mut room) = (Map::new(), LARGEST_FIELD);
    fields(json.as_bytes(), |name, raw| {
        let json = raw.get();
        let size = name.len() + json.len();
        let value = match size <= room {
            true => serde_json::from_str(json).ok(),
            false => None,
        };
        if value.is_some() {
            room -= size;
        }
        put(&mut kept, name, value);
    })?;
    Some(Value::Object(kept))
}

/// Puts the last value of a name in the place of the others, if there is one.
fn put(kept: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(kept.insert(name.to_owned(), value)),
        None => drop(kept.remove(name)),
    }
}

/// Goes through the fields of an object; `None` when it is none.
fn fields(json: &[u8], mut each: impl FnMut(&str, &RawValue)) -> Option<()> {
    struct Fields<F>(F);

    impl<'de, F: FnMut(&str, &RawValue)> Visitor<'de> for Fields<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                (self.0)(&name, value);
            }
            Ok(())
        }
    }

    let mut reader = serde_json::Deserializer::from_slice(json);
    reader.deserialize_map(Fields(&mut each)).ok()?;
    reader.end().ok()
}

/// The service's report of a task.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct TaskReport {
    /// The task id.
    pub task_id: Option<String>,
    /// The task's state.
    pub state: Option<TaskState>,
    /// The error code of a failed task, such as `InvalidParameter`.
    pub code: Option<String>,
    /// The error message of a failed task.
    pub message: Option<String>,
    /// The request id, for the vendor's support.
    pub request_id: Option<String>,
    /// The whole `output` object, which has product-specific fields.
    pub output: Map<String, Value>,
    /// The usage.
    pub usage: Option<Value>,
}

impl TaskReport {
    /// Reads a response about a task. Fields that cannot be read are `None`.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        let output = value.get("output").and_then(Value::as_object);
        let output = output.cloned().unwrap_or_default();
        let state = text(output.get("task_status")).map(TaskState::from);
        Self {
            task_id: text(output.get("task_id")),
            state,
            code: text(output.get("code")),
            message: text(output.get("message")),
            request_id: text(value.get("request_id")),
            usage: value.get("usage").filter(|usage| !usage.is_null()).cloned(),
            output,
        }
    }
}

impl TaskReport {
    /// Why single results are missing: each stands among the others, with a code in place of a URL.
    pub(crate) fn failures(&self) -> Vec<Failure> {
        let results = self.output.get("results").and_then(Value::as_array);
        let results = results.into_iter().flatten();
        let failure = |result: &Value| {
            let code = text(result.get("code"))?;
            let message = text(result.get("message"));
            Some(Failure {
                code: Some(code),
                message,
            })
        };
        results.filter_map(failure).collect()
    }
}

/// `output` may hold a signed URL, and what was asked for.
impl fmt::Debug for TaskReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskReport")
            .field("task_id", &self.task_id)
            .field("state", &self.state)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

/// Words and ids of the service, fit for a terminal and for the ledger. The key that was sent is
/// taken out of answers as they are read.
fn text(value: Option<&Value>) -> Option<String> {
    let cleaned = Secrets::default().clean(value?.as_str()?)?;
    Some(cleaned.into())
}

/// One page of the list of tasks.
#[derive(Debug)]
pub(crate) struct ListPage {
    /// How many pages there are, if the service says so.
    pub(crate) pages: Option<u64>,
    /// How many rows this one has.
    pub(crate) rows: usize,
    pub(crate) tasks: Vec<ListedTask>,
}

/// A task in the list.
#[derive(Clone, Debug)]
pub(crate) struct ListedTask {
    pub(crate) id: String,
    pub(crate) model: Option<String>,
    /// When it was created, in milliseconds since 1970 by the service's clock.
    pub(crate) created: Option<i64>,
    /// When it was begun: no task was created later.
    pub(crate) begun: Option<i64>,
}

impl ListPage {
    /// `None` when the answer is not a list. A row that is not a task is counted, and so is one too
    /// many.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        let (mut pages, mut list) = (None, None);
        fields(json, |name, raw| match name {
            "data" => list = rows(raw.get()),
            "total_page" => {
                let value: Option<Value> = serde_json::from_str(raw.get()).ok();
                pages = number(value.as_ref()).map(i64::unsigned_abs);
            }
            _ => {}
        })?;
        let (rows, tasks) = list?;
        Some(Self { pages, rows, tasks })
    }
}

/// How many rows there are, and those that are tasks; `None` when this is not an array.
fn rows(json: &str) -> Option<(usize, Vec<ListedTask>)> {
    struct Rows;

    impl<'de> Visitor<'de> for Rows {
        type Value = (usize, Vec<ListedTask>);

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let (mut count, mut tasks) = (0, Vec::new());
            loop {
                if tasks.len() >= MOST_ROWS {
                    match seq.next_element::<IgnoredAny>()? {
                        Some(_) => count += 1,
                        None => return Ok((count, tasks)),
                    }
                    continue;
                }
                let Some(raw) = seq.next_element::<&'de RawValue>()? else {
                    return Ok((count, tasks));
                };
                count += 1;
                let json = Some(raw.get()).filter(|json| json.len() <= LARGEST_ROW);
                let row: Option<Value> = json.and_then(|json| serde_json::from_str(json).ok());
                tasks.extend(row.as_ref().and_then(ListedTask::of));
            }
        }
    }

    let mut reader = serde_json::Deserializer::from_str(json);
    reader.deserialize_seq(Rows).ok()
}

impl ListedTask {
    fn of(value: &Value) -> Option<Self> {
        Some(Self {
            id: text(value.get("task_id")).filter(|id| is_task_id(id))?,
            model: text(value.get("model_name")),
            created: number(value.get("gmt_create")),
            begun: number(value.get("start_time")),
        })
    }
}

/// A number, or a text that is one.
fn number(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::String(text) => text.trim().parse().ok(),
        // A fraction of a millisecond is of no use here.
        #[expect(clippy::cast_possible_truncation)]
        Value::Number(number) => number.as_i64().or_else(|| Some(number.as_f64()? as i64)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_takes_what_there_is() {
        let report = TaskReport::of(&json!({
            "request_id": "r",
            "output": {"task_id": "t", "task_status": "FAILED", "code": "InvalidParameter",
                       "message": "The size\u{1b} is not match", "url": "https://x/?Signature=s"},
            "usage": null,
        }));
        assert_eq!(report.state, Some(TaskState::Failed));
        assert_eq!(report.message.as_deref(), Some("The size is not match"));
        assert_eq!(report.usage, None);
        assert!(!format!("{report:?}").contains("Signature"));

        let empty = TaskReport::of(&json!([]));
        assert_eq!((empty.state, empty.task_id), (None, None));
        let nulls = TaskReport::of(&json!({"output": {"code": null, "message": "", "task_id": 3}}));
        assert_eq!(
            (nulls.code, nulls.message, nulls.task_id),
            (None, None, None)
        );
    }

    #[test]
    fn a_list_is_read_loosely() {
        let read = |value: Value| ListPage::read(value.to_string().as_bytes());
        let page = read(json!({
            "total_page": "2",
            "data": [
                {"task_id": "a", "model_name": "m", "gmt_create": 1_745_820_000_000_i64},
                {"task_id": "b", "gmt_create": "1745820000001", "start_time": 1_745_820_000_002_i64},
                {"model_name": "m"},
            ],
        }));
        let page = page.unwrap();
        assert_eq!((page.pages, page.rows), (Some(2), 3));
        let created: Vec<_> = page.tasks.iter().map(|task| task.created).collect();
        assert_eq!(created, [Some(1_745_820_000_000), Some(1_745_820_000_001)]);
        assert_eq!(page.tasks[1].begun, Some(1_745_820_000_002));
        for none in [json!({"tasks": []}), json!({"data": {}}), json!([])] {
            assert!(read(none.clone()).is_none(), "{none}");
        }
        // The last one counts.
        let twice = br#"{"data":[{"task_id":"a"}],"data":[1,{"task_id":"b"}]}"#;
        let page = ListPage::read(twice).unwrap();
        assert_eq!((page.rows, page.tasks.len()), (2, 1));
        assert_eq!(page.tasks[0].id, "b");
    }

    #[test]
    fn a_row_that_is_too_much_is_counted_and_not_kept() {
        let long = "x".repeat(LARGEST_ROW);
        let json = format!(r#"{{"data":[{{"task_id":"{long}"}},{{"task_id":"a"}}]}}"#);
        let page = ListPage::read(json.as_bytes()).unwrap();
        assert_eq!((page.rows, page.tasks.len()), (2, 1));
        let many = vec![r#"{"task_id":"a"}"#; MOST_ROWS + 7].join(",");
        let page = ListPage::read(format!(r#"{{"data":[{many}]}}"#).as_bytes()).unwrap();
        assert_eq!((page.rows, page.tasks.len()), (MOST_ROWS + 7, MOST_ROWS));
    }

    #[test]
    fn what_nobody_asked_for_is_not_kept() {
        let long = "[1,1,1,1,1,1,1,1],".repeat(10_000);
        let json = format!(
            r#"{{"extra":[{long}1],"request_id":"old","request_id":"r",
               "output":{{"task_id":"t","task_status":"SUCCEEDED","more":[{long}1]}},
               "usage":{{"duration":5,"rows":[{long}1],"SR":720}}}}"#
        );
        let value = skim(json.as_bytes()).unwrap();
        assert_eq!(
            value,
            json!({"request_id": "r", "output": {"task_id": "t", "task_status": "SUCCEEDED"},
                   "usage": {"duration": 5, "SR": 720}})
        );
        for none in ["[]", "<html>", "", "{", "{}{}", "7"] {
            assert!(skim(none.as_bytes()).is_none(), "{none}");
        }
        // Deeper than a value can be read.
        let deep = format!(
            r#"{{"code":"c","usage":{}1{}}}"#,
            "[".repeat(999),
            "]".repeat(999)
        );
        assert_eq!(skim(deep.as_bytes()).unwrap(), json!({"code": "c"}));
    }
}
