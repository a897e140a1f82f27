//! Fault kinds and their names.

use std::{error, fmt, str::FromStr};

use crate::video::VideoRoute;

macro_rules! kinds {
    ($($kind:ident = $name:literal, $description:literal;)*) => {
        /// The kind of a fault.
        ///
        /// Stream faults that do not apply to other responses leave them unchanged.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum FaultKind {
            $(#[doc = $description] $kind,)*
        }

        impl FaultKind {
            /// Every kind, in listing order.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// Returns the kind's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// Returns a one-line description.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$kind => $description,)* }
            }
        }
    };
}

kinds! {
    WrongRegion = "wrong-region", "401, as for a key of another region or plan";
    LimitRequests = "limit-requests", "429 limit_requests: too many requests per minute";
    LimitBurstRate = "limit-burst-rate", "429 limit_burst_rate: the request rate increased too \
        fast";
    Throttling = "throttling", "429 Throttling.RateQuota in DashScope's own shape";
    InsufficientQuota = "insufficient-quota", "429 insufficient_quota: too many tokens per \
        minute, clears within one";
    NoBody429 = "no-body-429", "429 without a body";
    CommodityNotPurchased = "commodity-not-purchased", "429 CommodityNotPurchased: permanent";
    PrepaidBillOverdue = "prepaid-bill-overdue", "429 PrepaidBillOverdue: permanent";
    PostpaidBillOverdue = "postpaid-bill-overdue", "429 PostpaidBillOverdue: permanent";
    FreeTierExhausted = "free-tier-exhausted", "403 AllocationQuota.FreeTierOnly: the free tier \
        is used up";
    FreeTierQuota = "free-tier-quota", "403 insufficient_quota: the same, as other accounts see it";
    AccessDenied = "access-denied", "403 access_denied";
    ModelForbidden = "model-forbidden", "403 Model.AccessDenied: this model only";
    Unpurchased = "unpurchased", "403 AccessDenied.Unpurchased: this model only";
    PlanGate = "plan-gate", "405 whose `error` is a string: the Coding Plan refuses the client";
    Arrearage = "arrearage", "400 Arrearage: the account is overdue";
    DataInspection = "data-inspection", "400 data_inspection_failed: the input was flagged";
    ReasoningLost = "reasoning-lost", "400 if the encrypted reasoning of an earlier turn is missing \
        or changed";
    ErrorAsData = "error-as-data", "400 whose body is an event: `data: {\"error\":..}`";
    AudioStatus = "audio-status", "430, a status not defined by HTTP";
    InternalError = "internal-error", "500 internal_error";
    ModelServingError = "model-serving-error", "503 ModelServingError";
    ModelUnavailable = "model-unavailable", "503 ModelUnavailable";
    NewScheme = "new-scheme", "an error of the SDK's newer scheme (code, insufficient_quota)";
    BadGateway = "bad-gateway", "502 with a gateway's HTML page";
    Redirect = "redirect", "307 to the same path elsewhere on the emulator";
    RedirectLoop = "redirect-loop", "307 to the requested URL";
    RedirectPrivate = "redirect-private", "307 to the same path on a private address (10.0.0.1)";
    ResetBefore = "reset-before", "the connection is reset before the request is processed";
    LostAnswer = "lost-answer", "the request is processed, and the connection is reset before the \
        response";
    EmptyBody = "empty-body", "the right status and headers, but no body";
    StreamError = "stream-error", "an `{\"error\":..}` object inside the stream";
    StreamErrorNative = "stream-error-native", "a `{\"code\",\"message\"}` object inside the \
        stream";
    StreamErrorEvent = "stream-error-event", "an event of type error inside the stream";
    HeadersStall = "headers-stall", "the request is read, and no response ever comes";
    LateHeaders = "late-headers", "the headers come late (delay, 2 s)";
    Stall = "stall", "the stream stops midway, and the connection stays open";
    KeepAlives = "keep-alives", "comments only, forever (delay between them, 1 s)";
    NeverEnding = "never-ending", "the same piece of text, forever (delay between pieces, 10 ms)";
    Reset = "reset", "the connection is reset in mid-body";
    ResetAfterDone = "reset-after-done", "the connection is reset after `[DONE]`";
    Truncate = "truncate", "the connection closes in mid-body";
    TruncateCleanly = "truncate-cleanly", "the body ends cleanly before the response is complete";
    NoDone = "no-done", "the body ends cleanly without `[DONE]`";
    EofAfterDone = "eof-after-done", "the connection closes after `[DONE]` without the terminator";
    LateTerminator = "late-terminator", "the body's terminator comes long after `[DONE]` (delay, \
        300 ms)";
    NoTerminator = "no-terminator", "the body's terminator never comes";
    Dribble = "dribble", "a byte at a time (size), as many writes";
    SplitUtf8 = "split-utf8", "writes that split characters";
    OneWrite = "one-write", "the whole body in a single chunk";
    Crlf = "crlf", "lines end with CR LF";
    Cr = "cr", "lines end with CR";
    Bom = "bom", "a byte order mark before the first event";
    Comments = "comments", "comments, ids, retry fields and blank lines between events";
    MultiLineData = "multi-line-data", "each event over several data lines";
    NoSpace = "no-space", "no space after `data:`";
    NoLastBlankLine = "no-last-blank-line", "the last event without its blank line";
    DuplicateFields = "duplicate-fields", "duplicate JSON fields";
    UnknownFields = "unknown-fields", "unknown JSON fields, in deltas as well";
    UnknownFinish = "unknown-finish", "an unknown finish reason";
    NoUsage = "no-usage", "no usage although it was requested";
    MalformedEvent = "malformed-event", "an event inside the stream that is not JSON";
    HugeLine = "huge-line", "a huge event (size, 8 MiB) inside the stream";
    JsonInsteadOfStream = "json-instead-of-stream", "one JSON object although a stream was \
        requested";
    SecondFinish = "second-finish", "another finish reason after the first";
    SlowTask = "slow-task", "a new task runs for a long time (delay, 60 s)";
    TaskFails = "task-fails", "a new task fails at its end (code, InternalError)";
    TaskVanishes = "task-vanishes", "the created or polled task is unknown from then on";
    ResultsFail = "results-fail", "the results of a new image task after the first ones fail \
        (after, 3; at least the last; code, InternalError.Timeout)";
    DuplicateTask = "duplicate-task", "one request creates two tasks";
    WrongLength = "wrong-length", "a file ends before the length that its headers promise (by \
        size, 1000)";
    SocketCloses = "socket-closes", "a WebSocket is closed in mid-task (code, 1011)";
    NotMp4 = "not-mp4", "an HTML page instead of a result file, with the file's content type";
}

