//! What to do about a failure, as data.

use std::fmt;

use qwen_openclaw_client::Hint as CallHint;

/// What to do about a failure. `Display` words it for a reader of logs; a program that knows its
/// users better matches on it and words it itself.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Hint {
    /// What is known of any call: the key, its endpoint, the account.
    Call(CallHint),
    /// The service reads URLs: the file has to be uploaded first
    /// ([`Tasks::upload`](crate::Tasks::upload)).
    UploadFirst,
    /// The files that were uploaded for the job are deleted: submit it anew.
    SubmitAnew,
    /// Something has that name already: choose another, or overwrite it.
    ChooseAnotherName,
    /// The key may be of another account or workspace than the one that made the task.
    OtherAccount,
    /// The result lies in a private network, from which nothing is fetched by default
    /// ([`TasksBuilder::allow_private_results`](crate::TasksBuilder::allow_private_results)).
    PrivateResult,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(hint) => fmt::Display::fmt(hint, f),
            Self::UploadFirst => f.write_str("upload it first"),
            Self::SubmitAnew => f.write_str("submit it anew"),
            Self::ChooseAnotherName => f.write_str("choose another name, or overwrite it"),
            Self::OtherAccount => f.write_str("the key may be of another account or workspace"),
            Self::PrivateResult => {
                f.write_str("results in private networks are fetched only where that is allowed")
            }
        }
    }
}

impl From<CallHint> for Hint {
    fn from(hint: CallHint) -> Self {
        Self::Call(hint)
    }
}
