//! Speech that the router sends: to another account of the same model, and never to another model, which
//! has other voices.

use std::{future::Future, time::Duration};

use futures_core::Stream;
use qwen_openclaw_catalog::{ModelRef, synthesis};
use qwen_openclaw_client::Route;
use qwen_openclaw_router::{Candidate, Choice, Outcome, Ticket, Tokens, Used};
use qwen_openclaw_speech::{
    self as speech, Client, Speech, SpeechRequest, SpeechStream, Spoken, Usage,
};

use super::{
    accounting::{SendError, only_cooldowns},
    places::Places,
};
use crate::{Error, Qwen};

/// The name of the service in the ledger.
const SERVICE: &str = "speak";

/// Sends what one model is to speak through the router, within the budgets and counted.
pub(crate) struct SpeechSender {
    qwen: Qwen,
    agent: Option<String>,
    timeout: Option<Duration>,
    places: Places,
}

impl SpeechSender {
    pub(crate) async fn find(
        qwen: &Qwen,
        model: &ModelRef,
        agent: Option<&str>,
        timeout: Option<Duration>,
    ) -> Result<Self, Error> {
        qwen.speaks(&model.provider)?;
        Ok(Self {
            qwen: qwen.clone(),
            agent: agent.map(str::to_owned),
            timeout,
            places: Places::find(qwen, model).await?,
        })
    }

    /// Speaks a text as a whole.
    pub(crate) async fn speak(&self, request: &SpeechRequest, text: &str) -> Result<Speech, Error> {
        let call = |client: Client| async move { client.speak(request, text).await };
        let (speech, route, ticket) = self.send(Some(text), call).await?;
        let used = used(
            &self.qwen,
            route,
            speech.usage(),
            speech.spoken(),
            speech.sends(),
        );
        ticket.settle(used, Outcome::Answered).await;
        Ok(speech)
    }

    /// Speaks the texts of a stream, with the first account that opens a connection.
    pub(crate) async fn stream(
        &self,
        request: &SpeechRequest,
        texts: impl Stream<Item = String> + Send + 'static,
    ) -> Result<SpeechStream, Error> {
        let call = |client: Client| async move {
            let speaker = client.speaker(request)?;
            speaker.connect().await?;
            Ok(speaker)
        };
        let (speaker, route, ticket) = self.send(None, call).await?;
        let (qwen, route) = (self.qwen.clone(), route.clone());
        Ok(speaker.speak(texts).on_end(move |end| {
            let outcome = match &end.error {
                _ if end.is_complete => Outcome::Answered,
                Some(error) => Outcome::Failed(error.kind()),
                None => Outcome::Canceled,
            };
            // Stored at the next request, or when the router is flushed.
            let used = used(&qwen, &route, end.usage, end.spoken, end.sends);
            ticket.settle_later(used, outcome);
        }))
    }

    /// Calls `call` with the client of one account after another, until one answers.
    async fn send<T, F, Fut>(
        &self,
        text: Option<&str>,
        call: F,
    ) -> Result<(T, &Route, Ticket), Error>
    where
        F: Fn(Client) -> Fut,
        Fut: Future<Output = Result<T, speech::Error>>,
    {
        let candidates = self
            .places
            .routes()
            .map(|route| self.candidate(route, text));
        let candidates: Vec<Candidate> = candidates.collect();
        let router = self.qwen.router().cloned().unwrap_or_default();
        let mut routed = router.request(SERVICE);
        if let Some(agent) = &self.agent {
            routed = routed.agent(agent);
        }
        let send = |choice: Choice| {
            let client = self.client(&choice);
            let call = &call;
            async move {
                let answer = call(client.map_err(SendError::unsent)?).await;
                answer.map_err(SendError::speech)
            }
        };
        let mut result = routed.run(&candidates, send).await;
        // The user wants this model and no other: a cooldown alone is no reason not to try.
        if result.as_ref().is_err_and(only_cooldowns) {
            result = routed.ignore_cooldowns(true).run(&candidates, send).await;
        }
        let routed = result?;
        let route = self.places.route(routed.position);
        Ok((routed.answer, route, routed.ticket))
    }

    /// What tokens audio will take is not known beforehand, nor how long a text that is being written
    /// will be.
    fn candidate(&self, route: &Route, text: Option<&str>) -> Candidate {
        let mut usage = Usage::default();
        usage.characters = text.map(synthesis::characters);
        let cost = self.qwen.speech_cost(route, usage);
        let cost = cost.map(|cost| cost.cost);
        Candidate::new(route.clone()).estimate(Tokens::default(), cost)
    }

    fn client(&self, choice: &Choice) -> Result<Client, Error> {
        let client = Client::on(self.places.connection(choice)?);
        Ok(match self.timeout {
            Some(limit) => client.timeout(limit),
            None => client,
        })
    }
}

fn used(qwen: &Qwen, route: &Route, usage: Usage, spoken: Spoken, sends: u32) -> Used {
    let cost = qwen.speech_cost(route, usage);
    Used {
        sends,
        tokens: Tokens {
            input: usage.input_tokens.unwrap_or(0),
            output: usage.output_tokens.unwrap_or(0),
            ..Tokens::default()
        },
        media: spoken.duration.unwrap_or_default(),
        cost: cost.map(|cost| cost.cost),
        price_date: cost.and_then(|cost| cost.as_of).map(str::to_owned),
        ..Used::default()
    }
}
