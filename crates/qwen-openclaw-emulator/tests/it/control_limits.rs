//! The remote control: quotas, gates, logins, the clock, settings, and the way back to the start.

use std::time::Duration;

use qwen_openclaw_emulator::{Emulator, FaultKind, Gate, Plan, Quota, Reply};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client, ask, stream},
    control::{builder, control, get, post, refused},
    oauth,
};

async fn chat_with(emulator: &Emulator, path: &str, key: &str, model: &str) -> Answer {
    let mut client = Client::connect(emulator).await;
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", &*bearer)];
    let body = json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]});
    let path = format!("{path}/chat/completions");
    client
        .send("POST", &path, &headers, &body.to_string())
        .await;
    client.answer().await
}

async fn chat(emulator: &Emulator, key: &str) -> Answer {
    chat_with(emulator, "/compatible-mode/v1", key, "qwen3-max").await
}

async fn video(emulator: &Emulator) -> Answer {
    let mut client = Client::connect(emulator).await;
    let body = json!({"model": "wan2.6-t2v", "input": {"prompt": "waves"}});
    let headers = [
        ("authorization", "Bearer sk-test"),
        ("x-dashscope-async", "enable"),
    ];
    let path = "/api/v1/services/aigc/video-generation/video-synthesis";
    client.send("POST", path, &headers, &body.to_string()).await;
    client.answer().await
}

#[tokio::test]
async fn a_key_has_so_many_requests() {
    let emulator = builder().start().await.unwrap();
    let quota = json!({"key": "sk-one", "requests": 2});
    assert_eq!(post(&emulator, "/quotas", quota).await, json!({"id": 1}));
    for status in [200, 200, 429, 429] {
        assert_eq!(chat(&emulator, "sk-one").await.status, status);
    }
    let refusal = chat(&emulator, "sk-one").await.json();
    assert_eq!(refusal["error"]["code"], "insufficient_quota");
    assert_eq!(
        refusal["error"]["message"],
        "You exceeded your current quota, please check your plan and billing details."
    );
    assert_eq!(chat(&emulator, "sk-two").await.status, 200);
    // Reading is free.
    let mut client = Client::connect(&emulator).await;
    let headers = [("authorization", "Bearer sk-one")];
    client
        .send("GET", "/compatible-mode/v1/models", &headers, "")
        .await;
    assert_eq!(client.answer().await.status, 200);
    let list = get(&emulator, "/quotas").await;
    let mut quota = list["quotas"][0].clone();
    assert!(quota["used"]["tokens"].as_u64().unwrap() > 0);
    quota["used"]["tokens"] = json!(0);
    assert_eq!(
        quota,
        json!({
            "id": 1, "key": "****", "requests": 2, "tokens": null, "seconds": null,
            "fault": "insufficient-quota", "used": {"keys": 1, "requests": 2, "tokens": 0},
        })
    );
    let (_, removed) = control(&emulator, "DELETE", "/quotas/1", "").await;
    assert_eq!(removed, json!({"removed": 1}));
    assert_eq!(chat(&emulator, "sk-one").await.status, 200);
}

#[tokio::test]
async fn tokens_come_back_with_the_emulated_clock() {
    let emulator = builder().start().await.unwrap();
    let quota = json!({"tokens": 1, "seconds": 60, "fault": "limit-requests;retry-after=60"});
    post(&emulator, "/quotas", quota).await;
    // The request that goes over the quota is answered.
    assert_eq!(chat(&emulator, "sk-one").await.status, 200);
    let refusal = chat(&emulator, "sk-one").await;
    assert_eq!(
        (refusal.status, refusal.header("retry-after")),
        (429, Some("60"))
    );
    assert_eq!(refusal.json()["error"]["code"], "limit_requests");
    assert_eq!(chat(&emulator, "sk-two").await.status, 200);
    post(&emulator, "/clock", json!({"advance_seconds": 59})).await;
    assert_eq!(chat(&emulator, "sk-one").await.status, 429);
    post(&emulator, "/clock", json!({"advance_seconds": 2.5})).await;
    assert_eq!(chat(&emulator, "sk-one").await.status, 200);
}

