//! Thinking, JSON, images, clips and the cache, against what the emulator refuses and sees.

use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_catalog::{ChatModel, Edition, Endpoint, Level, Provider, models};
use qwen_openclaw_emulator::{Emulator, Plan, Region};
use qwen_openclaw_transport::{
    ChatRequest, Client, ErrorKind, Media, Message, Part, Role, Tool, ToolChoice, Tools,
};
use serde::Deserialize;
use serde_json::json;

use crate::chat::client;

/// The start of a picture of 32 pixels a side.
const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x20\x08\x06\0\0\0\x1f\x15\xc4\x89";

/// The head of a clip.
const MP4: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2\0\0\0\x08free";

async fn start() -> (Emulator, Client) {
    let emulator = Emulator::start().await.unwrap();
    let client = client(emulator.base_url());
    (emulator, client)
}

#[tokio::test]
async fn every_level_is_one_the_service_takes() {
    let (_emulator, client) = start().await;
    for model in [
        "qwen3.5-plus",
        "qwen3.6-plus",
        "qwen3-coder-plus",
        "qwen3.8-max",
    ] {
        for level in Level::all() {
            let request = ChatRequest::new(model).user("What is 2+2?").think(*level);
            let reply = client.send(&request.think_budget(500)).await;
            let reply = reply.unwrap_or_else(|error| panic!("{model} at {level}: {error}"));
            let thinks = model != "qwen3-coder-plus" && *level != Level::Off;
            assert_eq!(!reply.reasoning().is_empty(), thinks, "{model} at {level}");
        }
    }
}

#[tokio::test]
async fn a_forced_tool_is_called() {
    let (_emulator, client) = start().await;
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let request = ChatRequest::new("qwen3.8-max")
        .user("Hello!")
        .tool(Tool::new("get_weather", "Looks it up", schema))
        .tool_choice(ToolChoice::Function("get_weather".into()));
    let reply = client.send(&request).await.unwrap();
    assert_eq!(reply.tool_calls()[0].name(), "get_weather");
    assert!(reply.tool_calls()[0].is_complete());
}

#[derive(Debug, Deserialize)]
struct Recipe {
    name: String,
    steps: Vec<String>,
}

#[tokio::test]
async fn answers_fit_a_schema_whatever_the_model_takes() {
    let (emulator, client) = start().await;
    let schema = || {
        json!({
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "steps": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["name", "steps"],
        })
    };
    let native = ChatRequest::new("qwen3.7-plus")
        .user("Borscht")
        .json_schema("recipe", schema());
    let reply = client.send(&native).await.unwrap();
    let recipe: Recipe = reply.json().unwrap();
    assert!(!recipe.name.is_empty() || recipe.steps.is_empty());
    // This model gives JSON while it thinks.
    assert!(!reply.reasoning().is_empty());
    assert!(reply.json_matching(&schema()).is_ok());
    // Without a schema on the wire the emulator follows the one in the instructions.
    for model in ["qwen3.5-plus", "qwen3.6-plus", "glm-5"] {
        let request = ChatRequest::new(model)
            .user("Borscht")
            .json_schema("recipe", schema());
        let reply = client.send(&request).await.unwrap();
        assert!(reply.json_matching(&schema()).is_ok());
        assert!(reply.reasoning().is_empty());
        // What it is held against does not depend on what the model was told.
        let other = json!({"type": "object", "required": ["elsewhere"]});
        let error = reply.json_matching(&other).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("the field `elsewhere` is missing"),
            "{error}"
        );
    }
    let sent = emulator.requests().last().unwrap().json();
    assert_eq!(sent["response_format"]["type"], "json_object");
}

