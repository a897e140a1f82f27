//! Which keys each endpoint takes.

use http::{HeaderMap, header::AUTHORIZATION};

use crate::{
    endpoint::{Endpoint, Plan, Protocol, Region},
    refusal::Refusal,
};

/// The start of keys that are held to a plan and a region.
const EMULATOR: &str = "sk-emu-";
/// The start of Coding Plan keys.
const PLAN: &str = "sk-sp-";
/// The start of temporary keys.
const TEMPORARY: &str = "st-";

/// Makes a key that is taken by the endpoint of `plan` and `region` and by no other.
pub(crate) fn key_for(plan: Plan, region: Region) -> String {
    format!(
        "{EMULATOR}{}-{}-0123456789abcdef",
        plan.word(),
        region.word()
    )
}

/// Decides about the key of a request. `required` are the only keys taken; none means any.
pub(crate) fn check(
    headers: &HeaderMap,
    endpoint: Endpoint,
    required: &[String],
) -> Result<(), Refusal> {
    let key = of(headers, endpoint).ok_or_else(|| Refusal::missing_key(endpoint))?;
    let accepted = required.is_empty() || required.iter().any(|required| required == key);
    if accepted && has_form(key, endpoint) && belongs(key, endpoint) {
        Ok(())
    } else {
        Err(Refusal::wrong_key(endpoint))
    }
}

/// The key of a request. Anthropic's protocol has a header of its own for it, which counts first;
/// that is inferred.
pub(crate) fn of(headers: &HeaderMap, endpoint: Endpoint) -> Option<&str> {
    let own = || headers.get("x-api-key")?.to_str().ok();
    match endpoint.protocol {
        Protocol::Anthropic(_) => own()
            .map(str::trim)
            .filter(|key| !key.is_empty())
            .or_else(|| bearer(headers)),
        _ => bearer(headers),
    }
}

/// The bearer token of a request, or `None` when it is absent or empty.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
}

/// Keys are one word. Those of the portal are tokens of any form; all others have a known start.
fn has_form(key: &str, endpoint: Endpoint) -> bool {
    let word = key.bytes().all(|byte| byte.is_ascii_graphic());
    let portal = endpoint.protocol == Protocol::OpenAi(Plan::Portal);
    word && (portal || key.starts_with("sk-") || key.starts_with(TEMPORARY))
}

/// Keys that say what they are for are taken there only.
fn belongs(key: &str, endpoint: Endpoint) -> bool {
    if let Some(rest) = key.strip_prefix(EMULATOR) {
        let home = format!("{}-{}-", endpoint.plan().word(), endpoint.region.word());
        return rest.starts_with(&home);
    }
    !key.starts_with(PLAN) || matches!(endpoint.plan(), Plan::Coding | Plan::Token)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(value: Option<&str>, endpoint: Endpoint) -> Result<(), Refusal> {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        super::check(&headers, endpoint, &[])
    }

    const STANDARD: Endpoint = Endpoint::open_ai(Plan::Standard, Region::Global);

    #[test]
    fn any_key_of_valid_form_is_taken() {
        for key in [
            "Bearer sk-1",
            "bearer sk-ws-H.abc.def",
            "Bearer st-temporary",
        ] {
            assert_eq!(check(Some(key), STANDARD), Ok(()), "{key}");
        }
        for key in ["Bearer nonsense", "Bearer sk-one sk-two"] {
            assert_eq!(
                check(Some(key), STANDARD),
                Err(Refusal::wrong_key(STANDARD)),
                "{key}"
            );
        }
        for key in [None, Some("Bearer "), Some("Basic sk-1"), Some("sk-1")] {
            assert_eq!(
                check(key, STANDARD),
                Err(Refusal::missing_key(STANDARD)),
                "{key:?}"
            );
        }
    }

    #[test]
    fn an_emulator_key_has_one_home() {
        for home in Endpoint::all() {
            let key = format!("Bearer {}", key_for(home.plan(), home.region));
            for endpoint in Endpoint::all() {
                let same = (endpoint.plan(), endpoint.region) == (home.plan(), home.region);
                assert_eq!(
                    check(Some(&key), endpoint).is_ok(),
                    same,
                    "{home} {endpoint}"
                );
            }
        }
        assert!(check(Some("Bearer sk-emu-standard"), STANDARD).is_err());
    }

    #[test]
    fn a_plan_key_is_refused_elsewhere() {
        for endpoint in Endpoint::all() {
            let taken = matches!(endpoint.plan(), Plan::Coding | Plan::Token);
            assert_eq!(check(Some("Bearer sk-sp-1"), endpoint).is_ok(), taken);
        }
    }

    #[test]
    fn required_keys_are_the_only_ones() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer sk-1"));
        let required = |key: &str| super::check(&headers, STANDARD, &[key.to_owned()]);
        assert_eq!(required("sk-1"), Ok(()));
        assert_eq!(required("sk-2"), Err(Refusal::wrong_key(STANDARD)));
    }
}
