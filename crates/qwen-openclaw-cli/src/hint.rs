//! What to do about a failure, in the command's own flags and subcommands.

use qwen_openclaw::{
    Hint,
    auth::KeyKind,
    catalog::{Endpoint, Plan, Region},
    video::Hint as TaskHint,
};

/// Words a hint for a user of the command. Hints that no flag helps with keep the library's words.
pub(crate) fn for_command(hint: &Hint) -> String {
    match hint {
        Hint::WrongKeyOrEndpoint {
            key,
            base_url,
            plan,
            region,
            left_to_try,
        } => {
            let stored = key.stored_for_other(*plan, *region);
            let sent = sent_to(&key.to_string(), base_url, plan.zip(*region), stored);
            match wrong_endpoint(key.kind, left_to_try) {
                Some(advice) => format!("{sent}. {advice}"),
                None => sent,
            }
        }
        Hint::PortalTakesTokens { key, base_url } => format!(
            "the key {key} was sent to {base_url}, which accepts only the portal's tokens. {}",
            PORTAL_TAKES_TOKENS
        ),
        Hint::PortalDiscontinued { key, base_url } => format!(
            "the login {key} was sent to {base_url}. Qwen discontinued the portal's free tier on \
             2026-04-15: `onboard` sets up an API key"
        ),
        Hint::PlanLacksModel { plan, standard } => format!(
            "the {} may not include this model: try `{}` with a Standard key",
            plan.label(),
            flags(*standard)
        ),
        Hint::PlanIsForCodingAgents { standard } => format!(
            "the Coding Plan accepts only the coding agents that it knows: use {} (`{}`) with a \
             Standard key of that region",
            standard.base_url(),
            flags(*standard)
        ),
        Hint::SwitchThinkingOff => "this may require thinking to be off: `--think off`".to_owned(),
        Hint::RaiseTokenLimit => "the reply was cut off: raise `--max-tokens`".to_owned(),
        // Refused before it was sent: no key that the command found is a Standard key.
        Hint::TasksNeedStandardKey { origin: None, .. } => format!(
            "{hint}: store it as the profile `qwen:standard`, or pass it with `--api-key-stdin`"
        ),
        Hint::PluginIsOff { plugin, .. } => format!("`plugins enable {plugin}` turns it on"),
        other => other.to_string(),
    }
}

/// Words a hint about a job. What may be done about it is [`advice`](crate::jobs::advice).
pub(crate) fn for_task(hint: &TaskHint) -> String {
    match hint {
        TaskHint::Call(hint) => for_command(hint),
        TaskHint::UploadFirst => "`--upload` uploads it first".to_owned(),
        TaskHint::ChooseAnotherName => "choose another name, or pass `--overwrite`".to_owned(),
        other => other.to_string(),
    }
}

const PORTAL_TAKES_TOKENS: &str = "QWEN_API_KEY serves both `qwen` and `qwen-oauth`; to use both, \
                                   store the token with `models auth paste-token --provider \
                                   qwen-oauth` and the API key with `models auth paste-api-key \
                                   --provider qwen`";

/// Where a key was sent, with the plan and region that the URL stands for, and those that were stored
/// with the key if they are others.
fn sent_to(
    key: &str,
    base_url: &str,
    endpoint: Option<(Plan, Region)>,
    stored: Option<String>,
) -> String {
    let label = endpoint.map(|(plan, region)| format!(" ({})", Endpoint::of(plan, region).label()));
    let stored = stored.map(|stored| format!(", but was stored for {stored}"));
    let (label, stored) = (label.unwrap_or_default(), stored.unwrap_or_default());
    format!("the key {key} was sent to {base_url}{label}{stored}")
}

/// Which flags to try for a key that was refused; `None` for servers other than Qwen Cloud.
fn wrong_endpoint(kind: KeyKind, left_to_try: &[Endpoint]) -> Option<String> {
    if left_to_try.is_empty() {
        return None;
    }
    let prefix = match kind {
        KeyKind::CodingPlan => " (sk-sp- keys to a Coding Plan)",
        KeyKind::Workspace => " (sk-ws- keys to one workspace)",
        KeyKind::Temporary => " (temporary st- keys expire within minutes)",
        _ => "",
    };
    let try_next: Vec<String> = left_to_try
        .iter()
        .map(|endpoint| format!("`{}`", flags(*endpoint)))
        .collect();
    Some(format!(
        "A key belongs to one plan and one region{prefix}: try {}. `models auth paste-api-key \
         --plan PLAN --region REGION` remembers them with the key",
        try_next.join(" or ")
    ))
}

