//! What went wrong, in the words that all crates share which send anything.

/// Writes the kinds with their names and sentences, so that none can be without.
macro_rules! kinds {
    ($($(#[$doc:meta])+ $kind:ident = $name:literal, $sentence:literal;)+) => {
        /// What went wrong.
        ///
        /// One vocabulary for requests, chats and jobs. What a server answers is told apart by
        /// status *and* code, because this service gives the same status to a one-minute throttle
        /// and to an unpaid bill (help.aliyun.com, Model Studio, "error-code").
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])+ $kind,)+
        }

        impl ErrorKind {
            /// All kinds, in the order in which they are declared.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Returns the name of this kind for other programs, such as `rate_limit`. It does not
            /// change.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// The sentence for an error about which nothing else is known.
            pub(crate) fn sentence(self) -> &'static str {
                match self {
                    $(Self::$kind => $sentence,)+
                }
            }
        }
    };
}

kinds! {
    /// The program or its surroundings are not set up for this: no trust store, no home folder, a
    /// user agent that cannot stand in a header. A retry does not help.
    Setup = "setup", "could not set up the HTTP client";
    /// The request is at fault, and somebody has refused it: the server, when the error has a
    /// status, otherwise this side, before anything was sent. A retry does not help.
    InvalidRequest = "invalid_request", "the request was refused";
    /// There is no usable credential, or the server does not know it: it is wrong, or bound to
    /// another region or plan (401, some 403). A retry does not help.
    Authentication = "auth", "the key was not accepted";
    /// The credential is good, but may not do this: use this model, this workspace or this app
    /// (403). The same key may do other things. A retry does not help.
    Permission = "permission", "the key may not do this";
    /// The model, the task or another object does not exist here, or the plan does not include it.
    /// A retry does not help.
    NotFound = "not_found", "not found";
    /// Too many requests or tokens just now; recovers within about a minute (429). A retry helps.
    RateLimited = "rate_limit", "too many requests";
    /// What was free or bought is used up (403 and some 400). A retry does not help.
    Quota = "quota", "the quota is used up";
    /// The account owes money or has not bought the product. A retry does not help.
    Billing = "billing", "the account is not in good standing";
    /// The content was refused by the service's inspection. A retry does not help.
    ContentFilter = "content", "the content was refused";
    /// The server went silent: no answer in time, or no more of it. It may have acted. A retry may
    /// help.
    Timeout = "timeout", "the server did not answer in time";
    /// No connection was made, or it broke, in which case the server may have acted. A retry may
    /// help.
    Network = "network", "the connection failed";
    /// The server failed (5xx). A retry may help.
    Server = "server", "the server failed";
    /// The stream ended before the model had stopped. A retry may help.
    Truncated = "truncated", "the stream ended early";
    /// The answer is not what the protocol says, or sends us elsewhere, where a credential does not
    /// follow. A retry does not help; check the base URL.
    Protocol = "protocol", "could not understand the server's answer";
    /// The answer, the reply or a result is larger than the limit set for it. A retry does not
    /// help.
    TooLarge = "too_large", "the answer is too large";
    /// The model called a tool with arguments that are not a JSON object. Asking again may help.
    ToolArguments = "tool_arguments", "the arguments of a tool call are not a JSON object";
    /// The model went on to call tools when the limit of rounds was reached. A retry does not help.
    ToolRounds = "tool_rounds", "the limit of tool rounds was reached";
    /// The answer is not the JSON that was asked for. Asking again may help.
    Json = "json", "the answer is not the JSON that was asked for";
    /// It is unclear whether the service took a job. Somebody has to decide: adopt the task that
    /// was made, or send the job again. A retry could make, and bill, a second one.
    Ambiguous = "ambiguous", "it is unclear whether the service took the job";
    /// The service has failed to make what a job asked for; nothing is billed. A retry makes
    /// another job.
    Failed = "failed", "the task has failed";
    /// A job was canceled. A retry does not help.
    Canceled = "canceled", "the task was canceled";
    /// The service does not know a job, or its result, any more. A retry does not help.
    Expired = "expired", "the task or its result has expired";
    /// A job was not done in time. It goes on, and so may the waiting.
    Deadline = "deadline", "the task is not done yet";
    /// Another process, or another part of this one, is at work on the same job, file or
    /// credential. A retry may help.
    Busy = "busy", "somebody else is at work on this";
    /// A file, a ledger or a store of credentials cannot be read or written. A retry does not help
    /// before that is mended.
    Storage = "storage", "could not read or write a file";
}

impl ErrorKind {
    /// Returns true when the same call may succeed if made again a little later.
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
    fn names_are_words_of_snake_case_and_none_is_there_twice() {
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
    fn only_what_may_pass_is_transient() {
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
