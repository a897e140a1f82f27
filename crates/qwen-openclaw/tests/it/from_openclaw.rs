//! OpenClaw's configuration decides where requests go, with which key, and how they are written.

use std::process::Command;

use qwen_openclaw::{
    ErrorKind, Qwen, QwenBuilder,
    auth::{
        ApiKey, CredentialStore, Environment, FileStore, KeyEndpoint, Profile, StateDir,
        StaticToken, StoredKey,
    },
    chat::Level,
    config::{Config, ConfigFile, Document},
};
use qwen_openclaw_emulator::{CapturedRequest, Emulator, Plan, Region};
use serde_json::json;
use tempfile::TempDir;

pub(crate) fn key(text: &str) -> ApiKey {
    ApiKey::parse(text).unwrap()
}

/// A home folder in which the service is an emulator.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) emulator: Emulator,
    variables: Vec<(String, String)>,
}

impl Home {
    pub(crate) async fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            emulator: Emulator::start().await.unwrap(),
            variables: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn environment(&self) -> Environment {
        let home = self.folder.path().to_str().unwrap();
        let mut pairs = vec![("HOME", home)];
        pairs.extend(
            self.variables
                .iter()
                .map(|(name, value)| (&**name, &**value)),
        );
        Environment::from_pairs(pairs)
    }

    /// The configuration, in which `STANDARD`, `CODING`, and `PORTAL` are the emulator's base URLs.
    pub(crate) fn config(&self, text: &str) -> Config {
        let url = |plan| self.emulator.base_url_for(plan, Region::Global);
        let text = text
            .replace("STANDARD", &url(Plan::Standard))
            .replace("CODING", &url(Plan::Coding))
            .replace("PORTAL", &url(Plan::Portal));
        let path = self.folder.path().join(".openclaw/openclaw.json");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        let environment = self.environment();
        let file = ConfigFile::locate(&environment).unwrap();
        file.load(&environment).unwrap()
    }

    pub(crate) fn qwen(&self, text: &str) -> Qwen {
        self.builder(text).build().unwrap()
    }

    pub(crate) fn builder(&self, text: &str) -> QwenBuilder {
        let builder = Qwen::builder().environment(self.environment());
        builder.home().unwrap().openclaw(self.config(text))
    }

    pub(crate) async fn store(&self, id: &str, profile: Profile) {
        let folder = StateDir::of(&self.environment()).unwrap();
        let store = FileStore::in_folder(&folder);
        store.put(&id.parse().unwrap(), &profile).await.unwrap();
    }

    pub(crate) fn sent(&self) -> CapturedRequest {
        self.emulator.take_requests().pop().unwrap()
    }
}

pub(crate) fn standard() -> String {
    Emulator::key_for(Plan::Standard, Region::Global)
}

pub(crate) fn stored(key_of: &str) -> Profile {
    Profile::ApiKey(StoredKey::new(key(key_of), KeyEndpoint::default()))
}

pub(crate) async fn source(qwen: &Qwen, model: &str) -> String {
    let route = qwen.route(model).await.unwrap();
    route.credential().unwrap().source().to_string()
}

