//! `models auth import`: copies credentials of other programs; their files are only read.

use std::{
    collections::{BTreeMap, HashSet},
    path::PathBuf,
};

use qwen_openclaw::{
    auth::{
        Environment, FileStore, ProfileId, openclaw_dir,
        portal::{self, QwenCliFile},
    },
    catalog::Provider,
};
use serde_json::{Value, json};

use super::{
    args::{From, Import},
    cli_file, failure,
    openclaw::Found,
    profile_id, store, warn,
};
use crate::{
    block_on,
    configuration::environment,
    failure::Failure,
    interrupt::Interrupt,
    output::{Out, note},
};

pub(crate) fn run(arguments: &Import) -> Result<(), Failure> {
    block_on(import(arguments))
}

/// One credential, and what became of it.
struct Line {
    from: PathBuf,
    name: String,
    id: Option<String>,
    what: &'static str,
}

/// What is to be told.
#[derive(Default)]
struct Outcome {
    lines: Vec<Line>,
    orders: BTreeMap<String, Vec<ProfileId>>,
    found: Found,
}

async fn import(arguments: &Import) -> Result<(), Failure> {
    let environment = environment();
    let store = store(&environment)?;
    let outcome = match arguments.from {
        From::QwenCli => {
            let (path, server) = (
                arguments.file.as_deref(),
                arguments.oauth_base_url.as_deref(),
            );
            let file = cli_file(path, server, &environment)?;
            qwen_cli(arguments, &store, &file).await?
        }
        From::Openclaw => openclaw(arguments, &store, &environment).await?,
    };
    warn(&store);
    if arguments.json {
        let mut document = outcome.to_json();
        document["authStatePath"] = json!(store.path());
        Out::new().document(&document)?;
    } else {
        outcome.print(&environment)?;
    }
    match outcome.found.problems[..] {
        [] => Ok(()),
        // Each is told already.
        _ => Err(Failure::other("not every store could be read").silent()),
    }
}

impl Outcome {
    fn to_json(&self) -> Value {
        let rows = self.lines.iter().map(|line| {
            json!({"name": line.name, "id": line.id, "result": line.what, "from": line.from})
        });
        let problems = self.found.problems.iter();
        let problems = problems.map(|each| json!({"path": each.path, "message": each.message}));
        let orders = self.orders.iter().map(|(provider, order)| {
            let names: Vec<_> = order.iter().map(ProfileId::as_str).collect();
            (provider.clone(), json!(names))
        });
        json!({
            "ok": self.found.problems.is_empty(),
            "profiles": rows.collect::<Vec<_>>(),
            "order": orders.collect::<serde_json::Map<_, _>>(),
            "problems": problems.collect::<Vec<_>>(),
            "outdated": self.found.outdated,
        })
    }

    fn print(&self, environment: &Environment) -> Result<(), Failure> {
        for problem in &self.found.problems {
            let path = environment.shown(&problem.path);
            note(&format!("error: {path} {}", problem.message));
        }
        for path in &self.found.outdated {
            let path = environment.shown(path);
            note(&format!(
                "note: {path} is from an earlier release, and OpenClaw no longer reads it; `--file` \
                 imports it"
            ));
        }
        if self.lines.is_empty() && self.found.problems.is_empty() {
            note("OpenClaw has no profiles stored.");
        }
        let mut out = Out::new();
        let mut imported = HashSet::new();
        for line in &self.lines {
            if let (Some(id), "kept") = (&line.id, line.what) {
                note(&match imported.contains(id) {
                    true => format!(
                        "note: {id} was imported from a store that comes before {}",
                        environment.shown(&line.from)
                    ),
                    false => format!(
                        "note: {id} is newer, from another server, or was not imported; to replace \
                         it, remove it first with `models auth logout {id}`"
                    ),
                });
            }
            imported.extend(line.id.as_ref().filter(|_| line.what == "imported"));
            let id = line
                .id
                .as_ref()
                .map_or_else(String::new, |id| format!(" -> {id}"));
            out.line(&format!("{}{id}: {}", line.name, line.what))?;
        }
        for (provider, order) in &self.orders {
            let names: Vec<_> = order.iter().map(ProfileId::as_str).collect();
            out.line(&format!("Order of {provider}: {}", names.join(", ")))?;
        }
        Ok(())
    }
}

async fn openclaw(
    arguments: &Import,
    store: &FileStore,
    environment: &Environment,
) -> Result<Outcome, Failure> {
    // From here on Ctrl-C no longer kills: the temporary copies are removed first.
    let mut interrupt = Interrupt::listen()?;
    let found = match &arguments.file {
        Some(path) => Found::in_file(path),
        None => Found::in_folder(&openclaw_dir(environment)?, arguments.agent.as_deref()),
    };
    let now = async {
        tokio::task::yield_now().await;
        Ok(())
    };
    interrupt.or(now).await?;
    if found.stores.is_empty() && found.problems.is_empty() {
        let folder = openclaw_dir(environment)?;
        let whose = match &arguments.agent {
            Some(agent) => format!("no credentials of OpenClaw's agent {agent}"),
            None => "no credentials of OpenClaw".to_owned(),
        };
        let folder = environment.shown(&folder);
        return Err(Failure::other(format!("there are {whose} in {folder}"))
            .with_hint("`--file` names a file, and OPENCLAW_STATE_DIR another folder"));
    }
    let imported = portal::import_openclaw(store, &found.stores).await;
    let imported = imported.map_err(failure)?;
    let line = |each: portal::Imported| Line {
        from: each.from,
        name: each.name,
        id: each.id.map(|id| id.to_string()),
        what: word(each.import),
    };
    Ok(Outcome {
        lines: imported.profiles.into_iter().map(line).collect(),
        orders: imported.orders,
        found,
    })
}

async fn qwen_cli(
    arguments: &Import,
    store: &FileStore,
    file: &QwenCliFile,
) -> Result<Outcome, Failure> {
    let id = profile_id(Provider::QWEN_OAUTH.id(), Some(&arguments.profile))?;
    let import = portal::import_qwen_cli(store, &id, file).await;
    let line = Line {
        from: file.path().to_owned(),
        name: file.path().display().to_string(),
        id: Some(id.to_string()),
        what: word(import.map_err(failure)?),
    };
    Ok(Outcome {
        lines: vec![line],
        ..Outcome::default()
    })
}

fn word(import: portal::Import) -> &'static str {
    match import {
        portal::Import::Imported => "imported",
        portal::Import::Unchanged => "unchanged",
        portal::Import::Kept => "kept",
        _ => "skipped",
    }
}
