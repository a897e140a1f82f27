//! What the flags add to the prompt.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use qwen_openclaw::{
    catalog::{Level, Modality},
    chat::{ChatRequest, Media, Message, Part, Role, Tool, ToolChoice},
    config::Config,
    media_file,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, error::Category};

use super::{args, tools::ToolCommands};
use crate::failure::Failure;

/// The flags of a request, with their files read.
#[derive(Debug)]
pub(super) struct Extras {
    parts: Vec<Part>,
    tools: Vec<Tool>,
    pub(super) commands: ToolCommands,
    schema: Option<Value>,
    flags: args::Request,
}

impl Extras {
    pub(super) fn read(flags: &args::Request, config: Option<&Config>) -> Result<Self, Failure> {
        let attached = |files: &[OsString], kind: Modality| -> Result<Vec<Part>, Failure> {
            let part = |file: &OsString| attachment(file, kind, config);
            files.iter().map(part).collect()
        };
        let parts = [
            attached(&flags.image, Modality::Image)?,
            attached(&flags.video, Modality::Video)?,
            attached(&flags.audio, Modality::Audio)?,
        ]
        .concat();
        let tools = flags.tools.as_deref().map(json_file).transpose()?;
        let tools: Vec<Tool> = tools.unwrap_or_default();
        Ok(Self {
            parts,
            commands: ToolCommands::of(flags, &tools, config)?,
            tools,
            schema: flags.json_schema.as_deref().map(json_file).transpose()?,
            flags: flags.clone(),
        })
    }

    /// The schema that the answer has to fit.
    pub(super) fn schema(&self) -> Option<&Value> {
        self.schema.as_ref()
    }

    /// Takes what the flags attach: in a conversation it belongs to the first question alone.
    pub(super) fn take_parts(&mut self) -> Vec<Part> {
        std::mem::take(&mut self.parts)
    }

    /// The thinking level; `None` for the model's own.
    pub(super) fn level(&self) -> Option<Level> {
        self.flags.think
    }

    pub(super) fn set_level(&mut self, level: Option<Level>) {
        self.flags.think = level;
    }

    /// The prompt with what is attached to it.
    pub(super) fn question(&self, prompt: &str) -> Message {
        if self.parts.is_empty() {
            return Message::user(prompt);
        }
        let text = (!prompt.is_empty()).then(|| Part::text(prompt));
        Message::parts(Role::User, self.parts.iter().cloned().chain(text))
    }

    /// Adds the prompt and everything that goes with it. Without a prompt, the request has its own.
    pub(super) fn add_to(&self, mut request: ChatRequest, prompt: &str) -> ChatRequest {
        if !prompt.is_empty() || !self.parts.is_empty() {
            request = request.message(self.question(prompt));
        }
        request = request.tools(self.tools.iter().cloned());
        if let Some(choice) = &self.flags.tool_choice {
            request = request.tool_choice(match choice.as_str() {
                "auto" => ToolChoice::Auto,
                "none" => ToolChoice::None,
                "required" => ToolChoice::Required,
                name => ToolChoice::Function(name.to_owned()),
            });
        }
        if let Some(level) = self.flags.think {
            request = request.think(level);
        }
        if let Some(tokens) = self.flags.think_budget {
            request = request.think_budget(tokens);
        }
        if let Some(schema) = &self.schema {
            let name = schema["title"].as_str().unwrap_or_default();
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let named = !name.is_empty() && name.len() <= 64 && name.chars().all(plain);
            request = request.json_schema(if named { name } else { "answer" }, schema.clone());
        }
        if self.flags.search {
            request = request.search();
        }
        if self.flags.no_cache {
            request = request.cache(false);
        }
        if self.flags.cache_system {
            request = request.cache_system();
        }
        for (name, value) in &self.flags.extra {
            request = request.extra(name, value.clone());
        }
        request
    }
}

/// What a flag attaches, which must be of the kind that the flag is for.
fn attachment(file: &OsStr, kind: Modality, config: Option<&Config>) -> Result<Part, Failure> {
    let media = media_at(file, config)?;
    if let Some(other) = media.kind().filter(|other| *other != kind) {
        let (file, is, not) = (file.display(), with_article(other), with_article(kind));
        return Err(
            Failure::invalid_request(format!("{file} is {is}, not {not}")).with_hint(format!(
                "attach it with `--{other} {file}` in place of `--{kind}`"
            )),
        );
    }
    Ok(match kind {
        Modality::Video => Part::video(media),
        Modality::Audio => Part::audio(media),
        _ => Part::image(media),
    })
}

/// What a file is, in a sentence.
pub(crate) fn with_article(kind: Modality) -> &'static str {
    match kind {
        Modality::Text => "a text",
        Modality::Image => "an image",
        Modality::Video => "a video",
        Modality::Audio => "audio",
        _ => "something else",
    }
}

/// A URL, or a file that is read if the configuration allows its size.
pub(crate) fn media_at(text: impl AsRef<OsStr>, config: Option<&Config>) -> Result<Media, Failure> {
    let path = Path::new(text.as_ref());
    let url = path
        .to_str()
        .filter(|text| text.contains("://") || text.starts_with("data:"));
    Ok(match (url, config) {
        (Some(url), _) => Media::url(url),
        (None, Some(config)) => media_file(config, path)?,
        (None, None) => Media::file(path)?,
    })
}

/// A question as later requests have it: media are sent, and billed, with their own question alone,
/// and the model is told that there were some.
pub(super) fn without_media(question: &Message) -> Message {
    let Some(Value::Array(parts)) = &question.content else {
        return question.clone();
    };
    let media = |name: &str| {
        let kind = |part: &&Value| {
            part["type"]
                .as_str()
                .is_some_and(|kind| kind.contains(name))
        };
        match parts.iter().filter(kind).count() {
            0 => None,
            1 => Some(format!("1 {name} file")),
            count => Some(format!("{count} {name} files")),
        }
    };
    let kinds: Vec<String> = ["image", "video", "audio"]
        .into_iter()
        .filter_map(media)
        .collect();
    let note = format!("[{} came with this message.]", kinds.join(", "));
    let text = question.text();
    Message::user(if kinds.is_empty() {
        text
    } else {
        format!("{text}\n\n{note}").trim_start().to_owned()
    })
}

pub(super) fn json_file<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("could not read {shown}: {error}")))?;
    serde_json::from_str(&text).map_err(|error| {
        let what = match error.classify() {
            Category::Data => "is JSON of another form",
            _ => "is not valid JSON",
        };
        Failure::usage(format!("{shown} {what}: {error}"))
    })
}
