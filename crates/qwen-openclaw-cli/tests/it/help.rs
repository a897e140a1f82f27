//! What `--help` says.

use crate::run::Qwen;

fn help(arguments: &[&str]) -> String {
    Qwen::new(arguments)
        .env("COLUMNS", "100")
        .run()
        .exits_with(0)
        .stdout
}

#[test]
fn of_the_command() {
    insta::assert_snapshot!("help", help(&["--help"]));
}

#[test]
fn of_onboard() {
    insta::assert_snapshot!("help-onboard", help(&["onboard", "--help"]));
}

#[test]
fn of_chat() {
    insta::assert_snapshot!("help-chat", help(&["chat", "--help"]));
}

#[test]
fn of_models_list() {
    insta::assert_snapshot!("help-models-list", help(&["models", "list", "--help"]));
}

#[test]
fn of_models_explain() {
    insta::assert_snapshot!(
        "help-models-explain",
        help(&["models", "explain", "--help"])
    );
}

#[test]
fn of_status_and_doctor() {
    insta::assert_snapshot!("help-models-status", help(&["models", "status", "--help"]));
    insta::assert_snapshot!("help-status", help(&["status", "--help"]));
    insta::assert_snapshot!("help-doctor", help(&["doctor", "--help"]));
}

#[test]
fn of_describe() {
    insta::assert_snapshot!("help-describe", help(&["describe", "--help"]));
}

#[test]
fn of_embed_and_rerank() {
    insta::assert_snapshot!("help-embed", help(&["embed", "--help"]));
    insta::assert_snapshot!("help-rerank", help(&["rerank", "--help"]));
}

#[test]
fn of_image() {
    insta::assert_snapshot!("help-image", help(&["image", "--help"]));
    insta::assert_snapshot!(
        "help-image-generate",
        help(&["image", "generate", "--help"])
    );
    insta::assert_snapshot!("help-image-edit", help(&["image", "edit", "--help"]));
    let resume = help(&["image", "resume", "--help"]);
    assert!(
        resume.ends_with("Example: qwen-openclaw image resume\n"),
        "{resume}"
    );
}

#[test]
fn of_batch() {
    insta::assert_snapshot!("help-batch", help(&["batch", "--help"]));
    insta::assert_snapshot!("help-batch-submit", help(&["batch", "submit", "--help"]));
    insta::assert_snapshot!("help-batch-results", help(&["batch", "results", "--help"]));
}

#[test]
fn of_speak() {
    insta::assert_snapshot!("help-speak", help(&["speak", "--help"]));
}

#[test]
fn of_video() {
    insta::assert_snapshot!("help-video", help(&["video", "--help"]));
    insta::assert_snapshot!(
        "help-video-generate",
        help(&["video", "generate", "--help"])
    );
    insta::assert_snapshot!("help-video-prune", help(&["video", "prune", "--help"]));
}

#[test]
fn of_models_auth() {
    insta::assert_snapshot!("help-models-auth", help(&["models", "auth", "--help"]));
    for command in [
        "login",
        "paste-api-key",
        "list",
        "logout",
        "import",
        "order",
    ] {
        let name = format!("help-models-auth-{command}");
        insta::assert_snapshot!(name, help(&["models", "auth", command, "--help"]));
    }
}

#[test]
fn of_the_commands_of_the_configuration() {
    for line in [
        "config",
        "config get",
        "config set",
        "config validate",
        "models",
        "models set",
        "models aliases",
        "models aliases add",
        "models fallbacks",
        "models fallbacks add",
        "models image-fallbacks list",
        "plugins",
        "plugins enable",
        "gateway",
        "usage",
        "usage budget",
        "usage budget set",
        "usage cooldowns",
    ] {
        let words: Vec<&str> = line.split(' ').chain(["--help"]).collect();
        let name = format!("help-{}", line.replace(' ', "-"));
        insta::assert_snapshot!(name, help(&words));
    }
}

#[test]
fn of_emulator() {
    insta::assert_snapshot!("help-emulator", help(&["emulator", "--help"]));
}

#[test]
fn of_completions_and_man() {
    insta::assert_snapshot!("help-completions", help(&["completions", "--help"]));
    insta::assert_snapshot!("help-man", help(&["man", "--help"]));
}

#[test]
fn the_version() {
    let version = Qwen::new(&["--version"]).run().exits_with(0).stdout;
    assert_eq!(
        version,
        concat!("qwen-openclaw ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
