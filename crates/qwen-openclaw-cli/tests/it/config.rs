//! `config`: what is shown, what is written, and what is refused.

use serde_json::json;

use crate::config_home::ConfigHome;

const CONFIG: &str = r#"{
  // mine
  agents: { defaults: { model: "qwen/qwen3.5-plus", mediaMaxMb: 0x10 } },
  models: { providers: { qwen: {
    baseUrl: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    apiKey: "sk-0123456789-secret-9876543210",
    models: [],
  } } },
}
"#;

#[test]
fn a_value_is_shown_without_secrets() {
    let home = ConfigHome::with(CONFIG);
    let get = |line: &str| home.run(&format!("config get {line}")).exits_with(0).stdout;
    assert_eq!(get("agents.defaults.model"), "qwen/qwen3.5-plus\n");
    assert_eq!(
        get("agents.defaults.model --json"),
        "\"qwen/qwen3.5-plus\"\n"
    );
    assert_eq!(get("agents.defaults.mediaMaxMb"), "16\n");
    assert_eq!(
        get("models.providers.qwen"),
        "{\n  \"baseUrl\": \"https://dashscope-intl.aliyuncs.com/compatible-mode/v1\",\n  \
         \"apiKey\": \"__OPENCLAW_REDACTED__\",\n  \"models\": []\n}\n"
    );
    assert_eq!(
        get("models.providers.qwen.apiKey"),
        "__OPENCLAW_REDACTED__\n"
    );
    for key in ["agents.defaults.none", "agents.defaults.model.primary", "x"] {
        let ran = home.run(&format!("config get {key}")).exits_with(1);
        ran.says(&format!(
            "error: no such key in ~/.openclaw/openclaw.json: {key}"
        ));
    }
    home.run("config get a..b")
        .exits_with(1)
        .says("`a..b` is not a key path");
    ConfigHome::empty().run("config get agents").exits_with(1);

    let home = ConfigHome::with("{ $include: './base.json5' }");
    std::fs::write(
        home.folder().join("base.json5"),
        "{ tools: { profile: 'full' } }",
    )
    .unwrap();
    let ran = home.run("config get tools.profile").exits_with(0);
    assert_eq!(ran.stdout, "full\n");
}

#[test]
fn a_value_is_set_and_removed_and_nothing_else_changes() {
    let home = ConfigHome::with(CONFIG);
    let ran = home
        .run("config set agents.defaults.mediaMaxMb 20")
        .exits_with(0);
    assert_eq!(ran.stdout, "Updated agents.defaults.mediaMaxMb.\n");
    assert_eq!(home.text(), CONFIG.replace("0x10", "20"));
    // A string, because it is not JSON5.
    home.run("config set agents.defaults.model qwen/glm-5")
        .exits_with(0);
    assert_eq!(
        home.run("config get agents.defaults.model").stdout,
        "qwen/glm-5\n"
    );
    let key = "agents.defaults.models[\"qwen/glm-5\"]";
    home.qwen(&["config", "set", key, "{ alias: 'glm', }"])
        .run()
        .exits_with(0);
    assert!(
        home.text().contains("\"alias\": \"glm\""),
        "{}",
        home.text()
    );
    let ran = home
        .qwen(&["config", "unset", key, "--json"])
        .run()
        .exits_with(0);
    assert_eq!(ran.json(), json!({"ok": true, "key": key}));
    let text = home.text();
    let ran = home.qwen(&["config", "unset", key]).run().exits_with(1);
    ran.says("no such key");
    assert_eq!(home.text(), text);
    assert!(
        text.contains("// mine") && text.contains("secret"),
        "{text}"
    );

    let home = ConfigHome::empty();
    home.run("config set agents.defaults.model.primary qwen/glm-5")
        .exits_with(0);
    let expected = json!({"agents": {"defaults": {"model": {"primary": "qwen/glm-5"}}}});
    assert_eq!(home.value(), expected);
}

#[test]
fn a_value_that_would_do_harm_is_refused() {
    let key = "models.providers.qwen.apiKey";
    for (arguments, says) in [
        (
            &[key, "sk-secret-9876543210"][..],
            "hint: `qwen-openclaw models auth paste-api-key --provider qwen` stores it",
        ),
        (
            &[
                "models.providers.own",
                "{ headers: { 'X-Api-Key': 'secret' } }",
            ],
            "would put a key",
        ),
        (
            &["env.vars.QWEN_API_KEY", "secret"],
            "would put a key into the configuration",
        ),
        (
            &[
                "models.providers.own.baseUrl",
                "https://u:secret@h.example/v1",
            ],
            "`models.providers.own.baseUrl` would put a key",
        ),
        (
            &[key, "__OPENCLAW_REDACTED__"],
            "which `config get` prints in place of what it hides",
        ),
        (
            &["agnets.defaults.model", "qwen/glm-5"],
            "OpenClaw would refuse the change: agnets: unknown key",
        ),
        (
            &["agents.defaults.model", "5"],
            "agents.defaults.model: not ",
        ),
        (&["agents.defaults.model.primary", "x"], "is not an object"),
        (
            &["models.providers.qwen.models", "[{ id: ]"],
            "error: the value is not valid JSON5",
        ),
        (
            &["tools.profile", "full", "--strict-json"],
            "error: the value is not valid JSON5",
        ),
        (&["a..b", "1"], "is not a key path"),
    ] {
        let home = ConfigHome::with(CONFIG);
        let all = [&["config", "set"], arguments].concat();
        home.qwen(&all).run().exits_with(1).says(says);
        assert_eq!(home.text(), CONFIG, "{arguments:?}");
    }
    // What is in the file already may stay, and a variable is no key.
    let home = ConfigHome::with(CONFIG);
    home.run("config set models.providers.qwen.api openai-completions")
        .exits_with(0);
    home.qwen(&["config", "set", key, "${QWEN_API_KEY}"])
        .run()
        .exits_with(0);
    assert_eq!(
        home.run(&format!("config get {key}")).stdout,
        "${QWEN_API_KEY}\n"
    );
}

