//! Errors in the shapes in which the service sends them.

use std::borrow::Cow;

use serde_json::json;

use crate::{
    endpoint::{Endpoint, Plan, Protocol},
    id::Id,
    unoffered,
};

/// An answer that is an error.
///
/// Codes and texts: help.aliyun.com, Model Studio, "error-code".
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// The code in the OpenAI-compatible shape.
    pub(crate) code: Cow<'static, str>,
    /// The code in DashScope's own shape.
    pub(crate) native_code: Cow<'static, str>,
    /// The field `type` of the OpenAI-compatible shape.
    pub(crate) kind: Cow<'static, str>,
    pub(crate) message: Cow<'static, str>,
}

/// The `type` of most errors that are the caller's.
const INVALID_REQUEST: &str = "invalid_request_error";

/// What the service puts before the texts of its inner checks.
const ALGO: &str = "<400> InternalError.Algo.InvalidParameter: ";

impl Refusal {
    pub(crate) const fn new(
        status: u16,
        code: &'static str,
        native_code: &'static str,
        kind: &'static str,
        message: &'static str,
    ) -> Self {
        Self {
            status,
            code: Cow::Borrowed(code),
            native_code: Cow::Borrowed(native_code),
            kind: Cow::Borrowed(kind),
            message: Cow::Borrowed(message),
        }
    }

    /// An error whose code is the same in both shapes and also its `type`.
    pub(crate) const fn coded(status: u16, code: &'static str, message: &'static str) -> Self {
        Self::new(status, code, code, code, message)
    }