#[tokio::test]
async fn the_default_model_is_asked_at_the_configured_base_url_with_the_configured_key() {
    let home = Home::new().await.with("MY_KEY", &standard());
    let qwen = home.qwen(
        "{
          models: { providers: { qwen: { baseUrl: 'STANDARD', apiKey: '${MY_KEY}' } } },
          agents: { defaults: {
            model: { primary: 'Coder', fallbacks: ['openai/gpt-4o'] },
            models: { 'qwen/qwen3-coder-plus': { alias: 'Coder' }, 'qwen/glm-5': { alias: 'fast' } },
          } },
        }",
    );
    assert_eq!(
        qwen.default_model().unwrap().to_string(),
        "qwen/qwen3-coder-plus"
    );
    let config = qwen.openclaw_config().unwrap();
    assert_eq!(config.fallbacks().unwrap(), ["openai/gpt-4o"]);
    let reply = qwen
        .chat_default()
        .unwrap()
        .user("hi")
        .send()
        .await
        .unwrap();
    assert!(!reply.text().is_empty());
    let sent = home.sent();
    assert_eq!(sent.json()["model"], "qwen3-coder-plus");
    assert_eq!(
        sent.header("authorization"),
        Some(&*format!("Bearer {}", standard()))
    );

    let route = qwen.route("FAST").await.unwrap();
    assert_eq!(route.model_ref().unwrap().to_string(), "qwen/glm-5");
    let explained = route.explain();
    assert_eq!(explained.base_url_rule, "configuration");
    assert_eq!(
        explained.base_url_source.unwrap(),
        "config: ~/.openclaw/openclaw.json"
    );
    assert_eq!(explained.key_source.unwrap(), "env: MY_KEY");
    qwen.chat("fast").user("hi").send().await.unwrap();
    assert_eq!(home.sent().json()["model"], "glm-5");
}

#[tokio::test]
async fn keys_rank_explicit_profile_environment_file_variables_entry() {
    let text = "{
      env: { vars: { DASHSCOPE_API_KEY: 'sk-of-the-file' } },
      models: { providers: { qwen: { apiKey: 'sk-of-the-entry' } } },
    }";
    let home = Home::new().await;
    let entry = "{ models: { providers: { qwen: { apiKey: 'sk-of-the-entry' } } } }";
    let model = "qwen/glm-5";
    let file = "~/.openclaw/openclaw.json";
    assert_eq!(
        source(&home.qwen(entry), model).await,
        format!("config: {file}")
    );
    assert_eq!(
        source(&home.qwen(text), model).await,
        format!("config env: DASHSCOPE_API_KEY ({file})")
    );
    let home = home.with("DASHSCOPE_API_KEY", "sk-of-the-process");
    assert_eq!(
        source(&home.qwen(text), model).await,
        "env: DASHSCOPE_API_KEY"
    );
    home.store("qwen:work", stored("sk-of-the-profile")).await;
    assert_eq!(source(&home.qwen(text), model).await, "profile: qwen:work");
    let builder = Qwen::builder()
        .environment(home.environment())
        .home()
        .unwrap();
    let builder = builder.api_key("sk-explicit").openclaw(home.config(text));
    assert_eq!(source(&builder.build().unwrap(), model).await, "explicit");
}

#[tokio::test]
async fn the_order_of_profiles_is_that_of_the_file_where_the_store_has_none() {
    let home = Home::new().await;
    for account in ["default", "home", "work"] {
        home.store(&format!("qwen:{account}"), stored("sk-1")).await;
    }
    let order = "{ auth: { order: { modelstudio: ['qwen:work', 'qwen:home'] },
                           profiles: { 'qwen:home': { provider: 'qwen', mode: 'api_key' } } } }";
    let profiles = "{ auth: { profiles: { 'qwen:home': { provider: 'qwen', mode: 'api_key' },
                                          'qwen:work': { provider: 'qwen', mode: 'token' } } } }";
    for (text, account) in [("{}", "default"), (order, "work"), (profiles, "work")] {
        let found = source(&home.qwen(text), "qwen/glm-5").await;
        assert_eq!(found, format!("profile: qwen:{account}"), "{text}");
    }
}

