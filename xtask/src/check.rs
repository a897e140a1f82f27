//! `check`: the rules of the workspace that no compiler knows. All findings are listed at once.

mod budgets;
mod finding;
mod layers;
mod manifest;
mod manifests;
mod model_ids;
mod named;
mod rust_source;
mod tidy;

use crate::{error::Error, steps::Outcome, tree::Tree, workspace::Workspace};

use self::finding::Finding;

/// What a check found, and the figures it measured on the way.
struct Report {
    figures: Vec<String>,
    findings: Vec<Finding>,
}

pub(crate) fn run() -> Result<(), Error> {
    let report = examine(&Workspace::load()?)?;
    for line in report.lines() {
        println!("{line}");
    }
    match report.findings.len() {
        0 => Ok(()),
        count => Err(Error::Failed(format!("findings: {count}"))),
    }
}

/// The same as a step of `ci`.
pub(crate) fn step(workspace: &Workspace) -> Result<Outcome, Error> {
    let report = examine(workspace)?;
    let text = report.lines().collect::<Vec<_>>().join("\n");
    Ok(if report.findings.is_empty() {
        Outcome::Passed(text)
    } else {
        Outcome::Failed(text)
    })
}

impl Report {
    fn lines(&self) -> impl Iterator<Item = String> {
        self.figures
            .iter()
            .cloned()
            .chain(self.findings.iter().map(Finding::to_string))
    }
}

fn examine(workspace: &Workspace) -> Result<Report, Error> {
    let tree = Tree::load(&workspace.root)?;
    let costs = budgets::measure()?;
    let mut findings = layers::findings(workspace);
    findings.extend(budgets::findings(&costs));
    findings.extend(manifests::findings(workspace, &tree));
    findings.extend(model_ids::findings(workspace, &tree));
    findings.extend(named::findings(workspace, &tree));
    findings.extend(tidy::findings(workspace, &tree));
    findings.sort();
    Ok(Report {
        figures: costs.iter().map(ToString::to_string).collect(),
        findings,
    })
}
