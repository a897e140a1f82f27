//! What the observer is told, the pace of tokens, and who is let in.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex},
    time::Duration,
};

use qwen_openclaw_emulator::{Emulator, EmulatorBuilder, End, Reply, ServedRequest};
use serde_json::json;
use tokio::time::Instant;

use crate::client::{Client, ask, stream};

type Log = Arc<Mutex<Vec<ServedRequest>>>;

fn observed(builder: EmulatorBuilder) -> (EmulatorBuilder, Log) {
    let log = Log::default();
    let kept = Arc::clone(&log);
    let builder = builder.on_request(move |request| kept.lock().unwrap().push(request.clone()));
    (builder, log)
}

#[tokio::test]
async fn the_observer_gets_model_status_and_tokens() {
    let (builder, log) = observed(Emulator::builder());
    let emulator = builder.start().await.unwrap();
    let mut body = stream("qwen3-max", "Hi");
    let answer = ask(&emulator, &body).await;
    let usage = answer.events().pop().unwrap()["usage"].clone();
    body["stream"] = json!(false);
    ask(&emulator, &body).await;
    body["model"] = json!("nobody");
    ask(&emulator, &body).await;
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 3);
    for served in &log[..2] {
        assert_eq!(served.method(), "POST");
        assert_eq!(served.path(), "/compatible-mode/v1/chat/completions");
        assert_eq!(served.model(), Some("qwen3-max"));
        assert_eq!(served.status(), Some(200));
        let tokens = |name: &str| usage[name].as_u64().map(|count| count as usize);
        assert_eq!(served.prompt_tokens(), tokens("prompt_tokens"));
        assert_eq!(served.completion_tokens(), tokens("completion_tokens"));
        assert!(served.is_complete());
    }
    assert_eq!(log[2].model(), Some("nobody"));
    assert_eq!(log[2].status(), Some(404));
    assert_eq!(log[2].prompt_tokens(), None);
}

#[tokio::test]
async fn the_observer_learns_how_a_reply_ended() {
    let (builder, log) = observed(Emulator::builder());
    let emulator = builder
        .script(Reply::event_stream().event("1"))
        .script(Reply::raw().end(End::Reset))
        .script(Reply::event_stream().event("1").end(End::Endless {
            chunk: "x".into(),
            every: Duration::from_millis(1),
        }))
        .start()
        .await
        .unwrap();
    for _ in 0..2 {
        ask(&emulator, &stream("m", "Hi")).await;
    }
    let mut client = Client::connect(&emulator).await;
    client.chat(&stream("m", "Hi"), &[]).await;
    client.head().await.unwrap();
    drop(client);
    emulator.connections_until(|counts| counts.open == 0).await;
    let log = log.lock().unwrap();
    let ends: Vec<_> = log
        .iter()
        .map(|served| (served.status(), served.is_complete()))
        .collect();
    assert_eq!(ends, [(Some(200), true), (None, true), (Some(200), false)]);
}

#[tokio::test(start_paused = true)]
async fn tokens_come_at_their_pace() {
    let (builder, log) = observed(Emulator::builder().tokens_per_second(2000));
    let emulator = builder.start().await.unwrap();
    for streamed in [true, false] {
        let mut body = stream("qwen3-max", "count to 500");
        body["stream"] = json!(streamed);
        let start = Instant::now();
        ask(&emulator, &body).await;
        let tokens = log.lock().unwrap().pop().unwrap().completion_tokens();
        let expected = Duration::from_micros(500) * tokens.unwrap() as u32;
        let took = start.elapsed();
        assert!(expected > Duration::from_millis(400));
        assert!(took >= expected, "{took:?} {expected:?}");
        assert!(
            took < expected + Duration::from_millis(20),
            "{took:?} {expected:?}"
        );
    }
}

#[tokio::test]
async fn another_address_is_listened_on_and_answers_name_it() {
    let emulator = Emulator::builder()
        .host(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
        .start()
        .await
        .unwrap();
    let port = emulator.origin().strip_prefix("http://127.0.0.1:").unwrap();
    let mut client = Client::connect(&emulator).await;
    let get = format!(
        "GET /api/v1/uploads?action=getPolicy&model=wan2.6-t2v HTTP/1.1\r\nhost: emulator:{port}\r\n\
         authorization: Bearer sk-1\r\n\r\n"
    );
    client.write(get.as_bytes()).await;
    let host = client.answer().await.json()["data"]["upload_host"].clone();
    let host = host.as_str().unwrap();
    assert!(
        host.starts_with(&format!("http://emulator:{port}/")),
        "{host}"
    );
    client
        .write(b"GET / HTTP/1.1\r\nhost: evil.example\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status, 403);
}

const PAGE: (&str, &str) = ("origin", "https://page.example");
const CHAT: &str = "/compatible-mode/v1/chat/completions";

#[tokio::test]
async fn pages_are_let_in_when_asked_to() {
    let emulator = Emulator::builder().cors().start().await.unwrap();
    let mut client = Client::connect(&emulator).await;
    let asked = [
        PAGE,
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,content-type",
        ),
    ];
    client.send("OPTIONS", CHAT, &asked, "").await;
    let mut answer = client.head().await.unwrap();
    assert_eq!(answer.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "post"),
        ("access-control-allow-headers", "authorization,content-type"),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
    for fault in [None, Some("stall;after=1"), Some("arrearage")] {
        let mut client = Client::connect(&emulator).await;
        let mut headers = vec![PAGE];
        headers.extend(fault.map(|fault| ("x-emulator-fault", fault)));
        client.chat(&stream("qwen3-max", "Hi"), &headers).await;
        answer = client.head().await.unwrap();
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    // The login server is not for pages.
    let mut client = Client::connect(&emulator).await;
    client.send("OPTIONS", "/oauth/admin", &asked, "").await;
    let answer = client.answer().await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    client.send("POST", "/oauth/admin", &[PAGE], "").await;
    assert_eq!(client.answer().await.status, 403);
}

#[tokio::test]
async fn pages_are_kept_out_otherwise() {
    let emulator = Emulator::start().await.unwrap();
    let mut client = Client::connect(&emulator).await;
    let asked = [PAGE, ("access-control-request-method", "POST")];
    client.send("OPTIONS", CHAT, &asked, "").await;
    let answer = client.answer().await;
    assert_ne!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}
