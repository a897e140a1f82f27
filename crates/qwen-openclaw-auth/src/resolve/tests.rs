//! The order of precedence, as a table and in every combination.

use super::*;
use crate::{Trust, error::ErrorKind, variables::TABLE};

const NAMES: [&str; 3] = ["QWEN_API_KEY", "MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY"];

fn key(text: &str) -> ApiKey {
    ApiKey::parse(text).unwrap()
}

fn in_file(path: &str) -> Source {
    Source::Config {
        path: path.to_owned(),
    }
}

#[track_caller]
fn check(found: Result<Resolved, Error>, expected: Result<(&str, &str), ErrorKind>) {
    let found = found
        .as_ref()
        .map(|found| (found.key().expose(), found.source().to_string()));
    let expected = expected.map(|(key, source)| (key, source.to_owned()));
    assert_eq!(found.map_err(Error::kind), expected);
}

#[test]
fn every_combination_of_the_variables_takes_the_first_that_is_not_blank() {
    // For each name: not set, empty, blank, set, set with white space around it.
    let values = [None, Some(""), Some(" \t"), Some("sk"), Some("  sk\n")];
    for combination in 0..values.len().pow(3) {
        let pick = |index: u32| values[combination / values.len().pow(index) % values.len()];
        let chosen = [pick(0), pick(1), pick(2)];
        let pairs = NAMES
            .iter()
            .zip(chosen)
            .filter_map(|(name, value)| Some((*name, value?)));
        let environment = Environment::from_pairs(pairs);

        let first = chosen
            .iter()
            .position(|value| value.is_some_and(|value| value.contains("sk")));
        let source = first.map(|index| format!("env: {}", NAMES[index]));
        let expected = source
            .as_deref()
            .map(|source| ("sk", source))
            .ok_or(ErrorKind::Missing);
        check(resolve(Provider::QWEN, &environment), expected);
    }
}

#[test]
fn a_provider_looks_at_its_own_variables_alone() {
    let all = [
        ("QWEN_API_KEY", "sk-qwen"),
        ("MODELSTUDIO_API_KEY", "sk-ms"),
        ("DASHSCOPE_API_KEY", "sk-ds"),
        ("QWEN_TOKEN_PLAN_API_KEY", "sk-tp"),
    ];
    let table = [
        (Provider::QWEN, 0, Ok(("sk-qwen", "env: QWEN_API_KEY"))),
        (Provider::QWEN, 1, Ok(("sk-ms", "env: MODELSTUDIO_API_KEY"))),
        (Provider::QWEN, 2, Ok(("sk-ds", "env: DASHSCOPE_API_KEY"))),
        (Provider::QWEN, 3, Err(ErrorKind::Missing)),
        (
            Provider::QWEN_OAUTH,
            0,
            Ok(("sk-qwen", "env: QWEN_API_KEY")),
        ),
        (Provider::QWEN_OAUTH, 1, Err(ErrorKind::Missing)),
        (
            Provider::QWEN_TOKEN_PLAN,
            0,
            Ok(("sk-tp", "env: QWEN_TOKEN_PLAN_API_KEY")),
        ),
    ];
    for (provider, skipped, expected) in table {
        check(
            resolve(
                provider,
                &Environment::from_pairs(all[skipped..].iter().copied()),
            ),
            expected,
        );
    }
}

#[test]
fn a_lower_layer_fills_in_before_the_order_of_names_decides() {
    let environment = Environment::from_pairs([(NAMES[0], " "), (NAMES[2], "sk-process")])
        .with_dotenv_text(
            "x.env",
            "QWEN_API_KEY=sk-file\nDASHSCOPE_API_KEY=sk-other",
            Trust::Full,
        )
        .unwrap();
    check(
        resolve(Provider::QWEN, &environment),
        Ok(("sk-file", "dotenv: QWEN_API_KEY (x.env)")),
    );
}

