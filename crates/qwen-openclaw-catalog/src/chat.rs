//! The chat models: what is known about each, and lookups by id.

mod families;
mod table;

use std::sync::LazyLock;

use serde::Serialize;

use self::table::Offer;
pub(crate) use self::{
    families::{DefaultThinking, ModelFamily},
    table::{ModelFacts, family, row, rows},
};
use crate::{
    cache::CacheMarker, edition::Edition, modality::Modality, model_ref::ModelRef,
    nearest::nearest, plan::Region, price::ChatPrice, provider::Provider,
    structured::StructuredOutput, thinking::Thinking,
};

/// A chat model as a provider serves it.
///
/// An unknown figure is `None`, never a guess.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub struct ChatModel {
    provider: &'static str,
    id: &'static str,
    name: &'static str,
    input: &'static [Modality],
    context: Option<u32>,
    max_output: Option<u32>,
    reasoning: bool,
    default: bool,
    media: bool,
    notes: &'static str,
    #[serde(skip)]
    facts: &'static ModelFacts,
    #[serde(skip)]
    offer: &'static Offer,
}

impl ChatModel {
    /// Builds the row of an offer in one edition; `None` if the edition does not list it.
    fn of(facts: &'static ModelFacts, offer: &'static Offer, edition: Edition) -> Option<Self> {
        let listed = offer.listed_in(edition);
        // No edition lists the media model, but the merged view includes it.
        if listed.is_none() && edition != Edition::Merged {
            return None;
        }
        Some(Self {
            provider: offer.provider,
            id: facts.id,
            name: facts.name,
            input: facts.input,
            context: offer.context.or(facts.context),
            max_output: offer.max_output.or(facts.max_output),
            reasoning: listed.is_some_and(|listed| listed.reasoning),
            default: offer.default,
            media: facts.media,
            notes: offer.notes,
            facts,
            offer,
        })
    }

    /// Returns the provider that serves the model.
    #[must_use]
    pub const fn provider(&self) -> Provider {
        Provider::of_row(self.provider)
    }

    /// Returns the id as sent to the service.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Returns the canonical ref, `provider/id`.
    #[must_use]
    pub fn model_ref(&self) -> String {
        format!("{}/{}", self.provider, self.id)
    }

    /// Returns the display name, which is usually the id.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the editions that list the model, oldest first; none for the media model.
    pub fn editions(&self) -> impl Iterator<Item = Edition> + use<> {
        self.offer.editions.iter().map(|listed| listed.edition)
    }