#[tokio::test]
async fn rust_sets_the_same_quotas_and_gates() {
    let free_tier = Quota::new().requests(1).fault(FaultKind::FreeTierExhausted);
    let emulator = builder().quota(free_tier).start().await.unwrap();
    assert_eq!(chat(&emulator, "sk-one").await.status, 200);
    let refusal = chat(&emulator, "sk-one").await;
    assert_eq!(refusal.status, 403);
    assert_eq!(
        refusal.json()["error"]["code"],
        "AllocationQuota.FreeTierOnly"
    );
    emulator.clear_quotas();
    emulator.gate(Gate::new().plan(Plan::Standard).model("qwen3-max"));
    assert_eq!(chat(&emulator, "sk-one").await.status, 404);
    emulator.clear_gates();
    emulator.quota(Quota::new().requests(0));
    assert_eq!(chat(&emulator, "sk-one").await.status, 429);
}

#[tokio::test]
async fn limits_on_videos_are_changed_and_rates_are_seen() {
    let emulator = builder().start().await.unwrap();
    let changed = post(
        &emulator,
        "/quotas/video",
        json!({"submits": 1, "queries": null}),
    )
    .await;
    assert_eq!(
        changed["limits"],
        json!({"submits": 1, "running": 5, "queries": null, "policies": 100})
    );
    assert_eq!(video(&emulator).await.status, 200);
    let refusal = video(&emulator).await;
    assert_eq!(refusal.status, 429);
    assert_eq!(refusal.json()["code"], "Throttling.RateQuota");
    let rates = &get(&emulator, "/quotas").await["video"]["rates"];
    assert_eq!(
        rates["create"],
        json!({"requests": 2, "highest_per_second": 2})
    );
    assert_eq!(
        rates["poll"],
        json!({"requests": 0, "highest_per_second": 0})
    );
    for (body, code, param) in [
        (json!({"submits": "1"}), "invalid_value", "submits"),
        (json!({"polls": 1}), "unknown_field", "polls"),
    ] {
        refused(&emulator, "/quotas/video", body, code, param).await;
    }
}

#[tokio::test]
async fn gates_refuse_as_the_service_does() {
    let emulator = builder().start().await.unwrap();
    let coding = async |model: &str| chat_with(&emulator, "/coding/v1", "sk-sp-1", model).await;
    assert_eq!(coding("qwen3.5-plus").await.status, 200);
    // A model that the plan does not have.
    let gate = json!({"plan": "coding", "model": "qwen3.5-plus"});
    assert_eq!(post(&emulator, "/gates", gate).await, json!({"id": 1}));
    let refusal = coding("qwen3.5-plus").await;
    assert_eq!(refusal.status, 400);
    let message = &refusal.json()["error"]["message"];
    assert_eq!(message, "model `qwen3.5-plus` is not supported.");
    assert_eq!(coding("glm-5").await.status, 200);
    let standard = chat_with(&emulator, "/compatible-mode/v1", "sk-1", "qwen3.5-plus");
    assert_eq!(standard.await.status, 200);
    // A plan that is closed to this client.
    post(
        &emulator,
        "/gates",
        json!({"plan": "coding", "region": "global"}),
    )
    .await;
    let refusal = coding("glm-5").await;
    assert_eq!(refusal.status, 405);
    assert_eq!(
        refusal.json(),
        json!({"error": "Coding Plan is currently only available for Coding Agents"})
    );
    let china = chat_with(&emulator, "/cn/coding/v1", "sk-sp-1", "glm-5");
    assert_eq!(china.await.status, 200);
    // Videos that were not bought.
    let gate = json!({"path": "/video-synthesis", "fault": "unpurchased"});
    post(&emulator, "/gates", gate).await;
    let refusal = video(&emulator).await;
    assert_eq!(refusal.status, 403);
    assert_eq!(refusal.json()["code"], "AccessDenied.Unpurchased");
    assert_eq!(
        get(&emulator, "/gates").await["gates"][1],
        json!({
            "id": 2, "plan": "coding", "region": "global", "model": null, "path": "", "fault": null,
        })
    );
    for id in [1, 2] {
        control(&emulator, "DELETE", &format!("/gates/{id}"), "").await;
    }
    assert_eq!(coding("qwen3.5-plus").await.status, 200);
    let (_, removed) = control(&emulator, "DELETE", "/gates", "").await;
    assert_eq!(removed, json!({"removed": 1}));
    assert_eq!(video(&emulator).await.status, 200);
}