    /// A parameter the service does not take, found before the model is reached.
    pub(crate) fn parameter(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            message: message.into(),
            ..Self::new(
                400,
                "invalid_parameter_error",
                "InvalidParameter",
                INVALID_REQUEST,
                "",
            )
        }
    }

    /// A parameter the model's own checks do not take.
    pub(crate) fn algo(message: impl AsRef<str>) -> Self {
        Self::parameter(format!("{ALGO}{}", message.as_ref()))
    }

    pub(crate) fn missing_key(endpoint: Endpoint) -> Self {
        Self {
            message: Cow::Borrowed("No API-key provided."),
            ..Self::wrong_key(endpoint)
        }
    }

    /// What a key of another region or plan is told, too: the service does not say which.
    pub(crate) fn wrong_key(endpoint: Endpoint) -> Self {
        let message = match endpoint.protocol {
            Protocol::Native => "Invalid API-key provided.",
            Protocol::OpenAi(Plan::Standard) | Protocol::Rerank => "Incorrect API key provided. ",
            // Inferred from the newer scheme, which has a type of Anthropic's for this text.
            Protocol::Anthropic(Plan::Standard) => "Incorrect API key provided.",
            Protocol::OpenAi(_) | Protocol::Anthropic(_) => "invalid access token or token expired",
        };
        Self::new(
            401,
            "invalid_api_key",
            "InvalidApiKey",
            INVALID_REQUEST,
            message,
        )
    }

    /// An unknown model, as each endpoint words it.
    pub(crate) fn unknown_model(endpoint: Endpoint, model: &str) -> Self {
        if endpoint.plan() != Plan::Standard {
            return Self::parameter(format!("model `{model}` is not supported."));
        }
        Self::no_such_model(model)
    }

    pub(crate) fn no_such_model(model: &str) -> Self {
        Self {
            message: Cow::Owned(format!(
                "The model `{model}` does not exist or you do not have access to it."
            )),
            ..Self::new(404, "model_not_found", "ModelNotFound", INVALID_REQUEST, "")
        }
    }

    /// A path that the emulator does not have, with a code of its own if the service does.
    pub(crate) fn unknown_path(path: &str) -> Self {
        if unoffered::is_of_service(path) {
            return Self::not_offered(path);
        }
        Self::not_found(format!("There is no such path: {path}"))
    }

    /// An object that is not there.
    pub(crate) fn not_found(message: String) -> Self {
        Self {
            message: Cow::Owned(message),
            ..Self::new(404, "not_found", "NotFound", INVALID_REQUEST, "")
        }
    }

    /// Bytes that could not be stored or read back, by an error of the operating system.
    pub(crate) const fn storage() -> Self {
        Self::new(
            500,
            "internal_error",
            "InternalError",
            "internal_error",
            "The file could not be stored or read.",
        )
    }

    /// What the service has and the emulator does not.
    pub(crate) fn not_offered(what: &str) -> Self {
        let code = "not_offered_by_emulator";
        Self {
            message: Cow::Owned(format!("The emulator does not offer this: {what}")),
            ..Self::new(404, code, code, "emulator_refusal", "")
        }
    }

    pub(crate) const fn wrong_method() -> Self {
        Self::new(
            405,
            "method_not_supported",
            "BadRequest.MethodNotSupported",
            INVALID_REQUEST,
            "Request method is not supported.",
        )
    }

    pub(crate) const fn body_too_large() -> Self {
        Self::new(
            400,
            "invalid_request_error",
            "BadRequest.TooLarge",
            INVALID_REQUEST,
            "Payload Too Large",
        )
    }

    pub(crate) const fn unreadable_body() -> Self {
        Self::new(
            400,
            "invalid_request_error",
            "InvalidParameter",
            INVALID_REQUEST,
            "Required body invalid, please check the request body format.",
        )
    }

    /// The same with another name for a parameter, that of a protocol which is not the chat's. That the
    /// service does so is inferred.
    pub(crate) fn reworded(self, of_chat: &str, name: &str) -> Self {
        Self {
            message: Cow::Owned(self.message.replace(of_chat, name)),
            ..self
        }
    }

    /// The body in the shape of `protocol`.
    pub(crate) fn body(&self, protocol: Protocol, id: Id) -> String {
        match protocol {
            Protocol::Native => self.native_body(id),
            Protocol::OpenAi(_) | Protocol::Rerank => self.open_ai_body(id),
            Protocol::Anthropic(_) => self.anthropic_body(id),
        }
    }

    pub(crate) fn anthropic_body(&self, id: Id) -> String {
        format!(
            r#"{{"type":"error","error":{{"type":{},"message":{}}},"request_id":"{id}"}}"#,
            json!(self.anthropic_type()),
            json!(self.message),
        )
    }

    /// The `type` that the SDK's registry, and Anthropic, give an error.
    fn anthropic_type(&self) -> &'static str {
        match self.status {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 if self.code == "insufficient_quota" => "billing_error",
            429 => "rate_limit_error",
            503 => "overloaded_error",
            504 => "timeout_error",
            400..=499 => "invalid_request_error",
            _ => "api_error",
        }
    }

    pub(crate) fn native_body(&self, id: Id) -> String {
        format!(
            r#"{{"code":{},"message":{},"request_id":"{id}"}}"#,
            json!(self.native_code),
            json!(self.message),
        )
    }

    pub(crate) fn open_ai_body(&self, id: Id) -> String {
        let (code, kind, message) = (json!(self.code), json!(self.kind), json!(self.message));
        // The checks of a model's parameters come from another layer of the service than the gate
        // before it. Its errors have the fields in another order and the completion's id.
        if self.code == "invalid_parameter_error" {
            let completion = id.completion();
            return format!(
                r#"{{"error":{{"code":{code},"param":null,"message":{message},"type":{kind}}},"id":"{completion}","request_id":"{id}"}}"#
            );
        }
        // Those of the embedding models have the id twice (jjyaoao/HelloAgents#27).
        let twice = if self.code == "InvalidParameter" {
            format!(r#""id":"{id}","#)
        } else {
            String::new()
        };
        format!(
            r#"{{"error":{{"message":{message},"type":{kind},"param":null,"code":{code}}},{twice}"request_id":"{id}"}}"#
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{endpoint::Region, id::Ids};

    #[test]
    fn have_the_shapes_of_the_service() {
        let id = Ids::new(0).next();
        let standard = Endpoint::open_ai(Plan::Standard, Region::Global);
        assert_eq!(
            Refusal::wrong_key(standard).open_ai_body(id),
            format!(
                r#"{{"error":{{"message":"Incorrect API key provided. ","type":"invalid_request_error","param":null,"code":"invalid_api_key"}},"request_id":"{id}"}}"#
            )
        );
        assert_eq!(
            Refusal::algo("Range of input length should be [1, 30720]").open_ai_body(id),
            format!(
                r#"{{"error":{{"code":"invalid_parameter_error","param":null,"message":"<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]","type":"invalid_request_error"}},"id":"chatcmpl-{id}","request_id":"{id}"}}"#
            )
        );
        assert_eq!(
            Refusal::missing_key(Endpoint::native(Region::China)).native_body(id),
            format!(
                r#"{{"code":"InvalidApiKey","message":"No API-key provided.","request_id":"{id}"}}"#
            )
        );
    }

    #[test]
    fn plans_word_an_unknown_model_differently() {
        let standard = Endpoint::open_ai(Plan::Standard, Region::Global);
        let coding = Endpoint::open_ai(Plan::Coding, Region::Global);
        let refusal = Refusal::unknown_model(standard, "x");
        assert_eq!((refusal.status, &*refusal.code), (404, "model_not_found"));
        let refusal = Refusal::unknown_model(coding, "x");
        assert_eq!(refusal.status, 400);
        assert_eq!(refusal.message, "model `x` is not supported.");
    }
}
