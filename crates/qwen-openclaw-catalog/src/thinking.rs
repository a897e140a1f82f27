//! How a model is asked to think: which fields, which efforts, and what it refuses.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    chat::{ModelFamily, Unasked, family},
    error::Error,
    provider::Provider,
};

/// How much a caller wants a model to think.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// Not at all.
    #[serde(alias = "none")]
    Off,
    /// As little as the model can.
    Minimal,
    /// A little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
    /// Very much.
    Xhigh,
    /// As much as the model can.
    Max,
}

impl Level {
    /// Returns every level, from none to the most.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        &[
            Self::Off,
            Self::Minimal,
            Self::Low,
            Self::Medium,
            Self::High,
            Self::Xhigh,
            Self::Max,
        ]
    }

    /// Returns the stable lower-case name; `reasoning_effort` takes the same words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Level {
    type Err = Error;

    /// Reads a level, ignoring case and surrounding blanks; `none` means off.
    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.trim().to_ascii_lowercase();
        if name == "none" {
            return Ok(Self::Off);
        }
        let known = Self::all().iter().find(|level| level.as_str() == name);
        known.copied().ok_or_else(|| Error::unknown_level(text))
    }
}

/// The thinking contract of a model.
///
/// This is the decision only; the transport writes the fields. [`Thinking::decide`] turns a level
/// into the values of `enable_thinking` and `reasoning_effort`; the other accessors say what else
/// has to hold in a request that thinks.
///
/// ```
/// use qwen_openclaw_catalog::{Level, Provider, Thinking};
///
/// let contract = Thinking::of(&Provider::QWEN, "qwen3.8-max", true);
/// let decision = contract.decide(Some(Level::High));
/// assert_eq!(decision.enable, Some(true));
/// assert_eq!(decision.effort, Some(Level::Xhigh));
/// assert!(contract.budget_replaces_effort());
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Thinking {
    switch: Switch,
    family: Family,
    strict: bool,
    unasked: bool,
}

/// Whether thinking can be switched.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Switch {
    /// The model does not think, or nothing is known of it: no field is sent.
    Absent,
    /// `enable_thinking` switches it.
    Optional,
    /// It always thinks: `enable_thinking: false` is refused.
    Always,
}

/// The family of a model, as far as thinking goes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Family {
    /// A switch and nothing more.
    Plain,
    /// Qwen 3.8: efforts low, medium and xhigh; a budget takes the effort's place.
    Qwen38,
    /// DeepSeek V4 on the Token Plan: efforts high and max, earlier reasoning sent back.
    DeepSeek,
    /// Kimi on the Token Plan: no efforts, earlier reasoning sent back.
    Kimi,
    /// GLM on the Token Plan: efforts minimal to xhigh, tool arguments streamed on request.
    Glm,
    /// GLM 5.2 on the Token Plan: as [`Family::Glm`], and max.
    GlmMax,
}

/// What is sent for a level.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Decision {
    /// The value of `enable_thinking`; `None` leaves it out.
    pub enable: Option<bool>,
    /// The value of `reasoning_effort`; `None` leaves it out.
    pub effort: Option<Level>,
}

/// A tool choice, as far as thinking models mind.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ToolChoice {
    /// None given, `auto` or `none`.
    Free,
    /// Some tool must be called: `required`, or `any`.
    AnyTool,
    /// One named tool must be called.
    Named,
}

/// What becomes of a forced tool choice.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ToolChoiceRule {
    /// It is sent as it is.
    Keep,
    /// `auto` is sent in its place.
    SendAuto,
    /// It is sent as it is, and thinking is switched off.
    StopThinking,
}

/// Which assistant messages carry their `reasoning_content` when they are sent again.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Replay {
    /// None has to.
    Never,
    /// Those that call tools.
    ToolCalls,
    /// All of them.
    Every,
}

/// The levels a model offers to people.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ThinkingProfile {
    /// The levels that differ in effect.
    pub levels: &'static [Level],
    /// The level that is taken when none is asked for.
    pub default_level: Level,
    /// Whether the single level just means that thinking is on.
    pub always_on: bool,
}

impl Thinking {
    /// Returns the contract of a model, known or not; `reasoning` is the flag of its row.
    ///
    /// The id is matched trimmed and with case ignored. An id outside the catalog has the contract
    /// of the family whose ids begin alike.
    #[must_use]
    pub fn of(provider: &Provider, model: &str, reasoning: bool) -> Self {
        Self::in_family(provider, family(model), reasoning)
    }

    /// Returns the contract of a member of a family.
    pub(crate) fn in_family(provider: &Provider, model: ModelFamily, reasoning: bool) -> Self {
        let token_plan = *provider == Provider::QWEN_TOKEN_PLAN;
        let qwen = *provider == Provider::QWEN;
        let family = if qwen {
            model.thinking
        } else if token_plan {
            model.token_plan_thinking
        } else {
            Family::Plain
        };
        let always = model.unasked == Unasked::AlwaysThinks;
        let switch = if token_plan && always {
            Switch::Always
        } else if reasoning && (qwen || token_plan) {
            Switch::Optional
        } else {
            Switch::Absent
        };
        Self {
            switch,
            family,
            strict: token_plan || family == Family::Qwen38,
            unasked: provider.is_qwen() && model.unasked == Unasked::Thinks,
        }
    }

    /// Returns whether the model is known to think when a request does not mention it, and to stop
    /// when it is told to.
    #[must_use]
    pub const fn thinks_unasked(self) -> bool {
        self.unasked
    }

