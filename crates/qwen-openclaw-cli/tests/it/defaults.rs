//! What `chat`, `describe`, `video`, and `models` take from OpenClaw's configuration.

use qwen_openclaw_emulator::{Emulator, Plan, Region};
use tempfile::TempDir;

use crate::run::{KEY, Qwen, Ran, Service};

const CONFIG: &str = "{
  models: { providers: {
    qwen: { baseUrl: 'STANDARD' },
    acme: { baseUrl: 'STANDARD', apiKey: '${ACME_KEY}', models: [
      { id: 'qwen3.6-plus', name: 'Acme', input: ['text', 'image'], contextWindow: 32000 } ] },
  } },
  agents: {
    defaults: {
      model: { primary: 'Coder' },
      models: { 'qwen/qwen3-coder-plus': { alias: 'Coder' }, 'modelstudio/glm-5': { alias: 'fast' },
                'qwen/a': { alias: 'twice' }, 'qwen/b': { alias: 'twice' } },
      imageModel: 'qwen/qwen3.5-plus',
      videoGenerationModel: { primary: 'qwen/wan2.6-t2v' },
    },
    list: [{ id: 'quick', model: 'fast' }, { id: 'plain' }],
  },
  tools: { media: { video: { models: [{ provider: 'qwen', model: 'qwen3.6-plus' }] } } },
}";

/// A home folder with a configuration, beside a service.
struct Home {
    folder: TempDir,
    service: Service,
}

impl Home {
    fn new(config: &str) -> Self {
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
            service: Service::start(),
        };
        let url = home.service.emulator.base_url();
        let folder = home.folder.path().join(".openclaw");
        std::fs::create_dir_all(&folder).unwrap();
        let config = config.replace("STANDARD", &url);
        std::fs::write(folder.join("openclaw.json"), config).unwrap();
        home
    }

    fn command(&self, arguments: &[&str]) -> Qwen {
        let command = Qwen::new(arguments).env("HOME", self.folder.path().to_str().unwrap());
        command.env("QWEN_API_KEY", KEY).env("ACME_KEY", KEY)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).run()
    }

    /// The model that was asked.
    fn asked(&self, arguments: &[&str]) -> String {
        self.run(arguments).exits_with(0);
        let sent = self.service.emulator.take_requests().pop().unwrap();
        sent.json()["model"].as_str().unwrap().to_owned()
    }
}

#[test]
fn chat_asks_the_default_model_an_alias_or_the_model_of_an_agent() {
    let home = Home::new(CONFIG);
    assert_eq!(home.asked(&["chat", "hi"]), "qwen3-coder-plus");
    for alias in ["fast", "FAST"] {
        assert_eq!(home.asked(&["chat", "-m", alias, "hi"]), "glm-5");
    }
    assert_eq!(home.asked(&["chat", "--agent", "quick", "hi"]), "glm-5");
    for agent in ["plain", "main"] {
        let model = home.asked(&["chat", "--agent", agent, "hi"]);
        assert_eq!(model, "qwen3-coder-plus", "{agent}");
    }
    assert_eq!(
        home.asked(&["chat", "-m", "acme/qwen3.6-plus", "hi"]),
        "qwen3.6-plus"
    );
    // A bare id that is no alias is one of Qwen's.
    assert_eq!(home.asked(&["chat", "-m", "glm-4.7", "hi"]), "glm-4.7");
}

#[test]
fn what_is_not_configured_is_an_error_that_names_what_is() {
    let home = Home::new(CONFIG);
    let ambiguous = home.run(&["chat", "-m", "twice", "hi"]).exits_with(1);
    ambiguous.says("qwen/a or qwen/b");
    let agent = home.run(&["chat", "--agent", "nobody", "hi"]).exits_with(1);
    agent.says("no such agent: nobody").says("quick, plain");
    let both = home.run(&["chat", "--agent", "quick", "-m", "fast", "hi"]);
    both.exits_with(2);
    let provider = home.run(&["chat", "-m", "acne/m", "hi"]).exits_with(4);
    provider.says("unknown provider");
    assert!(home.service.requests().is_empty());
}

