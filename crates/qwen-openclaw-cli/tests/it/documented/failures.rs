//! The five failures of the portal's page, each with what it says to check and to run.

use qwen_openclaw_emulator::OAuthScenario;
use serde_json::json;

use super::{BACKUP, CONFIG, ENABLE, LOGGED_IN, LOGIN, Operator, STORE, refs};

/// Plugin not enabled: list, enable, restart, log in.
#[test]
fn failure_1_provider_not_found() {
    let operator = Operator::new();
    operator.service.emulator.oauth().auto_approve(true);
    operator.types(LOGIN).fails(
        1,
        &[
            "Error: Provider \"qwen-portal\" not found",
            "cause: the plugin qwen-portal-auth, which logs in to the portal, is off",
        ],
    );
    assert!(operator.files().is_empty());
    assert!(operator.service.requests().is_empty());
    let listed = operator.types("qwen-openclaw plugins list | grep qwen");
    assert!(listed.stdout.contains("qwen-portal-auth  disabled"));
    operator.types(ENABLE).exits_with(0);
    operator
        .types("qwen-openclaw gateway restart")
        .exits_with(0);
    operator.types(LOGIN).prints(LOGGED_IN);
    assert_eq!(operator.files(), [CONFIG, BACKUP, STORE]);
}

/// A token that is not accepted: look at it, log in again.
#[test]
fn failure_2_oauth_authentication_failed() {
    let operator = Operator::logged_in();
    let oauth = operator.service.emulator.oauth();
    let config = operator.home.text();
    oauth.scenario(OAuthScenario::ApiUnauthorized);
    operator
        .chats()
        .fails(3, &["Error: OAuth authentication failed", "Status: 401"]);
    assert_eq!(operator.home.text(), config);
    assert_eq!(operator.files(), [CONFIG, BACKUP, STORE]);
    assert_eq!(operator.profiles()["qwen-oauth:default"]["mode"], "oauth");
    oauth.clear_scenarios();
    operator.types(LOGIN).prints(LOGGED_IN);
    operator.chats().exits_with(0);
}

/// A login that was revoked: log in again.
#[test]
fn failure_3_token_refresh_failed() {
    let operator = Operator::logged_in();
    let oauth = operator.service.emulator.oauth();
    let before = operator.home.files();
    oauth.scenario(OAuthScenario::ApiUnauthorized);
    oauth.scenario(OAuthScenario::RefreshUnauthorized);
    operator
        .chats()
        .fails(3, &["Error: Token refresh failed", "Status: 401"]);
    assert!(operator.home.files() == before);
    oauth.clear_scenarios();
    operator.types(LOGIN).prints(LOGGED_IN);
    operator.chats().exits_with(0);
}

/// A wrong ref: list the models, use the right one.
#[test]
fn failure_4_model_not_found() {
    let operator = Operator::new();
    let line = "qwen-openclaw chat --emulator --no-usage -m qwen/coder-model Hello";
    operator
        .types(line)
        .fails(4, &["Error: Model not found", "Status: 404"])
        .says("did you mean `qwen-oauth/coder-model`?");
    assert!(operator.files().is_empty());
    let operator = Operator::logged_in();
    let listed = operator.types("qwen-openclaw models list | grep qwen");
    assert!(refs(&listed.stdout).contains(&"qwen-portal/coder-model"));
    let ran = operator.types("qwen-openclaw chat --no-usage -m qwen-portal/coder-model Hello");
    let reply = ran.exits_with(0).stdout;
    assert!(reply.contains("standing in for coder-model"), "{reply}");
}

/// Over the requests of a day: wait, or configure fallbacks at other providers.
#[test]
fn failure_5_rate_limit_exceeded() {
    let operator = Operator::logged_in();
    let oauth = operator.service.emulator.oauth();
    let before = operator.home.files();
    oauth.scenario(OAuthScenario::ApiQuota);
    operator
        .chats()
        .fails(5, &["Error: Rate limit exceeded", "Status: 429"]);
    assert!(operator.home.files() == before);
    for (model, listed) in [
        ("anthropic/claude-sonnet-4-20250514", ""),
        ("openai/gpt-4o", "anthropic/claude-sonnet-4-20250514, "),
    ] {
        operator
            .types(&format!("qwen-openclaw models fallbacks add {model}"))
            .prints(&format!("Fallbacks: {listed}{model}\n"));
    }
    assert_eq!(
        operator.defaults()["model"],
        json!({
            "primary": "qwen-portal/coder-model",
            "fallbacks": ["anthropic/claude-sonnet-4-20250514", "openai/gpt-4o"],
        })
    );
}
