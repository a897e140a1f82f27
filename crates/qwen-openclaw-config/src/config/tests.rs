//! Tests of the typed view.

use std::{fs, time::Duration};

use serde_json::json;

use super::*;
use crate::{ErrorKind, KeyForm, KeyPath, ModelsMode, ProblemKind, ProfileMode, ProviderAuth};

fn config(text: &str) -> Config {
    with(text, &[])
}

fn with(text: &str, variables: &[(&str, &str)]) -> Config {
    let environment = Environment::from_pairs(variables.iter().copied());
    Config::of(&Document::parse(text).unwrap(), &environment)
}

fn shown(config: &Config) -> Vec<String> {
    config.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn an_empty_configuration_has_defaults_and_no_problem() {
    let config = config("{}");
    assert_eq!(config.models.mode, ModelsMode::Merge);
    assert_eq!(config.default_model().unwrap(), None);
    assert_eq!(config.fallbacks().unwrap(), [""; 0]);
    assert_eq!(config.env.shell.timeout, Duration::from_secs(15));
    assert_eq!(config.plugins.is_on("qwen"), None);
    assert_eq!(shown(&config), [""; 0]);
}

#[test]
fn a_provider_entry_is_read_in_full() {
    let config = config(
        "{ models: { mode: 'replace', providers: { 'my-vllm': {
            baseUrl: 'http://127.0.0.1:8000/v1', api: 'openai-completions', auth: 'api-key',
            apiKey: 'sk-0123456789abcdef', authHeader: true, timeoutSeconds: 30,
            headers: { 'x-team': 'a b' }, params: { top_p: 0.5 },
            models: [{
              id: 'm', name: 'Mine', reasoning: true, input: ['text', 'image'],
              cost: { input: 1, output: 2.5, cacheRead: 0, cacheWrite: 0 },
              contextWindow: 0x1000, maxTokens: 1e3,
              thinkingLevelMap: { minimal: 'low', off: null },
              compat: { thinkingFormat: 'qwen', supportsStrictMode: false,
                supportsPromptCacheKey: true, supportsUsageInStreaming: true, codeMode: 'capable' },
            }],
        } } } }",
    );
    assert_eq!(
        shown(&config),
        [
            "models.providers.my-vllm.models[0].compat.codeMode: has no effect here: requests are written without it"
        ]
    );
    assert_eq!(config.models.mode, ModelsMode::Replace);
    let entry = config.models.provider("MY-VLLM").unwrap();
    assert_eq!(entry.base_url().unwrap(), Some("http://127.0.0.1:8000/v1"));
    assert_eq!(entry.auth, Some(ProviderAuth::ApiKey));
    assert_eq!(
        (entry.auth_header, entry.timeout_seconds),
        (Some(true), Some(30.0))
    );
    assert_eq!(entry.params["top_p"], json!(0.5));
    let header = &entry.headers[0];
    assert_eq!(header.name(), "x-team");
    assert_eq!(header.value(config.environment()).unwrap(), "a b");
    let row = entry.model("m").unwrap();
    assert_eq!(
        (row.context_window, row.max_tokens),
        (Some(4096), Some(1000))
    );
    assert_eq!(row.cost.unwrap().output, Some(2.5));
    let levels = &row.thinking_level_map;
    assert_eq!(levels["minimal"].as_deref(), Some("low"));
    assert_eq!(levels["off"], None);
    let flags = &row.compat;
    assert_eq!(flags.thinking_format.as_deref(), Some("qwen"));
    assert_eq!(flags.supports_strict_mode, Some(false));
    assert_eq!(flags.supports_prompt_cache_key, Some(true));
    assert_eq!(flags.supports_usage_in_streaming, Some(true));
    assert_eq!(
        (flags.supports_tools, &flags.other["codeMode"]),
        (None, &json!("capable"))
    );
    let debug = format!("{config:?}");
    assert!(!debug.contains("sk-0") && !debug.contains("a b"), "{debug}");
}

