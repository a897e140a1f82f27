//! Suggestions for handling an error, as data.

use std::fmt;

use qwen_openclaw_client::Hint as CallHint;

/// What to do about an error. `Display` is worded for logs; a program can match on the variants and
/// use its own wording.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Hint {
    /// A hint about the key, its endpoint or the account.
    Call(CallHint),
    /// The service reads URLs only: the file must be uploaded first
    /// ([`Tasks::upload`](crate::Tasks::upload)).
    UploadFirst,
    /// The files uploaded for the job have been deleted: submit a new job.
    SubmitAnew,
    /// The file already exists: choose another name, or overwrite it.
    ChooseAnotherName,
    /// The key may belong to another account or workspace than the task.
    OtherAccount,
    /// The result is in a private network, from which downloads are rejected by default
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
