//! `doctor`: looks for problems, and says what fixes each.

use clap::Args;
use serde_json::{Value, json};

use crate::{
    block_on,
    columns::field,
    failure::Failure,
    interrupt::Interrupt,
    output::{Out, note},
};

mod check;
mod configuration;
mod credentials;
mod endpoints;
mod files;
mod home;
mod keys;
mod misplaced;
mod openclaw;
mod repair;
mod shell;
mod trials;

use self::{
    check::{Finding, TABLE},
    home::Home,
    keys::FoundKey,
};

#[derive(Args, Debug)]
#[command(
    after_help = "Exits with 1 if there are findings, otherwise with 0.\n\n\
                  Example: qwen-openclaw doctor --online --fix"
)]
pub(crate) struct Doctor {
    /// Try every key that is found at every endpoint it may belong to; lists models, nothing else
    #[arg(long)]
    pub(crate) online: bool,

    /// Fix what can be fixed safely: file modes, and variables outside env.vars
    #[arg(long)]
    pub(crate) fix: bool,

    /// Try the keys at the built-in emulator, in place of the official endpoints
    #[arg(long)]
    pub(crate) emulator: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(arguments: &Doctor) -> Result<(), Failure> {
    block_on(examine(arguments))
}

async fn examine(arguments: &Doctor) -> Result<(), Failure> {
    // From here on Ctrl-C no longer kills: temporary copies of databases are removed first.
    let mut interrupt = Interrupt::listen()?;
    let looked = async {
        tokio::task::yield_now().await;
        let mut home = Home::look().await?;
        if arguments.online || arguments.emulator {
            trials::run(&mut home, arguments.emulator).await?;
        }
        Ok(home)
    };
    let home = interrupt.or(looked).await?;
    let mut findings: Vec<Finding> = TABLE.iter().flat_map(|check| check.run(&home)).collect();
    if arguments.fix {
        for finding in &mut findings {
            finding.repair(&home).await;
        }
    }
    let left = findings.iter().filter(|finding| finding.fixed.is_none());
    let is_fine = left.count() == 0;
    let mut out = Out::new();
    if arguments.json {
        let document = document(&home, &findings, is_fine);
        out.document(&document)?;
    } else {
        for line in lines(&home, &findings) {
            out.line(&line)?;
        }
        if !arguments.fix && findings.iter().any(|finding| finding.repair.is_some()) {
            note("hint: `qwen-openclaw doctor --fix` fixes some of it");
        }
    }
    match is_fine {
        true => Ok(()),
        // Each is told already.
        false => Err(Failure::other("there are findings").silent()),
    }
}

fn document(home: &Home, findings: &[Finding], is_fine: bool) -> Value {
    let findings = findings.iter().map(|finding| {
        json!({
            "id": finding.check.id,
            "severity": finding.check.severity.as_str(),
            "text": finding.text,
            "fix": finding.fix,
            "fixed": finding.fixed,
        })
    });
    let keys = home.keys.iter().map(|key| {
        let trials = home.trials.iter().filter(|trial| trial.is_of(key));
        let trials = trials.map(|trial| {
            json!({
                "baseUrl": trial.place.base_url,
                "endpoint": trial.place.label(),
                "outcome": trial.outcome.as_str(),
                "message": trial.outcome.message(),
            })
        });
        json!({
            "provider": key.provider.id(),
            "key": key.key.masked(),
            "source": key.source,
            "isUsed": home.is_used(key),
            "trials": trials.collect::<Vec<_>>(),
        })
    });
    let stores = home.openclaw.stores.stores.iter();
    let environment = home.survey.environment();
    json!({
        "ok": is_fine,
        "checks": TABLE.iter().map(|check| check.id).collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
        "keys": keys.collect::<Vec<_>>(),
        "configPath": home.survey.configuration.file.path(),
        "shellEnv": {
            "enabled": home.survey.config.env.shell.is_enabled,
            "appliedKeys": environment.shell_variables().collect::<Vec<_>>(),
        },
        "openclaw": {
            "version": home.openclaw.version,
            "stores": stores.map(|store| store.path()).collect::<Vec<_>>(),
            "unusedStores": home.openclaw.stores.outdated,
        },
    })
}

fn lines(home: &Home, findings: &[Finding]) -> Vec<String> {
    let environment = home.survey.environment();
    let file = &home.survey.configuration.file;
    let config = match home.survey.document.is_some() || home.survey.broken.is_some() {
        true => file.shown().to_owned(),
        false => format!("{} (does not exist)", file.shown()),
    };
    let stores = home.openclaw.stores.stores.iter();
    let stores: Vec<_> = stores
        .map(|store| environment.shown(store.path()))
        .collect();
    let version = home.openclaw.version.as_deref();
    let openclaw = match (version, &stores[..]) {
        (None, []) => "not found".to_owned(),
        (version, []) => format!("{}, no credentials", version.unwrap_or("unknown version")),
        (version, stores) => format!(
            "{}, credentials in {}",
            version.unwrap_or("unknown version"),
            stores.join(", ")
        ),
    };
    let mut lines = vec![
        field("Config", 10, &config),
        field("OpenClaw", 10, &openclaw),
    ];
    if home.survey.config.env.shell.is_enabled {
        lines.push(field("Shell env", 10, &home.survey.shell_text()));
    }
    if home.keys.is_empty() {
        lines.push(field("Keys", 10, "none"));
    }
    for (index, key) in home.keys.iter().enumerate() {
        let name = if index == 0 { "Keys" } else { "" };
        lines.push(field(name, 10, &described(home, key)));
        let trials = home.trials.iter().filter(|trial| trial.is_of(key));
        lines.extend(trials.map(|trial| {
            let message = trial.outcome.message();
            let message = message.map_or_else(String::new, |message| format!(": {message}"));
            let (place, outcome) = (&trial.place, trial.outcome.as_str());
            field("", 12, &format!("{}: {outcome}{message}", place.label()))
        }));
    }
    lines.push(String::new());
    lines.push(match findings {
        [] => "No problems found.".to_owned(),
        [_] => "1 finding:".to_owned(),
        several => format!("{} findings:", several.len()),
    });
    for finding in findings {
        let check = finding.check;
        lines.push(format!("\n{}: {}", check.severity.as_str(), check.id));
        lines.push(field("", 2, &finding.text));
        lines.push(match &finding.fixed {
            Some(fixed) => field("", 2, &format!("fixed: {fixed}")),
            None => field("", 2, &format!("fix: {}", finding.fix)),
        });
    }
    lines
}

fn described(home: &Home, key: &FoundKey) -> String {
    let used = if home.is_used(key) { " (used)" } else { "" };
    format!("{} {} {}{used}", key.provider, key.key.masked(), key.source)
}