#[test]
fn an_entry_is_found_by_its_name_before_an_alias() {
    let text = "{ models: { providers: { Qwen: {}, modelstudio: {}, 'qwen-portal': {} } } }";
    let models = config(text).models;
    let found = |name| models.provider(name).map(|entry| entry.name.clone());
    assert_eq!(found("qwen").as_deref(), Some("Qwen"));
    assert_eq!(found("modelstudio").as_deref(), Some("modelstudio"));
    assert_eq!(found("dashscope").as_deref(), Some("Qwen"));
    assert_eq!(found("qwen-oauth").as_deref(), Some("qwen-portal"));
    assert_eq!(found("qwen-cli").as_deref(), Some("qwen-portal"));
    assert_eq!(found("openai"), None);
}

#[test]
fn a_key_is_read_in_all_its_forms() {
    let variables = [("MY_KEY", "sk-from-the-variable"), ("PART", "0123456789")];
    let key = |api_key: &str| {
        let text = format!("{{ models: {{ providers: {{ p: {{ apiKey: {api_key} }} }} }} }}");
        let config = with(&text, &variables);
        let setting = config.models.exact("p").unwrap().api_key.clone();
        let resolved = setting
            .as_ref()
            .map(|setting| setting.key(config.environment()));
        (setting, resolved)
    };
    let text = |api_key: &str| {
        let (key, source) = key(api_key).1.unwrap().unwrap().unwrap();
        (key.expose().to_owned(), source.to_string())
    };
    let literal = |text: &str| (text.to_owned(), "config: openclaw.json".to_owned());
    let variable = ("sk-from-the-variable".to_owned(), "env: MY_KEY".to_owned());
    assert_eq!(text("'sk-literal'"), literal("sk-literal"));
    assert_eq!(text("' sk-padded '"), literal("sk-padded"));
    assert_eq!(text("'sk-${PART}'"), literal("sk-0123456789"));
    assert_eq!(text("'$${MY_KEY}'"), literal("${MY_KEY}"));
    assert_eq!(text("'${MY_KEY}'"), variable);
    assert_eq!(text("'MY_KEY'"), variable);
    assert_eq!(
        text("{ source: 'env', provider: 'default', id: 'MY_KEY' }"),
        variable
    );

    assert!(key("'  '").0.is_none());
    let (setting, resolved) = key("'qwen-oauth'");
    assert_eq!(setting.unwrap().form(), KeyForm::Marker("qwen-oauth"));
    assert!(resolved.unwrap().unwrap().is_none());

    let failed = |api_key: &str| key(api_key).1.unwrap().unwrap_err();
    let error = failed("'${NOT_SET}'");
    assert_eq!(error.kind(), ErrorKind::Unset);
    assert_eq!(error.path(), Some("models.providers.p.apiKey"));
    assert_eq!(failed("'sk-${NOT_SET}'").variable(), Some("NOT_SET"));
    let error = failed("{ source: 'file', provider: 'default', id: '/a' }");
    assert_eq!(error.kind(), ErrorKind::UnreadableSecret);
    let error = failed("'sk-with a-space'");
    assert_eq!(error.kind(), ErrorKind::InvalidKey);
    let cause = std::error::Error::source(&error).unwrap();
    let chain = format!("{error} {error:?} {cause}");
    assert!(
        chain.contains("character 8") && !chain.contains("a-space"),
        "{chain}"
    );
}

#[test]
fn an_unset_variable_is_an_error_only_where_it_is_used() {
    let config = config(
        "{ models: { providers: { a: { baseUrl: '${URL}', apiKey: '${KEY}' }, b: { baseUrl: 'http://b/v1' } } },
           agents: { defaults: { model: { primary: 'b/m', fallbacks: ['${FALLBACK}'] } } } }",
    );
    assert_eq!(shown(&config), [""; 0]);
    assert_eq!(config.default_model().unwrap().as_deref(), Some("b/m"));
    let error = config.models.exact("a").unwrap().base_url().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the variable URL is not set, and `models.providers.a.baseUrl` in openclaw.json needs it"
    );
    assert_eq!(config.fallbacks().unwrap_err().variable(), Some("FALLBACK"));
    assert_eq!(
        config.models.exact("b").unwrap().base_url().unwrap(),
        Some("http://b/v1")
    );
}

