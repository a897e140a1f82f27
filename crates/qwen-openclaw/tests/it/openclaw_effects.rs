//! Each setting of OpenClaw's configuration has the effect that it says.

use std::{fs, net::TcpListener};

use qwen_openclaw::{
    ErrorKind, Hint, Qwen,
    auth::{Profile, StaticToken},
    catalog::Provider,
    chat::{Level, Tool},
    media_file,
};
use qwen_openclaw_emulator::Emulator;
use serde_json::json;

use crate::from_openclaw::{Home, key, source, standard, stored};

/// A custom provider at the emulator, with `entry` in its entry.
fn acme(entry: &str) -> String {
    format!(
        "{{ models: {{ providers: {{ acme: {{ baseUrl: 'STANDARD', apiKey: '{}', {entry} }} }} }} }}",
        standard()
    )
}

#[tokio::test]
async fn headers_of_an_entry_and_of_a_row_are_sent_to_its_own_server() {
    let home = Home::new().await.with("TEAM_SECRET", "red");
    let entry = acme(
        "headers: { 'x-team': { source: 'env', provider: 'default', id: 'TEAM_SECRET' }, 'x-kind': 'all' },
         models: [{ id: 'glm-5', headers: { 'x-kind': '${TEAM_SECRET}-model' } },
                  { id: 'broken', headers: { 'x-kind': '${UNSET_HEADER}' } }]",
    );
    let qwen = home.qwen(&entry);
    for (model, kind) in [("acme/glm-5", "red-model"), ("acme/glm-4.7", "all")] {
        qwen.chat(model).user("hi").send().await.unwrap();
        let sent = home.sent();
        assert_eq!(sent.header("x-team"), Some("red"));
        assert_eq!(sent.header("x-kind"), Some(kind), "{model}");
    }
    let broken = qwen.chat("acme/broken").user("hi").send().await;
    let broken = broken.unwrap_err();
    assert_eq!(broken.kind(), ErrorKind::Setup);
    assert!(broken.to_string().contains("UNSET_HEADER"), "{broken}");

    let other = Emulator::start().await.unwrap();
    let acme = Provider::exactly("acme").unwrap();
    let elsewhere = Qwen::builder().openclaw(home.config(&entry));
    let elsewhere = elsewhere
        .base_url_for(acme, other.base_url())
        .build()
        .unwrap();
    elsewhere
        .chat("acme/glm-5")
        .user("hi")
        .send()
        .await
        .unwrap();
    let sent = other.take_requests().pop().unwrap();
    assert_eq!((sent.header("x-team"), sent.header("x-kind")), (None, None));
}

#[tokio::test]
async fn the_way_to_authenticate_is_a_token_or_unsupported() {
    let home = Home::new().await;
    for mode in ["token", "oauth"] {
        let qwen = home.qwen(&acme(&format!("auth: '{mode}'")));
        let route = qwen.route("acme/glm-5").await.unwrap();
        assert_eq!(route.explain().key.unwrap(), "[token]");
        qwen.chat("acme/glm-5").user("hi").send().await.unwrap();
        let sent = home.sent();
        let bearer = format!("Bearer {}", standard());
        assert_eq!(sent.header("authorization"), Some(&*bearer));
    }
    let shown = home
        .qwen(&acme("auth: 'api-key'"))
        .route("acme/glm-5")
        .await
        .unwrap();
    assert_ne!(shown.explain().key.unwrap(), "[token]");
    let qwen = home.qwen(&acme("auth: 'aws-sdk'"));
    let error = qwen.chat("acme/glm-5").user("hi").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("`models.providers.acme.auth`"), "{cause}");
    assert!(home.emulator.requests().is_empty());
}

#[tokio::test]
async fn a_row_of_another_api_is_not_asked() {
    let home = Home::new().await;
    let qwen = home.qwen(&acme("models: [{ id: 'm', api: 'anthropic-messages' }]"));
    let error = qwen.chat("acme/m").user("hi").send().await.unwrap_err();
    assert!(
        error.to_string().contains("`anthropic-messages`"),
        "{error}"
    );
    assert!(home.emulator.requests().is_empty());
}

