//! The tour of Qwen4 by the command: a conversation in a file keeps the model's encrypted reasoning
//! from run to run.

use std::path::{Path, PathBuf};

use qwen_openclaw_emulator::{Emulator, EncryptedDelivery, FaultKind, FaultRule};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::{Qwen, Ran, Service};

/// A conversation in a file, and the file of the tools that go with it.
struct Talk {
    folder: TempDir,
}

impl Talk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tools = json!([{"type": "function", "function": {"name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}},
                "required": ["city"]}}}]);
        std::fs::write(folder.path().join("tools.json"), tools.to_string()).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Asks the next question, in a run of its own.
    fn ask(&self, service: &Service, more: &[&str], prompt: &str) -> Ran {
        let (talk, tools) = (self.path("talk.json"), self.path("tools.json"));
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let (talk, tools) = (text(&talk), text(&tools));
        let arguments = ["chat", "-m", "qwen4-max", "--session", &talk];
        let arguments = [&arguments[..], &["--tools", &tools], more, &[prompt]].concat();
        Qwen::new(&arguments).at(service).run()
    }

    fn read(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path("talk.json")).unwrap()).unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Value>)) {
        let mut talk = self.read();
        change(talk["messages"].as_array_mut().unwrap());
        std::fs::write(self.path("talk.json"), talk.to_string()).unwrap();
    }

    /// Adds the result of the call that the last reply made.
    fn answer_call(&self, result: &str) {
        self.change(|messages| {
            let call = &messages.last().unwrap()["tool_calls"][0];
            assert_eq!(call["function"]["name"], "get_weather");
            let id = call["id"].clone();
            messages.push(json!({"role": "tool", "tool_call_id": id, "content": result}));
        });
    }

    /// Three questions and a tool call.
    fn tour(&self, service: &Service) {
        self.ask(service, &[], "What is 2+2?").exits_with(0);
        let called = self.ask(service, &[], "Weather in Kyiv?").exits_with(0);
        assert!(called.stdout.contains("get_weather {"), "{}", called.stdout);
        self.answer_call("12 C");
        let json = self
            .ask(service, &["--json"], "Is that warm?")
            .exits_with(0);
        assert!(json.json()["encrypted_content"].is_string());
    }
}

#[test]
fn a_saved_conversation_keeps_the_reasoning() {
    for (delivery, unary) in [
        (EncryptedDelivery::AfterReasoning, false),
        (EncryptedDelivery::InPieces, false),
        (EncryptedDelivery::WithLastDelta, false),
        (EncryptedDelivery::AfterReasoning, true),
    ] {
        let service = Service::with(Emulator::builder().encrypted_content(delivery));
        if unary {
            service
                .emulator
                .fault(FaultRule::new(FaultKind::JsonInsteadOfStream).times(2));
        }
        // Every other request is refused if its history has lost or changed a ciphertext.
        service.emulator.fault(FaultKind::ReasoningLost);
        let talk = Talk::new();
        talk.tour(&service);

        let kept = talk.read();
        let messages = kept["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 7);
        let requests = service.requests();
        let last = requests.last().unwrap().json();
        assert_eq!(last["messages"], json!(messages[..6]));
        let replies = messages.iter().filter(|m| m["role"] == "assistant");
        for reply in replies {
            assert!(reply["reasoning_content"].is_string(), "{reply}");
            assert!(reply["encrypted_content"].is_string(), "{reply}");
        }
    }
}

#[test]
fn a_file_that_lost_or_changed_a_ciphertext_is_refused() {
    let service = Service::with(Emulator::builder().fault(FaultKind::ReasoningLost));
    let talk = Talk::new();
    talk.tour(&service);
    let honest = talk.read();
    for at in [1, 3, 6] {
        let lost = |messages: &mut Vec<Value>| {
            let message = messages[at].as_object_mut().unwrap();
            message.remove("encrypted_content");
        };
        talk.change(lost);
        let ran = talk.ask(&service, &[], "And tomorrow?").exits_with(4);
        ran.says(&format!("encrypted_content is missing - 'messages.{at}'"));

        let file = talk.path("talk.json");
        std::fs::write(&file, honest.to_string()).unwrap();
        talk.change(|messages| messages[at]["encrypted_content"] = json!("gAAAAABchanged"));
        let ran = talk.ask(&service, &[], "And tomorrow?").exits_with(4);
        ran.says("does not belong to this turn");
        std::fs::write(&file, honest.to_string()).unwrap();
    }
    talk.ask(&service, &[], "And tomorrow?").exits_with(0);
}