#[test]
fn a_secret_in_a_base_url_is_refused_and_masked() {
    let config = with(
        "{ models: { providers: { a: { baseUrl: 'https://${USER_INFO}@host/v1' }, b: { baseUrl: 'http://host' } } } }",
        &[("USER_INFO", "me:sk-secret")],
    );
    let error = config.models.exact("a").unwrap().base_url().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SecretInUrl);
    assert!(
        error.to_string().contains("(https://***@host/v1)"),
        "{error}"
    );
    assert!(!format!("{error:?} {config:?}").contains("sk-secret"));
    let literal =
        self::config("{ models: { providers: { a: { baseUrl: 'https://sk-secret@host/v1' } } } }");
    assert!(!format!("{literal:?}").contains("sk-secret"));
    assert_eq!(
        config.models.exact("b").unwrap().base_url().unwrap(),
        Some("http://host")
    );
    assert_eq!(
        shown(&config),
        [
            "models.providers.a.baseUrl: the base URL contains a secret",
            "models.providers.b.baseUrl: the base URL has no path, such as /v1",
        ]
    );
}

#[test]
fn models_are_chosen_by_reference_or_alias() {
    let config = config(
        "{ agents: {
            defaults: {
              model: { primary: 'fast', fallbacks: ['p/m', 'q/n', 'big', 'q/n'] },
              models: { 'p/m': { alias: 'Fast' }, 'p/b': { alias: 'big' }, 'q/n': {} },
              imageModel: 'p/i', videoGenerationModel: { primary: 'p/v' }, mediaMaxMb: 0.5,
            },
            list: [
              { id: 'quick', model: 'q/n' }, { id: 'plain', default: true },
              { id: 'alone', model: { primary: 'q/n', fallbacks: [] } },
              { id: 'other', model: { fallbacks: ['fast'], primary: 'q/n' } },
            ],
            entries: { main: { name: 'Main', model: { primary: 'big' } } },
          },
          tools: { media: {
            models: [{ provider: 'p', model: 'both' }, { model: 'p/pictures', capabilities: ['image'] }],
            video: { models: [{ provider: 'p', model: 'film' }, { type: 'cli', command: 'x' }] },
          } } }",
    );
    assert_eq!(shown(&config), [""; 0]);
    assert_eq!(config.default_model().unwrap().as_deref(), Some("p/m"));
    assert_eq!(config.fallbacks().unwrap(), ["q/n", "p/b"]);
    assert_eq!(config.agent_model("quick").unwrap().as_deref(), Some("q/n"));
    assert_eq!(config.agent_model("plain").unwrap().as_deref(), Some("p/m"));
    assert_eq!(config.agent_model("Main").unwrap().as_deref(), Some("p/b"));
    assert_eq!(
        config.agent_model("nobody").unwrap().as_deref(),
        Some("p/m")
    );
    // Without fallbacks of its own, an agent has the default ones, but not its own model.
    assert_eq!(config.agent_fallbacks("quick").unwrap(), ["p/m", "p/b"]);
    assert_eq!(config.agent_fallbacks("Main").unwrap(), ["p/m", "q/n"]);
    assert_eq!(config.agent_fallbacks("nobody").unwrap(), ["q/n", "p/b"]);
    assert_eq!(config.agent_fallbacks("alone").unwrap(), [""; 0]);
    assert_eq!(config.agent_fallbacks("other").unwrap(), ["p/m"]);
    let defaults = &config.agents.defaults;
    let video = config.primary(&defaults.video_generation_model).unwrap();
    assert_eq!(video.as_deref(), Some("p/v"));
    assert_eq!(defaults.media_max_bytes(), Some(512 * 1024));
    assert_eq!(
        config.image_models().unwrap(),
        ["p/both", "p/pictures", "p/i"]
    );
    assert_eq!(config.video_models().unwrap(), ["p/film", "p/both"]);
    let aliases: Vec<_> = config.agents.aliases().collect();
    assert_eq!(aliases, [("big", "p/b"), ("Fast", "p/m")]);
    let text = config_text_model();
    assert_eq!(
        text.default_model().unwrap().as_deref(),
        Some("qwen-portal/x")
    );
}

