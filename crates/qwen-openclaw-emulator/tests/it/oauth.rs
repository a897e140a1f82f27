//! The login server: the protocol, the page, and the switches.

use http::Method;
use qwen_openclaw_emulator::{Emulator, OAuthScenario};
use serde_json::Value;

use crate::client::{Answer, Client};

const CLIENT: &str = "client_id=f0304373b74a44d2b584a3fb70ca9e56";
/// A verifier and its challenge, of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

async fn request(emulator: &Emulator, method: Method, path: &str, body: &str) -> Answer {
    let mut client = Client::connect(emulator).await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    client.send(method.as_str(), path, &form, body).await;
    client.answer().await
}

async fn post(emulator: &Emulator, path: &str, body: &str) -> Answer {
    request(emulator, Method::POST, path, body).await
}

/// Asks for a login; returns its device code and user code.
pub(crate) async fn ask(emulator: &Emulator) -> (String, String) {
    let body = format!(
        "{CLIENT}&scope=openid%20profile&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let answer = post(emulator, "/oauth/device/code", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    assert!(json.get("interval").is_none());
    assert!(text("verification_uri_complete").contains(&text("user_code")));
    (text("device_code"), text("user_code"))
}

pub(crate) async fn poll(emulator: &Emulator, device_code: &str) -> (u16, Value) {
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
    let body =
        format!("grant_type={grant}&{CLIENT}&device_code={device_code}&code_verifier={VERIFIER}");
    let answer = post(emulator, "/oauth/api/v1/oauth2/token", &body).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_login_is_approved_on_the_page_and_its_tokens_rotate() {
    let emulator = Emulator::start().await.unwrap();
    let (device_code, user_code) = ask(&emulator).await;
    let (status, json) = poll(&emulator, &device_code).await;
    assert_eq!(
        (status, &json["error"]),
        (400, &"authorization_pending".into())
    );

    let page = format!("/oauth/authorize?user_code={user_code}&client=qwen-code");
    let page = request(&emulator, Method::GET, &page, "").await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    assert!(
        page.text().contains(&format!("value=\"{user_code}\"")),
        "{}",
        page.text()
    );
    let decide = format!("user_code={user_code}&decision=approve");
    let page = post(&emulator, "/oauth/authorize", &decide).await;
    assert!(page.text().contains("You are signed in"), "{}", page.text());
    let page = post(&emulator, "/oauth/authorize", &decide).await;
    assert_eq!(page.status, 404, "a code is decided about once");

    let (status, json) = poll(&emulator, &device_code).await;
    assert_eq!(status, 200, "{json}");
    assert_eq!(json["expires_in"], 21_600);
    let token = json["refresh_token"].as_str().unwrap();
    let refresh = format!("grant_type=refresh_token&{CLIENT}&refresh_token={token}");
    let renewed = post(&emulator, "/oauth/token", &refresh).await;
    assert_eq!(renewed.status, 200);
    assert_ne!(renewed.json()["refresh_token"], token);
    // Used twice: refused, and the login ends.
    let access = renewed.json()["access_token"].as_str().unwrap().to_owned();
    assert!(emulator.oauth().is_good(&access));
    let reused = post(&emulator, "/oauth/token", &refresh).await;
    assert_eq!(
        (reused.status, reused.json()["error"].as_str()),
        (400, Some("invalid_request"))
    );
    assert!(!emulator.oauth().is_good(&access));
}

#[tokio::test]
async fn a_login_is_denied_on_the_page() {
    let emulator = Emulator::start().await.unwrap();
    let (device_code, user_code) = ask(&emulator).await;
    let deny = format!("user_code={user_code}&decision=deny");
    post(&emulator, "/oauth/authorize", &deny).await;
    let (status, json) = poll(&emulator, &device_code).await;
    assert_eq!((status, &json["error"]), (400, &"access_denied".into()));
}

#[tokio::test]
async fn requests_are_checked() {
    let emulator = Emulator::start().await.unwrap();
    for (path, body, error) in [
        ("/oauth/device/code", "client_id=somebody", "invalid_client"),
        ("/oauth/device/code", CLIENT, "invalid_request"),
        ("/oauth/token", CLIENT, "unsupported_grant_type"),
        ("/oauth/nowhere", "", "not_found"),
    ] {
        let answer = post(&emulator, path, body).await;
        assert_eq!(answer.json()["error"], error, "{path} {body}");
    }
    let (status, json) = poll(&emulator, "unknown").await;
    assert_eq!((status, &json["error"]), (400, &"invalid_grant".into()));
}

#[tokio::test]
async fn the_portal_takes_good_tokens_of_its_login_server_and_any_other() {
    let emulator = Emulator::start().await.unwrap();
    let issued = emulator.oauth().issue();
    let models = async |token: &str| {
        let mut client = Client::connect(&emulator).await;
        let key = format!("Bearer {token}");
        let headers = [("authorization", key.as_str())];
        client.send("GET", "/portal/v1/models", &headers, "").await;
        client.answer().await.status
    };
    assert_eq!(models(&issued.access).await, 200);
    assert_eq!(models("some-other-token").await, 200);
    emulator.oauth().expire(&issued.access);
    assert_eq!(models(&issued.access).await, 401);
    emulator
        .oauth()
        .scenario_times(OAuthScenario::ApiForbiddenQuota, 1);
    assert_eq!(models("some-other-token").await, 403);
    assert_eq!(models("some-other-token").await, 200);
}

#[tokio::test]
async fn everything_can_be_switched_over_http() {
    let emulator = Emulator::start().await.unwrap();
    let admin = async |body: &str| {
        let answer = post(&emulator, "/oauth/admin", body).await;
        (answer.status, answer.json())
    };
    let (status, report) = admin("scenario=poll-denied&times=1").await;
    assert_eq!(status, 200);
    assert_eq!(report["active"][0]["scenario"], "poll-denied");
    assert_eq!(
        report["scenarios"].as_array().unwrap().len(),
        OAuthScenario::ALL.len()
    );
    let (device_code, user_code) = ask(&emulator).await;
    assert_eq!(
        poll(&emulator, &device_code).await.1["error"],
        "access_denied"
    );
    let (_, report) = admin("").await;
    assert_eq!(report["pending"][0], user_code);
    assert_eq!(admin(&format!("approve={user_code}")).await.0, 200);
    assert_eq!(poll(&emulator, &device_code).await.0, 200);

    admin("auto_approve=true&token_life=60").await;
    let (device_code, _) = ask(&emulator).await;
    assert_eq!(poll(&emulator, &device_code).await.1["expires_in"], 60);
    let (_, report) = admin("scenario=poll-denied&scenario=x&clear=1").await;
    assert_eq!(report["stats"]["logins"], 2);
    for bad in [
        "scenario=nonsense",
        "times=x",
        "auto_approve=1",
        "approve=NONE",
    ] {
        assert_eq!(admin(bad).await.0, 400, "{bad}");
    }
    let answer = request(&emulator, Method::GET, "/oauth/admin", "").await;
    assert_eq!(answer.status, 200);
}
