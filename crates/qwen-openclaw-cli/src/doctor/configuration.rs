//! Checks of the configuration file.

use qwen_openclaw::{
    auth,
    catalog::Provider,
    config::{ErrorKind, KeyPath, Problem, ProblemKind, Segment},
};

use super::{
    check::Found,
    home::Home,
    repair::Repair,
    shell::{self, set, unset, word},
};
use crate::{configuration::unresolved, failure::with_causes, survey::built_in_default};

const VALIDATE: &str = "`qwen-openclaw config validate` checks it";

pub(super) fn syntax(home: &Home) -> Vec<Found> {
    let broken = home.survey.broken.as_ref();
    let found = broken.and_then(|error| {
        let position = error.position()?;
        Some(Found::new(
            format!("{error}\n{position}"),
            format!(
                "correct line {} of {}; {VALIDATE}",
                position.line(),
                shown(home)
            ),
        ))
    });
    found.into_iter().collect()
}

pub(super) fn unreadable(home: &Home) -> Vec<Found> {
    let broken = home.survey.broken.iter();
    let broken = broken.filter(|error| error.position().is_none());
    broken
        .map(|error| {
            Found::new(
                with_causes(error.to_string(), error),
                format!(
                    "make {} a JSON5 file that you can read; {VALIDATE}",
                    shown(home)
                ),
            )
        })
        .collect()
}

pub(super) fn refused(home: &Home) -> Vec<Found> {
    let fix = |problem: &Problem| {
        let path = problem.path();
        Some(match problem.kind() {
            // A check of its own.
            ProblemKind::StoredTokens => return None,
            ProblemKind::WrongType { expected } => {
                format!("{} with {expected}", set(path, "VALUE"))
            }
            ProblemKind::VariableOutsideVars => {
                "`qwen-openclaw doctor --fix` moves it to env.vars".to_owned()
            }
            _ => unset(path),
        })
    };
    let mut found = Vec::new();
    for problem in home.survey.config.problems() {
        let fix = problem.is_refused_by_openclaw().then(|| fix(problem));
        if let Some(fix) = fix.flatten() {
            let text = format!("{problem}; OpenClaw 2026.9 refuses it");
            let text = at(home, problem.path(), text);
            found.push(match movable(home, problem) {
                Some(repair) => Found::new(text, fix).with_repair(repair),
                None if *problem.kind() == ProblemKind::VariableOutsideVars => {
                    Found::new(text, unset(problem.path()))
                }
                None => Found::new(text, fix),
            });
        }
    }
    found
}

/// A variable that can be moved to `env.vars`, because there is none of that name.
fn movable(home: &Home, problem: &Problem) -> Option<Repair> {
    let document = home.survey.document.as_ref()?;
    let [_, name] = problem.path().segments() else {
        return None;
    };
    let Segment::Name(name) = name else {
        return None;
    };
    let is_free = !document.contains(&KeyPath::from(["env", "vars", name]));
    let is_here = document.contains(problem.path());
    let moves = *problem.kind() == ProblemKind::VariableOutsideVars && is_free && is_here;
    moves.then(|| Repair::MoveVariable { name: name.clone() })
}

pub(super) fn duplicates(home: &Home) -> Vec<Found> {
    of_kind(home, |problem| {
        let is_it = matches!(problem.kind(), ProblemKind::DuplicateKey { .. });
        is_it.then(|| format!("remove all but one of them from {}", shown(home)))
    })
}

pub(super) fn aliases(home: &Home) -> Vec<Found> {
    of_kind(home, |problem| {
        let is_it = matches!(
            problem.kind(),
            ProblemKind::AmbiguousAlias { .. } | ProblemKind::AliasLoop { .. }
        );
        let document = home.survey.document.as_ref();
        let alias = document.and_then(|document| document.get_text(problem.path()));
        is_it.then(|| match alias {
            Some(alias) => format!("`qwen-openclaw models aliases remove {}`", word(alias)),
            None => unset(problem.path()),
        })
    })
}

pub(super) fn fallbacks(home: &Home) -> Vec<Found> {
    of_kind(home, |problem| {
        (*problem.kind() == ProblemKind::FallbackIsPrimary).then(|| unset(problem.path()))
    })
}

