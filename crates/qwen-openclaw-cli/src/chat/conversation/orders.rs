//! What the commands of a conversation do.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use qwen_openclaw::{
    catalog::{Level, Modality, ModelRef},
    chat::{Media, Message, Part, Role},
};

use super::{
    Talk,
    mention::{self, path_of, word},
    slash::{Verb, help},
};
use crate::{
    chat::media_at,
    failure::Failure,
    output::{control, note},
    session::Conversation,
};

/// The argument that takes a setting back.
const NONE: &str = "-";

impl Talk {
    /// Does what a command says; true to leave.
    pub(super) async fn obey(&mut self, verb: Verb, argument: &str) -> Result<bool, Failure> {
        let done = match verb {
            Verb::Exit => return Ok(true),
            Verb::Help => {
                note(&help());
                Ok(())
            }
            Verb::Model => self.model(argument).await,
            Verb::Think => self.think(argument),
            Verb::System => {
                self.system(argument);
                Ok(())
            }
            Verb::Image => self.image(argument),
            Verb::File => self.file(argument),
            Verb::Retry => self.retry().await,
            Verb::Undo => self.undo().await,
            Verb::Copy => self.copy(),
            Verb::Usage => {
                note(&self.spent.summary());
                Ok(())
            }
            Verb::Save => self.save(argument).await,
            Verb::Load => self.load(argument),
            Verb::Clear => self.clear().await,
        };
        match done {
            Err(failure) if failure.ends_conversation() => return Err(failure),
            Err(failure) => failure.tell(),
            Ok(()) => {}
        }
        Ok(false)
    }

    async fn model(&mut self, argument: &str) -> Result<(), Failure> {
        if argument.is_empty() {
            note(&self.session.model.to_string());
            return Ok(());
        }
        let model = self.other_model(argument)?;
        self.session.qwen.client(&model.provider)?;
        let route = self.session.qwen.route(&model.to_string()).await?;
        if let Some(reason) = route.availability().reason()
            && !self.session.arguments.force
        {
            return Err(Failure::invalid_request(reason.to_string()));
        }
        self.session.model = model;
        // A model that was named is the only one.
        self.session.fallbacks.clear();
        self.session.answered = None;
        self.session.warn().await
    }

    /// The model to continue with. Flags that say where to connect are about one provider.
    fn other_model(&self, text: &str) -> Result<ModelRef, Failure> {
        let session = &self.session;
        let model = session.settings.model(Some(text))?;
        let connection = &session.arguments.connection;
        let fixed = session.arguments.emulator
            || connection.base_url.is_some()
            || connection.profile.is_some();
        if fixed && model.provider != session.model.provider {
            return Err(Failure::usage(format!(
                "this conversation uses the provider {}",
                session.model.provider.id()
            )));
        }
        Ok(model)
    }

    fn think(&mut self, argument: &str) -> Result<(), Failure> {
        let extras = &mut self.session.extras;
        match argument {
            "" => {}
            NONE => extras.set_level(None),
            level => extras.set_level(Some(level.parse::<Level>()?)),
        }
        note(&match extras.level() {
            Some(level) => format!("thinking: {level}"),
            None => "thinking: the model's own".to_owned(),
        });
        Ok(())
    }

    fn system(&mut self, argument: &str) {
        let system = &mut self.session.arguments.system;
        match argument {
            "" => {}
            NONE => *system = None,
            text => *system = Some(text.to_owned()),
        }
        self.session.conversation.system.clone_from(system);
        note(&match system {
            Some(text) => format!("system prompt: {text}"),
            None => "no system prompt".to_owned(),
        });
    }

    fn image(&mut self, argument: &str) -> Result<(), Failure> {
        let name = required(argument, "/image FILE|URL")?;
        let path = self.path(&name);
        self.attach(
            &name,
            Part::image(media_at(&path, self.session.qwen.openclaw_config())?),
        );
        Ok(())
    }