#[tokio::test]
async fn wrong_quotas_and_gates_are_named() {
    let emulator = builder().start().await.unwrap();
    for (path, body, param) in [
        ("/quotas", json!({"key": "sk-1"}), "requests"),
        ("/quotas", json!({"requests": -1}), "requests"),
        ("/quotas", json!({"requests": 1.5}), "requests"),
        (
            "/quotas",
            json!({"requests": 1, "seconds": "60"}),
            "seconds",
        ),
        ("/quotas", json!({"requests": 1, "fault": "stall"}), "fault"),
        (
            "/quotas",
            json!({"requests": 1, "fault": "nothing"}),
            "fault",
        ),
        ("/gates", json!({}), "plan"),
        ("/gates", json!({"plan": "gold"}), "plan"),
        (
            "/gates",
            json!({"plan": "coding", "region": "mars"}),
            "region",
        ),
        (
            "/gates",
            json!({"plan": "coding", "fault": "keep-alives"}),
            "fault",
        ),
    ] {
        refused(&emulator, path, body, "invalid_value", param).await;
    }
    let (_, quotas) = control(&emulator, "GET", "/quotas", "").await;
    assert_eq!(quotas["quotas"], json!([]));
}

#[tokio::test]
async fn logins_are_decided_and_expire_on_the_emulated_clock() {
    let emulator = builder().start().await.unwrap();
    let (device, code) = oauth::ask(&emulator).await;
    assert_eq!(get(&emulator, "/logins").await["pending"], json!([code]));
    post(&emulator, "/logins", json!({"deny": code})).await;
    assert_eq!(
        oauth::poll(&emulator, &device).await.1["error"],
        "access_denied"
    );
    let (device, code) = oauth::ask(&emulator).await;
    post(
        &emulator,
        "/logins",
        json!({"approve": code, "token_life": 100}),
    )
    .await;
    let (status, tokens) = oauth::poll(&emulator, &device).await;
    assert_eq!(status, 200);
    let access = tokens["access_token"].as_str().unwrap();
    let portal = async || chat_with(&emulator, "/portal/v1", access, "coder-model").await;
    assert_eq!(portal().await.status, 200);
    post(&emulator, "/clock", json!({"advance_seconds": 101})).await;
    assert_eq!(portal().await.status, 401);
    // A code that nobody approved in time.
    let (device, code) = oauth::ask(&emulator).await;
    post(&emulator, "/clock", json!({"advance_seconds": 901})).await;
    assert_eq!(
        oauth::poll(&emulator, &device).await.1["error"],
        "expired_token"
    );
    let body = json!({"approve": code});
    let said = refused(&emulator, "/logins", body, "invalid_value", "approve").await;
    assert_eq!(said, "no such code is waiting.");
}

