//! What is wrong with a configuration, an auth choice or a base URL is said, and the file stays as it is.
//!
//! That an edit by another program is noticed while ours is made is tested in the library
//! (`a_change_by_another_program_is_noticed_and_kept`); `processes_that_edit_at_once_lose_nothing` has
//! many of our own.

use std::fs;

use crate::{
    config_home::ConfigHome,
    run::{KEY, Service},
};

/// The commands that read the configuration, and those that would change it.
const READS: [&str; 3] = ["config validate", "models status", "chat hi"];
const WRITES: [&str; 3] = [
    "models set qwen/glm-5",
    "plugins enable qwen-portal-auth",
    "onboard --non-interactive --emulator --auth-choice qwen-api-key",
];

/// Each of the commands says this, with exit code 1, and writes nothing.
#[track_caller]
fn refused(home: &ConfigHome, commands: &[&str], says: &str) {
    let before = home.files();
    for command in commands {
        let ran = home.run(command).exits_with(1);
        assert_eq!(ran.stdout, "", "{command}");
        ran.says(&format!("error: {says}"));
        assert!(home.files() == before, "{command} has written something");
    }
}

/// `config validate` warns of this, and no other command is stopped by it.
#[track_caller]
fn warned(text: &str, says: &str) -> ConfigHome {
    let home = ConfigHome::with(text);
    let ran = home.run("config validate").exits_with(0);
    ran.says(&format!("warning: {says}\n"));
    assert_eq!(home.text(), text);
    home
}

#[test]
fn json5_that_is_broken() {
    for (text, place) in [
        (
            "{\n  agents: [\n",
            "unterminated array at line 2, column 11\n    agents: [\n            ^\n",
        ),
        ("", "line 1, column 1"),
        (
            "[]",
            "`<root>` in ~/.openclaw/openclaw.json is not an object",
        ),
        (
            "{ a: 1 } { b: 2 }",
            "at line 1, column 10\n  { a: 1 } { b: 2 }\n           ^\n",
        ),
    ] {
        let home = ConfigHome::with(text);
        for commands in [READS, WRITES] {
            refused(&home, &commands, "");
        }
        home.run("config validate").exits_with(1).says(place);
    }
}

#[test]
fn keys_that_occur_twice() {
    let text = "{\n  agents: { defaults: { model: 'qwen/glm-4.7' } },\n  // theirs\n  \
                agents: { defaults: { model: 'qwen/glm-5' } },\n}\n";
    let home = warned(
        text,
        "line 4, agents: occurs more than once, and the last one counts: lines 2 and 4",
    );
    let ran = home.run("models status --plain").exits_with(0);
    assert_eq!(ran.stdout, "qwen/glm-5\n");
    // The one that counts is changed.
    home.run("config set agents.defaults.model qwen/glm-5-turbo")
        .exits_with(0);
    assert_eq!(
        home.text(),
        text.replace("'qwen/glm-5'", "\"qwen/glm-5-turbo\"")
    );
}

#[test]
fn fifty_megabytes() {
    let home = ConfigHome::with("");
    let file = fs::File::create(home.file()).unwrap();
    file.set_len(50_000_000).unwrap();
    for command in READS.into_iter().chain(WRITES) {
        let ran = home.run(command).exits_with(1);
        assert_eq!(ran.stdout, "", "{command}");
        ran.says("error: ~/.openclaw/openclaw.json is larger than 8 MiB: is it a configuration");
        assert_eq!(fs::metadata(home.file()).unwrap().len(), 50_000_000);
    }
}

#[test]
fn nesting_a_hundred_thousand_deep() {
    let deep = "[".repeat(100_000);
    let says = "is not valid JSON5: the nesting is too deep at line 1, column ";
    let home = ConfigHome::with(&format!("{{ a: {deep}"));
    for commands in [READS, WRITES] {
        refused(
            &home,
            &commands,
            &format!("~/.openclaw/openclaw.json {says}"),
        );
    }
    // The value of a command line is no different.
    let home = ConfigHome::empty();
    let ran = home.qwen(&["config", "set", "a", &deep]).run();
    ran.exits_with(1).says(&format!("error: the value {says}"));
    assert!(home.files().is_empty());
}