/// The flags that choose an endpoint.
pub(crate) fn flags(endpoint: Endpoint) -> String {
    let plan = match endpoint.plan() {
        Plan::Coding => "coding",
        Plan::Token => "token",
        Plan::Portal => "portal",
        _ => "standard",
    };
    format!("--plan {plan} --region {}", endpoint.region())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn a_refused_key_names_the_flags_to_try() {
        let china = Endpoint::of(Plan::Standard, Region::China);
        let coding = Endpoint::of(Plan::Coding, Region::Global);
        assert_eq!(
            wrong_endpoint(KeyKind::Other, &[china, coding]).unwrap(),
            "A key belongs to one plan and one region: try `--plan standard --region china` or \
             `--plan coding --region global`. `models auth paste-api-key --plan PLAN --region \
             REGION` remembers them with the key"
        );
        let advice = wrong_endpoint(KeyKind::CodingPlan, &[coding]).unwrap();
        assert!(advice.contains("sk-sp- keys to a Coding Plan"), "{advice}");
        assert_eq!(wrong_endpoint(KeyKind::Other, &[]), None);
    }

    #[test]
    fn a_refused_key_names_its_plan_and_region() {
        let url = Endpoint::StandardGlobal.base_url();
        let endpoint = Some((Plan::Standard, Region::Global));
        assert_eq!(
            sent_to("sk-1...2 (explicit)", url, endpoint, None),
            format!("the key sk-1...2 (explicit) was sent to {url} (Standard, Global)")
        );
        let stored = Some("Coding Plan, China".to_owned());
        assert_eq!(
            sent_to("sk-1...2 (explicit)", "http://127.0.0.1/v1", None, stored),
            "the key sk-1...2 (explicit) was sent to http://127.0.0.1/v1, but was stored for \
             Coding Plan, China"
        );
    }

    #[test]
    fn hints_name_flags() {
        let standard = Endpoint::of(Plan::Standard, Region::China);
        let plan = Plan::Coding;
        for (hint, words) in [
            (Hint::SwitchThinkingOff, "`--think off`"),
            (Hint::RaiseTokenLimit, "`--max-tokens`"),
            (
                Hint::PlanLacksModel { plan, standard },
                "`--plan standard --region china`",
            ),
            (
                Hint::PlanIsForCodingAgents { standard },
                "https://dashscope.aliyuncs.com/compatible-mode/v1 (`--plan standard --region china`)",
            ),
        ] {
            let text = for_command(&hint);
            assert!(text.contains(words), "{text}");
        }
        for (hint, words) in [
            (TaskHint::UploadFirst, "`--upload`"),
            (TaskHint::ChooseAnotherName, "`--overwrite`"),
            (TaskHint::Call(Hint::RaiseTokenLimit), "`--max-tokens`"),
        ] {
            let text = for_task(&hint);
            assert!(text.contains(words), "{text}");
        }
        // Hints that no flag helps with keep the library's words.
        let hint = Hint::CheckBalance;
        assert_eq!(for_command(&hint), hint.to_string());
    }

    /// The flags that are suggested are flags of the command, and lead where the hint says.
    #[test]
    fn suggested_flags_choose_the_endpoint() {
        for endpoint in Endpoint::all() {
            let flags = flags(*endpoint);
            let words = ["qwen-openclaw", "chat", "hi"];
            let line = words.into_iter().chain(flags.split(' '));
            let Command::Chat(chat) = Cli::try_parse_from(line).unwrap().command else {
                panic!("not a chat");
            };
            assert_eq!(chat.connection.plan, Some(endpoint.plan()));
            assert_eq!(chat.connection.region, Some(endpoint.region()));
        }
    }

    /// Each command that a hint names parses as it is printed.
    #[test]
    fn suggested_commands_exist() {
        for text in [
            PORTAL_TAKES_TOKENS.to_owned(),
            wrong_endpoint(KeyKind::Other, Endpoint::all()).unwrap(),
        ] {
            let quoted = text.split('`').skip(1).step_by(2);
            for command in quoted.filter(|text| text.starts_with("models ")) {
                let command = command.replace("PLAN", "coding").replace("REGION", "china");
                let provider = (!command.contains("--provider")).then_some("--provider=qwen");
                let line = ["qwen-openclaw"].into_iter().chain(command.split(' '));
                Cli::try_parse_from(line.chain(provider)).unwrap();
            }
        }
    }
}
