//! The catalog as one endpoint offers it, with the reason for each missing model.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::{
    chat::{ChatModel, find, models, standard_only},
    classify::{Classification, classify},
    edition::Edition,
    endpoint::Endpoint,
    plan::{Plan, Region},
    provider::Provider,
};

/// A row and whether the endpoint offers it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Listing {
    /// The row.
    pub model: &'static ChatModel,
    /// Whether the endpoint offers the model.
    pub availability: Availability,
}

/// Whether an endpoint offers a model.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase", tag = "status", content = "reason")]
#[non_exhaustive]
pub enum Availability {
    /// The endpoint offers the model, as far as the catalog knows.
    Available,
    /// The endpoint does not offer the model; the reason names the endpoints that do.
    Hidden(HiddenReason),
    /// The editions of the catalog disagree on whether the endpoint offers the model. Requests are
    /// sent, and the service decides; the reason names the endpoints that certainly offer it.
    Disputed(HiddenReason),
}

impl Availability {
    /// Returns whether the endpoint offers the model, or may offer it.
    #[must_use]
    pub const fn is_available(self) -> bool {
        !matches!(self, Self::Hidden(_))
    }

    /// Returns why the endpoint does not offer the model.
    #[must_use]
    pub const fn reason(self) -> Option<HiddenReason> {
        match self {
            Self::Available | Self::Disputed(_) => None,
            Self::Hidden(reason) => Some(reason),
        }
    }

    /// Returns why the endpoint may not offer the model, if the editions of the catalog disagree.
    #[must_use]
    pub const fn doubt(self) -> Option<HiddenReason> {
        match self {
            Self::Available | Self::Hidden(_) => None,
            Self::Disputed(reason) => Some(reason),
        }
    }
}

/// Why an endpoint does not offer a model, and which endpoints do.
///
/// The message names both base URLs and says that the other endpoint needs a different key.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct HiddenReason {
    model: &'static str,
    plan: Plan,
    region: Region,
    token_plan: bool,
    disputed: bool,
}

impl HiddenReason {
    /// A model that only the Standard endpoint of a region offers.
    pub(crate) const fn standard_only(model: &'static str, plan: Plan, region: Region) -> Self {
        Self {
            model,
            plan,
            region,
            token_plan: false,
            disputed: false,
        }
    }

    /// Returns the id of the model.
    #[must_use]
    pub const fn model(&self) -> &'static str {
        self.model
    }

    /// Returns the plan that lacks the model.
    #[must_use]
    pub const fn plan(&self) -> Plan {
        self.plan
    }

    /// Returns the endpoints of the same region that offer the model, Standard first.
    #[must_use]
    pub fn elsewhere(&self) -> Vec<Endpoint> {
        let token_plan = self.token_plan.then_some(Plan::Token);
        let plans = [Some(Plan::Standard), token_plan].into_iter().flatten();
        plans.map(|plan| Endpoint::of(plan, self.region)).collect()
    }
}

impl fmt::Display for HiddenReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standard = Endpoint::of(Plan::Standard, self.region);
        let is_not = if self.disputed {
            "may not be"
        } else {
            "is not"
        };
        let instead = if self.disputed {
            "if it is refused, use"
        } else {
            "use"
        };
        write!(
            f,
            "{} {is_not} offered on the {} endpoint {}; {instead} {standard} with a Standard key for \
             that region",
            self.model,
            self.plan.label(),
            Endpoint::of(self.plan, self.region),
        )?;
        if self.token_plan {
            let token = Endpoint::of(Plan::Token, self.region);
            write!(f, ", or {token} with a Token Plan key")?;
        }
        Ok(())
    }
}

impl Serialize for HiddenReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for HiddenReason {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HiddenReason".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Why the endpoint lacks the model, and which endpoint offers it."
        })
    }
}

/// Returns every row of a provider, each with its availability on `base_url`.
///
/// ```
/// use qwen_openclaw_catalog::{Edition, Endpoint, Provider, listing};
///
/// let rows = listing(&Provider::QWEN, Edition::default(), Endpoint::CodingGlobal.base_url());
/// let hidden = rows.iter().filter_map(|row| row.availability.reason());
/// assert!(hidden.clone().any(|reason| reason.model() == "qwen3.6-flash"));
/// for reason in hidden {
///     assert!(reason.to_string().contains("https://dashscope-intl.aliyuncs.com/"));
/// }
/// ```
#[must_use]
pub fn listing(provider: &Provider, edition: Edition, base_url: &str) -> Vec<Listing> {
    let row = |model| {
        let availability = of_row(model, edition, base_url);
        Listing {
            model,
            availability,
        }
    };
    models(provider, edition).iter().map(row).collect()
}

/// Returns whether `base_url` offers a model; a model outside the catalog counts as available.
#[must_use]
pub fn availability(
    provider: &Provider,
    id: &str,
    edition: Edition,
    base_url: &str,
) -> Availability {
    match find(provider, id, edition) {
        Some(model) => of_row(model, edition, base_url),
        None => Availability::Available,
    }
}