#[test]
fn a_plan_of_another_provider_takes_its_own_default_model() {
    let home = Home::new(CONFIG);
    let explain = |arguments: &[&str]| {
        let ran = home.run(&[&["models", "explain", "--json"], arguments].concat());
        let json = ran.exits_with(0).json();
        format!("{}/{}", json["provider"], json["model"]).replace('"', "")
    };
    assert_eq!(explain(&[]), "qwen/qwen3-coder-plus");
    assert_eq!(explain(&["--plan", "coding"]), "qwen/qwen3-coder-plus");
    assert!(explain(&["--plan", "token"]).starts_with("qwen-token-plan/"));
    assert_eq!(explain(&["fast"]), "qwen/glm-5");
}

#[test]
fn explain_says_that_the_base_url_is_configured() {
    let home = Home::new(CONFIG);
    let url = home.service.emulator.base_url();
    for model in ["qwen/glm-5", "acme/qwen3.6-plus"] {
        let ran = home.run(&["models", "explain", model]).exits_with(0);
        let expected = format!("{url} (configured in ~/.openclaw/openclaw.json)");
        assert!(ran.stdout.contains(&expected), "{}", ran.stdout);
    }
    let json = home.run(&["models", "explain", "acme/qwen3.6-plus", "--json"]);
    let json = json.exits_with(0).json();
    assert_eq!(json["baseUrlRule"], "configuration");
    assert_eq!(json["baseUrlSource"], "config: ~/.openclaw/openclaw.json");
    assert_eq!(json["keySource"], "env: ACME_KEY");
}

