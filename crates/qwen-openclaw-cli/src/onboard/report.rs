//! What onboarding has done, and what to try next.

use std::path::PathBuf;

use qwen_openclaw::{auth::ProfileId, catalog::AuthChoice};
use serde_json::{Value, json};

use super::{
    args::Onboard,
    check::Checked,
    key::{FoundKey, warn_about_flag},
};
use crate::{
    auth::stored_line,
    failure::Failure,
    key_check::is_emulator_key,
    output::{Out, note},
};

pub(super) struct Report {
    pub(super) choice: AuthChoice,
    pub(super) base_url: String,
    pub(super) id: ProfileId,
    pub(super) key: FoundKey,
    /// Whether another key was replaced; `None` if the key is not stored.
    pub(super) replaced: Option<bool>,
    pub(super) checked: Checked,
    /// The default model, which may be that of another provider.
    pub(super) default: String,
    pub(super) own_default: String,
    pub(super) config_path: PathBuf,
    pub(super) store_path: PathBuf,
}

impl Report {
    pub(super) fn print(&self, arguments: &Onboard) -> Result<(), Failure> {
        warn_about_flag(&self.key.source);
        let mut out = Out::new();
        if arguments.json {
            return out.document(&self.to_json(arguments));
        }
        match self.replaced {
            Some(replaced) => out.line(&stored_line(&self.id, "api_key", replaced))?,
            None => out.line(&format!("API key: stays in {}", self.key.source))?,
        }
        let endpoint = self.choice.endpoint();
        out.line(&format!(
            "Endpoint: {} ({})",
            self.base_url,
            endpoint.label()
        ))?;
        out.line(&format!("Default model: {}", self.default))?;
        if self.default != self.own_default {
            note(&format!(
                "The default model was kept; `--set-default` makes it {}.",
                self.own_default
            ));
        }
        if is_emulator_key(&self.key.key) {
            note("note: this is a key of the emulator's; the service does not accept it");
        }
        note("");
        note("Try next:");
        for command in self.next(arguments) {
            note(&format!("  qwen-openclaw {command}"));
        }
        Ok(())
    }

    fn to_json(&self, arguments: &Onboard) -> Value {
        let (check, reason) = match &self.checked {
            Checked::Accepted | Checked::Belongs(_) => ("accepted", None),
            Checked::Unclear(reason) => ("unclear", Some(reason)),
            Checked::Skipped => ("skipped", None),
        };
        json!({
            "ok": true,
            "mode": "local",
            "authChoice": self.choice.id(),
            "provider": self.choice.provider().id(),
            "plan": self.choice.plan(),
            "region": self.choice.region(),
            "baseUrl": self.base_url,
            "profile": {
                "id": self.id.as_str(),
                "provider": self.id.provider(),
                "type": "api_key",
                "stored": self.replaced.is_some(),
                "replaced": self.replaced.unwrap_or_default(),
            },
            "key": {"masked": self.key.key.masked(), "source": self.key.source.to_string()},
            "check": {"status": check, "reason": reason, "emulated": arguments.emulator},
            "defaultModel": self.default,
            "configPath": self.config_path,
            "authStatePath": self.store_path,
            "next": self.next(arguments),
        })
    }

    /// Three commands that show what was set up.
    fn next(&self, arguments: &Onboard) -> [String; 3] {
        let (model, provider) = (&self.own_default, self.choice.provider());
        let emulator = if arguments.emulator {
            " --emulator"
        } else {
            ""
        };
        [
            format!("chat{emulator} -m {model} \"Why is the sky blue?\""),
            format!("models list --provider {provider}"),
            format!("models explain {model}"),
        ]
    }
}
