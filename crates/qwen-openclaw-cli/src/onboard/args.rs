//! The command line of `onboard`.

use std::fmt;

use clap::{ArgGroup, Args, ValueEnum};
use qwen_openclaw::catalog::AuthChoice;

#[derive(Args, Debug)]
#[command(
    group = ArgGroup::new("key").multiple(false),
    after_help = "Example: qwen-openclaw onboard --auth-choice qwen-standard-api-key --key-stdin < key.txt\n\n\
                  Auth choices: qwen-standard-api-key[-cn], qwen-api-key[-cn] (Coding Plan),\n\
                  qwen-token-plan[-cn], qwen-oauth (a portal token). -cn is the region China."
)]
pub(crate) struct Onboard {
    /// What to set up, such as qwen-standard-api-key; asked for on a terminal
    #[arg(long, value_name = "ID")]
    pub(crate) auth_choice: Option<String>,

    /// Ask nothing
    #[arg(long)]
    pub(crate) non_interactive: bool,

    /// Read the key from standard input
    #[arg(long, group = "key")]
    pub(crate) key_stdin: bool,

    /// Where the key is kept: `plaintext` stores it, `ref` leaves it in its environment variable
    #[arg(
        long,
        value_enum,
        value_name = "MODE",
        default_value = "plaintext",
        hide_possible_values = true
    )]
    pub(crate) secret_input_mode: SecretInputMode,

    /// Make the choice's model the default even if there is another one
    #[arg(long)]
    pub(crate) set_default: bool,

    /// Do not check the key
    #[arg(long)]
    pub(crate) no_verify: bool,

    /// Check the key with the built-in emulator instead of the service: no network
    #[arg(long, conflicts_with = "no_verify")]
    pub(crate) emulator: bool,

    /// Account name to store the key under
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) profile: String,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    /// For scripts that pass what OpenClaw asks for
    #[arg(long, hide = true)]
    pub(crate) accept_risk: bool,

    /// For scripts that pass what OpenClaw asks for
    #[arg(long, hide = true)]
    pub(crate) skip_health: bool,

    #[command(flatten)]
    pub(crate) keys: Keys,
}

/// The key of one auth choice each. Other processes can see them.
#[derive(Args, Debug)]
#[command(next_help_heading = "Keys (visible to other processes; `--key-stdin` is not)")]
pub(crate) struct Keys {
    /// Key of the Standard plan, Global
    #[arg(long, value_name = "KEY", group = "key")]
    modelstudio_standard_api_key: Option<KeyText>,

    /// Key of the Standard plan, China
    #[arg(long, value_name = "KEY", group = "key")]
    modelstudio_standard_api_key_cn: Option<KeyText>,

    /// Key of the Coding Plan, Global
    #[arg(long, value_name = "KEY", group = "key")]
    modelstudio_api_key: Option<KeyText>,

    /// Key of the Coding Plan, China
    #[arg(long, value_name = "KEY", group = "key")]
    modelstudio_api_key_cn: Option<KeyText>,

    /// Key of the Token Plan, Global
    #[arg(long, value_name = "KEY", group = "key")]
    qwen_token_plan_api_key: Option<KeyText>,

    /// Key of the Token Plan, China
    #[arg(long, value_name = "KEY", group = "key")]
    qwen_token_plan_api_key_cn: Option<KeyText>,

    /// Token of the Qwen portal
    #[arg(long, value_name = "TOKEN", group = "key")]
    qwen_oauth_token: Option<KeyText>,
}

/// Where the key is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum SecretInputMode {
    Plaintext,
    Ref,
}

/// The text of a key, which is not checked here: clap would print it.
#[derive(Clone)]
pub(crate) struct KeyText(pub(crate) String);

impl From<&str> for KeyText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText([redacted])")
    }
}

impl Keys {
    /// The key that was given, and the choice that its flag belongs to.
    pub(crate) fn given(&self) -> Option<(AuthChoice, &KeyText)> {
        let flags = [
            ("qwen-standard-api-key", &self.modelstudio_standard_api_key),
            (
                "qwen-standard-api-key-cn",
                &self.modelstudio_standard_api_key_cn,
            ),
            ("qwen-api-key", &self.modelstudio_api_key),
            ("qwen-api-key-cn", &self.modelstudio_api_key_cn),
            ("qwen-token-plan", &self.qwen_token_plan_api_key),
            ("qwen-token-plan-cn", &self.qwen_token_plan_api_key_cn),
            ("qwen-oauth", &self.qwen_oauth_token),
        ];
        let mut given = flags
            .into_iter()
            .filter_map(|(id, text)| Some((AuthChoice::by_id(id)?, text.as_ref()?)));
        given.next()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn parse(words: &[&str]) -> Result<Onboard, clap::Error> {
        let all = ["qwen-openclaw", "onboard"].iter().chain(words);
        Cli::try_parse_from(all).map(|cli| match cli.command {
            Command::Onboard(onboard) => *onboard,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn each_choice_has_its_key_flag() {
        for choice in AuthChoice::all() {
            let onboard = parse(&[choice.key_flag(), "sk-secret"]).unwrap();
            let (given, text) = onboard.keys.given().unwrap();
            assert_eq!(given.id(), choice.replaced_by().unwrap_or(choice.id()));
            assert_eq!(text.0, "sk-secret");
            assert!(!format!("{onboard:?}").contains("sk-secret"));
        }
    }

    #[test]
    fn one_key_is_given_at_most() {
        let two = [
            "--modelstudio-api-key",
            "sk-secret",
            "--qwen-oauth-token",
            "x",
        ];
        let error = parse(&two).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
        assert!(parse(&["--modelstudio-api-key", "sk-1", "--key-stdin"]).is_err());
        assert!(parse(&[]).unwrap().keys.given().is_none());
    }
}