#[test]
fn what_is_odd_is_a_warning_unless_it_is_asked_to_be_strict() {
    let ran = ConfigHome::with("{ gateway: { port: 1 } }").run("config validate --strict");
    assert_eq!(
        ran.exits_with(0).stdout,
        "Config valid: ~/.openclaw/openclaw.json\n"
    );
    let odd = "{\n  agents: { defaults: { model: { primary: 'a/b', fallbacks: ['a/b'] } } },\n  \
               models: { providers: { qwen: { baseUrl: 'https://h.example/v1', apiKey: '${UNSET}' } } },\n  \
               bogusTop: 1,\n}\n";
    let home = ConfigHome::with(odd);
    let ran = home.run("config validate").exits_with(0);
    assert_eq!(
        ran.stdout,
        "Config valid, with 3 warnings: ~/.openclaw/openclaw.json\n"
    );
    // In the order of the file.
    assert_eq!(
        ran.stderr,
        "warning: line 2, agents.defaults.model.fallbacks[0]: the fallback is the primary model\n\
         warning: line 4, bogusTop: unknown key (OpenClaw 2026.9 refuses it)\n\
         warning: models.providers.qwen.apiKey: the variable UNSET is not set, and \
         `models.providers.qwen.apiKey` in ~/.openclaw/openclaw.json needs it\n"
    );
    let ran = home.run("config validate --strict").exits_with(1);
    assert_eq!(ran.stdout, "");
    ran.says("error: ~/.openclaw/openclaw.json has 1 problem that OpenClaw 2026.9 refuses");

    let document = home.run("config validate --json").exits_with(0).json();
    assert_eq!(
        (&document["ok"], &document["valid"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        document["issues"],
        json!([{"path": "bogusTop", "message": "unknown key", "line": 4}])
    );
    assert_eq!(document["warnings"].as_array().unwrap().len(), 2);
    let document = home
        .run("config validate --strict --json")
        .exits_with(1)
        .json();
    assert_eq!(
        (&document["ok"], &document["valid"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(document["error"]["type"], "config");
    assert_eq!(home.text(), odd);
}

#[test]
fn a_broken_file_is_shown_with_line_column_and_caret() {
    let broken = "{\n  agents: {},\n  models: { providers: { qwen: { apiKey: 'secret' ] } },\n}\n";
    let home = ConfigHome::with(broken);
    for line in [
        "config validate",
        "config get agents",
        "config set agents.defaults.model x",
        "models set qwen/glm-5",
        "plugins list",
    ] {
        let ran = home.run(line).exits_with(1);
        assert_eq!(ran.stdout, "", "{line}");
        let ran = ran.says("error: ~/.openclaw/openclaw.json is not valid JSON5: ");
        let ran = ran.says(" at line 3, column 51\n");
        ran.says("\n  providers: { qwen: { apiKey: '******' ] } },\n                                        ^\n");
    }
    let document = home.run("config validate --json").exits_with(1).json();
    assert_eq!(
        (&document["error"]["line"], &document["error"]["column"]),
        (&json!(3), &json!(51))
    );
    assert_eq!(document["issues"][0]["path"], "<root>");
    assert_eq!(home.text(), broken);
    let ran = ConfigHome::empty().run("config validate").exits_with(1);
    ran.says("error: ~/.openclaw/openclaw.json does not exist");
}

#[test]
fn the_path_and_the_schema_are_printed() {
    let home = ConfigHome::empty();
    let file = home.file();
    for command in ["path", "file"] {
        let ran = home.run(&format!("config {command}")).exits_with(0);
        assert_eq!(ran.stdout, format!("{}\n", file.display()));
    }
    let ran = home
        .qwen(&["config", "path", "--json"])
        .env("OPENCLAW_CONFIG_PATH", "/a/b.json");
    assert_eq!(
        ran.run().exits_with(0).json(),
        json!({"path": "/a/b.json", "exists": false})
    );
    // Its descriptions speak of secrets.
    let (mut command, _folder) = home.qwen(&["config", "schema"]).command();
    let schema = command.output().unwrap().stdout;
    let schema: serde_json::Value = serde_json::from_slice(&schema).unwrap();
    assert_eq!(schema["title"], "OpenClaw configuration");
    assert!(schema["properties"]["models"].is_object());
    assert!(!home.folder().exists());
}