    /// Returns whether thinking can be switched.
    #[must_use]
    pub const fn switch(self) -> Switch {
        self.switch
    }

    /// Returns the family.
    #[must_use]
    pub const fn family(self) -> Family {
        self.family
    }

    /// Returns the same contract for a model that serves itself: the switch is obeyed always, as
    /// `chat_template_kwargs` reaches the template directly.
    #[must_use]
    pub const fn self_hosted(self) -> Self {
        match self.switch {
            Switch::Always => Self {
                switch: Switch::Optional,
                ..self
            },
            Switch::Absent | Switch::Optional => self,
        }
    }

    /// Decides what is sent for a level; `None` is the model's own default.
    #[must_use]
    pub const fn decide(self, level: Option<Level>) -> Decision {
        let on = match (self.switch, level) {
            (Switch::Absent, _) => {
                return Decision {
                    enable: None,
                    effort: None,
                };
            }
            (Switch::Optional, Some(Level::Off)) => false,
            (Switch::Optional | Switch::Always, _) => true,
        };
        let effort = if on { self.effort(level) } else { None };
        Decision {
            enable: Some(on),
            effort,
        }
    }

    /// Returns the `reasoning_effort` for a level of a request that thinks.
    #[must_use]
    pub const fn effort(self, level: Option<Level>) -> Option<Level> {
        match self.family {
            Family::Plain | Family::Kimi => None,
            Family::Qwen38 => match level {
                Some(Level::Off) => None,
                Some(Level::Minimal | Level::Low) => Some(Level::Low),
                Some(Level::Medium) => Some(Level::Medium),
                Some(Level::High | Level::Xhigh | Level::Max) | None => Some(Level::Xhigh),
            },
            Family::DeepSeek => match level {
                Some(Level::Off) => None,
                Some(Level::Xhigh | Level::Max) => Some(Level::Max),
                _ => Some(Level::High),
            },
            Family::Glm => match level {
                Some(Level::Off) | None => None,
                Some(Level::Max) => Some(Level::Xhigh),
                Some(level) => Some(level),
            },
            Family::GlmMax => match level {
                Some(Level::Off) | None => None,
                Some(level) => Some(level),
            },
        }
    }

    /// Returns whether a `thinking_budget` drops the effort; the service refuses both together.
    #[must_use]
    pub const fn budget_replaces_effort(self) -> bool {
        matches!(self.family, Family::Qwen38)
    }

    /// Returns whether fields that are not part of the contract (an effort the family does not
    /// have, other vendors' spellings) are taken out of a finished payload.
    ///
    /// The plain models of the provider `qwen` let what the caller adds pass.
    #[must_use]
    pub const fn is_strict(self) -> bool {
        self.strict && !matches!(self.switch, Switch::Absent)
    }

    /// Says what becomes of a tool choice in a request that thinks.
    ///
    /// Thinking models refuse a forced choice. The plain models of the provider `qwen` are left
    /// to answer for themselves.
    #[must_use]
    pub const fn tool_choice(self, choice: ToolChoice) -> ToolChoiceRule {
        if !self.is_strict() {
            return ToolChoiceRule::Keep;
        }
        match (choice, self.switch) {
            (ToolChoice::Free, _) => ToolChoiceRule::Keep,
            (ToolChoice::Named, Switch::Optional) => ToolChoiceRule::StopThinking,
            (ToolChoice::Named | ToolChoice::AnyTool, _) => ToolChoiceRule::SendAuto,
        }
    }

    /// Returns which assistant messages of a request that thinks must carry `reasoning_content`,
    /// empty when there is none.
    #[must_use]
    pub const fn replay(self) -> Replay {
        match (self.switch, self.family) {
            (Switch::Optional | Switch::Always, Family::DeepSeek) => Replay::Every,
            (Switch::Optional | Switch::Always, Family::Kimi) => Replay::ToolCalls,
            _ => Replay::Never,
        }
    }

    /// Returns whether `tool_stream: true` goes with tools, so that long arguments arrive in
    /// pieces.
    #[must_use]
    pub const fn streams_tools(self) -> bool {
        matches!(self.family, Family::Glm | Family::GlmMax)
            && !matches!(self.switch, Switch::Absent)
    }

    /// Returns the levels to offer to people; `None` for the usual ones.
    ///
    /// Independent of the row's reasoning flag.
    #[must_use]
    pub fn profile(provider: &Provider, model: &str) -> Option<ThinkingProfile> {
        let contract = Self::of(provider, model, true);
        let (levels, default_level): (&'static [Level], Level) =
            match (contract.family, contract.switch) {
                (_, Switch::Always) => (&[Level::Low], Level::Low),
                (Family::Plain | Family::Kimi, _) => return None,
                (Family::Qwen38, _) => (
                    &[Level::Off, Level::Low, Level::Medium, Level::Xhigh],
                    Level::Xhigh,
                ),
                (Family::DeepSeek | Family::GlmMax, _) => (Level::all(), Level::High),
                (Family::Glm, _) => (
                    &[
                        Level::Off,
                        Level::Minimal,
                        Level::Low,
                        Level::Medium,
                        Level::High,
                        Level::Xhigh,
                    ],
                    Level::High,
                ),
            };
        let always_on = contract.switch == Switch::Always;
        Some(ThinkingProfile {
            levels,
            default_level,
            always_on,
        })
    }
}

#[cfg(test)]
mod tests;