    /// Returns the kinds of input that the catalog lists.
    #[must_use]
    pub const fn input(&self) -> &'static [Modality] {
        self.input
    }

    /// Returns whether the model accepts a kind of input, if known.
    ///
    /// On `None`, send the input and let the service decide.
    #[must_use]
    pub fn accepts(&self, modality: Modality) -> Option<bool> {
        if self.facts.untried.contains(&modality) {
            return None;
        }
        Some(self.input.contains(&modality))
    }

    /// Returns the context window in tokens.
    #[must_use]
    pub const fn context(&self) -> Option<u32> {
        self.context
    }

    /// Returns the maximum input in tokens, where it is known to be less than the context window.
    #[must_use]
    pub const fn max_input(&self) -> Option<u32> {
        self.facts.max_input
    }

    /// Returns the maximum output in tokens.
    #[must_use]
    pub const fn max_output(&self) -> Option<u32> {
        self.max_output
    }

    /// Returns the maximum output in tokens with thinking on, reasoning included.
    #[must_use]
    pub fn max_output_thinking(&self) -> Option<u32> {
        self.facts.max_output_thinking.or(self.max_output)
    }

    /// Returns whether the catalog marks the model as a reasoning model.
    #[must_use]
    pub const fn reasoning(&self) -> bool {
        self.reasoning
    }

    /// Returns whether the model thinks unless the request says otherwise, if known.
    #[must_use]
    pub const fn thinks_by_default(&self) -> Option<bool> {
        match self.facts.family.default_thinking {
            DefaultThinking::Unknown => None,
            DefaultThinking::On | DefaultThinking::AlwaysOn => Some(true),
        }
    }

    /// Returns whether this is the provider's default model.
    #[must_use]
    pub const fn is_default(&self) -> bool {
        self.default
    }

    /// Returns whether this model describes images and videos; only Standard endpoints offer it.
    #[must_use]
    pub const fn is_media(&self) -> bool {
        self.media
    }

    /// Returns a human-readable note, or an empty string.
    #[must_use]
    pub const fn notes(&self) -> &'static str {
        self.notes
    }

    /// Returns the thinking contract.
    #[must_use]
    pub fn thinking(&self) -> Thinking {
        Thinking::in_family(&self.provider(), self.facts.family, self.reasoning)
    }

    /// Returns which kind of structured output the model supports.
    #[must_use]
    pub const fn structured_output(&self) -> StructuredOutput {
        self.facts.family.structured_output
    }

    /// Returns how a part of a message is marked for the explicit cache.
    #[must_use]
    pub const fn cache_marker(&self) -> CacheMarker {
        self.facts.family.cache_marker
    }

    /// Returns the price list on the Standard endpoint of a region, if known.
    #[must_use]
    pub fn price(&self, region: Region) -> Option<ChatPrice> {
        self.facts.price(region)
    }

    /// Returns whether an edition that counts for `edition` says that the Coding Plan has the model.
    pub(crate) fn some_edition_has_coding_plan(&self, edition: Edition) -> bool {
        let mut listed = self.offer.editions.iter();
        listed.any(|listed| {
            let counts = edition == Edition::Merged || listed.edition == edition;
            counts && listed.coding_plan == Some(true)
        })
    }

    /// Returns the `codeMode` that OpenClaw writes to its configuration.
    pub(crate) const fn code_mode(&self) -> Option<&'static str> {
        self.facts.code_mode
    }
}

/// Returns the rows of a provider in display order; other vendors have none.
#[must_use]
pub fn models(provider: &Provider, edition: Edition) -> &'static [ChatModel] {
    let shown = |view: &&View| view.provider == provider.id() && view.edition == edition;
    VIEWS.iter().find(shown).map_or(&[], |view| &view.models)
}

/// Finds a row by its id.
///
/// Case and surrounding whitespace are ignored in all editions except `2026.4`. The media model is
/// found in every edition.
#[must_use]
pub fn find(provider: &Provider, id: &str, edition: Edition) -> Option<&'static ChatModel> {
    let media = models(provider, Edition::Merged)
        .iter()
        .filter(|model| model.media);
    models(provider, edition)
        .iter()
        .chain(media)
        .find(|model| edition.same_id(model.id, id))
}

/// Returns up to three models whose ids are close to an unknown one of `provider`, closest first.
///
/// A model of another provider is among them if this provider has none of that id.
#[must_use]
pub fn nearest_models(provider: &Provider, id: &str) -> Vec<ModelRef> {
    let own = models(provider, Edition::Merged);
    let others = Provider::well_known().filter(|other| other != provider);
    let others = others.flat_map(|other| models(&other, Edition::Merged));
    let others = others.filter(|model| own.iter().all(|known| known.id != model.id));
    // The first of several providers with the same id counts.
    let mut names: Vec<(&'static str, &'static str)> = Vec::new();
    for model in own.iter().chain(others) {
        if names.iter().all(|(_, known)| *known != model.id) {
            names.push((model.provider, model.id));
        }
    }
    let found = nearest(
        id,
        names.into_iter().map(|(provider, id)| (id, (provider, id))),
    );
    let refs = found.into_iter().map(|(provider, id)| ModelRef {
        provider: Provider::of_row(provider),
        model: id.to_owned(),
    });
    refs.collect()
}