#[tokio::test]
async fn media_arrive_as_they_are() {
    let (_emulator, client) = start().await;
    let image = || Media::bytes(PNG).unwrap();
    let request = ChatRequest::new("qwen-vl-max-latest").user_parts([
        Part::text("What is it?"),
        Part::image(image()).min_pixels(65_536),
        Part::video(Media::bytes(MP4).unwrap()).fps(1.0),
        Part::frames([image(), image(), image(), image()]).fps(2.0),
    ]);
    let reply = client.send(&request).await.unwrap();
    let seen = "You attached 6 things, the last of them a PNG frame of 32×32 pixels (33 bytes).";
    assert!(reply.text().contains(seen), "{}", reply.text());
}

#[tokio::test]
async fn images_and_clips_are_described() {
    let (emulator, client) = start().await;
    let image = Media::bytes(PNG).unwrap();
    let description = client
        .describe_image(image.clone())
        .and(image)
        .send()
        .await
        .unwrap();
    assert_eq!(description.model, "qwen-vl-max-latest");
    assert!(description.usage.is_some() && !description.text.is_empty());
    let clip = client.describe_video(Media::bytes(MP4).unwrap());
    let description = clip.prompt(" What happens?\n").edition(Edition::V2026_9);
    assert_eq!(description.send().await.unwrap().model, "qwen3.6-plus");
    let requests = emulator.requests();
    let text = |index: usize| requests[index].json()["messages"][0]["content"][0]["text"].clone();
    assert_eq!(text(0), "Describe the images.");
    assert_eq!(requests[0].json()["max_completion_tokens"], 4096);
    assert_eq!(text(1), "What happens?");
    assert_eq!(requests[1].json().get("enable_thinking"), None);
    assert_eq!(requests[1].json().get("max_completion_tokens"), None);
    let short = client.describe_image(Media::bytes(PNG).unwrap());
    let short = short.prompt(" \t").max_tokens(77).send().await;
    assert!(short.is_ok());
    let body = emulator.requests()[2].json().clone();
    assert_eq!(
        body["messages"][0]["content"][0]["text"],
        "Describe the image."
    );
    assert_eq!(body["max_completion_tokens"], 77);
}

#[tokio::test]
async fn a_plan_describes_nothing() {
    let coding = Endpoint::CodingChina.base_url().to_owned();
    let error = client(coding)
        .describe_image("https://example.com/a.png")
        .send()
        .await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(
        error.to_string(),
        "the Coding Plan endpoints do not describe images or videos: use \
         https://dashscope.aliyuncs.com/compatible-mode/v1 (Standard, China), which needs a \
         Standard key of that region as well"
    );
}

#[tokio::test]
async fn instructions_are_read_from_the_cache_the_second_time() {
    let (_emulator, client) = start().await;
    let request = ChatRequest::new("qwen3-coder-plus")
        .system("Never say a word about rivers. ".repeat(600))
        .user("Hello!")
        .cache_system();
    let first = client.send(&request).await.unwrap();
    let second = client.send(&request).await.unwrap();
    assert!(first.usage().unwrap().cache_write_tokens > 1024);
    assert!(second.usage().unwrap().cached_tokens > 1024);
}

#[tokio::test]
async fn the_token_plan_takes_what_its_contracts_say() {
    let emulator = Emulator::start().await.unwrap();
    let key = ApiKey::parse("sk-test").unwrap();
    let client = Client::builder(emulator.base_url_for(Plan::Token, Region::Global), key)
        .provider(Provider::QWEN_TOKEN_PLAN)
        .build()
        .unwrap();
    for model in ["qwen3.7-plus", "glm-5", "kimi-k2.5", "MiniMax-M2.5"] {
        let request = ChatRequest::new(model)
            .user("What is 2+2?")
            .think(Level::Off);
        client
            .send(&request)
            .await
            .unwrap_or_else(|error| panic!("{model}: {error}"));
    }
}

/// What may be asked for in one request, besides the model.
#[derive(Clone, Copy, Debug)]
struct Wish {
    level: Option<Level>,
    budget: bool,
    choice: Option<&'static str>,
    json: bool,
}

