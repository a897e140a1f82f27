//! A chat with the emulator, when all goes well.

use futures_util::StreamExt;
use qwen_openclaw_auth::ApiKey;
use qwen_openclaw_emulator::Emulator;
use qwen_openclaw_transport::{
    ChatRequest, Client, ErrorKind, Event, EventRef, FinishReason, Message,
};

pub(crate) fn client(base_url: String) -> Client {
    Client::builder(base_url, ApiKey::parse("sk-test").unwrap())
        .build()
        .unwrap()
}

#[tokio::test]
async fn streams_text_and_usage() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(emulator.base_url());
    let request = ChatRequest::new("qwen3-coder-plus")
        .system("Be brief.")
        .user("What is 2+2?");
    let mut stream = client.stream(&request).await.unwrap();
    let mut text = String::new();
    let mut last = None;
    while let Some(event) = stream.next().await {
        let event = event.unwrap();
        if let Event::Text(piece) = &event {
            text.push_str(piece);
        }
        last = Some(event);
    }
    assert_eq!(last, Some(Event::Finish(FinishReason::Stop)));
    let reply = stream.finish().await.unwrap();
    assert_eq!(reply.text(), text);
    assert!(text.contains('4'), "{text}");
    let usage = reply.usage().unwrap();
    assert_eq!(usage.total_tokens, usage.input_tokens + usage.output_tokens);
    assert!(usage.output_tokens > 0);
    assert_eq!(reply.model(), Some("qwen3-coder-plus"));
    assert!(reply.request_id().is_some() && reply.id().is_some());
    let timings = reply.timings();
    assert!(timings.head <= timings.first_content && timings.first_content <= timings.total);

    let sent = emulator.requests()[0].json();
    assert_eq!(sent["stream"], true);
    assert_eq!(sent["stream_options"]["include_usage"], true);
    assert_eq!(emulator.requests()[0].bearer(), Some("sk-test"));
}