impl FaultKind {
    /// Whether it changes what becomes of a task, and not the answer.
    pub(super) const fn is_of_tasks(self) -> bool {
        matches!(
            self,
            Self::SlowTask
                | Self::TaskFails
                | Self::TaskVanishes
                | Self::ResultsFail
                | Self::DuplicateTask
        )
    }

    /// Whether it can only happen to a result file.
    pub(super) const fn is_of_files(self) -> bool {
        matches!(self, Self::WrongLength | Self::NotMp4)
    }
}

impl FromStr for FaultKind {
    type Err = ParseFaultError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut kinds = Self::ALL.iter().copied();
        kinds
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| ParseFaultError::kind(name))
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The error for an invalid fault.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParseFaultError(Box<str>);

impl ParseFaultError {
    fn kind(name: &str) -> Self {
        let nearest = FaultKind::ALL
            .iter()
            .map(|kind| (distance(kind.name(), name), kind.name()))
            .min()
            .map(|(_, name)| name)
            .unwrap_or_default();
        let shown: String = name.chars().take(40).collect();
        Self(format!("unknown fault `{shown}`, did you mean `{nearest}`?").into())
    }

    pub(super) fn parameter(part: &str) -> Self {
        let shown: String = part.chars().take(40).collect();
        let parameters = "after=EVENTS, delay=MILLISECONDS, retry-after=VALUE, size=BYTES, \
                          code=CODE, or shape=openai, native, anthropic or text";
        Self(format!("fault parameter `{shown}` is not one of {parameters}").into())
    }

    pub(super) fn rule_parameter(part: &str) -> Self {
        let shown: String = part.chars().take(40).collect();
        let routes = VideoRoute::NAMES.map(|(_, name)| name).join(", ");
        let text = format!(
            "fault parameter `{shown}` is not one of times=N, skip=N, model=ID, path=END, or \
             on=ROUTE with one of {routes}"
        );
        Self(text.into())
    }
}

impl fmt::Display for ParseFaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for ParseFaultError {}

/// The number of edits between a name and what was written for it, at most 40 characters of it.
fn distance(name: &str, written: &str) -> usize {
    let written: Vec<char> = written.chars().take(40).collect();
    let mut row: Vec<usize> = (0..=written.len()).collect();
    for (above, letter) in name.chars().enumerate() {
        let mut corner = above;
        row[0] = above + 1;
        for (at, other) in written.iter().enumerate() {
            let replaced = corner + usize::from(letter != *other);
            corner = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(corner + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
