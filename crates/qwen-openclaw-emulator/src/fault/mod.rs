//! Failures on demand.

mod apply;
mod error_body;
mod kind;
mod named;
mod native;
mod new_scheme;
mod rules;
mod shape;
mod sse;

pub(crate) use self::{
    apply::{apply, is_refusal, refuse},
    rules::Faults,
};
pub use self::{
    kind::{FaultKind, ParseFaultError},
    rules::FaultRule,
    shape::ErrorShape,
};

use std::{fmt, str::FromStr, time::Duration};

/// The request header that asks for a fault.
pub const FAULT_HEADER: &str = "x-emulator-fault";

/// A fault with its parameters.
///
/// Its text form is the name of its kind, followed by parameters after semicolons:
///
/// ```
/// use qwen_openclaw_emulator::{Fault, FaultKind};
///
/// let fault: Fault = "limit-requests; retry-after=2".parse()?;
/// assert_eq!(fault.kind(), FaultKind::LimitRequests);
/// let fault: Fault = "stall; after=5".parse()?;
/// assert_eq!(fault, Fault::new(FaultKind::Stall).after(5));
/// # Ok::<(), qwen_openclaw_emulator::ParseFaultError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct Fault {
    kind: FaultKind,
    after: usize,
    delay: Option<Duration>,
    retry_after: Option<String>,
    size: Option<usize>,
    code: Option<String>,
    shape: Option<ErrorShape>,
}

/// How many events go out unharmed before most faults, unless asked otherwise: the first with the
/// role and some with content.
const AFTER: usize = 3;

impl Fault {
    /// Creates a fault with the kind's defaults.
    pub const fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            after: AFTER,
            delay: None,
            retry_after: None,
            size: None,
            code: None,
            shape: None,
        }
    }

    /// Returns the kind.
    #[must_use]
    pub const fn kind(&self) -> FaultKind {
        self.kind
    }

    /// Sets how many events are sent before the fault, or how many results a task has. Default: 3. As
    /// text: `after`.
    pub const fn after(mut self, events: usize) -> Self {
        self.after = events;
        self
    }

    /// Sets the delay of delaying faults. Default: by kind. As text, in milliseconds: `delay`.
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Sets the `Retry-After` header of error responses: seconds, or a date. Default: none, like
    /// the real service. As text: `retry-after`.
    pub fn retry_after(mut self, value: impl Into<String>) -> Self {
        self.retry_after = Some(value.into());
        self
    }

    /// Sets the fault's size in bytes. Default: by kind; half of a file. As text: `size`.
    ///
    /// It is the size of what [`FaultKind::HugeLine`] and [`FaultKind::Dribble`] write, the length
    /// at which a file breaks off, or how much [`FaultKind::WrongLength`] omits.
    pub const fn size(mut self, bytes: usize) -> Self {
        self.size = Some(bytes);
        self
    }

    /// Sets the error code of [`FaultKind::TaskFails`], [`FaultKind::ResultsFail`] and
    /// [`FaultKind::NewScheme`], or the code with which [`FaultKind::SocketCloses`] closes. Default:
    /// `InternalError`, `InternalError.Timeout`, `insufficient_quota`, and 1011. As text: `code`.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Sets the shape of the error body, for faults that answer with an error. Default: that of the
    /// requested endpoint. As text: `shape`, one of `openai`, `native`, `anthropic` and `text`.
    pub const fn shape(mut self, shape: ErrorShape) -> Self {
        self.shape = Some(shape);
        self
    }

    /// The code a task fails with.
    pub(crate) fn task_code(&self) -> &str {
        self.code.as_deref().unwrap_or("InternalError")
    }

    /// The code with which results of a task fail.
    pub(crate) fn result_code(&self) -> &str {
        self.code.as_deref().unwrap_or("InternalError.Timeout")
    }

    /// How many events, or results, go out unharmed.
    pub(crate) const fn events(&self) -> usize {
        self.after
    }

    pub(crate) fn size_or(&self, bytes: usize) -> usize {
        self.size.unwrap_or(bytes)
    }

    /// The code a WebSocket is closed with.
    pub(crate) fn close_code(&self) -> u16 {
        let code = self.code.as_deref().and_then(|code| code.parse().ok());
        code.filter(|code| (1000..=4999).contains(code))
            .unwrap_or(1011)
    }

    pub(crate) fn delay_or(&self, milliseconds: u64) -> Duration {
        self.delay.unwrap_or(Duration::from_millis(milliseconds))
    }
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Self::new(kind)
    }
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(';').map(str::trim);
        let kind: FaultKind = parts.next().unwrap_or_default().parse()?;
        let mut fault = Self::new(kind);
        for part in parts.filter(|part| !part.is_empty()) {
            let wrong = || ParseFaultError::parameter(part);
            let (name, value) = part.split_once('=').ok_or_else(wrong)?;
            let number = || value.trim().parse::<u32>().map_err(|_| wrong());
            match name.trim() {
                "after" => fault.after = number()? as usize,
                "delay" => fault.delay = Some(Duration::from_millis(number()?.into())),
                "retry-after" => fault.retry_after = Some(value.trim().to_owned()),
                "code" => fault.code = Some(value.trim().to_owned()),
                "shape" => fault.shape = Some(ErrorShape::named(value.trim()).ok_or_else(wrong)?),
                "size" => fault.size = Some(number()? as usize),
                _ => return Err(wrong()),
            }
        }
        Ok(fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if self.after != AFTER {
            write!(f, ";after={}", self.after)?;
        }
        if let Some(delay) = self.delay {
            write!(f, ";delay={}", delay.as_millis())?;
        }
        if let Some(value) = &self.retry_after {
            write!(f, ";retry-after={value}")?;
        }
        if let Some(size) = self.size {
            write!(f, ";size={size}")?;
        }
        if let Some(shape) = self.shape {
            write!(f, ";shape={}", shape.name())?;
        }
        if let Some(code) = &self.code {
            write!(f, ";code={code}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_can_be_written_and_read() {
        for kind in FaultKind::ALL {
            let fault = Fault::new(*kind)
                .after(1)
                .delay(Duration::from_millis(7))
                .retry_after("Wed, 21 Oct 2026 07:28:00 GMT")
                .size(9)
                .shape(ErrorShape::Anthropic)
                .code("DataInspectionFailed");
            assert_eq!(fault.to_string().parse(), Ok(fault));
            assert_eq!(kind.name().parse(), Ok(Fault::new(*kind)));
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let error = |text: &str| text.parse::<Fault>().unwrap_err().to_string();
        assert_eq!(error("stal"), "unknown fault `stal`, did you mean `stall`?");
        for text in [
            "stall;after",
            "stall;after=x",
            "stall;after=-1",
            "stall;when=2",
            "arrearage;shape=round",
        ] {
            assert!(error(text).starts_with("fault parameter `"), "{text}");
        }
    }
}
