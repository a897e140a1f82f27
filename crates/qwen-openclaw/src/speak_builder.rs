//! Speech that is being asked for.

use std::time::Duration;

use futures_core::Stream;
use qwen_openclaw_catalog::{
    ModelRef, Provider,
    price::TokenUsage,
    synthesis::{self, Units},
};
use qwen_openclaw_client::Route;
use qwen_openclaw_speech::{
    AudioFormat, Client, Speaker, Speech, SpeechRequest, SpeechStream, Usage,
};

#[cfg(feature = "router")]
use crate::router::SpeechSender;
use crate::{Error, Qwen, ReplyCost};

impl Qwen {
    /// Starts a request to speak with a model such as `qwen/qwen3-tts-flash`. An id without a provider
    /// means `qwen`, the only provider that speaks. It needs a Standard key: the stored profile
    /// `qwen:standard`, otherwise the key of `qwen`.
    ///
    /// ```no_run
    /// # async fn run(qwen: qwen_openclaw::Qwen) -> Result<(), Box<dyn std::error::Error>> {
    /// let speech = qwen.speak("qwen/qwen3-tts-flash").send("Good morning.").await?;
    /// std::fs::write("morning.wav", speech.audio())?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn speak(&self, model: impl Into<String>) -> Speak {
        Speak {
            qwen: self.clone(),
            request: SpeechRequest::new(model),
            timeout: None,
            #[cfg(feature = "router")]
            agent: None,
        }
    }

    /// Returns the client for speech of a provider, for what the facade does not offer.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client); [`InvalidRequest`](crate::ErrorKind::InvalidRequest) for a provider
    /// other than `qwen`.
    pub fn speech_client(&self, provider: &Provider) -> Result<Client, Error> {
        self.speaks(provider)?;
        Ok(Client::on(self.service_connection(provider, None, None)?))
    }

    /// Resolves where a model speaks, and with which key. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`route`](Self::route).
    pub async fn speech_route(&self, model: &str) -> Result<Route, Error> {
        let model = self.parse(model)?;
        self.service_route(&model, None).await
    }

    /// Returns the cost of what speaking has used with the model of a route: by its configured price if
    /// there is one and tokens were used, otherwise by the list price of the endpoint. `None` when the
    /// price is not known.
    #[must_use]
    pub fn speech_cost(&self, route: &Route, usage: Usage) -> Option<ReplyCost> {
        let billed = usage.billed()?;
        let configured = match billed {
            Units::Tokens { input, output, .. } => {
                let tokens = TokenUsage {
                    input,
                    output,
                    ..TokenUsage::default()
                };
                self.cost(route, &tokens)
            }
            _ => None,
        };
        configured.or_else(|| {
            let (class, model) = (route.endpoint().class(), route.model()?);
            let charge = synthesis::charge(class, model, billed)?;
            Some(ReplyCost {
                cost: charge.cost,
                as_of: Some(charge.as_of),
                is_configured: false,
            })
        })
    }

    /// Refuses providers that do not speak.
    pub(crate) fn speaks(&self, provider: &Provider) -> Result<(), Error> {
        if *provider == Provider::QWEN {
            return Ok(());
        }
        let id = provider.id();
        Err(Error::refused(format!("the provider {id} does not speak")))
    }
}

/// A request to speak that is being built. Created by [`Qwen::speak`].
///
/// The methods here are the ones that most requests need. Every other parameter is a method of
/// [`SpeechRequest`]; set it through [`with`](Self::with).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send` or `stream`"]
pub struct Speak {
    qwen: Qwen,
    request: SpeechRequest,
    timeout: Option<Duration>,
    #[cfg(feature = "router")]
    agent: Option<String>,
}

impl Speak {
    /// Sets the agent that a router counts usage for. The default is none.
    #[cfg(feature = "router")]
    pub fn agent(mut self, id: impl Into<String>) -> Self {
        self.agent = Some(id.into());
        self
    }

    /// Sets the voice. The default is the first one that the catalog knows for the model.
    pub fn voice(self, voice: impl Into<String>) -> Self {
        self.with(|request| request.voice(voice))
    }

    /// Sets the format of the audio. The default is the model's.
    pub fn format(self, format: AudioFormat) -> Self {
        self.with(|request| request.format(format))
    }

    /// Changes the underlying request, with any of the methods of [`SpeechRequest`].
    pub fn with(mut self, change: impl FnOnce(SpeechRequest) -> SpeechRequest) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sets how long the server may be silent while it owes something. The default is 60 seconds.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Speaks a text and returns the audio as a whole; see [`Client::speak`].
    ///
    /// # Errors
    ///
    /// As [`Client::speak`]; with a router also [`Budget`](crate::ErrorKind::Budget), before anything is
    /// sent.
    pub async fn send(self, text: impl Into<String>) -> Result<Speech, Error> {
        let text: String = text.into();
        let (model, request) = self.resolved()?;
        #[cfg(feature = "router")]
        if self.qwen.router().is_some() {
            let agent = self.agent.as_deref();
            let sender = SpeechSender::find(&self.qwen, &model, agent, self.timeout).await?;
            return sender.speak(&request, &text).await;
        }
        Ok(self.client(&model.provider)?.speak(&request, &text).await?)
    }

    /// Speaks the texts of a stream as one, while they are being written: the audio comes as soon as the
    /// model has enough text; see [`Speaker::speak`]. The connection is open when this returns, if the
    /// model has one.
    ///
    /// # Errors
    ///
    /// When the model leads nowhere or the connection cannot be made; with a router also
    /// [`Budget`](crate::ErrorKind::Budget).
    pub async fn stream(
        self,
        texts: impl Stream<Item = String> + Send + 'static,
    ) -> Result<SpeechStream, Error> {
        let (model, request) = self.resolved()?;
        #[cfg(feature = "router")]
        if self.qwen.router().is_some() {
            let agent = self.agent.as_deref();
            let sender = SpeechSender::find(&self.qwen, &model, agent, self.timeout).await?;
            return sender.stream(&request, texts).await;
        }
        let speaker = self.client(&model.provider)?.speaker(&request)?;
        speaker.connect().await?;
        Ok(speaker.speak(texts))
    }

    /// Creates a speaker, which keeps its connection from one text to the next. What it uses is not
    /// counted by a router.
    ///
    /// # Errors
    ///
    /// When the model leads nowhere, or does not have the settings.
    pub fn speaker(&self) -> Result<Speaker, Error> {
        let (model, request) = self.resolved()?;
        Ok(self.client(&model.provider)?.speaker(&request)?)
    }

    fn resolved(&self) -> Result<(ModelRef, SpeechRequest), Error> {
        let model = self.qwen.parse(self.request.model())?;
        let request = self.request.clone().model_id(&model.model);
        Ok((model, request))
    }

    fn client(&self, provider: &Provider) -> Result<Client, Error> {
        let client = self.qwen.speech_client(provider)?;
        Ok(match self.timeout {
            Some(limit) => client.timeout(limit),
            None => client,
        })
    }
}
