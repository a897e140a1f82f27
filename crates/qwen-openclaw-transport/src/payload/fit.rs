//! Whether a model can serve a request, as far as that is known before anything is sent.

use crate::{
    ChatRequest, Error, ErrorKind,
    payload::{
        check,
        context::{Context, ModelContext},
        json_mode, window,
    },
};

/// Checks a request for `model`, without writing its body.
pub(crate) fn fits(request: &ChatRequest, model: &str, context: &Context<'_>) -> Result<(), Error> {
    let known = ModelContext::of(context, model, request.level.is_some());
    check::request(request, &known, context)?;
    json_mode::check(request, &known)?;
    let input = window::input_of(request);
    match known.max_input().filter(|most| input > u64::from(*most)) {
        Some(most) => Err(Error::new(
            ErrorKind::InvalidRequest,
            format!("about {input} tokens do not fit into the {most} that {model} can read"),
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use qwen_openclaw_catalog::{Provider, classify};

    use super::*;
    use crate::{Level, payload::context::BodyOptions};

    fn reason(request: &ChatRequest, model: &str) -> Option<String> {
        let options = BodyOptions::default();
        let context = Context {
            provider: &Provider::QWEN,
            class: classify("https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
            options: &options,
        };
        let error = fits(request, model, &context).err()?;
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        Some(error.to_string())
    }

    #[test]
    fn a_model_must_take_what_is_shown_to_it() {
        let image = ChatRequest::new("m")
            .user("?")
            .image("https://example.com/cat.png");
        let refused = reason(&image, "qwen3-coder-plus").unwrap();
        assert!(refused.contains("does not accept image input"), "{refused}");
        assert_eq!(reason(&image, "qwen3.6-plus"), None);
    }

    #[test]
    fn a_model_must_give_json_as_it_is_asked_to() {
        let json = ChatRequest::new("m").user("?").json_object();
        assert_eq!(reason(&json, "qwen3.6-plus"), None);
        let thinking = json.think(Level::High);
        let refused = reason(&thinking, "qwen3.6-plus").unwrap();
        assert!(refused.contains("while it thinks"), "{refused}");
    }

    #[test]
    fn a_request_must_fit_into_the_context() {
        let request = |tokens: usize| ChatRequest::new("m").user("four".repeat(tokens));
        assert_eq!(reason(&request(200_000), "qwen3-coder-next"), None);
        let refused = reason(&request(300_000), "qwen3-coder-next").unwrap();
        assert!(refused.starts_with("about 300000 tokens"), "{refused}");
        assert_eq!(reason(&request(300_000), "unknown-model"), None);
    }
}
