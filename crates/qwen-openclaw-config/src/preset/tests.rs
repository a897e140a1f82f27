//! Tests of presets, written after what OpenClaw's releases leave in an empty folder.

use serde_json::{Value, json};

use super::*;

fn choice(id: &str) -> AuthChoice {
    AuthChoice::by_id(id).unwrap()
}

fn applied(preset: &Preset, text: &str) -> Value {
    let mut document = Document::parse(text).unwrap();
    preset.apply(&mut document).unwrap();
    let once = document.text().to_owned();
    preset.apply(&mut document).unwrap();
    assert_eq!(document.text(), once, "a second time changes nothing");
    document.to_value()
}

#[test]
fn a_new_file_is_written_in_openclaws_order() {
    let mut document = Document::new();
    Preset::of(choice("qwen-token-plan-cn"))
        .apply(&mut document)
        .unwrap();
    insta::assert_snapshot!(document.text(), @r#"
    {
      "models": {
        "providers": {
          "qwen-token-plan": {
            "baseUrl": "https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1",
            "api": "openai-completions",
            "models": []
          }
        },
        "mode": "merge"
      },
      "agents": {
        "defaults": {
          "models": {
            "qwen-token-plan/qwen3.7-plus": {
              "alias": "Qwen Token Plan"
            },
            "qwen-token-plan/qwen3.8-max": {},
            "qwen-token-plan/qwen3.8-flash": {},
            "qwen-token-plan/qwen3.6-plus": {},
            "qwen-token-plan/qwen3-coder-next": {},
            "qwen-token-plan/kimi-k2.5": {},
            "qwen-token-plan/glm-5": {},
            "qwen-token-plan/MiniMax-M2.5": {}
          },
          "model": {
            "primary": "qwen-token-plan/qwen3.7-plus"
          }
        }
      },
      "auth": {
        "profiles": {
          "qwen-token-plan:default": {
            "provider": "qwen-token-plan",
            "mode": "api_key"
          }
        }
      },
      "plugins": {
        "entries": {
          "qwen": {
            "enabled": true
          }
        }
      }
    }
    "#);
}

#[test]
fn every_choice_writes_its_endpoint_models_and_default() {
    for (id, url, default, alias, entries) in [
        (
            "qwen-standard-api-key",
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            "qwen/qwen3.5-plus",
            "Qwen",
            28,
        ),
        (
            "qwen-standard-api-key-cn",
            "https://dashscope.aliyuncs.com/compatible-mode/v1",
            "qwen/qwen3.5-plus",
            "Qwen",
            28,
        ),
        (
            "qwen-api-key",
            "https://coding-intl.dashscope.aliyuncs.com/v1",
            "qwen/qwen3.5-plus",
            "Qwen",
            20,
        ),
        (
            "qwen-api-key-cn",
            "https://coding.dashscope.aliyuncs.com/v1",
            "qwen/qwen3.5-plus",
            "Qwen",
            20,
        ),
        (
            "qwen-token-plan",
            "https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1",
            "qwen-token-plan/qwen3.7-plus",
            "Qwen Token Plan",
            8,
        ),
        (
            "qwen-oauth",
            "https://portal.qwen.ai/v1",
            "qwen-oauth/qwen3.5-plus",
            "Qwen OAuth",
            9,
        ),
        (
            "modelstudio-api-key-cn",
            "https://coding.dashscope.aliyuncs.com/v1",
            "qwen/qwen3.5-plus",
            "Qwen",
            20,
        ),
        (
            "modelstudio-standard-api-key",
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            "qwen/qwen3.5-plus",
            "Qwen",
            28,
        ),
    ] {
        let preset = Preset::of(choice(id));
        let value = applied(&preset, "{}");
        let provider = preset.provider();
        let entry = &value["models"]["providers"][provider];
        assert_eq!(
            (&entry["baseUrl"], &entry["api"]),
            (&json!(url), &json!("openai-completions")),
            "{id}"
        );
        let defaults = &value["agents"]["defaults"];
        assert_eq!(defaults["model"], json!({"primary": default}), "{id}");
        assert_eq!(defaults["models"][default], json!({"alias": alias}), "{id}");
        assert_eq!(
            defaults["models"].as_object().unwrap().len(),
            entries,
            "{id}"
        );
        let profile = format!("{provider}:default");
        assert_eq!(
            value["auth"]["profiles"][profile],
            json!({"provider": provider, "mode": "api_key"})
        );
        assert_eq!(
            value["plugins"]["entries"]["qwen"],
            json!({"enabled": true}),
            "{id}"
        );
        assert!(entry.get("apiKey").is_none(), "{id}");
    }
}

#[test]
fn the_portal_login_writes_a_marker_rows_and_the_alias() {
    let preset = Preset::portal().base_url("https://portal.example/v1");
    let row = |id: &str, name: &str, input: Value| {
        json!({
            "id": id, "name": name, "reasoning": false, "input": input,
            "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
            "contextWindow": 128_000, "maxTokens": 8192,
        })
    };
    let expected = json!({
        "models": {"providers": {"qwen-portal": {
            "baseUrl": "https://portal.example/v1",
            "apiKey": "qwen-oauth",
            "api": "openai-completions",
            "models": [
                row("coder-model", "Qwen Coder", json!(["text"])),
                row("vision-model", "Qwen Vision", json!(["text", "image"])),
            ],
        }}},
        "agents": {"defaults": {
            "model": {"primary": "qwen-portal/coder-model"},
            "models": {"qwen-portal/coder-model": {"alias": "qwen"}, "qwen-portal/vision-model": {}},
        }},
        "auth": {"profiles": {"qwen-portal:default": {"provider": "qwen-portal", "mode": "oauth"}}},
        "plugins": {"entries": {"qwen-portal-auth": {"enabled": true}}},
    });
    assert_eq!(applied(&preset, "{}"), expected);
    let documented = "{ models: { providers: { 'qwen-portal': { /* filled by the login */ } } } }";
    let mut document = Document::parse(documented).unwrap();
    preset.apply(&mut document).unwrap();
    assert!(document.text().contains("{ /* filled by the login */\n"));
    assert_eq!(document.to_value(), expected);
    // A key of the user's own is not replaced.
    let own = "{ models: { providers: { 'qwen-portal': { apiKey: 'sk-own' } } } }";
    let value = applied(&preset, own);
    assert_eq!(
        value["models"]["providers"]["qwen-portal"]["apiKey"],
        "sk-own"
    );
}

#[test]
fn what_is_configured_stays() {
    let text = "{
  // mine
  models: { providers: { qwen: {
    apiKey: ' sk-mine ', // literal
    headers: { 'x-team': 'a' },
    baseUrl: 'https://old.example.com/v1', models: [{ id: 'mine' }],
  } }, mode: 'replace' },
  agents: { defaults: { model: 'anthropic/m', models: { 'qwen/qwen3.5-plus': { alias: 'Mine' } } } },
}";
    let mut document = Document::parse(text).unwrap();
    Preset::of(choice("qwen-api-key"))
        .apply(&mut document)
        .unwrap();
    let value = document.to_value();
    let entry = &value["models"]["providers"]["qwen"];
    assert_eq!(entry["apiKey"], "sk-mine");
    assert_eq!(entry["headers"], json!({"x-team": "a"}));
    assert_eq!(
        entry["baseUrl"],
        "https://coding-intl.dashscope.aliyuncs.com/v1"
    );
    let rows = entry["models"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]), (11, &json!({"id": "mine"})));
    let defaults = &value["agents"]["defaults"];
    assert_eq!(defaults["model"], "anthropic/m");
    assert_eq!(
        defaults["models"]["qwen/qwen3.5-plus"],
        json!({"alias": "Mine"})
    );
    for comment in ["// mine\n", "// literal\n"] {
        assert!(document.text().contains(comment));
    }

    let preset = Preset::of(choice("qwen-api-key")).set_default(true);
    preset.apply(&mut document).unwrap();
    assert_eq!(document.model(ModelSlot::Chat), Some("qwen/qwen3.5-plus"));
}