#[tokio::test]
async fn all_ways_to_read_agree() {
    let emulator = Emulator::builder().seed(7).start().await.unwrap();
    let client = client(emulator.base_url());
    let request = ChatRequest::new("qwen3.5-plus").user("Tell me about rivers, 2 sentences.");

    let mut owned = Vec::new();
    let mut stream = client.stream(&request).await.unwrap();
    while let Some(event) = stream.next().await {
        owned.push(event.unwrap());
    }
    let mut borrowed = Vec::new();
    let mut stream = client.stream(&request).await.unwrap();
    while let Some(event) = stream.next_borrowed().await {
        borrowed.push(event.unwrap().to_owned());
    }
    let streamed: Vec<_> = client
        .stream(&request)
        .await
        .unwrap()
        .map(Result::unwrap)
        .collect()
        .await;
    // The cache makes the second request cheaper: usage differs, nothing else does.
    let content = |events: Vec<Event>| {
        events
            .into_iter()
            .filter(|e| !matches!(e, Event::Usage(_)))
            .collect::<Vec<_>>()
    };
    let owned = content(owned);
    assert_eq!(content(borrowed), owned);
    assert_eq!(content(streamed), owned);
    let text: String = owned
        .iter()
        .filter_map(|event| match event {
            Event::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(client.send(&request).await.unwrap().text(), text);
}

#[tokio::test]
async fn reasoning_comes_before_the_answer() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(emulator.base_url());
    let request = ChatRequest::new("qwen3.5-plus")
        .user("Why is the sky blue?")
        .extra("enable_thinking", true);
    let mut stream = client.stream(&request).await.unwrap();
    let mut order = String::new();
    while let Some(event) = stream.next_borrowed().await {
        let letter = match event.unwrap() {
            EventRef::Reasoning(_) => 'r',
            EventRef::Text(_) => 't',
            EventRef::Usage(_) => 'u',
            EventRef::Finish(_) => 'f',
            _ => '?',
        };
        if !order.ends_with(letter) {
            order.push(letter);
        }
    }
    assert_eq!(order, "rtuf");
    let reply = stream.finish().await.unwrap();
    assert!(reply.usage().unwrap().reasoning_tokens.unwrap() > 0);
}

#[tokio::test]
async fn tools_are_called_and_answered() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(emulator.base_url());
    let tools = serde_json::json!([{"type": "function", "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }}]);
    let request = ChatRequest::new("qwen3-coder-plus")
        .user("What is the weather in Kyiv?")
        .extra("tools", tools);
    let reply = client.send(&request).await.unwrap();
    assert_eq!(reply.finish_reason(), Some(&FinishReason::ToolCalls));
    let call = &reply.tool_calls()[0];
    assert_eq!(call.name(), "get_weather");
    let arguments: serde_json::Value = call.parse().unwrap();
    assert!(arguments["city"].is_string());

    let answered = request
        .message(&reply)
        .message(Message::tool(call.id(), "sunny, 21 degrees"));
    let reply = client.send(&answered).await.unwrap();
    assert_eq!(reply.finish_reason(), Some(&FinishReason::Stop));
    assert!(!reply.text().is_empty());
}

#[tokio::test]
async fn a_limit_on_tokens_cuts_the_reply() {
    let emulator = Emulator::start().await.unwrap();
    let request = ChatRequest::new("qwen3-coder-plus")
        .user("Tell me a story")
        .max_tokens(5);
    let reply = client(emulator.base_url()).send(&request).await.unwrap();
    assert_eq!(reply.finish_reason(), Some(&FinishReason::Length));
    assert!(reply.finish_reason().unwrap().is_cut());
}

#[tokio::test]
async fn what_makes_no_sense_is_not_sent() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(emulator.base_url());
    for request in [ChatRequest::new("m"), ChatRequest::new(" ").user("hi")] {
        assert_eq!(
            client.stream(&request).await.unwrap_err().kind(),
            ErrorKind::InvalidRequest
        );
    }
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn usage_is_asked_for_where_it_is_understood() {
    let emulator = Emulator::start().await.unwrap();
    let key = || ApiKey::parse("sk-test").unwrap();
    let request = ChatRequest::new("qwen3-coder-plus").user("hi");
    let quiet = Client::builder(emulator.base_url(), key())
        .usage(false)
        .build()
        .unwrap();
    assert!(quiet.send(&request).await.unwrap().usage().is_none());
    assert!(
        emulator.requests()[0]
            .json()
            .get("stream_options")
            .is_none()
    );
}

#[tokio::test]
async fn the_queue_of_the_server_can_be_asked_for() {
    let emulator = Emulator::start().await.unwrap();
    let client = Client::builder(emulator.base_url(), ApiKey::parse("sk-test").unwrap())
        .wait_timeout(std::time::Duration::from_secs(30))
        .header("X-DashScope-WorkSpace", "ws-1")
        .build()
        .unwrap();
    client
        .send(&ChatRequest::new("qwen3-coder-plus").user("hi"))
        .await
        .unwrap();
    let requests = emulator.requests();
    assert_eq!(requests[0].header("x-dashscope-wait-timeout"), Some("30"));
    assert_eq!(requests[0].header("x-dashscope-workspace"), Some("ws-1"));
}

/// The whole body, so that a change to it is a change somebody has looked at.
#[tokio::test]
async fn a_request_as_it_is_sent() {
    let emulator = Emulator::start().await.unwrap();
    let request = ChatRequest::new("qwen3-coder-plus")
        .system("Be brief.")
        .user("hi")
        .max_tokens(50)
        .temperature(0.5)
        .top_p(0.9)
        .seed(7)
        .stop("END");
    client(emulator.base_url()).send(&request).await.unwrap();
    let sent = &emulator.requests()[0];
    assert_eq!(sent.header("accept"), Some("text/event-stream"));
    insta::assert_json_snapshot!(sent.json(), @r#"
    {
      "max_completion_tokens": 50,
      "messages": [
        {
          "content": "Be brief.",
          "role": "system"
        },
        {
          "content": "hi",
          "role": "user"
        }
      ],
      "model": "qwen3-coder-plus",
      "seed": 7,
      "stop": [
        "END"
      ],
      "stream": true,
      "stream_options": {
        "include_usage": true
      },
      "temperature": 0.5,
      "top_p": 0.9
    }
    "#);
}
