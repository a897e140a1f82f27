//! From a request to what is sent for it.

use http::Method;

use crate::{
    answer::{Answer, Outgoing},
    anthropic, batches,
    capture::CapturedRequest,
    cors, embeddings,
    endpoint::{BaseUrl, Endpoint, Plan, Protocol, Region},
    fault::{self, Fault},
    files, images, key, limits, models, native, oauth,
    refusal::Refusal,
    rerank,
    responses::{self, conversations},
    screen, speech,
    state::State,
    video,
};

/// Answers a request: by script, else by the routes below, changed by a fault if one is due.
pub(crate) fn answer(state: &State, request: &CapturedRequest) -> Outgoing {
    video::count(state, request);
    if let Some(reply) = state.scripts.next(&request.path) {
        return Outgoing::Exact(reply);
    }
    if let Some(rest) = oauth::path(request) {
        return oauth::answer(state, request, rest);
    }
    let exchange = Exchange::new(state, request);
    match state.faults.due(request) {
        Ok(None) => Outgoing::Plain(exchange.answer()),
        Ok(Some(fault)) => {
            let exchange = Exchange {
                fault: Some(&fault),
                ..exchange
            };
            match fault::apply(&fault, &exchange, || exchange.answer()) {
                Outgoing::Exact(reply) if exchange.state.config.access.cors => {
                    Outgoing::Exact(cors::open_reply(reply))
                }
                outgoing => outgoing,
            }
        }
        Err(unknown) => {
            let refusal = Refusal::parameter(unknown.to_string());
            Outgoing::Plain(exchange.refuse(&refusal))
        }
    }
}

/// Answers a request whose body could not be read to its end.
pub(crate) fn refuse(state: &State, request: &CapturedRequest, refusal: &Refusal) -> Outgoing {
    let answer = Exchange::new(state, request).refuse(refusal);
    // What is left of the body is not read, so that nothing else can be on this connection.
    Outgoing::Plain(answer.header("connection", "close"))
}