#[test]
fn places_rank_explicit_profile_environment_config() {
    let environment = Environment::from_pairs([("HOME", "/h"), ("QWEN_API_KEY", "sk-environment")]);
    let places = [
        ("sk-explicit", "explicit"),
        ("sk-profile", "profile: qwen:work"),
        ("sk-environment", "env: QWEN_API_KEY"),
        ("sk-config", "config: ~/openclaw.json"),
    ];
    let without_keys = Environment::from_pairs([("HOME", "/h")]);
    for combination in 0_u8..16 {
        let has = |place: usize| combination & (1 << place) != 0;
        let mut resolver = Resolver::new(Provider::QWEN).environment(if has(2) {
            &environment
        } else {
            &without_keys
        });
        if has(0) {
            resolver = resolver.explicit(key("sk-explicit"));
        }
        if has(1) {
            resolver = resolver.profile("qwen:work", key("sk-profile"));
        }
        if has(3) {
            resolver = resolver.config_key(key("sk-config"), in_file("~/openclaw.json"));
        }
        let first = (0..4).find(|place| has(*place)).map(|place| places[place]);
        check(resolver.resolve(), first.ok_or(ErrorKind::Missing));
    }
}

#[test]
fn a_broken_key_in_the_variable_that_decides_is_an_error_that_names_it() {
    let environment = Environment::from_pairs([
        ("QWEN_API_KEY", "sk-broken\nsk-secret"),
        ("DASHSCOPE_API_KEY", "sk-fine"),
    ]);
    let error = Resolver::new(Provider::QWEN)
        .environment(&environment)
        .config_key(key("sk-fine"), in_file("x"))
        .resolve()
        .unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::InvalidKey(crate::KeyProblem::LineBreak)
    );
    assert_eq!(
        error.found_in().and_then(Source::variable),
        Some("QWEN_API_KEY")
    );
    assert!(
        error
            .to_string()
            .starts_with("the API key (env: QWEN_API_KEY) contains a line break")
    );
    assert!(!format!("{error:?}").contains("secret"));
}

#[test]
fn a_broken_key_in_a_place_that_does_not_decide_does_no_harm() {
    let environment = Environment::from_pairs([
        ("QWEN_API_KEY", "sk-fine"),
        ("DASHSCOPE_API_KEY", "sk broken"),
    ]);
    check(
        resolve(Provider::QWEN, &environment),
        Ok(("sk-fine", "env: QWEN_API_KEY")),
    );
    let broken = Environment::from_pairs([("QWEN_API_KEY", "sk broken")]);
    let resolver = Resolver::new(Provider::QWEN)
        .explicit(key("sk-1"))
        .environment(&broken);
    check(resolver.resolve(), Ok(("sk-1", "explicit")));
}

#[test]
fn a_missing_key_tells_what_was_looked_at_and_what_was_blank() {
    let environment = Environment::from_pairs([("MODELSTUDIO_API_KEY", "")]);
    let error = resolve(Provider::QWEN, &environment).unwrap_err();
    assert_eq!(error.variables(), NAMES);
    assert_eq!(
        error.to_string(),
        "no API key for Qwen Cloud: checked QWEN_API_KEY, MODELSTUDIO_API_KEY and \
         DASHSCOPE_API_KEY (MODELSTUDIO_API_KEY set but blank); set QWEN_API_KEY, \
         MODELSTUDIO_API_KEY or DASHSCOPE_API_KEY or pass a key"
    );
}

#[test]
fn the_variables_of_qwen_s_providers_are_in_the_table() {
    for provider in Provider::well_known().filter(Provider::is_qwen) {
        for name in provider.env_vars() {
            assert!(TABLE.iter().any(|known| known.name == *name), "{name}");
        }
    }
}

#[test]
fn a_resolver_and_its_result_show_no_key() {
    let resolver = Resolver::new(Provider::QWEN)
        .explicit(key("sk-secret-1"))
        .profile("p", key("sk-secret-2"))
        .config_key(key("sk-secret-3"), in_file("x"));
    let shown = format!("{resolver:?}");
    assert!(!shown.contains("secret"), "{shown}");
    let found = resolver.resolve().unwrap();
    assert!(!format!("{found:?} {:?}", Credential::from(found.clone())).contains("secret"));
}