fn config_text_model() -> Config {
    config("{ agents: { defaults: { model: 'qwen-portal/x' } } }")
}

#[test]
fn an_alias_is_exact_or_unique_and_never_leads_in_a_circle() {
    let config = config(
        "{ agents: { defaults: { models: {
            'p/1': { alias: 'One' }, 'p/2': { alias: 'ONE' }, 'p/3': { alias: 'Three' },
            'p/4': { alias: 'same' }, 'p/5': { alias: 'same' },
            up: { alias: 'down' }, down: { alias: 'up' }, Three: { alias: 'drei' },
        } } } }",
    );
    let lookup = |alias: &str| config.agents.lookup(alias);
    assert_eq!(lookup("One").unwrap(), Some("p/1"));
    assert_eq!(lookup("THREE").unwrap(), Some("p/3"));
    assert_eq!(lookup("drei").unwrap(), Some("p/3"));
    assert_eq!(lookup("nothing").unwrap(), None);
    assert_eq!(lookup("p/1").unwrap(), None);
    let error = lookup("one").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AmbiguousAlias);
    assert_eq!(error.to_string(), "the alias one may mean p/1 or p/2");
    assert_eq!(lookup("same").unwrap_err().candidates(), ["p/4", "p/5"]);
    let error = lookup("up").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the alias leads back to itself: up -> down -> up"
    );
    assert_eq!(
        shown(&config),
        [
            "agents.defaults.models.down.alias: the alias leads back to itself: up -> down -> up",
            "agents.defaults.models[\"p/4\"].alias: the alias may mean p/4 or p/5",
            "agents.defaults.models[\"p/5\"].alias: the alias may mean p/4 or p/5",
            "agents.defaults.models.up.alias: the alias leads back to itself: down -> up -> down",
        ]
    );
}

#[test]
fn only_close_aliases_are_suggested() {
    let config = config(
        "{ agents: { defaults: { models: {
            'qwen/glm-5': { alias: 'glm' }, 'p/1': { alias: 'coder' }, 'p/2': {} } } } }",
    );
    let nearest = |name| config.agents.nearest_aliases(name);
    assert_eq!(nearest("gml"), ["glm"]);
    assert_eq!(nearest("Codr"), ["coder"]);
    for far in ["gpt", "gpt-4o", "glm-4.8-air", "x", ""] {
        assert!(nearest(far).is_empty(), "{far}");
    }
}

#[test]
fn what_is_odd_is_listed_and_the_rest_is_used() {
    let config = config(
        "{ bogusTop: 1, a: 2, a: 3,
          models: { providers: {
            qwen: { bogus: 1, baseUrl: 5, models: [{ name: 'x' }, { id: 'm', maxTokens: -1 }] },
            other: 'text' } },
          agents: { defaults: { model: 5, imageModel: { primary: 'p/m', fallbacks: ['p/m'] } } },
          env: { NAME: 'value', vars: { OTHER: 'x' }, odd: 5 },
        }",
    );
    assert_eq!(
        shown(&config),
        [
            "a: occurs more than once, and the last one counts: lines 1 and 1",
            "env.NAME: variables belong in env.vars",
            "env.odd: unknown key",
            "a: unknown key",
            "bogusTop: unknown key",
            "models.providers.other: not an object",
            "models.providers.qwen.bogus: unknown key",
            "models.providers.qwen.baseUrl: not a string",
            "models.providers.qwen.models[0]: not a model row with an id",
            "models.providers.qwen.models[1].maxTokens: not a whole number of zero or more",
            "agents.defaults.model: not a model or an object with `primary`",
            "agents.defaults.imageModel.fallbacks[0]: the fallback is the primary model",
        ]
    );
    let refused = config.problems().iter();
    let refused = refused.filter(|problem| problem.is_refused_by_openclaw());
    assert_eq!(refused.count(), 10);
    assert_eq!(config.models.provider("qwen").unwrap().models.len(), 1);
    let names = ["OTHER", "NAME"].map(|name| config.environment().value(name).unwrap());
    assert_eq!(names, [Some("x"), Some("value")]);
}