    /// Judges a file by its content: media are attached, and a text is included.
    fn file(&mut self, argument: &str) -> Result<(), Failure> {
        let name = required(argument, "/file FILE")?;
        let media = media_at(self.path(&name), self.session.qwen.openclaw_config());
        let kind = media.as_ref().ok().and_then(Media::kind);
        let part = match (media, kind) {
            (Ok(media), Some(Modality::Image)) => Part::image(media),
            (Ok(media), Some(Modality::Video)) => Part::video(media),
            (Ok(media), Some(Modality::Audio)) => Part::audio(media),
            (media, _) => {
                let home = self.session.settings.environment.home();
                let file = mention::read(&name, home.as_deref());
                // What is no text either may be media that is too large.
                let file = file.map_err(|error| media.err().unwrap_or(error))?;
                note(&format!("{name} goes with the next message"));
                self.files.push(file);
                return Ok(());
            }
        };
        self.attach(&name, part);
        Ok(())
    }

    fn attach(&mut self, name: &str, part: Part) {
        note(&format!("{name} goes with the next message"));
        self.parts.push(part);
    }

    async fn undo(&mut self) -> Result<(), Failure> {
        let removed = self.session.conversation.undo().await?;
        let Some(question) = removed.first() else {
            note("there is no turn to remove");
            return Ok(());
        };
        self.asked = None;
        self.spent.forget_context();
        let text = question.text();
        let line = text.lines().next().unwrap_or_default();
        let start: String = line.chars().take(60).collect();
        let cut = if start.len() < text.trim_end().len() {
            "..."
        } else {
            ""
        };
        note(&format!("removed: {start}{cut}"));
        Ok(())
    }

    fn copy(&self) -> Result<(), Failure> {
        let messages = self.session.conversation.messages();
        let mut answers = messages
            .iter()
            .filter(|message| message.role == Role::Assistant);
        let Some(answer) = answers.next_back().map(Message::text) else {
            return Err(Failure::usage("there is no answer to copy"));
        };
        // OSC 52: the terminal has the clipboard, also on the other side of an SSH connection.
        let encoded = STANDARD.encode(answer.trim_end());
        if !control(&format!("\u{1b}]52;c;{encoded}\u{7}")) {
            return Err(Failure::other("there is no terminal to copy with"));
        }
        note("copied, if the terminal allows it (OSC 52)");
        Ok(())
    }

    async fn save(&mut self, argument: &str) -> Result<(), Failure> {
        let name = required(argument, "/save FILE")?;
        let path = self.path(&name);
        let conversation = &mut self.session.conversation;
        conversation
            .save_as(Path::new(&path))
            .await
            .map_err(|failure| failure.with_hint("choose another name; /load continues a file"))?;
        note(&format!(
            "saved to {name}, as will be every turn from now on"
        ));
        Ok(())
    }

    fn load(&mut self, argument: &str) -> Result<(), Failure> {
        let name = required(argument, "/load FILE")?;
        let current = &self.session.conversation;
        if current.file().is_none() && current.turns() > 0 {
            return Err(Failure::usage("this conversation is not saved")
                .with_hint("/save FILE keeps it, /clear drops it"));
        }
        let path = self.path(&name);
        let path = Path::new(&path);
        if !path.exists() {
            return Err(Failure::usage(format!("there is no file {name}")));
        }
        let mut conversation = Conversation::open(Some(path))?;
        let system = &mut self.session.arguments.system;
        match &conversation.system {
            Some(kept) => *system = Some(kept.clone()),
            None => conversation.system.clone_from(system),
        }
        self.session.conversation = conversation;
        self.asked = None;
        self.spent.forget_context();
        self.say_resumed();
        Ok(())
    }

    async fn clear(&mut self) -> Result<(), Failure> {
        self.session.conversation.clear().await?;
        self.asked = None;
        self.spent.forget_context();
        note("cleared");
        Ok(())
    }

    /// A file where the home folder is written out; a URL stays as it is.
    fn path(&self, name: &str) -> String {
        let home = self.session.settings.environment.home();
        let path = path_of(name, home.as_deref());
        path.to_str().map_or_else(|| name.to_owned(), str::to_owned)
    }
}

/// The name of a file. All of the argument is the name, so a blank needs no quotes.
fn required(argument: &str, usage: &str) -> Result<String, Failure> {
    let (name, length) = word(argument);
    let name = if length == argument.len() {
        name
    } else {
        argument.to_owned()
    };
    if name.is_empty() {
        return Err(Failure::usage(format!("usage: {usage}")));
    }
    Ok(name)
}
