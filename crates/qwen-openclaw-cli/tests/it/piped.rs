//! What is piped into `chat`, the words of its prompt, and a question without a command.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::Stdio,
};

use crate::run::{Qwen, Ran, Service};

const MODEL: &str = "qwen3-coder-plus";

/// What the last request asked.
fn asked(service: &Service) -> String {
    let requests = service.requests();
    let sent = requests.last().unwrap().json();
    let messages = sent["messages"].as_array().unwrap();
    messages.last().unwrap()["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn what_is_piped_in_goes_before_the_prompt() {
    for (flags, piped, prompt) in [
        (
            &["summarize", "this"][..],
            "the notes\n\n",
            "the notes\n\nsummarize this",
        ),
        // Nothing is added by nothing.
        (&["2+2?"], "", "2+2?"),
        (&["2+2?"], " \n", "2+2?"),
        (&["--no-stdin", "2+2?"], "the notes", "2+2?"),
        (&["-"], "the notes\n", "the notes\n"),
        (&[], "the notes\n", "the notes\n"),
    ] {
        let service = Service::start();
        let arguments = [&["chat", "-m", MODEL], flags].concat();
        Qwen::new(&arguments)
            .at(&service)
            .stdin(piped)
            .run()
            .exits_with(0);
        assert_eq!(asked(&service), prompt, "{flags:?}");
    }
}

#[test]
fn a_file_is_read_as_a_pipe_is() {
    let service = Service::start();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "the file\n").unwrap();
    let (mut command, _home) = Qwen::new(&["chat", "-m", MODEL, "summarize"])
        .at(&service)
        .command();
    command.stdin(std::fs::File::open(file.path()).unwrap());
    Ran::of(command.output().unwrap()).exits_with(0);
    assert_eq!(asked(&service), "the file\n\nsummarize");
}

#[test]
fn a_pipe_that_stays_empty_is_said() {
    let service = Service::start();
    let (mut command, _home) = Qwen::new(&["chat", "-m", MODEL, "summarize"])
        .at(&service)
        .command();
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut note = String::new();
    stderr.read_line(&mut note).unwrap();
    assert_eq!(
        note,
        "reading standard input ... (Ctrl-C ends, `--no-stdin` does not read it)\n"
    );
    assert!(service.requests().is_empty());
    child.stdin.take().unwrap().write_all(b"late").unwrap();
    stderr.read_to_string(&mut note).unwrap();
    assert!(child.wait().unwrap().success(), "{note}");
    assert_eq!(asked(&service), "late\n\nsummarize");
}

#[test]
fn input_that_cannot_be_a_prompt_is_refused_before_anything_is_sent() {
    let service = Service::start();
    let run = |flags: &[&str], piped: &[u8]| {
        let arguments = [&["chat", "-m", MODEL], flags].concat();
        let (mut command, _home) = Qwen::new(&arguments).at(&service).command();
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(piped);
        Ran::of(child.wait_with_output().unwrap()).exits_with(2)
    };
    run(&["look"], b"abc\xff\xd8")
        .says("error: standard input is not UTF-8 text: see byte 4\n")
        .says("chat --image FILE");
    run(&["look"], &vec![b'a'; (16 << 20) + 1])
        .says("error: standard input is larger than 16 MiB, which no model accepts\n");
    run(&[], b" \n").says("error: the prompt is empty\n");
    run(&["--no-stdin"], b"x").says("error: there is no prompt\n");
    run(&["--no-stdin", "-"], b"x").says("error: the prompt cannot be standard input");
    assert!(service.requests().is_empty());
}

#[test]
fn a_question_needs_no_command() {
    let service = Service::start();
    Qwen::new(&["What is 6*7?", "-m", MODEL])
        .at(&service)
        .run()
        .exits_with(0);
    assert_eq!(asked(&service), "What is 6*7?");
    Qwen::new(&["-m", MODEL, "--json", "What is 6*8?", "and", "more"])
        .at(&service)
        .run()
        .exits_with(0)
        .json();
    assert_eq!(asked(&service), "What is 6*8? and more");
}

#[test]
fn a_word_is_never_a_question() {
    let service = Service::start();
    for (arguments, hint) in [
        (&["chatt"][..], "hint: did you mean `qwen-openclaw chat`?"),
        (
            &["modles", "list of them"],
            "hint: did you mean `qwen-openclaw models`?",
        ),
        (&["xyzzy"], "hint: the commands are "),
    ] {
        let ran = Qwen::new(arguments).at(&service).run().exits_with(2);
        ran.says("error: there is no command `").says(hint);
    }
    assert!(service.requests().is_empty());
}
