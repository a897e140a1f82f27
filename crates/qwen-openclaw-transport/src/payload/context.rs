//! What a model takes: from the catalog, or from who knows better.

use std::{collections::HashMap, fmt, sync::Arc};

use qwen_openclaw_catalog::{
    ChatModel, Classification, Edition, Level, Modality, Provider, Switch, Thinking, find,
};
use serde_json::{Map, Value};

use crate::{ModelCapabilities, ThinkingStyle};

/// The traits a client was told, by model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) models: HashMap<String, ModelCapabilities>,
    pub(crate) others: ModelCapabilities,
}

/// What may change a finished body.
#[derive(Clone)]
pub(crate) struct BodyHook(Arc<Change>);

type Change = dyn Fn(&mut Map<String, Value>) + Send + Sync;

impl BodyHook {
    pub(crate) fn new(change: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(change))
    }

    pub(crate) fn apply(&self, body: &mut Map<String, Value>) {
        (self.0)(body);
    }
}

impl fmt::Debug for BodyHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyHook")
    }
}

/// What the bodies of a client have in common, as its owner has said.
#[derive(Clone, Debug, Default)]
pub(crate) struct BodyOptions {
    pub(crate) usage: Option<bool>,
    pub(crate) overrides: Overrides,
    pub(crate) hook: Option<BodyHook>,
}

/// What a body depends on beside the request: whose models and which endpoint it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) class: Classification,
    pub(crate) options: &'a BodyOptions,
}

impl Context<'_> {
    /// Whether the body goes to the service itself, or to what stands in for it on loopback.
    pub(crate) fn is_service(&self) -> bool {
        let stands_in = self.class.is_loopback() && self.provider.is_qwen();
        self.class.plan().is_some() || stands_in
    }
}

/// Everything known of the model of a request.
#[derive(Clone, Debug)]
pub(crate) struct ModelContext<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) model: &'a str,
    pub(crate) row: Option<&'static ChatModel>,
    pub(crate) contract: Thinking,
    traits: &'a ModelCapabilities,
}

impl<'a> ModelContext<'a> {
    /// Looks `model` up; `asked` says whether the request wants a certain level of thinking.
    pub(crate) fn of(context: &Context<'a>, model: &'a str, asked: bool) -> Self {
        let overrides = &context.options.overrides;
        let traits = overrides.models.get(model).unwrap_or(&overrides.others);
        let provider = context.provider;
        let row = find(provider, model, Edition::default());
        let reasoning = traits
            .reasoning
            .or(row.map(ChatModel::reasoning))
            .unwrap_or(*provider == Provider::QWEN_TOKEN_PLAN || asked);
        let contract = match traits.thinking {
            // A style that was set is Qwen's, whoever serves the model.
            ThinkingStyle::Switch | ThinkingStyle::ChatTemplate => {
                let family = if provider.is_qwen() {
                    provider
                } else {
                    &Provider::QWEN
                };
                Thinking::of(family, model, reasoning).self_hosted()
            }
            ThinkingStyle::Contract | ThinkingStyle::Untouched => {
                Thinking::of(provider, model, reasoning)
            }
        };
        Self {
            provider,
            model,
            row,
            contract,
            traits,
        }
    }

    pub(crate) fn style(&self) -> ThinkingStyle {
        self.traits.thinking
    }

    /// Maximum number of tokens of an answer.
    pub(crate) fn max_output(&self, thinks: bool) -> Option<u32> {
        let listed = if thinks {
            self.row.and_then(ChatModel::max_output_thinking)
        } else {
            self.row.and_then(ChatModel::max_output)
        };
        self.traits.max_output.or(listed)
    }

    /// The tokens of a request and its answer together.
    pub(crate) fn context_window(&self) -> Option<u32> {
        let listed = self.row.and_then(ChatModel::context);
        self.traits.context_window.or(listed)
    }

    /// The tokens that a request may have.
    pub(crate) fn max_input(&self) -> Option<u32> {
        let listed = self.row.and_then(ChatModel::max_input);
        let set = self.traits.context_window;
        set.or(listed).or(self.context_window())
    }

    /// Whether the field that limits an answer has its older name.
    pub(crate) fn has_legacy_max_tokens(&self) -> bool {
        self.traits.legacy_max_tokens
    }

    /// Whether token counts are requested; `None` if the endpoint decides.
    pub(crate) fn usage(&self) -> Option<bool> {
        self.traits.usage
    }

    /// Adds the model's own fields, where the request says nothing.
    pub(crate) fn add_fields(&self, body: &mut Map<String, Value>) {
        const LIMITS: [&str; 2] = ["max_completion_tokens", "max_tokens"];
        let has_limit = LIMITS.iter().any(|name| body.contains_key(*name));
        for (name, value) in &self.traits.fields {
            let is_set = body.contains_key(name) || has_limit && LIMITS.contains(&&**name);
            if !is_set && name != "stream" {
                body.insert(name.clone(), value.clone());
            }
        }
    }

    /// Whether the model takes tools.
    pub(crate) fn takes_tools(&self) -> bool {
        !self.traits.no_tools
    }

    /// What is sent for a thinking level; `None` for the level itself.
    pub(crate) fn sent_for(&self, level: Level) -> Option<&Option<String>> {
        self.traits.levels.get(&level)
    }

    /// Removes what the server does not take.
    pub(crate) fn strip(&self, body: &mut Map<String, Value>) {
        body.retain(|name, _| !self.traits.without.iter().any(|without| without == name));
        if !self.traits.no_strict_tools {
            return;
        }
        let tools = body.get_mut("tools").and_then(Value::as_array_mut);
        for tool in tools.into_iter().flatten() {
            if let Some(function) = tool.get_mut("function").and_then(Value::as_object_mut) {
                function.remove("strict");
            }
        }
    }

    /// Whether the role `developer` is known where the body goes.
    pub(crate) fn has_developer_role(&self, context: &Context<'_>) -> bool {
        let has_it = self.traits.developer_role;
        has_it.unwrap_or_else(|| !context.is_service())
    }

    /// Whether the model takes a kind of input; `None` when only the service knows.
    pub(crate) fn accepts(&self, modality: Modality) -> Option<bool> {
        match &self.traits.input {
            Some(input) => Some(input.contains(&modality)),
            None => self.row?.accepts(modality),
        }
    }

    /// Whether the contract's corrections have the last word on a finished body.
    pub(crate) fn is_strict(&self) -> bool {
        self.style() == ThinkingStyle::Contract && self.contract.is_strict()
    }

    /// Whether the model thinks unless it is told not to, although its row does not count it among
    /// those that think.
    pub(crate) fn thinks_unasked(&self) -> bool {
        let absent = self.contract.switch() == Switch::Absent && self.traits.reasoning.is_none();
        absent && self.contract.thinks_unasked()
    }

    /// Whether the model thinks, whatever the request says.
    pub(crate) fn always_thinks(&self) -> bool {
        self.contract.switch() != Switch::Absent && !self.contract.can_stop()
    }

    /// What is sent for a level.
    pub(crate) fn decide(&self, level: Option<Level>) -> qwen_openclaw_catalog::Decision {
        self.contract.decide(level)
    }
}
