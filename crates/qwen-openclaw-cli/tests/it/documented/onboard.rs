//! `onboard --auth-choice …`: each documented choice, with the key typed on a terminal.

use qwen_openclaw_emulator::{Emulator, Plan, Region};
use serde_json::json;

use super::{CONFIG, Operator, STORE};
use crate::run::Ran;

/// What a row of the table of auth choices leads to.
struct Onboarded {
    provider: &'static str,
    /// The endpoint, and what it is called.
    base_url: &'static str,
    label: &'static str,
    default: &'static str,
    alias: &'static str,
    /// How many entries `agents.defaults.models` has, as OpenClaw writes them.
    models: usize,
}

const STANDARD_GLOBAL: Onboarded = Onboarded {
    provider: "qwen",
    base_url: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    label: "Standard, Global",
    default: "qwen/qwen3.5-plus",
    alias: "Qwen",
    models: 28,
};

const STANDARD_CHINA: Onboarded = Onboarded {
    base_url: "https://dashscope.aliyuncs.com/compatible-mode/v1",
    label: "Standard, China",
    ..STANDARD_GLOBAL
};

const CODING_GLOBAL: Onboarded = Onboarded {
    base_url: "https://coding-intl.dashscope.aliyuncs.com/v1",
    label: "Coding Plan, Global",
    models: 20,
    ..STANDARD_GLOBAL
};

const CODING_CHINA: Onboarded = Onboarded {
    base_url: "https://coding.dashscope.aliyuncs.com/v1",
    label: "Coding Plan, China",
    ..CODING_GLOBAL
};

const PORTAL: Onboarded = Onboarded {
    provider: "qwen-oauth",
    base_url: "https://portal.qwen.ai/v1",
    label: "Portal",
    default: "qwen-oauth/qwen3.5-plus",
    alias: "Qwen OAuth",
    models: 9,
};

/// Runs `onboard` on a terminal, where the key is typed. `--emulator` stands in for the service: it
/// accepts a key at the endpoint that it belongs to, and nowhere else.
#[track_caller]
fn onboards(choice: &str, expected: &Onboarded, key: &str) -> Ran {
    let Onboarded {
        provider,
        base_url,
        label,
        default,
        alias,
        models,
    } = *expected;
    let operator = Operator::new();
    let line = format!("qwen-openclaw onboard --auth-choice {choice} --emulator");
    let ran = operator.answers(&line, |terminal| {
        let what = if label == "Portal" {
            "Token"
        } else {
            "API key"
        };
        terminal.shows(&format!("{what} for {label}"));
        assert!(!terminal.echoes(), "the key would be shown");
        terminal.types(&format!("{key}\n"));
    });
    let ran = ran.prints(&format!(
        "Auth profile: {provider}:default ({provider}/api_key)\n\
         Endpoint: {base_url} ({label})\n\
         Default model: {default}\n"
    ));
    assert!(!ran.stderr.contains(key), "{}", ran.stderr);

    assert_eq!(operator.files(), [CONFIG, STORE]);
    let profile = format!("{provider}:default");
    let config = operator.home.value();
    assert_eq!(
        config["models"]["providers"][provider]["baseUrl"],
        json!(base_url)
    );
    assert_eq!(config["models"]["mode"], "merge");
    assert_eq!(
        config["auth"]["profiles"],
        json!({&profile: {"provider": provider, "mode": "api_key"}})
    );
    assert_eq!(
        config["plugins"]["entries"],
        json!({"qwen": {"enabled": true}})
    );
    let defaults = operator.defaults();
    assert_eq!(defaults["model"], json!({"primary": default}));
    assert_eq!(defaults["models"][default], json!({"alias": alias}));
    assert_eq!(defaults["models"].as_object().unwrap().len(), models);
    assert!(!operator.home.text().contains(key));
    let store = operator.home.credentials();
    assert_eq!(store["profiles"].as_object().unwrap().len(), 1);
    assert_eq!(store["profiles"][&profile]["key"], key);
    ran
}

/// The key of an endpoint: the emulator's others do not accept it.
fn key(plan: Plan, region: Region) -> String {
    Emulator::key_for(plan, region)
}

#[test]
fn onboard_auth_choice_qwen_oauth() {
    onboards("qwen-oauth", &PORTAL, &key(Plan::Portal, Region::Global));
}

#[test]
fn onboard_auth_choice_qwen_standard_api_key() {
    let key = key(Plan::Standard, Region::Global);
    onboards("qwen-standard-api-key", &STANDARD_GLOBAL, &key);
}

#[test]
fn onboard_auth_choice_qwen_standard_api_key_cn() {
    let key = key(Plan::Standard, Region::China);
    onboards("qwen-standard-api-key-cn", &STANDARD_CHINA, &key);
}

#[test]
fn onboard_auth_choice_qwen_api_key() {
    let key = key(Plan::Coding, Region::Global);
    onboards("qwen-api-key", &CODING_GLOBAL, &key);
}

#[test]
fn onboard_auth_choice_qwen_api_key_cn() {
    let key = key(Plan::Coding, Region::China);
    onboards("qwen-api-key-cn", &CODING_CHINA, &key);
}

/// "Still work": all of the family.
#[test]
fn onboard_auth_choice_modelstudio() {
    for (old, plan, region, expected) in [
        (
            "modelstudio-standard-api-key",
            Plan::Standard,
            Region::Global,
            STANDARD_GLOBAL,
        ),
        (
            "modelstudio-standard-api-key-cn",
            Plan::Standard,
            Region::China,
            STANDARD_CHINA,
        ),
        (
            "modelstudio-api-key",
            Plan::Coding,
            Region::Global,
            CODING_GLOBAL,
        ),
        (
            "modelstudio-api-key-cn",
            Plan::Coding,
            Region::China,
            CODING_CHINA,
        ),
    ] {
        let new = old.replace("modelstudio", "qwen");
        let ran = onboards(old, &expected, &key(plan, region));
        ran.says(&format!("note: {old} is now called {new}\r\n"));
    }
}

/// The way from the portal to a key of the service's, on the portal's page.
#[test]
fn onboard_then_models_set_is_the_way_from_the_portal() {
    let operator = Operator::logged_in();
    let login = operator.home.credentials()["profiles"]["qwen-oauth:default"].clone();
    let key = key(Plan::Standard, Region::Global);
    let line = "qwen-openclaw onboard --auth-choice qwen-standard-api-key --emulator";
    operator
        .answers(line, |terminal| {
            terminal.shows("API key for Standard, Global");
            terminal.types(&format!("{key}\n"));
        })
        .prints(&format!(
            "Auth profile: qwen:default (qwen/api_key)\n\
             Endpoint: {} (Standard, Global)\n\
             Default model: qwen-portal/coder-model\n",
            STANDARD_GLOBAL.base_url
        ));
    operator
        .types("qwen-openclaw models set qwen/qwen3-coder-plus")
        .prints("Default model: qwen/qwen3-coder-plus\n");
    assert_eq!(
        operator.defaults()["model"],
        json!({"primary": "qwen/qwen3-coder-plus"})
    );
    let profiles = operator.home.credentials()["profiles"].clone();
    assert_eq!(profiles["qwen-oauth:default"], login);
    assert_eq!(profiles["qwen:default"]["key"], key);
}
