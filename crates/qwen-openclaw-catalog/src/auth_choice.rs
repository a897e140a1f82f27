//! The onboarding choices for setting up a provider.

use serde::Serialize;

use crate::{
    chat::ChatModel,
    edition::Edition,
    endpoint::Endpoint,
    listing::listing,
    nearest::nearest,
    plan::{Plan, Region},
    provider::Provider,
};

/// An onboarding choice: the value of `--auth-choice`, and what it sets up.
///
/// Sources: OpenClaw documentation (Qwen provider page) and OpenClaw 2026.4 to 2026.9. The
/// `modelstudio-*` ids are accepted as documented; [`AuthChoice::replaced_by`] names the new id.
///
/// ```
/// use qwen_openclaw_catalog::AuthChoice;
///
/// let choice = AuthChoice::by_id("modelstudio-api-key-cn").expect("it is documented");
/// assert_eq!(choice.replaced_by(), Some("qwen-api-key-cn"));
/// assert_eq!(choice.endpoint().base_url(), "https://coding.dashscope.aliyuncs.com/v1");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct AuthChoice {
    id: &'static str,
    label: &'static str,
    key_flag: &'static str,
    provider: &'static str,
    plan: Plan,
    region: Region,
    alias: &'static str,
    replaced_by: Option<&'static str>,
}

impl AuthChoice {
    /// Returns every choice, compatibility ids last.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        ALL
    }

    /// Finds a choice by id, ignoring case and surrounding whitespace.
    #[must_use]
    pub fn by_id(id: &str) -> Option<Self> {
        ALL.iter()
            .copied()
            .find(|choice| choice.id.eq_ignore_ascii_case(id.trim()))
    }

    /// Returns the three ids closest to `id`, closest first.
    #[must_use]
    pub fn nearest(id: &str) -> Vec<&'static str> {
        nearest(id, ALL.iter().map(|choice| (choice.id, choice.id)))
    }

    /// Returns the value of `--auth-choice`.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Returns the id of the method within its provider, as OpenClaw registers it.
    #[must_use]
    pub fn method(&self) -> &'static str {
        let id = self.replaced_by.unwrap_or(self.id);
        match self.provider {
            "qwen" => id.trim_start_matches("qwen-"),
            _ => id,
        }
    }

    /// Returns the display name.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        self.label
    }

    /// Returns the command-line flag that takes the key, including its dashes.
    #[must_use]
    pub const fn key_flag(&self) -> &'static str {
        self.key_flag
    }

    /// Returns the provider that this choice sets up.
    #[must_use]
    pub const fn provider(&self) -> Provider {
        Provider::of_row(self.provider)
    }

    /// Returns the plan.
    #[must_use]
    pub const fn plan(&self) -> Plan {
        self.plan
    }

    /// Returns the region.
    #[must_use]
    pub const fn region(&self) -> Region {
        self.region
    }

    /// Returns the endpoint whose base URL is written to the configuration.
    #[must_use]
    pub const fn endpoint(&self) -> Endpoint {
        Endpoint::of(self.plan, self.region)
    }

    /// Returns the id of the model that becomes the default.
    #[must_use]
    pub fn default_model(&self) -> &'static str {
        self.provider().default_model().unwrap_or_default()
    }

    /// Returns the alias given to the default model, such as `Qwen`.
    #[must_use]
    pub const fn alias(&self) -> &'static str {
        self.alias
    }

    /// Returns the id that replaces this one, if it is a compatibility id.
    #[must_use]
    pub const fn replaced_by(&self) -> Option<&'static str> {
        self.replaced_by
    }

    /// Returns the prefixes under which OpenClaw records each model, canonical one first.
    #[must_use]
    pub fn model_prefixes(&self) -> Vec<&'static str> {
        let legacy = (self.provider == "qwen").then_some("modelstudio");
        std::iter::once(self.provider).chain(legacy).collect()
    }

    /// Returns the models that this choice's endpoint offers, in catalog order.
    ///
    /// Models that only describe media are excluded.
    pub fn models(&self, edition: Edition) -> impl Iterator<Item = &'static ChatModel> + use<> {
        let rows = listing(&self.provider(), edition, self.endpoint().base_url());
        let offered = rows
            .into_iter()
            .filter(|row| row.availability.is_available());
        offered
            .map(|row| row.model)
            .filter(|model| !model.is_media())
    }
}

const ALL: &[AuthChoice] = &[
    QWEN_STANDARD,
    QWEN_STANDARD_CN,
    QWEN_CODING,
    QWEN_CODING_CN,
    AuthChoice {
        id: "qwen-token-plan",
        label: "Token Plan, Global (subscription)",
        key_flag: "--qwen-token-plan-api-key",
        region: Region::Global,
        ..TOKEN_PLAN
    },
    AuthChoice {
        id: "qwen-token-plan-cn",
        label: "Token Plan, China (subscription)",
        key_flag: "--qwen-token-plan-api-key-cn",
        region: Region::China,
        ..TOKEN_PLAN
    },
    AuthChoice {
        id: "qwen-oauth",
        label: "Qwen portal token",
        key_flag: "--qwen-oauth-token",
        provider: "qwen-oauth",
        plan: Plan::Portal,
        region: Region::Global,
        alias: "Qwen OAuth",
        replaced_by: None,
    },
    AuthChoice {
        id: "modelstudio-standard-api-key",
        replaced_by: Some(QWEN_STANDARD.id),
        ..QWEN_STANDARD
    },
    AuthChoice {
        id: "modelstudio-standard-api-key-cn",
        replaced_by: Some(QWEN_STANDARD_CN.id),
        ..QWEN_STANDARD_CN
    },
    AuthChoice {
        id: "modelstudio-api-key",
        replaced_by: Some(QWEN_CODING.id),
        ..QWEN_CODING
    },
    AuthChoice {
        id: "modelstudio-api-key-cn",
        replaced_by: Some(QWEN_CODING_CN.id),
        ..QWEN_CODING_CN
    },
];

