//! Why a task fails.

use serde_json::Value;

use crate::{
    answer::{Answer, AnswerBody},
    fault::Fault,
    refusal::Refusal,
};

/// The code and the message of a failed task.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// A parameter that is not taken. The texts are inferred.
    pub(super) fn parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameter", message)
    }

    /// The client waited too long. That the code is the same for synthesis is inferred.
    pub(super) fn timeout() -> Self {
        Self::new("CLIENT_ERROR", "request timeout after 23 seconds.")
    }

    /// What a fault makes of a task.
    pub(super) fn of_fault(fault: &Fault) -> Self {
        Self::new(fault.task_code(), "The task failed, as it was asked to.")
    }

    /// What a request would have been answered. Answers without an error that can be read have the status
    /// as the code.
    pub(super) fn of_answer(answer: &Answer) -> Self {
        let body: Value = match &answer.body {
            AnswerBody::Whole(body) => serde_json::from_slice(body).unwrap_or_default(),
            AnswerBody::Stream(_) | AnswerBody::Socket(_) => Value::Null,
        };
        let field = |name: &str| {
            let error = body[name].as_str().or_else(|| body["error"][name].as_str());
            error.map(str::to_owned)
        };
        Self {
            code: field("code").unwrap_or_else(|| answer.status.to_string()),
            message: field("message").unwrap_or_default(),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(&refusal.native_code, refusal.message)
    }
}
