//! What an operator says of a model: fields, tools, and names of levels.

use super::*;

fn with(model: &str, traits: ModelCapabilities) -> ClientBuilder {
    client("http://127.0.0.1:9/v1")
        .provider(Provider::exactly("acme").unwrap())
        .model(model, traits)
}

#[test]
fn fields_are_added_where_the_request_says_nothing() {
    let traits = ModelCapabilities::new()
        .field("top_k", 5)
        .field("temperature", 0.5)
        .field("max_completion_tokens", 9)
        .field("model", "other")
        .field("messages", json!([]))
        .field("stream", false);
    let body = |request: &ChatRequest| body_of(with("m", traits.clone()), request).unwrap();
    let own = body(&hi("m").temperature(0.1).extra("max_tokens", 3));
    assert_eq!(
        (&own["top_k"], &own["temperature"]),
        (&json!(5), &json!(0.1))
    );
    assert_eq!(own["max_tokens"], 3);
    assert_eq!(own.get("max_completion_tokens"), None);
    assert_eq!((&own["model"], &own["stream"]), (&json!("m"), &json!(true)));
    assert_eq!(own["messages"].as_array().unwrap().len(), 1);
    assert_eq!(body(&hi("m"))["max_completion_tokens"], 9);
    assert_eq!(body(&hi("other")).get("top_k"), None);
    let all = with("m", ModelCapabilities::new()).all_models(traits.clone());
    assert_eq!(body_of(all, &hi("other")).unwrap()["top_k"], 5);
    // A model that thinks unless it is told not to is told so by the field.
    let off = client(STANDARD).model(
        "qwen3.6-plus",
        ModelCapabilities::new().field("enable_thinking", false),
    );
    let body = body_of(off, &hi("qwen3.6-plus")).unwrap();
    assert_eq!(body["enable_thinking"], false);
}

#[test]
fn tools_are_refused_where_there_are_none() {
    let traits = || ModelCapabilities::new().without_tools();
    for request in [hi("m").tool(get_tool()), hi("m").extra("tools", json!([]))] {
        let refused = refusal(with("m", traits()), &request);
        assert_eq!(refused, "m takes no tools (supportsTools)");
    }
    assert!(body_of(with("m", traits()), &hi("m")).is_ok());
}

#[test]
fn levels_go_by_their_other_names() {
    let traits = |style| {
        ModelCapabilities::new()
            .reasoning(true)
            .thinking(style)
            .level(Level::Low, Some("ultra".to_owned()))
            .level(Level::High, Some("off".to_owned()))
            .level(Level::Max, None)
    };
    let untouched = || with("m", traits(ThinkingStyle::Untouched));
    let low = hi("m").think(Level::Low);
    assert_eq!(
        body_of(untouched(), &low).unwrap()["reasoning_effort"],
        "ultra"
    );
    assert!(notes_of(untouched(), &low).is_empty());
    let max = hi("m").think(Level::Max);
    let unsent = RequestNote::LevelWithoutEffect { level: Level::Max };
    for style in [ThinkingStyle::Untouched, ThinkingStyle::Switch] {
        let client = || with("m", traits(style));
        assert_eq!(notes_of(client(), &max), std::slice::from_ref(&unsent));
        let body = body_of(client(), &max).unwrap();
        assert_eq!(body.get("reasoning_effort"), None);
    }
    let switch = || with("m", traits(ThinkingStyle::Switch));
    let enabled =
        |level| body_of(switch(), &hi("m").think(level)).unwrap()["enable_thinking"].clone();
    assert_eq!(
        (enabled(Level::High), enabled(Level::Low)),
        (json!(false), json!(true))
    );
    assert_eq!(enabled(Level::Medium), true);
}
