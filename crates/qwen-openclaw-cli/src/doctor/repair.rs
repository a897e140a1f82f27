//! What `--fix` does.

use std::path::PathBuf;

use qwen_openclaw::config::KeyPath;

use super::{check::Finding, home::Home};
use crate::failure::Failure;

/// Something that can be done without asking: nothing is lost by it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Repair {
    /// Takes the rights of others away.
    #[cfg(unix)]
    Close { path: PathBuf, mode: u32 },
    /// Moves a variable of the configuration to `env.vars`.
    MoveVariable { name: String },
}

impl Finding {
    /// Does it, and notes what was done. What fails is left as a finding.
    pub(super) async fn repair(&mut self, home: &Home) {
        let Some(repair) = &self.repair else {
            return;
        };
        match repair.run(home).await {
            Ok(done) => self.fixed = Some(done),
            Err(failure) => {
                let message = failure.message();
                self.text
                    .push_str(&format!("\nIt could not be fixed: {message}"));
            }
        }
    }
}

impl Repair {
    async fn run(&self, home: &Home) -> Result<String, Failure> {
        match self {
            #[cfg(unix)]
            Self::Close { path, mode } => {
                use std::{fs, os::unix::fs::PermissionsExt};

                let shown = home.survey.environment().shown(path);
                fs::set_permissions(path, fs::Permissions::from_mode(*mode))
                    .map_err(|error| Failure::other(error.to_string()))?;
                Ok(format!("the mode of {shown} is now {mode:o}"))
            }
            Self::MoveVariable { name } => {
                let from = KeyPath::from(["env", name]);
                let to = KeyPath::from(["env", "vars", name]);
                let edit = home.survey.configuration.edit(|document| {
                    if let Some(value) = document.get(&from) {
                        // One that is there already counts.
                        if !document.contains(&to) {
                            document.set(&to, &value)?;
                        }
                        document.unset(&from)?;
                    }
                    Ok(())
                });
                edit.await?;
                Ok(format!("{name} is now in env.vars"))
            }
        }
    }
}
