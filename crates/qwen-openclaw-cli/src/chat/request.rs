//! What the flags add to the prompt.

use std::path::Path;

use qwen_openclaw::{
    catalog::Level,
    chat::{ChatRequest, Media, Message, Part, Role, Tool, ToolChoice},
    config::Config,
    media_file,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::args;
use crate::failure::Failure;

/// The flags of a request, with their files read.
#[derive(Debug)]
pub(super) struct Extras {
    parts: Vec<Part>,
    tools: Vec<Tool>,
    schema: Option<Value>,
    flags: args::Request,
}

impl Extras {
    pub(super) fn read(flags: &args::Request, config: Option<&Config>) -> Result<Self, Failure> {
        let images = flags
            .image
            .iter()
            .map(|text| Ok(Part::image(media_at(text, config)?)));
        let videos = flags
            .video
            .iter()
            .map(|text| Ok(Part::video(media_at(text, config)?)));
        let audio = flags
            .audio
            .iter()
            .map(|text| Ok(Part::audio(media_at(text, config)?)));
        let parts = images
            .chain(videos)
            .chain(audio)
            .collect::<Result<_, Failure>>()?;
        Ok(Self {
            parts,
            tools: flags
                .tools
                .as_deref()
                .map(json_file)
                .transpose()?
                .unwrap_or_default(),
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

/// A URL, or a file that is read if the configuration allows its size.
pub(crate) fn media_at(text: &str, config: Option<&Config>) -> Result<Media, Failure> {
    let is_url = text.contains("://") || text.starts_with("data:");
    Ok(match config {
        _ if is_url => Media::url(text),
        Some(config) => media_file(config, text)?,
        None => Media::file(text)?,
    })
}

pub(super) fn json_file<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("could not read {}: {error}", path.display()))
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    serde_json::from_str(&text).map_err(|error| wrong(&error))
}
