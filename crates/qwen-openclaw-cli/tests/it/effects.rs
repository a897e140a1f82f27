//! Settings of OpenClaw's configuration that the command follows.

use std::fs;

use crate::{
    config_home::ConfigHome,
    run::{KEY, Ran, Service},
};

/// A PNG, as far as its first bytes say.
fn write_image(home: &ConfigHome) -> String {
    let path = home.folder().join("a.png");
    fs::write(&path, [&b"\x89PNG\r\n\x1a\n"[..], &[0; 2000]].concat()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn what_has_no_effect_is_a_warning() {
    let home = ConfigHome::with(
        "{ models: { providers: { p: { baseUrl: 'http://127.0.0.1/v1', authHeader: false } } } }",
    );
    let says = "models.providers.p.authHeader: has no effect here: ";
    home.run("config validate").exits_with(0).says(says);
    home.run("config validate --strict").exits_with(0);
    let found = home.run("doctor").exits_with(1).stdout;
    assert!(found.contains("warning: config-no-effect"), "{found}");
    assert!(
        found.contains("`qwen-openclaw config unset models.providers.p.authHeader`"),
        "{found}"
    );
}

#[test]
fn the_cost_follows_the_configured_price() {
    let service = Service::start();
    let home = ConfigHome::with(
        "{ models: { providers: { qwen: { models: [
             { id: 'qwen3.5-plus', cost: { input: 1000000, output: 0 } },
             { id: 'glm-5', cost: { input: 0, output: 0 } }] } } } }",
    );
    let chat = |model| {
        home.qwen(&["chat", "-m", model, "hi"])
            .at(&service)
            .run()
            .exits_with(0)
    };
    let usage = chat("qwen/qwen3.5-plus").stderr;
    let tokens = usage.split(" · ").nth(1).unwrap();
    let input = tokens.split_once(" in,").unwrap().0;
    assert!(
        usage.contains(&format!("· USD {input}.00 (configured)]")),
        "{usage}"
    );
    let unknown = chat("qwen/glm-5").stderr;
    assert!(!unknown.contains("USD"), "{unknown}");
}

#[test]
fn media_above_the_limit_is_not_sent() {
    let service = Service::start();
    let home = ConfigHome::with("{ agents: { defaults: { mediaMaxMb: 0.001 } } }");
    let image = write_image(&home);
    let refused = "a.png has 2008 bytes, and `agents.defaults.mediaMaxMb` in \
                   ~/.openclaw/openclaw.json allows 1048";
    for arguments in [
        &["chat", "-m", "qwen/qwen3.6-plus", "--image", &image, "hi"][..],
        &["describe", &image],
        &[
            "video",
            "generate",
            "-m",
            "wan2.6-i2v",
            "--image",
            &image,
            "--upload",
            "hi",
        ],
    ] {
        let ran = home.qwen(arguments).at(&service).run();
        ran.exits_with(4).says(refused);
    }
    assert!(service.requests().is_empty());
    let home = ConfigHome::with("{ tools: { media: { image: { maxBytes: 2008 } } } }");
    let image = write_image(&home);
    let arguments = ["chat", "-m", "qwen/qwen3.6-plus", "--image", &image, "hi"];
    home.qwen(&arguments).at(&service).run();
    assert_eq!(service.requests().len(), 1);
}

#[test]
fn profiles_that_the_order_leaves_out_are_shown_as_such() {
    let home = ConfigHome::empty();
    let paste = [
        "models",
        "auth",
        "paste-api-key",
        "--provider",
        "qwen",
        "--profile",
        "home",
    ];
    home.qwen(&paste).stdin(KEY).run().exits_with(0);
    fs::create_dir_all(home.folder()).unwrap();
    fs::write(home.file(), "{ auth: { order: { qwen: ['qwen:work'] } } }").unwrap();

    let list = home.run("models auth list").exits_with(0).stdout;
    assert!(
        list.contains("- qwen:home [qwen/api_key; not used: auth.order leaves it out]"),
        "{list}"
    );
    let list = home.run("models auth list --json").exits_with(0).json();
    assert_eq!(list["profiles"][0]["excluded"], true);
    let status = home.run("models status --json").exits_with(0).json();
    let unusable = &status["auth"]["unusableProfiles"][0];
    assert_eq!(unusable["reason"], "excluded_by_auth_order");
    assert_eq!(status["auth"]["missingProvidersInUse"][0], "qwen");
    home.run("models status --check").exits_with(1);
    home.qwen(&["chat", "hi"])
        .run()
        .exits_with(3)
        .says("(auth.order) leaves out qwen:home");
    home.qwen(&[
        "chat",
        "--profile",
        "home",
        "--base-url",
        "http://127.0.0.1:9/v1",
        "hi",
    ])
    .run()
    .exits_with(6);
    home.run("models auth order set --provider qwen qwen:home")
        .exits_with(0);
    let list = home.run("models auth list").exits_with(0).stdout;
    assert!(!list.contains("not used"), "{list}");
}

