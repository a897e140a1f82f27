//! The chat models: what is known about each, and how to find them.

mod portal;
mod qwen;
mod token_plan;

use serde::Serialize;

use crate::{
    edition::Edition, modality::Modality, nearest::nearest, provider::Provider,
    structured::StructuredOutput, thinking::Thinking,
};

/// A row of the chat catalog.
///
/// A figure that is not known is `None`, never a guess.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct ChatModel {
    provider: &'static str,
    id: &'static str,
    name: &'static str,
    input: &'static [Modality],
    /// Kinds of input that may work although the catalog does not list them.
    #[serde(skip)]
    untried: &'static [Modality],
    context: Option<u32>,
    max_output: Option<u32>,
    reasoning: bool,
    default: bool,
    media: bool,
    notes: &'static str,
}

impl ChatModel {
    /// Returns the provider that serves this row.
    #[must_use]
    pub const fn provider(&self) -> Provider {
        Provider::of_row(self.provider)
    }

    /// Returns the id, as it is sent.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Returns the canonical ref, `provider/id`.
    #[must_use]
    pub fn model_ref(&self) -> String {
        format!("{}/{}", self.provider, self.id)
    }

    /// Returns the name to show to people; mostly the id.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the kinds of input that the catalog lists.
    #[must_use]
    pub const fn input(&self) -> &'static [Modality] {
        self.input
    }

    /// Returns whether the model takes a kind of input; `None` when that is not known, in which
    /// case the service should decide.
    #[must_use]
    pub fn accepts(&self, modality: Modality) -> Option<bool> {
        if self.untried.contains(&modality) {
            return None;
        }
        Some(self.input.contains(&modality))
    }

    /// Returns the context window in tokens.
    #[must_use]
    pub const fn context(&self) -> Option<u32> {
        self.context
    }

    /// Returns the most tokens an answer can have.
    #[must_use]
    pub const fn max_output(&self) -> Option<u32> {
        self.max_output
    }

    /// Returns whether the catalog counts the model as one that thinks.
    #[must_use]
    pub const fn reasoning(&self) -> bool {
        self.reasoning
    }

    /// Returns whether this is the provider's default model.
    #[must_use]
    pub const fn is_default(&self) -> bool {
        self.default
    }

    /// Returns whether this is a model for describing images and clips, which only the Standard
    /// endpoints have.
    #[must_use]
    pub const fn is_media(&self) -> bool {
        self.media
    }

    /// Returns a remark for people; empty when there is none.
    #[must_use]
    pub const fn notes(&self) -> &'static str {
        self.notes
    }

    /// Returns how thinking is asked for.
    #[must_use]
    pub fn thinking(&self) -> Thinking {
        Thinking::of(&self.provider(), self.id, self.reasoning)
    }

    /// Returns which kind of structured output the model takes.
    #[must_use]
    pub fn structured_output(&self) -> StructuredOutput {
        StructuredOutput::of(self.id)
    }
}

/// Returns the rows of a provider in the order in which they are shown; other vendors have none.
#[must_use]
pub fn models(provider: &Provider, edition: Edition) -> &'static [ChatModel] {
    match provider.id() {
        "qwen" => match edition {
            Edition::V2026_4 => qwen::V2026_4,
            Edition::V2026_9 => qwen::V2026_9,
            Edition::Merged => qwen::MERGED,
        },
        "qwen-oauth" => portal::ROWS,
        "qwen-token-plan" => match edition {
            // The Token Plan came after that edition.
            Edition::V2026_4 => &[],
            Edition::V2026_9 | Edition::Merged => token_plan::ROWS,
        },
        _ => &[],
    }
}

/// Finds a row by its id; in all editions but `2026.4` case and surrounding blanks are ignored.
///
/// The media model is found in every edition.
#[must_use]
pub fn find(provider: &Provider, id: &str, edition: Edition) -> Option<&'static ChatModel> {
    let media = media_models(provider);
    models(provider, edition)
        .iter()
        .chain(media)
        .find(|model| edition.same_id(model.id, id))
}

