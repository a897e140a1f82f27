//! Tools in a conversation: their commands are asked for, and results can be typed.

use super::{leaves, messages, with};
use crate::{pty::OnTerminal, run::Service, tools::WEATHER};

/// A file with the tools.
fn tools() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tools.json");
    std::fs::write(&file, WEATHER).unwrap();
    let name = file.to_str().unwrap().to_owned();
    (folder, name)
}

fn until_requests(service: &Service, count: usize) {
    while service.requests().len() < count {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn a_command_is_run_if_the_user_agrees() {
    let (_folder, file) = tools();
    let flags = ["--tools", &file, "--tool-cmd", "get_weather=/bin/echo 12 C"];
    for (answer, result) in [
        ("y", "12 C\n"),
        ("n", "error: the user declined to run this tool"),
        ("", "error: the user declined to run this tool"),
    ] {
        let service = Service::start();
        let mut terminal = with(&service, &flags);
        terminal.types("Weather in Kyiv?\n");
        terminal.shows("with `/bin/echo 12 C`? [y/N]").awaits("> ");
        terminal.types(&format!("{answer}\n"));
        until_requests(&service, 2);
        leaves(&mut terminal);
        assert_eq!(service.requests().len(), 2);
        let sent = messages(&service, 1);
        let roles: Vec<&str> = sent.iter().map(|(role, _)| &**role).collect();
        assert_eq!(roles, ["user", "assistant", "tool"]);
        assert_eq!(sent[2].1, result);
    }
}

#[test]
fn a_result_can_be_typed_or_left_out() {
    let (_folder, file) = tools();
    let service = Service::start();
    let mut terminal = with(&service, &["--tools", &file]);
    terminal.types("Weather in Kyiv?\n");
    terminal
        .shows("type the result of get_weather")
        .awaits("> ");
    terminal.types("12 C\n");
    until_requests(&service, 2);
    terminal.awaits("> ").types("Weather in Oslo?\n");
    until_requests(&service, 3);
    terminal.shows("type the result of get_weather; an empty line leaves the call unanswered\n> ");
    terminal.types("\nNever mind. What is 2+2?\n");
    until_requests(&service, 4);
    leaves(&mut terminal);
    assert_eq!(messages(&service, 1)[2], ("tool".into(), "12 C".into()));
    let last = messages(&service, 3);
    let (role, text) = &last[last.len() - 2];
    assert_eq!(role, "tool");
    assert_eq!(text, "error: there is no result, as the tool was not run");
}

#[test]
fn a_single_question_asks_too() {
    let (_folder, file) = tools();
    let service = Service::start();
    let arguments = ["chat", "-m", "qwen3-coder-plus", "--tools", &file];
    let command = [
        "--tool-cmd",
        "get_weather=/bin/echo 12 C",
        "Weather in Kyiv?",
    ];
    let mut terminal = OnTerminal::new(&[&arguments[..], &command].concat())
        .at(&service)
        .start();
    terminal.shows("with `/bin/echo 12 C`? [y/N] ");
    assert_eq!(service.requests().len(), 1);
    terminal.types("y\n");
    terminal.ends().exits_with(0);
    assert_eq!(messages(&service, 1)[2], ("tool".into(), "12 C\n".into()));
}
