//! The bodies of requests.

use proptest::prelude::*;
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_catalog::{
    ChatModel, Edition, Endpoint, Family, Level, Modality, Plan, Provider, Region, Replay, Switch,
    models,
};
use serde_json::{Value, json};

mod configured;
mod conversations;
mod foreign;
mod limits;

use super::fields;
use crate::{
    ChatRequest, Client, ClientBuilder, Error, ErrorKind, Media, Message, ModelCapabilities, Part,
    RequestNote, ResponseFormat, Role, ThinkingStyle, Tool, ToolCall, ToolChoice,
    payload::context::Context,
};

const STANDARD: &str = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";

fn client(base_url: &str) -> ClientBuilder {
    Client::builder(base_url, ApiKey::parse("sk-test").unwrap())
}

fn body_of(client: ClientBuilder, request: &ChatRequest) -> Result<Value, Error> {
    let client = client.build().unwrap();
    let endpoint = client.connection().endpoint_without_key().unwrap();
    let context = Context {
        provider: client.connection().provider(),
        class: endpoint.class(),
        options: &client.shared.options.body,
    };
    fields(request, &context).map(|(body, _)| Value::Object(body))
}

/// The notes on a request to the Standard endpoint.
fn notes(request: &ChatRequest) -> Vec<RequestNote> {
    notes_of(client(STANDARD), request)
}

fn notes_of(client: ClientBuilder, request: &ChatRequest) -> Vec<RequestNote> {
    let client = client.build().unwrap();
    let endpoint = client.connection().endpoint_without_key().unwrap();
    let context = Context {
        provider: client.connection().provider(),
        class: endpoint.class(),
        options: &client.shared.options.body,
    };
    super::notes(request, &context).unwrap()
}

/// The body for a model of the Standard endpoint.
fn body(request: &ChatRequest) -> Value {
    body_of(client(STANDARD), request).unwrap()
}

