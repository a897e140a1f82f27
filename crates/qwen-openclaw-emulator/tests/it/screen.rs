//! Web pages of others: what a browser would send for them, and what must not come of it.

use qwen_openclaw_emulator::{Emulator, Reply};

use crate::{
    client::{Answer, Client},
    oauth::{ask, poll},
};

async fn raw(emulator: &Emulator, head: &str, body: &str) -> Answer {
    let mut client = Client::connect(emulator).await;
    let length = body.len();
    let request = format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}");
    client.write(request.as_bytes()).await;
    client.answer().await
}

fn port(emulator: &Emulator) -> &str {
    emulator.origin().rsplit(':').next().unwrap()
}

#[tokio::test]
async fn a_web_page_approves_no_login() {
    let emulator = Emulator::start().await.unwrap();
    let port = port(&emulator);
    let (device_code, code) = ask(&emulator).await;
    let approvals = [
        ("/oauth/admin", format!("approve={code}")),
        (
            "/oauth/authorize",
            format!("user_code={code}&decision=approve"),
        ),
        ("/oauth/admin", "auto_approve=true".to_owned()),
    ];
    let attackers = [
        // A form or a fetch of any page.
        (
            format!("host: 127.0.0.1:{port}\r\norigin: http://evil.example"),
            "foreign_origin",
        ),
        (
            format!("host: localhost:{port}\r\norigin: null"),
            "foreign_origin",
        ),
        (
            format!("host: localhost:{port}\r\norigin: http://localhost:1"),
            "foreign_origin",
        ),
        // A page whose name was made to point here: to the browser all is of one origin.
        (
            format!("host: evil.example:{port}\r\norigin: http://evil.example:{port}"),
            "foreign_host",
        ),
        (format!("host: evil.example:{port}"), "foreign_host"),
    ];
    for (path, body) in &approvals {
        for (headers, reason) in &attackers {
            let answer = raw(
                &emulator,
                &format!("POST {path} HTTP/1.1\r\n{headers}"),
                body,
            )
            .await;
            assert_eq!(answer.status, 403, "{path} {headers}");
            let error = &answer.json()["error"];
            assert_eq!(error["code"], *reason, "{path} {headers}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(emulator.origin()), "{message}");
        }
    }
    assert_eq!(emulator.oauth().pending(), [code.as_str()]);
    let (status, json) = poll(&emulator, &device_code).await;
    assert_eq!(
        (status, &json["error"]),
        (400, &"authorization_pending".into())
    );

    // The emulator's own page, and a program, which sends no origin.
    let own = format!("host: localhost:{port}\r\norigin: http://localhost:{port}");
    let (path, body) = &approvals[1];
    let answer = raw(&emulator, &format!("POST {path} HTTP/1.1\r\n{own}"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (status, _) = poll(&emulator, &device_code).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn every_route_is_closed_to_other_names() {
    let emulator = Emulator::start().await.unwrap();
    emulator.script(Reply::new(200).chunk("scripted"));
    let port = port(&emulator);
    let chat = "/compatible-mode/v1/chat/completions";
    let key = "authorization: Bearer sk-test";
    for target in [
        "/",
        "/oauth/admin",
        "/oauth/authorize?user_code=x",
        chat,
        "/nothing",
    ] {
        for head in [
            format!("GET {target} HTTP/1.1\r\nhost: evil.example\r\n{key}"),
            format!("POST {target} HTTP/1.1\r\nhost: evil.example:{port}\r\n{key}"),
            format!("GET http://evil.example{target} HTTP/1.1\r\nhost: localhost\r\n{key}"),
            format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n{key}"),
        ] {
            let answer = raw(&emulator, &head, "").await;
            assert_eq!(answer.status, 403, "{head}");
            assert_eq!(answer.json()["error"]["code"], "foreign_host", "{head}");
        }
    }
    // None of them took what was meant for another.
    let own = format!("POST {chat} HTTP/1.1\r\nhost: [::1]:{port}\r\n{key}");
    assert_eq!(raw(&emulator, &own, "{}").await.text(), "scripted");
    let absolute = format!("GET http://localhost:{port}/ HTTP/1.1\r\nhost: localhost:{port}");
    assert_eq!(raw(&emulator, &absolute, "").await.status, 200);
    // Older than names.
    assert_eq!(raw(&emulator, "GET / HTTP/1.0", "").await.status, 200);
}

#[tokio::test]
async fn a_foreign_body_without_end_is_refused_and_not_kept() {
    let emulator = Emulator::builder().max_body(10).start().await.unwrap();
    let head = "POST /oauth/admin HTTP/1.1\r\nhost: evil.example";
    let answer = raw(&emulator, head, &"x".repeat(11)).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.header("connection"), Some("close"));
}
