//! `chat`: one question and its answer, or a conversation.

mod answer;
pub(crate) mod args;
mod conversation;
mod note;
mod prompt;
mod question;
mod request;
mod rounds;
mod tools;
mod usage_line;

pub(crate) use self::request::{media_at, with_article};

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

pub(crate) fn run(arguments: args::Chat) -> Result<(), Failure> {
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
    let prompt = prompt::of(&arguments, body.is_some())?;
    if prompt.is_none() && arguments.json.is_some() {
        return Err(Failure::usage("--json requires a prompt"));
    }
    if prompt.is_none() && arguments.output.is_some() {
        return Err(Failure::usage("--output requires a prompt"));
    }
    block_on(async {
        let request = &arguments.request;
        let continues =
            prompt.is_none() || request.session.is_some() || !request.tool_cmd.is_empty();
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
        mut arguments: args::Chat,
        settings: Settings,
        model: ModelRef,
        fallbacks: Vec<String>,
        body: Option<ChatRequest>,
    ) -> Result<Self, Failure> {
        let interrupt = Interrupt::listen()?;
        let extras = request::Extras::read(&arguments.request, settings.usable_config())?;
        let mut conversation = Conversation::open(arguments.request.session.as_deref())?;
        conversation.agree_on(&mut arguments.system);
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
        chat.with(|request| {
            let request = self.extras.add_to(request, prompt);
            request.answer_open_calls(tools::UNANSWERED)
        })
    }
}
