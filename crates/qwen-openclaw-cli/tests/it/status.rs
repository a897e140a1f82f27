//! `status`: one screen.

use serde_json::json;

use crate::{
    models_status::Home,
    run::{KEY, Qwen, Service},
};

#[test]
fn an_empty_home_says_what_would_be_used_and_what_is_missing() {
    let ran = Qwen::new(&["status"]).run().exits_with(0);
    assert_eq!(ran.stderr, "");
    insta::assert_snapshot!("status-empty", ran.stdout);
}

#[test]
fn everything_is_on_one_screen() {
    let config = "{
      agents: { defaults: { model: { primary: 'fast', fallbacks: ['anthropic/claude-sonnet-4-20250514'] },
                            models: { 'qwen/qwen3.5-plus': { alias: 'fast' } } } },
      models: { providers: { qwen: { baseUrl: 'https://coding-intl.dashscope.aliyuncs.com/v1' } } },
      bogus: 1,
    }";
    let profiles = json!({"qwen:default": {"type": "api_key", "key": KEY},
        "qwen-oauth:default": {"type": "oauth", "access": "secret-a", "expires": 1_577_836_800_123_u64}});
    let home = Home::new(config, &profiles);
    // A job that is done, and one that failed while it was submitted.
    let service = Service::start();
    let video = |more: &[&str]| {
        let arguments = [&["video", "generate", "a cat", "--seconds", "2"], more].concat();
        home.run(&arguments).at(&service).run()
    };
    let path = home.path().join("cat.mp4");
    video(&["-o", path.to_str().unwrap()]).exits_with(0);
    video(&["--no-wait"]).exits_with(0);
    let ran = home.run(&["status"]).run().exits_with(0);
    assert!(
        ran.stdout.lines().all(|line| line.chars().count() <= 80),
        "{}",
        ran.stdout
    );
    for line in [
        "Model      qwen/qwen3.5-plus",
        "Fallbacks  anthropic/claude-sonnet-4-20250514",
        "Provider   qwen (Qwen Cloud)",
        "Plan       Coding Plan, Global",
        "Key        sk-01234...76543210 (profile: qwen:default)",
        "Profiles   qwen-oauth:default [qwen-oauth/oauth; expired\n           2020-01-01T00:00:00.123Z]",
        "Videos     1 saved, 1 submitted",
        "Config     ~/.openclaw/openclaw.json",
        "Problems   bogus: unknown key",
    ] {
        assert!(
            ran.stdout.contains(line),
            "`{line}` is not in\n{}",
            ran.stdout
        );
    }

    let status = home.run(&["status", "--json"]).run().exits_with(0).json();
    assert_eq!(
        (&status["plan"], &status["region"]),
        (&json!("coding"), &json!("global"))
    );
    assert_eq!(
        status["baseUrl"],
        "https://coding-intl.dashscope.aliyuncs.com/v1"
    );
    assert_eq!(status["baseUrlSource"], "config: ~/.openclaw/openclaw.json");
    assert_eq!(status["keySource"], "profile: qwen:default");
    assert_eq!(
        status["jobs"]["counts"],
        json!({"saved": 1, "submitted": 1})
    );
    assert_eq!(status["jobs"]["unfinished"][0]["phase"], "submitted");
    assert_eq!(status["profiles"][0]["status"], "expired");
    assert_eq!(status["problems"], json!(["bogus: unknown key"]));
}

/// The rest is shown, and the place of the mistake.
#[test]
fn a_broken_configuration_is_one_of_the_problems() {
    let home = Home::new("{\n  agents: [\n", &json!({}));
    home.write(".qwen-openclaw/credentials.json", "{");
    let ran = home
        .run(&["status"])
        .env("QWEN_API_KEY", KEY)
        .run()
        .exits_with(0);
    assert!(ran.stdout.contains("is not valid JSON5"), "{}", ran.stdout);
    assert!(ran.stdout.contains("column 11"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Provider   qwen"), "{}", ran.stdout);
    let status = home.run(&["status", "--json"]).run().exits_with(0).json();
    assert_eq!(status["configExists"], true);
    assert!(
        status["problems"].as_array().unwrap().len() >= 2,
        "{status}"
    );
}

/// A server of one's own, which needs no key, and one whose key is in the configuration.
#[test]
fn a_provider_of_ones_own_is_shown_with_its_server() {
    let config = "{ agents: { defaults: { model: 'mine/m' } },
                    models: { providers: { mine: { baseUrl: 'http://127.0.0.1:1/v1' } } } }";
    let status = |config: &str| {
        let home = Home::new(config, &json!({}));
        home.run(&["status", "--json"]).run().exits_with(0).json()
    };
    let found = status(config);
    assert_eq!(found["provider"], "mine");
    assert_eq!(found["baseUrl"], "http://127.0.0.1:1/v1");
    assert_eq!(
        (&found["key"], &found["keyProblem"]),
        (&json!(null), &json!(null))
    );
    let with_key = config.replace("/v1' }", &format!("/v1', apiKey: '{KEY}' }}"));
    let found = status(&with_key);
    assert_eq!(found["key"], "sk-01234...76543210");
    assert_eq!(found["keySource"], "config: ~/.openclaw/openclaw.json");
}

/// `status` and `models status` show what a request would use, which `models explain` says.
#[test]
fn what_is_shown_is_what_requests_use() {
    let portal = "{ tokens: { accessToken: 'secret-token-0123456789' } }";
    for (model, providers) in [
        (
            "dashscope/glm-5",
            format!("dashscope: {{ baseUrl: 'https://gateway.example/v1', apiKey: '{KEY}' }}"),
        ),
        (
            "dashscope/glm-5",
            format!(
                "dashscope: {{ baseUrl: 'https://gateway.example/v1' }}, qwen: {{ apiKey: '{KEY}' }}"
            ),
        ),
        ("modelstudio/glm-5", format!("qwen: {{ apiKey: '{KEY}' }}")),
        ("glm-5", format!("qwen: {{ apiKey: '{KEY}' }}")),
        (
            "qwen-portal/coder-model",
            format!("'qwen-portal': {portal}"),
        ),
        (
            "anthropic/m",
            format!(
                "anthropic: {{ baseUrl: 'https://api.anthropic.com', api: 'anthropic-messages', apiKey: '{KEY}' }}"
            ),
        ),
    ] {
        let config = format!(
            "{{ agents: {{ defaults: {{ model: '{model}' }} }},
                models: {{ providers: {{ {providers} }} }} }}"
        );
        let home = Home::new(&config, &json!({}));
        let json = |arguments: &[&str]| {
            let arguments = [arguments, &["--json"]].concat();
            home.run(&arguments).run().exits_with(0).json()
        };
        let used = json(&["models", "explain"]);
        let shown = json(&["status"]);
        for name in ["provider", "baseUrl", "key", "keySource"] {
            assert_eq!(shown[name], used[name], "{name}: {config}");
        }
        assert!(used["baseUrl"].is_string(), "{config}");
        let models = json(&["models", "status"]);
        let provider = used["provider"].as_str().unwrap();
        let resolved = models["resolvedDefault"].as_str().unwrap();
        assert!(resolved.starts_with(&format!("{provider}/")), "{config}");
        let listed = models["auth"]["providers"].as_array().unwrap();
        let listed = listed.iter().find(|each| each["provider"] == provider);
        let kind = &listed.unwrap()["effective"]["kind"];
        assert_eq!(kind == "models.json", !used["key"].is_null(), "{config}");
    }
}