#[tokio::test]
async fn the_portals_names_are_one_account_and_a_marker_is_no_key() {
    for name in ["qwen-portal", "qwen-oauth", "qwen-cli"] {
        let home = Home::new().await;
        let token = Emulator::key_for(Plan::Portal, Region::Global);
        let token = Profile::Token(StaticToken::new(key(&token)));
        home.store("qwen-oauth:default", token).await;
        home.store("qwen:default", stored("sk-of-another-provider"))
            .await;
        let qwen = home.qwen(&format!(
            "{{ models: {{ providers: {{ '{name}': {{ baseUrl: 'PORTAL', apiKey: 'qwen-oauth',
                 models: [{{ id: 'coder-model', contextWindow: 128000, maxTokens: 8192 }}] }} }} }} }}"
        ));
        let chat = qwen
            .chat("qwen-portal/coder-model")
            .user("hi")
            .max_tokens(100_000);
        chat.send().await.unwrap();
        let sent = home.sent();
        let portal = Emulator::key_for(Plan::Portal, Region::Global);
        assert_eq!(
            sent.header("authorization"),
            Some(&*format!("Bearer {portal}")),
            "{name}"
        );
        assert_eq!(sent.json()["max_completion_tokens"], 8192, "{name}");
        // It is no place for the key of another provider.
        let route = qwen.route("qwen/glm-5").await.unwrap();
        assert!(!route.endpoint().class().is_loopback());
    }
    let home = Home::new().await;
    let qwen = home.qwen("{ models: { providers: { 'qwen-portal': { apiKey: 'qwen-oauth' } } } }");
    let route = qwen.route("qwen-portal/coder-model").await.unwrap();
    assert!(route.credential_error().is_some());
    let qwen =
        home.qwen("{ models: { providers: { 'qwen-portal': { baseUrl: 'http://a.example' } } } }");
    let refused = qwen.route("qwen-portal/coder-model").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn a_custom_provider_has_its_base_url_key_headers_and_rows() {
    let home = Home::new()
        .await
        .with("TEAM", "red")
        .with("QWEN_API_KEY", "sk-of-qwen");
    let qwen = home.qwen(&format!(
        "{{ models: {{ providers: {{ acme: {{
             baseUrl: 'STANDARD', api: 'openai-completions', apiKey: '{}',
             headers: {{ 'x-team': '${{TEAM}}' }},
             models: [{{ id: 'qwen3.6-plus', reasoning: true, input: ['text'], contextWindow: 32000,
               maxTokens: 4096, compat: {{ thinkingFormat: 'qwen-chat-template',
                 supportsStrictMode: false, supportsPromptCacheKey: false,
                 supportsUsageInStreaming: false, maxTokensField: 'max_tokens' }} }}] }} }} }} }}",
        standard(),
    ));
    let tools = json!([{"type": "function", "function": {"name": "f", "strict": true}}]);
    let chat = || {
        let chat = qwen.chat("acme/qwen3.6-plus").user("hi");
        chat.max_tokens(100_000).think(Level::Off)
    };
    let tools = chat().with(|request| request.extra("prompt_cache_key", "k").extra("tools", tools));
    tools.send().await.unwrap();
    let sent = home.sent();
    assert_eq!(sent.header("x-team"), Some("red"));
    assert_eq!(
        sent.header("authorization"),
        Some(&*format!("Bearer {}", standard()))
    );
    let body = sent.json();
    assert_eq!(body["max_tokens"], 4096);
    assert_eq!(body["chat_template_kwargs"]["enable_thinking"], false);
    assert_eq!(body["tools"][0]["function"], json!({"name": "f"}));
    assert_eq!(body.get("prompt_cache_key"), None);
    assert_eq!(body.get("stream_options"), None);
    let image = chat().image("https://a.example/x.png").send().await;
    assert_eq!(image.unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert!(home.emulator.requests().is_empty());
}

