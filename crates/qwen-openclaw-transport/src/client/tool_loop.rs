//! Lets a model call tools until it has its answer.

mod handlers;
mod join;

use std::{collections::HashSet, fmt, sync::Arc};

use crate::{
    ChatRequest, Client, Error, ErrorKind, Event, Message, Reply, StreamSource, ToolCall,
    ToolChoice, Usage, reply::tool_call::keep_ids_apart,
};

pub use self::handlers::{Json, ToolOutput, Tools};

/// How many requests a loop sends at most, unless it is told otherwise.
const ROUNDS: u32 = 8;

/// A conversation in which the model calls tools, whose results it is given, until it answers. Made
/// by [`Client::run_tools`].
///
/// A call of an unknown tool, arguments that do not fit, a handler that fails and one that panics
/// all become results that say so: the model reads them and goes on.
///
/// What has happened stays in the loop when [`finish`](Self::finish) fails or is dropped: the
/// rounds that were complete are in [`messages`](Self::messages) and [`usage`](Self::usage), and
/// another `finish` goes on from there.
#[must_use = "nothing is sent before `finish`"]
pub struct ToolLoop {
    source: Arc<dyn StreamSource>,
    request: ChatRequest,
    tools: Tools,
    limit: u32,
    salvage: bool,
    rounds: u32,
    usage: Option<Usage>,
}

impl Client {
    /// Starts a loop that answers the model's calls with `tools`, which are offered to it together
    /// with those of the request.
    ///
    /// ```no_run
    /// use qwen_openclaw_transport::{ChatRequest, Tool, Tools};
    /// use serde_json::{Value, json};
    ///
    /// # async fn run(client: qwen_openclaw_transport::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    /// let tools = Tools::new().tool(
    ///     Tool::new("get_weather", "Looks up the weather", schema),
    ///     |arguments: Value| async move {
    ///         let city = arguments["city"].as_str().ok_or("which city?")?;
    ///         Ok::<_, &str>(format!("Sunny in {city}"))
    ///     },
    /// );
    /// let request = ChatRequest::new("qwen3-coder-plus").user("Weather in Kyiv?");
    /// let reply = client.run_tools(request, &tools).finish().await?;
    /// println!("{}", reply.text());
    /// # Ok(())
    /// # }
    /// ```
    pub fn run_tools(&self, request: ChatRequest, tools: &Tools) -> ToolLoop {
        ToolLoop::new(Arc::new(self.clone()), request, tools)
    }
}

impl ToolLoop {
    /// Creates a loop like [`Client::run_tools`], whose requests `source` sends.
    pub fn new(source: Arc<dyn StreamSource>, request: ChatRequest, tools: &Tools) -> Self {
        Self {
            source,
            request: request.tools(tools.offered().cloned()).conversation(),
            tools: tools.clone(),
            limit: ROUNDS,
            salvage: false,
            rounds: 0,
            usage: None,
        }
    }

    /// Sets how many requests one [`finish`](Self::finish) sends at most. The default is 8.
    pub fn limit(mut self, rounds: u32) -> Self {
        self.limit = rounds;
        self
    }

    /// Takes calls that the model writes into its text or reasoning for calls; see
    /// [`Reply::read_text_tool_calls`]. By default they are text.
    pub fn salvage(mut self) -> Self {
        self.salvage = true;
        self
    }

    /// Goes on until the model answers without calling a tool, and returns that answer. Several
    /// calls of one reply are run at once.
    ///
    /// # Errors
    ///
    /// As [`Client::send`]; [`ErrorKind::ToolRounds`] when the limit is reached, with the last
    /// reply in [`Error::partial`]. [`Error::usage`] counts all rounds.
    pub async fn finish(&mut self) -> Result<Reply, Error> {
        self.finish_with(|_| {}).await
    }

    /// As [`finish`](Self::finish), and shows `each` event of all rounds as it arrives.
    ///
    /// # Errors
    ///
    /// As [`finish`](Self::finish).
    pub async fn finish_with(&mut self, mut each: impl FnMut(Event)) -> Result<Reply, Error> {
        let most = self.rounds.saturating_add(self.limit);
        loop {
            let (reply, broken) = self.ask(&mut each).await?;
            if reply.tool_calls().is_empty() {
                self.request.messages.push(Message::from(&reply));
                return Ok(reply);
            }
            if self.rounds >= most {
                let message = format!("the model still calls tools after {} rounds", self.limit);
                let error = Error::new(ErrorKind::ToolRounds, message).with_partial(reply);
                return Err(error.with_spent(self.usage.clone()));
            }
            self.answer(&reply, &broken).await;
        }
    }