#[test]
fn the_tokens_of_an_old_page_are_read_and_never_shown() {
    let config = config(
        "{ models: { providers: { 'qwen-portal': { baseUrl: 'https://portal.qwen.ai/v1',
            accessToken: 'at-secret', refreshToken: 'rt-secret', expiresAt: 17 } } },
          auth: { profiles: { 'qwen-portal:default': {
            provider: 'qwen-portal', mode: 'oauth', email: 'your@email.com' } },
            order: { qwen: ['qwen:a', 'qwen:b'] } } }",
    );
    let tokens = config
        .models
        .provider("qwen-oauth")
        .unwrap()
        .tokens
        .as_ref()
        .unwrap();
    assert_eq!(tokens.access.as_ref().unwrap().expose(), "at-secret");
    assert_eq!(tokens.expires_at.as_deref(), Some("17"));
    assert!(tokens.refresh.is_some() && !format!("{config:?}").contains("secret"));
    let profile = &config.auth.profiles[0];
    assert_eq!(
        (&profile.mode, profile.id.as_str()),
        (&Some(ProfileMode::OAuth), "qwen-portal:default")
    );
    assert_eq!(config.auth.order["qwen"], ["qwen:a", "qwen:b"]);
    let problem = &config.problems()[0];
    assert_eq!(problem.kind(), &ProblemKind::StoredTokens);
    assert_eq!(
        problem.path(),
        &KeyPath::from(["models", "providers", "qwen-portal"])
    );
}

#[test]
fn what_has_no_effect_is_a_problem() {
    let config = config(
        "{ models: { providers: { p: { baseUrl: 'http://127.0.0.1/v1', auth: 'aws-sdk', authHeader: false,
             params: { stream: false, topP: 1, top_p: 0.5, extraBody: { model: 'x', seed: 1 } },
             request: {},
             models: [{ id: 'm', baseUrl: 'http://a.example', params: { maxTokens: 9, n: 2 },
               cost: { input: 1, tieredPricing: [{ input: 1 }] },
               compat: { maxTokensField: 'tokens' } }],
           }, q: { auth: 'api_key' } } } }",
    );
    insta::assert_snapshot!(shown(&config).join("\n"), @r"
    models.providers.p.request: has no effect here: requests are sent without it
    models.providers.p.auth: has no effect here: AWS credentials are not supported, so requests fail
    models.providers.p.authHeader: has no effect here: the API takes the key in no other header
    models.providers.p.params.extraBody.model: has no effect here: each request sets it itself
    models.providers.p.params.stream: has no effect here: each request sets it itself
    models.providers.p.params.topP: has no effect here: it is not a field of a request
    models.providers.p.models[0].baseUrl: has no effect here: a model is asked where its provider is
    models.providers.p.models[0].cost.tieredPricing: has no effect here: the price of this model is not taken from here
    models.providers.p.models[0].params.n: has no effect here: each request sets it itself
    models.providers.p.models[0].compat.maxTokensField: not max_tokens or max_completion_tokens
    models.providers.q.auth: not api-key, token, oauth, or aws-sdk
    ");
    assert!(config.problems().iter().all(|problem| {
        let has_effect = !matches!(problem.kind(), ProblemKind::NoEffect { .. });
        problem.is_refused_by_openclaw() == has_effect
    }));
    let entry = config.models.provider("p").unwrap();
    assert_eq!(json!(entry.params), json!({ "top_p": 0.5, "seed": 1 }));
    let row = entry.model("m").unwrap();
    assert_eq!(json!(row.params), json!({ "max_completion_tokens": 9 }));
    assert_eq!(row.cost, None);
}

#[test]
fn a_price_of_zero_is_none_unless_another_is_known() {
    let price = |cost: &str| {
        let text = format!(
            "{{ models: {{ providers: {{ p: {{ models: [{{ id: 'm', cost: {cost} }}] }} }} }} }}"
        );
        let row = config(&text).models.providers[0].models[0].clone();
        row.cost.and_then(|cost| cost.price())
    };
    assert_eq!(
        price("{ input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }"),
        None
    );
    assert_eq!(price("{}"), None);
    let price = price("{ input: 1.5, output: 0, cacheRead: 1e12 }").unwrap();
    assert_eq!(price.input.unwrap().price(), 1.5);
    assert_eq!(price.output.unwrap().price(), 0.0);
    assert_eq!((price.cache_read, price.cache_write), (None, None));
}