/// Returns the ids closest to one that is not in the catalog, three at most.
#[must_use]
pub fn nearest_models(provider: &Provider, id: &str) -> Vec<&'static str> {
    nearest(
        id,
        models(provider, Edition::Merged)
            .iter()
            .map(|model| (model.id, model.id)),
    )
}

/// Returns the id of the model that describes images and clips when none is named.
///
/// That is `qwen-vl-max-latest` as documented, and `qwen3.6-plus` in edition `2026.9`.
#[must_use]
pub const fn default_media_model(edition: Edition) -> &'static str {
    match edition {
        Edition::V2026_4 | Edition::Merged => qwen::QWEN_VL_MAX_LATEST.id,
        Edition::V2026_9 => qwen::QWEN3_6_PLUS.id,
    }
}

/// Returns whether the Coding Plan lacks a model of the provider `qwen`.
///
/// In the merged view a plan offers a model only if every edition that knows it says so.
#[must_use]
pub fn standard_only(id: &str, edition: Edition) -> bool {
    let lists = |edition: Edition, ids: &[&str]| ids.iter().any(|known| edition.same_id(known, id));
    match edition {
        Edition::V2026_4 => lists(edition, qwen::NOT_IN_CODING_PLAN_2026_4),
        Edition::V2026_9 => lists(edition, qwen::NOT_IN_CODING_PLAN_2026_9),
        Edition::Merged => {
            lists(edition, qwen::NOT_IN_CODING_PLAN_2026_4)
                || lists(edition, qwen::NOT_IN_CODING_PLAN_2026_9)
        }
    }
}