/// Returns the id of the default model for describing images and videos.
///
/// It is `qwen-vl-max-latest` as documented, and `qwen3.6-plus` in edition `2026.9`.
#[must_use]
pub fn default_media_model(edition: Edition) -> &'static str {
    let row = rows().find(|row| row.describes_in.contains(&edition));
    row.map_or("", |row| row.id)
}

/// Returns whether a model of the provider `qwen` is missing from the Coding Plan.
///
/// In the merged view, that is so if any edition says it; [`availability`](crate::availability) tells
/// the models apart on which the editions disagree. If no edition says anything about a model, the
/// service decides.
#[must_use]
pub fn standard_only(id: &str, edition: Edition) -> bool {
    let known = models(&Provider::QWEN, edition)
        .iter()
        .find(|model| edition.same_id(model.id, id));
    known.is_some_and(|model| {
        let listed = model.offer.editions.iter();
        listed
            .filter(|listed| edition == Edition::Merged || listed.edition == edition)
            .any(|listed| listed.coding_plan == Some(false))
    })
}

/// Returns the id of a provider's default model.
pub(crate) fn default_model(provider: &Provider) -> Option<&'static str> {
    let default = models(provider, Edition::Merged)
        .iter()
        .find(|model| model.default)?;
    Some(default.id)
}

/// The models that one edition lists at one provider.
struct View {
    provider: &'static str,
    edition: Edition,
    models: Vec<ChatModel>,
}