#[cfg(unix)]
#[test]
fn a_file_that_is_a_link() {
    let home = ConfigHome::with("");
    let link = |to: &str| {
        fs::remove_file(home.file()).unwrap();
        std::os::unix::fs::symlink(to, home.file()).unwrap();
    };
    link("../dotfiles.json");
    let target = home.path().join("dotfiles.json");
    let says = "~/.openclaw/openclaw.json is a symbolic link to a file that does not exist";
    refused(&home, &WRITES, says);
    fs::write(&target, "{} // mine\n").unwrap();
    for command in WRITES {
        home.run(command).exits_with(0);
    }
    assert!(home.file().is_symlink());
    let text = fs::read_to_string(target).unwrap();
    assert!(text.contains("qwen/glm-5") && text.ends_with("} // mine\n"));
}

/// Known before a key is sent or stored.
#[cfg(unix)]
#[test]
fn a_file_that_is_read_only() {
    use std::os::unix::fs::PermissionsExt;

    let service = Service::start();
    let home = ConfigHome::with("{}");
    fs::set_permissions(home.file(), PermissionsExt::from_mode(0o400)).unwrap();
    refused(
        &home,
        &WRITES,
        "~/.openclaw/openclaw.json is read-only: allow writing with `chmod u+w` to change it",
    );
    let onboard = ["onboard", "--key-stdin", "--auth-choice", "qwen-api-key"];
    let onboard = home.qwen(&onboard).stdin(KEY);
    onboard
        .env("QWEN_BASE_URL", &service.emulator.base_url())
        .run()
        .exits_with(1)
        .says("is read-only");
    assert!(service.requests().is_empty());
    assert_eq!(home.files().len(), 1);
    // What changes nothing can be done.
    home.run("models fallbacks remove x").exits_with(1);
    home.run("config path").exits_with(0);
}

#[test]
fn an_auth_choice_that_is_unknown() {
    for (id, hint) in [
        ("qwen-api-kye", "did you mean qwen-api-key? "),
        (
            "qwen-standard-api-key-us",
            "did you mean qwen-standard-api-key? ",
        ),
        (
            "qwen-portal",
            "`qwen-openclaw models auth login --provider qwen-portal ",
        ),
        ("", "The choices are qwen-standard-api-key, "),
    ] {
        let home = ConfigHome::empty();
        let ran = home.qwen(&["onboard", "--auth-choice", id]).run();
        assert!(ran.stderr.contains(hint), "{id}: {}", ran.stderr);
        ran.exits_with(1)
            .says(&format!("error: unknown auth choice \"{id}\"\n"));
        assert!(home.files().is_empty());
    }
}

#[test]
fn an_alias_that_leads_in_a_circle() {
    let text = "{ agents: { defaults: { model: 'a', models: { b: { alias: 'a' }, \
                a: { alias: 'b' } } } } }";
    let circle = "the alias leads back to itself: a -> b -> a";
    let home = warned(
        text,
        &format!("line 1, agents.defaults.models.b.alias: {circle}"),
    );
    refused(&home, &["models status", "chat hi", "models set a"], circle);
    // The way out of it.
    home.run("models aliases remove a").exits_with(0);
    home.run("models set qwen/glm-5").exits_with(0);
    home.run("models status").exits_with(0);
}

