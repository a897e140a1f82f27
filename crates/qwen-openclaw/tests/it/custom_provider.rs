//! A server that the libraries do not know, by its id.

use qwen_openclaw::{CustomProvider, ErrorKind, Qwen, auth::ApiKey, chat::Event};
use qwen_openclaw_emulator::{Emulator, Plan, Region};

#[tokio::test]
async fn an_openai_compatible_server_is_used_by_its_id() {
    let emulator = Emulator::start().await.unwrap();
    let key = Emulator::key_for(Plan::Standard, Region::Global);
    let acme = CustomProvider::new("acme", emulator.base_url()).unwrap();
    let acme = acme.api_key(ApiKey::parse(&key).unwrap());
    let qwen = Qwen::builder()
        .api_key("sk-of-qwen-0123456789")
        .provider(acme.header("x-team", "red"))
        .build()
        .unwrap();

    let mut reply = qwen.chat("acme/qwen3.6-plus").user("Hi").stream().await;
    let reply = reply.as_mut().unwrap();
    let mut text = String::new();
    while let Some(event) = reply.next().await {
        if let Event::Text(piece) = event.unwrap() {
            text.push_str(&piece);
        }
    }
    assert!(!text.is_empty());
    let sent = &emulator.requests()[0];
    assert_eq!(sent.path(), "/compatible-mode/v1/chat/completions");
    assert_eq!(sent.json()["model"], "qwen3.6-plus");
    assert_eq!(sent.header("x-team"), Some("red"));
    assert_eq!(
        sent.header("authorization"),
        Some(&*format!("Bearer {key}"))
    );

    // Ids of models may have a slash, and what the server says of them is an error like any.
    let error = qwen.chat("acme/vendor/model").user("Hi").send().await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(emulator.requests()[1].json()["model"], "vendor/model");
}
