//! `config validate`: what is odd in the file.

use clap::Args;
use qwen_openclaw::config::{Config, Document, ErrorKind, Problem};
use serde_json::{Value, json};

use crate::{
    configuration::{Configuration, unresolved},
    failure::Failure,
    output::{Out, note},
};

#[derive(Args, Debug)]
pub(crate) struct Validate {
    /// Fail if OpenClaw 2026.9 would refuse the file
    #[arg(long)]
    strict: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

/// Something that the user should know.
struct Issue {
    path: String,
    line: Option<usize>,
    message: String,
    is_refused: bool,
}

pub(crate) fn run(arguments: &Validate) -> Result<(), Failure> {
    let configuration = Configuration::locate()?;
    let shown = configuration.file.shown();
    let (issues, failure) = match inspect(&configuration) {
        Ok(issues) => {
            let refused = issues.iter().filter(|issue| issue.is_refused).count();
            let failure = (arguments.strict && refused > 0).then(|| {
                let problems = if refused == 1 { "problem" } else { "problems" };
                Failure::config(format!(
                    "{shown} has {refused} {problems} that OpenClaw 2026.9 refuses"
                ))
            });
            (issues, failure)
        }
        Err(failure) => (Vec::new(), Some(failure)),
    };
    if arguments.json {
        return print(&configuration, &issues, failure);
    }
    for issue in &issues {
        note(&issue.text());
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    let warnings = match issues.len() {
        0 => String::new(),
        1 => ", with 1 warning".to_owned(),
        several => format!(", with {several} warnings"),
    };
    Out::new().line(&format!("Config valid{warnings}: {shown}"))
}

/// What is odd in the file, if it can be read at all.
fn inspect(configuration: &Configuration) -> Result<Vec<Issue>, Failure> {
    let file = &configuration.file;
    let Some(document) = file.read()? else {
        return Err(Failure::config(format!("{} does not exist", file.shown())));
    };
    let config = configuration.load()?;
    let problems = config.problems().iter();
    let mut issues: Vec<Issue> = problems
        .map(|problem| Issue::of(problem, &document))
        .collect();
    issues.extend(unset(&config));
    // In the order of the file; what has no line there comes last.
    issues.sort_by_key(|issue| issue.line.unwrap_or(usize::MAX));
    Ok(issues)
}

/// The variables that are needed and not set.
fn unset(config: &Config) -> impl Iterator<Item = Issue> {
    let errors = unresolved(config).into_iter();
    let unset = errors.filter(|error| error.kind() == ErrorKind::Unset);
    unset.map(|error| Issue {
        path: error.path().unwrap_or_default().to_owned(),
        line: None,
        message: error.to_string(),
        is_refused: false,
    })
}

impl Issue {
    fn of(problem: &Problem, document: &Document) -> Self {
        let path = problem.path();
        let message = problem.to_string();
        let message = message
            .strip_prefix(&format!("{path}: "))
            .unwrap_or(&message);
        Self {
            path: path.to_string(),
            // What an included file says has no line here.
            line: document.lines(path).map(|(line, _)| line),
            message: message.to_owned(),
            is_refused: problem.is_refused_by_openclaw(),
        }
    }

    fn text(&self) -> String {
        let line = self
            .line
            .map(|line| format!("line {line}, "))
            .unwrap_or_default();
        let refused = if self.is_refused {
            " (OpenClaw 2026.9 refuses it)"
        } else {
            ""
        };
        format!("warning: {line}{}: {}{refused}", self.path, self.message)
    }

    fn to_json(&self) -> Value {
        let mut json = json!({ "path": self.path, "message": self.message });
        if let Some(line) = self.line {
            json["line"] = line.into();
        }
        json
    }
}

/// Prints OpenClaw's document, which says of a failure what ours do, too.
fn print(
    configuration: &Configuration,
    issues: &[Issue],
    failure: Option<Failure>,
) -> Result<(), Failure> {
    let of_kind = |is_refused: bool| -> Vec<Value> {
        let issues = issues.iter().filter(|issue| issue.is_refused == is_refused);
        issues.map(Issue::to_json).collect()
    };
    let mut document = match &failure {
        Some(failure) => failure.to_json(),
        None => json!({ "ok": true }),
    };
    document["valid"] = failure.is_none().into();
    document["path"] = json!(configuration.file.path());
    document["issues"] = match &failure {
        Some(failure) if issues.is_empty() => {
            json!([{ "path": "<root>", "message": failure.message() }])
        }
        _ => of_kind(true).into(),
    };
    document["warnings"] = of_kind(false).into();
    Out::new().document(&document)?;
    match failure {
        Some(failure) => Err(failure.silent()),
        None => Ok(()),
    }
}
