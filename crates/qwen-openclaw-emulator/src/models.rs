//! Which models each endpoint has, and what they can do.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::{answer::Answer, endpoint::Plan, refusal::Refusal, route::Exchange};

/// Whether a model thinks before it answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Thinking {
    Never,
    /// When asked to.
    Optional,
    /// Unless asked not to.
    Default,
    /// Unless asked not to, and in streams only: the open-weight hybrids (coze-dev/coze-studio#324).
    Streaming,
    Always,
}

/// A kind of input beside text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Media {
    Image,
    Video,
    Audio,
}

/// The path of DashScope's own API on which a model chats.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NativePath {
    /// `text-generation`.
    Text,
    /// `multimodal-generation`.
    Multimodal,
}

/// A model of the service.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) id: Cow<'static, str>,
    plans: &'static [Plan],
    pub(crate) thinking: Thinking,
    pub(crate) media: &'static [Media],
    /// The maximum number of input tokens.
    pub(crate) max_input: u32,
    /// The maximum number of output tokens of an answer without reasoning.
    max_output: u32,
}

const STANDARD: &[Plan] = &[Plan::Standard];
const PLANS: &[Plan] = &[Plan::Standard, Plan::Coding, Plan::Token];
const CODING: &[Plan] = &[Plan::Standard, Plan::Coding];
const TOKEN: &[Plan] = &[Plan::Standard, Plan::Token];
const EVERYWHERE: &[Plan] = &Plan::ALL;
const PORTAL: &[Plan] = &[Plan::Portal];

const TEXT: &[Media] = &[];
const IMAGE: &[Media] = &[Media::Image];
const VISION: &[Media] = &[Media::Image, Media::Video];
const OMNI: &[Media] = &[Media::Image, Media::Video, Media::Audio];

const fn model(
    id: &'static str,
    plans: &'static [Plan],
    thinking: Thinking,
    media: &'static [Media],
    max_input: u32,
    max_output: u32,
) -> Model {
    Model {
        id: Cow::Borrowed(id),
        plans,
        thinking,
        media,
        max_input,
        max_output,
    }
}

/// The models, from the service's model list of May 2026 and, for what is newer or is offered by a
/// plan, the catalogs of OpenClaw's Qwen provider; Qwen4 from its pages of 2026-11-16. The documented
/// catalog of the Coding Plan has no `qwen3.6-plus`, and its endpoint refuses it here.
#[rustfmt::skip] // a table reads better with one model a line
static MODELS: &[Model] = &[
    model("qwen3.5-plus", &[Plan::Standard, Plan::Coding, Plan::Portal], Thinking::Default, IMAGE, 991_808, 65_536),
    model("qwen3.6-plus", TOKEN, Thinking::Default, VISION, 991_808, 65_536),
    model("qwen3.6-flash", STANDARD, Thinking::Default, VISION, 991_808, 65_536),
    model("qwen3.7-max", STANDARD, Thinking::Default, TEXT, 991_808, 65_536),
    model("qwen3.7-plus", PLANS, Thinking::Default, VISION, 991_808, 65_536),
    model("qwen3.8-max", TOKEN, Thinking::Default, VISION, 991_808, 131_072),
    model("qwen3.8-flash", TOKEN, Thinking::Default, VISION, 991_808, 131_072),
    model("qwen4-max", STANDARD, Thinking::Default, VISION, 991_808, 131_072),
    model("qwen3-max-2026-01-23", CODING, Thinking::Optional, TEXT, 258_048, 65_536),
    model("qwen3-coder-next", PLANS, Thinking::Optional, TEXT, 204_800, 65_536),
    model("qwen3-coder-plus", CODING, Thinking::Never, TEXT, 997_952, 65_536),
    model("MiniMax-M2.5", PLANS, Thinking::Always, TEXT, 1_000_000, 65_536),
    model("glm-5", PLANS, Thinking::Default, TEXT, 202_752, 16_384),
    model("glm-4.7", CODING, Thinking::Default, TEXT, 202_752, 16_384),
    model("kimi-k2.5", PLANS, Thinking::Default, IMAGE, 229_376, 32_768),
    model("qwen3.5-flash", STANDARD, Thinking::Default, IMAGE, 991_808, 65_536),
    model("qwen3-max", STANDARD, Thinking::Never, TEXT, 258_048, 65_536),
    model("qwen-max", STANDARD, Thinking::Never, TEXT, 30_720, 8_192),
    model("qwen-plus", STANDARD, Thinking::Optional, TEXT, 997_952, 32_768),
    model("qwen-flash", STANDARD, Thinking::Optional, TEXT, 997_952, 32_768),
    model("qwen-turbo", STANDARD, Thinking::Optional, TEXT, 98_304, 16_384),
    model("qwen3-coder-flash", STANDARD, Thinking::Never, TEXT, 997_952, 65_536),
    model("qwen3-32b", STANDARD, Thinking::Streaming, TEXT, 129_024, 16_384),
    model("qwq-plus", STANDARD, Thinking::Always, TEXT, 98_304, 8_192),
    model("qwen-vl-max-latest", STANDARD, Thinking::Never, VISION, 129_024, 32_768),
    model("qwen3-vl-plus", STANDARD, Thinking::Optional, VISION, 260_096, 32_768),
    model("qwen3-vl-flash", STANDARD, Thinking::Optional, VISION, 260_096, 32_768),
    model("qwen3-omni-flash", STANDARD, Thinking::Optional, OMNI, 49_152, 16_384),
    model("glm-5.1", TOKEN, Thinking::Default, TEXT, 202_745, 131_072),
    model("glm-5.2", TOKEN, Thinking::Default, TEXT, 202_745, 131_072),
    model("kimi-k2.6", TOKEN, Thinking::Default, IMAGE, 229_376, 16_384),
    model("kimi-k2.7-code", TOKEN, Thinking::Always, IMAGE, 229_376, 98_304),
    model("deepseek-v3.2", TOKEN, Thinking::Optional, TEXT, 98_304, 65_536),
    model("deepseek-v4-pro", TOKEN, Thinking::Default, TEXT, 1_000_000, 393_216),
    model("deepseek-v4-flash", TOKEN, Thinking::Default, TEXT, 1_000_000, 393_216),
    model("coder-model", PORTAL, Thinking::Never, TEXT, 128_000, 8_192),
    model("vision-model", PORTAL, Thinking::Never, IMAGE, 128_000, 8_192),
];

