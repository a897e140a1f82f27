//! `chat --session`: nothing of a conversation is lost, whoever uses its file.

use std::path::{Path, PathBuf};

use qwen_openclaw_emulator::{Emulator, FaultKind};
use serde_json::Value;
use tempfile::TempDir;

use crate::run::{Qwen, Ran, Service};

const MODEL: &str = "qwen3.5-plus";

struct Talk(TempDir);

impl Talk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("talk.json")
    }

    fn ask(&self, service: &Service, flags: &[&str]) -> Ran {
        self.qwen(service, flags).run()
    }

    fn qwen(&self, service: &Service, flags: &[&str]) -> Qwen {
        let file = self.file();
        let arguments = ["chat", "-m", MODEL, "--session", file.to_str().unwrap()];
        Qwen::new(&[&arguments[..], flags].concat()).at(service)
    }

    fn messages(&self) -> Vec<Value> {
        let text = std::fs::read(self.file()).unwrap();
        let talk: Value = serde_json::from_slice(&text).unwrap();
        talk["messages"].as_array().unwrap().clone()
    }
}

fn last_request(service: &Service) -> Value {
    service.requests().last().unwrap().json()
}

#[test]
fn eight_processes_at_once_keep_eight_turns() {
    let service = Service::start();
    let talk = Talk::new();
    std::thread::scope(|scope| {
        for index in 0..8 {
            let (talk, service) = (&talk, &service);
            scope.spawn(move || {
                let prompt = format!("question {index}");
                talk.ask(service, &[&prompt]).exits_with(0);
            });
        }
    });
    let messages = talk.messages();
    assert_eq!(messages.len(), 16);
    for index in 0..8 {
        let question = format!("question {index}");
        let at = messages.iter().position(|m| m["content"] == *question);
        let answer = &messages[at.unwrap() + 1];
        assert_eq!(answer["role"], "assistant", "{index}");
    }
}

#[test]
fn a_system_prompt_belongs_to_the_conversation() {
    let service = Service::start();
    let talk = Talk::new();
    talk.ask(&service, &["--system", "Be brief.", "What is 2+2?"])
        .exits_with(0);
    talk.ask(&service, &["And 3+3?"]).exits_with(0);
    let sent = last_request(&service);
    let roles: Vec<&str> = sent["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["system", "user", "assistant", "user"]);
    assert_eq!(sent["messages"][0]["content"], "Be brief.");

    // Another one replaces it, for good.
    talk.ask(&service, &["--system", "Be long.", "And 4+4?"])
        .exits_with(0)
        .says("note: this replaces the system prompt");
    let ran = talk.ask(&service, &["And 5+5?"]).exits_with(0);
    assert!(!ran.stderr.contains("replaces"), "{}", ran.stderr);
    assert_eq!(last_request(&service)["messages"][0]["content"], "Be long.");
    assert_eq!(talk.messages().len(), 8);
}

/// The model's reasoning is bound to everything before it, the system prompt included.
#[test]
fn a_conversation_with_qwen4_goes_on_under_its_system_prompt() {
    let service = Service::with(Emulator::builder().fault(FaultKind::ReasoningLost));
    let talk = Talk::new();
    let model = ["-m", "qwen4-max"];
    let file = talk.file();
    let ask = |more: &[&str]| {
        let arguments = ["chat", "--session", file.to_str().unwrap()];
        let arguments = [&arguments[..], &model, more].concat();
        Qwen::new(&arguments).at(&service).run().exits_with(0)
    };
    ask(&["--system", "Be brief.", "What is 2+2?"]);
    ask(&["And 3+3?"]);
    ask(&["And 4+4?"]);
    assert_eq!(talk.messages().len(), 6);
}

#[test]
fn an_image_is_sent_once_and_the_model_is_told() {
    let service = Service::start();
    let talk = Talk::new();
    let image = talk.0.path().join("photo.png");
    std::fs::write(&image, b"\x89PNG\r\n\x1a\n and so on").unwrap();
    talk.ask(
        &service,
        &["--image", image.to_str().unwrap(), "Which animal?"],
    )
    .exits_with(0)
    .says("note: what is attached is sent and billed with this question alone");
    assert!(
        last_request(&service)
            .to_string()
            .contains("data:image/png")
    );
    let ran = talk.ask(&service, &["And which color?"]).exits_with(0);
    assert!(!ran.stderr.contains("attached"), "{}", ran.stderr);
    let sent = last_request(&service);
    assert!(!sent.to_string().contains("data:image"), "{sent}");
    assert_eq!(
        sent["messages"][0]["content"],
        "Which animal?\n\n[1 image file came with this message.]"
    );
}

#[test]
fn a_turn_is_saved_before_the_result_is_printed() {
    let service = Service::start();
    let talk = Talk::new();
    for format in ["--json", "--json=stream"] {
        talk.ask(&service, &["2+2?"]).exits_with(0);
        // The file is gone when it is to be saved: what was paid for is printed all the same.
        std::fs::write(talk.file(), "mine").unwrap();
        let refused = talk.ask(&service, &[format, "3+3?"]);
        refused.exits_with(2);
        std::fs::remove_file(talk.file()).unwrap();
    }
    // A reader that goes away costs no turn.
    #[cfg(target_os = "linux")]
    {
        let (mut command, _home) = talk.qwen(&service, &["--json", "4+4?"]).command();
        let full = std::fs::File::options().write(true).open("/dev/full");
        command.stdout(full.unwrap());
        Ran::of(command.output().unwrap())
            .exits_with(1)
            .says("error: could not write the output: No space left on device");
        assert_eq!(talk.messages().len(), 2);
    }
}

#[test]
fn a_file_that_cannot_be_saved_is_said_and_the_answer_stays() {
    let service = Service::with(Emulator::builder());
    let talk = Talk::new();
    std::fs::create_dir(talk.0.path().join(".talk.json.lock")).unwrap();
    let ran = talk.ask(&service, &["--json", "2+2?"]).exits_with(1);
    assert!(ran.json()["text"].as_str().unwrap().contains('4'));
    ran.says("error: could not save the conversation to ");
    assert!(!Path::new(&talk.file()).exists());
}

#[test]
fn a_call_that_was_not_answered_is_mended() {
    let service = Service::start();
    let talk = Talk::new();
    let tools = talk.0.path().join("tools.json");
    std::fs::write(&tools, crate::tools::WEATHER).unwrap();
    let ran = talk
        .ask(
            &service,
            &["--tools", tools.to_str().unwrap(), "Weather in Kyiv?"],
        )
        .exits_with(0);
    assert!(ran.stdout.starts_with("get_weather {"), "{}", ran.stdout);
    talk.ask(&service, &["Never mind. What is 2+2?"])
        .exits_with(0);
    let sent = last_request(&service);
    let messages = sent["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 4);
    assert_eq!(messages[2]["role"], "tool");
    assert_eq!(
        messages[2]["tool_call_id"],
        messages[1]["tool_calls"][0]["id"]
    );
    assert_eq!(
        messages[2]["content"],
        "error: there is no result, as the tool was not run"
    );
}
