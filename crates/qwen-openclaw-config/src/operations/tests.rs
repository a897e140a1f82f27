//! Tests of what the commands do.

use serde_json::json;

use super::*;
use crate::error::ErrorKind;

#[track_caller]
fn check(text: &str, operation: impl FnOnce(&mut Document) -> Result<(), Error>, expected: &Value) {
    let mut document = Document::parse(text).unwrap();
    operation(&mut document).unwrap();
    assert_eq!(document.to_value(), *expected);
}

fn defaults(value: &Value) -> Value {
    json!({"agents": {"defaults": value}})
}

#[test]
fn a_model_is_set_and_listed() {
    let set = |document: &mut Document| document.set_model(ModelSlot::Chat, "p/m");
    let listed = json!({"p/m": {}});
    check(
        "{}",
        set,
        &defaults(&json!({"model": {"primary": "p/m"}, "models": listed})),
    );
    check(
        "{ agents: { defaults: { model: 'p/old', models: { 'p/m': { alias: 'm' } } } } }",
        set,
        &defaults(&json!({"model": "p/m", "models": {"p/m": {"alias": "m"}}})),
    );
    check(
        "{ agents: { defaults: { model: { primary: 'p/old', fallbacks: ['p/f'] } } } }",
        set,
        &defaults(&json!({"model": {"primary": "p/m", "fallbacks": ["p/f"]}, "models": listed})),
    );
    check(
        "{}",
        |document| {
            document.set_model(ModelSlot::Image, "p/m")?;
            document.set_model(ModelSlot::VideoGeneration, "p/v")
        },
        &defaults(&json!({
            "imageModel": {"primary": "p/m"},
            "videoGenerationModel": {"primary": "p/v"},
            "models": listed,
        })),
    );
}

#[test]
fn fallbacks_are_added_removed_and_cleared() {
    check(
        "{ agents: { defaults: { model: 'p/m' } } }",
        |document| {
            assert!(document.add_fallback(ModelSlot::Chat, "p/a")?);
            assert!(document.add_fallback(ModelSlot::Chat, "p/b")?);
            assert!(!document.add_fallback(ModelSlot::Chat, "p/a")?);
            assert_eq!(document.fallbacks(ModelSlot::Chat), ["p/a", "p/b"]);
            document.remove_fallback(ModelSlot::Chat, "p/a")
        },
        &defaults(&json!({
            "model": {"primary": "p/m", "fallbacks": ["p/b"]},
            "models": {"p/a": {}, "p/b": {}},
        })),
    );
    check(
        "{}",
        |document| document.clear_fallbacks(ModelSlot::Image),
        &defaults(&json!({"imageModel": {"fallbacks": []}})),
    );
    let error = Document::new()
        .remove_fallback(ModelSlot::Chat, "p/m")
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), "no such fallback: p/m");
}

#[test]
fn aliases_are_added_and_removed() {
    let mut document = Document::new();
    document.add_alias("coder", "p/m").unwrap();
    document.add_alias("coder", "p/m").unwrap();
    assert_eq!(document.aliases(), [("coder".to_owned(), "p/m".to_owned())]);
    let error = document.add_alias("coder", "p/other").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AliasTaken);
    assert_eq!(error.to_string(), "the alias coder already points to p/m");
    for alias in ["bad alias!", "", "a/b"] {
        let error = document.add_alias(alias, "p/m").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidAlias, "{alias}");
    }
    document.remove_alias("coder").unwrap();
    assert_eq!(
        document.to_value(),
        defaults(&json!({"models": {"p/m": {}}}))
    );
    let error = document.remove_alias("coder").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn profiles_and_plugins_are_recorded() {
    check(
        "{ auth: { profiles: { 'qwen:a': { email: 'a@b', mode: 'token' } },
           order: { qwen: ['qwen:b', 'qwen:a'], x: [] } } }",
        |document| {
            document.record_profile("qwen:a", "qwen", &ProfileMode::ApiKey)?;
            document.record_profile("qwen:b", "qwen", &ProfileMode::OAuth)?;
            assert!(document.forget_profile("qwen:b")?);
            assert!(!document.forget_profile("qwen:c")?);
            document.set_profile_order("y", &["y:1"])?;
            document.set_profile_order("x", &[])?;
            document.switch_plugin("qwen-portal-auth", true)?;
            document.switch_plugin("qwen", false)
        },
        &json!({
            "auth": {
                "profiles": {"qwen:a": {"provider": "qwen", "mode": "api_key", "email": "a@b"}},
                "order": {"qwen": ["qwen:a"], "y": ["y:1"]},
            },
            "plugins": {"entries": {
                "qwen-portal-auth": {"enabled": true},
                "qwen": {"enabled": false},
            }},
        }),
    );
}

#[test]
fn a_plugin_that_is_turned_on_is_allowed() {
    let on = |document: &mut Document| document.switch_plugin("qwen", true);
    let entries = json!({"qwen": {"enabled": true}});
    check(
        "{ plugins: { allow: ['browser'] } }",
        on,
        &json!({"plugins": {"allow": ["browser", "qwen"], "entries": entries}}),
    );
    check(
        "{ plugins: { allow: [] } }",
        on,
        &json!({"plugins": {"allow": [], "entries": entries}}),
    );
    check(
        "{ plugins: { allow: ['browser'] } }",
        |document| document.switch_plugin("qwen", false),
        &json!({"plugins": {"allow": ["browser"], "entries": {"qwen": {"enabled": false}}}}),
    );
}

#[test]
fn what_comes_from_another_file_is_not_changed_here() {
    let text = "{ $include: './base.json5' }";
    let mut document = Document::parse(text).unwrap();
    let error = document.set_model(ModelSlot::Chat, "p/m").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Included);
    assert_eq!(document.text(), text);
}
