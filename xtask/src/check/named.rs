//! The well-known crates that this workspace promises to stand on, each where it is promised.
//!
//! Standing in a manifest is not enough: the sources must use it.

use crate::{
    tree::Tree,
    workspace::{DependencyKind, Package, Workspace, table_name},
};

use super::{finding::Finding, rust_source};

/// A crate and one of its promised users.
struct Promise {
    name: &'static str,
    user: &'static str,
    kind: Option<DependencyKind>,
}

const fn built_on(name: &'static str, user: &'static str) -> Promise {
    Promise {
        name,
        user,
        kind: None,
    }
}

const fn tested_with(name: &'static str, user: &'static str) -> Promise {
    Promise {
        name,
        user,
        kind: Some(DependencyKind::Dev),
    }
}

const PROMISES: &[Promise] = &[
    built_on("async-trait", "qwen-openclaw-auth"),
    built_on("async-trait", "qwen-openclaw-http"),
    built_on("reqwest", "qwen-openclaw-http"),
    built_on("schemars", "qwen-openclaw-catalog"),
    built_on("secrecy", "qwen-openclaw-auth"),
    built_on("serde", "qwen-openclaw-catalog"),
    built_on("serde", "qwen-openclaw-transport"),
    built_on("serde_json", "qwen-openclaw-http"),
    built_on("serde_json", "qwen-openclaw-transport"),
    built_on("tokio", "qwen-openclaw-http"),
    built_on("tokio", "qwen-openclaw-transport"),
    tested_with("insta", "qwen-openclaw-transport"),
    tested_with("wiremock", "qwen-openclaw-http"),
];

/// Crates that a library may have only behind a feature.
const OPTIONAL: &[&str] = &["schemars"];

const RULE: &str = "named";

pub(crate) fn findings(workspace: &Workspace, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for promise in PROMISES {
        if let Some(package) = workspace.package(promise.user) {
            findings.extend(broken(promise, package, tree));
        }
    }
    for package in workspace
        .packages
        .iter()
        .filter(|package| package.is_library())
    {
        findings.extend(not_optional(package));
    }
    findings
}

fn broken(promise: &Promise, package: &Package, tree: &Tree) -> Option<Finding> {
    let name = promise.name;
    let Some(dependency) = package.dependency(name, promise.kind) else {
        let message = format!("{name} is promised under [{}]", table_name(promise.kind));
        return Some(Finding::about(&package.manifest, RULE, message));
    };
    let identifier = name.replace('-', "_");
    let mut sources = tree.rust_below(package.folder());
    if sources.any(|(_, text)| rust_source::names_crate(text, &identifier)) {
        return None;
    }
    let message = format!("{name} is promised and listed, but no source uses it");
    Some(Finding::in_dependency(package, dependency, RULE, message))
}

fn not_optional(package: &Package) -> impl Iterator<Item = Finding> {
    let always = package.dependencies.iter().filter(|dependency| {
        OPTIONAL.contains(&dependency.name.as_str())
            && dependency.kind.is_none()
            && !dependency.optional
    });
    always.map(|dependency| {
        let message = format!("{} must be optional in a library", dependency.name);
        Finding::in_dependency(package, dependency, RULE, message)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workspace::tests::{foreign, package, workspace};

    const SOURCE: &str = "crates/qwen-openclaw-auth/src/lib.rs";

    fn check(dependencies: &[serde_json::Value], source: &str, expected: &[&str]) {
        let workspace = workspace(&[package("qwen-openclaw-auth", dependencies)]);
        let found = findings(&workspace, &Tree::from([(SOURCE, source)]));
        let shown: Vec<String> = found.iter().map(Finding::to_string).collect();
        assert_eq!(shown.len(), expected.len(), "{shown:#?}");
        for (finding, expected) in shown.iter().zip(expected) {
            assert!(finding.contains(expected), "{finding}");
        }
    }

    #[test]
    fn a_kept_promise_passes() {
        let source = "use async_trait::async_trait;\nuse secrecy::SecretString;\n";
        check(&[foreign("async-trait"), foreign("secrecy")], source, &[]);
    }

    #[test]
    fn a_crate_that_is_not_listed_is_found() {
        let source = "use async_trait::async_trait;\n";
        check(
            &[foreign("async-trait")],
            source,
            &["secrecy is promised under [dependencies]"],
        );
    }

    #[test]
    fn a_crate_that_is_listed_and_not_used_is_found() {
        let source = "use async_trait::async_trait;\n// secrecy::SecretString is only said\n";
        check(
            &[foreign("async-trait"), foreign("secrecy")],
            source,
            &["no source uses it"],
        );
    }

    #[test]
    fn schemars_costs_only_those_who_ask() {
        let always = foreign("schemars");
        let mut asked = foreign("schemars");
        asked["optional"] = json!(true);
        let named = |dependency| workspace(&[package("qwen-openclaw", &[dependency])]);
        assert_eq!(findings(&named(asked), &Tree::default()), []);
        let found = findings(&named(always), &Tree::default());
        assert!(
            found[0].to_string().contains("schemars must be optional"),
            "{found:?}"
        );
    }
}