/// A request on its way to an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) state: &'a State,
    pub(crate) request: &'a CapturedRequest,
    pub(crate) id: crate::id::Id,
    pub(crate) endpoint: Endpoint,
    /// The fault the request meets.
    pub(crate) fault: Option<&'a Fault>,
    /// The path below the endpoint's own; `None` when it is below no endpoint, or in a batch.
    rest: Option<&'a str>,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(state: &'a State, request: &'a CapturedRequest) -> Self {
        let split = Endpoint::split(&request.path).or_else(|| speech::route(&request.path));
        Self {
            state,
            request,
            id: state.ids.next(),
            endpoint: split.map_or(Endpoint::open_ai(Plan::Standard, Region::Global), |s| s.0),
            fault: None,
            rest: split.map(|split| split.1),
        }
    }

    /// A request that stands in a line of a batch.
    pub(crate) const fn of_line(
        state: &'a State,
        request: &'a CapturedRequest,
        endpoint: Endpoint,
        id: crate::id::Id,
    ) -> Self {
        Self {
            state,
            request,
            id,
            endpoint,
            fault: None,
            rest: None,
        }
    }

    /// Whether the request stands in a line of a batch.
    pub(crate) const fn is_line(&self) -> bool {
        self.rest.is_none()
    }

    /// The origin by which the client reached the emulator.
    pub(crate) fn origin(&self) -> String {
        screen::origin(
            &self.state.origin,
            self.state.config.access,
            &self.request.headers,
        )
    }

    pub(crate) fn refuse(&self, refusal: &Refusal) -> Answer {
        video::store_refusal(self, refusal)
            .unwrap_or_else(|| Answer::refusal(refusal, self.endpoint, self.id))
    }

    fn answer(&self) -> Answer {
        let answer = self
            .routed()
            .unwrap_or_else(|refusal| self.refuse(&refusal));
        limits::spend(self, &answer);
        answer
    }

    fn routed(&self) -> Result<Answer, Refusal> {
        let unknown = || Refusal::unknown_path(&self.request.path);
        let Some(rest) = self.rest else {
            if let Some(answer) = video::file(self) {
                return Ok(answer);
            }
            if self.request.path != "/" {
                return Err(unknown());
            }
            self.only(&Method::GET)?;
            return Ok(self.front_page());
        };
        native::temporary_key(self).unwrap_or_else(|| {
            key::check(
                &self.request.headers,
                self.endpoint,
                &self.state.config.keys,
            )
        })?;
        if self.endpoint.protocol == Protocol::OpenAi(Plan::Portal)
            && let Some(refused) = oauth::check_api(self.state, &self.request.headers, self.id)
        {
            return Ok(refused);
        }
        if let Some(refused) = limits::check(self) {
            return Ok(refused);
        }
        match (self.endpoint.protocol, rest.trim_end_matches('/')) {
            (Protocol::OpenAi(_), "/chat/completions") => {
                self.only(&Method::POST)?;
                batches::check_chat(self)?;
                speech::chat(self)
            }
            (Protocol::OpenAi(Plan::Standard), path) if path.starts_with(responses::PATH) => {
                responses::answer(self, path)
            }
            (Protocol::OpenAi(Plan::Standard), path) if path.starts_with(conversations::PATH) => {
                conversations::answer(self, path)
            }
            (Protocol::Anthropic(_), "/v1/messages") => anthropic::answer(self),
            (Protocol::OpenAi(_), "/models") => {
                self.only(&Method::GET)?;
                Ok(models::list(self))
            }
            (Protocol::OpenAi(_), path) if path.starts_with("/models/") => {
                self.only(&Method::GET)?;
                models::one(self, path.trim_start_matches("/models/"))
            }
            (Protocol::OpenAi(Plan::Standard), "/images/generations") => {
                self.only(&Method::POST)?;
                images::generations(self)
            }
            (Protocol::Native, "/models") => {
                self.only(&Method::GET)?;
                Ok(models::native_list(self))
            }
            (Protocol::OpenAi(Plan::Standard), "/embeddings") => embeddings::open_ai(self),
            (Protocol::OpenAi(Plan::Standard), path) if files::has(path) => {
                files::open_ai(self, path)
            }
            (Protocol::OpenAi(Plan::Standard), path) if batches::has(path) => {
                batches::answer(self, path)
            }
            (Protocol::Rerank, "/reranks") => rerank::flat(self),
            (Protocol::Native, embeddings::TEXT_PATH) => embeddings::native(self),
            (Protocol::Native, embeddings::MEDIA_PATH) => embeddings::multimodal(self),
            (Protocol::Native, rerank::PATH) => rerank::native(self),
            (Protocol::Native, path) if files::has(path) => files::native(self, path),
            (Protocol::Native, speech::SYNTHESIS_PATH) => speech::synthesize(self),
            (Protocol::Native, speech::VOICES_PATH) => speech::customize(self),
            (Protocol::Native, path) if path.starts_with("/api-ws/") => speech::open(self, path),
            (Protocol::Native, path) => native::answer(self, path)
                .or_else(|| video::answer(self, path))
                .unwrap_or_else(|| Err(unknown())),
            _ => Err(unknown()),
        }
    }

    /// Refuses other methods. `HEAD` goes where `GET` does; hyper leaves the body out.
    pub(crate) fn only(&self, method: &Method) -> Result<(), Refusal> {
        let asked = match &self.request.method {
            &Method::HEAD => &Method::GET,
            asked => asked,
        };
        if asked == method {
            Ok(())
        } else {
            Err(Refusal::wrong_method())
        }
    }

    /// What a browser sees.
    fn front_page(&self) -> Answer {
        let origin = self.origin();
        let mut page = String::from("qwen-openclaw emulator: Model Studio on loopback\n\n");
        for endpoint in Endpoint::listed() {
            page.push_str(&BaseUrl::new(endpoint, &origin).to_string());
            page.push('\n');
        }
        page.push_str(&format!(
            "{:<18} {origin}{}\n",
            "Login (OAuth)",
            oauth::PATH
        ));
        Answer::text(page, self.id)
    }
}
