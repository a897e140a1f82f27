//! The error of this crate: what kept a job from a result, and what is left to do about it.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use qwen_openclaw_http::{Error as HttpError, ErrorKind as HttpErrorKind, ServerError};

use crate::task::JobId;

type BoxError = Box<dyn StdError + Send + Sync>;

/// A job that has not come to a result, or has not begun. Cheap to clone.
///
/// What was sent is never lost with it: [`job_id`](Self::job_id) finds the job in the ledger.
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: Box<str>,
    hint: Option<Box<str>>,
    status: Option<u16>,
    server: Option<ServerError>,
    code: Option<Box<str>>,
    retry_after: Option<Duration>,
    job: Option<JobId>,
    task: Option<Box<str>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client could not be set up. A retry does not help.
    Setup,
    /// There is no usable key, or the server did not accept it. Video takes the key of a Standard
    /// plan of the region.
    Auth,
    /// Refused on this side, before anything was sent.
    Refused,
    /// The server understood the request and refused it.
    Rejected,
    /// The content was refused by the service's inspection.
    Content,
    /// The model or the task does not exist here.
    NotFound,
    /// Too many requests just now; recovers within about a minute. A retry helps.
    RateLimit,
    /// What was free or bought is used up. A retry does not help.
    Quota,
    /// The account owes money or has not bought the product. A retry does not help.
    Billing,
    /// No connection was made, or it broke. A retry may help.
    Network,
    /// The server failed. A retry may help.
    Server,
    /// The answer, or the result, is not what the protocol says. A retry does not help.
    Protocol,
    /// A result or a file is larger than the limit set for it.
    TooLarge,
    /// It is unclear whether the service took the job. Somebody has to decide: adopt the task that
    /// was made, or send the job again.
    Ambiguous,
    /// The service has failed to make it: [`Error::code`] says why. Nothing is billed.
    Failed,
    /// The task was cancelled.
    Canceled,
    /// The service does not know the task any more, or its result: both are kept for 24 hours.
    Expired,
    /// The task was not done in time. It goes on, and so may the waiting.
    Deadline,
    /// Another process, or another part of this one, is at work on the job.
    Busy,
    /// The ledger cannot be read or written.
    Ledger,
    /// A file cannot be read or written.
    File,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Arc::new(Inner {
                kind,
                message: message.into().into(),
                hint: None,
                status: None,
                server: None,
                code: None,
                retry_after: None,
                job: None,
                task: None,
                source: None,
            }),
        }
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, message)
    }

    /// A ledger that cannot be read or written, for implementations of
    /// [`JobStore`](crate::task::JobStore).
    #[must_use]
    pub fn ledger(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Ledger, message)
    }

    pub(crate) fn from_http(error: HttpError) -> Self {
        let mut this = Self::new(kind_of(error.kind()), error.to_string());
        this.change(|inner| {
            inner.status = error.status();
            inner.server = error.server().cloned();
            inner.retry_after = error.retry_after();
        });
        match error.source().is_some() {
            true => this.with_source(Cause(error)),
            false => this,
        }
    }

    pub(crate) fn from_auth(error: qwen_openclaw_auth::Error) -> Self {
        Self::of_auth(ErrorKind::Auth, error)
    }

    /// A ledger whose files cannot be used.
    pub(crate) fn from_state(error: qwen_openclaw_auth::Error) -> Self {
        Self::of_auth(ErrorKind::Ledger, error)
    }

    fn of_auth(kind: ErrorKind, error: qwen_openclaw_auth::Error) -> Self {
        let this = Self::new(kind, error.to_string());
        match error.source().is_some() {
            true => this.with_source(Cause(error)),
            false => this,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.change(|inner| inner.source = Some(Arc::from(source.into())));
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.change(|inner| inner.hint = Some(hint.into().into()));
        self
    }

    /// Adds `cause`, and what the server had said in it.
    pub(crate) fn after(mut self, cause: Self) -> Self {
        self.change(|inner| {
            inner.status = cause.inner.status;
            inner.server = cause.inner.server.clone();
        });
        self.with_source(cause)
    }

    pub(crate) fn with_code(mut self, code: Option<&str>) -> Self {
        self.change(|inner| inner.code = code.map(Into::into));
        self
    }

    pub(crate) fn of_job(mut self, job: &JobId, task: Option<&str>) -> Self {
        self.change(|inner| {
            inner.job = Some(job.clone());
            inner.task = task.map(Into::into);
        });
        self
    }

    /// Whether the same question may be answered a little later. Beside what is transient that is
    /// an answer which is not the service's own: the page of a gateway, or half of an answer.
    pub(crate) fn may_pass(&self) -> bool {
        let is_alien = match self.kind() {
            ErrorKind::Protocol | ErrorKind::TooLarge => true,
            _ => self.status().is_some_and(|status| status != 401) && self.code().is_none(),
        };
        self.is_transient() || is_alien
    }

    fn change(&mut self, change: impl FnOnce(&mut Inner)) {
        change(Arc::make_mut(&mut self.inner));
    }

    /// Returns the kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Returns the HTTP status, when the server answered with an error status. A failed task is
    /// told with status 200, so it has none here.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.inner.status
    }

    /// Returns the server's own error code, such as `InvalidParameter`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        let of_task = self.inner.code.as_deref();
        of_task.or_else(|| self.inner.server.as_ref()?.code())
    }

    /// Returns the id under which the vendor finds the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.inner.server.as_ref()?.request_id()
    }

    /// Returns how long the server asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.inner.retry_after
    }

    /// Returns the job this is about, which the ledger has.
    #[must_use]
    pub fn job_id(&self) -> Option<&JobId> {
        self.inner.job.as_ref()
    }

    /// Returns the service's task this is about.
    #[must_use]
    pub fn task_id(&self) -> Option<&str> {
        self.inner.task.as_deref()
    }

    /// Returns what to do about it, when that is known. `Display` ends with it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.inner.hint.as_deref()
    }

    /// Returns true when the same call may succeed if made again a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        use ErrorKind::{Busy, Deadline, Network, RateLimit, Server};
        matches!(self.kind(), Network | RateLimit | Server | Deadline | Busy)
    }
}

