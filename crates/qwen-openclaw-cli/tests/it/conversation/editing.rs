//! What is typed, pasted or edited is what is sent.

use super::*;

const FIVE_LINES: &str = "Sum this up:\none\n  two\n\nand three";

#[test]
fn a_pasted_text_of_five_lines_is_one_request() {
    let service = Service::start();
    let mut terminal = started(&service);
    terminal.pastes(FIVE_LINES).shows("and three");
    assert!(service.requests().is_empty());
    terminal.types("\n").shows("tokens/s").shows("\nqwen/");
    leaves(&mut terminal);
    assert_eq!(service.requests().len(), 1);
    assert_eq!(asked(&service, 0), FIVE_LINES);
}

#[test]
fn a_paste_during_an_answer_waits_for_the_prompt_in_one_piece() {
    let late = Fault::new(FaultKind::LateHeaders).delay(Duration::from_millis(500));
    let service = Service::with(Emulator::builder().fault(FaultRule::new(late).times(1)));
    let mut terminal = started(&service);
    terminal.types("hi\n");
    until_asked(&service);
    terminal
        .pastes(FIVE_LINES)
        .shows("> Sum this up")
        .shows("and three");
    assert_eq!(service.requests().len(), 1);
    // What was typed did not go amid the answer.
    assert_eq!(terminal.screen().matches("and three").count(), 1);
    terminal.types("\n").shows("turn 2");
    leaves(&mut terminal);
    assert_eq!(asked(&service, 1), FIVE_LINES);
}

#[test]
fn a_paste_with_more_lines_than_the_editor_can_count_arrives_whole() {
    let service = Service::start();
    let mut terminal = started(&service);
    let long = format!("{}end", "x\n".repeat(70_000));
    // In pieces, so that the terminal has room for them.
    terminal.types("\u{1b}[200~");
    for piece in long.as_bytes().chunks(1_000) {
        terminal.types(str::from_utf8(piece).unwrap());
    }
    terminal.types("\u{1b}[201~").types("\n").shows("tokens/s");
    leaves(&mut terminal);
    assert_eq!(asked(&service, 0), long);
}

#[test]
fn a_line_longer_than_a_terminal_passes_on_arrives_whole() {
    let service = Service::start();
    let mut terminal = started(&service);
    let long = format!("{}end", "0123456789".repeat(1_000));
    terminal
        .types(&long)
        .shows("end")
        .types("\n")
        .shows("tokens/s");
    leaves(&mut terminal);
    assert_eq!(asked(&service, 0), long);
}

#[test]
fn backspace_over_wide_characters_sends_what_is_shown() {
    let service = Service::start();
    let mut terminal = started(&service);
    terminal.types("你好世界").shows("> 你好世界");
    terminal
        .types(&BACKSPACE.repeat(2))
        .types("!")
        .shows("> 你好!");
    assert!(!terminal.screen().contains('世'), "{}", terminal.screen());
    terminal.types("\n").shows("tokens/s");
    leaves(&mut terminal);
    assert_eq!(asked(&service, 0), "你好!");
}

#[test]
fn arrow_keys_move_and_alt_enter_starts_a_line() {
    const LEFT: &str = "\u{1b}[D";
    let service = Service::start();
    let mut terminal = started(&service);
    terminal.types("ac").types(LEFT).types("b").shows("> abc");
    terminal
        .types("\u{5}")
        .types(ALT_ENTER)
        .types("second")
        .shows("> abc\nsecond");
    terminal.types("\n").shows("tokens/s");
    leaves(&mut terminal);
    assert_eq!(asked(&service, 0), "abc\nsecond");
}

#[test]
fn tab_completes_commands_and_models() {
    let service = Service::start();
    let mut terminal = started(&service);
    terminal
        .types("/mod\t qwen3-coder-ne\t")
        .shows("> /model qwen3-coder-next");
    terminal.types("\n").shows("\nqwen/qwen3-coder-next · ");
    leaves(&mut terminal);
}

#[test]
fn a_long_prompt_can_be_written_in_an_editor() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let editor = folder.path().join("editor");
    // It sees the line, and puts a new file in its place, as many editors do.
    let script = "#!/bin/sh\n/bin/cp \"$2\" \"$2.new\"\necho \"$1\" >> \"$2.new\"\n/bin/mv \"$2.new\" \"$2\"\n";
    fs::write(&editor, script).unwrap();
    fs::set_permissions(&editor, PermissionsExt::from_mode(0o700)).unwrap();
    let mut terminal = OnTerminal::new(&CHAT)
        .at(&service)
        .env("VISUAL", &format!("{} edited", editor.display()))
        .start();
    terminal.awaits("> ").types("typed, ").types("\u{18}\u{5}");
    terminal
        .shows("edited")
        .types(" and sent\n")
        .shows("tokens/s");
    leaves(&mut terminal);
    assert_eq!(asked(&service, 0), "typed, edited and sent");
}

#[test]
fn an_editor_that_fails_changes_nothing() {
    let service = Service::start();
    let mut terminal = OnTerminal::new(&CHAT)
        .at(&service)
        .env("EDITOR", "/bin/false")
        .start();
    terminal.awaits("> ").types("keep me").types("\u{18}\u{5}");
    terminal
        .shows("the editor `/bin/false` failed")
        .types(" please\n");
    terminal.shows("tokens/s");
    leaves(&mut terminal);
    assert_eq!(asked(&service, 0), "keep me please");
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_passes_on_lines() {
    let service = Service::start();
    let mut terminal = OnTerminal::new(&CHAT)
        .at(&service)
        .env("TERM", "dumb")
        .start();
    terminal.awaits("> ").types("one\n").shows("tokens/s");
    assert!(terminal.echoes());
    assert!(!terminal.raw().contains("2004"), "{}", terminal.raw());
    terminal.types(CTRL_C);
    terminal.ends().exits_with(130);
    assert_eq!(asked(&service, 0), "one");
    assert!(!terminal.home().join(".qwen-openclaw/history").exists());
}

#[test]
fn the_answers_alone_go_into_a_file() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers");
    let mut terminal = OnTerminal::new(&CHAT)
        .at(&service)
        .stdout(fs::File::create(&path).unwrap())
        .start();
    terminal
        .awaits("> ")
        .types("What is 6*7?\n")
        .shows("tokens/s");
    leaves(&mut terminal);
    let answers = fs::read_to_string(path).unwrap();
    assert!(answers.contains("6*7 = 42"), "{answers}");
    for other in ["> ", "context", "tokens/s", "\u{1b}"] {
        assert!(!answers.contains(other), "{answers}");
    }
}

#[test]
fn a_signal_that_ends_it_leaves_the_terminal_as_it_was() {
    for (signal, code) in [("-TERM", 143), ("-QUIT", 131)] {
        let service = Service::start();
        let mut terminal = started(&service);
        assert!(!terminal.echoes());
        terminal.signal(signal);
        terminal.ends().exits_with(code);
        assert!(terminal.echoes(), "{signal}");
    }
}
