//! `models set`, `set-image`, `aliases`, `fallbacks`, `image-fallbacks`.

use serde_json::json;

use crate::config_home::ConfigHome;

/// As onboarding leaves it.
const ONBOARDED: &str = r#"{
  // mine
  agents: { defaults: {
    model: { primary: "qwen/qwen3.5-plus" },
    models: { "qwen/qwen3.5-plus": { alias: "Qwen" } },
  } },
}
"#;

#[test]
fn comments_survive_and_the_old_text_is_kept() {
    let home = ConfigHome::with(ONBOARDED);
    let ran = home.run("models set qwen/glm-5").exits_with(0);
    assert!(
        ran.says("  Backup: ~/.openclaw/openclaw.json.bak")
            .stdout
            .ends_with("qwen/glm-5\n")
    );
    assert_eq!(
        home.text(),
        ONBOARDED
            .replace("primary: \"qwen/qwen3.5-plus\"", "primary: \"qwen/glm-5\"")
            .replace(
                "alias: \"Qwen\" } }",
                "alias: \"Qwen\" }, \"qwen/glm-5\": {} }"
            )
    );
    let backup = home.folder().join("openclaw.json.bak");
    assert_eq!(std::fs::read_to_string(backup).unwrap(), ONBOARDED);
}

#[test]
fn a_model_is_found_by_alias_by_id_and_under_a_legacy_prefix() {
    for (name, model, warning) in [
        ("Qwen", "qwen/qwen3.5-plus", ""),
        ("qwen", "qwen/qwen3.5-plus", ""),
        ("qwen3-coder-plus", "qwen/qwen3-coder-plus", ""),
        (
            "modelstudio/qwen3.5-plus",
            "qwen/qwen3.5-plus",
            "warning: modelstudio is another name of the provider qwen: qwen/qwen3.5-plus is written\n",
        ),
        (
            "qwen/qwen3-coder-pluss",
            "qwen/qwen3-coder-pluss",
            "warning: qwen/qwen3-coder-pluss is not in the catalog; similar models: \
             qwen/qwen3-coder-plus, ",
        ),
        (
            "qwen/zzz",
            "qwen/zzz",
            "warning: qwen/zzz is not in the catalog\n",
        ),
    ] {
        let home = ConfigHome::with(ONBOARDED);
        let ran = home.run(&format!("models set {name}")).exits_with(0);
        assert_eq!(ran.stdout, format!("Default model: {model}\n"));
        assert_eq!(
            ran.stderr.contains("warning"),
            !warning.is_empty(),
            "{}",
            ran.stderr
        );
        ran.says(warning);
    }
}

#[test]
fn what_cannot_be_a_model_is_refused_and_nothing_is_written() {
    for (name, says) in [
        ("nosuchprov/foo", "error: unknown provider \"nosuchprov\""),
        ("qwne/glm-5", "did you mean qwen"),
        ("", "error: invalid model reference: "),
        ("qwen/", "error: invalid model reference: qwen/"),
        ("gpt-4o", "hint: write a model as PROVIDER/ID"),
        (
            "qwen3-coder-pluss",
            "hint: did you mean `qwen/qwen3-coder-plus`",
        ),
    ] {
        for command in ["set", "set-image"] {
            let home = ConfigHome::with(ONBOARDED);
            let ran = home.qwen(&["models", command, name]).run().exits_with(1);
            assert_eq!(ran.stdout, "", "{name}");
            ran.says(says);
            assert_eq!(home.text(), ONBOARDED);
        }
        let home = ConfigHome::empty();
        let ran = home.qwen(&["models", "set", name, "--json"]).run();
        assert_eq!(ran.exits_with(1).json()["ok"], false);
        assert!(!home.folder().exists());
    }
    // An alias that is close is suggested, and no other.
    let aliases = "{ agents: { defaults: { models: { 'qwen/glm-5': { alias: 'glm' },
                   'qwen/qwen3-coder-plus': { alias: 'coder' } } } } }";
    let home = ConfigHome::with(aliases);
    for (name, hint) in [
        ("gml", "did you mean the alias `glm`?"),
        ("glm5", "did you mean the alias `glm` or `qwen/glm-5`?"),
        (
            "gpt-4o",
            "write a model as PROVIDER/ID; `qwen-openclaw models list` shows those of qwen",
        ),
    ] {
        let ran = home.run(&format!("models set {name}")).exits_with(1);
        assert!(
            ran.stderr.ends_with(&format!("\nhint: {hint}\n")),
            "{}",
            ran.stderr
        );
    }
    let twice =
        "{ agents: { defaults: { models: { 'a/m': { alias: 'X' }, 'b/m': { alias: 'X' } } } } }";
    let ran = ConfigHome::with(twice).run("models set X").exits_with(1);
    ran.says("the alias X may mean a/m or b/m");
    ConfigHome::with(ONBOARDED).run("models set").exits_with(2);
}

