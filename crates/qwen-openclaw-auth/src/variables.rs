//! The environment variables that this workspace knows, in one table.

/// The key for Qwen Cloud that is looked at first; also the token of `qwen-oauth`.
pub const QWEN_API_KEY: &str = "QWEN_API_KEY";
/// The key for Qwen Cloud under the name of Model Studio, looked at second.
pub const MODELSTUDIO_API_KEY: &str = "MODELSTUDIO_API_KEY";
/// The key for Qwen Cloud under the name in the vendor's own examples, looked at last.
pub const DASHSCOPE_API_KEY: &str = "DASHSCOPE_API_KEY";
/// The key for the Token Plan.
pub const QWEN_TOKEN_PLAN_API_KEY: &str = "QWEN_TOKEN_PLAN_API_KEY";
/// The base URL that requests go to when none is given otherwise.
pub const QWEN_BASE_URL: &str = "QWEN_BASE_URL";
/// The server that portal logins are started at; default `https://chat.qwen.ai`.
pub const QWEN_OAUTH_BASE_URL: &str = "QWEN_OAUTH_BASE_URL";
/// The folder of the Qwen Code CLI; default `~/.qwen`.
pub const QWEN_HOME: &str = "QWEN_HOME";
/// The state folder of this workspace; default `~/.qwen-openclaw`.
pub const QWEN_OPENCLAW_HOME: &str = "QWEN_OPENCLAW_HOME";
/// The state folder of OpenClaw; default `~/.openclaw`.
pub const OPENCLAW_STATE_DIR: &str = "OPENCLAW_STATE_DIR";
/// What OpenClaw takes for the home folder; default the user's.
pub const OPENCLAW_HOME: &str = "OPENCLAW_HOME";
/// The user's home folder.
pub const HOME: &str = "HOME";
/// The user's home folder on Windows, where `HOME` is usually not set.
pub const USERPROFILE: &str = "USERPROFILE";

/// Every variable above, with what it is for.
pub const TABLE: &[Known] = &[
    Known::new(QWEN_API_KEY, Purpose::Key),
    Known::new(MODELSTUDIO_API_KEY, Purpose::Key),
    Known::new(DASHSCOPE_API_KEY, Purpose::Key),
    Known::new(QWEN_TOKEN_PLAN_API_KEY, Purpose::Key),
    Known::new(QWEN_BASE_URL, Purpose::Endpoint),
    Known::new(QWEN_OAUTH_BASE_URL, Purpose::Endpoint),
    Known::new(QWEN_HOME, Purpose::Folder),
    Known::new(QWEN_OPENCLAW_HOME, Purpose::Folder),
    Known::new(OPENCLAW_STATE_DIR, Purpose::Folder),
    Known::new(OPENCLAW_HOME, Purpose::Folder),
    Known::new(HOME, Purpose::Folder),
    Known::new(USERPROFILE, Purpose::Folder),
];

/// A variable that this workspace knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Known {
    /// The name, as it is set.
    pub name: &'static str,
    /// What the value is.
    pub purpose: Purpose,
}

impl Known {
    const fn new(name: &'static str, purpose: Purpose) -> Self {
        Self { name, purpose }
    }
}

/// What the value of a variable is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Purpose {
    /// A secret that requests are sent with.
    Key,
    /// An address that secrets are sent to.
    Endpoint,
    /// A folder that secrets are stored in or read from.
    Folder,
}

/// Tells whether a variable holds a secret, or decides where a secret comes from or goes to.
///
/// Variables outside the table are judged by the words of their names: a configuration file may
/// take its key from any variable.
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