fn media_models(provider: &Provider) -> &'static [ChatModel] {
    if *provider == Provider::QWEN {
        &[qwen::QWEN_VL_MAX_LATEST]
    } else {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(provider: &Provider, edition: Edition) -> Vec<&'static str> {
        models(provider, edition)
            .iter()
            .map(ChatModel::id)
            .collect()
    }

    #[test]
    fn the_documented_catalog_is_kept_exactly() {
        use Modality::{Image, Text};
        let expected: [(&str, &[Modality], u32, bool); 9] = [
            ("qwen3.5-plus", &[Text, Image], 1_000_000, false),
            ("qwen3.6-plus", &[Text, Image], 1_000_000, false),
            ("qwen3-max-2026-01-23", &[Text], 262_144, false),
            ("qwen3-coder-next", &[Text], 262_144, false),
            ("qwen3-coder-plus", &[Text], 1_000_000, false),
            ("MiniMax-M2.5", &[Text], 1_000_000, true),
            ("glm-5", &[Text], 202_752, false),
            ("glm-4.7", &[Text], 202_752, false),
            ("kimi-k2.5", &[Text, Image], 262_144, false),
        ];
        let rows = models(&Provider::QWEN, Edition::V2026_4);
        assert_eq!(rows.len(), expected.len());
        for (row, (id, input, context, reasoning)) in rows.iter().zip(expected) {
            assert_eq!((row.id(), row.input()), (id, input));
            assert_eq!(
                (row.context(), row.reasoning()),
                (Some(context), reasoning),
                "{id}"
            );
        }
    }

    #[test]
    fn the_merged_view_has_every_row_with_the_figures_of_the_newest() {
        let merged = models(&Provider::QWEN, Edition::Merged);
        for edition in [Edition::V2026_4, Edition::V2026_9] {
            for row in models(&Provider::QWEN, edition) {
                let id = row.id();
                let newest = find(&Provider::QWEN, id, Edition::V2026_9).unwrap_or(row);
                assert_eq!(
                    merged.iter().find(|row| row.id() == id),
                    Some(newest),
                    "{id}"
                );
            }
        }
        let known = |row: &&ChatModel| {
            find(&Provider::QWEN, row.id(), Edition::V2026_9).is_some() || row.is_media()
        };
        assert_eq!(merged.iter().filter(known).count(), merged.len());
    }

    #[test]
    fn a_plan_needs_the_word_of_every_edition() {
        let lacks = |edition| {
            let rows = models(&Provider::QWEN, Edition::Merged)
                .iter()
                .map(ChatModel::id);
            rows.filter(|id| standard_only(id, edition))
                .collect::<Vec<_>>()
        };
        assert_eq!(lacks(Edition::V2026_4), ["qwen3.6-plus"]);
        let newer = [
            "qwen3.6-flash",
            "qwen3.7-max",
            "qwen3.8-max",
            "qwen3.8-flash",
        ];
        assert_eq!(lacks(Edition::V2026_9), newer);
        assert_eq!(lacks(Edition::Merged).len(), 5);
    }

    #[test]
    fn each_provider_has_one_default_row_and_no_id_twice() {
        for edition in Edition::all() {
            for provider in Provider::well_known() {
                let rows = models(&provider, *edition);
                let mut found = ids(&provider, *edition);
                found.sort_unstable();
                found.dedup();
                assert_eq!(found.len(), rows.len(), "{provider} {edition}");
                let defaults = rows
                    .iter()
                    .filter(|row| row.is_default())
                    .map(ChatModel::id);
                let expected = if rows.is_empty() {
                    None
                } else {
                    provider.default_model()
                };
                assert_eq!(
                    defaults.collect::<Vec<_>>(),
                    expected.as_slice(),
                    "{provider}"
                );
                assert!(rows.iter().all(|row| row.provider() == provider));
            }
        }
    }

    #[test]
    fn ids_are_matched_as_the_edition_does() {
        let found = |id, edition| find(&Provider::QWEN, id, edition).map(ChatModel::id);
        assert_eq!(
            found(" QWEN3.5-PLUS ", Edition::Merged),
            Some("qwen3.5-plus")
        );
        assert_eq!(found("QWEN3.5-PLUS", Edition::V2026_4), None);
        assert_eq!(
            found("minimax-m2.5", Edition::V2026_9),
            Some("MiniMax-M2.5")
        );
        assert_eq!(found("qwen3.7-max", Edition::V2026_4), None);
        assert_eq!(found("", Edition::Merged), None);
    }

    #[test]
    fn the_media_model_takes_clips_and_its_limits_are_not_known() {
        for edition in Edition::all() {
            let model = find(&Provider::QWEN, "qwen-vl-max-latest", *edition).unwrap();
            assert_eq!((model.context(), model.max_output()), (None, None));
            assert_eq!(model.accepts(Modality::Video), Some(true));
            assert_eq!(model.accepts(Modality::Audio), Some(false));
            assert!(
                find(
                    &Provider::QWEN,
                    default_media_model(*edition),
                    Edition::Merged
                )
                .is_some()
            );
        }
    }

    #[test]
    fn what_is_not_known_is_left_to_the_service() {
        let coder = find(&Provider::QWEN, "qwen3-coder-plus", Edition::Merged).unwrap();
        assert_eq!(coder.accepts(Modality::Image), Some(false));
        assert_eq!(coder.accepts(Modality::Text), Some(true));
        let kimi = find(&Provider::QWEN, "kimi-k2.5", Edition::Merged).unwrap();
        assert_eq!(kimi.accepts(Modality::Image), Some(true));
        assert_eq!(kimi.accepts(Modality::Video), None);
    }

    #[test]
    fn a_mistyped_id_finds_its_neighbours() {
        assert_eq!(
            nearest_models(&Provider::QWEN, "qwen3.5-pluss")[0],
            "qwen3.5-plus"
        );
        assert_eq!(nearest_models(&Provider::QWEN, "glm5")[0], "glm-5");
        assert_eq!(nearest_models(&Provider::QWEN, "minimax").len(), 3);
        assert!(nearest_models(&Provider::OPENAI, "gpt").is_empty());
    }

    #[test]
    fn a_row_in_json_has_stable_names() {
        let model = find(&Provider::QWEN, "glm-5", Edition::Merged).unwrap();
        let json = serde_json::to_value(model).unwrap();
        assert_eq!(json["provider"], "qwen");
        assert_eq!(json["max_output"], 16_384);
        assert_eq!(json["input"], serde_json::json!(["text"]));
        assert!(json.get("untried").is_none());
    }
}