#[tokio::test]
async fn tokens_are_issued_and_the_portal_has_a_quota() {
    let emulator = builder().start().await.unwrap();
    let login = post(&emulator, "/logins/issue", json!({})).await;
    assert_eq!(login["expires_in"], 21_600);
    assert_eq!(
        login["resource_url"],
        format!("{}/portal/v1", emulator.origin())
    );
    let access = login["access_token"].as_str().unwrap();
    let portal = async || chat_with(&emulator, "/portal/v1", access, "coder-model").await;
    assert_eq!(portal().await.status, 200);
    let scenario = json!({"scenario": "api-429-quota", "times": 1});
    post(&emulator, "/logins", scenario).await;
    assert_eq!(
        get(&emulator, "/quotas").await["portal"],
        json!([{"scenario": "api-429-quota", "times": 1}])
    );
    assert_eq!(portal().await.status, 429);
    assert_eq!(portal().await.status, 200);
    post(&emulator, "/logins", json!({"expire": access})).await;
    assert_eq!(portal().await.status, 401);
    let refresh = login["refresh_token"].as_str().unwrap();
    post(&emulator, "/logins", json!({"revoke": refresh})).await;
    let body = json!({"scenario": "api-429", "auto_approve": true, "interval": 1});
    let report = post(&emulator, "/logins", body).await;
    assert_eq!(
        report["active"],
        json!([{"scenario": "api-429", "times": null}])
    );
    let report = post(&emulator, "/logins", json!({"clear": true})).await;
    assert_eq!(report["active"], json!([]));
    for (body, param) in [
        (json!({"scenario": "nothing"}), "scenario"),
        (json!({"times": 1}), "times"),
        (json!({"auto_approve": "yes"}), "auto_approve"),
        (json!({"expire": "x"}), "expire"),
    ] {
        refused(&emulator, "/logins", body, "invalid_value", param).await;
    }
}

