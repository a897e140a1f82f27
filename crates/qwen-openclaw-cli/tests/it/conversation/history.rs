//! The lines typed before.

use super::*;

fn file(terminal: &Terminal) -> std::path::PathBuf {
    terminal.home().join(".qwen-openclaw/history")
}

fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn it_is_there_in_the_next_conversation() {
    let service = Service::start();
    let mut first = started(&service);
    first.types("What is 6*7?\n").shows("6*7 = 42");
    first.pastes("two\nlines").types("\n").shows("turn 2");
    leaves(&mut first);
    let mode = fs::metadata(file(&first)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut next = OnTerminal::new(&CHAT)
        .at(&service)
        .at_home_of(&first)
        .start();
    next.awaits("> ").types(UP).awaits("lines");
    drops(&mut next)
        .types("\u{12}6*")
        .shows("`6*'")
        .shows("What is 6*7?");
    next.types("\n").shows("6*7 = 42");
    leaves(&mut next);
    assert_eq!(asked(&service, 2), "What is 6*7?");
}

#[test]
fn a_line_is_on_disk_before_its_request_is_sent_and_survives_a_kill() {
    let fault = Fault::new(FaultKind::Stall).after(0);
    let service = Service::with(Emulator::builder().fault(FaultRule::new(fault).times(1)));
    let mut first = started(&service);
    first.types("never answered\n");
    until_asked(&service);
    assert_eq!(lines(&file(&first)), ["never answered"]);
    first.signal("-KILL");
    first.ends();
    let mut next = OnTerminal::new(&CHAT)
        .at(&service)
        .at_home_of(&first)
        .start();
    next.awaits("> ").types(UP).shows("> never answered");
    next.types("\n").shows("tokens/s");
    leaves(&mut next);
    assert_eq!(asked(&service, 1), "never answered");
}

#[test]
fn keys_are_not_kept() {
    let service = Service::start();
    let mut terminal = started(&service);
    terminal.types("one\n").shows("tokens/s");
    let line = "export QWEN_API_KEY=sk-aaaabbbbccccddddeeee";
    terminal
        .types(&format!("{line}\n"))
        .shows("looks like a key")
        .shows("turn 2");
    terminal.awaits("> ").types(UP).awaits("> one");
    drops(&mut terminal);
    leaves(&mut terminal);
    assert_eq!(lines(&file(&terminal)), ["one"]);
}

#[test]
fn it_can_be_switched_off() {
    let service = Service::start();
    let mut terminal = with(&service, &["--no-history"]);
    terminal.types("one\n").shows("tokens/s");
    leaves(&mut terminal);
    assert!(!file(&terminal).exists());
}

#[test]
fn a_history_that_cannot_be_used_costs_no_conversation() {
    let service = Service::start();
    let mut terminal = OnTerminal::new(&CHAT)
        .at(&service)
        .file(".qwen-openclaw/history/is-a-folder", "")
        .start();
    terminal.shows("warning: no history: ").awaits("> ");
    terminal
        .types("one\n")
        .shows("tokens/s")
        .types("two\n")
        .shows("turn 2");
    // What was typed can still be brought back.
    terminal.awaits("> ").types(UP).awaits("> two");
    drops(&mut terminal);
    leaves(&mut terminal);
    assert_eq!(terminal.screen().matches("no history").count(), 1);
}
