//! `models status` for people, in 80 columns.

use super::{Effective, ModelStatus, ProviderStatus, document::label};
use crate::{auth::list::Row, columns::field, survey::Survey};

pub(super) fn lines(survey: &Survey, status: &ModelStatus) -> Vec<String> {
    let shown = |path| survey.environment().shown(path);
    let store = survey.store.path();
    let document = survey.document.as_ref();
    let aliases = document
        .map(|document| document.aliases())
        .unwrap_or_default();
    let aliases: Vec<String> = aliases
        .into_iter()
        .map(|(alias, model)| format!("{alias} -> {model}"))
        .collect();
    let counted = |name: &str, list: &[String]| {
        let text = if list.is_empty() {
            "-".to_owned()
        } else {
            list.join(", ")
        };
        line(&format!("{name} ({})", list.len()), &text)
    };
    let is_renamed = status.default != status.resolved;
    let default = match is_renamed {
        true => format!("{} ({})", status.default, status.resolved),
        false => status.default.clone(),
    };
    let shell = survey.shell_text();
    let mut lines = vec![
        line("Config", survey.configuration.file.shown()),
        line("State dir", &store.parent().map(shown).unwrap_or_default()),
        line("Default", &default),
        counted("Fallbacks", &status.fallbacks),
        line("Image model", status.image.as_deref().unwrap_or("-")),
        counted("Image fallbacks", &status.image_fallbacks),
        counted("Aliases", &aliases),
        String::new(),
        "Auth overview".to_owned(),
        line("Auth store", &shown(store)),
        line("Shell env", &shell),
        counted("Providers w/ OAuth/tokens", &status.with_logins(survey)),
    ];
    for provider in &status.providers {
        lines.extend(overview(provider, survey));
    }
    lines.extend([String::new(), "OAuth/token status".to_owned()]);
    let logins = survey
        .profiles
        .iter()
        .filter(|row| row.profile.kind() != "api_key");
    let logins: Vec<String> = logins.map(|row| login(row, survey)).collect();
    if logins.is_empty() {
        lines.push("- none".to_owned());
    }
    lines.extend(logins);
    lines
}

/// The names of the other fields are as wide as this.
fn line(name: &str, text: &str) -> String {
    field(&format!("{name:14}:"), 15, text)
}

fn overview(status: &ProviderStatus, survey: &Survey) -> Vec<String> {
    let count = |kinds: &[&str]| status.count(survey, |kind| kinds.contains(&kind));
    let (logins, tokens, keys) = (
        count(&["oauth", "qwen_cli"]),
        count(&["token"]),
        count(&["api_key"]),
    );
    let total = status.rows.len();
    let unused = if status.is_used {
        ""
    } else {
        " (in no configured model)"
    };
    let mut lines = vec![
        format!("- {}{unused}", status.provider),
        field(
            "",
            1,
            &match status.effective {
                Effective::Missing if status.problem.is_none() => "effective=missing".to_owned(),
                effective => format!("effective={}:{}", effective.as_str(), status.detail(survey)),
            },
        ),
        field(
            "",
            1,
            &format!("profiles={total} ({logins} oauth, {tokens} token, {keys} api-key)"),
        ),
    ];
    lines.extend(status.rows(survey).map(|row| field("", 3, &label(row))));
    let found = [("env", &status.variable), ("config", &status.configured)];
    for (name, found) in found {
        if let Some((key, source)) = found {
            lines.push(field("", 1, &format!("{name}={key} | {source}")));
        }
    }
    lines
}

fn login(row: &Row, survey: &Survey) -> String {
    field(
        "-",
        1,
        &format!("{} {}", row.health(survey.now), row.label()),
    )
}