/// Models that lead nowhere: malformed, of an unknown provider, or of another provider than theirs.
pub(super) fn models(home: &Home) -> Vec<Found> {
    let survey = &home.survey;
    let config = &survey.config;
    let default = format!("`qwen-openclaw models set {}`", built_in_default());
    let status = match &home.status {
        Ok(status) => status,
        // An unset variable is a check of its own.
        Err(_) if has_unset(home) => return Vec::new(),
        Err(failure) => return vec![Found::new(failure.message(), default)],
    };
    let mut found = Vec::new();
    for model in status.models() {
        let reference = match config.reference(model) {
            Ok(reference) => reference,
            Err(error) => {
                found.push(Found::new(error.to_string(), default.clone()));
                continue;
            }
        };
        let (name, id) = reference.text.split_once('/').unwrap_or_default();
        let meant = config
            .reference(id)
            .ok()
            .filter(|meant| meant.is_known_model);
        if !reference.is_known_provider {
            found.push(Found::new(
                format!("{model}: the provider {name} is neither configured nor known"),
                format!(
                    "{default}, or {}",
                    set(&provider(name).name("baseUrl"), "URL")
                ),
            ));
        } else if let Some(meant) = meant
            && !reference.is_known_model
            && name == Provider::QWEN.id()
        {
            found.push(Found::new(
                format!("{model}: the catalog has that model as {}", meant.text),
                format!("`qwen-openclaw models set {}`", word(&meant.text)),
            ));
        }
    }
    found
}

pub(super) fn unset_variables(home: &Home) -> Vec<Found> {
    let environment = &home.survey.configuration.environment;
    let dotenv = shell::path(environment, &home.openclaw.folder.join(".env"));
    let unset_errors = unresolved(&home.survey.config).into_iter();
    unset_errors
        .filter(|error| error.kind() == ErrorKind::Unset)
        .map(|error| {
            let name = error.variable().unwrap_or_default();
            let path = error.path().and_then(|path| path.parse().ok());
            let remove = path.as_ref().map(|path| format!(", or {}", unset(path)));
            let text = match &path {
                Some(path) => at(home, path, error.to_string()),
                None => error.to_string(),
            };
            let fix = format!(
                "add a line `{name}=...` to {dotenv}{}",
                remove.unwrap_or_default()
            );
            Found::new(text, fix)
        })
        .collect()
}

/// Values that OpenClaw knows, and that do nothing here.
pub(super) fn no_effect(home: &Home) -> Vec<Found> {
    of_kind(home, |problem| {
        let is_it = matches!(problem.kind(), ProblemKind::NoEffect { .. });
        is_it.then(|| unset(problem.path()))
    })
}

/// Providers that are refused because their plugin is off.
pub(super) fn plugin_off(home: &Home) -> Vec<Found> {
    let config = &home.survey.config;
    let off = Provider::well_known()
        .filter_map(|provider| Some((config.plugin_that_is_off(&provider)?, provider)));
    let off: Vec<(&str, String)> = off
        .map(|(plugin, provider)| (plugin, provider.to_string()))
        .collect();
    let Some((plugin, _)) = off.first() else {
        return Vec::new();
    };
    let providers: Vec<&str> = off.iter().map(|(_, provider)| &**provider).collect();
    vec![Found::new(
        format!(
            "the plugin {plugin} is switched off: requests to {} are refused",
            providers.join(" and ")
        ),
        format!("`qwen-openclaw plugins enable {plugin}`"),
    )]
}

/// A login shell that was to give keys, and did not.
pub(super) fn shell_env(home: &Home) -> Vec<Found> {
    let problems = home.survey.environment().problems().iter();
    let failed = problems.filter(|problem| problem.kind() == auth::ErrorKind::Shell);
    failed
        .map(|problem| {
            let cause = std::error::Error::source(problem);
            let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
            let path = KeyPath::from(["env", "shellEnv", "timeoutMs"]);
            Found::new(
                format!("{problem}{cause}"),
                format!(
                    "correct the shell's start files, or {}",
                    set(&path, "MILLISECONDS")
                ),
            )
        })
        .collect()
}

fn has_unset(home: &Home) -> bool {
    let errors = unresolved(&home.survey.config);
    errors.iter().any(|error| error.kind() == ErrorKind::Unset)
}

/// The problems for which there is a fix.
pub(super) fn of_kind(home: &Home, fix: impl Fn(&Problem) -> Option<String>) -> Vec<Found> {
    let problems = home.survey.config.problems().iter();
    problems
        .filter_map(|problem| {
            let text = at(home, problem.path(), problem.to_string());
            Some(Found::new(text, fix(problem)?))
        })
        .collect()
}

/// Adds the place of a value, with a caret, if it is in the file itself.
pub(super) fn at(home: &Home, path: &KeyPath, text: String) -> String {
    let document = home.survey.document.as_ref();
    match document.and_then(|document| document.position(path)) {
        Some(position) => format!(
            "{text}\n{}, line {}, column {}:\n{position}",
            shown(home),
            position.line(),
            position.column()
        ),
        None => text,
    }
}

pub(super) fn provider(name: &str) -> KeyPath {
    KeyPath::from(["models", "providers", name])
}

fn shown(home: &Home) -> &str {
    home.survey.configuration.file.shown()
}
