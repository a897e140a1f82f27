//! A prompt in tokens: as many as [`Prompt::measure`](super::usage::Prompt::measure) counts.

use super::{
    media,
    request::{ChatRequest, Message},
    tokens,
};

/// Cuts a prompt into tokens, in ChatML. What stands for a medium is repeated for each token of it.
pub(crate) fn tokenize(request: &ChatRequest) -> Vec<String> {
    let mut all = Vec::new();
    for tool in &request.tools {
        let function = &tool.function;
        let parameters = function.parameters.to_string();
        for text in [&function.name, &function.description, &parameters] {
            add(&mut all, text);
        }
    }
    for message in &request.messages {
        frame(&mut all, message);
    }
    all.extend(["<|im_start|>", "assistant", "\n"].map(str::to_owned));
    all
}

fn frame(all: &mut Vec<String>, message: &Message) {
    all.extend(["<|im_start|>", &message.role, "\n"].map(str::to_owned));
    add(all, &message.text());
    add(all, &message.reasoning_content);
    for call in &message.tool_calls {
        add(all, &call.to_string());
    }
    for medium in message.parts().iter().flat_map(media::of) {
        let tokens = medium.tokens();
        for (name, count) in [
            ("<|image_pad|>", tokens.image),
            ("<|video_pad|>", tokens.video),
            ("<|audio_pad|>", tokens.audio),
        ] {
            all.extend(std::iter::repeat_n(name.to_owned(), count));
        }
    }
    all.push("<|im_end|>".to_owned());
}

fn add(all: &mut Vec<String>, text: &str) {
    all.extend(tokens::split(text).into_iter().map(str::to_owned));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::usage::Prompt, *};
    use crate::models::Models;

    #[test]
    fn as_many_as_a_prompt_counts() {
        let mut models = Models::default();
        models.add("m".to_owned());
        let model = models.any().unwrap();
        let request = ChatRequest::from_json(json!({
            "model": "m",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"text": "What is 你好?"},
                    {"image_url": "https://a.example/b.png"}, {"video": "https://a.example/c"},
                    {"input_audio": {"data": "https://a.example/d"}}]},
                {"role": "assistant", "content": "", "reasoning_content": "Hm.",
                    "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "1", "content": "12"},
            ],
            "tools": [{"function": {"name": "f", "description": "does", "parameters": {}}}],
        }))
        .unwrap();
        let tokens = tokenize(&request);
        assert_eq!(tokens.len(), Prompt::measure(&request, model).tokens);
        assert_eq!(tokens[..3], ["f", "does", "{"]);
    }
}