#[tokio::test]
async fn params_are_fields_of_bodies_in_three_places() {
    let home = Home::new().await;
    let text = acme(
        "params: { top_p: 0.1, seed: 1, temperature: 0.1 },
         models: [{ id: 'glm-5', params: { seed: 2, temperature: 0.2, model: 'x', stream: false } }]",
    );
    let text = format!(
        "{}, agents: {{ defaults: {{ models: {{
           'acme/glm-5': {{ params: {{ temperature: 0.3 }} }},
           'acme/glm-4.7': {{ alias: 'small', params: {{ seed: 4 }} }} }} }} }} }}",
        text.strip_suffix('}').unwrap()
    );
    let qwen = home.qwen(&text);
    let sent = async |model: &str, own: Option<u64>| {
        let mut chat = qwen.chat(model).user("hi");
        if let Some(seed) = own {
            chat = chat.seed(seed);
        }
        chat.send().await.unwrap();
        let body = home.sent().json();
        json!([
            body["top_p"],
            body["seed"],
            body["temperature"],
            body["model"],
            body["stream"]
        ])
    };
    assert_eq!(
        sent("acme/glm-5", None).await,
        json!([0.1, 2, 0.3, "glm-5", true])
    );
    assert_eq!(
        sent("acme/glm-5", Some(9)).await,
        json!([0.1, 9, 0.3, "glm-5", true])
    );
    assert_eq!(
        sent("small", None).await,
        json!([0.1, 4, 0.1, "glm-4.7", true])
    );
    assert_eq!(
        sent("acme/kimi-k2.5", None).await,
        json!([0.1, 1, 0.1, "kimi-k2.5", true])
    );
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_the_configured_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", silent.local_addr().unwrap());
    let home = Home::new().await;
    let text = acme("timeoutSeconds: 0.25").replace("STANDARD", &url);
    let builder = Qwen::builder().openclaw(home.config(&text));
    let qwen = builder
        .retry(qwen_openclaw::chat::RetryPolicy::none())
        .build()
        .unwrap();
    let error = qwen.chat("acme/m").user("hi").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.to_string(), "the server did not answer within 0.25 s");
}

#[tokio::test]
async fn tools_and_levels_are_those_of_the_row() {
    let home = Home::new().await;
    let qwen = home.qwen(&acme(
        "models: [{ id: 'm', reasoning: true, compat: { supportsTools: false, thinkingFormat: 'openai' },
           thinkingLevelMap: { high: 'intense', low: null } }]",
    ));
    let chat = || qwen.chat("acme/m").user("hi");
    let tool = Tool::new("get", "Gets it", json!({"type": "object"}));
    let refused = chat()
        .with(|request| request.tool(tool))
        .send()
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
    assert!(refused.to_string().contains("takes no tools"), "{refused}");
    // The service knows no such model, and is asked all the same.
    chat().think(Level::High).send().await.unwrap_err();
    assert_eq!(home.sent().json()["reasoning_effort"], "intense");
    assert_eq!(chat().think(Level::Low).notes().await.unwrap().len(), 1);
    chat().think(Level::Low).send().await.unwrap_err();
    assert_eq!(home.sent().json().get("reasoning_effort"), None);
}

#[tokio::test]
async fn a_configured_price_takes_the_place_of_the_catalogs() {
    let home = Home::new().await;
    let qwen = home.qwen(
        "{ models: { providers: { qwen: { baseUrl: 'STANDARD', apiKey: 'KEY', models: [
             { id: 'qwen3.5-plus', cost: { input: 1000000, output: 0, cacheRead: 0, cacheWrite: 0 } },
             { id: 'qwen3-coder-plus', cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 } },
             { id: 'glm-5', cost: { input: 1 } }] } } } }"
            .replace("KEY", &standard())
            .as_str(),
    );
    let cost = async |model: &str| {
        let reply = qwen.chat(model).user("hi").send().await.unwrap();
        let usage = reply
            .billed(qwen_openclaw::chat::Billing::default())
            .unwrap();
        let route = qwen.route(model).await.unwrap();
        (qwen.cost(&route, &usage), usage)
    };
    let (own, usage) = cost("qwen/qwen3.5-plus").await;
    let own = own.unwrap();
    assert!(own.is_configured);
    assert_eq!(own.cost.to_string(), format!("USD {}.00", usage.input));
    // The emulator has no list price, and zeros are no price.
    assert_eq!(cost("qwen/qwen3-coder-plus").await.0, None);
    assert_eq!(cost("qwen/glm-5").await.0, None);
}

