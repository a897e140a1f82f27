//! Calls of tools that no result answers.

use std::collections::HashSet;

use crate::{ChatRequest, Message, Role, ToolCall};

impl ChatRequest {
    /// Answers each tool call of the conversation that has no result, with `result`.
    ///
    /// The service refuses a conversation with an unanswered call, such as one that was saved before
    /// its tool was run. The results of an assistant message are the tool messages right behind it; an
    /// answer is put behind them. Calls without an id are left alone.
    ///
    /// ```
    /// use qwen_openclaw_transport::{ChatRequest, Message, ToolCall};
    ///
    /// let mut called = Message::assistant("");
    /// called.tool_calls.push(ToolCall::new("call_1", "get_weather", "{}"));
    /// let request = ChatRequest::new("qwen3.5-plus")
    ///     .user("Weather?")
    ///     .message(called)
    ///     .user("Never mind.")
    ///     .answer_open_calls("The tool was not run.");
    /// assert_eq!(request.messages[2], Message::tool("call_1", "The tool was not run."));
    /// ```
    pub fn answer_open_calls(mut self, result: &str) -> Self {
        let mut answered: Vec<Message> = Vec::with_capacity(self.messages.len());
        let mut open: Vec<String> = Vec::new();
        for message in self.messages {
            if message.role == Role::Tool {
                open.retain(|id| message.tool_call_id.as_ref() != Some(id));
            } else {
                answered.extend(open.drain(..).map(|id| Message::tool(id, result)));
                open = ids(&message.tool_calls);
            }
            answered.push(message);
        }
        answered.extend(open.drain(..).map(|id| Message::tool(id, result)));
        self.messages = answered;
        self
    }
}

/// The ids of calls, each once.
fn ids(calls: &[ToolCall]) -> Vec<String> {
    let mut seen = HashSet::new();
    let ids = calls.iter().map(ToolCall::id);
    ids.filter(|id| !id.is_empty() && seen.insert(*id))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(ids: &[&str]) -> Message {
        let mut message = Message::assistant("");
        let calls = ids.iter().map(|id| ToolCall::new(*id, "get", "{}"));
        message.tool_calls = calls.collect();
        message
    }

    #[track_caller]
    fn check(messages: Vec<Message>, expect: Vec<Message>) {
        let request = ChatRequest::new("m").messages(messages);
        let answered = request.answer_open_calls("none");
        assert_eq!(answered.messages, expect);
        // Nothing is left to answer.
        assert_eq!(answered.clone().answer_open_calls("again"), answered);
    }

    #[test]
    fn a_call_without_a_result_gets_one() {
        let (user, result) = (Message::user("a"), |id| Message::tool(id, "7"));
        let none = |id| Message::tool(id, "none");
        check(
            vec![
                user.clone(),
                calls(&["1", "2", "3"]),
                result("2"),
                user.clone(),
            ],
            vec![
                user.clone(),
                calls(&["1", "2", "3"]),
                result("2"),
                none("1"),
                none("3"),
                user.clone(),
            ],
        );
        // At the end, and where the next message calls again.
        check(
            vec![calls(&["1"]), calls(&["2"])],
            vec![calls(&["1"]), none("1"), calls(&["2"]), none("2")],
        );
    }

    #[test]
    fn answered_calls_and_calls_without_an_id_stay() {
        let messages = vec![
            Message::user("a"),
            calls(&["1", "1", ""]),
            Message::tool("1", "7"),
            Message::assistant("b"),
        ];
        check(messages.clone(), messages);
        check(Vec::new(), Vec::new());
    }
}