#[test]
fn describe_and_video_have_models_of_their_own() {
    let home = Home::new(CONFIG);
    let image = ["describe", "https://a.example/x.png"];
    assert_eq!(home.asked(&image), "qwen3.5-plus");
    assert_eq!(
        home.asked(&["describe", "https://a.example/x.mp4"]),
        "qwen3.6-plus"
    );
    assert_eq!(
        home.asked(&["describe", image[1], "-m", "qwen3.6-plus"]),
        "qwen3.6-plus"
    );

    let model = |home: &Home, arguments: &[&str]| {
        let all = ["video", "generate", "a cat", "--estimate", "--json"];
        let ran = home.run(&[&all, arguments].concat()).exits_with(0);
        ran.json()["model"].as_str().unwrap().to_owned()
    };
    assert_eq!(model(&home, &[]), "wan2.6-t2v");
    let other = CONFIG.replace("qwen/wan2.6-t2v", "t2v");
    let other = other.replace(
        "'qwen/a': { alias: 'twice' }",
        "'qwen/wan2.5-t2v-preview': { alias: 't2v' }",
    );
    assert_eq!(model(&Home::new(&other), &[]), "wan2.5-t2v-preview");
    let foreign = Home::new(&CONFIG.replace("qwen/wan2.6-t2v", "google/veo"));
    let ran = foreign
        .run(&["video", "generate", "a cat", "--estimate"])
        .exits_with(4);
    ran.says("the provider google does not generate videos");
    assert_eq!(model(&foreign, &["-m", "wan2.6-t2v"]), "wan2.6-t2v");

    let drawn_by = |config: &str| {
        let home = Home::new(config);
        let ran = home.run(&["image", "generate", "a cat", "--estimate", "--json"]);
        ran.exits_with(0).json()["model"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(drawn_by(CONFIG), "qwen-image-3.0");
    let choice = "imageGenerationModel: { primary: 'qwen/wan2.7-image' },";
    let chosen = CONFIG.replace(
        "videoGenerationModel",
        &format!("{choice} videoGenerationModel"),
    );
    assert_eq!(drawn_by(&chosen), "wan2.7-image");
}

#[test]
fn a_profile_picks_the_account() {
    let home = Home::new(CONFIG);
    for (account, plan) in [("default", "-default-"), ("work", "-work-")] {
        let id = format!("qwen:{account}");
        let paste = [
            "models",
            "auth",
            "paste-api-key",
            "--provider",
            "qwen",
            "--profile-id",
            &id,
        ];
        home.command(&paste)
            .stdin(&format!("sk{plan}0123456789"))
            .run()
            .exits_with(0);
    }
    let key = |arguments: &[&str]| {
        home.run(arguments).exits_with(0);
        let requests = home.service.emulator.take_requests();
        requests[0].header("authorization").unwrap().to_owned()
    };
    let work = "Bearer sk-work-0123456789";
    assert_eq!(key(&["chat", "hi"]), "Bearer sk-default-0123456789");
    for name in ["work", "qwen:work", "modelstudio:work"] {
        assert_eq!(key(&["chat", "--profile", name, "hi"]), work, "{name}");
    }
    assert_eq!(
        key(&["describe", "--profile", "work", "https://a.example/x.png"]),
        work
    );
    let output = home.folder.path().join("a.mp4");
    let output = output.to_str().unwrap();
    assert_eq!(
        key(&[
            "video",
            "generate",
            "a cat",
            "--profile",
            "work",
            "-o",
            output
        ]),
        work
    );

    let none = home.run(&["chat", "--profile", "gone", "hi"]);
    assert_eq!(none.code, Some(4), "{}", none.stderr);
    none.says("qwen:gone");
    let other = home
        .run(&["chat", "--profile", "openai:x", "hi"])
        .exits_with(2);
    other.says("does not belong to qwen");
}

#[test]
fn the_list_shows_configured_rows_and_tags() {
    let home = Home::new(CONFIG);
    let list = |arguments: &[&str]| {
        let ran = home.run(&[&["models", "list", "--json"], arguments].concat());
        ran.exits_with(0).json()["models"]
            .as_array()
            .unwrap()
            .clone()
    };
    let rows = list(&[]);
    let row = |key: &str| {
        let mut found = rows.iter().filter(|row| row["key"] == key);
        let row = found.next().unwrap_or_else(|| panic!("no {key}"));
        assert!(found.next().is_none(), "{key} is there twice");
        row
    };
    let tags = |key: &str| row(key)["tags"].clone();
    let default = ["default", "configured", "alias:Coder"];
    assert_eq!(tags("qwen/qwen3-coder-plus"), serde_json::json!(default));
    assert_eq!(
        tags("qwen/glm-5"),
        serde_json::json!(["configured", "alias:fast"])
    );
    assert_eq!(tags("qwen/qwen3.5-plus"), serde_json::json!([]));
    assert_eq!(
        tags("qwen/a"),
        serde_json::json!(["configured", "alias:twice"])
    );
    let acme = row("acme/qwen3.6-plus");
    assert_eq!(acme["name"], "Acme");
    assert_eq!(acme["input"], "text+image");
    assert_eq!(
        (&acme["contextWindow"], &acme["local"]),
        (&32000.into(), &true.into())
    );

    let only = list(&["--provider", "acme"]);
    assert_eq!(
        (only.len(), &only[0]["key"]),
        (1, &"acme/qwen3.6-plus".into())
    );
    assert!(
        list(&["--provider", "qwen"])
            .iter()
            .all(|row| row["key"] != acme["key"])
    );
    let text = home.run(&["models", "list"]).exits_with(0).stdout;
    let line = text
        .lines()
        .find(|line| line.starts_with("qwen/qwen3-coder-plus"));
    assert!(
        line.unwrap().contains("default, configured, alias:Coder"),
        "{text}"
    );

    let replaced = Home::new(&CONFIG.replacen("providers", "mode: 'replace', providers", 1));
    let plain = replaced.run(&["models", "list", "--plain"]).exits_with(0);
    assert_eq!(plain.stdout, "acme/qwen3.6-plus\n");
}

#[test]
fn a_broken_configuration_stops_only_what_needs_it() {
    let home = Home::new("{\n  agents: [\n");
    let url = home.service.emulator.base_url();
    let run = |arguments: &[&str]| home.command(arguments).env("QWEN_BASE_URL", &url).run();
    let position = "~/.openclaw/openclaw.json is not valid JSON5";
    for model in ["qwen/qwen3.5-plus", "qwen3.5-plus"] {
        let ran = run(&["chat", "-m", model, "hi"]).exits_with(0);
        assert_eq!(
            ran.stderr.matches("openclaw.json").count(),
            1,
            "{}",
            ran.stderr
        );
        ran.says(&format!(
            "warning: the configuration is not used: {position}"
        ))
        .says("line 2");
    }
    run(&["models", "list"]).exits_with(0).says("warning");
    let sent = home.service.emulator.take_requests().len();
    assert_eq!(sent, 2);
    for arguments in [
        &["chat", "hi"][..],
        &["chat", "-m", "fast", "hi"],
        &["chat", "-m", "acme/m", "hi"],
        &["chat", "--agent", "quick", "hi"],
        &["describe", "https://a.example/x.png"],
        &["video", "generate", "a cat", "--estimate"],
        &["models", "explain"],
    ] {
        let ran = run(arguments).exits_with(1);
        assert_eq!(
            ran.stderr.matches("openclaw.json").count(),
            1,
            "{}",
            ran.stderr
        );
        ran.says(&format!("error: {position}")).says("line 2");
    }
    let json = run(&["chat", "--json", "hi"]).exits_with(1);
    assert_eq!(json.json()["error"]["type"], "config");
    assert!(home.service.requests().is_empty());
}

#[test]
fn a_setting_that_cannot_be_used_stops_only_what_needs_it() {
    let config = CONFIG.replace("primary: 'Coder'", "primary: 'twice'");
    let home = Home::new(&config.replace("ACME_KEY", "UNSET_KEY"));
    home.run(&["models", "list"]).exits_with(0);
    home.run(&["chat", "hi"])
        .exits_with(1)
        .says("qwen/a or qwen/b");
    let ran = home
        .run(&["chat", "-m", "acme/qwen3.6-plus", "hi"])
        .exits_with(3);
    ran.says("the configured key for acme cannot be used")
        .says("the variable UNSET_KEY is not set, and `models.providers.acme.apiKey`");
    assert!(home.service.requests().is_empty());
    assert_eq!(home.asked(&["chat", "-m", "fast", "hi"]), "glm-5");
}

#[test]
fn the_emulator_takes_names_from_the_configuration_and_nothing_else() {
    let home = Home::new(CONFIG);
    let model = |home: &Home, arguments: &[&str]| {
        let ran = home.run(&[&["chat", "--emulator", "--json", "hi"], arguments].concat());
        let json = ran.exits_with(0).json();
        assert!(home.service.requests().is_empty());
        json["model"].as_str().unwrap().to_owned()
    };
    assert!(model(&home, &[]).contains("qwen3-coder-plus"));
    assert!(model(&home, &["-m", "fast"]).contains("glm-5"));
    assert!(model(&Home::new("{"), &[]).contains("qwen3.5-plus"));
    let foreign = CONFIG.replace("primary: 'Coder'", "primary: 'anthropic/m'");
    assert!(model(&Home::new(&foreign), &[]).contains("qwen3.5-plus"));
}

#[test]
fn portal_chats_go_to_the_configured_base_url() {
    let home = Home::new("{}");
    let emulator = &home.service.emulator;
    let portal = emulator.base_url_for(Plan::Portal, Region::Global);
    let config = format!(
        "{{ models: {{ providers: {{ 'qwen-portal': {{ baseUrl: '{portal}', apiKey: 'qwen-oauth',
            models: [] }} }} }}, agents: {{ defaults: {{ model: 'qwen-portal/coder-model' }} }} }}"
    );
    std::fs::write(home.folder.path().join(".openclaw/openclaw.json"), config).unwrap();
    let token = Emulator::key_for(Plan::Portal, Region::Global);
    let ran = home
        .command(&["chat", "hi"])
        .env("QWEN_API_KEY", &token)
        .run();
    ran.exits_with(0);
    let sent = emulator.take_requests().pop().unwrap();
    assert_eq!(
        sent.header("authorization"),
        Some(&*format!("Bearer {token}"))
    );
    // Without a token the marker is not sent as one.
    let ran = Qwen::new(&["chat", "hi"])
        .env("HOME", home.folder.path().to_str().unwrap())
        .run();
    ran.exits_with(3);
    assert!(emulator.requests().is_empty());
}
