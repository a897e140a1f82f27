//! `emulator`.

use crate::{
    config_home::ConfigHome,
    run::{KEY, Qwen},
    stand_in::StandIn,
};

#[test]
fn prints_its_addresses_and_serves() {
    let service = StandIn::start(&[]);
    let url = service.url();
    let ran = Qwen::new(&["chat", "--base-url", url, "-m", "qwen3-coder-plus", "2+3"])
        .env("QWEN_API_KEY", KEY)
        .run()
        .exits_with(0);
    assert!(ran.stdout.contains('5'));
}

/// With models of its own, it stands in for any provider.
#[test]
fn serves_the_models_that_it_is_given() {
    let service = StandIn::start(&["--model", "claude-x", "--model", "claude-y"]);
    let config = format!(
        "{{ models: {{ providers: {{ anthropic: {{ baseUrl: '{}', apiKey: '{KEY}' }} }} }} }}",
        service.url()
    );
    let home = ConfigHome::with(&config);
    for (model, code) in [("claude-x", 0), ("claude-y", 0), ("claude-z", 4)] {
        let model = format!("anthropic/{model}");
        let ran = home
            .qwen(&["chat", "-m", &model, "2+3"])
            .run()
            .exits_with(code);
        assert_eq!(ran.stdout.contains('5'), code == 0, "{}", ran.stdout);
    }
}

#[test]
fn refuses_what_it_cannot_do() {
    for arguments in [
        ["--video-seconds", "-1"],
        ["--video-seconds", "soon"],
        ["--fault", "stal"],
        ["--model", ""],
        ["--fault", "throttling;on=nowhere"],
    ] {
        let arguments = [&["emulator"][..], &arguments].concat();
        Qwen::new(&arguments).run().exits_with(2);
    }
}

#[test]
fn lists_its_faults() {
    let ran = Qwen::new(&["emulator", "--list-faults"])
        .run()
        .exits_with(0);
    assert!(
        ran.stdout
            .lines()
            .any(|line| line.starts_with("keep-alives"))
    );
}