fn wishes() -> Vec<Wish> {
    let levels = [None]
        .into_iter()
        .chain(Level::all().iter().copied().map(Some));
    let choices = [
        None,
        Some("auto"),
        Some("none"),
        Some("required"),
        Some("add"),
    ];
    let mut wishes = Vec::new();
    for level in levels {
        for choice in choices {
            for (budget, json) in [(false, false), (true, false), (false, true)] {
                wishes.push(Wish {
                    level,
                    budget,
                    choice,
                    json,
                });
            }
        }
    }
    wishes
}

impl Wish {
    fn request(self, model: &str) -> ChatRequest {
        let mut request = ChatRequest::new(model).user("What is 2+2?");
        request.level = self.level;
        if self.budget {
            request = request.think_budget(500);
        }
        if self.json {
            request = request.json_object();
        }
        let schema = json!({"type": "object", "properties": {"a": {"type": "number"}}});
        match self.choice {
            None => request,
            Some(choice) => {
                let choice = match choice {
                    "add" => ToolChoice::Function(choice.into()),
                    word => ToolChoice::from(json!(word)),
                };
                request
                    .tool(Tool::new("add", "Adds numbers", schema))
                    .tool_choice(choice)
            }
        }
    }

    /// Where the recorded program is followed, which leaves the plain models of the provider `qwen`
    /// to answer for themselves: a forced choice goes out beside thinking.
    fn is_left_to_the_service(self, row: &ChatModel) -> bool {
        let plain = !row.thinking().is_strict();
        plain && matches!(self.choice, Some("required" | "add"))
    }
}

#[tokio::test]
async fn whatever_is_asked_of_a_model_is_sent_in_a_way_it_takes() {
    let emulator = Emulator::start().await.unwrap();
    for (provider, plan) in [
        (Provider::QWEN, Plan::Standard),
        (Provider::QWEN_TOKEN_PLAN, Plan::Token),
    ] {
        let key = ApiKey::parse("sk-test").unwrap();
        let client = Client::builder(emulator.base_url_for(plan, Region::Global), key)
            .provider(provider.clone())
            .build()
            .unwrap();
        for row in models(&provider, Edition::default()) {
            for wish in wishes() {
                let Err(error) = client.send(&wish.request(row.id())).await else {
                    continue;
                };
                // Refused before it was sent: JSON from a model that is to think, and cannot do both.
                let both = !wish.json || row.thinking().allows_json();
                let here = error.kind() == ErrorKind::InvalidRequest && !both;
                let what = format!("{} {wish:?}: {error}", row.model_ref());
                assert!(here || wish.is_left_to_the_service(row), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_conversation_with_qwen4_sends_the_switches_from_the_start() {
    let (emulator, client) = start().await;
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tool = Tool::new("get_weather", "Looks up the weather", schema);
    let tools = Tools::new().tool(tool, |_: serde_json::Value| async { Ok::<_, &str>("12 C") });
    let request = ChatRequest::new("qwen4-max").user("Call get_weather for Ulm, please.");
    let request = request.tool_choice(ToolChoice::Auto);
    let mut conversation = client.run_tools(request, &tools);
    conversation.finish().await.unwrap();
    conversation.push(Message::user("And in Kyiv?"));
    conversation.finish().await.unwrap();
    let requests = emulator.requests();
    assert!(requests.len() >= 2);
    for request in requests {
        let body = request.json();
        assert_eq!(body["thinking_display"], "summarized", "{body}");
        assert_eq!(body["preserve_thinking"], true, "{body}");
    }
    let single = ChatRequest::new("qwen4-max").user("What is 2+2?");
    client.send(&single).await.unwrap();
    let body = emulator.requests().last().unwrap().json();
    assert_eq!(body.get("thinking_display"), None);
}

#[tokio::test]
async fn a_developer_may_instruct_where_the_service_has_no_such_role() {
    let (emulator, client) = start().await;
    let request = ChatRequest::new("qwen3.5-plus")
        .message(Message::new(Role::Other("developer".into()), "Be brief."))
        .user("What is 2+2?");
    client.send(&request).await.unwrap();
    let body = emulator.requests()[0].json();
    assert_eq!(body["messages"][0]["role"], "system");
}