#[test]
fn the_smaller_limit_of_media_counts_and_has_a_name() {
    let config = config(
        "{ agents: { defaults: { mediaMaxMb: 1 } },
           tools: { media: { image: { maxBytes: 5 }, audio: { maxBytes: 2e6 } } } }",
    );
    let limit = |kind| {
        let limit = config.media_limit(kind).unwrap();
        (limit.bytes, limit.key.to_string())
    };
    assert_eq!(
        limit(Modality::Image),
        (5, "tools.media.image.maxBytes".to_owned())
    );
    let general = (1 << 20, "agents.defaults.mediaMaxMb".to_owned());
    assert_eq!(limit(Modality::Audio), general);
    assert_eq!(limit(Modality::Video), general);
    assert_eq!(with("{}", &[]).media_limit(Modality::Image), None);
}

#[test]
fn an_order_leaves_out_the_profiles_of_its_provider_alone() {
    let config = config("{ auth: { order: { modelstudio: ['qwen:work'], openai: [] } } }");
    let excludes = |id: &str| config.auth.excludes(&id.parse().unwrap());
    assert!(!excludes("qwen:work") && excludes("qwen:home") && excludes("modelstudio:home"));
    assert!(!excludes("openai:default") && !excludes("qwen-oauth:default"));
}

#[test]
fn a_plugin_that_is_off_takes_its_providers_along() {
    let off = config("{ plugins: { entries: { qwen: { enabled: false } } } }");
    let plugin =
        |config: &Config, name| config.plugin_that_is_off(&Provider::by_name(name).unwrap());
    assert_eq!(plugin(&off, "modelstudio"), Some("qwen"));
    assert_eq!(plugin(&off, "qwen-token-plan"), Some("qwen"));
    assert_eq!(plugin(&off, "qwen-oauth"), None);
    assert_eq!(plugin(&config("{}"), "qwen"), None);
    let denied = config("{ plugins: { deny: ['qwen'], entries: { qwen: { enabled: true } } } }");
    assert_eq!(plugin(&denied, "qwen"), Some("qwen"));
}

#[cfg(unix)]
#[test]
fn the_shell_is_asked_only_by_the_method_that_says_so() {
    use std::os::unix::fs::PermissionsExt;

    let home = tempfile::tempdir().unwrap();
    let shell = home.path().join("shell");
    let script = "#!/bin/sh\necho run >> \"$0.log\"\nprintf 'QWEN_API_KEY=sk-of-the-shell\\0'\n";
    fs::write(&shell, script).unwrap();
    fs::set_permissions(&shell, fs::Permissions::from_mode(0o755)).unwrap();
    let runs = || {
        fs::read_to_string(home.path().join("shell.log"))
            .unwrap_or_default()
            .lines()
            .count()
    };
    let path = home.path().join("openclaw.json");
    let file = ConfigFile::at(path.clone());
    let with = |text: &str, more: &[(&str, &str)]| {
        fs::write(&path, text).unwrap();
        let pairs = [("SHELL", shell.to_str().unwrap())];
        let environment = Environment::from_pairs(pairs.into_iter().chain(more.iter().copied()));
        let _ = file.load(&environment).unwrap();
        let config = file.load_with_shell(&environment).unwrap();
        let key = config.environment().value("QWEN_API_KEY").unwrap();
        key.map(ToOwned::to_owned)
    };
    assert_eq!(with("{}", &[]), None);
    assert_eq!(runs(), 0);
    let found = Some("sk-of-the-shell".to_owned());
    let on = "{ env: { shellEnv: { enabled: true } } }";
    assert_eq!(with(on, &[]), found);
    assert_eq!(with("{}", &[("OPENCLAW_LOAD_SHELL_ENV", "1")]), found);
    assert_eq!(runs(), 2);
    let vars = "{ env: { shellEnv: { enabled: true }, vars: { DASHSCOPE_API_KEY: 'sk-1' } } }";
    assert_eq!(with(vars, &[]), None);
}