// The ids were renamed to `qwen-*`; the flags still say `--modelstudio-*`.
const QWEN_STANDARD: AuthChoice = AuthChoice {
    id: "qwen-standard-api-key",
    label: "Standard, Global (pay as you go)",
    key_flag: "--modelstudio-standard-api-key",
    provider: "qwen",
    plan: Plan::Standard,
    region: Region::Global,
    alias: "Qwen",
    replaced_by: None,
};

const QWEN_STANDARD_CN: AuthChoice = AuthChoice {
    id: "qwen-standard-api-key-cn",
    label: "Standard, China (pay as you go)",
    key_flag: "--modelstudio-standard-api-key-cn",
    region: Region::China,
    ..QWEN_STANDARD
};

const QWEN_CODING: AuthChoice = AuthChoice {
    id: "qwen-api-key",
    label: "Coding Plan, Global (subscription)",
    key_flag: "--modelstudio-api-key",
    plan: Plan::Coding,
    ..QWEN_STANDARD
};

const QWEN_CODING_CN: AuthChoice = AuthChoice {
    id: "qwen-api-key-cn",
    label: "Coding Plan, China (subscription)",
    key_flag: "--modelstudio-api-key-cn",
    region: Region::China,
    ..QWEN_CODING
};

const TOKEN_PLAN: AuthChoice = AuthChoice {
    id: "",
    label: "",
    key_flag: "",
    provider: "qwen-token-plan",
    plan: Plan::Token,
    region: Region::Global,
    alias: "Qwen Token Plan",
    replaced_by: None,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, flag: &str, endpoint: Endpoint, model: &str, entries: usize) {
        let choice = AuthChoice::by_id(id).unwrap();
        assert_eq!(choice.key_flag(), flag, "{id}");
        assert_eq!(choice.endpoint(), endpoint, "{id}");
        assert_eq!(
            format!("{}/{}", choice.provider(), choice.default_model()),
            model,
            "{id}"
        );
        let count = choice.models(Edition::V2026_9).count() * choice.model_prefixes().len();
        assert_eq!(count, entries, "{id}");
    }

    #[test]
    fn each_choice_matches_the_documentation() {
        let qwen = "qwen/qwen3.5-plus";
        let standard = "--modelstudio-standard-api-key";
        check(
            "qwen-standard-api-key",
            standard,
            Endpoint::StandardGlobal,
            qwen,
            28,
        );
        let standard = "--modelstudio-standard-api-key-cn";
        check(
            "qwen-standard-api-key-cn",
            standard,
            Endpoint::StandardChina,
            qwen,
            28,
        );
        check(
            "qwen-api-key",
            "--modelstudio-api-key",
            Endpoint::CodingGlobal,
            qwen,
            20,
        );
        check(
            "qwen-api-key-cn",
            "--modelstudio-api-key-cn",
            Endpoint::CodingChina,
            qwen,
            20,
        );
        let plan = "qwen-token-plan/qwen3.7-plus";
        let flag = "--qwen-token-plan-api-key";
        check("qwen-token-plan", flag, Endpoint::TokenGlobal, plan, 8);
        let flag = "--qwen-token-plan-api-key-cn";
        check("qwen-token-plan-cn", flag, Endpoint::TokenChina, plan, 8);
        let oauth = "qwen-oauth/qwen3.5-plus";
        check(
            "qwen-oauth",
            "--qwen-oauth-token",
            Endpoint::Portal,
            oauth,
            3,
        );
    }

    #[test]
    fn a_compatibility_id_matches_its_replacement() {
        let old = AuthChoice::all()
            .iter()
            .filter(|choice| choice.replaced_by().is_some());
        assert_eq!(old.clone().count(), 4);
        for choice in old {
            let new = AuthChoice::by_id(choice.replaced_by().unwrap()).unwrap();
            assert_eq!(
                AuthChoice {
                    id: new.id,
                    replaced_by: None,
                    ..*choice
                },
                new
            );
            assert!(choice.id().starts_with("modelstudio-"));
        }
    }

    #[test]
    fn ids_are_case_insensitive_and_unknown_ones_are_not_found() {
        assert!(AuthChoice::by_id(" Qwen-API-Key ").is_some());
        assert!(AuthChoice::by_id("qwen-portal").is_none());
        assert!(AuthChoice::by_id("").is_none());
    }

    #[test]
    fn the_nearest_ids_are_suggested() {
        assert_eq!(AuthChoice::nearest("qwen-api-kye")[0], "qwen-api-key");
        assert_eq!(
            AuthChoice::nearest("modelstudio-api")[0],
            "modelstudio-api-key"
        );
        assert!(AuthChoice::nearest("").is_empty());
    }

    #[test]
    fn the_default_model_is_offered_by_its_own_choice() {
        for choice in AuthChoice::all() {
            let mut models = choice.models(Edition::Merged);
            assert!(
                models.any(|model| model.id() == choice.default_model()),
                "{}",
                choice.id()
            );
        }
    }
}
