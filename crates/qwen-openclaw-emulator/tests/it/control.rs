//! Who may use the remote control, what it says of itself, and that it leaves no trace.

use qwen_openclaw_emulator::{Emulator, EmulatorBuilder, FaultKind, Reply};
use serde_json::{Value, json};

use crate::client::{Answer, Client, ask, stream};

pub(crate) const TOKEN: &str = "token-of-a-test-0123";

pub(crate) fn builder() -> EmulatorBuilder {
    Emulator::builder().control_token(TOKEN.parse().unwrap())
}

/// Sends a request to the remote control with these headers alone.
async fn plain(emulator: &Emulator, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut client = Client::connect(emulator).await;
    client.send(method, path, headers, "").await;
    client.answer().await
}

/// Sends a request to the remote control with the token.
pub(crate) async fn control(
    emulator: &Emulator,
    method: &str,
    path: &str,
    body: &str,
) -> (u16, Value) {
    let mut client = Client::connect(emulator).await;
    let path = format!("/emulator{path}");
    let headers = [("x-emulator-token", TOKEN)];
    client.send(method, &path, &headers, body).await;
    let answer = client.answer().await;
    (answer.status, answer.json())
}

/// Posts to the remote control, which must succeed.
pub(crate) async fn post(emulator: &Emulator, path: &str, body: Value) -> Value {
    let (status, answer) = control(emulator, "POST", path, &body.to_string()).await;
    assert_eq!(status, 200, "{path} {body}: {answer}");
    answer
}

