//! The checks, as data.

use super::{
    configuration as config, credentials, endpoints, files, home::Home, misplaced, openclaw,
    repair::Repair, trials,
};

/// A check: what it is called, how bad a finding is, and how it is found.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) id: &'static str,
    pub(super) severity: Severity,
    find: fn(&Home) -> Vec<Found>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Severity {
    /// Something does not work.
    Error,
    /// Something may surprise, or does not work elsewhere.
    Warning,
}

/// What a check has found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) text: String,
    /// What to do about it, with the command that does it.
    pub(super) fix: String,
    /// What `--fix` does about it.
    pub(super) repair: Option<Repair>,
}

/// A finding of a check.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) check: &'static Check,
    pub(super) text: String,
    pub(super) fix: String,
    pub(super) repair: Option<Repair>,
    /// What `--fix` has done.
    pub(super) fixed: Option<String>,
}

/// Every check, in the order of the report.
pub(super) static TABLE: &[Check] = &[
    error("config-syntax", config::syntax),
    error("config-unreadable", config::unreadable),
    warning("config-refused-by-openclaw", config::refused),
    warning("config-duplicate-key", config::duplicates),
    warning("config-alias", config::aliases),
    warning("config-fallback", config::fallbacks),
    error("config-model", config::models),
    error("config-unset-variable", config::unset_variables),
    warning("config-no-effect", config::no_effect),
    error("plugin-off", config::plugin_off),
    warning("shell-env", config::shell_env),
    warning("config-key-source", misplaced::secret_sources),
    warning("config-key", misplaced::literal_keys),
    warning("config-tokens", misplaced::tokens),
    warning("models-json", misplaced::derived),
    error("base-url", endpoints::unusable),
    warning("base-url-path", endpoints::without_path),
    error("base-url-key", endpoints::secrets),
    error("lookalike-host", endpoints::lookalikes),
    error("key-missing", credentials::missing),
    error("key-malformed", credentials::malformed),
    warning("key-shadowed", credentials::shadowed),
    warning("key-plan", credentials::wrong_plan),
    error("login-dead", credentials::dead),
    warning("login-expiring", credentials::expiring),
    error("store-unreadable", files::store),
    error("state-unusable", files::state),
    warning("cooldown", files::cooldowns),
    warning("file-mode", files::modes),
    warning("dotenv-line", files::dotenv),
    warning("service-variable", openclaw::service),
    error("openclaw-migration", openclaw::migration),
    warning("openclaw-unused-store", openclaw::unused),
    error("openclaw-store", openclaw::unreadable),
    warning("openclaw-expired", openclaw::expired),
    error("key-refused", trials::refused),
    error("key-elsewhere", trials::elsewhere),
    warning("endpoint-unreachable", trials::unreachable),
];

const fn error(id: &'static str, find: fn(&Home) -> Vec<Found>) -> Check {
    let severity = Severity::Error;
    Check { id, severity, find }
}

const fn warning(id: &'static str, find: fn(&Home) -> Vec<Found>) -> Check {
    let severity = Severity::Warning;
    Check { id, severity, find }
}

impl Check {
    pub(super) fn run(&'static self, home: &Home) -> Vec<Finding> {
        let found = (self.find)(home).into_iter();
        found
            .map(|found| Finding {
                check: self,
                text: found.text,
                fix: found.fix,
                repair: found.repair,
                fixed: None,
            })
            .collect()
    }
}

impl Severity {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Found {
    pub(super) fn new(text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            fix: fix.into(),
            repair: None,
        }
    }

    pub(super) fn with_repair(self, repair: Repair) -> Self {
        let repair = Some(repair);
        Self { repair, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_has_a_name_of_its_own() {
        for (index, check) in TABLE.iter().enumerate() {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
            assert!(check.id.bytes().all(plain), "{}", check.id);
            assert!(!TABLE[..index].iter().any(|other| other.id == check.id));
        }
    }
}
