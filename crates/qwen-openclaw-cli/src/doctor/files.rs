//! Checks of files and folders with secrets in them.

use super::{check::Found, home::Home, shell};
use crate::{state::State, usage::cooldowns};

/// Our own store.
pub(super) fn store(home: &Home) -> Vec<Found> {
    let error = home.survey.unreadable_store.iter();
    let path = shell::path(home.survey.environment(), home.survey.store.path());
    error
        .map(|error| {
            Found::new(
                error.to_string(),
                format!("`mv {path} {path}.old`, and store the keys and logins again"),
            )
        })
        .collect()
}

/// The file of usage and cooldowns.
pub(super) fn state(home: &Home) -> Vec<Found> {
    let path = State::path(&home.survey.configuration.environment);
    let (Some(problem), Some(path)) = (&home.bad_state, path) else {
        return Vec::new();
    };
    let path = shell::path(home.survey.environment(), &path);
    let fix = format!(
        "`qwen-openclaw usage` sets a damaged file aside and begins a new one; if it cannot, \
         `mv {path} {path}.old`"
    );
    vec![Found::new(problem, fix)]
}

/// What is not tried for a while.
pub(super) fn cooldowns(home: &Home) -> Vec<Found> {
    let found = home.cooldowns.iter().map(|cooldown| {
        let text = format!("not tried for a while: {}", cooldowns::line(cooldown));
        let fix = "wait, or `qwen-openclaw usage cooldowns clear` to try again now";
        Found::new(text, fix)
    });
    found.collect()
}

/// Lines of dotenv files that were skipped.
pub(super) fn dotenv(home: &Home) -> Vec<Found> {
    let problems = home.survey.environment().problems().iter();
    problems
        .map(|problem| {
            Found::new(
                problem.to_string(),
                "make it `NAME=value`, or a comment with `#`",
            )
        })
        .collect()
}

#[cfg(not(unix))]
pub(super) fn modes(_: &Home) -> Vec<Found> {
    Vec::new()
}

/// Files and folders to which others have access.
#[cfg(unix)]
pub(super) fn modes(home: &Home) -> Vec<Found> {
    use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

    use super::repair::Repair;
    use qwen_openclaw::auth::portal::QwenCliFile;

    let survey = &home.survey;
    let folder = &home.openclaw.folder;
    let own = survey.store.path();
    let stores = &home.openclaw.stores;
    let cli = QwenCliFile::of(&survey.configuration.environment);
    let mut files: Vec<(PathBuf, bool)> = vec![
        (folder.clone(), true),
        (survey.configuration.file.path().to_owned(), true),
        (folder.join(".env"), true),
        (own.to_owned(), true),
    ];
    files.extend(own.parent().map(|folder| (folder.to_owned(), true)));
    // The stores of other programs are theirs to change.
    files.extend(
        stores
            .stores
            .iter()
            .map(|store| (store.path().to_owned(), false)),
    );
    files.extend(stores.outdated.iter().map(|path| (path.clone(), false)));
    files.extend(cli.ok().map(|file| (file.path().to_owned(), false)));
    let mut found = Vec::new();
    for (path, is_ours) in files {
        let Ok(metadata) = fs::metadata(&path) else {
            continue;
        };
        let mode = metadata.permissions().mode() & 0o777;
        let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
        if mode & 0o077 == 0 {
            continue;
        }
        let shown = survey.environment().shown(&path);
        let access = if mode & 0o022 == 0 { "read" } else { "change" };
        let text = format!("other users can {access} {shown} (mode {mode:o})");
        let word = shell::path(survey.environment(), &path);
        let finding = Found::new(text, format!("`chmod {wanted:o} {word}`"));
        found.push(match is_ours {
            true => finding.with_repair(Repair::Close { path, mode: wanted }),
            false => finding,
        });
    }
    found
}