    /// Adds a message, such as what the user says next.
    pub fn push(&mut self, message: impl Into<Message>) {
        self.request.messages.push(message.into());
    }

    /// Returns the conversation: the request's own messages, and those of each complete round.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.request.messages
    }

    /// Returns the tokens of all rounds together; `None` while the server has counted none.
    #[must_use]
    pub fn usage(&self) -> Option<&Usage> {
        self.usage.as_ref()
    }

    /// Returns how many requests were answered.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// Sends the conversation as it is; gives the reply, and the positions of those of its calls
    /// whose arguments are not a JSON object.
    async fn ask(&mut self, each: &mut impl FnMut(Event)) -> Result<(Reply, Vec<usize>), Error> {
        let mut reply = match self.stream(each).await {
            Ok(reply) => reply,
            Err(error) => {
                let mut partial = error.partial().cloned().unwrap_or_default();
                self.count(&partial);
                let whole = partial.finish_reason().is_some();
                if error.kind() != ErrorKind::ToolArguments || !whole {
                    return Err(error.with_spent(self.usage.clone()));
                }
                self.rounds += 1;
                let broken = mend(&mut partial);
                self.keep_ids_apart(&mut partial);
                return Ok((partial, broken));
            }
        };
        self.count(&reply);
        self.rounds += 1;
        if self.salvage {
            reply.read_text_tool_calls();
        }
        // What was cut off cannot be run.
        reply.tool_calls.retain(ToolCall::is_complete);
        self.keep_ids_apart(&mut reply);
        Ok((reply, Vec::new()))
    }

    /// A server that gives no ids may give none to its replies either, whose calls then have the same.
    fn keep_ids_apart(&self, reply: &mut Reply) {
        let calls = self.request.messages.iter().flat_map(|m| &m.tool_calls);
        let used: HashSet<&str> = calls.map(ToolCall::id).collect();
        keep_ids_apart(&mut reply.tool_calls, &used);
    }

    async fn stream(&self, each: &mut impl FnMut(Event)) -> Result<Reply, Error> {
        let mut stream = self.source.open(&self.request, None).await?;
        while let Some(event) = stream.next().await {
            each(event?);
        }
        stream.finish().await
    }

    fn count(&mut self, reply: &Reply) {
        if let Some(usage) = reply.usage() {
            *self.usage.get_or_insert_default() += usage;
        }
    }

    /// Runs the calls of `reply` at once and puts them, with their results, into the conversation.
    async fn answer(&mut self, reply: &Reply, broken: &[usize]) {
        let runs = reply.tool_calls().iter().enumerate().map(|(index, call)| {
            let run = (!broken.contains(&index)).then(|| self.tools.run(call));
            async move {
                let result = match run {
                    Some(run) => run.await,
                    None => handlers::error("the arguments were not a JSON object"),
                };
                Message::tool(call.id(), result)
            }
        });
        let results = join::all(runs).await;
        // Together, so that a loop that is dropped in between holds no call without its result.
        self.request.messages.push(Message::from(reply));
        self.request.messages.extend(results);
        if matches!(
            self.request.tool_choice,
            Some(ToolChoice::Required | ToolChoice::Function(_))
        ) {
            // Forced again and again, the model could never answer.
            self.request.tool_choice = Some(ToolChoice::Auto);
        }
    }
}

/// Makes the calls of a reply fit to be sent back; gives the positions of those that were not.
fn mend(reply: &mut Reply) -> Vec<usize> {
    let mut broken = Vec::new();
    for (index, call) in reply.tool_calls.iter_mut().enumerate() {
        if !call.complete {
            call.arguments = "{}".to_owned();
            call.complete = true;
            broken.push(index);
        }
    }
    broken
}

impl fmt::Debug for ToolLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolLoop")
            .field("model", &self.request.model)
            .field("tools", &self.tools)
            .field("rounds", &self.rounds)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
