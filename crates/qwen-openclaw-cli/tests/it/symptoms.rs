//! The five failures that OpenClaw's documentation describes: first line, status, cause, remedy.

use std::fs;

use qwen_openclaw_emulator::{Emulator, FaultRule, OAuthScenario};
use serde_json::json;
use tempfile::TempDir;

#[cfg(unix)]
use crate::openclaw_page::documented_failure;
use crate::run::{Qwen, Ran, Service};

/// A home with a login at a service of its own.
struct Portal {
    home: TempDir,
    service: Service,
}

impl Portal {
    fn new() -> Self {
        let service = Service::with(Emulator::builder().auto_approve());
        service.emulator.oauth().interval(Some(1));
        let home = tempfile::tempdir().unwrap();
        Self { home, service }
    }

    fn logged_in() -> Self {
        let portal = Self::new();
        portal.login(&["--enable-portal"]).exits_with(0);
        drop(portal.service.emulator.take_requests());
        portal
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let home = self.home.path().to_str().unwrap();
        Qwen::new(arguments).env("HOME", home).run()
    }

    fn login(&self, more: &[&str]) -> Ran {
        let url = self.service.emulator.oauth().url();
        let documented = ["models", "auth", "login", "--provider", "qwen-portal"];
        let place = ["--set-default", "--no-browser", "--oauth-base-url", &url];
        self.run(&[&documented[..], &place, more].concat())
    }

    fn chat(&self) -> Ran {
        self.run(&["chat", "-m", "qwen-portal/coder-model", "hi"])
    }
}

/// The lines of standard error from the first line of the failure on.
#[track_caller]
fn said(ran: &Ran, first: &[&str]) -> String {
    let start = ran.stderr.find("Error: ");
    let said = &ran.stderr[start.unwrap_or_else(|| panic!("{}", ran.stderr))..];
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[..first.len()], *first);
    #[cfg(unix)]
    {
        let status = first.get(1).and_then(|line| line.strip_prefix("Status: "));
        let documented = documented_failure(first[0]).unwrap();
        assert_eq!(Some(documented.1), ran.code);
        assert_eq!(documented.0, status.unwrap_or_default());
    }
    assert!(lines[first.len()].starts_with("cause: "), "{said}");
    assert!(lines.last().unwrap().starts_with("hint: "), "{said}");
    said.to_owned()
}

const LOG_IN: &str =
    "`qwen-openclaw models auth login --provider qwen-portal --set-default --enable-portal`";

#[test]
fn the_provider_is_not_found_while_its_plugin_is_off() {
    let portal = Portal::new();
    let ran = portal.login(&[]).exits_with(1);
    let said = said(&ran, &["Error: Provider \"qwen-portal\" not found"]);
    assert!(
        said.contains("`qwen-openclaw plugins enable qwen-portal-auth`"),
        "{said}"
    );
    assert!(portal.service.requests().is_empty());
    assert_eq!(fs::read_dir(portal.home.path()).unwrap().count(), 0);
    let document = portal.login(&["--json"]).exits_with(1).json();
    assert!(document["error"]["hint"].is_string());
}

#[test]
fn a_token_that_is_not_accepted() {
    let portal = Portal::logged_in();
    let oauth = portal.service.emulator.oauth();
    oauth.scenario(OAuthScenario::ApiUnauthorized);
    let ran = portal.chat().exits_with(3);
    let said = said(&ran, &["Error: OAuth authentication failed", "Status: 401"]);
    assert!(said.contains(LOG_IN), "{said}");
    // The remedy works.
    oauth.clear_scenarios();
    portal.login(&["--enable-portal"]).exits_with(0);
    portal.chat().exits_with(0);
}

#[test]
fn a_login_that_is_not_renewed() {
    for scenario in [
        OAuthScenario::RefreshUnauthorized,
        OAuthScenario::RefreshRefused,
    ] {
        let portal = Portal::logged_in();
        let oauth = portal.service.emulator.oauth();
        oauth.scenario(OAuthScenario::ApiUnauthorized);
        oauth.scenario(scenario);
        let ran = portal.chat().exits_with(3);
        let said = said(&ran, &["Error: Token refresh failed", "Status: 401"]);
        assert!(said.contains(LOG_IN), "{said}");
    }
}

#[test]
fn a_model_that_is_not_there() {
    let ran = Qwen::new(&["chat", "--emulator", "-m", "qwen/coder-model", "hi"])
        .run()
        .exits_with(4);
    let said = said(&ran, &["Error: Model not found", "Status: 404"]);
    assert!(said.contains("`qwen-openclaw models list`"), "{said}");
    assert!(
        said.contains("did you mean `qwen-oauth/coder-model`?"),
        "{said}"
    );
    let meant = ["chat", "--emulator", "-m", "qwen-oauth/coder-model", "hi"];
    Qwen::new(&meant).run().exits_with(0);
}

#[test]
fn too_many_requests() {
    // Over the requests of a day, which the portal says as if it were a quota.
    let portal = Portal::logged_in();
    portal
        .service
        .emulator
        .oauth()
        .scenario(OAuthScenario::ApiQuota);
    let ran = portal.chat().exits_with(5);
    let first = ["Error: Rate limit exceeded", "Status: 429"];
    assert!(said(&ran, &first).contains("counted anew each day"));
    assert_eq!(portal.service.requests().len(), 1);
    // Of the service's own limits.
    let fault: FaultRule = "limit-requests".parse().unwrap();
    let service = Service::with(Emulator::builder().fault(fault));
    let ran = Qwen::new(&["chat", "-m", "qwen3.5-plus", "hi"])
        .at(&service)
        .run();
    let said = said(&ran.exits_with(5), &first);
    assert!(
        said.contains("`qwen-openclaw models fallbacks add REF`"),
        "{said}"
    );
}

