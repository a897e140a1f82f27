//! `models auth import`: copies credentials of other programs; their files are only read.

use std::path::PathBuf;

use qwen_openclaw::{
    auth::{
        FileStore, openclaw_dir,
        portal::{self, QwenCliFile},
    },
    catalog::Provider,
};
use serde_json::{Value, json};

use super::{
    args::{From, Import},
    cli_file, environment, failure, profile_id, store, warn,
};
use crate::{
    block_on,
    failure::Failure,
    output::{Out, note},
};

pub(crate) fn run(arguments: &Import) -> Result<(), Failure> {
    block_on(import(arguments))
}

/// One credential, and what became of it.
struct Line {
    name: String,
    id: Option<String>,
    what: &'static str,
}

async fn import(arguments: &Import) -> Result<(), Failure> {
    let environment = environment();
    let store = store(&environment)?;
    let lines = match arguments.from {
        From::QwenCli => {
            let (path, server) = (
                arguments.file.as_deref(),
                arguments.oauth_base_url.as_deref(),
            );
            let file = cli_file(path, server, &environment)?;
            qwen_cli(arguments, &store, &file).await?
        }
        From::Openclaw => {
            let path = match &arguments.file {
                Some(path) => path.clone(),
                None => {
                    let agents = openclaw_dir(&environment)?.join("agents");
                    let agent = PathBuf::from(&arguments.agent);
                    agents.join(agent).join("agent/auth-profiles.json")
                }
            };
            let imported = portal::import_openclaw(&*store, &path).await;
            let line = |each: portal::Imported| Line {
                name: each.name,
                id: each.id.map(|id| id.to_string()),
                what: word(each.import),
            };
            imported.map_err(failure)?.into_iter().map(line).collect()
        }
    };
    warn(&store);
    let mut out = Out::new();
    if arguments.json {
        let rows: Vec<Value> = lines
            .iter()
            .map(|line| json!({"name": line.name, "id": line.id, "result": line.what}))
            .collect();
        let document = json!({"ok": true, "authStatePath": store.path(), "profiles": rows});
        return out.line(&format!("{document:#}"));
    }
    for line in lines {
        if let (Some(id), "kept") = (&line.id, line.what) {
            note(&format!(
                "note: {id} is newer, from another server, or was not imported; to replace it, remove \
                 it first with `models auth logout {id}`"
            ));
        }
        let id = line.id.map_or_else(String::new, |id| format!(" -> {id}"));
        out.line(&format!("{}{id}: {}", line.name, line.what))?;
    }
    Ok(())
}

async fn qwen_cli(
    arguments: &Import,
    store: &FileStore,
    file: &QwenCliFile,
) -> Result<Vec<Line>, Failure> {
    let id = profile_id(Provider::QWEN_OAUTH.id(), Some(&arguments.profile))?;
    let import = portal::import_qwen_cli(store, &id, file).await;
    Ok(vec![Line {
        name: file.path().display().to_string(),
        id: Some(id.to_string()),
        what: word(import.map_err(failure)?),
    }])
}

fn word(import: portal::Import) -> &'static str {
    match import {
        portal::Import::Imported => "imported",
        portal::Import::Unchanged => "unchanged",
        portal::Import::Kept => "kept",
        _ => "skipped",
    }
}
