//! The failures that OpenClaw's documentation describes: their first line, and what to do.

use qwen_openclaw::{
    Error, ErrorKind, ErrorScope, Hint, auth,
    catalog::{AuthChoice, Provider},
};

/// Logs in again, whether the portal is on or off.
pub(crate) const LOG_IN: &str =
    "models auth login --provider qwen-portal --set-default --enable-portal";

/// The command that logs an account of the portal in again.
pub(crate) fn log_in(account: &str) -> String {
    match account {
        "default" => LOG_IN.to_owned(),
        // The default model stays that of the account it was set for.
        account => {
            format!("models auth login --provider qwen-portal --enable-portal --profile {account}")
        }
    }
}

/// The command for a provider without any credential.
pub(crate) fn set_up(provider: &Provider) -> String {
    let has_choice = || {
        AuthChoice::all()
            .iter()
            .any(|choice| choice.provider() == *provider)
    };
    if *provider == Provider::QWEN_OAUTH {
        LOG_IN.to_owned()
    } else if has_choice() {
        "onboard".to_owned()
    } else {
        format!("models auth paste-api-key --provider {provider}")
    }
}

const OTHER_MODEL: &str = "use another model with `-m`; OpenClaw itself goes on with the models that \
                           `models fallbacks add REF` adds";

/// A failure with a first line of its own ("Qwen" page, troubleshooting).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Symptom {
    /// The plugin of the portal's login is off.
    ProviderNotFound,
    /// The plugin of the provider `qwen` is off.
    QwenNotFound,
    /// The same, for the provider `qwen-token-plan`.
    TokenPlanNotFound,
    /// The portal did not accept a token.
    OAuth,
    /// A login could not be renewed.
    Refresh,
    ModelNotFound,
    RateLimit,
    /// The portal's requests of the day are used up.
    DailyLimit,
}

impl Symptom {
    /// The symptom of an error, with the status that the documentation has beside it, if it has one.
    /// Whether a token was the portal's is for the caller to say.
    pub(crate) fn of(error: &Error) -> Option<(Self, Option<u16>)> {
        let hint = error.as_chat().and_then(|error| error.hint());
        if let Some(Hint::PluginIsOff { provider, .. }) = hint {
            let is_plan = *provider == Provider::QWEN_TOKEN_PLAN;
            let symptom = match is_plan {
                true => Self::TokenPlanNotFound,
                false => Self::QwenNotFound,
            };
            return Some((symptom, None));
        }
        if let Some(auth) = error.as_auth() {
            let is_refused = auth.kind() == auth::ErrorKind::Refused;
            return is_refused.then_some((Self::Refresh, Some(401)));
        }
        let status = error.status()?;
        let symptom = match error.kind() {
            ErrorKind::NotFound if error.scope() == ErrorScope::Model => Self::ModelNotFound,
            ErrorKind::RateLimited => Self::RateLimit,
            // The portal counts requests per day.
            ErrorKind::Quota if status == 429 => Self::DailyLimit,
            _ => return None,
        };
        Some((symptom, Some(status)))
    }

    /// Whether OpenClaw itself would not know the provider, which is neither the request's fault nor
    /// the server's.
    pub(crate) const fn is_switch(self) -> bool {
        matches!(
            self,
            Self::ProviderNotFound | Self::QwenNotFound | Self::TokenPlanNotFound
        )
    }

    /// The first line, without `Error: `.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::ProviderNotFound => "Provider \"qwen-portal\" not found",
            Self::QwenNotFound => "Provider \"qwen\" not found",
            Self::TokenPlanNotFound => "Provider \"qwen-token-plan\" not found",
            Self::OAuth => "OAuth authentication failed",
            Self::Refresh => "Token refresh failed",
            Self::ModelNotFound => "Model not found",
            Self::RateLimit | Self::DailyLimit => "Rate limit exceeded",
        }
    }

    /// What to do, in commands.
    pub(crate) fn remedy(self) -> String {
        match self {
            Self::ProviderNotFound => {
                "`plugins enable qwen-portal-auth` turns the login on, and `--enable-portal` does \
                 for one login"
                    .to_owned()
            }
            Self::QwenNotFound | Self::TokenPlanNotFound => {
                "`plugins enable qwen` turns it on".to_owned()
            }
            Self::OAuth | Self::Refresh => {
                format!("log in again with `{LOG_IN}`; `models auth list` shows the stored logins")
            }
            Self::ModelNotFound => "`models list` shows the models of this endpoint".to_owned(),
            Self::RateLimit => format!("wait a minute, or {OTHER_MODEL}"),
            Self::DailyLimit => format!(
                "the portal's 2,000 requests are counted anew each day: wait, or {OTHER_MODEL}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn what_is_advised_parses() {
        let providers = Provider::well_known().map(|provider| set_up(&provider));
        for command in providers.chain([log_in("default"), log_in("work")]) {
            let words = ["qwen-openclaw"].into_iter().chain(command.split(' '));
            assert!(Cli::try_parse_from(words).is_ok(), "{command}");
        }
    }

    #[test]
    fn the_first_advice_is_what_the_provider_is_set_up_with() {
        for (provider, command) in [
            (Provider::QWEN, "onboard"),
            (Provider::QWEN_TOKEN_PLAN, "onboard"),
            (Provider::QWEN_OAUTH, LOG_IN),
            (
                Provider::by_name("openai").unwrap(),
                "models auth paste-api-key --provider openai",
            ),
        ] {
            assert_eq!(set_up(&provider), command);
        }
    }
}
