//! What the service says about tasks. Everything is optional and read loosely: the service prints
//! the same number as `720`, `"720"` and `720.0`.

use std::fmt;

use serde_json::{Map, Value};

use super::state::TaskState;

/// What the service says of one task.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct TaskReport {
    /// The task's id.
    pub task_id: Option<String>,
    /// What it is doing.
    pub state: Option<TaskState>,
    /// Why it failed, as a code such as `InvalidParameter`.
    pub code: Option<String>,
    /// Why it failed, in words.
    pub message: Option<String>,
    /// The id under which the vendor finds this request.
    pub request_id: Option<String>,
    /// All of `output`, for what a product adds to it.
    pub output: Map<String, Value>,
    /// What was counted.
    pub usage: Option<Value>,
}

impl TaskReport {
    pub(crate) fn of(value: &Value) -> Self {
        let output = value.get("output").and_then(Value::as_object);
        let output = output.cloned().unwrap_or_default();
        let state = text(output.get("task_status")).map(TaskState::from);
        Self {
            task_id: text(output.get("task_id")),
            state,
            code: text(output.get("code")),
            message: text(output.get("message")).map(|message| clean(&message)),
            request_id: text(value.get("request_id")),
            usage: value.get("usage").filter(|usage| !usage.is_null()).cloned(),
            output,
        }
    }
}

/// `output` may hold a signed address, and what was asked for.
impl fmt::Debug for TaskReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskReport")
            .field("task_id", &self.task_id)
            .field("state", &self.state)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    let text = value?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Words of the service, made fit for a terminal.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(300)
        .collect::<String>()
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
}

impl ListPage {
    /// `None` when the answer is no list.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let rows = value.get("data")?.as_array()?;
        Some(Self {
            pages: number(value.get("total_page")).map(i64::unsigned_abs),
            rows: rows.len(),
            tasks: rows.iter().filter_map(ListedTask::of).collect(),
        })
    }
}

impl ListedTask {
    fn of(value: &Value) -> Option<Self> {
        Some(Self {
            id: text(value.get("task_id"))?,
            model: text(value.get("model_name")),
            created: number(value.get("gmt_create")).or_else(|| number(value.get("start_time"))),
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
                       "message": "The size\u{1b} is not match", "video_url": "https://x/?Signature=s"},
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
        let page = ListPage::of(&json!({
            "total_page": "2",
            "data": [
                {"task_id": "a", "model_name": "m", "gmt_create": 1_745_820_000_000_i64},
                {"task_id": "b", "start_time": "1745820000001"},
                {"model_name": "m"},
            ],
        }));
        let page = page.unwrap();
        assert_eq!((page.pages, page.rows), (Some(2), 3));
        let created: Vec<_> = page.tasks.iter().map(|task| task.created).collect();
        assert_eq!(created, [Some(1_745_820_000_000), Some(1_745_820_000_001)]);
        assert!(ListPage::of(&json!({"tasks": []})).is_none());
    }
}
