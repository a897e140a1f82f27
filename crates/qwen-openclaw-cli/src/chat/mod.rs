//! `chat`: one question and its answer, or a conversation.

mod answer;
pub(crate) mod args;
mod conversation;
mod note;
mod question;
mod request;
mod usage_line;

pub(crate) use self::request::media_at;

use std::io::{IsTerminal, Read};

use qwen_openclaw::{
    Chat, Qwen, Route,
    catalog::ModelRef,
    chat::{ChatRequest, RequestNote, unchecked_keywords},
};
use qwen_openclaw_emulator::Emulator;

use crate::{
    block_on, connect::warn_about, failure::Failure, interrupt::Interrupt, output,
    session::Conversation, settings::Settings,
};

/// Largest prompt read from standard input; no model accepts more.
const LARGEST_PROMPT: u64 = 16 << 20;

pub(crate) fn run(arguments: args::Chat) -> Result<(), Failure> {
    let from_stdin = arguments.prompt.as_deref() == Some("-");
    if from_stdin && arguments.connection.api_key_stdin {
        return Err(Failure::usage(
            "standard input cannot be both the prompt (`-`) and the key (--api-key-stdin)",
        ));
    }
    let body = arguments.request.body.as_deref();
    let body: Option<ChatRequest> = body.map(request::json_file).transpose()?;
    let mut settings = arguments.connection.settings()?;
    if arguments.emulator {
        settings = settings.emulated();
    }
    let own = body.as_ref().map(|body| &*body.model);
    let own = own.filter(|model| !model.is_empty());
    let model = match &arguments.agent {
        Some(agent) => settings.model_of_agent(agent)?,
        None => settings.model(arguments.model.as_deref().or(own))?,
    };
    let terminal = std::io::stdin().is_terminal();
    let prompt = match &arguments.prompt {
        Some(prompt) if !from_stdin => Some(prompt.clone()),
        // The body has its own messages.
        None if body.is_some() => Some(String::new()),
        None if terminal => None,
        None if arguments.connection.api_key_stdin => {
            return Err(Failure::usage(
                "there is no prompt: standard input is used for the key",
            ));
        }
        _ => Some(prompt_from_stdin()?),
    };
    let empty = |prompt: &String| prompt.trim().is_empty();
    if prompt.as_ref().is_some_and(empty) && (body.is_none() || arguments.prompt.is_some()) {
        return Err(Failure::usage("the prompt is empty"));
    }
    if prompt.is_none() && arguments.json.is_some() {
        return Err(Failure::usage("--json requires a prompt"));
    }
    block_on(async {
        let continues = prompt.is_none() || arguments.request.session.is_some();
        let session = Session {
            continues,
            ..Session::open(arguments, settings, model, body).await?
        };
        match prompt {
            Some(prompt) => session.answer(prompt).await,
            None => session.converse().await,
        }
    })
}

fn prompt_from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin()
        .take(LARGEST_PROMPT + 1)
        .read_to_string(&mut text);
    read.map_err(|error| Failure::usage(format!("could not read the prompt: {error}")))?;
    if text.len() as u64 > LARGEST_PROMPT {
        return Err(Failure::usage(format!(
            "the prompt is larger than {LARGEST_PROMPT} bytes"
        )));
    }
    Ok(text)
}

/// A client, and everything the flags say about its requests.
struct Session {
    arguments: args::Chat,
    settings: Settings,
    qwen: Qwen,
    model: ModelRef,
    /// What the flags add to the prompt, read before anything is sent.
    extras: request::Extras,
    /// What the request starts from.
    body: Option<ChatRequest>,
    /// Whether a reply is sent back with the next prompt.
    continues: bool,
    /// What was said about the requests so far.
    said: Vec<RequestNote>,
    conversation: Conversation,
    interrupt: Interrupt,
    /// Stops when the session is dropped.
    _emulator: Option<Emulator>,
}

impl Session {
    async fn open(
        arguments: args::Chat,
        settings: Settings,
        model: ModelRef,
        body: Option<ChatRequest>,
    ) -> Result<Self, Failure> {
        let interrupt = Interrupt::listen()?;
        let extras = request::Extras::read(&arguments.request, settings.usable_config())?;
        let conversation = Conversation::open(arguments.request.session.as_deref())?;
        let (emulator, mut builder) = settings.open(&model.provider).await?;
        if arguments.no_usage {
            builder = builder.usage(false);
        }
        let qwen = builder.build()?;
        Ok(Self {
            arguments,
            settings,
            qwen,
            model,
            extras,
            body,
            continues: false,
            said: Vec::new(),
            conversation,
            interrupt,
            _emulator: emulator,
        })
    }

    /// Warns about the route and the schema, once per model rather than on every turn.
    async fn warn(&self) -> Result<(), Failure> {
        warn_about(&self.route().await?);
        if let Some(schema) = self.extras.schema() {
            let unchecked = unchecked_keywords(schema);
            if !unchecked.is_empty() {
                let keywords = unchecked.join(", ");
                output::note(&format!("note: not checked of the schema: {keywords}"));
            }
        }
        Ok(())
    }

    /// Where the requests go.
    async fn route(&self) -> Result<Route, Failure> {
        Ok(self.qwen.route(&self.model.to_string()).await?)
    }

    /// A request that continues the conversation.
    fn chat(&self, prompt: &str) -> Chat {
        let mut chat = self.qwen.chat(self.model.to_string());
        if let Some(body) = &self.body {
            chat = chat.with(|_| body.clone());
        }
        if self.continues {
            chat = chat.conversation();
        }
        if let Some(system) = &self.arguments.system {
            chat = chat.system(system);
        }
        if let Some(tokens) = self.arguments.max_tokens {
            chat = chat.max_tokens(tokens);
        }
        if let Some(temperature) = self.arguments.temperature {
            chat = chat.temperature(temperature);
        }
        if self.arguments.force {
            chat = chat.force();
        }
        let chat = chat.messages(self.conversation.messages().iter().cloned());
        chat.with(|request| self.extras.add_to(request, prompt))
    }
}