/// The table, indexed by provider and edition.
static VIEWS: LazyLock<Vec<View>> = LazyLock::new(|| {
    let mut views: Vec<View> = Vec::new();
    let mut offers: Vec<_> = rows()
        .flat_map(|facts| facts.offers.iter().map(move |offer| (facts, offer)))
        .collect();
    offers.sort_by_key(|(_, offer)| offer.place);
    for (facts, offer) in offers {
        for edition in Edition::WITH_ROWS {
            let Some(model) = ChatModel::of(facts, offer, edition) else {
                continue;
            };
            let same =
                |view: &&mut View| (view.provider, view.edition) == (offer.provider, edition);
            match views.iter_mut().find(same) {
                Some(view) => view.models.push(model),
                None => views.push(View {
                    provider: offer.provider,
                    edition,
                    models: vec![model],
                }),
            }
        }
    }
    views
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price;

    fn ids(provider: &Provider, edition: Edition) -> Vec<&'static str> {
        models(provider, edition)
            .iter()
            .map(ChatModel::id)
            .collect()
    }

    #[test]
    fn the_documented_catalog_is_reproduced_exactly() {
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
    fn the_merged_view_has_every_row_with_the_newest_figures() {
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
    }

    #[test]
    fn models_newer_than_both_editions_are_only_in_the_merged_view() {
        let newer = models(&Provider::QWEN, Edition::V2026_11);
        assert!(newer.iter().any(|row| row.id() == "qwen4-max"));
        for row in newer {
            assert!(row.editions().eq([Edition::V2026_11]), "{}", row.id());
            for edition in [Edition::V2026_4, Edition::V2026_9] {
                assert_eq!(find(&Provider::QWEN, row.id(), edition), None);
            }
            let merged = find(&Provider::QWEN, row.id(), Edition::Merged);
            assert_eq!(merged, Some(row));
        }
        // Every row of the merged view comes from somewhere.
        for row in models(&Provider::QWEN, Edition::Merged) {
            assert!(row.is_media() || row.editions().count() > 0, "{}", row.id());
        }
    }

    #[test]
    fn a_row_carries_thinking_structured_output_and_price() {
        let row = |id| find(&Provider::QWEN, id, Edition::Merged).unwrap();
        let newest = row("qwen4-max");
        assert_eq!(newest.thinks_by_default(), Some(true));
        assert_eq!(newest.structured_output(), StructuredOutput::JsonSchema);
        assert_eq!(newest.accepts(Modality::Video), Some(true));
        assert_eq!(newest.cache_marker(), CacheMarker::Breakpoint);
        assert_eq!(
            (newest.context(), newest.max_input()),
            (Some(1_000_000), Some(991_808))
        );
        assert_eq!(newest.max_output(), Some(131_072));
        assert_eq!(newest.max_output_thinking(), Some(262_144));
        let thinking = newest.thinking();
        assert!(thinking.summarizes() && thinking.allows_json() && thinking.stops_by_effort());
        let price = newest.price(Region::Global).unwrap();
        let usage = price::TokenUsage {
            input: 1_000_000,
            implicit_cached: 1_000_000,
            ..Default::default()
        };
        assert_eq!(price.cost(&usage).unwrap().to_string(), "USD 0.075");
        assert_eq!(newest.price(Region::China), None);
        assert_eq!(row("qwen3-coder-plus").thinks_by_default(), None);
        let price = row("qwen3.7-max").price(Region::Global).unwrap();
        assert_eq!(price.as_of, "2026-11-20");
        for provider in Provider::well_known() {
            for model in models(&provider, Edition::Merged) {
                let by_id = Thinking::of(&provider, model.id(), model.reasoning());
                assert_eq!(model.thinking(), by_id);
                assert_eq!(model.structured_output(), StructuredOutput::of(model.id()));
            }
        }
    }

    #[test]
    fn standard_only_is_what_any_edition_says() {
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
    fn ids_are_matched_by_the_rules_of_the_edition() {
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
    fn the_media_model_accepts_videos_and_has_unknown_limits() {
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
    fn an_untried_modality_is_left_to_the_service() {
        let coder = find(&Provider::QWEN, "qwen3-coder-plus", Edition::Merged).unwrap();
        assert_eq!(coder.accepts(Modality::Image), Some(false));
        assert_eq!(coder.accepts(Modality::Text), Some(true));
        let kimi = find(&Provider::QWEN, "kimi-k2.5", Edition::Merged).unwrap();
        assert_eq!(kimi.accepts(Modality::Image), Some(true));
        assert_eq!(kimi.accepts(Modality::Video), None);
    }

    #[test]
    fn a_mistyped_id_finds_its_neighbors() {
        let nearest = |provider: &Provider, id: &str| -> Vec<String> {
            let refs = nearest_models(provider, id).into_iter();
            refs.map(|found| found.to_string()).collect()
        };
        let qwen = |id| nearest(&Provider::QWEN, id);
        assert_eq!(qwen("qwen3.5-pluss")[0], "qwen/qwen3.5-plus");
        assert_eq!(qwen("glm5")[0], "qwen/glm-5");
        assert!(
            qwen("minimax")
                .iter()
                .all(|id| id.starts_with("qwen/MiniMax-"))
        );
        for id in ["gpt-4o", "gpt", "nosuch", "claude-opus-4"] {
            assert_eq!(qwen(id), [""; 0], "{id}");
        }
        // Of another provider, and each id once.
        assert_eq!(qwen("coder-model")[0], "qwen-oauth/coder-model");
        assert_eq!(qwen("coder-modle")[0], "qwen-oauth/coder-model");
        let portal = nearest(&Provider::QWEN_OAUTH, "coder-modle");
        assert_eq!(portal[0], "qwen-oauth/coder-model");
        let portal = nearest(&Provider::QWEN_OAUTH, "qwen3-coder-plus");
        assert_eq!(portal[0], "qwen/qwen3-coder-plus");
    }

    #[test]
    fn json_field_names_are_stable() {
        let model = find(&Provider::QWEN, "glm-5", Edition::Merged).unwrap();
        let json = serde_json::to_value(model).unwrap();
        assert_eq!(json["provider"], "qwen");
        assert_eq!(json["max_output"], 16_384);
        assert_eq!(json["input"], serde_json::json!(["text"]));
        assert!(json.get("untried").is_none());
    }
}