#[test]
fn a_reference_or_blank_key_gives_way_to_the_profile() {
    for key in [
        "'  '",
        "{ source: 'env', provider: 'default', id: 'QWEN_API_KEY' }",
    ] {
        let text = format!("{{ models: {{ providers: {{ qwen: {{ apiKey: {key} }} }} }} }}");
        let value = applied(&Preset::of(choice("qwen-api-key")), &text);
        assert!(
            value["models"]["providers"]["qwen"].get("apiKey").is_none(),
            "{key}"
        );
    }
    let text = "{ models: { providers: { qwen: { apiKey: '${QWEN_API_KEY}' } } } }";
    let value = applied(&Preset::of(choice("qwen-api-key")), text);
    assert_eq!(
        value["models"]["providers"]["qwen"]["apiKey"],
        "${QWEN_API_KEY}"
    );
}

#[test]
fn one_spelling_of_a_provider_is_left() {
    let preset = Preset::of(choice("qwen-api-key"));
    let value = applied(
        &preset,
        "{ models: { providers: { Qwen: { a: 1 }, QWEN: { a: 2 } } } }",
    );
    let providers = value["models"]["providers"].as_object().unwrap();
    assert_eq!(providers.keys().collect::<Vec<_>>(), ["qwen"]);
    assert_eq!(providers["qwen"]["a"], 1);
}

