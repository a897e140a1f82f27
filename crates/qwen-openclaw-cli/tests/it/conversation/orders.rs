//! The commands of a conversation.

use super::*;

#[test]
fn models_are_shown_checked_and_changed() {
    let mut terminal = OnTerminal::new(&["chat", "--emulator"]).start();
    terminal
        .shows("\nqwen/qwen3.5-plus · context window ")
        .shows("\n> ");
    terminal
        .types("What is 6*7?\n")
        .shows("6*7 = 42")
        .types("\n/model\n/model nope/x\n")
        .shows("error: unknown provider \"nope\"")
        .types("/model qwen3-coder-plus\nand again\n")
        .shows("standing in for qwen3-coder-plus")
        .shows("This is turn 2 of our conversation")
        .types("/clear\nonce more\n/quit\n");
    let ran = terminal.ends().exits_with(0);
    // What was cleared is gone.
    assert_eq!(ran.stdout.matches("of our conversation").count(), 1);
}

#[test]
fn a_model_that_the_endpoint_lacks_is_refused() {
    // Nothing is sent.
    let mut terminal = OnTerminal::new(&["chat", "--plan", "coding"])
        .env("QWEN_API_KEY", KEY)
        .start();
    terminal.awaits("> ").types("/model qwen3.6-flash\n");
    terminal.shows("error: qwen3.6-flash is not offered on the Coding Plan endpoint");
    terminal
        .types("/model\n")
        .shows("> /model\nqwen/qwen3.5-plus\n");
    leaves(&mut terminal);
}

#[test]
fn an_alias_stands_for_its_model() {
    let service = Service::start();
    let mut terminal = OnTerminal::new(&CHAT).at(&service);
    let config =
        r#"{ agents: { defaults: { models: { "qwen/qwen3.7-max": { alias: "big" } } } } }"#;
    terminal = terminal.file(".openclaw/openclaw.json", config);
    let mut terminal = terminal.start();
    terminal
        .awaits("> ")
        .types("/model big\n")
        .shows("\nqwen/qwen3.7-max · ");
    terminal.types("hi\n").shows("tokens/s");
    leaves(&mut terminal);
    assert_eq!(service.requests()[0].json()["model"], "qwen3.7-max");
}

#[test]
fn an_unknown_command_names_the_nearest_and_sends_nothing() {
    let service = Service::start();
    let mut terminal = started(&service);
    terminal
        .types("/modle\n")
        .shows("unknown command /modle: did you mean /model?");
    terminal
        .types("/frobnicate\n")
        .shows("unknown command /frobnicate: /help lists");
    terminal
        .types("/help\n")
        .shows("ask the last question again");
    terminal
        .pastes("/clear up:\nwhat is this?")
        .types("\n")
        .shows("/clear takes nothing after it");
    terminal
        .types("/etc/hosts, what is it for?\n")
        .shows("tokens/s");
    leaves(&mut terminal);
    assert_eq!(service.requests().len(), 1);
    assert_eq!(asked(&service, 0), "/etc/hosts, what is it for?");
}

#[test]
fn thinking_and_the_system_prompt_can_be_set() {
    let service = Service::start();
    let mut terminal = OnTerminal::new(&["chat", "-m", "qwen3.5-plus"])
        .at(&service)
        .start();
    terminal
        .awaits("> ")
        .types("/think off\n/system Be brief.\nhi\n")
        .shows("tokens/s");
    terminal
        .types("/think -\n/system -\n/think nope\n")
        .shows("error: ");
    terminal.types("again\n").shows("turn 2");
    leaves(&mut terminal);
    let sent: Vec<Value> = service
        .requests()
        .iter()
        .map(|request| request.json())
        .collect();
    assert_eq!(sent[0]["enable_thinking"], false);
    assert_eq!(messages(&service, 0)[0].1, "Be brief.");
    assert_eq!(sent[1].get("enable_thinking"), None);
    assert_eq!(messages(&service, 1)[0].0, "user");
}

#[test]
fn what_is_attached_goes_with_one_message() {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x20\x08\x06\0\0\0";
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    fs::write(place("a b.png"), PNG).unwrap();
    fs::write(place("notes.txt"), "remember the milk").unwrap();
    let first = place("a b.png");
    let mut terminal = OnTerminal::new(&["chat", "-m", "qwen3.5-plus", "--image", &first])
        .at(&service)
        .start();
    // A flag attaches to the first message.
    terminal
        .shows(" · 1 attached\n> ")
        .types("one\n")
        .shows("tokens/s");
    terminal.types("two\n").shows("turn 2");
    terminal.types(&format!("/image {}\n", place("a b.png")));
    terminal.types(&format!("/file {}\n", place("a b.png")));
    terminal
        .types(&format!("/file {}\n", place("notes.txt")))
        .shows(" · 3 attached\n> ");
    terminal.types("three\n").shows("turn 3");
    terminal
        .types("/image /nosuch.png\n")
        .shows("error: ")
        .types("four\n")
        .shows("turn 4");
    leaves(&mut terminal);
    let images = |request: usize| {
        let sent = service.requests()[request].json().to_string();
        sent.matches("data:image/png").count()
    };
    assert_eq!([0, 1, 2, 3].map(images), [1, 0, 2, 0]);
    assert!(asked(&service, 2).contains("remember the milk"));
}

