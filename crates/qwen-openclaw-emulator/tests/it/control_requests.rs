//! The remote control: recorded requests, scripts and faults.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    client::{Client, ask, stream},
    control::{builder, control, get, post, refused},
};

fn indexes(list: &Value) -> Vec<u64> {
    let requests = list["requests"].as_array().unwrap().iter();
    requests.map(|r| r["index"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn requests_are_listed_without_their_keys() {
    let emulator = builder().start().await.unwrap();
    let mut client = Client::connect(&emulator).await;
    let headers = [
        ("authorization", "Bearer sk-secret-1"),
        ("x-api-key", "sk-secret-2"),
        ("cookie", "session=sk-secret-3"),
        ("user-agent", "test/1"),
        ("x-two", "a"),
        ("x-two", "b"),
    ];
    let path = "/compatible-mode/v1/models?api_key=sk-secret-4&page=1";
    client.send("GET", path, &headers, "").await;
    client.answer().await;
    let list = get(&emulator, "/requests").await;
    assert!(!list.to_string().contains("sk-secret"), "{list}");
    let mut request = list["requests"][0].clone();
    assert!(request["at_ms"].is_u64());
    request["at_ms"] = json!(0);
    let host = emulator.origin().strip_prefix("http://").unwrap();
    assert_eq!(
        request,
        json!({
            "index": 1,
            "at_ms": 0,
            "method": "GET",
            "path": "/compatible-mode/v1/models",
            "query": "api_key=****&page=1",
            "headers": {
                "host": host,
                "authorization": "Bearer ****",
                "x-api-key": "****",
                "cookie": "****",
                "user-agent": "test/1",
                "x-two": "a, b",
                "content-length": "0",
            },
            "body_encoding": "text",
            "body": "",
            "body_bytes": 0,
        })
    );
    assert_eq!((&list["last"], &list["total"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn tokens_of_a_login_are_masked_too() {
    let emulator = builder().start().await.unwrap();
    let login = emulator.oauth().issue();
    let mut client = Client::connect(&emulator).await;
    let body = format!("grant_type=refresh_token&refresh_token={}", login.refresh);
    client.send("POST", "/oauth/token", &[], &body).await;
    client.answer().await;
    let list = get(&emulator, "/requests").await;
    let shown = &list["requests"][0]["body"];
    assert_eq!(shown, "grant_type=refresh_token&refresh_token=****");
}

#[tokio::test]
async fn requests_are_chosen_by_path_index_and_number() {
    let emulator = builder().capture_limit(4).start().await.unwrap();
    let mut client = Client::connect(&emulator).await;
    for number in 0..5 {
        let path = ["/compatible-mode/v1/models", "/api/v1/tasks"][number % 2];
        client.send("GET", path, &[], "").await;
        client.answer().await;
    }
    // The oldest is gone, and the others keep their numbers.
    assert_eq!(indexes(&get(&emulator, "/requests").await), [2, 3, 4, 5]);
    let list = get(&emulator, "/requests?path=%2Fmodels").await;
    assert_eq!(indexes(&list), [3, 5]);
    let first = get(&emulator, "/requests?path=/tasks&limit=1").await;
    assert_eq!((indexes(&first), &first["last"]), (vec![2], &json!(2)));
    let rest = get(&emulator, "/requests?path=/tasks&limit=1&after=2").await;
    assert_eq!((indexes(&rest), &rest["last"]), (vec![4], &json!(5)));
    let none = get(&emulator, "/requests?after=5").await;
    assert_eq!((indexes(&none), &none["last"]), (vec![], &json!(5)));
    let (_, removed) = control(&emulator, "DELETE", "/requests", "").await;
    assert_eq!(removed, json!({"removed": 4}));
    client.send("GET", "/", &[], "").await;
    client.answer().await;
    let list = get(&emulator, "/requests?after=5").await;
    assert_eq!((indexes(&list), &list["total"]), (vec![6], &json!(6)));
    for (query, param) in [
        ("after=x", "after"),
        ("limit=-1", "limit"),
        ("body=xml", "body"),
        ("paht=/x", "paht"),
    ] {
        let (status, answer) = control(&emulator, "GET", &format!("/requests?{query}"), "").await;
        assert_eq!((status, &answer["error"]["param"]), (400, &json!(param)));
    }
}

#[tokio::test]
async fn bodies_come_as_text_or_base64() {
    let emulator = builder().start().await.unwrap();
    let mut client = Client::connect(&emulator).await;
    let path = "/compatible-mode/v1/chat/completions";
    client.send("POST", path, &[], "{\"a\":\"\u{fc}\"}").await;
    client.answer().await;
    let head = "POST /upload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n";
    client
        .write(&[head.as_bytes(), &[0xff, 0x00]].concat())
        .await;
    client.answer().await;
    let bodies = async |form: &str| -> Vec<(Value, Value)> {
        let list = get(&emulator, &format!("/requests{form}")).await;
        let requests = list["requests"].as_array().unwrap().iter();
        requests
            .map(|request| (request["body_encoding"].clone(), request["body"].clone()))
            .collect()
    };
    let text = (json!("text"), json!("{\"a\":\"\u{fc}\"}"));
    assert_eq!(
        bodies("").await,
        [text.clone(), (json!("base64"), json!("/wA="))]
    );
    let lossy = (json!("text"), json!("\u{fffd}\0"));
    assert_eq!(bodies("?body=text").await, [text, lossy]);
    let encoded = (json!("base64"), json!("eyJhIjoiw7wifQ=="));
    assert_eq!(bodies("?body=base64").await[0], encoded);
    assert_eq!(bodies("?body=none").await[0], (Value::Null, Value::Null));
}

#[tokio::test]
async fn scripts_give_whole_replies() {
    let emulator = builder().start().await.unwrap();
    let script = json!({
        "path": "/chat/completions",
        "repeat_last": true,
        "replies": [
            {"status": 503, "headers": {"retry-after": "7"}, "text": "later"},
            {"json": {"b": 1}},
            {"headers": [["x", "1"], ["x", "2"], ["content-type", "image/png"]], "base64": "/wA="},
        ],
    });
    assert_eq!(
        post(&emulator, "/scripts", script).await,
        json!({"replies": 3})
    );
    assert_eq!(
        get(&emulator, "/scripts").await,
        json!({"scripts": [{"path": "/chat/completions", "replies": 3, "repeat_last": true}]})
    );
    let mut client = Client::connect(&emulator).await;
    client
        .send(
            "GET",
            "/compatible-mode/v1/models",
            &[("authorization", "Bearer sk-1")],
            "",
        )
        .await;
    assert_eq!(client.answer().await.status, 200);
    let body = stream("qwen3-max", "Hi");
    let answer = ask(&emulator, &body).await;
    assert_eq!((answer.status, answer.text()), (503, "later".to_owned()));
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let answer = ask(&emulator, &body).await;
    assert_eq!(answer.text(), r#"{"b":1}"#);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("content-length"), Some("7"));
    for _ in 0..2 {
        let answer = ask(&emulator, &body).await;
        assert_eq!(answer.chunks.concat(), [0xff, 0]);
        assert_eq!(answer.head.matches("x: ").count(), 2);
        assert_eq!(answer.header("content-type"), Some("image/png"));
    }
    let (_, removed) = control(&emulator, "DELETE", "/scripts", "").await;
    assert_eq!(removed, json!({"removed": 1}));
    assert!(ask(&emulator, &body).await.complete);
}

#[tokio::test(start_paused = true)]
async fn scripts_give_streams_with_delays_and_cuts() {
    let emulator = builder().start().await.unwrap();
    let body = stream("qwen3-max", "Hi");
    let replies = json!({"replies": [
        {"events": [{"n": 1}, "text"], "delay_ms": 300},
        {"events": ["1"], "done": false, "write_size": 3},
        {"headers": {"content-type": "text/event-stream"}, "steps": [
            {"event": {"n": 1}}, {"pause_ms": 500}, {"text": "data: {\"n\""}, {"base64": "Og=="},
        ], "end": "reset"},
        {"text": "late", "head_after_ms": 700, "framing": "until-close"},
        {"text": "late", "framing": "chunked", "end": {"late_ms": 900}},
        {"steps": [{"text": "x"}], "end": {"repeat": "y", "every_ms": 20}},
        {"steps": [{"text": "HTTP/1.1 299 Odd\r\n\r\n"}], "framing": "raw", "end": "eof"},
    ]});
    post(&emulator, "/scripts", replies).await;
    let timed = async || {
        let start = Instant::now();
        let answer = ask(&emulator, &body).await;
        (answer, start.elapsed())
    };
    let (answer, time) = timed().await;
    assert_eq!(answer.payloads(), ["{\"n\":1}", "text", "[DONE]"]);
    assert_eq!(
        answer.header("content-type"),
        Some("text/event-stream;charset=utf-8")
    );
    assert!(time >= Duration::from_millis(900), "{time:?}");
    assert_eq!(timed().await.0.payloads(), ["1"]);
    let (answer, time) = timed().await;
    assert_eq!(answer.text(), "data: {\"n\":1}\n\ndata: {\"n\":");
    assert!(answer.error.is_some() && time >= Duration::from_millis(500));
    let (answer, time) = timed().await;
    assert!(answer.complete && time >= Duration::from_millis(700));
    assert_eq!(answer.header("content-length"), None);
    let (answer, time) = timed().await;
    assert!(answer.complete && time >= Duration::from_millis(900));
    let mut client = Client::connect(&emulator).await;
    client.chat(&body, &[]).await;
    client.head().await.unwrap();
    for chunk in ["x", "y", "y", "y"] {
        assert_eq!(client.chunk().await.unwrap(), chunk.as_bytes());
    }
    drop(client);
    let (answer, _) = timed().await;
    assert_eq!((answer.status, answer.text()), (299, String::new()));
}

#[tokio::test]
async fn a_wrong_script_is_refused_as_a_whole() {
    let emulator = builder().start().await.unwrap();
    let reply = |reply: Value| json!({"replies": [{}, reply]});
    for (body, code, param) in [
        (json!({}), "invalid_value", "replies"),
        (json!({"replies": []}), "invalid_value", "replies"),
        (json!({"replies": ["x"]}), "invalid_value", "replies[0]"),
        (
            reply(json!({"statsu": 200})),
            "unknown_field",
            "replies[1].statsu",
        ),
        (
            reply(json!({"status": 99})),
            "invalid_value",
            "replies[1].status",
        ),
        (
            reply(json!({"status": "200"})),
            "invalid_value",
            "replies[1].status",
        ),
        (
            reply(json!({"headers": {"a": 1}})),
            "invalid_value",
            "replies[1].headers",
        ),
        (
            reply(json!({"text": "a", "json": 1})),
            "invalid_value",
            "replies[1].text",
        ),
        (
            reply(json!({"base64": "?"})),
            "invalid_value",
            "replies[1].base64",
        ),
        (
            reply(json!({"text": "a", "delay_ms": 1})),
            "unknown_field",
            "replies[1].delay_ms",
        ),
        (
            reply(json!({"steps": [{"pause_ms": 1}, {"wait": 1}]})),
            "invalid_value",
            "replies[1].steps[1]",
        ),
        (
            reply(json!({"steps": [{"pause_ms": -1}]})),
            "invalid_value",
            "replies[1].steps[0].pause_ms",
        ),
        (
            reply(json!({"framing": "none"})),
            "invalid_value",
            "replies[1].framing",
        ),
        (
            reply(json!({"write_size": 0})),
            "invalid_value",
            "replies[1].write_size",
        ),
        (
            reply(json!({"end": "never"})),
            "invalid_value",
            "replies[1].end",
        ),
        (
            reply(json!({"end": {"late_ms": 1, "x": 1}})),
            "unknown_field",
            "replies[1].end.x",
        ),
        (
            reply(json!({"end": {}})),
            "invalid_value",
            "replies[1].end.repeat",
        ),
    ] {
        refused(&emulator, "/scripts", body, code, param).await;
    }
    assert_eq!(get(&emulator, "/scripts").await, json!({"scripts": []}));
}

#[tokio::test]
async fn faults_are_set_listed_and_removed() {
    let emulator = builder().start().await.unwrap();
    let by_text = json!({"fault": "limit-requests; retry-after=2; times=1; path=/completions"});
    let added = post(&emulator, "/faults", by_text).await;
    let text = "limit-requests;retry-after=2;times=1;path=/completions";
    assert_eq!(added, json!({"id": 1, "fault": text}));
    let by_fields = json!({
        "fault": "throttling", "on": "poll", "shape": "openai", "skip": 1, "model": "x", "delay": 5,
    });
    let added = post(&emulator, "/faults", by_fields).await;
    let text = "throttling;delay=5;shape=openai;skip=1;model=x;on=poll";
    assert_eq!(added, json!({"id": 2, "fault": text}));
    post(&emulator, "/faults", json!({"fault": "internal-error"})).await;
    let list = get(&emulator, "/faults").await;
    assert_eq!(list["faults"].as_array().unwrap().len(), 3);
    assert_eq!(list["known"]["no-body-429"], "429 without a body");
    let body = stream("qwen3-max", "Hi");
    let answer = ask(&emulator, &body).await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("2"))
    );
    assert_eq!(ask(&emulator, &body).await.status, 500);
    let (_, removed) = control(&emulator, "DELETE", "/faults/3", "").await;
    assert_eq!(removed, json!({"removed": 1}));
    assert_eq!(ask(&emulator, &body).await.status, 200);
    // The first is used up, and its number is not given again.
    assert_eq!(
        get(&emulator, "/faults").await["faults"],
        json!([{"id": 2, "fault": text}])
    );
    let added = post(&emulator, "/faults", json!({"fault": "reset"})).await;
    assert_eq!(added["id"], 4);
    let (_, removed) = control(&emulator, "DELETE", "/faults", "").await;
    assert_eq!(removed, json!({"removed": 2}));
    assert_eq!(get(&emulator, "/faults").await["faults"], json!([]));
}

#[tokio::test]
async fn a_wrong_fault_is_named() {
    let emulator = builder().start().await.unwrap();
    for (body, param, message) in [
        (json!({}), "fault", "`fault` must be given."),
        (json!({"fault": 1}), "fault", "`fault` must be a string."),
        (
            json!({"fault": "stal"}),
            "fault",
            "unknown fault `stal`, did you mean `stall`?",
        ),
        (
            json!({"fault": "stall", "code": "a;times=1"}),
            "code",
            "`code` must be a number, or a string without `;`.",
        ),
    ] {
        let said = refused(&emulator, "/faults", body, "invalid_value", param).await;
        assert_eq!(said, message);
    }
    let body = json!({"fault": "stall", "on": "nowhere"});
    let said = refused(&emulator, "/faults", body, "invalid_value", "fault").await;
    assert!(
        said.starts_with("fault parameter `on=nowhere` is not one of"),
        "{said}"
    );
}