fn kind_of(kind: HttpErrorKind) -> ErrorKind {
    match kind {
        HttpErrorKind::Setup => ErrorKind::Setup,
        HttpErrorKind::Address => ErrorKind::Refused,
        HttpErrorKind::Connect | HttpErrorKind::Timeout | HttpErrorKind::Interrupted => {
            ErrorKind::Network
        }
        HttpErrorKind::TooLarge => ErrorKind::TooLarge,
        HttpErrorKind::Auth => ErrorKind::Auth,
        HttpErrorKind::RateLimit => ErrorKind::RateLimit,
        HttpErrorKind::Quota => ErrorKind::Quota,
        HttpErrorKind::Billing => ErrorKind::Billing,
        HttpErrorKind::NotFound => ErrorKind::NotFound,
        HttpErrorKind::Content => ErrorKind::Content,
        HttpErrorKind::Rejected => ErrorKind::Rejected,
        HttpErrorKind::Server => ErrorKind::Server,
        // Protocol, Redirect, and what a later version adds.
        _ => ErrorKind::Protocol,
    }
}

/// The cause of an error whose own sentence has become the message.
struct Cause<E>(E);

impl<E: StdError> fmt::Debug for Cause<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<E: StdError> fmt::Display for Cause<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source() {
            Some(source) => fmt::Display::fmt(source, f),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl<E: StdError> StdError for Cause<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()?.source()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)?;
        match self.hint() {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.inner;
        let mut debug = f.debug_struct("Error");
        debug
            .field("kind", &inner.kind)
            .field("message", &self.to_string());
        if let Some(status) = inner.status {
            debug.field("status", &status);
        }
        if let Some(code) = self.code() {
            debug.field("code", &code);
        }
        if let Some(job) = &inner.job {
            debug.field("job", &job.as_str());
        }
        if let Some(task) = &inner.task {
            debug.field("task", task);
        }
        if let Some(source) = &inner.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
