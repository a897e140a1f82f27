//! Tools together with what they do.

use std::{
    any::Any,
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Tool, ToolCall};

/// Tools together with what they do, for [`Client::run_tools`](crate::Client::run_tools). Cheap to
/// clone.
#[derive(Clone, Default)]
#[must_use]
pub struct Tools {
    all: Vec<(Tool, Handler)>,
}

type Handler = Arc<dyn Fn(&ToolCall) -> Run + Send + Sync>;

/// A call being run; it ends in what the model is told.
pub(super) type Run = Pin<Box<dyn Future<Output = String> + Send>>;

impl Tools {
    /// Starts without any.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tool. Its arguments are read as an `A`; what the handler returns is told to the model:
    /// see [`ToolOutput`].
    pub fn tool<A, F>(
        mut self,
        tool: Tool,
        handler: impl Fn(A) -> F + Send + Sync + 'static,
    ) -> Self
    where
        A: DeserializeOwned,
        F: Future<Output: ToolOutput> + Send + 'static,
    {
        let handler = move |call: &ToolCall| -> Run {
            let arguments = match call.arguments() {
                "" => "{}",
                some => some,
            };
            match serde_json::from_str(arguments) {
                Ok(arguments) => Box::pin(told(handler(arguments))),
                Err(reason) => {
                    let text = error(format_args!("the arguments do not fit: {reason}"));
                    Box::pin(std::future::ready(text))
                }
            }
        };
        self.all.push((tool, Arc::new(handler)));
        self
    }

    /// Adds a tool whose arguments are an `A`; see [`tool`](Self::tool).
    #[cfg(feature = "schemars")]
    pub fn function<A, F>(
        self,
        name: impl Into<String>,
        description: impl Into<String>,
        handler: impl Fn(A) -> F + Send + Sync + 'static,
    ) -> Self
    where
        A: DeserializeOwned + schemars::JsonSchema,
        F: Future<Output: ToolOutput> + Send + 'static,
    {
        self.tool(Tool::of::<A>(name, description), handler)
    }

    /// Returns the tools, as they are offered to a model.
    pub fn offered(&self) -> impl Iterator<Item = &Tool> {
        self.all.iter().map(|(tool, _)| tool)
    }

    /// Starts to run a call. Whatever goes wrong becomes a text.
    pub(super) fn run(&self, call: &ToolCall) -> Run {
        let named = |(tool, _): &&(Tool, Handler)| tool.name() == Some(call.name());
        let Some((_, handler)) = self.all.iter().find(named) else {
            let text = error(format_args!("there is no tool `{}`", call.name()));
            return Box::pin(std::future::ready(text));
        };
        // A handler may panic before it gives a future, and the future may.
        match catch_unwind(AssertUnwindSafe(|| handler(call))) {
            Ok(run) => Box::pin(Caught(run)),
            Err(panic) => Box::pin(std::future::ready(panicked(&*panic))),
        }
    }
}

impl fmt::Debug for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.offered().filter_map(Tool::name))
            .finish()
    }
}

/// What the model is told of an error.
pub(super) fn error(reason: impl fmt::Display) -> String {
    format!("error: {reason}")
}

/// What the model is told of an outcome.
async fn told(outcome: impl Future<Output: ToolOutput> + Send) -> String {
    outcome.await.into_text()
}

/// What a tool may return: a text is told to the model as it is, anything else as JSON, and an
/// error as `error: ...`, with which the model may try again.
///
/// Plain texts, numbers, booleans, [`Value`]s and lists can be returned as they are, values of any
/// other type as `Ok` of a `Result` or wrapped in [`Json`].
pub trait ToolOutput {
    /// Returns the text for the model.
    fn into_text(self) -> String;
}

/// A value that is told to the model as JSON, from a tool that does not fail.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Json<T>(pub T);

impl<R: Serialize, E: fmt::Display> ToolOutput for Result<R, E> {
    fn into_text(self) -> String {
        match self {
            Ok(result) => text_of(&result),
            Err(reason) => error(reason),
        }
    }
}

impl<T: Serialize> ToolOutput for Json<T> {
    fn into_text(self) -> String {
        text_of(&self.0)
    }
}

impl<T: Serialize> ToolOutput for Vec<T> {
    fn into_text(self) -> String {
        text_of(&self)
    }
}

macro_rules! plain_outputs {
    ($($type:ty),*) => {
        $(impl ToolOutput for $type {
            fn into_text(self) -> String {
                text_of(&self)
            }
        })*
    };
}

plain_outputs!(
    String,
    &str,
    std::borrow::Cow<'_, str>,
    Value,
    bool,
    i32,
    i64,
    u32,
    u64,
    usize,
    f64,
    ()
);

fn text_of(result: &impl Serialize) -> String {
    match serde_json::to_value(result) {
        Ok(Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(reason) => error(format_args!("the result is not JSON: {reason}")),
    }
}

/// A run whose panic is a result like any other. It is not polled again after one.
struct Caught(Run);

impl Future for Caught {
    type Output = String;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<String> {
        let run = AssertUnwindSafe(|| self.0.as_mut().poll(cx));
        match catch_unwind(run) {
            Ok(poll) => poll,
            Err(panic) => Poll::Ready(panicked(&*panic)),
        }
    }
}

fn panicked(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    match text {
        Some(text) => error(format_args!("the tool failed: {text}")),
        None => error("the tool failed"),
    }
}
