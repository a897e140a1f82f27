//! The kinds of errors, shared by all crates that send requests.

/// Defines the kinds together with their names and messages, so that none is missing.
macro_rules! kinds {
    ($($(#[$doc:meta])+ $kind:ident = $name:literal, $sentence:literal;)+) => {
        /// What went wrong.
        ///
        /// Requests, chats and jobs share these kinds. Server errors are classified by status *and*
        /// code, because this service uses the same status for brief throttling and for an unpaid
        /// bill (help.aliyun.com, Model Studio, "error-code").
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])+ $kind,)+
        }

        impl ErrorKind {
            /// All kinds, in declaration order.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Returns the stable, machine-readable name, such as `rate_limit`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// The message for an error about which nothing else is known.
            pub(crate) fn sentence(self) -> &'static str {
                match self {
                    $(Self::$kind => $sentence,)+
                }
            }
        }
    };
}

kinds! {
    /// The program or its environment is misconfigured: no trust store, no home directory, or an
    /// invalid user agent. A retry does not help.
    Setup = "setup", "could not set up the HTTP client";
    /// The request is invalid. If the error has a status, the server rejected it; otherwise it was
    /// rejected before anything was sent. A retry does not help.
    InvalidRequest = "invalid_request", "the request was rejected";
    /// There is no usable credential, or the server does not accept it: it is wrong, or bound to
    /// another region or plan (401, some 403). A retry does not help.
    Authentication = "auth", "the key was not accepted";
    /// The credential is valid but lacks permission for this model, workspace or app (403). It may
    /// work for other requests. A retry does not help.
    Permission = "permission", "the key does not have permission";
    /// The model, task or other object does not exist here, or the plan does not include it. A retry
    /// does not help.
    NotFound = "not_found", "not found";
    /// Too many requests or tokens at the moment (429). A retry within about a minute helps.
    RateLimited = "rate_limit", "too many requests";
    /// The free or purchased quota is exhausted (403 and some 400). A retry does not help.
    Quota = "quota", "the quota is exhausted";
    /// The account is overdue or has not purchased the product. A retry does not help.
    Billing = "billing", "the account is not in good standing";
    /// A budget of the caller's own has no room; nothing was sent. A retry does not help before its
    /// period ends.
    Budget = "budget", "the budget is exhausted";
    /// The content was rejected by the service's content filter. A retry does not help.
    ContentFilter = "content", "the content was rejected";
    /// The server did not respond in time, or stopped in the middle of a response. It may have
    /// acted on the request. A retry may help.
    Timeout = "timeout", "the server did not respond in time";
    /// The connection could not be made, or was lost, in which case the server may have acted on the
    /// request. A retry may help.
    Network = "network", "the connection failed";
    /// The server failed (5xx). A retry may help.
    Server = "server", "the server failed";
    /// The stream ended before the model was done. A retry may help.
    Truncated = "truncated", "the stream ended early";
    /// The response violates the protocol, or is a redirect, which a credential does not follow. A
    /// retry does not help; check the base URL.
    Protocol = "protocol", "could not understand the server's response";
    /// The response, the reply or a result exceeds its size limit. A retry does not help.
    TooLarge = "too_large", "the response is too large";
    /// The model called a tool with arguments that are not a JSON object. A retry may help.
    ToolArguments = "tool_arguments", "the arguments of a tool call are not a JSON object";
    /// The model was still calling tools when it reached the limit of rounds. A retry does not help.
    ToolRounds = "tool_rounds", "the limit of tool rounds was reached";
    /// The reply is not the requested JSON. A retry may help.
    Json = "json", "the reply is not the requested JSON";
    /// It is unclear whether the service accepted a job. The user has to decide whether to adopt the
    /// existing task or to submit the job again. A retry could create, and bill, a second task.
    Ambiguous = "ambiguous", "it is unclear whether the service accepted the job";
    /// A task failed on the service; nothing is billed. A retry creates another task.
    Failed = "failed", "the task failed";
    /// The task was canceled. A retry does not help.
    Canceled = "canceled", "the task was canceled";
    /// The service no longer has the task or its result. A retry does not help.
    Expired = "expired", "the task or its result has expired";
    /// The task was not done in time. It keeps running, and the caller may keep waiting.
    Deadline = "deadline", "the task is not done yet";
    /// Another process, or another part of this one, is using the same job, file or credential. A
    /// retry may help.
    Busy = "busy", "another process is using this";
    /// A file, a ledger or a credential store cannot be read or written. A retry does not help until
    /// that is fixed.
    Storage = "storage", "could not read or write a file";
}

impl ErrorKind {
    /// Returns true when the same call may succeed if retried later.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::Timeout
                | Self::Network
                | Self::Server
                | Self::Truncated
                | Self::Deadline
                | Self::Busy
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_in_snake_case() {
        for (at, kind) in ErrorKind::ALL.iter().enumerate() {
            let name = kind.as_str();
            assert!(
                name.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
                "{name}"
            );
            let before = &ErrorKind::ALL[..at];
            assert!(before.iter().all(|other| other.as_str() != name), "{name}");
        }
    }

    #[test]
    fn only_temporary_failures_are_transient() {
        let transient: Vec<_> = ErrorKind::ALL
            .iter()
            .filter(|kind| kind.is_transient())
            .map(|kind| kind.as_str())
            .collect();
        assert_eq!(
            transient,
            [
                "rate_limit",
                "timeout",
                "network",
                "server",
                "truncated",
                "deadline",
                "busy"
            ]
        );
    }
}
