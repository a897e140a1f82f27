//! How a reply ends.

use super::{Assembly, Step};
use crate::{Error, ErrorKind, reply::decode::tools};

impl Assembly {
    pub(super) fn on_error(&mut self, data: &[u8]) {
        let server = qwen_openclaw_http::ServerError::parse(data).unwrap_or_default();
        self.fail(Error::from_stream(server));
    }

    pub(in crate::reply::decode) fn on_end(&mut self, cause: Option<Error>) {
        if self.is_over() {
            return;
        }
        self.release_all();
        if self.reply.finish_reason.is_some() {
            return self.complete();
        }
        self.fail(cause.unwrap_or_else(|| self.truncated()));
    }

    fn truncated(&self) -> Error {
        let message = if self.reply.has_no_content() {
            "the stream ended before the reply began"
        } else {
            "the stream ended before the reply was complete"
        };
        Error::new(ErrorKind::Truncated, message)
    }

    /// The server has said everything. Only now is it known how the reply ended: reasons may be
    /// corrected and fragments may follow until here.
    pub(super) fn complete(&mut self) {
        self.release_all();
        if self.is_over() {
            return;
        }
        let reason = self.reply.finish_reason.as_ref();
        if reason.is_none() && self.reply.has_no_content() {
            // An end of something that never began.
            return self.fail(self.truncated());
        }
        if let Some(reason) = reason.filter(|reason| reason.is_failure()) {
            let message = format!("the server gave up the reply with the reason `{reason}`");
            return self.fail(Error::new(ErrorKind::Server, message));
        }
        // What a limit or the inspection cut is no call, and no mistake of the model either.
        let cut = reason.is_some_and(crate::FinishReason::is_cut);
        let id = self.reply.id.as_deref();
        for (index, call) in self.reply.tool_calls.iter_mut().enumerate() {
            call.make_up_id(id, index);
            if !cut && !call.is_of_other_form() && call.arguments.trim_ascii().is_empty() {
                // A call that needs no arguments.
                let start = call.arguments.len();
                call.arguments.push_str("{}");
                let end = call.arguments.len();
                if self.tools.is_announced(index) {
                    self.steps.push_back(Step::ToolDelta { index, start, end });
                }
            }
            let fits = !call.name.is_empty() && tools::is_object(&call.arguments);
            call.complete = !cut && (fits || call.is_of_other_form());
        }
        let calls = self.reply.tool_calls.iter().enumerate();
        let complete = calls.filter(|(_, call)| call.complete);
        self.steps
            .extend(complete.map(|(index, _)| Step::ToolDone { index }));
        if !cut && let Some(call) = self.reply.tool_calls.iter().find(|call| !call.complete) {
            let message = match call.name.is_empty() {
                true => "the model called a tool without naming it".to_owned(),
                false => format!(
                    "the model called the tool `{}` with arguments that are not a JSON object",
                    call.name.escape_debug()
                ),
            };
            return self.fail(Error::new(ErrorKind::ToolArguments, message));
        }
        if self.reply.finish_reason.is_some() {
            self.steps.push_back(Step::Finish);
        }
        self.complete = true;
    }
}
