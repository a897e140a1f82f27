//! The table of chat models: one row holds everything known about a model.
//!
//! To add a model, add its row to its vendor's file. What differs between providers goes into the
//! row's offers, what differs between editions into the offers' editions. A model that no edition
//! lists may have a row too, for its price.

mod earlier;
mod qwen;
mod vendors;

use super::families::{self, ModelFamily};
use crate::{
    edition::Edition,
    modality::Modality::{self, Audio, Image, Text, Video},
    price::PriceList,
};

/// Everything known about a chat model; unknown values are `None`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ModelFacts {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) input: &'static [Modality],
    /// Kinds of input that may work although no source lists them.
    pub(crate) untried: &'static [Modality],
    /// The context window in tokens.
    pub(crate) context: Option<u32>,
    /// The maximum input in tokens.
    pub(crate) max_input: Option<u32>,
    /// The maximum output in tokens, with or without thinking.
    pub(crate) max_output: Option<u32>,
    /// The maximum output in tokens with thinking, if different.
    pub(crate) max_output_thinking: Option<u32>,
    pub(crate) family: ModelFamily,
    /// The providers that serve it. Empty for a model of which only the price is known.
    pub(crate) offers: &'static [Offer],
    /// A model that describes images and videos, offered only on the Standard endpoints. No edition
    /// lists it, but lookups find it in every edition.
    pub(crate) media: bool,
    /// The editions in which this is the default model for describing images and videos.
    pub(crate) describes_in: &'static [Edition],
    /// The `codeMode` that OpenClaw writes to its configuration.
    pub(crate) code_mode: Option<&'static str>,
    /// The price on the Standard endpoint in China.
    pub(crate) china: Option<PriceList>,
    /// The price on the Standard endpoint everywhere else.
    pub(crate) global: Option<PriceList>,
}

/// A model as one provider serves it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Offer {
    pub(crate) provider: &'static str,
    /// The editions that list it, oldest first.
    pub(crate) editions: &'static [Listed],
    /// Its position among the provider's models; ties keep the order of the table.
    pub(crate) place: u8,
    /// Whether it is the provider's default model.
    pub(crate) default: bool,
    /// The context window, if different from the model's.
    pub(crate) context: Option<u32>,
    /// The maximum output, if different from the model's.
    pub(crate) max_output: Option<u32>,
    pub(crate) notes: &'static str,
}

/// What one edition says about an offer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Listed {
    pub(crate) edition: Edition,
    /// Whether it marks the model as a reasoning model.
    pub(crate) reasoning: bool,
    /// Whether the Coding Plan offers it; only used for the provider `qwen`.
    pub(crate) coding_plan: Option<bool>,
}

/// Returns every row.
pub(crate) fn rows() -> impl Iterator<Item = &'static ModelFacts> {
    // The order of the files is the order in which models are listed.
    [qwen::ROWS, vendors::ROWS, earlier::ROWS]
        .into_iter()
        .flatten()
}

/// Returns the row of an id, ignoring case and surrounding whitespace.
pub(crate) fn row(id: &str) -> Option<&'static ModelFacts> {
    let id = id.trim();
    rows().find(|row| row.id.eq_ignore_ascii_case(id))
}

/// Returns the family of an id, from its row or else its prefix.
pub(crate) fn family(id: &str) -> ModelFamily {
    match row(id) {
        Some(row) => row.family,
        None => families::by_prefix(&id.trim().to_ascii_lowercase()),
    }
}

impl Offer {
    /// Returns what an edition says about this offer, or `None` if it does not list it. The merged
    /// view uses the newest edition.
    pub(crate) fn listed_in(&self, edition: Edition) -> Option<&'static Listed> {
        match edition {
            Edition::Merged => self.editions.last(),
            _ => self
                .editions
                .iter()
                .find(|listed| listed.edition == edition),
        }
    }
}

impl Listed {
    const fn of(edition: Edition) -> Self {
        Self {
            edition,
            reasoning: false,
            coding_plan: None,
        }
    }

    const fn thinking(self) -> Self {
        Self {
            reasoning: true,
            ..self
        }
    }

    const fn in_coding_plan(self) -> Self {
        Self {
            coding_plan: Some(true),
            ..self
        }
    }

    const fn not_in_coding_plan(self) -> Self {
        Self {
            coding_plan: Some(false),
            ..self
        }
    }
}

const V2026_4: Listed = Listed::of(Edition::V2026_4);

const V2026_9: Listed = Listed::of(Edition::V2026_9);

const V2026_11: Listed = Listed::of(Edition::V2026_11);

/// Listed in both editions, also on the Coding Plan.
const BOTH: &[Listed] = &[V2026_4.in_coding_plan(), V2026_9.in_coding_plan()];

/// Newer than both, with thinking; whether the Coding Plan offers it is unknown.
const NEWER: &[Listed] = &[V2026_11.thinking()];

const THINKS_IN_2026_9: &[Listed] = &[V2026_9.thinking()];

/// An offer of the provider `qwen`.
const fn standard(editions: &'static [Listed]) -> Offer {
    Offer {
        provider: "qwen",
        editions,
        place: 0,
        default: false,
        context: None,
        max_output: None,
        notes: "",
    }
}

/// An offer of the Token Plan, which was added in edition `2026.9` and lists only thinking models;
/// `place` is its position there.
const fn token_plan(place: u8) -> Offer {
    Offer {
        provider: "qwen-token-plan",
        place,
        ..standard(THINKS_IN_2026_9)
    }
}

/// An offer of the portal, the same in each edition.
const fn portal() -> Offer {
    Offer {
        provider: "qwen-oauth",
        ..standard(&[V2026_4, V2026_9])
    }
}

/// A model that accepts text.
const fn text(id: &'static str) -> ModelFacts {
    ModelFacts {
        id,
        name: id,
        input: &[Text],
        untried: &[],
        context: None,
        max_input: None,
        max_output: None,
        max_output_thinking: None,
        family: families::PLAIN,
        offers: &[],
        media: false,
        describes_in: &[],
        code_mode: None,
        china: None,
        global: None,
    }
}

/// A model that accepts text and images. Whether it accepts videos is unknown; only omni models
/// accept audio.
const fn vision(id: &'static str) -> ModelFacts {
    ModelFacts {
        input: &[Text, Image],
        untried: &[Video],
        ..text(id)
    }
}

/// A model of which only the price is known.
const fn priced(id: &'static str) -> ModelFacts {
    ModelFacts {
        untried: &[Image, Video, Audio],
        ..text(id)
    }
}

#[cfg(test)]
mod tests;
