//! `plugins` and `gateway`: the switches, and what the portal's turns on.

use qwen_openclaw_emulator::Emulator;
use serde_json::json;

use crate::{config_home::ConfigHome, run::Service};

/// The status that `plugins list | grep PLUGIN` shows.
fn status(home: &ConfigHome, plugin: &str) -> String {
    let ran = home.run("plugins list").exits_with(0);
    let mut lines = ran.stdout.lines().map(|line| line.split_whitespace());
    let mut words = lines
        .find(|words| words.clone().next() == Some(plugin))
        .unwrap();
    words.nth(1).unwrap().to_owned()
}

#[test]
fn the_portal_is_on_where_its_plugin_is() {
    let service = Service::with(Emulator::builder().auto_approve());
    service.emulator.oauth().interval(Some(1));
    let url = service.emulator.oauth().url();
    let home = ConfigHome::empty();
    let login = ["models", "auth", "login", "--provider", "qwen-portal"];
    let login = [&login[..], &["--oauth-base-url", &url]].concat();
    let off = || {
        let ran = home.qwen(&login).run().exits_with(1);
        ran.says("Error: Provider \"qwen-portal\" not found\n")
            .says("hint: `qwen-openclaw plugins enable qwen-portal-auth` turns the login on");
    };
    off();
    home.run("plugins enable qwen-portal-auth").exits_with(0);
    let ran = home.qwen(&login).run().exits_with(0);
    let stored = "Auth profile: qwen-oauth:default (qwen-oauth/oauth)\n";
    assert!(ran.stdout.starts_with(stored), "{}", ran.stdout);
    home.run("plugins disable qwen-portal-auth").exits_with(0);
    off();
}

#[test]
fn a_plugin_that_cannot_be_turned_on_says_why() {
    let ran = ConfigHome::empty().run("plugins enable nope").exits_with(1);
    ran.says("error: no such plugin: nope")
        .says("hint: `qwen-openclaw plugins list` shows the plugins");
    for (text, says) in [
        (
            "{ plugins: { enabled: false } }",
            "plugins.enabled is false",
        ),
        (
            "{ plugins: { deny: ['qwen-portal-auth'] } }",
            "plugins.deny names it",
        ),
    ] {
        let home = ConfigHome::with(text);
        let ran = home.run("plugins enable qwen-portal-auth").exits_with(1);
        ran.says(says);
        assert_eq!(home.text(), text);
        assert_eq!(status(&home, "qwen-portal-auth"), "disabled");
    }
    let home = ConfigHome::with("{ plugins: { allow: ['browser'] } }");
    assert_eq!(status(&home, "qwen"), "disabled");
    home.run("plugins enable qwen").exits_with(0);
    assert_eq!(status(&home, "qwen"), "enabled");
}

#[test]
fn switches_are_documents() {
    let home = ConfigHome::empty();
    let ran = home.run("plugins disable qwen --json").exits_with(0);
    assert_eq!(ran.json()["plugin"]["enabled"], false);
    let list = home.run("plugins list --json").exits_with(0).json();
    let plugins: Vec<_> = list["plugins"].as_array().unwrap().iter().collect();
    assert_eq!(
        (&plugins[0]["id"], &plugins[0]["status"]),
        (&json!("qwen"), &json!("disabled"))
    );
    let status = home.run("gateway status --json").exits_with(0).json();
    assert_eq!(
        (&status["ok"], &status["running"]),
        (&json!(true), &json!(false))
    );
    home.run("gateway start")
        .exits_with(2)
        .says("`gateway start` is a command of OpenClaw");
    home.run("plugins install x")
        .exits_with(2)
        .says("hint: run `openclaw plugins install`");
}