#[tokio::test]
async fn tasks_end_and_are_forgotten_on_the_emulated_clock() {
    let emulator = builder().start().await.unwrap();
    let id = video(&emulator).await.json()["output"]["task_id"].clone();
    let status = async || {
        let mut client = Client::connect(&emulator).await;
        let headers = [("authorization", "Bearer sk-test")];
        let path = format!("/api/v1/tasks/{}", id.as_str().unwrap());
        client.send("GET", &path, &headers, "").await;
        client.answer().await.json()["output"]["task_status"].clone()
    };
    let before = get(&emulator, "/clock").await;
    assert_eq!(before["advanced_ms"], 0);
    let after = post(&emulator, "/clock", json!({"advance_seconds": 1.5})).await;
    assert_eq!(after["advanced_ms"], 1500);
    let unix = |clock: &Value| clock["unix_ms"].as_u64().unwrap();
    assert!(unix(&after) >= unix(&before) + 1500);
    assert_eq!(status().await, "SUCCEEDED");
    post(&emulator, "/clock", json!({"advance_seconds": 86_400})).await;
    assert_eq!(status().await, "UNKNOWN");
    for body in [
        json!({}),
        json!({"advance_seconds": -1}),
        json!({"advance_seconds": "1"}),
    ] {
        refused(
            &emulator,
            "/clock",
            body,
            "invalid_value",
            "advance_seconds",
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn settings_are_changed() {
    let emulator = builder().tokens_per_second(50).start().await.unwrap();
    let settings = json!({
        "tools": "named", "tokens_per_second": 50, "first_chunk_delay_ms": 0, "chunk_delay_ms": 0,
        "video_queued_ms": 200, "video_running_ms": 800,
    });
    assert_eq!(get(&emulator, "/settings").await, settings);
    let change = json!({"tools": "first", "tokens_per_second": 0, "first_chunk_delay_ms": 4000});
    let changed = post(&emulator, "/settings", change).await;
    assert_eq!(changed["tools"], "first");
    assert_eq!(changed["video_running_ms"], 800);
    let mut body = stream("qwen3-max", "Hi");
    body["tools"] = json!([{"type": "function", "function": {"name": "get_time"}}]);
    let start = tokio::time::Instant::now();
    let answer = ask(&emulator, &body).await;
    let time = start.elapsed();
    assert!(answer.text().contains("get_time"), "{}", answer.text());
    assert!((4000..4100).contains(&time.as_millis()), "{time:?}");
    for (body, param) in [
        (json!({"tools": "always"}), "tools"),
        (json!({"tokens_per_second": -1}), "tokens_per_second"),
        (json!({"chunk_delay_ms": 0.5}), "chunk_delay_ms"),
    ] {
        refused(&emulator, "/settings", body, "invalid_value", param).await;
    }
    // A change that is refused changes nothing.
    let half = json!({"tools": "never", "colour": 1});
    refused(&emulator, "/settings", half, "unknown_field", "colour").await;
    assert_eq!(get(&emulator, "/settings").await["tools"], "first");
}

#[tokio::test]
async fn reset_puts_everything_back() {
    let emulator = builder()
        .script(Reply::new(418))
        .fault(
            "internal-error;times=1"
                .parse::<qwen_openclaw_emulator::FaultRule>()
                .unwrap(),
        )
        .quota(Quota::new().key("sk-start").requests(1))
        .gate(Gate::new().model("glm-5"))
        .auto_approve()
        .tokens_per_second(1_000_000)
        .start()
        .await
        .unwrap();
    let everything = async || {
        let mut all = Vec::new();
        for path in [
            "/requests",
            "/scripts",
            "/quotas",
            "/gates",
            "/logins",
            "/settings",
        ] {
            all.push(get(&emulator, path).await);
        }
        let faults = get(&emulator, "/faults").await["faults"].clone();
        let faults = faults.as_array().unwrap().iter();
        all.extend(faults.map(|rule| rule["fault"].clone()));
        all.push(get(&emulator, "/clock").await["advanced_ms"].clone());
        for list in &mut all {
            // Numbers are not given again.
            for name in ["quotas", "gates"] {
                let items = list.get_mut(name).and_then(Value::as_array_mut);
                for item in items.into_iter().flatten() {
                    item["id"] = json!(0);
                }
            }
        }
        all
    };
    let answers = async || {
        let mut all = Vec::new();
        for key in ["sk-start", "sk-start", "sk-start", "sk-start"] {
            let answer = chat(&emulator, key).await;
            let id = answer.header("x-request-id").map(str::to_owned);
            all.push((answer.status, id));
        }
        all
    };
    let start = everything().await;
    let first = answers().await;
    let statuses: Vec<u16> = first.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [418, 500, 200, 429]);
    post(
        &emulator,
        "/scripts",
        json!({"replies": [{}], "repeat_last": true, "path": "/nowhere"}),
    )
    .await;
    post(&emulator, "/faults", json!({"fault": "stall"})).await;
    post(&emulator, "/quotas", json!({"requests": 0})).await;
    post(&emulator, "/quotas/video", json!({"running": 1})).await;
    post(&emulator, "/gates", json!({"plan": "token"})).await;
    post(&emulator, "/logins", json!({"auto_approve": false})).await;
    oauth::ask(&emulator).await;
    let logins = json!({"scenario": "api-401", "token_life": 1, "interval": 9});
    post(&emulator, "/logins", logins).await;
    let login = emulator.oauth().issue();
    post(&emulator, "/clock", json!({"advance_seconds": 1000})).await;
    let settings = json!({"tools": "never", "tokens_per_second": 1, "video_queued_ms": 1});
    post(&emulator, "/settings", settings).await;
    control(&emulator, "DELETE", "/scripts", "").await;
    control(&emulator, "DELETE", "/faults", "").await;
    control(&emulator, "DELETE", "/gates", "").await;
    control(&emulator, "DELETE", "/quotas", "").await;
    video(&emulator).await;
    assert_ne!(everything().await, start);
    assert_eq!(
        post(&emulator, "/reset", json!({})).await,
        json!({"reset": true})
    );
    assert_eq!(everything().await, start);
    assert!(emulator.requests().is_empty());
    assert!(emulator.video().tasks().is_empty());
    assert!(!emulator.oauth().is_good(&login.access));
    assert_eq!(emulator.connections().requests, 0);
    assert_eq!(answers().await, first);
    assert_eq!(emulator.oauth().issue().life, Duration::from_secs(21_600));
    // Logins are approved at once again, as they were at the start.
    let (device, _) = oauth::ask(&emulator).await;
    assert_eq!(oauth::poll(&emulator, &device).await.0, 200);
    emulator.reset();
    assert_eq!(answers().await, first);
}
