//! How an answer looks: what is said while it is awaited, reasoning, and Markdown.

use std::time::Duration;

use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule, Reply};

use crate::{
    pty::{CTRL_C, OnTerminal, Terminal},
    run::{Qwen, Service},
};

const ASK: [&str; 5] = ["chat", "-m", "qwen3-coder-plus", "--no-usage", "hi"];

/// An answer with some of everything.
const MARKDOWN: &str = "# Rust 与 Go\n\nBoth are **fast**; *Rust* has no collector, and `Box` owns what it \
points to. See [the book](https://doc.rust-lang.org/book/) for more.\n\n- one\n  1. 内存安全是它的目标，\
不需要垃圾回收器，因此运行时的开销很小，程序也容易预测。\n- two\n\n> A quotation\n\n```rust\nfn main() {\n    \
println!(\"**not bold**\");\n}\n```\n\n| Language | 内存 | Year |\n|---|:-:|--:|\n| Rust | 所有权 | 2015 |\n\
| `Go` | GC | 2009 |\n\nThat is all.";

/// A service whose answer is `text`, in pieces, after some reasoning.
fn answering(reasoning: &str, text: &str) -> Service {
    let event = |field: &str, text: &str| {
        let delta = serde_json::json!({ field: text });
        serde_json::json!({ "choices": [{ "index": 0, "delta": delta }] }).to_string()
    };
    let mut reply = Reply::event_stream();
    if !reasoning.is_empty() {
        reply = reply.event(event("reasoning_content", reasoning));
    }
    let letters: Vec<char> = text.chars().collect();
    for piece in letters.chunks(7) {
        reply = reply.event(event("content", &piece.iter().collect::<String>()));
    }
    let reply = reply
        .event(r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#)
        .done();
    Service::with(Emulator::builder().script(reply))
}

/// A service with a fault, the first time it is asked.
fn faulty(fault: Fault) -> Service {
    Service::with(Emulator::builder().fault(FaultRule::new(fault).times(1)))
}

fn throttled() -> Fault {
    Fault::new(FaultKind::LimitRequests).retry_after("1")
}

fn asked(service: &Service, flags: &[&str]) -> OnTerminal {
    OnTerminal::new(&[&ASK[..], flags].concat()).at(service)
}

/// The screen once the command has ended.
fn screen(mut terminal: Terminal) -> String {
    terminal.ends().exits_with(0);
    let rows = terminal.rows();
    rows.join("\n").trim_end().to_owned()
}

#[test]
fn markdown_of_80_columns() {
    let service = answering("", MARKDOWN);
    let terminal = asked(&service, &[]).size(40, 80).start();
    insta::assert_snapshot!("markdown-80", screen(terminal));
}

#[test]
fn markdown_of_200_columns() {
    let service = answering("", MARKDOWN);
    let terminal = asked(&service, &[]).size(40, 200).start();
    insta::assert_snapshot!("markdown-200", screen(terminal));
}

#[test]
fn markdown_without_colors_keeps_its_marks() {
    let service = answering("", MARKDOWN);
    let mut terminal = asked(&service, &[])
        .env("NO_COLOR", "1")
        .size(40, 80)
        .start();
    let ran = terminal.ends().exits_with(0);
    assert!(!ran.stdout.contains('\u{1b}'), "{:?}", ran.stdout);
    assert!(ran.stdout.contains("Both are **fast**"), "{}", ran.stdout);
    assert!(ran.stdout.contains("│ Year"), "{}", ran.stdout);
}

#[test]
fn what_is_not_rendered_is_what_the_model_wrote() {
    let raw = format!("{MARKDOWN}\n");
    // Where a person does not read it on a terminal.
    for (flags, variable) in [
        (&[][..], ("CLICOLOR_FORCE", "1")),
        (&["--raw"], ("TERM", "xterm")),
    ] {
        let service = answering("", MARKDOWN);
        let arguments = [&ASK[..], flags].concat();
        let (name, value) = variable;
        let ran = Qwen::new(&arguments).at(&service).env(name, value).run();
        assert_eq!(ran.exits_with(0).stdout, raw);
    }
    // Or does not want it to be.
    for (flags, term) in [(&["--raw"][..], "xterm"), (&[], "dumb")] {
        let service = answering("", MARKDOWN);
        let mut terminal = asked(&service, flags).env("TERM", term).start();
        let ran = terminal.ends().exits_with(0);
        assert_eq!(ran.stdout, raw.replace('\n', "\r\n"));
    }
}

#[test]
fn json_is_not_rendered() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema.json");
    std::fs::write(&schema, r#"{"type":"object"}"#).unwrap();
    let json = r#"{"note": "**bold** and `code`"}"#;
    let service = answering("", json);
    let flags = ["--json-schema", schema.to_str().unwrap()];
    let mut terminal = asked(&service, &flags).start();
    let ran = terminal.ends().exits_with(0);
    assert!(ran.stdout.contains(json), "{}", ran.stdout);
}

#[test]
fn a_blank_line_is_between_reasoning_and_answer() {
    let service = answering("Let me see.\n", "Yes.");
    assert_eq!(screen(asked(&service, &[]).start()), "Let me see.\n\nYes.");
    let service = answering("Let me see.\n", "Yes.");
    let terminal = asked(&service, &["--reasoning", "hide"]).start();
    assert_eq!(screen(terminal), "Yes.");
}

#[test]
fn colors_are_forced_where_no_terminal_is() {
    let service = answering("Let me see.", "Yes.");
    let ran = Qwen::new(&ASK)
        .at(&service)
        .env("CLICOLOR_FORCE", "1")
        .run();
    let ran = ran.exits_with(0);
    assert_eq!(ran.stderr, "\u{1b}[2mLet me see.\u{1b}[0m\n");
    let service = answering("Let me see.", "Yes.");
    let ran = Qwen::new(&ASK).at(&service).run().exits_with(0);
    assert_eq!(ran.stderr, "Let me see.\n");
}

/// `chat | less`: standard output is a pipe, the terminal is on standard error.
fn piped(service: &Service, flags: &[&str]) -> (OnTerminal, std::io::PipeReader) {
    let (reader, writer) = std::io::pipe().unwrap();
    let file = std::fs::File::from(std::os::fd::OwnedFd::from(writer));
    (asked(service, flags).stdout(file), reader)
}

#[test]
fn nothing_is_written_over_a_pager() {
    for (service, flags, shown) in [
        (answering("Let me see.", "Yes."), &[][..], ""),
        (
            answering("Let me see.", "Yes."),
            &["--reasoning", "show"],
            "Let me see.",
        ),
        (faulty(throttled()), &[], ""),
    ] {
        let (terminal, mut reader) = piped(&service, flags);
        let mut terminal = terminal.start();
        terminal.ends().exits_with(0);
        assert_eq!(terminal.screen().trim(), shown);
        let mut text = String::new();
        drop(terminal);
        std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
        assert!(!text.is_empty() && !text.contains('\u{1b}'), "{text:?}");
    }
}

#[test]
fn what_is_awaited_is_said_and_leaves_nothing() {
    let service = faulty(throttled());
    let mut terminal = asked(&service, &[]).start();
    terminal.shows(" s: too many requests · ");
    assert!(terminal.screen().contains("sent again in "));
    let shown = screen(terminal);
    assert!(shown.starts_with("Hello!"), "{shown:?}");
    assert!(!shown.contains("too many"), "{shown}");
}

#[test]
fn a_service_that_does_not_answer_is_waited_for_until_ctrl_c() {
    let service = faulty(Fault::new(FaultKind::HeadersStall));
    let mut terminal = asked(&service, &[]).start();
    terminal.shows("connecting · ").types(CTRL_C);
    terminal.ends().exits_with(130);
    assert_eq!(terminal.screen().replace("^C", "").trim(), "");
}

#[test]
fn hidden_reasoning_is_thinking() {
    let reasoning = r#"{"choices":[{"index":0,"delta":{"reasoning_content":"Hm."}}]}"#;
    let content = r#"{"choices":[{"index":0,"delta":{"content":"Yes."},"finish_reason":"stop"}]}"#;
    let reply = Reply::event_stream()
        .event(reasoning)
        .pause(Duration::from_secs(2))
        .event(content)
        .done();
    let service = Service::with(Emulator::builder().script(reply));
    let mut terminal = asked(&service, &["--reasoning", "hide"]).start();
    terminal.shows("thinking · ");
    assert_eq!(screen(terminal), "Yes.");
}

#[test]
fn a_description_is_awaited_too() {
    let service = faulty(throttled());
    let image = "https://example.com/a.png";
    let mut terminal = OnTerminal::new(&["describe", image]).at(&service).start();
    terminal.shows(" s: too many requests · ");
    assert!(!screen(terminal).contains("too many"));
}

#[test]
fn a_dumb_terminal_and_a_pipe_get_nothing_of_it() {
    let service = faulty(throttled());
    let mut terminal = asked(&service, &[]).env("TERM", "dumb").start();
    let ran = terminal.ends().exits_with(0);
    assert!(!ran.stdout.contains("sent again"), "{}", ran.stdout);
    assert!(!ran.stdout.contains('\u{1b}'), "{:?}", ran.stdout);
    let service = faulty(throttled());
    let ran = Qwen::new(&ASK).at(&service).run().exits_with(0);
    assert_eq!(ran.stderr, "");
}
