//! A batch as the service describes it.

use std::fmt;

use serde_json::Value;

/// How many characters are kept of the service's words.
const LONGEST_TEXT: usize = 1_000;
/// The longest id that is kept.
const LONGEST_ID: usize = 256;
/// How many problems of a file are kept.
const MOST_PROBLEMS: usize = 20;

/// The state of a batch.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum BatchStatus {
    /// The file is being checked.
    Validating,
    /// Its lines are being processed.
    InProgress,
    /// The results are being written.
    Finalizing,
    /// It is done; single lines may have failed.
    Completed,
    /// The file was rejected, or the batch failed as a whole.
    Failed,
    /// Its time was up. What was done by then has results.
    Expired,
    /// It is being canceled.
    Cancelling,
    /// It was canceled. What was done by then has results and is billed.
    Cancelled,
    /// A state that this version does not know, as the service spelled it.
    Other(Box<str>),
}

impl BatchStatus {
    /// Returns the word of the service.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Validating => "validating",
            Self::InProgress => "in_progress",
            Self::Finalizing => "finalizing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Other(word) => word,
        }
    }

    /// Returns true if the state will not change any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Failed | Self::Expired | Self::Cancelled
        )
    }
}

impl From<&str> for BatchStatus {
    fn from(wire: &str) -> Self {
        match wire {
            "validating" => Self::Validating,
            "in_progress" => Self::InProgress,
            "finalizing" => Self::Finalizing,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "expired" => Self::Expired,
            "cancelling" => Self::Cancelling,
            "cancelled" => Self::Cancelled,
            other => Self::Other(other.chars().take(LONGEST_ID).collect::<String>().into()),
        }
    }
}

impl fmt::Display for BatchStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many lines of a batch are done.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// All lines; zero until the file is checked.
    pub total: u64,
    /// Those that succeeded.
    pub completed: u64,
    /// Those that failed.
    pub failed: u64,
}

/// What the service says is wrong with a batch or a line of its file.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Problem {
    /// The code, such as `mismatched_model` or `duplicate_custom_id`.
    pub code: Option<String>,
    /// The message.
    pub message: Option<String>,
    /// The number of the line, if it is about one.
    pub line: Option<u64>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        let text = self.message.as_deref().or(self.code.as_deref());
        f.write_str(text.unwrap_or("without saying why"))
    }
}

/// A batch as the service describes it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Batch {
    /// Its id, `batch_…`.
    pub id: String,
    /// Its state.
    pub status: BatchStatus,
    /// The endpoint of its lines.
    pub endpoint: Option<String>,
    /// The file with its lines.
    pub input_file: Option<String>,
    /// The file with the answers.
    pub output_file: Option<String>,
    /// The file with the lines that failed.
    pub error_file: Option<String>,
    /// How many lines are done.
    pub counts: Counts,
    /// What is wrong with it, the first 20.
    pub problems: Vec<Problem>,
    /// When it was created, in seconds since 1970.
    pub created_at: Option<u64>,
    /// When its time is up, in seconds since 1970.
    pub expires_at: Option<u64>,
    /// Its name, `ds_name` in its metadata.
    pub name: Option<String>,
}

impl Batch {
    /// Reads what can be read; `None` without an id or a state.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let id = |name: &str| {
            let text = value.get(name)?.as_str()?;
            (1..=LONGEST_ID)
                .contains(&text.len())
                .then(|| text.to_owned())
        };
        let count = |name: &str| {
            let counts = value.get("request_counts");
            counts
                .and_then(|counts| counts.get(name)?.as_u64())
                .unwrap_or(0)
        };
        let time = |name: &str| value.get(name).and_then(Value::as_u64);
        let problems = match value.get("errors") {
            Some(Value::Array(list)) => Some(list),
            Some(other) => other.get("data").and_then(Value::as_array),
            None => None,
        };
        let problems = problems.into_iter().flatten().take(MOST_PROBLEMS);
        Some(Self {
            id: id("id")?,
            status: value.get("status")?.as_str()?.into(),
            endpoint: id("endpoint"),
            input_file: id("input_file_id"),
            output_file: id("output_file_id"),
            error_file: id("error_file_id"),
            counts: Counts {
                total: count("total"),
                completed: count("completed"),
                failed: count("failed"),
            },
            problems: problems.map(Problem::of).collect(),
            created_at: time("created_at"),
            expires_at: time("expires_at"),
            name: value
                .pointer("/metadata/ds_name")
                .and_then(|name| short(Some(name))),
        })
    }
}

impl Problem {
    fn of(value: &Value) -> Self {
        Self {
            code: short(value.get("code")),
            message: short(value.get("message")),
            line: value.get("line").and_then(Value::as_u64),
        }
    }
}

fn short(value: Option<&Value>) -> Option<String> {
    let text = value?.as_str()?;
    Some(text.chars().take(LONGEST_TEXT).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_batch_is_read_with_what_is_there() {
        let batch = Batch::of(&json!({
            "id": "batch_1", "object": "batch", "status": "paused", "output_file_id": "",
            "request_counts": {"total": 3, "completed": 1}, "created_at": 7,
            "errors": {"data": [{"code": "mismatched_model", "line": 2}]}
        }))
        .unwrap();
        assert_eq!(batch.status, BatchStatus::Other("paused".into()));
        assert!(!batch.status.is_final());
        assert_eq!(batch.output_file, None);
        assert_eq!((batch.counts.total, batch.counts.failed), (3, 0));
        assert_eq!(batch.problems[0].to_string(), "line 2: mismatched_model");
        for value in [json!({}), json!([]), json!({"id": "", "status": "failed"})] {
            assert_eq!(Batch::of(&value), None);
        }
    }
}