#[tokio::test]
async fn a_row_of_onboarding_takes_nothing_from_the_catalog() {
    let home = Home::new().await;
    let qwen = home.qwen(
        "{ models: { providers: { qwen: { baseUrl: 'STANDARD', apiKey: 'sk-0123456789', models: [
             { id: 'qwen3.6-plus', reasoning: false, input: ['text'] },
             { id: 'unheard-of', reasoning: false, input: ['text'] }] } } } }",
    );
    let known = qwen.chat("qwen/qwen3.6-plus").user("hi").think(Level::Low);
    assert_eq!(
        known
            .image("https://a.example/x.png")
            .notes()
            .await
            .unwrap(),
        []
    );
    let other = qwen.chat("qwen/unheard-of").user("hi");
    assert_eq!(
        other.clone().think(Level::Low).notes().await.unwrap().len(),
        1
    );
    assert!(
        other
            .image("https://a.example/x.png")
            .notes()
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_configured_endpoint_decides_which_models_there_are() {
    let home = Home::new().await;
    let coding = "https://coding-intl.dashscope.aliyuncs.com/v1";
    for name in ["qwen", "modelstudio"] {
        let text =
            format!("{{ models: {{ providers: {{ {name}: {{ baseUrl: '{coding}' }} }} }} }}");
        let qwen = home.qwen(&text);
        for model in ["qwen/qwen3.6-flash", "modelstudio/qwen3.6-flash"] {
            let route = qwen.route(model).await.unwrap();
            assert_eq!(
                route.endpoint().base_url().as_str(),
                coding,
                "{name} {model}"
            );
            assert!(!route.availability().is_available());
        }
    }
}

/// An alias names the well-known provider only where no key could get to another server.
#[tokio::test]
async fn an_alias_with_its_own_server_or_key_is_a_custom_provider() {
    let home = Home::new().await.with("QWEN_API_KEY", "sk-of-qwen");
    home.store("qwen:default", stored("sk-of-the-profile"))
        .await;
    for entry in [
        "{ baseUrl: 'https://gateway.example/v1' }",
        "{ baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1', apiKey: 'own-key' }",
    ] {
        let qwen = home.qwen(&format!(
            "{{ models: {{ providers: {{ dashscope: {entry} }} }} }}"
        ));
        let route = qwen.route("dashscope/glm-5").await.unwrap();
        assert_eq!(route.provider().id(), "dashscope");
        let sent = route
            .credential()
            .map(|credential| credential.key().expose());
        assert_eq!(sent, entry.contains("own-key").then_some("own-key"));
        assert_eq!(source(&qwen, "qwen/glm-5").await, "profile: qwen:default");
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_an_error_only_where_it_is_needed() {
    let home = Home::new().await.with("OPENAI_API_KEY", "sk-of-openai");
    let qwen = home.qwen(
        "{ models: { providers: {
             qwen: { baseUrl: 'STANDARD', apiKey: '${UNSET_KEY}' },
             openai: { apiKey: '${UNSET_KEY}' },
             url: { baseUrl: '${UNSET_URL}/v1' },
             header: { baseUrl: 'STANDARD', headers: { 'x-a': '${UNSET_HEADER}' } },
             nowhere: { models: [] },
             other: { baseUrl: 'https://a.example/v1', api: 'anthropic-messages' },
             anthropic: { baseUrl: 'https://api.anthropic.com', api: 'anthropic-messages',
                          apiKey: 'sk-ant-0123456789' },
           } } }",
    );
    assert_eq!(source(&qwen, "openai/gpt-4o").await, "env: OPENAI_API_KEY");
    let anthropic = qwen.route("anthropic/m").await.unwrap();
    assert_eq!(
        anthropic.endpoint().base_url().as_str(),
        "https://api.anthropic.com/v1"
    );
    assert!(anthropic.credential().is_some());
    let missing = qwen.chat("qwen/glm-5").user("hi").send().await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Authentication);
    let cause = std::error::Error::source(&missing).unwrap().to_string();
    assert!(
        cause.contains("UNSET_KEY") && cause.contains("models.providers.qwen.apiKey"),
        "{cause}"
    );
    for (model, text) in [
        ("url/m", "UNSET_URL"),
        ("header/m", "UNSET_HEADER"),
        ("nowhere/m", "no base URL"),
        ("other/m", "anthropic-messages"),
    ] {
        let error = qwen.chat(model).user("hi").send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Setup, "{model}: {error}");
        assert!(error.to_string().contains(text), "{model}: {error}");
    }
    assert!(home.emulator.requests().is_empty());
}

