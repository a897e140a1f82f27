//! The environment variables known to this workspace, in one table.

/// The Qwen Cloud key, checked first; also the token for `qwen-oauth`.
pub const QWEN_API_KEY: &str = "QWEN_API_KEY";
/// The Qwen Cloud key under Model Studio's name, checked second.
pub const MODELSTUDIO_API_KEY: &str = "MODELSTUDIO_API_KEY";
/// The Qwen Cloud key under the name used in the vendor's examples, checked last.
pub const DASHSCOPE_API_KEY: &str = "DASHSCOPE_API_KEY";
/// The key for the Token Plan.
pub const QWEN_TOKEN_PLAN_API_KEY: &str = "QWEN_TOKEN_PLAN_API_KEY";
/// The base URL for requests when none is given explicitly.
pub const QWEN_BASE_URL: &str = "QWEN_BASE_URL";
/// The server for portal logins; default `https://chat.qwen.ai`.
pub const QWEN_OAUTH_BASE_URL: &str = "QWEN_OAUTH_BASE_URL";
/// The folder of the Qwen Code CLI; default `~/.qwen`.
pub const QWEN_HOME: &str = "QWEN_HOME";
/// The state folder of this workspace; default `~/.qwen-openclaw`.
pub const QWEN_OPENCLAW_HOME: &str = "QWEN_OPENCLAW_HOME";
/// The state folder of OpenClaw; default `~/.openclaw`.
pub const OPENCLAW_STATE_DIR: &str = "OPENCLAW_STATE_DIR";
/// OpenClaw's configuration file; default `openclaw.json` in its state folder.
pub const OPENCLAW_CONFIG_PATH: &str = "OPENCLAW_CONFIG_PATH";
/// The home folder as OpenClaw sees it; default the user's.
pub const OPENCLAW_HOME: &str = "OPENCLAW_HOME";
/// The user's home folder.
pub const HOME: &str = "HOME";
/// The user's home folder on Windows, where `HOME` is usually not set.
pub const USERPROFILE: &str = "USERPROFILE";

/// Every variable above, with its purpose.
pub const TABLE: &[KnownVariable] = &[
    KnownVariable::new(QWEN_API_KEY, Purpose::Key),
    KnownVariable::new(MODELSTUDIO_API_KEY, Purpose::Key),
    KnownVariable::new(DASHSCOPE_API_KEY, Purpose::Key),
    KnownVariable::new(QWEN_TOKEN_PLAN_API_KEY, Purpose::Key),
    KnownVariable::new(QWEN_BASE_URL, Purpose::Endpoint),
    KnownVariable::new(QWEN_OAUTH_BASE_URL, Purpose::Endpoint),
    KnownVariable::new(QWEN_HOME, Purpose::Folder),
    KnownVariable::new(QWEN_OPENCLAW_HOME, Purpose::Folder),
    KnownVariable::new(OPENCLAW_STATE_DIR, Purpose::Folder),
    KnownVariable::new(OPENCLAW_CONFIG_PATH, Purpose::Folder),
    KnownVariable::new(OPENCLAW_HOME, Purpose::Folder),
    KnownVariable::new(HOME, Purpose::Folder),
    KnownVariable::new(USERPROFILE, Purpose::Folder),
];

/// A variable known to this workspace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct KnownVariable {
    /// The variable's name.
    pub name: &'static str,
    /// What the value is for.
    pub purpose: Purpose,
}

impl KnownVariable {
    const fn new(name: &'static str, purpose: Purpose) -> Self {
        Self { name, purpose }
    }
}

/// What the value of a variable is for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Purpose {
    /// A secret that authenticates requests.
    Key,
    /// A URL that secrets are sent to.
    Endpoint,
    /// A file or folder where secrets are stored or read.
    Folder,
}

/// Returns whether a variable holds a secret, or decides where a secret comes from or goes.
///
/// Variables outside the table are judged by the words in their names, because a configuration file
/// may take its key from any variable.
pub(crate) fn is_sensitive(name: &str) -> bool {
    const WORDS: [&str; 17] = [
        "KEY",
        "KEYS",
        "APIKEY",
        "TOKEN",
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "CREDENTIAL",
        "CREDENTIALS",
        "AUTH",
        "URL",
        "HOST",
        "ENDPOINT",
        "PROXY",
        "HOME",
        "DIR",
        "PATH",
    ];
    TABLE
        .iter()
        .any(|known| known.name.eq_ignore_ascii_case(name))
        || name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| {
                WORDS
                    .iter()
                    .any(|sensitive| word.eq_ignore_ascii_case(sensitive))
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_variable_is_sensitive() {
        for known in TABLE {
            assert!(is_sensitive(known.name), "{}", known.name);
        }
    }

    #[test]
    fn other_names_are_judged_by_their_words() {
        for name in [
            "MY_KEY",
            "ANTHROPIC_API_KEY",
            "gh-token",
            "HTTPS_PROXY",
            "OPENAI_BASE_URL",
        ] {
            assert!(is_sensitive(name), "{name}");
        }
        for name in ["LANG", "QWEN_MODEL", "MONKEY", "NO_COLOR"] {
            assert!(!is_sensitive(name), "{name}");
        }
    }
}
