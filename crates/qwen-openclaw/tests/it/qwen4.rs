//! The tour of Qwen4: its reasoning comes as a summary and a ciphertext, and each ciphertext goes
//! back with its turn, byte for byte, through tool calls and a saved conversation.

use qwen_openclaw::{
    Error, ErrorKind, Qwen,
    chat::{Message, Role, Tool, Tools},
};
use qwen_openclaw_emulator::{Emulator, EncryptedDelivery, FaultKind, FaultRule};
use serde_json::{Value, json};

/// How a turn goes: the question, the model's call, the result of the tool, the answer.
const TURN: [Role; 4] = [Role::User, Role::Assistant, Role::Tool, Role::Assistant];

fn client(emulator: &Emulator) -> Qwen {
    let builder = Qwen::builder().base_url(emulator.base_url());
    builder.api_key("sk-test").build().unwrap()
}

/// Continues a conversation by one question, for which the model looks up the weather. Returns the
/// whole conversation.
async fn ask(qwen: &Qwen, history: Vec<Message>, question: &str) -> Result<Vec<Message>, Error> {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}},
        "required": ["city"]});
    let tools = Tools::new().tool(
        Tool::new("get_weather", "Looks up the weather", schema),
        |_: Value| async { Ok::<_, String>("12 C".to_owned()) },
    );
    let chat = qwen.chat("qwen/qwen4-max").messages(history).user(question);
    let mut conversation = chat.run_tools(&tools).await?;
    conversation.finish().await?;
    Ok(conversation.messages().to_vec())
}

/// Two turns, saved and loaded by another client, which adds a third.
async fn tour(emulator: &Emulator) -> Result<Vec<Message>, Error> {
    let qwen = client(emulator);
    let history = ask(&qwen, Vec::new(), "Weather in Kyiv?").await?;
    let history = ask(&qwen, history, "Weather in Lima?").await?;
    let saved = serde_json::to_string(&history).unwrap();
    drop((qwen, history));

    let loaded = serde_json::from_str(&saved).unwrap();
    ask(&client(emulator), loaded, "Weather in Ulm?").await
}

#[tokio::test]
async fn an_honest_history_keeps_the_reasoning() {
    for (delivery, unary) in [
        (EncryptedDelivery::AfterReasoning, false),
        (EncryptedDelivery::InPieces, false),
        (EncryptedDelivery::WithLastDelta, false),
        (EncryptedDelivery::AfterReasoning, true),
    ] {
        let emulator = Emulator::builder().encrypted_content(delivery);
        let emulator = emulator.start().await.unwrap();
        if unary {
            // One JSON document for each request of the first two turns.
            emulator.fault(FaultRule::new(FaultKind::JsonInsteadOfStream).times(4));
        }
        // Every other request is refused if its history has lost or changed a ciphertext.
        emulator.fault(FaultKind::ReasoningLost);

        let history = tour(&emulator).await.unwrap();
        let roles: Vec<_> = history.iter().map(|message| message.role.clone()).collect();
        assert_eq!(roles, [TURN; 3].concat());
        for message in history.iter().filter(|m| m.role == Role::Assistant) {
            let summary = message.reasoning_content.as_deref().unwrap();
            assert!(summary.starts_with("Reads the prompt"), "{summary}");
            assert!(message.encrypted_content.as_ref().unwrap().len() > 200);
        }

        // Every request asked for both, and the last one sent back all that there was.
        let requests = emulator.requests();
        assert_eq!(requests.len(), 6);
        for body in requests.iter().map(|request| request.json()) {
            assert_eq!(body["thinking_display"], "summarized");
            assert_eq!(body["preserve_thinking"], true);
        }
        let sent = &requests[5].json()["messages"];
        assert_eq!(*sent, serde_json::to_value(&history[..11]).unwrap());
    }
}

#[tokio::test]
async fn a_history_that_lost_or_changed_a_ciphertext_is_refused() {
    let emulator = Emulator::start().await.unwrap();
    emulator.fault(FaultKind::ReasoningLost);
    let qwen = client(&emulator);
    let honest = tour(&emulator).await.unwrap();
    let replies = (0..honest.len()).filter(|&at| honest[at].role == Role::Assistant);
    for at in replies {
        let own = honest[at].encrypted_content.clone().unwrap();
        let other = honest[honest.len() - at].encrypted_content.clone();
        for (changed, problem) in [
            (None, "is missing"),
            (Some(own[1..].to_owned()), "does not belong to this turn"),
            (Some(own + "A"), "does not belong to this turn"),
            (other, "does not belong to this turn"),
        ] {
            let mut history = honest.clone();
            history[at].encrypted_content = changed;
            let refused = ask(&qwen, history, "Weather in Bonn?").await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
            let message = refused.to_string();
            assert!(message.contains(problem), "{at}: {message}");
            assert!(message.contains(&format!("'messages.{at}'")), "{message}");
        }
    }
    ask(&qwen, honest, "Weather in Bonn?").await.unwrap();
}