#[tokio::test]
async fn images_and_videos_are_shown_to_the_configured_models() {
    let home = Home::new().await.with("QWEN_API_KEY", &standard());
    let qwen = home.qwen(
        "{
          models: { providers: { qwen: { baseUrl: 'STANDARD' } } },
          agents: { defaults: { imageModel: 'qwen/qwen3.5-plus' } },
          tools: { media: { video: { models: [{ provider: 'qwen', model: 'qwen3.6-plus' }] } } },
        }",
    );
    let image = qwen.describe_image("https://a.example/x.png").unwrap();
    assert_eq!(image.send().await.unwrap().model, "qwen3.5-plus");
    let video = qwen.describe_video("https://a.example/x.mp4").unwrap();
    assert_eq!(video.send().await.unwrap().model, "qwen3.6-plus");
}

#[test]
fn settings_in_code_come_before_the_file() {
    let document =
        Document::parse("{ models: { providers: { qwen: { baseUrl: 'x' } } } }").unwrap();
    let config = Config::of(&document, &Environment::empty());
    let builder = Qwen::builder()
        .base_url("https://gateway.example/v1")
        .openclaw(config);
    let rules = builder
        .current_routes()
        .rules_of(&qwen_openclaw::catalog::Provider::QWEN)
        .unwrap();
    let endpoint = rules
        .decide(&qwen_openclaw::catalog::Provider::QWEN, None)
        .unwrap();
    assert_eq!(endpoint.base_url().as_str(), "https://gateway.example/v1");
}

#[test]
fn an_ambiguous_alias_names_its_models() {
    let text = "{ agents: { defaults: { models: { 'qwen/a': { alias: 'X' }, 'qwen/b': { alias: 'x' } } } } }";
    let config = Config::of(&Document::parse(text).unwrap(), &Environment::empty());
    let qwen = Qwen::builder().openclaw(config).build().unwrap();
    assert_eq!(qwen.parse("x").unwrap().to_string(), "qwen/b");
    let text = text
        .replace("'X'", "'Y'")
        .replace("'x'", "'y'")
        .replace("'Y'", "'y'");
    let config = Config::of(&Document::parse(&text).unwrap(), &Environment::empty());
    let qwen = Qwen::builder().openclaw(config).build().unwrap();
    let error = qwen.parse("y").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(
        error.as_config().unwrap().candidates(),
        ["qwen/a", "qwen/b"]
    );
}

/// Runs in a process of its own, whose environment says where the file is.
#[test]
#[ignore = "run by `the_file_is_located_by_the_environment`"]
fn in_a_process_of_its_own() {
    match Qwen::from_openclaw() {
        Ok(qwen) => println!("model: {}", qwen.default_model().unwrap()),
        Err(error) => {
            let position = error.as_config().unwrap().position().unwrap();
            println!("line: {} ({error})", position.line());
        }
    }
}

#[test]
fn the_file_is_located_by_the_environment() {
    let home = tempfile::tempdir().unwrap();
    let run = |text: Option<&str>| {
        let path = home.path().join("other.json5");
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--nocapture", "--exact"]);
        command.arg("from_openclaw::in_a_process_of_its_own");
        command
            .env("HOME", home.path())
            .env("OPENCLAW_CONFIG_PATH", &path);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let default = run(None);
    assert!(default.contains("model: qwen/qwen3.5-plus"), "{default}");
    let configured = run(Some("{ agents: { defaults: { model: 'qwen/glm-5' } } }"));
    assert!(configured.contains("model: qwen/glm-5"), "{configured}");
    let broken = run(Some("{\n  agents: {\n"));
    assert!(
        broken.contains("line: 2") && broken.contains("not valid JSON5"),
        "{broken}"
    );
}
