//! What goes on from one request of a conversation to the next: summaries and the cache.

use super::*;

const SWITCHES: [&str; 2] = ["thinking_display", "preserve_thinking"];

fn switches(request: &ChatRequest) -> [Value; 2] {
    let body = body(request);
    SWITCHES.map(|name| body.get(name).cloned().unwrap_or(Value::Null))
}

fn both() -> [Value; 2] {
    [json!("summarized"), json!(true)]
}

fn none() -> [Value; 2] {
    [Value::Null, Value::Null]
}

#[test]
fn each_request_of_a_conversation_asks_for_a_summary() {
    assert_eq!(switches(&hi("qwen4-max")), none());
    assert_eq!(switches(&hi("qwen4-max").conversation()), both());
    let goes_on = || hi("qwen4-max").assistant("Hello.").user("And?");
    assert_eq!(switches(&goes_on()), both());
    assert_eq!(body(&goes_on())["enable_thinking"], true);
    // Where the model does not think, there is nothing to summarize.
    let off = body(&goes_on().think(Level::Off));
    assert_eq!(
        (off.get("thinking_display"), &off["reasoning_effort"]),
        (None, &json!("none"))
    );
    for model in ["qwen3.8-max", "qwen3.6-plus", "qwen-new"] {
        assert_eq!(switches(&hi(model).conversation()), none(), "{model}");
    }
    let untouched = goes_on().leave_thinking();
    assert_eq!(switches(&untouched), none());
}

#[test]
fn the_caller_decides_on_summaries_both_ways() {
    let goes_on = || hi("qwen4-max").assistant("Hello.").user("And?");
    assert_eq!(switches(&hi("qwen4-max").summarize_thinking(true)), both());
    assert_eq!(switches(&goes_on().summarize_thinking(false)), none());
    assert_eq!(
        switches(&goes_on().preserve_thinking(false)),
        [json!("summarized"), json!(false)]
    );
    assert_eq!(
        switches(&goes_on().summarize_thinking(false).preserve_thinking(true)),
        [Value::Null, json!(true)]
    );
    assert_eq!(
        switches(&goes_on().extra("thinking_display", "full")),
        [json!("full"), json!(true)]
    );
    // Models that are newer than the catalog may have it too.
    assert_eq!(switches(&hi("qwen-new").summarize_thinking(true)), both());
}

#[test]
fn the_effort_none_stops_qwen4() {
    let off = body(&hi("qwen4-max").think(Level::Off).think_budget(100));
    assert_eq!(
        (&off["enable_thinking"], &off["reasoning_effort"]),
        (&json!(false), &json!("none"))
    );
    assert_eq!(off.get("thinking_budget"), None);
    let raw = body(&hi("qwen4-max").extra("reasoning_effort", "none"));
    assert_eq!(raw["enable_thinking"], false);
    assert_eq!(raw["reasoning_effort"], "none");
    let on = body(&hi("qwen4-max").think(Level::High));
    assert_eq!(
        (&on["enable_thinking"], on.get("reasoning_effort")),
        (&json!(true), None)
    );
    // Which efforts it has beside that is not known here.
    let raw = body(&hi("qwen4-max").extra("reasoning_effort", "xhigh"));
    assert_eq!(raw["reasoning_effort"], "xhigh");
}

#[test]
fn qwen4_has_cache_breakpoints() {
    let request = |model: &str| {
        ChatRequest::new(model)
            .system("S")
            .user_parts([Part::text("a").cache(), Part::text("b")])
            .cache_system()
    };
    let newer = body(&request("qwen4-max"));
    let breakpoint = json!({"mode": "explicit"});
    for part in [
        &newer["messages"][0]["content"][0],
        &newer["messages"][1]["content"][0],
    ] {
        assert_eq!(part["prompt_cache_breakpoint"], breakpoint, "{part}");
        assert_eq!(part.get("cache_control"), None);
    }
    let older = body(&request("qwen3.8-max"));
    assert!(!older.to_string().contains("prompt_cache_breakpoint"));
    assert_eq!(older.to_string().matches("ephemeral").count(), 2);
    // The limit of four is one of the older form.
    let five = (0..5).map(|_| Part::text("a").cache());
    body(&ChatRequest::new("qwen4-max").user_parts(five));
    // A marker that says more than ours is the caller's.
    let own = Part::text("a").with("cache_control", json!({"type": "ephemeral", "ttl": "1h"}));
    let sent = body(&ChatRequest::new("qwen4-max").user_parts([own]));
    assert_eq!(
        sent["messages"][0]["content"][0]["cache_control"]["ttl"],
        "1h"
    );
}

#[test]
fn the_unconfirmed_time_of_the_cache_is_sent_only_when_asked_for() {
    let plain = hi("qwen4-max").cache_conversation();
    assert_eq!(body(&plain).get("prompt_cache_options"), None);
    let hour = plain.unconfirmed_cache_ttl(crate::CacheTtl::OneHour);
    assert_eq!(body(&hour)["prompt_cache_options"], json!({"ttl": "1h"}));
    let mut older = hour;
    older.model = "qwen3.8-max".into();
    assert_eq!(body(&older).get("prompt_cache_options"), None);
}

#[test]
fn a_request_without_cache_has_no_marker() {
    for model in ["qwen4-max", "glm-5"] {
        let mut tool = get_tool();
        tool.extra
            .insert("cache_control".into(), json!({"type": "ephemeral"}));
        let request = ChatRequest::new(model)
            .system("S")
            .user_parts((0..6).map(|_| Part::text("a").cache()))
            .user_parts([Part::text("b").with("prompt_cache_breakpoint", json!({}))])
            .tool(tool)
            .cache_system()
            .cache_conversation();
        let sent = body(&request.clone().cache(false)).to_string();
        assert!(!sent.contains("cache"), "{sent}");
        let again = request.cache(false).cache(true);
        let found = body_of(client(STANDARD), &again).map_err(|error| error.to_string());
        assert_eq!(found.is_ok(), model == "qwen4-max", "{found:?}");
    }
}