impl Model {
    fn is_of(&self, families: &[&str]) -> bool {
        families.iter().any(|family| self.id.starts_with(family))
    }

    /// Whether the rules of Qwen4 apply: `reasoning_effort: "none"`, encrypted reasoning, and
    /// `prompt_cache_breakpoint`.
    pub(crate) fn is_qwen4(&self) -> bool {
        self.is_of(&["qwen4-"])
    }

    /// The maximum number of input tokens in batches.
    pub(crate) fn max_batch_input(&self) -> u32 {
        if self.is_of(&["qwen3.5-", "qwen3.6-", "qwen3.7-"]) {
            self.max_input.min(256 << 10)
        } else {
            self.max_input
        }
    }

    /// The maximum number of output tokens, reasoning included.
    pub(crate) fn max_output(&self, thinks: bool) -> u32 {
        if thinks && self.is_qwen4() {
            262_144
        } else {
            self.max_output
        }
    }

    /// The thinking budget of a request that sets none, where it limits `max_completion_tokens`.
    ///
    /// Seen on `qwen3.8-max` (liliMozi/openhanako#2402), inferred for its family.
    pub(crate) fn default_budget(&self) -> Option<i64> {
        self.is_of(&["qwen3.8-"]).then_some(32_768)
    }

    /// Whether `reasoning_effort` and `thinking_budget` exclude each other.
    ///
    /// Seen on `qwen3.8-max` (anomalyco/opencode#41531), inferred for its family.
    pub(crate) fn budget_excludes_effort(&self) -> bool {
        self.is_of(&["qwen3.8-"])
    }

    /// Whether it answers in JSON while it thinks (QwenLM/Qwen#2329, and `@ai-sdk/alibaba` 2.0 for
    /// Qwen3.7).
    pub(crate) fn json_while_thinking(&self) -> bool {
        self.is_of(&["qwen3.7-", "qwen3.8-", "qwen4-", "glm-5.2"])
    }

    /// Whether `preserve_thinking` has an effect. Other models ignore it, which is inferred.
    pub(crate) fn preserves_thinking(&self) -> bool {
        self.is_of(&[
            "qwen3.6-",
            "qwen3.7-",
            "qwen3.8-",
            "qwen4-",
            "kimi-k2.6",
            "kimi-k2.7",
        ])
    }

    /// Whether it chats on a path: models that see or hear have one of their own, even for text
    /// alone (agentscope-ai/agentscope#1295). Models that were added are on both.
    pub(crate) fn is_on(&self, path: NativePath) -> bool {
        let multimodal = path == NativePath::Multimodal;
        self.plans == EVERYWHERE || multimodal != self.media.is_empty()
    }

    /// Who made it. The words are inferred.
    fn provider(&self) -> &'static str {
        let makers = ["deepseek", "glm", "kimi", "MiniMax"];
        let maker = makers.into_iter().find(|maker| self.is_of(&[maker]));
        match maker {
            Some("glm") => "zhipu",
            Some("kimi") => "moonshot",
            Some("MiniMax") => "minimax",
            Some(maker) => maker,
            None => "qwen",
        }
    }

    /// Whether its weights are open. That the list says so is known, for which models is inferred.
    fn is_open(&self) -> bool {
        let open = self.thinking == Thinking::Streaming || self.is_of(&["qwen3-coder-next"]);
        open || self.provider() != "qwen"
    }

    /// Whether it thinks unless told not to.
    fn thinks_by_default(&self) -> bool {
        matches!(
            self.thinking,
            Thinking::Default | Thinking::Streaming | Thinking::Always
        )
    }

    /// Whether `result_format` is `message` by default: documented for Qwen3-Max, the open-weight
    /// models, QwQ, and DeepSeek; inferred for others that think by default, which must have it.
    pub(crate) fn gives_messages(&self) -> bool {
        self.thinks_by_default() || self.is_of(&["qwen3-max", "deepseek-"])
    }

    /// Whether `incremental_output` is true by default: documented for Qwen3-Max, Qwen3-VL, the
    /// open-weight models, and QwQ; inferred for others that think by default, which must have it.
    pub(crate) fn streams_increments(&self) -> bool {
        self.thinks_by_default() || self.is_of(&["qwen3-max", "qwen3-vl-"])
    }

    /// Whether `incremental_output` cannot be false, thinking or not.
    pub(crate) fn streams_only(&self) -> bool {
        matches!(self.thinking, Thinking::Streaming | Thinking::Always)
    }

    /// Whether it takes as many video frames as the newer models.
    pub(crate) fn takes_many_frames(&self) -> bool {
        self.is_of(&["qwen3", "qwen4"])
    }
}

