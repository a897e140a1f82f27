//! The states of a task.

use std::{convert::Infallible, fmt, str::FromStr};

use qwen_openclaw_http::Secrets;
use serde::{Deserialize, Serialize};

/// The state of a task, as reported by the service.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum TaskState {
    /// The task is queued. Only in this state can it be canceled.
    Pending,
    /// The task is running.
    Running,
    /// The task is suspended; it may continue.
    Suspended,
    /// The task has finished, and its result can be downloaded for 24 hours.
    Succeeded,
    /// The task has failed. The service reports this with HTTP status 200.
    Failed,
    /// The task was canceled before it started.
    Canceled,
    /// The service does not know the task: it is older than 24 hours, or never existed.
    Unknown,
    /// A state that this version does not know.
    Other(Box<str>),
}

impl TaskState {
    /// Returns the service's name for the state.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Suspended => "SUSPENDED",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Canceled => "CANCELED",
            Self::Unknown => "UNKNOWN",
            Self::Other(state) => state,
        }
    }

    /// Returns true if the state will not change any more. A state that this version does not know
    /// is assumed to change.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::Canceled | Self::Unknown
        )
    }
}

impl FromStr for TaskState {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.trim().to_ascii_uppercase().as_str() {
            "PENDING" => Self::Pending,
            "RUNNING" => Self::Running,
            "SUSPENDED" => Self::Suspended,
            "SUCCEEDED" => Self::Succeeded,
            "FAILED" => Self::Failed,
            "CANCELED" | "CANCELLED" => Self::Canceled,
            "UNKNOWN" => Self::Unknown,
            // It ends up in terminals.
            other => {
                let other = Secrets::default().clean(other).unwrap_or_default();
                Self::Other(other.chars().take(40).collect::<String>().into())
            }
        })
    }
}

impl From<String> for TaskState {
    fn from(text: String) -> Self {
        let Ok(state) = text.parse();
        state
    }
}

impl From<TaskState> for String {
    fn from(state: TaskState) -> Self {
        state.as_str().to_owned()
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_and_written_and_new_ones_have_room() {
        for text in [
            "PENDING",
            "RUNNING",
            "SUSPENDED",
            "SUCCEEDED",
            "FAILED",
            "CANCELED",
            "UNKNOWN",
            "RESTING",
        ] {
            let state = TaskState::from(text.to_owned());
            assert_eq!(state.to_string(), text);
            let json = serde_json::to_string(&state).unwrap();
            assert_eq!(serde_json::from_str::<TaskState>(&json).unwrap(), state);
        }
        assert!(!TaskState::from("RESTING".to_owned()).is_final());
        assert_eq!(TaskState::from("Cancelled".to_owned()), TaskState::Canceled);
        let odd = TaskState::from("\u{1b}[2Jhello".to_owned());
        assert_eq!(odd.as_str(), "[2JHELLO");
    }
}
