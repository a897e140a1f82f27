//! Addresses, keys and model lists.

use qwen_openclaw_emulator::{BaseUrl, Emulator, Plan, Region, Reply, VideoRoute};
use serde_json::{Value, json};

use crate::client::{Answer, Client, stream};

async fn get(emulator: &Emulator, path: &str, key: Option<&str>) -> Answer {
    let mut client = Client::connect(emulator).await;
    let value = key.map(|key| format!("Bearer {key}"));
    let headers: Vec<_> = value
        .iter()
        .map(|value| ("authorization", &**value))
        .collect();
    client.send("GET", path, &headers, "").await;
    client.answer().await
}

async fn models(emulator: &Emulator, path: &str) -> Vec<String> {
    let answer = get(emulator, &format!("{path}/models"), Some("sk-test")).await;
    assert_eq!(answer.status, 200, "{path}");
    let list = answer.json();
    assert_eq!(list["object"], "list");
    let rows = list["data"].as_array().unwrap();
    rows.iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn every_plan_has_its_models_in_both_regions() {
    let emulator = Emulator::start().await.unwrap();
    for (path, has, lacks) in [
        ("/compatible-mode/v1", "qwen3.6-plus", "coder-model"),
        ("/coding/v1", "qwen3-coder-plus", "qwen3.6-plus"),
        ("/token-plan/v1", "qwen3.8-max", "qwen-vl-max-latest"),
        ("/portal/v1", "coder-model", "glm-5"),
    ] {
        let all = models(&emulator, path).await;
        assert!(all.iter().any(|id| id == has), "{path}");
        assert!(all.iter().all(|id| id != lacks), "{path}");
        assert_eq!(models(&emulator, &format!("/cn{path}")).await, all);
    }
}

#[tokio::test]
async fn base_urls_are_served() {
    let emulator = Emulator::start().await.unwrap();
    let urls = emulator.base_urls();
    assert_eq!(urls.len(), 12);
    assert_eq!(
        urls[0].to_string(),
        format!("Standard Global    {}", emulator.base_url())
    );
    let anthropic = |url: &&BaseUrl| url.label().starts_with("Anthropic");
    assert_eq!(urls.iter().filter(anthropic).count(), 2);
    for url in urls.iter().filter(|url| !anthropic(url)) {
        let path = url.url().strip_prefix(emulator.origin()).unwrap();
        assert_eq!(
            get(&emulator, &format!("{path}/models"), Some("sk-1"))
                .await
                .status,
            200
        );
    }
    assert_eq!(
        emulator.base_url_for(Plan::Coding, Region::China),
        format!("{}/cn/coding/v1", emulator.origin())
    );
    assert_eq!(
        emulator.native_url(Region::Global),
        format!("{}/api/v1", emulator.origin())
    );
    let page = get(&emulator, "/", None).await;
    assert!(page.text().contains(&emulator.base_url()));
}

#[tokio::test]
async fn the_native_list_has_pages() {
    let emulator = Emulator::start().await.unwrap();
    let page = async |query: &str| {
        let answer = get(&emulator, &format!("/api/v1/models?{query}"), Some("sk-1")).await;
        answer.json()["output"].clone()
    };
    let first = page("page_no=1&page_size=3").await;
    let second = page("page_no=2&page_size=3").await;
    assert_eq!(first["models"].as_array().unwrap().len(), 3);
    assert_ne!(first["models"], second["models"]);
    assert_eq!(first["total"], second["total"]);
    assert_eq!(
        page("page_no=999999999999999999999&page_size=0").await["page_size"],
        10
    );
    assert_eq!(
        page("page_no=18446744073709551615&page_size=100").await["models"],
        json!([])
    );
    assert_eq!(page("model=qwen-plus").await["total"], 1);
}

#[tokio::test]
async fn a_key_is_refused_in_the_words_of_the_endpoint() {
    let emulator = Emulator::start().await.unwrap();
    let coding_cn = Emulator::key_for(Plan::Coding, Region::China);
    for (path, key, message) in [
        ("/compatible-mode/v1", None, "No API-key provided."),
        (
            "/compatible-mode/v1",
            Some(&*coding_cn),
            "Incorrect API key provided. ",
        ),
        (
            "/compatible-mode/v1",
            Some("sk-sp-1"),
            "Incorrect API key provided. ",
        ),
        (
            "/coding/v1",
            Some(&*coding_cn),
            "invalid access token or token expired",
        ),
    ] {
        let answer = get(&emulator, &format!("{path}/models"), key).await;
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.json(),
            json!({"error": {"message": message, "type": "invalid_request_error", "param": null,
                "code": "invalid_api_key"}, "request_id": id})
        );
    }
    let native = get(&emulator, "/api/v1/models", None).await;
    assert_eq!(native.json()["code"], "InvalidApiKey");
    assert_eq!(
        get(&emulator, "/cn/coding/v1/models", Some(&coding_cn))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn required_keys_and_own_models() {
    let emulator = Emulator::builder()
        .require_key("sk-mine")
        .model("my-model")
        .start()
        .await
        .unwrap();
    let path = "/portal/v1/models";
    assert_eq!(get(&emulator, path, Some("sk-other")).await.status, 401);
    let list = get(&emulator, path, Some("sk-mine")).await.json();
    assert_eq!(list["data"][0]["id"], "my-model");
}

async fn chat(emulator: &Emulator, path: &str, body: &Value) -> Answer {
    let mut client = Client::connect(emulator).await;
    let headers = [("authorization", "Bearer sk-1")];
    client
        .send(
            "POST",
            &format!("{path}/chat/completions"),
            &headers,
            &body.to_string(),
        )
        .await;
    client.answer().await
}

#[tokio::test]
async fn an_unknown_model_is_refused_in_the_words_of_the_endpoint() {
    let emulator = Emulator::start().await.unwrap();
    let standard = chat(&emulator, "/compatible-mode/v1", &stream("x", "Hi")).await;
    assert_eq!(standard.status, 404);
    assert_eq!(
        standard.json()["error"],
        json!({"message": "The model `x` does not exist or you do not have access to it.",
            "type": "invalid_request_error", "param": null, "code": "model_not_found"})
    );
    let coding = chat(&emulator, "/cn/coding/v1", &stream("qwen3.6-plus", "Hi")).await;
    assert_eq!(coding.status, 400);
    assert_eq!(
        coding.json()["error"]["message"],
        "model `qwen3.6-plus` is not supported."
    );
    let portal = chat(&emulator, "/portal/v1", &stream("coder-model", "Hi")).await;
    assert!(
        portal.content().contains("Portal Global"),
        "{}",
        portal.content()
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let emulator = Emulator::start().await.unwrap();
    for (path, status) in [
        ("/", 200),
        ("/nowhere", 404),
        ("/compatible-mode/v1/nowhere", 404),
        ("/compatible-mode/v1/chat/completions", 405),
    ] {
        assert_eq!(
            get(&emulator, path, Some("sk-1")).await.status,
            status,
            "{path}"
        );
    }
    let native = get(&emulator, "/api/v1/nowhere", Some("sk-1")).await;
    assert_eq!(native.json()["code"], "NotFound");
}

#[tokio::test]
async fn what_only_the_service_has_is_told_apart() {
    let emulator = Emulator::start().await.unwrap();
    for (path, code, message) in [
        (
            "/compatible-mode/v1/completions",
            "not_offered_by_emulator",
            "The emulator does not offer this: /compatible-mode/v1/completions",
        ),
        (
            "/compatible-mode/v1/reranks",
            "not_found",
            "There is no such path: /compatible-mode/v1/reranks",
        ),
    ] {
        let answer = get(&emulator, path, Some("sk-1")).await;
        assert_eq!(answer.status, 404);
        let error = &answer.json()["error"];
        assert_eq!(
            (&error["code"], &error["message"]),
            (&json!(code), &json!(message))
        );
    }
}

#[tokio::test]
async fn the_native_api_is_found_below_the_other_base_url() {
    let emulator = Emulator::start().await.unwrap();
    let alias = "/compatible-mode/v1/api/v1";
    let mut client = Client::connect(&emulator).await;
    let headers = [
        ("authorization", "Bearer sk-1"),
        ("x-dashscope-async", "enable"),
    ];
    let body = json!({"model": "wan2.6-t2v", "input": {"prompt": "a cat"}}).to_string();
    let create = format!("{alias}/services/aigc/video-generation/video-synthesis");
    client.send("POST", &create, &headers, &body).await;
    let created = client.answer().await;
    assert_eq!(created.status, 200, "{}", created.text());
    let id = created.json()["output"]["task_id"].clone();
    let poll = format!("{alias}/tasks/{}", id.as_str().unwrap());
    let task = get(&emulator, &poll, Some("sk-1")).await.json();
    assert_eq!(task["output"]["task_status"], "PENDING");
    assert_eq!(emulator.video().requests(VideoRoute::Poll), 1);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let emulator = Emulator::start().await.unwrap();
    emulator.script(Reply::text(200, "text/plain", "scripted").chunk("!"));
    emulator.script(Reply::event_stream().event("1").done());
    let mut client = Client::connect(&emulator).await;
    // Each answer has to end with its head, or the next would not be understood.
    for (path, status) in [
        ("/scripted", 200),
        ("/streamed", 200),
        ("/", 200),
        ("/compatible-mode/v1/models", 200),
        ("/api/v1/models", 200),
        ("/oauth/admin", 200),
        ("/compatible-mode/v1/chat/completions", 405),
        ("/nowhere", 404),
    ] {
        client
            .send("HEAD", path, &[("authorization", "Bearer sk-1")], "")
            .await;
        let answer = client.head().await.unwrap();
        assert_eq!(answer.status, status, "{path}");
    }
    assert_eq!(get(&emulator, "/nowhere", None).await.status, 404);
}