#[test]
fn a_fallback_that_names_itself() {
    let text = "{ agents: { defaults: { model: { primary: 'qwen/glm-5', \
                fallbacks: ['qwen/glm-5'] } } } }";
    let home = warned(
        text,
        "line 1, agents.defaults.model.fallbacks[0]: the fallback is the primary model",
    );
    // It would be asked twice.
    let status = home.run("models status --json").exits_with(0).json();
    assert_eq!(status["fallbacks"], serde_json::json!([]));
    home.run("models fallbacks remove qwen/glm-5").exits_with(0);
    let ran = home.run("config validate").exits_with(0);
    assert_eq!(ran.stderr, "");
    let ran = home.run("models fallbacks add qwen/glm-5").exits_with(0);
    ran.says("warning: qwen/glm-5 is asked first anyway");
}

#[test]
fn an_include_that_leads_outside_or_in_a_circle() {
    for (include, other, says) in [
        (
            "../outside.json",
            "{}",
            "../outside.json is outside the folder",
        ),
        (
            "./b.json",
            "{ $include: './openclaw.json' }",
            "./openclaw.json includes itself",
        ),
        (
            "./b.json",
            "{ $include: './b.json' }",
            "./b.json includes itself",
        ),
        ("./gone.json", "{}", "./gone.json does not exist"),
    ] {
        let home = ConfigHome::with(&format!("{{ $include: '{include}' }}"));
        fs::write(home.path().join("outside.json"), "{}").unwrap();
        fs::write(home.folder().join("b.json"), other).unwrap();
        refused(&home, &READS, "invalid $include in ~/.openclaw/");
        refused(&home, &WRITES, "");
        home.run("config validate").exits_with(1).says(says);
    }
}

#[test]
fn a_base_url_with_a_key_in_it() {
    for (url, masked) in [
        (
            "https://h.example/v1?api_key=sk-secret12345",
            "https://h.example/v1?api_key=***",
        ),
        (
            "https://user:sk-secret12345@h.example/v1",
            "https://***@h.example/v1",
        ),
        (
            "https://h.example/sk-secret12345/v1",
            "https://h.example/***/v1",
        ),
    ] {
        let text = format!("{{ models: {{ providers: {{ qwen: {{ baseUrl: '{url}' }} }} }} }}");
        let home = warned(
            &text,
            "line 1, models.providers.qwen.baseUrl: the base URL contains a secret",
        );
        let says = format!(
            "`models.providers.qwen.baseUrl` in ~/.openclaw/openclaw.json contains a secret \
             ({masked}): move it to `apiKey` or to a variable"
        );
        refused(&home, &["chat hi", "models explain"], &says);
        let shown = home.run("config get models.providers.qwen.baseUrl");
        assert_eq!(shown.exits_with(0).stdout, format!("{masked}\n"));
        // Nor is it written.
        let home = ConfigHome::empty();
        let set = ["config", "set", "models.providers.qwen.baseUrl", url];
        let ran = home.qwen(&set).run().exits_with(1);
        ran.says("error: `models.providers.qwen.baseUrl` would put a key into the configuration");
        assert!(home.files().is_empty());
    }
}

#[test]
fn a_base_url_without_a_path() {
    let service = Service::start();
    let origin = service.emulator.origin();
    let text =
        |url: &str| format!("{{ models: {{ providers: {{ qwen: {{ baseUrl: '{url}' }} }} }} }}");
    let warning = "the base URL has no path, such as /v1";
    let home = warned(
        &text("http://host"),
        &format!("line 1, models.providers.qwen.baseUrl: {warning}"),
    );
    // A key is not sent unencrypted.
    home.qwen(&["chat", "hi"])
        .env("QWEN_API_KEY", KEY)
        .run()
        .exits_with(4)
        .says("error: cannot use the base URL `http://host`: plain http would send the key");
    // Where it may be sent, the mistake is named beside the answer.
    let home = ConfigHome::with(&text(origin));
    home.qwen(&["chat", "hi"])
        .env("QWEN_API_KEY", KEY)
        .run()
        .exits_with(4)
        .says(&format!(
            "warning: the base URL {origin} has no path, such as /v1\n"
        ))
        .says("(HTTP 404, ");
}