#[test]
fn a_provider_whose_plugin_is_off_is_not_found() {
    let service = Service::start();
    let home = ConfigHome::empty();
    home.run("plugins disable qwen")
        .exits_with(0)
        .says("refused until `plugins enable qwen`");
    let run = |arguments: &[&str]| home.qwen(arguments).at(&service).run();
    let video = ["video", "generate", "--no-wait", "a cat"];
    for arguments in [
        &["chat", "hi"][..],
        &["chat", "-m", "modelstudio/glm-5", "hi"],
        &video,
    ] {
        let ran = run(arguments).exits_with(1);
        let lines: Vec<&str> = ran.stderr.lines().collect();
        assert_eq!(
            lines[lines.len() - 3..],
            [
                "Error: Provider \"qwen\" not found",
                "cause: the plugin qwen is switched off (config: ~/.openclaw/openclaw.json)",
                "hint: `qwen-openclaw plugins enable qwen` turns it on",
            ]
        );
    }
    run(&["chat", "-m", "qwen-token-plan/qwen3.7-plus", "hi"])
        .exits_with(1)
        .says("Error: Provider \"qwen-token-plan\" not found\n");
    let failure = run(&["chat", "--json", "hi"]).exits_with(1).json();
    assert_eq!(
        failure["error"]["hint"],
        "`qwen-openclaw plugins enable qwen` turns it on"
    );
    assert!(service.requests().is_empty());

    let found = run(&["doctor"]).exits_with(1).stdout;
    assert!(found.contains("error: plugin-off"), "{found}");
    assert!(
        found.contains("fix: `qwen-openclaw plugins enable qwen`"),
        "{found}"
    );
    let status = run(&["status"]).exits_with(0).stdout;
    assert!(
        status.contains("the plugin qwen is switched off"),
        "{status}"
    );
    home.run("plugins enable qwen").exits_with(0);
    run(&["chat", "hi"]).exits_with(0);
}

#[cfg(unix)]
mod shell {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A home with a login shell that runs `script`.
    fn home(config: &str, script: &str) -> ConfigHome {
        let home = ConfigHome::with(config);
        let shell = home.folder().join("shell");
        fs::write(&shell, format!("#!/bin/sh\necho >> \"$0.log\"\n{script}\n")).unwrap();
        fs::set_permissions(&shell, fs::Permissions::from_mode(0o755)).unwrap();
        home
    }

    fn runs(home: &ConfigHome) -> usize {
        let log = fs::read_to_string(home.folder().join("shell.log"));
        log.unwrap_or_default().lines().count()
    }

    fn run(home: &ConfigHome, service: &Service, arguments: &[&str]) -> Ran {
        let shell = home.folder().join("shell");
        home.qwen(arguments)
            .env("SHELL", shell.to_str().unwrap())
            .env("QWEN_BASE_URL", &service.emulator.base_url())
            .run()
    }

    const ON: &str = "{ env: { shellEnv: { enabled: true, timeoutMs: 60000 } } }";

    #[test]
    fn a_missing_key_is_taken_from_the_login_shell() {
        let service = Service::start();
        let home = home(ON, &format!("printf 'QWEN_API_KEY={KEY}\\0'"));
        run(&home, &service, &["chat", "hi"]).exits_with(0);
        let sent = &service.requests()[0];
        assert_eq!(
            sent.header("authorization"),
            Some(&*format!("Bearer {KEY}"))
        );
        assert_eq!(runs(&home), 1);

        let doctor = run(&home, &service, &["doctor"]).stdout;
        assert!(doctor.contains("Shell env"), "{doctor}");
        assert!(doctor.contains("on, gave QWEN_API_KEY"), "{doctor}");
        assert!(
            doctor.contains("shell env: QWEN_API_KEY (used)"),
            "{doctor}"
        );
        let doctor = run(&home, &service, &["doctor", "--json"]).json();
        assert_eq!(doctor["shellEnv"]["appliedKeys"][0], "QWEN_API_KEY");
        let status = run(&home, &service, &["models", "status", "--json"]).json();
        let fallback = &status["auth"]["shellEnvFallback"];
        assert_eq!(fallback["appliedKeys"][0], "QWEN_API_KEY");
        let before = runs(&home);
        run(&home, &service, &["config", "validate"]).exits_with(0);
        run(&home, &service, &["plugins", "list"]).exits_with(0);
        assert_eq!(runs(&home), before);
    }

    #[test]
    fn a_variable_turns_it_on_and_a_key_of_the_process_counts_first() {
        let service = Service::start();
        let home = home("{}", "printf 'QWEN_API_KEY=sk-other\\0'");
        run(&home, &service, &["chat", "hi"]).exits_with(3);
        assert_eq!(runs(&home), 0);
        let shell = home.folder().join("shell");
        let with = |name: &str| {
            home.qwen(&["chat", "hi"])
                .at(&service)
                .env("QWEN_API_KEY", "")
                .env(name, KEY)
                .env("OPENCLAW_LOAD_SHELL_ENV", "1")
                .env("SHELL", shell.to_str().unwrap())
                .run()
        };
        for name in ["QWEN_API_KEY", "DASHSCOPE_API_KEY"] {
            with(name).exits_with(0);
            let sent = service.emulator.take_requests().pop().unwrap();
            let bearer = format!("Bearer {KEY}");
            assert_eq!(sent.header("authorization"), Some(&*bearer), "{name}");
        }
    }

    #[test]
    fn a_shell_that_fails_is_a_warning() {
        let service = Service::start();
        let home = home(ON, "exit 3");
        let ran = run(&home, &service, &["chat", "hi"]).exits_with(3);
        assert!(
            ran.stderr
                .starts_with("warning: the variables of the login shell "),
            "{}",
            ran.stderr
        );
        ran.says("are not used: it failed: exit status: 3");
        let found = run(&home, &service, &["doctor"]).exits_with(1).stdout;
        assert!(found.contains("warning: shell-env"), "{found}");
    }
}