#[test]
fn the_shell_and_plugins_are_switches() {
    let text = "{ env: { shellEnv: { enabled: true, timeoutMs: 500 } },
        plugins: { entries: { qwen: { enabled: true }, x: {}, y: { enabled: true } }, deny: ['y'] } }";
    let read = config(text);
    assert!(read.env.shell.is_enabled);
    assert_eq!(read.env.shell.timeout, Duration::from_millis(500));
    let on = ["qwen", "x", "y", "z"].map(|id| read.plugins.is_on(id));
    assert_eq!(on, [Some(true), None, Some(false), None]);
    let off = config("{ plugins: { enabled: false, entries: { qwen: { enabled: true } } } }");
    assert_eq!(off.plugins.is_on("qwen"), Some(false));
    let few = config("{ plugins: { allow: ['x'], entries: { qwen: { enabled: true }, x: {} } } }");
    let on = ["qwen", "x"].map(|id| few.plugins.is_on(id));
    assert_eq!(on, [Some(false), None]);
    let variables = [
        ("OPENCLAW_LOAD_SHELL_ENV", "1"),
        ("OPENCLAW_SHELL_ENV_TIMEOUT_MS", "9"),
    ];
    let shell = with("{}", &variables).env.shell;
    assert_eq!(
        (shell.is_enabled, shell.timeout),
        (true, Duration::from_millis(9))
    );
}

#[test]
fn variables_of_the_file_serve_its_other_values() {
    let text = "{ env: { vars: { MY_KEY: 'sk-from-the-file', NONE: '${NOT_SET}' } },
        models: { providers: { p: { apiKey: '${MY_KEY}' } } } }";
    let source = |variables: &[(&str, &str)]| {
        let config = with(text, variables);
        let setting = config.models.exact("p").unwrap().api_key.clone().unwrap();
        let (_, source) = setting.key(config.environment()).unwrap().unwrap();
        (source.to_string(), config.env.names)
    };
    let names = vec!["MY_KEY".to_owned()];
    assert_eq!(
        source(&[]),
        (
            "config env: MY_KEY (openclaw.json)".to_owned(),
            names.clone()
        )
    );
    assert_eq!(
        source(&[("MY_KEY", "sk-process")]),
        ("env: MY_KEY".to_owned(), names)
    );
}

#[test]
fn a_file_is_loaded_with_what_it_includes() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    let environment = Environment::from_pairs([("HOME", home)]);
    let file = ConfigFile::locate(&environment).unwrap();
    let empty = file.load(&environment).unwrap();
    assert!(empty.models.providers.is_empty());

    let openclaw = folder.path().join(".openclaw");
    fs::create_dir(&openclaw).unwrap();
    fs::write(
        openclaw.join("models.json5"),
        "{ providers: { p: { apiKey: 'sk-1' } } }",
    )
    .unwrap();
    fs::write(file.path(), "{ models: { $include: './models.json5' } }").unwrap();
    let loaded = file.load(&environment).unwrap();
    assert!(loaded.models.exact("p").unwrap().api_key.is_some());

    fs::write(file.path(), "{ $include: './gone.json5' }").unwrap();
    let error = file.load(&environment).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid $include in ~/.openclaw/openclaw.json: ./gone.json5 does not exist"
    );
}

#[test]
fn a_derived_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    let environment = Environment::from_pairs([("OPENCLAW_STATE_DIR", state)]);
    assert!(Models::derived(&environment, "main").unwrap().is_none());
    assert!(Models::derived(&environment, "../x").is_err());
    let place = folder.path().join("agents/main/agent");
    fs::create_dir_all(&place).unwrap();
    let text = r#"{"providers": {"qwen-portal": {"baseUrl": "https://portal.qwen.ai/v1"}}}"#;
    fs::write(place.join("models.json"), text).unwrap();
    let models = Models::derived(&environment, "main").unwrap().unwrap();
    assert_eq!(models.providers[0].name, "qwen-portal");
}