/// What `plugins enable qwen-portal-auth` writes.
const ENABLED: &str =
    "{ // mine\n  plugins: { entries: { 'qwen-portal-auth': { enabled: true } } },\n}\n";

#[test]
fn the_documented_login_writes_what_openclaw_writes() {
    let portal = Portal::new();
    let folder = portal.home.path().join(".openclaw");
    let path = folder.join("openclaw.json");
    fs::create_dir(&folder).unwrap();
    fs::write(&path, ENABLED).unwrap();
    let ran = portal.login(&[]).exits_with(0);
    assert!(
        ran.stdout
            .ends_with("Default model set to qwen-portal/coder-model\n"),
        "{}",
        ran.stdout
    );
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("{ // mine\n"), "{text}");
    let document = qwen_openclaw::config::Document::parse(&text).unwrap();
    let value = document.to_value();
    let entry = &value["models"]["providers"]["qwen-portal"];
    let api = portal.service.emulator.base_url_for(
        qwen_openclaw_emulator::Plan::Portal,
        qwen_openclaw_emulator::Region::Global,
    );
    assert_eq!(entry["baseUrl"], api);
    assert_eq!(entry["apiKey"], "qwen-oauth");
    assert_eq!(entry["api"], "openai-completions");
    let ids: Vec<_> = entry["models"].as_array().unwrap().iter().collect();
    assert_eq!(
        (&ids[0]["id"], &ids[1]["id"], ids.len()),
        (&"coder-model".into(), &"vision-model".into(), 2)
    );
    let defaults = &value["agents"]["defaults"];
    assert_eq!(defaults["model"]["primary"], "qwen-portal/coder-model");
    assert_eq!(
        defaults["models"],
        json!({"qwen-portal/coder-model": {"alias": "qwen"}, "qwen-portal/vision-model": {}})
    );
    assert_eq!(
        value["auth"]["profiles"],
        json!({"qwen-portal:default": {"provider": "qwen-portal", "mode": "oauth"}})
    );
    assert!(!text.contains("emu-"), "{text}");
    portal.chat().exits_with(0);
}

/// For one login: the plugin stays off, and another default model is kept.
#[test]
fn the_flag_is_for_one_login_and_a_default_model_is_kept() {
    let portal = Portal::new();
    let folder = portal.home.path().join(".openclaw");
    fs::create_dir(&folder).unwrap();
    let text = r#"{"agents": {"defaults": {"model": "anthropic/m"}}}"#;
    fs::write(folder.join("openclaw.json"), text).unwrap();
    let url = portal.service.emulator.oauth().url();
    let login = ["models", "auth", "login", "--provider", "qwen-portal"];
    let flags = ["--no-browser", "--enable-portal", "--oauth-base-url", &url];
    let ran = portal.run(&[&login[..], &flags].concat()).exits_with(0);
    ran.says("The default model stays anthropic/m; `models set qwen-portal/coder-model`");
    let text = fs::read_to_string(folder.join("openclaw.json")).unwrap();
    assert!(text.contains("anthropic/m"), "{text}");
    assert!(!text.contains("plugins"), "{text}");
    // A place that the token is not sent to is not written down.
    let portal = Portal::new();
    let oauth = portal.service.emulator.oauth();
    oauth.scenario(OAuthScenario::PollResourceForeign);
    portal
        .login(&["--enable-portal"])
        .exits_with(0)
        .says("warning: the configuration is as it was: refusing to use ");
    let path = portal.home.path().join(".openclaw/openclaw.json");
    assert!(!path.exists());
    // What cannot be written is known before anything is approved.
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(&path, "{").unwrap();
    drop(portal.service.emulator.take_requests());
    portal.login(&["--enable-portal"]).exits_with(1);
    assert!(portal.service.requests().is_empty());
}

#[cfg(unix)]
#[test]
fn on_a_terminal_the_plugin_is_offered() {
    use crate::pty::OnTerminal;

    let login = ["models", "auth", "login", "--provider", "qwen-portal"];
    let service = Portal::new().service;
    let url = service.emulator.oauth().url();
    let more = ["--set-default", "--no-browser", "--oauth-base-url", &url];
    for (answer, code) in [("n\n", 1), ("\n", 1), ("y\n", 0)] {
        let mut terminal = OnTerminal::new(&[&login[..], &more].concat()).start();
        terminal
            .shows("The plugin qwen-portal-auth is off. Turn it on? [y/N]")
            .types(answer);
        let ran = terminal.ends().exits_with(code);
        let path = terminal.home().join(".openclaw/openclaw.json");
        if code == 0 {
            let text = fs::read_to_string(path).unwrap();
            assert!(text.contains("\"qwen-portal-auth\""), "{text}");
        } else {
            assert!(
                ran.stdout
                    .contains("Error: Provider \"qwen-portal\" not found")
            );
            assert!(!path.exists());
        }
    }
}
