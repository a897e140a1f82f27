//! Which fields of an OpenAI-style request an endpoint supports.

use serde::Serialize;

use crate::{
    classify::{Classification, classify},
    provider::Provider,
};

/// The request flags for a provider on a base URL, under the names OpenClaw gives them.
///
/// Recorded from OpenClaw 2026.9. Flags that only concern other vendors are omitted.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Compat {
    /// `store` may be sent.
    pub supports_store: bool,
    /// Messages may have the role `developer`.
    pub supports_developer_role: bool,
    /// `reasoning_effort` may be sent to any thinking model. The families that accept it on Qwen's
    /// endpoints say so in their [`Thinking`](crate::Thinking) contract.
    pub supports_reasoning_effort: bool,
    /// `stream_options.include_usage` is sent by default.
    pub supports_usage_in_streaming: bool,
    /// The name of the field that limits the output tokens.
    pub max_tokens_field: &'static str,
    /// Tool results must include the name of the tool.
    pub requires_tool_result_name: bool,
    /// A tool result must be followed by an assistant message.
    pub requires_assistant_after_tool_result: bool,
    /// Earlier reasoning must be sent as text.
    pub requires_thinking_as_text: bool,
    /// Assistant messages must include `reasoning_content`.
    pub requires_reasoning_content_on_assistant_messages: bool,
    /// The style of thinking parameters before the provider's own contract is applied.
    pub thinking_format: &'static str,
    /// Tool definitions may include `strict`.
    pub supports_strict_mode: bool,
    /// `response_format` may be `json_schema` for any model; see
    /// [`StructuredOutput`](crate::StructuredOutput) for the models that support it.
    pub supports_json_schema_response_format: bool,
    /// The style of cache markers; `None` sends none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control_format: Option<&'static str>,
    /// `prompt_cache_key` may be sent.
    pub supports_prompt_cache_key: bool,
    /// Longer cache retention may be requested.
    pub supports_long_cache_retention: bool,
    /// A conversation must contain a non-empty user or assistant message.
    pub requires_non_empty_user_or_assistant_message: bool,
}

/// Returns the request flags for a provider id on a base URL.
///
/// A blank URL stands for the default of the provider's SDK. The flags depend on the host, not the
/// id: all ids behave the same on a native base URL. The legacy id `modelstudio` keeps Qwen's rules
/// on other hosts too, as recorded.
///
/// ```
/// use qwen_openclaw_catalog::compat;
///
/// let native = compat("my-provider", "https://coding.dashscope.aliyuncs.com/v1");
/// assert!(native.supports_usage_in_streaming);
/// let proxy = compat("my-provider", "https://proxy.example.com/v1");
/// assert!(!proxy.supports_usage_in_streaming);
/// ```
#[must_use]
pub fn compat(provider_id: &str, base_url: &str) -> Compat {
    let provider_id = provider_id.trim().to_ascii_lowercase();
    let provider = Provider::by_name(&provider_id);
    let class = classify(base_url);
    let default = base_url.trim().is_empty();
    let legacy = provider_id == "modelstudio";
    let qwen_rules = is_service(class)
        || legacy
        || (default && provider.as_ref().is_some_and(Provider::is_qwen));
    let usage = class.is_native() || default;
    Compat {
        supports_store: default,
        supports_developer_role: default && !legacy,
        supports_reasoning_effort: default,
        supports_usage_in_streaming: usage,
        max_tokens_field: "max_completion_tokens",
        requires_tool_result_name: false,
        requires_assistant_after_tool_result: false,
        requires_thinking_as_text: false,
        requires_reasoning_content_on_assistant_messages: false,
        thinking_format: "openai",
        supports_strict_mode: default,
        supports_json_schema_response_format: false,
        cache_control_format: (qwen_rules && usage).then_some("anthropic"),
        supports_prompt_cache_key: default && provider == Some(Provider::OPENAI),
        supports_long_cache_retention: !qwen_rules,
        requires_non_empty_user_or_assistant_message: qwen_rules,
    }
}

/// Returns whether a base URL is the service itself rather than a loopback stand-in.
fn is_service(class: Classification) -> bool {
    class.is_native() && !class.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;

    #[test]
    fn the_host_decides_rather_than_the_id() {
        for endpoint in Endpoint::all() {
            let flags = |id| compat(id, endpoint.base_url());
            assert_eq!(flags("qwen"), flags("custom"), "{endpoint}");
            let native = *endpoint != Endpoint::Portal;
            assert_eq!(
                flags("qwen").supports_usage_in_streaming,
                native,
                "{endpoint}"
            );
        }
    }

    #[test]
    fn loopback_gets_usage_but_no_cache_markers() {
        let flags = compat("qwen", "http://127.0.0.1:1234/v1");
        assert!(flags.supports_usage_in_streaming);
        assert_eq!(flags.cache_control_format, None);
        assert!(!flags.supports_store);
    }

    #[test]
    fn without_a_url_the_provider_decides() {
        assert!(compat("openai", "").supports_prompt_cache_key);
        assert!(!compat("qwen", " ").supports_prompt_cache_key);
        assert_eq!(
            compat("qwencloud", "").cache_control_format,
            Some("anthropic")
        );
    }

    #[test]
    fn json_uses_openclaw_names() {
        let flags = compat("qwen", "https://proxy.example.com/v1");
        let json = serde_json::to_value(flags).unwrap();
        assert_eq!(json["supportsUsageInStreaming"], false);
        assert_eq!(json["maxTokensField"], "max_completion_tokens");
        assert!(json.get("cacheControlFormat").is_none());
    }
}
