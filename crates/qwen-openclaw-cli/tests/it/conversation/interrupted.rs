//! Ctrl-C, and answers that break off.

use super::*;

/// A service whose first answer never ends.
fn endless() -> Service {
    let fault = Fault::new(FaultKind::NeverEnding).delay(Duration::from_millis(2));
    Service::with(Emulator::builder().fault(FaultRule::new(fault).times(1)))
}

#[test]
fn ctrl_c_in_an_answer_keeps_the_turn() {
    let service = endless();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("talk.json");
    let mut terminal = with(&service, &["--session", file.to_str().unwrap()]);
    terminal.types("count\n");
    until_some_text(&mut terminal);
    terminal
        .types(CTRL_C)
        .shows("[interrupted; this much stays")
        .awaits("> ");
    terminal.types("and now?\n").shows("turn 2");
    leaves(&mut terminal);
    let sent = messages(&service, 1);
    let roles: Vec<&str> = sent.iter().map(|(role, _)| role.as_str()).collect();
    assert_eq!(roles, ["user", "assistant", "user"]);
    assert_eq!(sent[0].1, "count");
    let (partial, mark) = sent[1].1.split_once("\n\n").unwrap();
    assert!(!partial.is_empty());
    assert_eq!(mark, "[The user interrupted the answer here.]");
    assert_eq!(sent[2].1, "and now?");
    let saved: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    assert_eq!(saved["messages"].as_array().unwrap().len(), 4);
}

#[test]
fn ctrl_c_before_an_answer_leaves_no_question_without_one() {
    let fault = Fault::new(FaultKind::HeadersStall);
    let service = Service::with(Emulator::builder().fault(FaultRule::new(fault).times(1)));
    let mut terminal = started(&service);
    terminal.types("anyone?\n");
    until_asked(&service);
    terminal.types(CTRL_C).shows("[interrupted").awaits("> ");
    terminal.types("and now?\n").shows("turn 2");
    leaves(&mut terminal);
    let sent = messages(&service, 1);
    let texts: Vec<&str> = sent.iter().map(|(_, text)| text.as_str()).collect();
    let mark = "[The user interrupted the answer here.]";
    assert_eq!(texts, ["anyone?", mark, "and now?"]);
}

#[test]
fn a_retry_replaces_the_interrupted_answer() {
    let service = endless();
    let mut terminal = started(&service);
    terminal.types("count\n");
    until_some_text(&mut terminal);
    terminal.types(CTRL_C).shows("[interrupted").awaits("> ");
    terminal.types("/retry\n").shows("tokens/s");
    terminal.types("next\n").shows("turn 2");
    leaves(&mut terminal);
    assert_eq!(
        messages(&service, 1),
        [("user".to_owned(), "count".to_owned())]
    );
    let sent = messages(&service, 2);
    assert_eq!(sent.len(), 3);
    assert!(!sent[1].1.contains("interrupted"), "{sent:?}");
}

#[test]
fn a_broken_stream_keeps_the_question_for_a_retry() {
    let fault = Fault::new(FaultKind::TruncateCleanly).after(6);
    let service = Service::with(Emulator::builder().fault(FaultRule::new(fault).times(1)));
    let mut terminal = started(&service);
    terminal.types("What is 6*7?\n");
    terminal
        .shows("error: the stream ended")
        .shows("/retry asks again");
    terminal.types("/retry\n").shows("6*7 = 42");
    leaves(&mut terminal);
    assert_eq!(service.requests().len(), 2);
    // The question is there once.
    let question = ("user".to_owned(), "What is 6*7?".to_owned());
    assert_eq!(messages(&service, 1), [question]);
}

#[test]
fn a_retry_that_fails_keeps_the_old_answer() {
    let fault = Fault::new(FaultKind::TruncateCleanly).after(6);
    let rule = FaultRule::new(fault).skip(1).times(1);
    let service = Service::with(Emulator::builder().fault(rule));
    let mut terminal = started(&service);
    terminal.types("What is 6*7?\n").shows("6*7 = 42");
    terminal.types("/retry\n").shows("the old answer stays");
    terminal.types("next\n").shows("turn 2");
    leaves(&mut terminal);
    let sent = messages(&service, 2);
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert!(sent[1].1.contains("42"), "{sent:?}");
}

#[test]
fn ctrl_c_at_the_prompt_says_how_to_leave_and_drops_a_line() {
    let service = Service::start();
    let mut terminal = started(&service);
    terminal.types("half a quest").awaits("> half a quest");
    drops(&mut terminal).types("whole\n").shows("tokens/s");
    let before = terminal.screen().matches("Ctrl-D or /exit leaves").count();
    assert_eq!(before, 1, "{}", terminal.screen());
    terminal
        .awaits("> ")
        .types(CTRL_C)
        .shows("> \nCtrl-D or /exit leaves")
        .awaits("> ");
    terminal.types("/usage\n").shows("1 answer · ");
    assert_eq!(
        terminal.screen().matches("Ctrl-D or /exit leaves").count(),
        2
    );
    leaves(&mut terminal);
    assert_eq!(asked(&service, 0), "whole");
}

/// Waits until some of an answer is on the screen: the model repeats itself.
fn until_some_text(terminal: &mut Terminal) {
    terminal.shows("and on and on");
}