fn refusal(client: ClientBuilder, request: &ChatRequest) -> String {
    let error = body_of(client, request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    error.to_string()
}

fn hi(model: &str) -> ChatRequest {
    ChatRequest::new(model).user("hi")
}

fn get_tool() -> Tool {
    Tool::new("get", "Gets it", json!({"type": "object"}))
}

#[test]
fn a_model_that_thinks_is_told_to() {
    assert_eq!(body(&hi("qwen3.6-plus"))["enable_thinking"], true);
    assert_eq!(body(&hi("qwen3-coder-plus")).get("enable_thinking"), None);
    let off = hi("qwen3.6-plus").think(Level::Off);
    assert_eq!(body(&off)["enable_thinking"], false);
    let left = hi("qwen3.6-plus").leave_thinking();
    assert_eq!(body(&left).get("enable_thinking"), None);
}

#[test]
fn the_default_model_thinks_unasked_and_can_be_told_not_to() {
    assert_eq!(body(&hi("qwen3.5-plus")).get("enable_thinking"), None);
    let off = hi("qwen3.5-plus").think(Level::Off);
    assert_eq!(body(&off)["enable_thinking"], false);
}

#[test]
fn an_unknown_model_thinks_when_it_is_asked_to() {
    assert_eq!(body(&hi("qwen-new")).get("enable_thinking"), None);
    assert_eq!(
        body(&hi("qwen-new").think(Level::Low))["enable_thinking"],
        true
    );
}

#[test]
fn a_body_of_another_program_keeps_its_words() {
    let raw = json!({
        "model": "qwen3.6-plus",
        "messages": [{"role": "user", "content": "hi", "name": "me"}],
        "max_tokens": 7,
        "enable_thinking": false,
        "tools": null,
        "stop": "END",
        "translation_options": {"source_lang": "auto"},
    });
    let request: ChatRequest = serde_json::from_value(raw).unwrap();
    assert_eq!(
        body(&request),
        json!({
            "model": "qwen3.6-plus",
            "messages": [{"role": "user", "content": "hi", "name": "me"}],
            "max_tokens": 7,
            "enable_thinking": false,
            "stop": "END",
            "translation_options": {"source_lang": "auto"},
            "stream": true,
            "stream_options": {"include_usage": true},
        })
    );
}

#[test]
fn an_effort_in_a_body_is_a_wish() {
    let mut request = hi("qwen3.8-max").extra("reasoning_effort", "minimal");
    assert_eq!(body(&request)["reasoning_effort"], "low");
    request = request.extra("thinking_budget", 100);
    assert_eq!(body(&request).get("reasoning_effort"), None);
    let nested = hi("qwen3.8-max").extra("reasoning", json!({"effort": "none"}));
    let body = body(&nested);
    assert_eq!(
        (&body["enable_thinking"], body.get("reasoning")),
        (&json!(false), None)
    );
}

#[test]
fn a_server_of_ones_own_is_asked_through_the_template() {
    let traits = ModelCapabilities::new()
        .reasoning(true)
        .thinking(ThinkingStyle::ChatTemplate);
    for provider in [Provider::QWEN, "my-vllm".parse().unwrap()] {
        let client = client("http://127.0.0.1:8000/v1").provider(provider);
        let client = client.all_models(traits.clone());
        let body = body_of(client, &hi("Qwen/Qwen3-8B").think(Level::Off)).unwrap();
        assert_eq!(
            body["chat_template_kwargs"],
            json!({"enable_thinking": false, "preserve_thinking": true})
        );
        assert_eq!(body.get("enable_thinking"), None);
    }
}

#[test]
fn what_a_server_rejects_is_removed() {
    let tool = json!({"type": "function", "function": {"name": "f", "strict": true}});
    let request = hi("mine")
        .extra("prompt_cache_key", "k")
        .extra("store", true)
        .extra(
            "tools",
            json!([tool, {"type": "web_search", "strict": true}]),
        );
    let sent = |traits: ModelCapabilities| {
        let client = client("https://gateway.example/v1").model("mine", traits);
        body_of(client, &request).unwrap()
    };
    let all = sent(ModelCapabilities::new());
    assert_eq!(all["tools"][0], tool);
    assert_eq!(
        (&all["prompt_cache_key"], &all["store"]),
        (&json!("k"), &json!(true))
    );

    let less = sent(
        ModelCapabilities::new()
            .without_field("prompt_cache_key")
            .without_strict_tools(),
    );
    assert_eq!(less.get("prompt_cache_key"), None);
    assert_eq!(less["store"], true);
    assert_eq!(less["tools"][0]["function"], json!({"name": "f"}));
    // That is not a function's definition.
    assert_eq!(less["tools"][1]["strict"], true);
}

#[test]
fn usage_is_requested_as_the_client_then_the_model_then_the_endpoint_say() {
    let gateway = "https://gateway.example/v1";
    let asked = |url, model: Option<bool>, all: Option<bool>| {
        let mut client = client(url);
        if let Some(ask) = model {
            client = client.model("mine", ModelCapabilities::new().usage(ask));
        }
        if let Some(ask) = all {
            client = client.usage(ask);
        }
        let body = body_of(client, &hi("mine")).unwrap();
        body.get("stream_options").is_some()
    };
    assert!(asked(STANDARD, None, None) && !asked(gateway, None, None));
    assert!(!asked(STANDARD, Some(false), None) && asked(gateway, Some(true), None));
    assert!(asked(STANDARD, Some(false), Some(true)) && !asked(gateway, Some(true), Some(false)));
}

#[test]
fn the_limit_of_an_answer_is_lowered_to_that_of_the_model() {
    let request = hi("glm-5").max_tokens(1_000_000);
    assert_eq!(body(&request)["max_completion_tokens"], 16_384);
    let traits = ModelCapabilities::new().max_output(10).legacy_max_tokens();
    let body = body_of(client(STANDARD).model("glm-5", traits), &request).unwrap();
    assert_eq!(
        (&body["max_tokens"], body.get("max_completion_tokens")),
        (&json!(10), None)
    );
}

#[test]
fn the_limit_of_an_answer_is_lowered_to_what_the_window_leaves() {
    let traits = |window| ModelCapabilities::new().context_window(window);
    let request = hi("mine").max_tokens(5_000);
    let limit = |window| {
        let client = client(STANDARD).model("mine", traits(window));
        body_of(client, &request).unwrap()["max_completion_tokens"].clone()
    };
    assert_eq!(limit(1_000), 998);
    assert_eq!(limit(1), 1);
    assert_eq!(limit(1_000_000), 5_000);
    // The window of the catalog counts too: 202,752 tokens.
    let long = hi("glm-5").user("x".repeat(600_000)).max_tokens(16_384);
    assert_eq!(body(&long)["max_completion_tokens"], 202_752 - 187_501 - 1);
    // Nobody has set a limit, so none is made up.
    let body = body_of(client(STANDARD).model("mine", traits(1_000)), &hi("mine")).unwrap();
    assert_eq!(body.get("max_completion_tokens"), None);
}

#[test]
fn json_switches_thinking_off_and_says_the_word() {
    let body = body(&hi("qwen3.6-plus").json_object());
    assert_eq!(body["enable_thinking"], false);
    assert_eq!(body["response_format"], json!({"type": "json_object"}));
    assert_eq!(
        body["messages"][0],
        json!({
            "role": "system",
            "content": "Answer with one JSON object and nothing else.",
        })
    );
    let said = ChatRequest::new("glm-5").user("as Json").json_object();
    assert_eq!(self::body(&said)["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn a_schema_goes_where_the_model_reads_it() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let format = ResponseFormat::schema("thing", schema);
    let native = body(&hi("qwen3.7-plus").response_format(format.clone()));
    assert_eq!(native["response_format"]["json_schema"]["name"], "thing");
    assert_eq!(native["messages"].as_array().unwrap().len(), 1);
    let request = ChatRequest::new("qwen3.6-plus").system("Be brief.");
    let prompted = body(&request.user("hi").response_format(format));
    assert_eq!(prompted["response_format"], json!({"type": "json_object"}));
    let system = prompted["messages"][0]["content"].as_str().unwrap();
    assert!(system.starts_with("Be brief.\n\nAnswer with one JSON object"));
    assert!(
        system.contains(r#""properties":{"a":{"type":"string"}}"#),
        "{system}"
    );
}

#[test]
fn json_and_thinking_are_refused_where_both_are_asked_for() {
    let both = hi("qwen3.6-plus").think(Level::High).json_object();
    assert_eq!(
        refusal(client(STANDARD), &both),
        "qwen3.6-plus gives no JSON answers while it thinks; leave one of the two out"
    );
    let plan = client(Endpoint::TokenGlobal.base_url());
    for client in [plan, client(STANDARD)] {
        let always = refusal(client, &hi("MiniMax-M2.5").json_object());
        assert!(always.starts_with("MiniMax-M2.5 always thinks"), "{always}");
    }
}

#[test]
fn newer_models_give_json_while_they_think() {
    let schema = || ResponseFormat::schema("a", json!({"type": "object"}));
    for model in ["qwen3.7-max", "qwen3.7-plus", "qwen3.8-max", "qwen4-max"] {
        for format in [ResponseFormat::JsonObject, schema()] {
            let request = hi(model).response_format(format.clone());
            let body = body(&request.clone().think(Level::High));
            assert_eq!(body["enable_thinking"], true, "{model}");
            assert_eq!(body["response_format"], Value::from(format));
            // Nothing but the caller switches it off.
            assert_eq!(self::body(&request)["enable_thinking"], true, "{model}");
            let off = self::body(&request.think(Level::Off));
            assert_eq!(off["enable_thinking"], false, "{model}");
        }
    }
    let plan = client(Endpoint::TokenGlobal.base_url());
    let glm = body_of(plan, &hi("glm-5.2").json_object().think(Level::High)).unwrap();
    assert_eq!(
        (&glm["enable_thinking"], &glm["response_format"]["type"]),
        (&json!(true), &json!("json_object"))
    );
}

#[test]
fn a_level_without_effect_is_noted() {
    let level = Level::High;
    let unsent = [RequestNote::LevelWithoutEffect { level }];
    for request in [
        hi("qwen3-coder-plus").think(level),
        hi("qwen3.5-plus").think(level),
        hi("qwen3.6-plus").think(level).leave_thinking(),
    ] {
        assert_eq!(notes(&request), unsent, "{}", request.model);
    }
    for request in [
        hi("qwen3.6-plus").think(level),
        hi("qwen3.6-plus").think(Level::Off),
        hi("qwen3.5-plus").think(Level::Off),
        hi("qwen3-coder-plus").think(Level::Off),
        hi("qwen-new").think(level),
        hi("qwen3.6-plus"),
    ] {
        assert_eq!(notes(&request), [], "{}", request.model);
    }
}

#[test]
fn a_model_that_cannot_stop_thinking_is_not_told_to() {
    let raw = hi("MiniMax-M2.5").extra("enable_thinking", false);
    for request in [
        hi("MiniMax-M2.5").think(Level::Off),
        hi("qwq-plus").think(Level::Off),
        raw,
    ] {
        assert_eq!(body(&request).get("enable_thinking"), None);
        assert_eq!(notes(&request), [RequestNote::AlwaysThinks]);
    }
    let plan = || client(Endpoint::TokenGlobal.base_url());
    let off = hi("MiniMax-M2.5").think(Level::Off);
    assert_eq!(body_of(plan(), &off).unwrap()["enable_thinking"], true);
    assert_eq!(notes_of(plan(), &off), [RequestNote::AlwaysThinks]);
}

#[test]
fn cache_markers_are_put_on_texts_of_the_services_own_hosts() {
    let request = ChatRequest::new("glm-5")
        .system("S")
        .user("a")
        .assistant("b")
        .cache_system()
        .cache_conversation();
    let marked = |text: &str| json!([{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]);
    let native = body(&request);
    assert_eq!(native["messages"][0]["content"], marked("S"));
    assert_eq!(native["messages"][1]["content"], marked("a"));
    assert_eq!(native["messages"][2]["content"], "b");
    let proxy = body_of(client("https://proxy.example.com/v1"), &request).unwrap();
    assert_eq!(proxy["messages"][0]["content"], "S");
}

#[test]
fn a_fifth_cache_marker_is_refused_and_tools_have_none() {
    let parts = |count| (0..count).map(|_| Part::text("a").cache());
    let four = ChatRequest::new("glm-5").user_parts(parts(4));
    let mut tool = get_tool();
    tool.extra
        .insert("cache_control".into(), json!({"type": "ephemeral"}));
    let body = body(&four.clone().tool(tool));
    assert_eq!(body["tools"][0].get("cache_control"), None);
    assert_eq!(
        refusal(client(STANDARD), &four.system("S").cache_system()),
        "5 parts are marked for the cache, and the service takes 4 at most"
    );
}

#[test]
fn tools_the_service_refuses_are_refused_here() {
    let check = |request: ChatRequest, expected: &str| {
        let found = refusal(client(STANDARD), &request);
        assert!(found.starts_with(expected), "{found}");
    };
    let with = |name: &str, schema: Value| hi("glm-5").tool(Tool::new(name, "", schema));
    let object = || json!({"type": "object"});
    check(
        with("search", object()),
        "the service refuses tools named `search`",
    );
    check(with("", object()), "a tool cannot be named \"\"");
    check(
        with("two words", object()),
        "a tool cannot be named \"two words\"",
    );
    check(with(&"a".repeat(65), object()), "a tool cannot be named");
    check(
        with("get", object()).tool(get_tool()),
        "two tools are named `get`",
    );
    for schema in [json!({"type": "string"}), json!([]), json!(true)] {
        check(
            with("get", schema),
            "the arguments of the tool `get` are not an object",
        );
    }
    check(
        with("get", object()).tool_choice(ToolChoice::Function("other".into())),
        "the tool choice names `other`",
    );
    check(
        hi("glm-5").tool_choice(ToolChoice::Required),
        "the tool choice wants a tool called",
    );
    check(
        hi("glm-5").extra("n", 2),
        "`n` asks for several answers, and a reply holds one",
    );
    check(
        hi("glm-5").max_tokens(0),
        "the limit of the answer is 0 tokens",
    );
}

#[test]
fn an_answer_must_be_an_object() {
    let list = hi("qwen3.7-plus").json_schema("list", json!({"type": "array"}));
    let found = refusal(client(STANDARD), &list);
    assert!(
        found.starts_with("the answer must be a JSON object"),
        "{found}"
    );
    let found = refusal(client(STANDARD), &hi("glm-5").json_schema("a b", json!({})));
    assert!(
        found.starts_with("a schema cannot be named \"a b\""),
        "{found}"
    );
}

#[test]
fn a_conversation_must_hold_something_to_answer() {
    for request in [
        ChatRequest::new("glm-5"),
        ChatRequest::new("glm-5").system("S"),
        ChatRequest::new("glm-5").system("S").user("  "),
        ChatRequest::new(" ").user("hi"),
    ] {
        refusal(client(STANDARD), &request);
    }
    let image = ChatRequest::new("qwen3.6-plus").image(Media::url("https://example.com/a.png"));
    body(&image);
}

#[test]
fn media_go_only_to_models_that_take_them() {
    let image = || hi("qwen3-coder-plus").image(Media::url("https://example.com/a.png"));
    let found = refusal(client(STANDARD), &image());
    assert!(
        found.starts_with("qwen3-coder-plus does not accept image input; qwen3.5-plus, "),
        "{found}"
    );
    let told = ModelCapabilities::new().input([Modality::Text, Modality::Image]);
    body_of(client(STANDARD).model("qwen3-coder-plus", told), &image()).unwrap();
    // Of an unknown model the service knows best.
    body(&hi("qwen-new").audio(Media::url("https://example.com/a.mp3")));
}

#[test]
fn a_note_takes_the_place_of_media_that_a_tool_returned() {
    let result = |parts: Vec<Part>| {
        let mut message = Message::parts(Role::Tool, parts);
        message.tool_call_id = Some("a".into());
        message
    };
    let image = || Part::image("https://example.com/a.png");
    let video = || Part::video("https://example.com/a.mp4");
    let content = |model: &str, parts: Vec<Part>| {
        body(&hi(model).message(result(parts)))["messages"][1]["content"].clone()
    };
    let note = "(tool image omitted: model does not support images)";
    assert_eq!(content("glm-5", vec![image(), image()]), note);
    let mixed = vec![Part::text("see"), image(), Part::text("and"), video()];
    let video_note = "(tool video omitted: model does not support videos)";
    assert_eq!(
        content("glm-5", mixed),
        format!("see\n{note}\nand\n{video_note}")
    );
    // A marker needs its part.
    let marked = content("glm-5", vec![image(), Part::text("see").cache()]);
    assert_eq!(marked[0], json!({"type": "text", "text": note}));
    assert_eq!(marked[1]["cache_control"]["type"], "ephemeral");
    // The model sees it.
    let seen = content("qwen3.6-plus", vec![image()]);
    assert_eq!(seen[0]["type"], "image_url");
}

#[test]
fn a_file_name_is_not_sent_as_a_url() {
    for name in [
        "cat.png",
        "./cat.png",
        "C:\\cats\\cat.png",
        "",
        "/tmp/cat.png",
    ] {
        let request = hi("qwen3.5-plus").image(name);
        let message = refusal(client(STANDARD), &request);
        assert!(message.contains("is not a URL"), "{name}: {message}");
    }
    for url in [
        "https://a.example/cat.png",
        "oss://bucket/cat.png",
        "data:image/png;base64,AA",
    ] {
        body(&hi("qwen3.5-plus").image(url));
    }
}

#[test]
fn clips_do_not_go_to_the_coding_plan() {
    let request = hi("qwen3.6-plus").video(Media::url("https://example.com/a.mp4"));
    let coding = Endpoint::of(Plan::Coding, Region::China);
    assert_eq!(
        refusal(client(coding.base_url()), &request),
        "the Coding Plan does not accept videos: use https://dashscope.aliyuncs.com/compatible-mode/v1 \
         (Standard, China), which needs a Standard key of that region as well"
    );
    body(&request);
}

#[test]
fn a_data_uri_beyond_the_limit_is_refused_wherever_it_is() {
    let long = format!("data:image/jpeg;base64,{}", "A".repeat(10 * 1024 * 1024));
    for part in [
        Part::image(Media::url(&*long)),
        Part::frames([Media::url("https://example.com/1.jpg"), Media::url(&*long)]),
    ] {
        let request = ChatRequest::new("qwen-vl-max-latest").user_parts([part]);
        let found = refusal(client(STANDARD), &request);
        assert!(
            found.starts_with("a data URI is longer than the 10 MiB"),
            "{found}"
        );
    }
}

#[test]
fn a_clip_is_not_taken_for_an_image() {
    let clip = || Media::with_type([0], "video/mp4").unwrap();
    let vision = |part| ChatRequest::new("qwen-vl-max-latest").user_parts([part]);
    for (part, expected) in [
        (
            Part::image(clip()),
            "video/mp4 was given as image, and is video",
        ),
        (
            Part::frames([clip()]),
            "video/mp4 was given as image, and is video",
        ),
        (
            Part::audio(clip()),
            "video/mp4 was given as audio, and is video",
        ),
    ] {
        assert_eq!(refusal(client(STANDARD), &vision(part)), expected);
    }
    body(&vision(Part::video(clip())));
}

#[test]
fn the_last_word_is_the_callers_as_far_as_the_contract_lets() {
    let client = |model: &'static str| {
        let client = client(Endpoint::TokenGlobal.base_url()).on_body(|body| {
            body.insert("enable_thinking".into(), json!(false));
            body.insert("x".into(), json!(1));
        });
        body_of(client, &hi(model)).unwrap()
    };
    let free = client("qwen3.6-plus");
    assert_eq!(
        (&free["enable_thinking"], &free["x"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(client("MiniMax-M2.5")["enable_thinking"], true);
}

/// The models of both catalogs that have contracts.
fn rows() -> Vec<&'static ChatModel> {
    let providers = [Provider::QWEN, Provider::QWEN_TOKEN_PLAN];
    let rows = providers.map(|provider| models(&provider, Edition::default()));
    rows.into_iter().flatten().collect()
}

fn choices() -> [Option<ToolChoice>; 5] {
    let named = ToolChoice::Function("get".into());
    let any = ToolChoice::Other(json!({"type": "any"}));
    let [auto, none] = [ToolChoice::Auto, ToolChoice::None];
    [None, Some(auto), Some(none), Some(named), Some(any)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_body_breaks_the_contract_of_its_model(
        row in prop::sample::select(rows()),
        level in prop::sample::select([None].into_iter().chain(Level::all().iter().copied().map(Some)).collect::<Vec<_>>()),
        budget in prop::option::of(1_u32..10_000),
        with_tools: bool,
        forced: bool,
        choice in prop::sample::select(choices().to_vec()),
        format in prop::sample::select(vec![
            None,
            Some(ResponseFormat::JsonObject),
            Some(ResponseFormat::schema("a", json!({"type": "object"}))),
        ]),
        effort in prop::option::of(prop::sample::select(vec!["none", "high", "max", "bogus"])),
        meddle in prop::option::of(any::<bool>()),
    ) {
        let mut request = ChatRequest::new(row.id()).user("hi");
        let mut turn = Message::assistant("");
        turn.tool_calls.push(ToolCall::new("1", "get", "{}"));
        request = request.message(turn).message(Message::tool("1", "ok"));
        request.level = level;
        request.thinking_budget = budget;
        request.response_format = format;
        if with_tools {
            request = request.tool(get_tool());
            request.tool_choice = if forced { Some(ToolChoice::Required) } else { choice };
        }
        if let Some(effort) = effort {
            request = request.extra("reasoning_effort", effort);
        }
        let mut client = client(row.provider().default_base_url().unwrap()).provider(row.provider());
        if let Some(on) = meddle {
            client = client.on_body(move |body| {
                body.insert("enable_thinking".into(), json!(on));
            });
        }
        match body_of(client, &request) {
            // JSON and thinking together, which is what this is about.
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::InvalidRequest),
            Ok(body) => obeys(row, &body, meddle.is_some())?,
        }
    }
}

/// Holds a body against the contract of its model.
fn obeys(row: &ChatModel, body: &Value, meddled: bool) -> Result<(), TestCaseError> {
    let contract = row.thinking();
    let on = body.get("enable_thinking").and_then(Value::as_bool);
    let effort = body.get("reasoning_effort").and_then(Value::as_str);
    let what = format!("{}: {body}", row.model_ref());
    match contract.switch() {
        Switch::Always => prop_assert_eq!(on, Some(true), "{}", what),
        Switch::Optional => {
            prop_assert!(on.is_some() || !contract.can_stop(), "{}", what);
            prop_assert!(
                meddled || contract.can_stop() || on != Some(false),
                "{}",
                what
            );
        }
        _ => prop_assert!(meddled || on != Some(true), "{}", what),
    }
    let budget = body.get("thinking_budget").is_some();
    prop_assert!(
        !contract.budget_replaces_effort() || !budget || effort.is_none(),
        "{}",
        what
    );
    if !contract.is_strict() {
        return Ok(());
    }
    let thinks = on == Some(true);
    prop_assert!(thinks || effort.is_none(), "{}", what);
    if let Some(effort) = effort {
        let known: &[&str] = match contract.family() {
            Family::Qwen38 => &["low", "medium", "xhigh"],
            Family::DeepSeek => &["high", "max"],
            Family::Glm => &["minimal", "low", "medium", "high", "xhigh"],
            Family::GlmMax => &["minimal", "low", "medium", "high", "xhigh", "max"],
            _ => &[],
        };
        prop_assert!(known.contains(&effort), "{}", what);
    }
    if thinks && let Some(choice) = body.get("tool_choice") {
        prop_assert!(choice == "auto" || choice == "none", "{}", what);
    }
    if !meddled && body["response_format"]["type"].is_string() {
        prop_assert!(!thinks || contract.allows_json(), "{}", what);
        let messages = body["messages"].to_string().to_lowercase();
        let object = body["response_format"]["type"] == "json_object";
        prop_assert!(!object || messages.contains("json"), "{}", what);
    }
    if thinks && contract.replay() != Replay::Never {
        let mut turns = body["messages"].as_array().unwrap().iter();
        let turn = turns
            .find(|message| message["role"] == "assistant")
            .unwrap();
        prop_assert!(turn["reasoning_content"].is_string(), "{}", what);
    }
    for foreign in ["reasoning", "reasoningEffort", "thinking", "thinking_level"] {
        prop_assert_eq!(body.get(foreign), None, "{}", what);
    }
    Ok(())
}

#[test]
fn parts_are_added_to_what_the_user_says_last() {
    let request = ChatRequest::new("qwen3.6-plus")
        .user("What is it?")
        .image("https://example.com/a.png");
    assert_eq!(request.messages.len(), 1);
    let body = body(&request);
    assert_eq!(body["messages"][0]["content"][0]["text"], "What is it?");
    assert_eq!(body["messages"][0]["content"][1]["type"], "image_url");
    let alone = ChatRequest::new("qwen3.6-plus")
        .assistant("a")
        .image("https://example.com/a.png");
    assert_eq!(alone.messages[1].role, Role::User);
}