#[test]
fn a_configured_provider_is_known_by_its_entry() {
    let home = ConfigHome::with(
        "{ models: { providers: { mine: { baseUrl: 'http://127.0.0.1/v1', models: [{ id: 'a' }] } } } }",
    );
    let ran = home.run("models set mine/a").exits_with(0);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    home.run("models set mine/b")
        .exits_with(0)
        .says("mine/b is not in the catalog");
}

#[test]
fn the_image_model_has_a_place_of_its_own() {
    let home = ConfigHome::empty();
    let ran = home.run("models set-image qwen3.5-plus").exits_with(0);
    assert_eq!(ran.stdout, "Image model: qwen/qwen3.5-plus\n");
    let defaults = &home.value()["agents"]["defaults"];
    assert_eq!(
        defaults["imageModel"],
        json!({"primary": "qwen/qwen3.5-plus"})
    );
    assert_eq!(defaults.get("model"), None);
    home.run("models set-image qwen/glm-5")
        .exits_with(0)
        .says("warning: qwen/glm-5 takes no images, as far as the catalog knows");
}

#[test]
fn aliases_are_listed_added_and_removed() {
    let home = ConfigHome::with(ONBOARDED);
    let listed = |flags: &str| {
        home.run(&format!("models aliases list{flags}"))
            .exits_with(0)
    };
    assert_eq!(
        listed("").stdout,
        "Aliases (1):\n- Qwen -> qwen/qwen3.5-plus\n"
    );
    assert_eq!(listed(" --plain").stdout, "Qwen qwen/qwen3.5-plus\n");
    let expected = json!({"aliases": {"Qwen": "qwen/qwen3.5-plus"}});
    assert_eq!(listed(" --json").json(), expected);

    let add = "models aliases add coder qwen/qwen3-coder-plus";
    for _ in 0..2 {
        let ran = home.run(add).exits_with(0);
        assert_eq!(ran.stdout, "Alias coder -> qwen/qwen3-coder-plus\n");
    }
    let ran = home
        .run("models aliases add coder qwen/glm-5")
        .exits_with(1);
    ran.says("error: the alias coder already points to qwen/qwen3-coder-plus");
    let ran = home
        .qwen(&["models", "aliases", "add", "bad alias!", "qwen/glm-5"])
        .run();
    ran.exits_with(1)
        .says("letters, digits, dots, underscores, colons, and dashes");
    // OpenClaw does not check the provider of an alias; what is odd is said.
    let ran = home
        .run("models aliases add other nosuchprov/foo")
        .exits_with(0);
    ran.says("warning: the provider nosuchprov is not configured");
    let ran = home.run("models aliases add quick coder").exits_with(0);
    assert_eq!(ran.stdout, "Alias quick -> qwen/qwen3-coder-plus\n");
    ran.says("A model has one alias: coder no longer stands for qwen/qwen3-coder-plus.");

    let ran = home.run("models aliases remove quick --json").exits_with(0);
    assert_eq!(
        ran.json()["aliases"],
        json!({"Qwen": "qwen/qwen3.5-plus", "other": "nosuchprov/foo"})
    );
    let text = home.text();
    let ran = home.run("models aliases remove quick").exits_with(1);
    ran.says("error: no such alias: quick")
        .says("hint: `qwen-openclaw models aliases list` shows the aliases");
    assert_eq!(home.text(), text);
    assert!(text.starts_with("{\n  // mine\n"), "{text}");
    let ran = ConfigHome::empty().run("models aliases list").exits_with(0);
    assert_eq!(ran.stdout, "Aliases (0):\n- none\n");
}