#[test]
fn a_file_that_is_mentioned_is_included() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "remember the milk\n").unwrap();
    fs::write(folder.path().join("data"), [0, 1, 2]).unwrap();
    let mut terminal = started(&service);
    terminal.types(&format!("what is in @{}?\n", path.display()));
    terminal.shows("notes.txt, 18 bytes]").shows("tokens/s");
    terminal
        .types("@/nosuch and more\n")
        .shows("error: could not read /nosuch")
        .shows("nothing was sent");
    // The line is there again, to be corrected.
    terminal.awaits("> @/nosuch and more");
    drops(&mut terminal)
        .types(&format!("@{}/data\n", folder.path().display()))
        .shows("is not a text file")
        .awaits(&format!("> @{}/data", folder.path().display()));
    drops(&mut terminal)
        .types("@@override, me@example.com\n")
        .shows("turn 2");
    leaves(&mut terminal);
    assert_eq!(service.requests().len(), 2);
    let name = path.display();
    assert_eq!(
        asked(&service, 0),
        format!("what is in {name}?\n\n<file name=\"{name}\">\nremember the milk\n</file>")
    );
    assert_eq!(asked(&service, 1), "@override, me@example.com");
}

#[test]
fn a_conversation_is_saved_undone_and_loaded() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.json");
    let name = path.to_str().unwrap();
    let mut terminal = started(&service);
    terminal.types("one\n").shows("tokens/s");
    terminal.types("/load nosuch\n").shows("not saved");
    terminal
        .types(&format!("/save {name}\n"))
        .shows("saved to ");
    terminal
        .types("two\n")
        .shows("turn 2")
        .types("/undo\n")
        .shows("removed: two");
    terminal.types("three\n").shows("> three").shows("tokens/s");
    terminal.types("/usage\n").shows("3 answers · ");
    leaves(&mut terminal);
    let saved: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let texts: Vec<_> = saved["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| text_of(&m["content"]))
        .collect();
    assert_eq!((texts.len(), &*texts[0], &*texts[2]), (4, "one", "three"));
    // Another conversation goes on from there.
    let mut next = started(&service);
    next.types(&format!("/load {name}\n"))
        .shows("continuing ")
        .shows("(2 turns)");
    next.types("four\n").shows("turn 3");
    next.types(&format!("/save {name}\n")).shows("exists");
    leaves(&mut next);
    let mut resumed = with(&service, &["--session", name]);
    assert!(
        resumed.screen().contains("(3 turns)"),
        "{}",
        resumed.screen()
    );
    resumed.types("/retry\n").shows("turn 3");
    leaves(&mut resumed);
    assert_eq!(asked(&service, 4), "four");
    assert_eq!(messages(&service, 4).len(), 5);
}

#[test]
fn an_answer_is_copied_by_the_terminal() {
    let service = Service::start();
    let mut terminal = started(&service);
    terminal
        .types("/copy\n")
        .shows("there is no answer to copy");
    terminal.types("What is 6*7?\n").shows("6*7 = 42");
    terminal.types("/copy\n").shows("copied, if");
    let raw = terminal.raw();
    let (_, copied) = raw.split_once("\u{1b}]52;c;").unwrap();
    let (copied, _) = copied.split_once('\u{7}').unwrap();
    let answer = &messages_after(&mut terminal, &service)[1].1;
    assert_eq!(copied, base64_of(answer.trim_end()));
    leaves(&mut terminal);
}

/// The turns so far, as the next request has them.
fn messages_after(terminal: &mut Terminal, service: &Service) -> Vec<(String, String)> {
    let asked = service.requests().len();
    terminal.types("next\n").shows("turn 2");
    messages(service, asked)
}

fn base64_of(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    STANDARD.encode(text)
}

#[test]
fn a_model_cannot_drive_the_terminal_in_a_conversation() {
    use qwen_openclaw_emulator::Reply;

    const EVIL: &str = "clear\u{1b}[2J \u{1b}]52;c;AAAA\u{7} \u{202e}back";
    let delta = serde_json::json!({ "choices": [{ "index": 0, "delta": { "content": EVIL } }] });
    let reply = Reply::event_stream()
        .event(delta.to_string())
        .event(r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#)
        .done();
    let service = Service::with(Emulator::builder().script(reply));
    let mut terminal = started(&service);
    terminal.types("hi\n").shows("clear␛[2J");
    leaves(&mut terminal);
    for forbidden in ["\u{1b}[2J", "\u{1b}]52", "\u{202e}"] {
        assert!(!terminal.raw().contains(forbidden), "{}", terminal.raw());
    }
}

#[test]
fn the_key_is_not_on_the_screen() {
    let service = Service::start();
    let mut terminal = started(&service);
    terminal.types("/usage\n/model\n").shows("0 answers");
    assert!(!terminal.raw().contains(KEY));
    leaves(&mut terminal);
}