/// The models of one emulator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Models {
    added: Vec<Model>,
}

impl Models {
    pub(crate) fn add(&mut self, id: String) {
        self.added.push(Model {
            id: Cow::Owned(id),
            ..model("", EVERYWHERE, Thinking::Optional, TEXT, 1_000_000, 65_536)
        });
    }

    /// The first model there is.
    #[cfg(test)]
    pub(crate) fn any(&self) -> Option<&Model> {
        self.of(Plan::Standard).next()
    }

    /// The models of a plan.
    fn of(&self, plan: Plan) -> impl Iterator<Item = &Model> {
        let all = self.added.iter().chain(MODELS);
        all.filter(move |model| model.plans.contains(&plan))
    }
}

/// Finds a model of the endpoint that is asked.
pub(crate) fn find<'a>(exchange: &Exchange<'a>, id: &str) -> Result<&'a Model, Refusal> {
    exchange
        .state
        .models
        .of(exchange.endpoint.plan())
        .find(|model| model.id == id)
        .ok_or_else(|| Refusal::unknown_model(exchange.endpoint, id))
}

/// A model in the list of the OpenAI-compatible API.
fn row(model: &Model) -> Value {
    json!({"id": model.id, "object": "model", "created": 1_767_225_600, "owned_by": "system"})
}

/// `GET /models/{id}`. The error is inferred from that of a chat.
pub(crate) fn one(exchange: &Exchange<'_>, id: &str) -> Result<Answer, Refusal> {
    let mut models = exchange.state.models.of(exchange.endpoint.plan());
    let model = models
        .find(|model| model.id == id)
        .ok_or_else(|| Refusal::no_such_model(id))?;
    Ok(Answer::json(200, row(model).to_string(), exchange.id))
}

/// `GET /models`.
pub(crate) fn list(exchange: &Exchange<'_>) -> Answer {
    let plan = exchange.endpoint.plan();
    let data: Vec<Value> = exchange.state.models.of(plan).map(row).collect();
    let body = json!({"object": "list", "data": data});
    Answer::json(200, body.to_string(), exchange.id)
}

/// `GET /api/v1/models`, in pages.
pub(crate) fn native_list(exchange: &Exchange<'_>) -> Answer {
    let query = exchange.request.query.as_deref().unwrap_or_default();
    let parameter = |name: &str| {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    };
    let number = |name, default: usize| {
        let given = parameter(name).and_then(|value| value.parse().ok());
        given.filter(|&number| number > 0).unwrap_or(default)
    };
    let (page, size) = (number("page_no", 1), number("page_size", 10).min(100));
    let wanted = parameter("model");
    let all: Vec<&Model> = exchange
        .state
        .models
        .of(Plan::Standard)
        .filter(|model| wanted.is_none_or(|wanted| model.id == wanted))
        .collect();
    let rows: Vec<Value> = all
        .iter()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .map(|model| {
            json!({
                "model": model.id,
                "source": "system",
                "provider": model.provider(),
                "opensource": model.is_open(),
            })
        })
        .collect();
    let body = json!({
        "output": {"models": rows, "page_no": page, "page_size": size, "total": all.len()},
        "request_id": exchange.id.to_string(),
    });
    Answer::json(200, body.to_string(), exchange.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(plan: Plan) -> Vec<String> {
        let models = Models::default();
        models.of(plan).map(|model| model.id.to_string()).collect()
    }

    #[test]
    fn plans_differ() {
        assert!(ids(Plan::Standard).contains(&"qwen3.6-plus".to_owned()));
        assert!(!ids(Plan::Coding).contains(&"qwen3.6-plus".to_owned()));
        assert!(ids(Plan::Token).contains(&"deepseek-v4-pro".to_owned()));
        assert_eq!(
            ids(Plan::Portal),
            ["qwen3.5-plus", "coder-model", "vision-model"]
        );
    }

    #[test]
    fn no_model_stands_twice() {
        let mut seen: Vec<_> = MODELS.iter().map(|model| &model.id).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), MODELS.len());
    }

    #[test]
    fn an_added_model_is_everywhere() {
        let mut models = Models::default();
        models.add("mine".to_owned());
        for plan in Plan::ALL {
            assert_eq!(models.of(plan).next().map(|model| &*model.id), Some("mine"));
        }
    }
}
