//! Descriptions of images and videos.

use std::sync::Arc;

use qwen_openclaw_catalog::{Edition, Endpoint, Modality, Plan, Region, default_media_model};

use qwen_openclaw_client::Route;

use crate::{
    ChatRequest, Client, Error, ErrorKind, Media, Message, Part, Progress, ProgressHook, Role,
    StreamSource, Usage,
};

/// Maximum number of tokens of a description of images, as in OpenClaw.
const MAX_TOKENS: u32 = 4096;

/// A request for a description. Created by [`Client::describe_image`] and
/// [`Client::describe_video`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct Describe {
    client: Client,
    kind: Modality,
    media: Vec<Media>,
    prompt: Option<String>,
    model: Option<String>,
    max_tokens: Option<u32>,
    edition: Edition,
    source: Option<Arc<dyn StreamSource>>,
    progress: Option<ProgressHook>,
}

/// A description of images or of a video.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Description {
    /// The description.
    pub text: String,
    /// The model that was used.
    pub model: String,
    /// The token counts; `None` when the server sent none.
    pub usage: Option<Usage>,
}

impl Client {
    /// Creates a request for a description of an image.
    ///
    /// ```no_run
    /// use qwen_openclaw_transport::Media;
    ///
    /// # async fn run(client: qwen_openclaw_transport::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let image = Media::file("cat.png")?;
    /// let description = client.describe_image(image).prompt("What breed is it?").send().await?;
    /// println!("{}", description.text);
    /// # Ok(())
    /// # }
    /// ```
    pub fn describe_image(&self, image: impl Into<Media>) -> Describe {
        Describe::new(self, Modality::Image, image.into())
    }

    /// Creates a request for a description of a video.
    pub fn describe_video(&self, video: impl Into<Media>) -> Describe {
        Describe::new(self, Modality::Video, video.into())
    }
}

impl Describe {
    fn new(client: &Client, kind: Modality, medium: Media) -> Self {
        Self {
            client: client.clone(),
            kind,
            media: vec![medium],
            prompt: None,
            model: None,
            max_tokens: (kind == Modality::Image).then_some(MAX_TOKENS),
            edition: Edition::default(),
            source: None,
            progress: None,
        }
    }

    /// Adds another image or video, to be described together with the others.
    pub fn and(mut self, medium: impl Into<Media>) -> Self {
        self.media.push(medium.into());
        self
    }

    /// Sets the prompt. Surrounding whitespace is removed; a blank prompt counts as none. The default
    /// is `Describe the image.` or `Describe the video in detail.`, as in OpenClaw.
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = trimmed(prompt.into());
        self
    }

    /// Sets the model; a blank id counts as none. The default is that of the edition.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = trimmed(model.into());
        self
    }

    /// Sets the maximum number of tokens of the description. The default is 4096 for images, and the
    /// model's own limit for videos.
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Sets the edition of the catalog that decides the default model: `qwen3.6-plus` in `2026.9`,
    /// otherwise `qwen-vl-max-latest`. The default is [`Edition::default`].
    pub fn edition(mut self, edition: Edition) -> Self {
        self.edition = edition;
        self
    }

    /// Lets `source` send the request, wherever it decides to. The default is the client that made it.
    pub fn over(mut self, source: Arc<dyn StreamSource>) -> Self {
        self.source = Some(source);
        self
    }

    /// Tells `hook` how far the request has come until the description begins.
    pub fn on_progress(mut self, hook: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(ProgressHook::new(hook));
        self
    }

    /// Sends the request and waits for the description.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] on the endpoint of a plan: only Standard keys have models for this.
    /// [`ErrorKind::Protocol`] if the reply is empty. Otherwise as [`Client::send`].
    pub async fn send(self) -> Result<Description, Error> {
        let model = match &self.model {
            Some(model) => model.clone(),
            None => default_media_model(self.edition).to_owned(),
        };
        let request = self.request(&model);
        let progress = self.progress.clone();
        let reply = match &self.source {
            Some(source) => source.open(&request, progress).await?,
            None => {
                let route = self.client.connection().route().await;
                let route = route.map_err(Error::from)?;
                check(&route)?;
                let client = &self.client;
                client
                    .stream_on_with_progress(route, &request, progress)
                    .await?
            }
        };
        let reply = reply.finish().await?;
        let model = match (&self.source, reply.model()) {
            (Some(_), Some(other)) => other.to_owned(),
            _ => model,
        };
        // Some models describe videos in their reasoning.
        let text = match reply.text().trim() {
            "" if self.kind == Modality::Video => reply.reasoning().trim(),
            text => text,
        };
        match Some(text).filter(|text| !text.is_empty()) {
            Some(text) => Ok(Description {
                text: text.to_owned(),
                usage: reply.usage().cloned(),
                model,
            }),
            None => {
                let message = format!("{model} described nothing");
                Err(Error::new(ErrorKind::Protocol, message).with_partial(reply))
            }
        }
    }

    fn request(&self, model: &str) -> ChatRequest {
        let image = self.kind == Modality::Image;
        let prompt = self.prompt.clone().unwrap_or_else(|| {
            let prompt = match (image, self.media.len()) {
                (true, 1) => "Describe the image.",
                (true, _) => "Describe the images.",
                (false, 1) => "Describe the video in detail.",
                (false, _) => "Describe the videos in detail.",
            };
            prompt.to_owned()
        });
        let media = self.media.iter().cloned().map(|medium| {
            if image {
                Part::image(medium)
            } else {
                Part::video(medium)
            }
        });
        let parts = std::iter::once(Part::text(prompt)).chain(media);
        let mut request = ChatRequest::new(model)
            .message(Message::parts(Role::User, parts))
            // To say what is seen takes no thinking.
            .leave_thinking();
        request.max_tokens = self.max_tokens;
        request
    }
}

/// A text without the blanks around it; `None` when nothing is left.
fn trimmed(text: String) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Only the Standard endpoints have models for this.
fn check(route: &Route) -> Result<(), Error> {
    let plan = route.endpoint().plan().unwrap_or(Plan::Standard);
    if plan == Plan::Standard {
        return Ok(());
    }
    let region = route.endpoint().region().unwrap_or(Region::Global);
    let standard = Endpoint::of(Plan::Standard, region);
    let label = plan.label();
    Err(Error::new(
        ErrorKind::InvalidRequest,
        format!(
            "the {label} endpoints do not describe images or videos: use {} ({}), which needs a \
             Standard key of that region as well",
            standard.base_url(),
            standard.label()
        ),
    ))
}