fn of_row(model: &'static ChatModel, edition: Edition, base_url: &str) -> Availability {
    if model.provider() != Provider::QWEN {
        return Availability::Available;
    }
    let class = classify(base_url);
    let (Some(plan), Some(region)) = (class.plan(), class.region()) else {
        return Availability::Available;
    };
    let lacks = match plan {
        Plan::Standard => false,
        Plan::Coding => model.is_media() || standard_only(model.id(), edition),
        Plan::Token | Plan::Portal => model.is_media(),
    };
    if !lacks {
        return Availability::Available;
    }
    let disputed = plan == Plan::Coding && model.some_edition_has_coding_plan(edition);
    let reason = HiddenReason {
        token_plan: find(&Provider::QWEN_TOKEN_PLAN, model.id(), edition).is_some(),
        disputed,
        ..HiddenReason::standard_only(model.id(), plan, region)
    };
    if disputed {
        Availability::Disputed(reason)
    } else {
        Availability::Hidden(reason)
    }
}

/// The availability of a model that only Standard keys can be used for.
pub(crate) fn with_standard_key(model: &'static str, class: Classification) -> Availability {
    match (class.plan(), class.region()) {
        (None | Some(Plan::Standard), _) | (_, None) => Availability::Available,
        (Some(plan), Some(region)) => {
            Availability::Hidden(HiddenReason::standard_only(model, plan, region))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(edition: Edition, endpoint: Endpoint) -> Vec<&'static str> {
        let rows = listing(&Provider::QWEN, edition, endpoint.base_url());
        let reasons = rows.iter().filter_map(|row| row.availability.reason());
        reasons.map(|reason| reason.model()).collect()
    }

    #[test]
    fn the_coding_plan_hides_what_its_edition_says() {
        assert_eq!(
            hidden(Edition::V2026_4, Endpoint::CodingGlobal),
            ["qwen3.6-plus"]
        );
        assert_eq!(
            hidden(Edition::Merged, Endpoint::CodingChina),
            [
                "qwen3.6-flash",
                "qwen3.7-max",
                "qwen3.8-max",
                "qwen3.8-flash",
                "qwen-vl-max-latest"
            ]
        );
    }

    #[test]
    fn a_model_on_which_the_editions_disagree_is_offered_with_a_doubt() {
        let of = |edition| {
            let url = Endpoint::CodingGlobal.base_url();
            availability(&Provider::QWEN, "qwen3.6-plus", edition, url)
        };
        let merged = of(Edition::Merged);
        assert!(merged.is_available() && merged.reason().is_none());
        assert_eq!(
            merged.doubt().unwrap().to_string(),
            "qwen3.6-plus may not be offered on the Coding Plan endpoint \
             https://coding-intl.dashscope.aliyuncs.com/v1; if it is refused, use \
             https://dashscope-intl.aliyuncs.com/compatible-mode/v1 with a Standard key for that \
             region, or https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1 with \
             a Token Plan key"
        );
        // A single edition does not disagree with itself.
        assert!(!of(Edition::V2026_4).is_available());
        assert_eq!(of(Edition::V2026_9), Availability::Available);
    }

    #[test]
    fn standard_and_unknown_hosts_offer_everything() {
        for url in [
            Endpoint::StandardChina.base_url(),
            "https://proxy.example.com/v1",
            "",
        ] {
            let rows = listing(&Provider::QWEN, Edition::Merged, url);
            assert_eq!(rows.len(), models(&Provider::QWEN, Edition::Merged).len());
            assert!(
                rows.iter().all(|row| row.availability.is_available()),
                "{url}"
            );
        }
    }

    #[test]
    fn the_reason_names_the_right_endpoint_and_key() {
        let base_url = Endpoint::CodingChina.base_url();
        let reason = |id| {
            let found = availability(&Provider::QWEN, id, Edition::Merged, base_url);
            found.reason().unwrap()
        };
        assert_eq!(
            reason("qwen3.7-max").to_string(),
            "qwen3.7-max is not offered on the Coding Plan endpoint \
             https://coding.dashscope.aliyuncs.com/v1; use \
             https://dashscope.aliyuncs.com/compatible-mode/v1 with a Standard key for that region"
        );
        assert!(reason("qwen3.8-max").to_string().ends_with(
            ", or https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1 with a Token \
             Plan key"
        ));
        assert_eq!(
            reason("qwen3.8-max").elsewhere(),
            [Endpoint::StandardChina, Endpoint::TokenChina]
        );
    }

    #[test]
    fn a_model_outside_the_catalog_is_available() {
        let found = availability(
            &Provider::QWEN,
            "my-model",
            Edition::Merged,
            Endpoint::CodingGlobal.base_url(),
        );
        assert!(found.is_available());
    }

    #[test]
    fn availability_in_json() {
        let rows = listing(
            &Provider::QWEN,
            Edition::V2026_4,
            Endpoint::CodingGlobal.base_url(),
        );
        let json = serde_json::to_value(&rows).unwrap();
        assert_eq!(
            json[0]["availability"],
            serde_json::json!({"status": "available"})
        );
        assert_eq!(json[1]["availability"]["status"], "hidden");
    }
}