#[test]
fn fallbacks_are_listed_added_removed_and_cleared() {
    for (command, label, name) in [
        ("fallbacks", "Fallback", "model"),
        ("image-fallbacks", "Image fallback", "imageModel"),
    ] {
        let home = ConfigHome::with(ONBOARDED);
        let run = |line: &str| home.run(&format!("models {command} {line}"));
        assert_eq!(
            run("list").exits_with(0).stdout,
            format!("{label}s (0):\n- none\n")
        );
        assert_eq!(run("list --json").json(), json!({"fallbacks": []}));
        let ran = run("add qwen3.6-plus").exits_with(0);
        assert_eq!(ran.stdout, format!("{label}s: qwen/qwen3.6-plus\n"));
        // Across vendors, as the documentation has it.
        let ran = run("add openai/gpt-4o").exits_with(0);
        assert_eq!(
            ran.stdout,
            format!("{label}s: qwen/qwen3.6-plus, openai/gpt-4o\n")
        );
        assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
        let ran = run("add modelstudio/qwen3.6-plus").exits_with(0);
        assert_eq!(
            ran.stdout,
            format!("{label}s: qwen/qwen3.6-plus, openai/gpt-4o\n")
        );
        assert!(!ran.stderr.contains("Updated config"), "{}", ran.stderr);
        assert_eq!(
            run("list").stdout,
            format!("{label}s (2):\n- qwen/qwen3.6-plus\n- openai/gpt-4o\n")
        );
        assert_eq!(
            run("list --plain").stdout,
            "qwen/qwen3.6-plus\nopenai/gpt-4o\n"
        );
        let ran = run("remove qwen3.6-plus").exits_with(0);
        assert_eq!(ran.stdout, format!("{label}s: openai/gpt-4o\n"));
        let ran = run("remove qwen/qwen3.6-plus").exits_with(1);
        ran.says("error: no such fallback: qwen/qwen3.6-plus")
            .says(&format!(
                "hint: `qwen-openclaw models {command} list` shows the fallbacks"
            ));
        let ran = run("clear").exits_with(0);
        assert_eq!(ran.stdout, format!("{label} list cleared.\n"));
        let ran = home.run(&format!("config get agents.defaults.{name}.fallbacks"));
        assert_eq!(ran.exits_with(0).stdout, "[]\n");
    }
    let home = ConfigHome::with(
        "{ agents: { defaults: { model: 'Qwen', models: { \
                                 'qwen/qwen3.5-plus': { alias: 'Qwen' } } } } }",
    );
    let ran = home
        .run("models fallbacks add qwen/qwen3.5-plus")
        .exits_with(0);
    ran.says("warning: qwen/qwen3.5-plus is asked first anyway");
    assert!(
        home.text().contains("\"primary\": \"Qwen\""),
        "{}",
        home.text()
    );
    let ran = home
        .run("models fallbacks remove Qwen --json")
        .exits_with(0);
    assert_eq!(ran.json()["fallbacks"], json!([]));
}

#[test]
fn processes_that_edit_at_once_lose_nothing() {
    let home = ConfigHome::with(ONBOARDED);
    let commands: Vec<_> = (0..20)
        .map(|number| {
            let (alias, model) = (format!("a{number}"), format!("qwen/model-{number}"));
            let qwen = home.qwen(&["models", "aliases", "add", &alias, &model]);
            let (mut command, folder) = qwen.command();
            (command.spawn().unwrap(), folder)
        })
        .collect();
    for (child, _folder) in commands {
        let ran = crate::run::Ran::of(child.wait_with_output().unwrap());
        ran.exits_with(0);
    }
    let listed = home.run("models aliases list --json").exits_with(0).json();
    let aliases = listed["aliases"].as_object().unwrap();
    assert_eq!(aliases.len(), 21, "{listed:#}");
    for number in 0..20 {
        assert_eq!(
            aliases[&format!("a{number}")],
            format!("qwen/model-{number}")
        );
    }
    assert!(home.text().starts_with("{\n  // mine\n"), "{}", home.text());
}