pub(crate) async fn get(emulator: &Emulator, path: &str) -> Value {
    let (status, answer) = control(emulator, "GET", path, "").await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// Asserts that a POST is refused for a field, and returns the message.
pub(crate) async fn refused(
    emulator: &Emulator,
    path: &str,
    body: Value,
    code: &str,
    param: &str,
) -> String {
    let (status, answer) = control(emulator, "POST", path, &body.to_string()).await;
    let error = &answer["error"];
    assert_eq!(status, 400, "{path} {body}: {answer}");
    assert_eq!(error["code"], code, "{path} {body}: {answer}");
    assert_eq!(error["param"], param, "{path} {body}: {answer}");
    assert_eq!(error["type"], "emulator_refusal");
    error["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_token_is_needed_whatever_the_path() {
    let emulator = builder().start().await.unwrap();
    let refusal = json!({"error": {
        "message": "The remote control needs the token that the emulator gave at its start, as \
            `Authorization: Bearer TOKEN` or `x-emulator-token: TOKEN`.",
        "type": "emulator_refusal",
        "param": null,
        "code": "invalid_token",
    }});
    for path in [
        "/emulator",
        "/emulator/",
        "/emulator/clock",
        "/emulator/nowhere",
    ] {
        for (method, headers) in [
            ("GET", vec![]),
            ("POST", vec![("authorization", "Bearer sk-test")]),
            ("DELETE", vec![("x-emulator-token", "token-of-a-test-012")]),
            // The header of the emulator goes before a key.
            (
                "GET",
                vec![
                    ("x-emulator-token", "wrong"),
                    ("authorization", "Bearer token-of-a-test-0123"),
                ],
            ),
        ] {
            let answer = plain(&emulator, method, path, &headers).await;
            assert_eq!(answer.status, 401, "{method} {path}");
            assert_eq!(answer.header("www-authenticate"), Some("bearer"));
            assert_eq!(answer.json(), refusal);
        }
    }
    for headers in [
        ("authorization", "Bearer token-of-a-test-0123"),
        ("authorization", "bearer token-of-a-test-0123"),
        ("x-emulator-token", TOKEN),
    ] {
        let answer = plain(&emulator, "GET", "/emulator/clock", &[headers]).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn the_token_is_random_unless_set_and_never_shown() {
    let one = Emulator::start().await.unwrap();
    let other = Emulator::start().await.unwrap();
    assert_ne!(one.control_token(), other.control_token());
    assert_eq!(one.control_token().len(), 32);
    let headers = [("x-emulator-token", one.control_token())];
    assert_eq!(plain(&one, "GET", "/emulator/", &headers).await.status, 200);
    assert_eq!(
        plain(&other, "GET", "/emulator/", &headers).await.status,
        401
    );
    assert!(!format!("{one:?}").contains(one.control_token()));
    let set = builder();
    assert!(!format!("{set:?}").contains(TOKEN));
    assert_eq!(set.start().await.unwrap().control_token(), TOKEN);
}

#[tokio::test]
async fn a_token_sent_to_the_service_is_neither_a_key_nor_recorded() {
    let emulator = builder().start().await.unwrap();
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", &*bearer), ("x-emulator-token", TOKEN)];
    let answer = plain(&emulator, "GET", "/portal/v1/models", &headers).await;
    assert_eq!(answer.status, 401);
    let request = &emulator.requests()[0];
    assert!(!format!("{:?}", request.headers()).contains(TOKEN));
    assert_eq!(request.bearer(), None);
}

#[tokio::test]
async fn pages_of_others_get_nothing_even_with_the_token() {
    for builder in [builder(), builder().cors()] {
        let emulator = builder.start().await.unwrap();
        for origin in ["https://page.example", "null", "http://localhost:1"] {
            for (method, path) in [
                ("GET", "/emulator/"),
                ("HEAD", "/emulator/requests"),
                ("POST", "/emulator/reset"),
                ("DELETE", "/emulator/faults"),
                ("OPTIONS", "/emulator/requests"),
            ] {
                let headers = [
                    ("origin", origin),
                    ("x-emulator-token", TOKEN),
                    ("access-control-request-method", "GET"),
                    ("access-control-request-headers", "x-emulator-token"),
                ];
                let mut client = Client::connect(&emulator).await;
                client.send(method, path, &headers, "").await;
                let answer = client.head().await.unwrap();
                assert_eq!(answer.status, 403, "{method} {path} of {origin}");
                assert!(!answer.head.contains("access-control"), "{}", answer.head);
            }
        }
        let headers = [("host", "evil.example"), ("x-emulator-token", TOKEN)];
        let answer = plain(&emulator, "GET", "/emulator/", &headers).await;
        assert_eq!(answer.json()["error"]["code"], "foreign_host");
        // A page of the emulator itself, which it has none of, still needs the token.
        let own = [("origin", emulator.origin())];
        let answer = plain(&emulator, "GET", "/emulator/", &own).await;
        assert_eq!(answer.status, 401);
        assert!(!answer.head.contains("access-control"));
    }
}

#[tokio::test]
async fn what_there_is_is_listed_and_every_path_of_it_works() {
    let emulator = builder().start().await.unwrap();
    let list = get(&emulator, "/").await;
    assert_eq!(list["name"], "qwen-openclaw-emulator");
    assert_eq!(list["base_urls"]["Standard Global"], emulator.base_url());
    assert_eq!(list["base_urls"]["Login (OAuth)"], emulator.oauth().url());
    let controls = list["controls"].as_array().unwrap();
    let names: Vec<String> = controls
        .iter()
        .map(|control| {
            let text = |name: &str| control[name].as_str().unwrap().to_owned();
            assert!(!text("description").is_empty());
            format!("{} {}", text("method"), text("path"))
        })
        .collect();
    assert_eq!(
        names,
        [
            "GET /emulator/",
            "POST /emulator/reset",
            "GET /emulator/requests",
            "DELETE /emulator/requests",
            "GET /emulator/scripts",
            "POST /emulator/scripts",
            "DELETE /emulator/scripts",
            "GET /emulator/faults",
            "POST /emulator/faults",
            "DELETE /emulator/faults/{id}",
            "DELETE /emulator/faults",
            "GET /emulator/clock",
            "POST /emulator/clock",
            "GET /emulator/quotas",
            "POST /emulator/quotas",
            "POST /emulator/quotas/video",
            "POST /emulator/quotas/batches",
            "DELETE /emulator/quotas/{id}",
            "DELETE /emulator/quotas",
            "GET /emulator/gates",
            "POST /emulator/gates",
            "DELETE /emulator/gates/{id}",
            "DELETE /emulator/gates",
            "GET /emulator/logins",
            "POST /emulator/logins",
            "POST /emulator/logins/issue",
            "GET /emulator/settings",
            "POST /emulator/settings",
        ]
    );
    for name in names.iter().filter(|name| name.starts_with("GET ")) {
        let path = name.strip_prefix("GET /emulator").unwrap();
        get(&emulator, path).await;
    }
}

#[tokio::test]
async fn beyond_loopback_urls_have_the_name_that_was_asked_for() {
    let network = builder().host(std::net::Ipv4Addr::UNSPECIFIED.into());
    let emulator = network.start().await.unwrap();
    let mut client = Client::connect(&emulator).await;
    for (method, path) in [("GET", "/emulator/"), ("POST", "/emulator/logins/issue")] {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: emulator:8080\r\nx-emulator-token: {TOKEN}\r\n\r\n"
        );
        client.write(head.as_bytes()).await;
        let answer = client.answer().await.text();
        assert!(
            answer.contains("http://emulator:8080/portal/v1"),
            "{answer}"
        );
        assert!(!answer.contains("127.0.0.1"), "{answer}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let emulator = builder().start().await.unwrap();
    let check = async |method: &str, path: &str, body: &str| {
        let (status, answer) = control(&emulator, method, path, body).await;
        (status, answer["error"]["code"].as_str().unwrap().to_owned())
    };
    let expect = |status, code: &str| (status, code.to_owned());
    assert_eq!(check("GET", "/nowhere", "").await, expect(404, "not_found"));
    assert_eq!(
        check("GET", "/faults/1", "").await,
        expect(405, "method_not_allowed")
    );
    assert_eq!(
        check("PUT", "/faults", "").await,
        expect(405, "method_not_allowed")
    );
    assert_eq!(
        check("DELETE", "/faults/1", "").await,
        expect(404, "not_found")
    );
    assert_eq!(
        check("POST", "/faults", "[1]").await,
        expect(400, "invalid_body")
    );
    assert_eq!(
        check("POST", "/faults", "{").await,
        expect(400, "invalid_body")
    );
    // Not everything is removed because of a field that was meant to choose.
    assert_eq!(
        check("DELETE", "/faults", "{\"id\":1}").await,
        expect(400, "invalid_body")
    );
    assert_eq!(
        check("DELETE", "/faults?id=1", "").await,
        expect(400, "unknown_field")
    );
    assert_eq!(
        check("POST", "/reset?now=1", "").await,
        expect(400, "unknown_field")
    );
    for path in [
        "/reset",
        "/scripts",
        "/faults",
        "/clock",
        "/quotas",
        "/quotas/video",
        "/quotas/batches",
        "/gates",
        "/logins",
        "/logins/issue",
        "/settings",
    ] {
        // Fields that the path needs, so that only the other one is wrong.
        let needed = match path {
            "/scripts" => json!({"replies": [{}]}),
            "/faults" => json!({"fault": "stall"}),
            "/clock" => json!({"advance_seconds": 1}),
            "/quotas" => json!({"requests": 1}),
            "/gates" => json!({"plan": "coding"}),
            _ => json!({}),
        };
        let mut body = needed;
        body["colour"] = json!("red");
        let message = refused(&emulator, path, body, "unknown_field", "colour").await;
        assert_eq!(message, "There is no field `colour` here.");
    }
    let answer = plain(
        &emulator,
        "GET",
        "/emulator/faults/1",
        &[("x-emulator-token", TOKEN)],
    )
    .await;
    assert_eq!(answer.header("allow"), Some("delete"));
}

#[tokio::test]
async fn it_leaves_no_trace_and_uses_nothing_up() {
    let told = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&told);
    let emulator = builder()
        .fault(FaultKind::InternalError)
        .script(Reply::new(418))
        .on_request(move |_| {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        })
        .start()
        .await
        .unwrap();
    let same = Emulator::start().await.unwrap();
    for _ in 0..3 {
        get(&emulator, "/requests").await;
        let mut client = Client::connect(&emulator).await;
        let headers = [("x-emulator-token", TOKEN), ("x-emulator-fault", "stall")];
        client.send("GET", "/emulator/clock", &headers, "").await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-request-id"), None);
    }
    assert!(emulator.requests().is_empty());
    let counts = emulator.connections();
    assert_eq!((counts.requests, counts.abandoned), (0, 0));
    assert_eq!(told.load(std::sync::atomic::Ordering::Relaxed), 0);
    // The script and the fault are still there, and the ids are those of an emulator left alone.
    assert_eq!(ask(&emulator, &stream("qwen3-max", "Hi")).await.status, 418);
    assert_eq!(ask(&emulator, &stream("qwen3-max", "Hi")).await.status, 500);
    emulator.clear_faults();
    ask(&same, &stream("qwen3-max", "Hi")).await;
    let id = |answer: &Answer| answer.header("x-request-id").map(str::to_owned);
    let other = ask(&emulator, &stream("qwen3-max", "Hi")).await;
    assert_eq!(
        id(&other),
        id(&ask(&same, &stream("qwen3-max", "Hi")).await)
    );
}
