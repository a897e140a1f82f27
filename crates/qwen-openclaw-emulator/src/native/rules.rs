//! What DashScope's own chat API refuses beyond what every chat refuses.

use super::request::Wanted;
use crate::{
    chat::{self, ChatRequest},
    models::{Model, NativePath},
    refusal::Refusal,
    route::Exchange,
    video,
};

/// The form in which a reply is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Output {
    /// Whether the text stands alone, without choices.
    pub(super) text_only: bool,
    /// Whether each event has what is new only.
    pub(super) incremental: bool,
    /// Whether the content of a message is an array.
    pub(super) parts: bool,
}

/// What a model says on the path of the other models.
pub(super) fn wrong_path() -> Refusal {
    Refusal::parameter("url error, please check url！")
}

/// Decides about the form of the answer.
pub(super) fn output(
    wanted: &Wanted,
    request: &ChatRequest,
    model: &Model,
    path: NativePath,
) -> Result<Output, Refusal> {
    let thinks = chat::thinks(request, model);
    let parts = path == NativePath::Multimodal;
    let text_only = match wanted.result_format.as_deref() {
        // Has no effect there, whatever it is.
        _ if parts => false,
        None => !model.gives_messages(),
        Some("text") => true,
        Some("message") => false,
        // Inferred, in the words of the message about roles.
        Some(other) => {
            return Err(Refusal::parameter(format!(
                "{other} is not one of ['text', 'message'] - 'parameters.result_format'"
            )));
        }
    };
    if text_only {
        needs_messages(request, thinks)?;
    }
    let by_default = model.streams_increments();
    let incremental = wanted.incremental_output.unwrap_or(by_default);
    if request.stream && !incremental {
        if model.streams_only() {
            return Err(Refusal::algo(
                "The incremental_output parameter of this model cannot be set to False.",
            ));
        }
        if thinks {
            return Err(Refusal::algo(
                r#"The incremental_output parameter must be "true" when enable_thinking is true"#,
            ));
        }
    }
    Ok(Output {
        text_only,
        incremental,
        parts,
    })
}

/// What cannot be said as a text alone.
fn needs_messages(request: &ChatRequest, thinks: bool) -> Result<(), Refusal> {
    if thinks {
        return Err(Refusal::algo(
            r#"The result_format parameter must be "message" when enable_thinking is true"#,
        ));
    }
    // The rule is the parameter page's, the text inferred.
    if !request.tools.is_empty() {
        return Err(Refusal::algo(
            r#"The result_format parameter must be "message" when tools are given"#,
        ));
    }
    // Inferred: there is one place for a text.
    if request.n.is_some_and(|n| n > 1) {
        return Err(Refusal::algo(
            r#"The result_format parameter must be "message" when n is greater than 1"#,
        ));
    }
    Ok(())
}

/// Refuses addresses that are none, and uploads that cannot be read.
pub(super) fn addresses(exchange: &Exchange<'_>, request: &ChatRequest) -> Result<(), Refusal> {
    let addresses = request.addresses();
    if !addresses.iter().all(|address| is_readable(address)) {
        return Err(video::not_valid());
    }
    let books = exchange.state.video.books();
    let mut uploads = addresses
        .iter()
        .filter_map(|url| url.strip_prefix("oss://"));
    uploads.try_for_each(|key| books.upload(key, exchange, &request.model).map(|_| ()))
}

/// Whether an address has a form that the service reads. What data URLs hold is checked with the
/// chat.
fn is_readable(address: &str) -> bool {
    let rest = ["http://", "https://", "oss://"]
        .iter()
        .find_map(|scheme| address.strip_prefix(scheme));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#']))
        || address.starts_with("data:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_scheme_and_a_host() {
        for good in [
            "https://a.example/b.png",
            "http://a",
            "oss://folder/x.png",
            "data:image/png;base64,AA==",
        ] {
            assert!(is_readable(good), "{good}");
        }
        for bad in [
            "",
            "a.png",
            "file:///a.png",
            "/a.png",
            "https://",
            "https:///x",
        ] {
            assert!(!is_readable(bad), "{bad}");
        }
    }
}
