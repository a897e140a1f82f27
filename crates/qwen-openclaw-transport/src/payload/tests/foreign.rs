//! Bodies of other programs obey the same rules as those that are built here.

use super::*;

fn read(body: Value) -> ChatRequest {
    serde_json::from_value(body).unwrap()
}

fn raw(model: &str, mut fields: Value) -> ChatRequest {
    fields["model"] = model.into();
    fields["messages"] = json!([{"role": "user", "content": "hi"}]);
    read(fields)
}

#[test]
fn both_names_of_the_limit_are_lowered_to_that_of_the_model() {
    let request = raw("glm-5", json!({"max_tokens": 1_000_000}));
    let sent = body(&request);
    assert_eq!(
        (&sent["max_tokens"], sent.get("max_completion_tokens")),
        (&json!(16_384), None)
    );
    let (from, to) = (1_000_000, 16_384);
    assert!(notes(&request).contains(&RequestNote::LimitLowered { from, to }));
    let request = raw(
        "glm-5",
        json!({"max_completion_tokens": 20_000_000_000_u64}),
    );
    assert_eq!(body(&request)["max_completion_tokens"], 16_384);
    for name in ["max_tokens", "max_completion_tokens"] {
        let found = refusal(client(STANDARD), &raw("glm-5", json!({ name: 0 })));
        assert_eq!(found, "the limit of the answer is 0 tokens");
    }
}

#[test]
fn odd_values_are_for_the_service_to_judge() {
    let fields = json!({
        "seed": -1,
        "max_tokens": "many",
        "top_k": -1,
        "tools": [
            {"type": "custom", "custom": {"name": "shell"}},
            {"type": "web_search"},
        ],
        "tool_choice": {"type": "custom", "custom": {"name": "shell"}},
    });
    let sent = body(&raw("glm-5", fields.clone()));
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&sent[name], value, "{name}");
    }
    // Tools that cannot be read as a whole are not checked either.
    let odd = json!({
        "tools": [{"type": "function", "function": "get"}],
        "tool_choice": {"type": "function", "function": {"name": "get"}},
    });
    assert_eq!(body(&raw("glm-5", odd.clone()))["tools"], odd["tools"]);
}

#[test]
fn the_role_developer_is_the_system_where_the_service_has_no_other() {
    let request = read(json!({
        "model": "glm-5",
        "messages": [
            {"role": "developer", "content": "S"},
            {"role": "user", "content": "hi"},
        ],
    }));
    let role = |client| body_of(client, &request).unwrap()["messages"][0]["role"].clone();
    for endpoint in Endpoint::all() {
        assert_eq!(role(client(endpoint.base_url())), "system", "{endpoint}");
    }
    assert_eq!(role(client("http://127.0.0.1:1/v1")), "system");
    let own = || "my-vllm".parse::<Provider>().unwrap();
    assert_eq!(role(client(STANDARD).provider(own())), "system");
    let told = |has_it| {
        let traits = ModelCapabilities::new().developer_role(has_it);
        role(client(STANDARD).all_models(traits))
    };
    assert_eq!(
        (told(true), told(false)),
        (json!("developer"), json!("system"))
    );
    let elsewhere = "https://proxy.example.com/v1";
    assert_eq!(role(client(elsewhere).provider(own())), "developer");
    assert_eq!(
        role(client("http://127.0.0.1:1/v1").provider(own())),
        "developer"
    );
}

#[test]
fn an_instruction_for_json_is_added_to_what_the_developer_says() {
    let request = read(json!({
        "model": "glm-5",
        "messages": [
            {"role": "developer", "content": "S"},
            {"role": "user", "content": "hi"},
        ],
        "response_format": {"type": "json_object"},
    }));
    let sent = body(&request);
    assert_eq!(sent["messages"].as_array().unwrap().len(), 2);
    let system = sent["messages"][0]["content"].as_str().unwrap();
    assert!(
        system.starts_with("S\n\nAnswer with one JSON object"),
        "{system}"
    );
}

#[test]
fn a_budget_and_an_effort_never_go_together() {
    for model in [
        "qwen3.8-max",
        "qwen3.8-flash",
        "qwen3.8-max-0902",
        "qwen4-max",
    ] {
        let both = raw(
            model,
            json!({"reasoning_effort": "high", "thinking_budget": 100}),
        );
        let mixed = raw(model, json!({"reasoning_effort": "high"})).think_budget(100);
        let other = raw(model, json!({"thinking_budget": 100})).think(Level::High);
        for request in [both, mixed, other] {
            let sent = body(&request);
            assert_eq!(sent.get("reasoning_effort"), None, "{sent}");
            assert_eq!(sent["thinking_budget"], 100, "{sent}");
        }
        let hooked = client(STANDARD).on_body(|body| {
            body.insert("thinking_budget".into(), json!(100));
            body.insert("reasoning_effort".into(), json!("low"));
        });
        let sent = body_of(hooked, &hi(model)).unwrap();
        assert_eq!(sent.get("reasoning_effort"), None, "{sent}");
    }
    let asked = hi("qwen3.8-max").think(Level::Low).think_budget(100);
    assert_eq!(notes(&asked), [RequestNote::BudgetInsteadOfEffort]);
}
