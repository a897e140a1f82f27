//! How thinking is requested from a model: fields, efforts and restrictions.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    chat::{DefaultThinking, ModelFamily, family},
    error::Error,
    provider::Provider,
};

/// How much a model should think.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// No thinking.
    #[serde(alias = "none")]
    Off,
    /// The least thinking that the model supports.
    Minimal,
    /// Low effort.
    Low,
    /// Medium effort.
    Medium,
    /// High effort.
    High,
    /// Extra-high effort.
    Xhigh,
    /// The most thinking that the model supports.
    Max,
}

impl Level {
    /// Returns every level, from `off` to `max`.
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

    /// Returns the stable lowercase name; `reasoning_effort` uses the same names.
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

    /// Parses a level, ignoring case and surrounding whitespace; `none` means off.
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
/// It only decides; the transport writes the fields. [`Thinking::decide`] turns a level into the
/// values of `enable_thinking` and `reasoning_effort`; the other accessors tell what else a request
/// with thinking must satisfy.
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
    stoppable: bool,
    stops_by_effort: bool,
    budget_excludes_effort: bool,
    json: bool,
    summary: bool,
}

/// Whether thinking can be turned on and off.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Switch {
    /// The model does not think, or is unknown: no field is sent.
    Absent,
    /// `enable_thinking` turns thinking on and off.
    Optional,
    /// The model always thinks and rejects `enable_thinking: false`.
    Always,
}

/// The family of a model with regard to thinking.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Family {
    /// On or off only, without efforts.
    Plain,
    /// Qwen 3.8: efforts low, medium and xhigh; a budget replaces the effort.
    Qwen38,
    /// DeepSeek V4 on the Token Plan: efforts high and max, earlier reasoning sent back.
    DeepSeek,
    /// Kimi on the Token Plan: no efforts, earlier reasoning sent back.
    Kimi,
    /// GLM on the Token Plan: efforts minimal to xhigh, tool arguments streamed on request.
    Glm,
    /// GLM 5.2 on the Token Plan: like [`Family::Glm`], plus effort max.
    GlmMax,
}

/// The fields to send for a level.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Decision {
    /// The value of `enable_thinking`; `None` omits the field.
    pub enable: Option<bool>,
    /// The value of `reasoning_effort`; `None` omits the field.
    pub effort: Option<Level>,
}

/// Levels that lead to the same request.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LevelGroup {
    /// The level to offer: the effort that is sent, if any.
    pub level: Level,
    /// The other levels with the same effect.
    pub same: Vec<Level>,
}

/// A tool choice, as far as it matters to thinking models.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ToolChoice {
    /// Unset, `auto` or `none`.
    Free,
    /// `required` or `any`: the model must call some tool.
    AnyTool,
    /// The model must call the named tool.
    Named,
}

/// How a forced tool choice is handled.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ToolChoiceRule {
    /// It is sent unchanged.
    Keep,
    /// `auto` is sent instead.
    SendAuto,
    /// It is sent unchanged, and thinking is turned off.
    StopThinking,
}

/// Which assistant messages in the history must include their `reasoning_content`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Replay {
    /// No messages.
    Never,
    /// Messages that call tools.
    ToolCalls,
    /// All messages.
    Every,
}

/// The levels to offer users for a model.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ThinkingProfile {
    /// The levels that differ in effect.
    pub levels: &'static [Level],
    /// The level used when none is requested.
    pub default_level: Level,
    /// Whether thinking is always on, so that the only level just means "on".
    pub always_on: bool,
}

impl Thinking {
    /// Returns the contract of a model, known or not; `reasoning` is the flag of its row.
    ///
    /// Case and surrounding whitespace of the id are ignored. An id outside the catalog gets the
    /// contract of the family that shares its prefix.
    #[must_use]
    pub fn of(provider: &Provider, model: &str, reasoning: bool) -> Self {
        Self::in_family(provider, family(model), reasoning)
    }

