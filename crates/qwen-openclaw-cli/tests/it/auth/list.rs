//! `models auth list`: which logins can be used, and until when.

use std::fs;

use serde_json::json;

use super::{Home, hides_tokens, portal};
use crate::run::KEY;

#[test]
fn dead_and_expired_logins_are_marked_with_their_dates() {
    let home = Home::new();
    let path = home.state_folder().join("credentials.json");
    let (past, future) = (1_577_836_800_123_u64, 4_102_444_800_000_u64);
    let login = |expires: u64, refresh: Option<&str>| json!({"type": "oauth", "access": "secret-a", "refresh": refresh, "expires": expires});
    let token = |expires: u64| json!({"type": "token", "token": "secret-t", "expires": expires});
    let profiles = json!({
        "qwen-oauth:dead": login(past, None),
        "qwen-oauth:gone": {"type": "qwen_cli", "path": home.path().join("gone.json")},
        "qwen-oauth:old": login(past, Some("secret-r")),
        "qwen-oauth:unknown": login(0, Some("secret-r")),
        "qwen-oauth:valid": login(future, Some("secret-r")),
        "qwen:key": {"type": "api_key", "key": KEY},
        "qwen:new": token(future),
        "qwen:old": token(past),
    });
    let file = json!({"version": 1, "profiles": profiles});
    fs::write(&path, file.to_string()).unwrap();
    let ran = home.auth(&["list"]).run().exits_with(0);
    let (past, future) = ("2020-01-01T00:00:00.123Z", "2100-01-01T00:00:00.000Z");
    let lines: Vec<_> = ran.stdout.lines().skip(2).collect();
    assert_eq!(
        lines,
        [
            format!("- qwen-oauth:dead [qwen-oauth/oauth; expired {past}]"),
            "- qwen-oauth:gone [qwen-oauth/qwen_cli; dead: its file cannot be read]".to_owned(),
            format!("- qwen-oauth:old [qwen-oauth/oauth; expired {past}; renewed when it is used]"),
            "- qwen-oauth:unknown [qwen-oauth/oauth; renewed when it is used]".to_owned(),
            format!("- qwen-oauth:valid [qwen-oauth/oauth; expires {future}]"),
            "- qwen:key [qwen/api_key]".to_owned(),
            format!("- qwen:new [qwen/token; expires {future}]"),
            format!("- qwen:old [qwen/token; expired {past}]"),
        ]
    );
    let hints = ran.stderr.lines().filter(|line| line.starts_with("hint: "));
    let hints: Vec<_> = hints.collect();
    assert_eq!(hints.len(), 3, "{hints:?}");
    assert_eq!(
        hints[0],
        "hint: qwen-oauth:dead cannot be used: log in again with `models auth login --provider \
         qwen-portal --enable-portal --profile dead`, or remove it with `models auth \
         logout qwen-oauth:dead`"
    );
    assert!(hints[2].contains("paste-token --provider qwen --profile old`"));

    let document = home.auth(&["list", "--json"]).run().exits_with(0).json();
    let rows = document["profiles"].as_array().unwrap().iter();
    let status = rows.map(|row| (row["status"].clone(), row["expires"].clone()));
    let expected = [
        json!(["expired", past]),
        json!(["unreadable", null]),
        json!(["renewable", past]),
        json!(["renewable", null]),
        json!(["valid", future]),
        json!(["stored", null]),
        json!(["valid", future]),
        json!(["expired", past]),
    ];
    let status: Vec<_> = status
        .map(|(status, expires)| json!([status, expires]))
        .collect();
    assert_eq!(status, expected);
}

/// Another process than the one that was refused knows it, and a new login is as good as new.
#[test]
fn a_login_that_the_server_refused_is_dead_until_the_next_login() {
    let (home, service) = (Home::new(), portal());
    home.login(&service, &[]).run().exits_with(0);
    let stored = || home.stored()["profiles"]["qwen-oauth:default"].clone();
    let oauth = service.emulator.oauth();
    oauth.revoke(stored()["refresh"].as_str().unwrap());
    oauth.expire(stored()["access"].as_str().unwrap());
    let status = || {
        let ran = home.auth(&["list", "--json"]).run().exits_with(0);
        ran.json()["profiles"][0]["status"].clone()
    };
    assert_eq!(status(), "valid");
    let chat = || {
        home.qwen(&["chat", "-m", "qwen-oauth/coder-model", "hi"])
            .run()
    };
    let told = chat().exits_with(3).stderr;
    assert_eq!(status(), "refused");
    let ran = home.auth(&["list"]).run().exits_with(0);
    assert!(
        ran.stdout.contains("; dead: its renewal was refused]"),
        "{}",
        ran.stdout
    );
    hides_tokens(&ran.says("models auth login"), &service);
    // It is asked again, and says the same.
    assert_eq!(chat().exits_with(3).stderr, told);
    home.login(&service, &[]).run().exits_with(0);
    assert_eq!(status(), "valid");
    chat().exits_with(0);
}