#[cfg(feature = "router")]
#[tokio::test]
async fn a_configured_price_is_what_a_router_accounts_for() {
    let home = Home::new().await;
    let router = qwen_openclaw::routing::Router::new();
    let builder = home.builder(
        "{ models: { providers: { qwen: { baseUrl: 'STANDARD', apiKey: 'KEY', models: [
             { id: 'qwen3.5-plus', cost: { input: 1000000, output: 0, cacheRead: 0, cacheWrite: 0 } }] } } } }"
            .replace("KEY", &standard())
            .as_str(),
    );
    let qwen = builder.router(router.clone()).build().unwrap();
    qwen.chat("qwen/qwen3.5-plus")
        .user("hi")
        .send()
        .await
        .unwrap();
    let entries = router.usage().latest(2).await.unwrap();
    let [entry] = &entries[..] else {
        panic!("{entries:?}")
    };
    let cost = entry.cost.unwrap().to_string();
    assert_eq!(cost, format!("USD {}.00", entry.tokens.input));
    assert_eq!(entry.price_date, None);
}

#[tokio::test]
async fn a_file_above_the_limit_is_refused_by_the_name_of_the_limit() {
    let home = Home::new().await;
    let path = home.folder.path().join("a.png");
    fs::write(&path, [&b"\x89PNG\r\n\x1a\n"[..], &[0; 2000]].concat()).unwrap();
    let refused = |text: &str| {
        media_file(&home.config(text), &path)
            .unwrap_err()
            .to_string()
    };
    for (text, limit) in [
        (
            "{ agents: { defaults: { mediaMaxMb: 0.001 } } }",
            "`agents.defaults.mediaMaxMb` in ~/.openclaw/openclaw.json allows 1048",
        ),
        (
            "{ tools: { media: { image: { maxBytes: 9 } } } }",
            "`tools.media.image.maxBytes` in ~/.openclaw/openclaw.json allows 9",
        ),
    ] {
        let refused = refused(text);
        assert!(
            refused.ends_with(&format!("a.png has 2008 bytes, and {limit}")),
            "{refused}"
        );
    }
    let other = home.config("{ tools: { media: { video: { maxBytes: 9 } } } }");
    assert!(media_file(&other, &path).is_ok());
}

#[tokio::test]
async fn profiles_that_the_order_leaves_out_are_not_used() {
    let home = Home::new().await;
    home.store("qwen:home", stored("sk-home")).await;
    let order = "{ auth: { order: { qwen: ['qwen:work'] } } }";
    let qwen = home.qwen(order);
    let error = qwen.chat("qwen/glm-5").user("hi").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(
        error.to_string().contains("leaves out qwen:home"),
        "{error}"
    );
    let video = qwen.video_client().await.unwrap();
    let submitted = video
        .submit(&qwen.video("wan2.6-t2v").prompt("x").request().unwrap())
        .await;
    assert!(submitted.is_err());
    let profiles = "{ auth: { profiles: { 'qwen:work': { provider: 'qwen', mode: 'api_key' } } } }";
    let ranked = source(&home.qwen(profiles), "qwen/glm-5").await;
    assert_eq!(ranked, "profile: qwen:home");
    home.store(
        "qwen:work",
        Profile::Token(StaticToken::new(key("token-0123456789"))),
    )
    .await;
    assert_eq!(
        source(&home.qwen(order), "qwen/glm-5").await,
        "profile: qwen:work"
    );
}

#[tokio::test]
async fn a_provider_whose_plugin_is_off_is_not_found() {
    let home = Home::new().await.with("QWEN_API_KEY", &standard());
    let qwen = home.qwen("{ plugins: { entries: { qwen: { enabled: false } } } }");
    let hint =
        |error: &qwen_openclaw::Error| error.as_chat().and_then(|error| error.hint()).cloned();
    for error in [
        qwen.chat("modelstudio/glm-5")
            .user("hi")
            .send()
            .await
            .unwrap_err(),
        qwen.route("qwen-token-plan/qwen3.7-plus")
            .await
            .unwrap_err(),
        qwen.video("wan2.6-t2v")
            .prompt("x")
            .submit()
            .await
            .unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(
            matches!(hint(&error), Some(Hint::PluginIsOff { .. })),
            "{error:?}"
        );
    }
    assert!(qwen.route("qwen-oauth/coder-model").await.is_ok());
    let on = home.qwen("{ plugins: { entries: { qwen: { enabled: true } } } }");
    assert!(on.route("qwen/glm-5").await.is_ok());
}
