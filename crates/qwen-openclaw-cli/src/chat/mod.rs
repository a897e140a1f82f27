//! `chat`: one question and its answer, or a conversation.

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
    routing::Attempt,
};
use qwen_openclaw_emulator::Emulator;

use crate::{
    block_on, connect::warn_about, failure::Failure, interrupt::Interrupt, output,
    session::Conversation, settings::Settings, state::State,
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
    let named = arguments.model.as_deref().or(own);
    let model = match &arguments.agent {
        Some(agent) => settings.model_of_agent(agent)?,
        None => settings.model(named)?,
    };
    let fallbacks = match &arguments.fallback[..] {
        [] if named.is_some() => Vec::new(),
        [] => settings.fallbacks(arguments.agent.as_deref(), &model)?,
        given => {
            let given = given.iter().map(|text| settings.model(Some(text)));
            let given = given.map(|model| Ok(model?.to_string()));
            given.collect::<Result<_, Failure>>()?
        }
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
        let mut session = Session {
            continues,
            ..Session::open(arguments, settings, model, fallbacks, body).await?
        };
        let Some(prompt) = prompt else {
            return session.converse().await;
        };
        let result = session.answer(prompt).await;
        session.close().await;
        result
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

/// Who answers a request, and what became of the others.
struct Who {
    model: String,
    route: Route,
    attempts: Vec<Attempt>,
}

/// A client, and everything the flags say about its requests.
struct Session {
    arguments: args::Chat,
    settings: Settings,
    qwen: Qwen,
    model: ModelRef,
    /// The models to ask if that one does not answer.
    fallbacks: Vec<String>,
    /// Usage, budgets and cooldowns.
    state: State,
    /// Who answers, and what became of the others, once something was sent.
    answered: Option<Who>,
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
        fallbacks: Vec<String>,
        body: Option<ChatRequest>,
    ) -> Result<Self, Failure> {
        let interrupt = Interrupt::listen()?;
        let extras = request::Extras::read(&arguments.request, settings.usable_config())?;
        let conversation = Conversation::open(arguments.request.session.as_deref())?;
        let (emulator, mut builder) = settings.open(&model.provider).await?;
        if arguments.no_usage {
            builder = builder.usage(false);
        }
        // What cannot be sent is better reported before anything is written.
        if fallbacks.is_empty() {
            let qwen = builder.clone().build()?;
            qwen.route(&model.to_string()).await?;
            qwen.client(&model.provider)?;
        }
        let state = State::for_requests(&settings.environment, arguments.emulator).await;
        let router = state.router()?.allow_plan_keys(arguments.allow_plan_keys);
        let qwen = builder.router(router.build()).build()?;
        Ok(Self {
            arguments,
            settings,
            qwen,
            model,
            fallbacks,
            state,
            answered: None,
            extras,
            body,
            continues: false,
            said: Vec::new(),
            conversation,
            interrupt,
            _emulator: emulator,
        })
    }

    /// Stores what was used.
    async fn close(self) {
        if let Some(router) = self.qwen.router() {
            self.state.close(router).await;
        }
    }

    /// Warns about the route and the schema, once per model rather than on every turn.
    async fn warn(&self) -> Result<(), Failure> {
        match self.route().await {
            Ok(route) => warn_about(&route),
            // Another model may answer.
            Err(_) if !self.fallbacks.is_empty() => {}
            Err(failure) => return Err(failure),
        }
        // A mistake in one of the command line would go unnoticed until it is needed.
        let given = !self.arguments.fallback.is_empty();
        for fallback in self.fallbacks.iter().filter(|_| given) {
            match self.qwen.route(fallback).await {
                Ok(route) => warn_about(&route),
                Err(error) => output::note(&format!(
                    "warning: the fallback {fallback} cannot be used: {error}"
                )),
            }
        }
        if let Some(schema) = self.extras.schema() {
            let unchecked = unchecked_keywords(schema);
            if !unchecked.is_empty() {
                let keywords = unchecked.join(", ");
                output::note(&format!("note: not checked of the schema: {keywords}"));
            }
        }
        Ok(())
    }

    /// Where the request went that was answered, or else where the next one goes.
    async fn route(&self) -> Result<Route, Failure> {
        if let Some(answered) = &self.answered {
            return Ok(answered.route.clone());
        }
        Ok(self.qwen.route(&self.model.to_string()).await?)
    }

    /// A request that continues the conversation.
    fn chat(&self, prompt: &str) -> Chat {
        let mut chat = self
            .qwen
            .chat(self.model.to_string())
            .fallbacks(&self.fallbacks);
        if let Some(agent) = &self.arguments.agent {
            chat = chat.agent(agent);
        }
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