#[test]
fn the_edition_of_april_takes_over_former_names_and_the_default() {
    let preset = Preset::of(choice("qwen-standard-api-key")).edition(Edition::V2026_4);
    let value = applied(
        &preset,
        "{ models: { providers: { modelstudio: { apiKey: 'sk-1', models: [{ id: 'm' }] }, qwen: { b: 1 } } },
           agents: { defaults: { model: { primary: 'p/m', fallbacks: ['p/f'] } } } }",
    );
    let providers = value["models"]["providers"].as_object().unwrap();
    assert_eq!(providers.keys().collect::<Vec<_>>(), ["qwen"]);
    assert_eq!(providers["qwen"]["apiKey"], "sk-1");
    assert_eq!(providers["qwen"]["models"].as_array().unwrap().len(), 10);
    let expected = json!({"primary": "qwen/qwen3.5-plus", "fallbacks": ["p/f"]});
    assert_eq!(value["agents"]["defaults"]["model"], expected);
}

#[test]
fn an_unknown_choice_names_the_nearest() {
    assert_eq!(
        Preset::by_id(" Qwen-Portal ").unwrap().provider(),
        "qwen-portal"
    );
    let error = Preset::by_id("qwen-api-kye").unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::UnknownChoice);
    assert_eq!(error.candidates()[0], "qwen-api-key");
    let message = "unknown auth choice qwen-api-kye; did you mean qwen-api-key or ";
    assert!(error.to_string().starts_with(message), "{error}");
}

#[test]
fn another_account_is_recorded_without_the_plugin() {
    let preset = Preset::portal().account("work");
    assert_eq!(preset.profile(), "qwen-portal:work");
    let mut document = Document::new();
    preset.apply_models(&mut document).unwrap();
    preset.record_profile(&mut document).unwrap();
    let value = document.to_value();
    assert_eq!(
        value["auth"]["profiles"],
        json!({"qwen-portal:work": {"provider": "qwen-portal", "mode": "oauth"}})
    );
    assert_eq!(value.get("plugins"), None);
    let value = applied(&preset, document.text());
    let plugins = json!({"entries": {"qwen-portal-auth": {"enabled": true}}});
    assert_eq!(
        (preset.plugin(), &value["plugins"]),
        ("qwen-portal-auth", &plugins)
    );
}
