//! `models auth`: from a login to a chat, and what is stored in between.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use qwen_openclaw_emulator::{Emulator, OAuthScenario};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::{KEY, Qwen, Ran, Service};

mod list;

/// A home that outlasts one command.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// `models auth` with these arguments.
    fn auth(&self, arguments: &[&str]) -> Qwen {
        let mut all = vec!["models", "auth"];
        all.extend(arguments);
        self.qwen(&all)
    }

    fn qwen(&self, arguments: &[&str]) -> Qwen {
        Qwen::new(arguments).env("HOME", self.path().to_str().unwrap())
    }

    fn login(&self, service: &Service, more: &[&str]) -> Qwen {
        let url = service.emulator.oauth().url();
        let mut all = vec!["login", "--provider", "qwen-portal", "--no-browser"];
        all.extend(["--enable-portal", "--oauth-base-url", &url]);
        all.extend(more);
        self.auth(&all)
    }

    fn stored(&self) -> Value {
        let path = self.path().join(".qwen-openclaw/credentials.json");
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// Makes the state folder, whatever the mask says, as one that others can read.
    fn state_folder(&self) -> PathBuf {
        let folder = self.path().join(".qwen-openclaw");
        fs::create_dir(&folder).unwrap();
        #[cfg(unix)]
        set_mode(&folder, 0o755);
        folder
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

/// A login server that approves at once and is asked every second.
fn portal() -> Service {
    let service = Service::with(Emulator::builder().auto_approve());
    service.emulator.oauth().interval(Some(1));
    service
}

/// No secret that is stored or went over the wire is shown.
#[track_caller]
fn hides_tokens(ran: &Ran, service: &Service) {
    let shown = format!("{}{}", ran.stdout, ran.stderr);
    for mark in ["emu-acce", "emu-refr"] {
        assert!(!shown.contains(mark), "{shown}");
    }
    for request in service.requests() {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        for field in body.split('&') {
            let Some((name, value)) = field.split_once('=') else {
                continue;
            };
            if ["device_code", "code_verifier", "refresh_token"].contains(&name) {
                assert!(!shown.contains(value), "{shown}");
            }
        }
    }
}

#[test]
fn a_login_a_chat_a_refresh_and_a_logout() {
    let (home, service) = (Home::new(), portal());
    let ran = home.login(&service, &[]).run().exits_with(0);
    assert_eq!(
        ran.stdout,
        "Auth profile: qwen-oauth:default (qwen-oauth/oauth)\n\
         Default model set to qwen-portal/coder-model\n"
    );
    let notice = ran.stderr.lines().next().unwrap();
    assert!(notice.contains("discontinued"), "{notice}");
    assert!(
        ran.stderr.contains("/oauth/authorize?user_code="),
        "{}",
        ran.stderr
    );
    hides_tokens(&ran, &service);

    let chat = || home.qwen(&["chat", "-m", "qwen-portal/coder-model", "2+3"]);
    let ran = chat().run().exits_with(0);
    assert!(ran.stdout.contains('5'), "{}", ran.stdout);
    hides_tokens(&ran, &service);

    // The service takes the token no more: it is renewed once, in the middle of a chat.
    let access = home.stored()["profiles"]["qwen-oauth:default"]["access"].clone();
    assert!(service.emulator.oauth().expire(access.as_str().unwrap()));
    let ran = chat().run().exits_with(0);
    hides_tokens(&ran, &service);
    assert_eq!(service.emulator.oauth().stats().refreshes, 1);
    let profile = &home.stored()["profiles"]["qwen-oauth:default"];
    assert_ne!(profile["access"], access);
    assert_eq!(profile["generation"], 2);

    // The login is gone at the server: said, and nothing is removed.
    let refresh = profile["refresh"].as_str().unwrap();
    service.emulator.oauth().revoke(refresh);
    let ran = chat().run().exits_with(3).says("log in again");
    hides_tokens(&ran, &service);

    let ran = home
        .auth(&["logout", "qwen-portal:default"])
        .run()
        .exits_with(0);
    assert_eq!(
        ran.stdout,
        "Removed auth profile: qwen-oauth:default (qwen-oauth/oauth)\n"
    );
    home.auth(&["logout", "qwen-portal:default"])
        .run()
        .exits_with(1)
        .says("no such profile: qwen-oauth:default");
}

#[test]
fn the_portal_is_off_unless_asked_for() {
    let home = Home::new();
    let ran = home
        .auth(&["login", "--provider", "qwen-portal"])
        .run()
        .exits_with(1)
        .says("--enable-portal");
    assert!(
        ran.stderr.starts_with("Qwen discontinued"),
        "{}",
        ran.stderr
    );
    home.auth(&["login", "--provider", "qwen"])
        .run()
        .exits_with(1)
        .says("`qwen-openclaw onboard`");
    let ran = home
        .auth(&["login", "--provider", "qwen-cli", "--enable-portal"])
        .env("QWEN_OAUTH_BASE_URL", "http://login.example")
        .run()
        .exits_with(4)
        .says("https");
    assert!(!home.path().join(".qwen-openclaw/credentials.json").exists());
    assert_eq!(ran.stdout, "");
}

#[test]
fn refused_logins_say_why() {
    for (scenario, code, says) in [
        (OAuthScenario::PollDenied, 3, "denied"),
        (OAuthScenario::PollExpired, 3, "expired"),
        (OAuthScenario::DeviceChallenge, 6, "firewall"),
        (OAuthScenario::PollNoRefreshToken, 7, "no refresh token"),
    ] {
        let (home, service) = (Home::new(), portal());
        service.emulator.oauth().scenario(scenario);
        let ran = home.login(&service, &[]).run().exits_with(code).says(says);
        hides_tokens(&ran, &service);
        let ran = home.login(&service, &["--json"]).run().exits_with(code);
        assert_eq!(ran.json()["ok"], false, "{scenario}");
    }
}

/// A quota or a bad request is no reason to renew; a token that is refused again after its refresh
/// ends the chat. That the service has ended is said of its own host alone.
#[test]
fn only_a_401_renews_and_only_once() {
    let (home, service) = (Home::new(), portal());
    home.login(&service, &[]).run().exits_with(0);
    let stored = home.stored();
    let oauth = service.emulator.oauth();
    let chat = || {
        home.qwen(&["chat", "-m", "qwen-oauth/coder-model", "hi"])
            .run()
    };
    for (scenario, code) in [
        (OAuthScenario::ApiForbiddenQuota, 5),
        (OAuthScenario::ApiQuota, 5),
        (OAuthScenario::ApiBadRequest, 4),
    ] {
        oauth.scenario(scenario);
        drop(service.emulator.take_requests());
        let ran = chat().exits_with(code);
        hides_tokens(&ran, &service);
        // The end of a quota is not retried, whichever status says it.
        assert_eq!(service.requests().len(), 1, "{scenario}");
        let hint = "hint: waiting does not restore the quota";
        let is_quota = scenario == OAuthScenario::ApiForbiddenQuota;
        assert_eq!(ran.stderr.contains(hint), is_quota, "{scenario}");
        oauth.clear_scenarios();
        assert_eq!(oauth.stats().refreshes, 0, "{scenario}");
        assert_eq!(home.stored(), stored, "{scenario}");
    }
    // A moment of too many requests passes.
    oauth.scenario_times(OAuthScenario::ApiRate, 1);
    chat().exits_with(0);
    assert_eq!(oauth.stats().refreshes, 0);
    // Once: renewed, and it goes on.
    oauth.scenario_times(OAuthScenario::ApiUnauthorized, 1);
    hides_tokens(&chat().exits_with(0), &service);
    assert_eq!(oauth.stats().refreshes, 1);
    // Always: renewed once, and no more.
    oauth.scenario(OAuthScenario::ApiUnauthorized);
    hides_tokens(&chat().exits_with(3), &service);
    assert_eq!(oauth.stats().refreshes, 2);
}

/// Waits for something that another process does.
#[cfg(unix)]
#[track_caller]
fn wait_for(what: impl Fn() -> bool) {
    for _ in 0..3000 {
        if what() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("it never happened");
}

#[cfg(unix)]
fn press_ctrl_c(child: &std::process::Child) {
    let id = child.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(kill.unwrap().success());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_login_and_stores_nothing() {
    let (home, service) = (Home::new(), Service::start());
    service.emulator.oauth().interval(Some(1));
    let (mut command, _home) = home.login(&service, &[]).command();
    let child = command.spawn().unwrap();
    let polls = || {
        let requests = service.requests().into_iter();
        requests
            .filter(|one| one.path().ends_with("/token"))
            .count()
    };
    wait_for(|| polls() > 0);
    press_ctrl_c(&child);
    let ran = Ran::of(child.wait_with_output().unwrap()).exits_with(130);
    hides_tokens(&ran, &service);
    assert_eq!(ran.stdout, "");
    assert!(!home.path().join(".qwen-openclaw/credentials.json").exists());
}

/// Ctrl-C in a chat, between the request of a refresh and its answer: the new token is saved first.
#[cfg(unix)]
#[test]
fn ctrl_c_in_a_refresh_loses_no_login() {
    let (home, service) = (Home::new(), portal());
    home.login(&service, &[]).run().exits_with(0);
    let before = home.stored()["profiles"]["qwen-oauth:default"].clone();
    let oauth = service.emulator.oauth();
    assert!(oauth.expire(before["access"].as_str().unwrap()));
    oauth.scenario(OAuthScenario::RefreshSlow);
    let chat = ["chat", "-m", "qwen-oauth/coder-model", "hi"];
    let (mut command, _home) = home.qwen(&chat).command();
    let child = command.spawn().unwrap();
    wait_for(|| oauth.stats().refreshes > 0);
    press_ctrl_c(&child);
    Ran::of(child.wait_with_output().unwrap()).exits_with(130);
    let after = &home.stored()["profiles"]["qwen-oauth:default"];
    assert_eq!(after["generation"], 2, "the new token was not saved");
    assert!(oauth.is_good(after["access"].as_str().unwrap()));
    home.qwen(&chat).run().exits_with(0);
    assert_eq!(oauth.stats().refused, 0);
}

#[test]
fn the_login_server_of_the_environment_is_remembered() {
    let (home, service) = (Home::new(), portal());
    let url = service.emulator.oauth().url();
    let login = ["login", "--provider", "qwen-cli", "--enable-portal"];
    home.auth(&login)
        .env("QWEN_OAUTH_BASE_URL", &url)
        .run()
        .exits_with(0);
    assert_eq!(
        home.stored()["profiles"]["qwen-oauth:default"]["server"],
        url
    );
    // Bound to the CLI's file, and copied from it, as well.
    let issued = service.emulator.oauth().issue();
    let file = json!({
        "access_token": issued.access, "refresh_token": issued.refresh, "token_type": "Bearer",
        "expiry_date": 1, "resource_url": issued.resource_url,
    });
    fs::create_dir(home.path().join(".qwen")).unwrap();
    fs::write(home.path().join(".qwen/oauth_creds.json"), file.to_string()).unwrap();
    let share = [&login[..], &["--share-qwen-cli", "--profile", "shared"]].concat();
    for (arguments, id) in [
        (&share[..], "qwen-oauth:shared"),
        (&["import", "qwen-cli"], "qwen-oauth:qwen-cli"),
    ] {
        home.auth(arguments)
            .env("QWEN_OAUTH_BASE_URL", &url)
            .run()
            .exits_with(0);
        assert_eq!(home.stored()["profiles"][id]["server"], url, "{id}");
    }
}

#[test]
fn damaged_credentials_are_moved_aside_by_a_login_only() {
    let (home, service) = (Home::new(), portal());
    let folder = home.state_folder();
    fs::write(folder.join("credentials.json"), "{\"version\":1,").unwrap();
    let list = || home.auth(&["list"]).run();
    list().exits_with(1).says("credentials.json is not JSON");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    home.login(&service, &[])
        .run()
        .exits_with(0)
        .says("credentials.json.corrupt-");
    list().exits_with(0);
}

/// A login that could not be stored afterwards would be one lost.
#[test]
fn what_keeps_a_login_from_being_stored_is_said_before_anybody_approves() {
    let (home, service) = (Home::new(), portal());
    let folder = home.state_folder();
    let path = folder.join("credentials.json");
    let damaged =
        r#"{"version":1,"profiles":{"qwen-oauth:default":{"type":"oauth","expires":-5}}}"#;
    for (text, says) in [
        (damaged, "models auth logout qwen-oauth:default"),
        (r#"{"version":2,"profiles":{}}"#, "newer version"),
    ] {
        fs::write(&path, text).unwrap();
        home.login(&service, &[]).run().exits_with(1).says(says);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert!(service.requests().is_empty());
    fs::write(&path, damaged).unwrap();
    let removed = home.auth(&["logout", "qwen-oauth:default"]);
    let removed = removed.run().exits_with(0).stdout;
    assert!(removed.contains("(qwen-oauth/damaged)"), "{removed}");
    home.login(&service, &[]).run().exits_with(0);
}

#[test]
fn documents_of_every_command() {
    let (home, service) = (Home::new(), portal());
    let ran = home.login(&service, &["--profile", "work", "--json"]).run();
    let login = ran.exits_with(0).json();
    assert_eq!(login["profile"]["id"], "qwen-oauth:work");
    assert!(login["profile"]["expires"].as_str().unwrap().ends_with('Z'));

    let paste = |account: &str| {
        home.auth(&[
            "paste-api-key",
            "--provider",
            "qwen",
            "--profile",
            account,
            "--json",
        ])
        .stdin(&format!("{KEY}\n"))
        .run()
        .exits_with(0)
        .json()
    };
    assert_eq!(paste("a")["profile"]["type"], "api_key");
    paste("b");
    let ids = |value: &Value| -> Vec<String> {
        let rows = value["profiles"].as_array().unwrap().iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let list = home.auth(&["list", "--json"]).run().exits_with(0).json();
    assert_eq!(ids(&list), ["qwen-oauth:work", "qwen:a", "qwen:b"]);
    let list = home
        .auth(&["list", "--provider", "modelstudio", "--json"])
        .run();
    assert_eq!(ids(&list.exits_with(0).json()), ["qwen:a", "qwen:b"]);
    let text = home.auth(&["list"]).run().exits_with(0);
    assert!(
        text.stdout.contains("- qwen:a [qwen/api_key]\n"),
        "{}",
        text.stdout
    );
    assert!(
        text.stdout
            .contains("Auth state store: ~/.qwen-openclaw/credentials.json\n")
    );

    let order = |arguments: &[&str]| {
        let mut all = vec!["order"];
        all.extend(arguments);
        all.extend(["--provider", "qwen", "--json"]);
        home.auth(&all).run()
    };
    assert_eq!(order(&["get"]).exits_with(0).json()["order"], json!([]));
    let set = order(&["set", "qwen:b", "a"]).exits_with(0).json();
    assert_eq!(set["order"], json!(["qwen:b", "qwen:a"]));
    order(&["set", "qwen:nope"]).exits_with(1);
    let logout = home.auth(&["logout", "qwen:b", "--yes", "--json"]).run();
    assert_eq!(logout.exits_with(0).json()["removed"]["id"], "qwen:b");
    assert_eq!(
        order(&["get"]).exits_with(0).json()["order"],
        json!(["qwen:a"])
    );
    assert_eq!(order(&["clear"]).exits_with(0).json()["order"], json!([]));
}

#[test]
fn a_paste_replaces_a_key_and_never_a_login() {
    let (home, service) = (Home::new(), portal());
    let paste = |arguments: &[&str], text: &str| home.auth(arguments).stdin(text).run();
    let key = ["paste-api-key", "--provider", "qwen"];
    let first = paste(&key, "export QWEN_API_KEY=\"sk-0123456789\";\n").exits_with(0);
    assert_eq!(first.stdout, "Auth profile: qwen:default (qwen/api_key)\n");
    assert_eq!(
        home.stored()["profiles"]["qwen:default"]["key"],
        "sk-0123456789"
    );
    let ran = paste(&key, "garbage\n")
        .exits_with(0)
        .says("begin with sk-");
    assert!(ran.stdout.ends_with(", replaced\n"), "{}", ran.stdout);

    home.login(&service, &[]).run().exits_with(0);
    let before = home.stored();
    let token = ["paste-token", "--provider", "qwen-portal"];
    paste(&token, "tok").exits_with(4).says("is a login");
    assert_eq!(home.stored(), before);
    let beside = [&token[..], &["--profile", "static"]].concat();
    paste(&beside, "tok").exits_with(0);
}

#[test]
fn the_account_default_comes_first_unless_another_order_is_set() {
    let home = Home::new();
    for account in ["coding", "default", "a"] {
        let paste = ["paste-api-key", "--provider", "qwen", "--profile", account];
        home.auth(&paste).stdin(KEY).run().exits_with(0);
    }
    let order = |arguments: &[&str]| {
        let all = [&["order"], arguments, &["--provider", "qwen"]].concat();
        home.auth(&all).run().exits_with(0).stdout
    };
    let used = "Used in this order: qwen:default, qwen:a, qwen:coding\n";
    let shown = order(&["get"]);
    assert!(shown.ends_with(used), "{shown}");
    let shown = order(&["set", "coding"]);
    let used = "Used in this order: qwen:coding, qwen:default, qwen:a\n";
    assert!(shown.ends_with(used), "{shown}");
}

#[test]
fn a_stored_key_comes_before_the_environment_and_stays_with_its_provider() {
    let (home, service) = (Home::new(), Service::start());
    home.auth(&["paste-api-key", "--provider", "qwen"])
        .stdin("sk-stored-0123456789")
        .run()
        .exits_with(0);
    let chat = |model| home.qwen(&["chat", "-m", model, "hi"]).at(&service).run();
    chat("qwen/qwen3.5-plus").exits_with(0);
    let url = service.emulator.base_url_for(
        qwen_openclaw_emulator::Plan::Portal,
        qwen_openclaw_emulator::Region::Global,
    );
    home.qwen(&[
        "chat",
        "--base-url",
        &url,
        "-m",
        "qwen-oauth/coder-model",
        "hi",
    ])
    .env("QWEN_API_KEY", KEY)
    .run()
    .exits_with(0);
    let keys: Vec<_> = service
        .requests()
        .iter()
        .filter_map(|request| request.bearer().map(str::to_owned))
        .collect();
    assert_eq!(keys, ["sk-stored-0123456789", KEY]);
}

#[test]
fn the_clis_login_is_read_shared_and_imported_but_never_created_or_deleted() {
    let (home, service) = (Home::new(), portal());
    let share = || home.login(&service, &["--share-qwen-cli"]).run();
    share()
        .exits_with(1)
        .says("does not contain a login that can be refreshed");
    let path = home.path().join(".qwen/oauth_creds.json");
    assert!(!path.exists());

    let issued = service.emulator.oauth().issue();
    let expires = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis() as u64;
    let mut file = json!({
        "access_token": issued.access, "refresh_token": issued.refresh, "token_type": "Bearer",
        "expiry_date": expires - 1000, "resource_url": issued.resource_url, "kept": 1,
    });
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(&path, file.to_string()).unwrap();
    let json = || -> Value { serde_json::from_slice(&fs::read(&path).unwrap()).unwrap() };
    let chat = || {
        home.qwen(&["chat", "-m", "qwen-oauth/coder-model", "hi"])
            .run()
    };

    // Without a profile it is read, and not renewed.
    let ran = chat().exits_with(3).says("--share-qwen-cli");
    hides_tokens(&ran, &service);
    assert_eq!(json(), file);

    // Bound, it is renewed in place.
    share().exits_with(0);
    chat().exits_with(0);
    assert_ne!(json()["refresh_token"], file["refresh_token"]);
    assert_eq!(json()["kept"], 1);
    home.auth(&["logout", "qwen-oauth:default"])
        .run()
        .exits_with(0);
    assert!(path.exists());

    // Copied, once.
    let import = || {
        let ran = home
            .auth(&["import", "qwen-cli", "--json"])
            .run()
            .exits_with(0);
        ran.json()["profiles"][0]["result"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        (import().as_str(), import().as_str()),
        ("imported", "unchanged")
    );
    // It came without its server, which is why it can be used nowhere: said, and mended.
    let ran = chat().exits_with(4).says("qwen-oauth:qwen-cli");
    ran.says("with that server's URL");
    let url = service.emulator.oauth().url();
    let again = home.auth(&["import", "qwen-cli", "--oauth-base-url", &url]);
    let again = again.run().exits_with(0);
    assert!(again.stdout.ends_with(": imported\n"), "{}", again.stdout);
    chat().exits_with(0);
    file["refresh_token"] = "older".into();
    fs::write(&path, file.to_string()).unwrap();
    assert_eq!(import(), "kept");
}

#[test]
fn openclaws_profiles_are_imported() {
    let home = Home::new();
    let folder = home.path().join(".openclaw/agents/main/agent");
    fs::create_dir_all(&folder).unwrap();
    let profiles = json!({"version": 1, "profiles": {
        "qwen:default": {"type": "api_key", "provider": "qwen", "key": KEY},
        "google:me": {"type": "oauth", "provider": "google", "access": "a", "refresh": "r"},
    }});
    fs::write(folder.join("auth-profiles.json"), profiles.to_string()).unwrap();
    let ran = home.auth(&["import", "openclaw"]).run().exits_with(0);
    assert_eq!(
        ran.stdout,
        "google:me: skipped\nqwen:default -> qwen:default: imported\n"
    );
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

/// As a person writes it, or another program.
#[test]
fn a_profile_under_an_alias_is_listed_ordered_used_and_removed() {
    let (home, service) = (Home::new(), Service::start());
    let path = home.state_folder().join("credentials.json");
    let entry = json!({"type": "api_key", "provider": "modelstudio", "key": KEY, "note": 1.5});
    let file = json!({
        "version": 1,
        "profiles": {"modelstudio:default": entry, "qwencloud:work": entry},
        "order": {"modelstudio": ["qwencloud:work", "modelstudio:default"]},
    });
    fs::write(&path, file.to_string()).unwrap();
    let ran = home.auth(&["list", "--json"]).run().exits_with(0);
    let ids: Vec<_> = ran.json()["profiles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].clone())
        .collect();
    assert_eq!(ids, ["qwen:default", "qwen:work"]);
    let order = ["order", "get", "--provider", "qwen", "--json"];
    let ran = home.auth(&order).run().exits_with(0);
    assert_eq!(ran.json()["order"], json!(["qwen:work", "qwen:default"]));
    home.qwen(&["chat", "-m", "qwen/qwen3-max", "hi"])
        .env("QWEN_BASE_URL", &service.emulator.base_url())
        .run()
        .exits_with(0);
    assert_eq!(service.requests()[0].bearer(), Some(KEY));

    for name in ["modelstudio:default", "qwen:work"] {
        home.auth(&["logout", name]).run().exits_with(0);
    }
    let ran = home.auth(&["list"]).run().exits_with(0);
    assert!(ran.stdout.contains("No profiles stored"), "{}", ran.stdout);
    assert!(!fs::read_to_string(&path).unwrap().contains(KEY));
}

/// Whatever is removed does not come back under its other name.
#[test]
fn a_logout_removes_a_profile_under_each_of_its_names() {
    let home = Home::new();
    let path = home.state_folder().join("credentials.json");
    let entry = json!({"type": "api_key", "key": KEY});
    let profiles = json!({"modelstudio:a": entry, "qwen:a": entry, "qwen:b": entry});
    fs::write(
        &path,
        json!({"version": 1, "profiles": profiles}).to_string(),
    )
    .unwrap();
    home.auth(&["logout", "qwen:a"]).run().exits_with(0);
    assert_eq!(home.stored()["profiles"], json!({"qwen:b": entry}));
}

#[cfg(unix)]
#[test]
fn a_state_folder_that_others_can_write_to_takes_no_key_and_no_job() {
    let (home, service) = (Home::new(), portal());
    let folder = home.state_folder();
    set_mode(&folder, 0o777);
    let shown = folder.to_str().unwrap();
    home.auth(&["paste-api-key", "--provider", "qwen"])
        .stdin(KEY)
        .run()
        .exits_with(1)
        .says(shown)
        .says("chmod go-w");
    home.login(&service, &[])
        .run()
        .exits_with(1)
        .says("chmod go-w");
    assert!(service.requests().is_empty(), "before anybody approves");
    home.qwen(&["video", "generate", "--no-wait", "a cat"])
        .env("QWEN_API_KEY", KEY)
        .at(&service)
        .run()
        .exits_with(1)
        .says(shown)
        .says("chmod go-w");
    assert!(service.requests().is_empty(), "before it is paid");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}