    /// Returns the contract of a model in a family.
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
        let always = model.default_thinking == DefaultThinking::AlwaysOn;
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
            unasked: provider.is_qwen() && model.default_thinking == DefaultThinking::On,
            stoppable: !provider.is_qwen() || !always,
            stops_by_effort: provider.is_qwen() && model.stops_by_effort,
            budget_excludes_effort: provider.is_qwen() && model.budget_excludes_effort,
            json: model.json_while_thinking,
            summary: provider.is_qwen() && model.summarizes,
        }
    }

    /// Returns whether the model is known to think by default and to allow turning it off.
    #[must_use]
    pub const fn thinks_unasked(self) -> bool {
        self.unasked
    }

    /// Returns whether thinking can be turned on and off.
    #[must_use]
    pub const fn switch(self) -> Switch {
        self.switch
    }

    /// Returns whether thinking can be turned off. If not, [`Level::Off`] sends no switch.
    #[must_use]
    pub const fn can_stop(self) -> bool {
        self.stoppable && !matches!(self.switch, Switch::Always)
    }

    /// Returns whether `reasoning_effort: "none"` turns thinking off, in addition to
    /// `enable_thinking: false`.
    #[must_use]
    pub const fn stops_by_effort(self) -> bool {
        self.stops_by_effort
    }

    /// Returns whether structured output can be combined with thinking.
    #[must_use]
    pub const fn allows_json(self) -> bool {
        self.json
    }

    /// Returns whether `thinking_display: "summarized"` returns a summary together with the encrypted
    /// reasoning, which later requests of the conversation send back.
    #[must_use]
    pub const fn summarizes(self) -> bool {
        self.summary
    }

    /// Returns the family.
    #[must_use]
    pub const fn family(self) -> Family {
        self.family
    }

    /// Returns the same contract for a self-hosted model, where thinking can always be turned off.
    ///
    /// There, `chat_template_kwargs` reaches the template directly.
    #[must_use]
    pub const fn self_hosted(self) -> Self {
        match self.switch {
            Switch::Always => Self {
                switch: Switch::Optional,
                stoppable: true,
                ..self
            },
            Switch::Absent | Switch::Optional => Self {
                stoppable: true,
                ..self
            },
        }
    }

    /// Decides what to send for a level; `None` means the model's own default.
    #[must_use]
    pub const fn decide(self, level: Option<Level>) -> Decision {
        const NOTHING: Decision = Decision {
            enable: None,
            effort: None,
        };
        let on = match (self.switch, level) {
            (Switch::Absent, _) => return NOTHING,
            (Switch::Optional, Some(Level::Off)) if !self.stoppable => return NOTHING,
            (Switch::Optional, Some(Level::Off)) => false,
            (Switch::Optional | Switch::Always, _) => true,
        };
        let effort = if on { self.effort(level) } else { None };
        Decision {
            enable: Some(on),
            effort,
        }
    }

    /// Returns the `reasoning_effort` for a level, given that thinking is on.
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

    /// Returns whether a `thinking_budget` replaces the effort; the service rejects both together.
    #[must_use]
    pub const fn budget_replaces_effort(self) -> bool {
        self.budget_excludes_effort
    }

    /// Returns whether fields outside the contract are removed from the final payload.
    ///
    /// Such fields are an effort the family does not support, or other vendors' spellings. For plain
    /// models of the provider `qwen`, fields added by the caller are passed through.
    #[must_use]
    pub const fn is_strict(self) -> bool {
        self.strict && !matches!(self.switch, Switch::Absent)
    }

    /// Decides how to handle a tool choice in a request with thinking on.
    ///
    /// Thinking models reject a forced choice. For plain models of the provider `qwen`, the service
    /// decides.
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

    /// Returns which assistant messages must include `reasoning_content` when thinking is on.
    ///
    /// A message without reasoning gets an empty string.
    #[must_use]
    pub const fn replay(self) -> Replay {
        match (self.switch, self.family) {
            (Switch::Optional | Switch::Always, Family::DeepSeek) => Replay::Every,
            (Switch::Optional | Switch::Always, Family::Kimi) => Replay::ToolCalls,
            _ => Replay::Never,
        }
    }

    /// Returns whether to send `tool_stream: true` with tools, so that long arguments are streamed.
    #[must_use]
    pub const fn streams_tools(self) -> bool {
        matches!(self.family, Family::Glm | Family::GlmMax)
            && !matches!(self.switch, Switch::Absent)
    }

    /// Returns the levels that differ in effect, from least to most thinking, each with the levels
    /// that lead to the same request.
    ///
    /// Empty if no level has an effect. [`Level::Off`] is missing if the model cannot stop thinking.
    #[must_use]
    pub fn levels(self) -> Vec<LevelGroup> {
        let mut groups: Vec<(Decision, Vec<Level>)> = Vec::new();
        for level in Level::all().iter().copied() {
            let off = level == Level::Off;
            if off && !self.can_stop() {
                continue;
            }
            let mut decision = self.decide(Some(level));
            if off && self.unasked {
                decision.enable = Some(false);
            }
            match groups.iter_mut().find(|(found, _)| *found == decision) {
                Some((_, levels)) => levels.push(level),
                None => groups.push((decision, vec![level])),
            }
        }
        if let [(decision, _)] = groups[..]
            && decision == Decision::default()
        {
            return Vec::new();
        }
        let group = |(decision, levels): (Decision, Vec<Level>)| {
            // "Low" stands for "on" where there are no efforts, as in `profile`.
            let shown = decision.effort.unwrap_or(Level::Low);
            let level = levels.iter().find(|level| **level == shown);
            let level = level.or(levels.first()).copied().unwrap_or(shown);
            let same = levels.into_iter().filter(|other| *other != level).collect();
            LevelGroup { level, same }
        };
        groups.into_iter().map(group).collect()
    }

    /// Returns the levels to offer users; `None` for the usual ones.
    ///
    /// These are OpenClaw's; [`levels`](Self::levels) are those that differ. The result does not
    /// depend on the row's reasoning flag.
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
