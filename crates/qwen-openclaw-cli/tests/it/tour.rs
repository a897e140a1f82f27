//! What an operator does first, from an empty home to a healthy one, and one mistake.

use qwen_openclaw_emulator::{Emulator, Plan, Region};
use serde_json::json;

use crate::{
    config_home::ConfigHome,
    run::{Ran, Service},
};

/// The row of a model in the output of `models list`.
#[track_caller]
fn row<'list>(list: &'list str, model: &str) -> &'list str {
    let row = list
        .lines()
        .find(|line| line.split(' ').next() == Some(model));
    row.unwrap_or_else(|| panic!("{model} is not listed:\n{list}"))
}

#[test]
fn from_an_empty_home_to_a_healthy_one() {
    let home = ConfigHome::empty();
    let service = Service::start();
    let url = service.emulator.base_url();
    let key = Emulator::key_for(Plan::Standard, Region::Global);
    let keeps_the_key_secret = |ran: Ran| {
        assert!(!ran.stdout.contains(&key), "{}", ran.stdout);
        assert!(!ran.stderr.contains(&key), "{}", ran.stderr);
        ran
    };
    let run = |line: &str| keeps_the_key_secret(home.run(line));
    let defaults = || home.value()["agents"]["defaults"].clone();

    // Set up: the key goes into the store, everything else into OpenClaw's file.
    let ran = run("onboard --auth-choice qwen-standard-api-key --emulator").exits_with(0);
    assert_eq!(
        ran.stdout,
        "Auth profile: qwen:default (qwen/api_key)\n\
         Endpoint: https://dashscope-intl.aliyuncs.com/compatible-mode/v1 (Standard, Global)\n\
         Default model: qwen/qwen3.5-plus\n"
    );
    let provider = &home.value()["models"]["providers"]["qwen"];
    assert_eq!(
        provider["baseUrl"],
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
    );
    assert!(!home.text().contains(&key));
    assert_eq!(
        home.credentials()["profiles"]["qwen:default"]["key"],
        key.as_str()
    );

    // The models are listed at once, without asking a server.
    let list = run("models list --provider qwen").exits_with(0).stdout;
    assert!(row(&list, "qwen/qwen3.5-plus").contains("  default, configured, alias:Qwen, "));
    assert!(row(&list, "qwen/qwen3-coder-plus").ends_with("  configured, coding"));

    // Another default model.
    let ran = run("models set qwen/qwen3-coder-plus").exits_with(0);
    assert_eq!(ran.stdout, "Default model: qwen/qwen3-coder-plus\n");
    assert_eq!(
        defaults()["model"],
        json!({ "primary": "qwen/qwen3-coder-plus" })
    );
    let list = run("models list --provider qwen").exits_with(0).stdout;
    assert!(row(&list, "qwen/qwen3-coder-plus").ends_with("  default, configured, coding"));
    assert!(!row(&list, "qwen/qwen3.5-plus").contains("default"));

    // A short name, and a chat by it: it reaches the model with the stored key.
    let ran = run("models aliases add glm qwen/glm-5").exits_with(0);
    assert_eq!(ran.stdout, "Alias glm -> qwen/glm-5\n");
    assert_eq!(defaults()["models"]["qwen/glm-5"], json!({"alias": "glm"}));
    let chat = home.qwen(&["chat", "-m", "glm", "Hello"]);
    let ran = keeps_the_key_secret(chat.env("QWEN_BASE_URL", &url).run()).exits_with(0);
    assert!(ran.stdout.contains("standing in for glm-5"));
    let requests = service.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].bearer(), Some(key.as_str()));
    let sent = requests[0].json();
    assert_eq!(sent["model"], "glm-5");
    assert_eq!(sent["messages"][0]["content"], "Hello");

    // Which models and which credentials there are, for a program.
    let status = run("models status --json").exits_with(0).json();
    assert_eq!(status["defaultModel"], "qwen/qwen3-coder-plus");
    assert_eq!(
        status["aliases"],
        json!({"Qwen": "qwen/qwen3.5-plus", "glm": "qwen/glm-5"})
    );
    assert_eq!(
        status["auth"]["profiles"],
        json!({"qwen:default": {"mode": "api_key", "provider": "qwen", "status": "stored"}})
    );

    // The same on one screen, and nothing is wrong.
    let status = run("status").exits_with(0).stdout;
    for line in [
        "Model      qwen/qwen3-coder-plus",
        "Plan       Standard, Global",
        "Key        sk-emu-s...89abcdef (profile: qwen:default)",
        "Problems   none",
    ] {
        assert!(status.lines().any(|shown| shown == line), "{status}");
    }
    let doctor = run("doctor").exits_with(0).stdout;
    assert!(doctor.ends_with("\nNo problems found.\n"), "{doctor}");

    // A name that is no alias, no model and no ref: it is refused, and the file stays as it is.
    let before = home.text();
    let ran = run("models set gml").exits_with(1);
    assert_eq!(ran.stdout, "");
    assert_eq!(
        ran.stderr,
        "error: invalid model reference: gml\n\
         hint: did you mean the alias `glm`?\n"
    );
    let ran = run("models aliases remove gml").exits_with(1);
    assert_eq!(
        ran.stderr,
        "error: no such alias: gml\nhint: did you mean the alias `glm`?\n"
    );
    assert_eq!(home.text(), before);
    // A chat takes it for a model of the default provider, and the server does not have it.
    let chat = home.qwen(&["chat", "-m", "gml", "Hello"]);
    let ran = keeps_the_key_secret(chat.env("QWEN_BASE_URL", &url).run()).exits_with(4);
    assert_eq!(ran.stdout, "");
    ran.says("warning: qwen/gml is not in the catalog\nError: Model not found\nStatus: 404\n")
        .says(
            "\nhint: `qwen-openclaw models list` shows the models of this endpoint; did you mean the alias `glm`?\n",
        );
}
