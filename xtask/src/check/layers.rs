//! Which crate may depend on which. Dependencies point down only, and some not at all.

use crate::workspace::{Dependency, DependencyKind, Package, Workspace};

use super::finding::Finding;

/// A package, the siblings it may build on, and what may come from outside.
struct Layer {
    package: &'static str,
    /// Siblings it may depend on.
    below: &'static [&'static str],
    /// Siblings that its tests may use besides.
    in_tests: &'static [&'static str],
    /// The only crates of others it may depend on; `None` where that is free.
    foreign: Option<&'static [&'static str]>,
}

const CATALOG: &str = "qwen-openclaw-catalog";
const HTTP: &str = "qwen-openclaw-http";
const AUTH: &str = "qwen-openclaw-auth";
const CONFIG: &str = "qwen-openclaw-config";
const CLIENT: &str = "qwen-openclaw-client";
const TRANSPORT: &str = "qwen-openclaw-transport";
const EMBEDDINGS: &str = "qwen-openclaw-embeddings";
const TASKS: &str = "qwen-openclaw-tasks";
const IMAGE: &str = "qwen-openclaw-image";
const VIDEO: &str = "qwen-openclaw-video";
const BATCH: &str = "qwen-openclaw-batch";
const SPEECH: &str = "qwen-openclaw-speech";
const ROUTER: &str = "qwen-openclaw-router";
const STATE: &str = "qwen-openclaw-state";
const EMULATOR: &str = "qwen-openclaw-emulator";
const FACADE: &str = "qwen-openclaw";

/// Bottom to top. A new crate gets a row here first; ARCHITECTURE.md says why the rows are so.
const LAYERS: &[Layer] = &[
    Layer {
        package: CATALOG,
        below: &[],
        in_tests: &[],
        foreign: Some(&["schemars", "serde"]),
    },
    Layer {
        package: HTTP,
        below: &[],
        in_tests: &[EMULATOR],
        foreign: None,
    },
    Layer {
        package: AUTH,
        below: &[CATALOG, HTTP],
        in_tests: &[EMULATOR],
        foreign: None,
    },
    Layer {
        package: CONFIG,
        below: &[CATALOG, AUTH],
        in_tests: &[],
        foreign: None,
    },
    Layer {
        package: CLIENT,
        below: &[CATALOG, HTTP, AUTH],
        in_tests: &[EMULATOR],
        foreign: None,
    },
    Layer {
        package: TRANSPORT,
        below: &[CATALOG, HTTP, AUTH, CLIENT],
        in_tests: &[EMULATOR],
        foreign: None,
    },
    Layer {
        package: EMBEDDINGS,
        below: &[CATALOG, HTTP, AUTH, CLIENT],
        in_tests: &[EMULATOR],
        foreign: None,
    },
    Layer {
        package: TASKS,
        below: &[CATALOG, HTTP, AUTH, CLIENT],
        in_tests: &[EMULATOR],
        foreign: None,
    },
    Layer {
        package: IMAGE,
        below: &[CATALOG, HTTP, AUTH, CLIENT, TASKS],
        in_tests: &[],
        foreign: None,
    },
    Layer {
        package: VIDEO,
        below: &[CATALOG, HTTP, AUTH, CLIENT, TASKS],
        in_tests: &[EMULATOR],
        foreign: None,
    },
    Layer {
        package: SPEECH,
        below: &[CATALOG, HTTP, AUTH, CLIENT, TRANSPORT],
        in_tests: &[EMULATOR],
        foreign: None,
    },
    Layer {
        package: BATCH,
        below: &[CATALOG, HTTP, AUTH, CLIENT],
        in_tests: &[EMULATOR],
        foreign: None,
    },
    Layer {
        package: ROUTER,
        below: &[CATALOG, HTTP, AUTH, CLIENT],
        in_tests: &[EMULATOR],
        foreign: None,
    },
    Layer {
        package: STATE,
        below: &[CATALOG, HTTP, AUTH, ROUTER, TASKS],
        in_tests: &[],
        foreign: None,
    },
    Layer {
        package: EMULATOR,
        below: &[],
        in_tests: &[],
        foreign: None,
    },
    Layer {
        package: FACADE,
        below: &[
            CATALOG, HTTP, AUTH, CONFIG, CLIENT, TRANSPORT, EMBEDDINGS, TASKS, IMAGE, VIDEO, BATCH,
            SPEECH, ROUTER,
        ],
        in_tests: &[EMULATOR],
        foreign: None,
    },
    Layer {
        package: "qwen-openclaw-cli",
        below: &[FACADE, EMULATOR, STATE],
        in_tests: &[],
        foreign: None,
    },
    Layer {
        package: "qwen-openclaw-tests",
        below: &[
            CATALOG, HTTP, AUTH, CONFIG, CLIENT, TRANSPORT, TASKS, IMAGE, VIDEO, EMULATOR, FACADE,
        ],
        in_tests: &[],
        foreign: None,
    },
    Layer {
        package: "xtask",
        below: &[],
        in_tests: &[],
        foreign: None,
    },
];

/// Crates that one crate alone may name, so that what they bring is decided in one place.
const ONLY: &[(&str, &str)] = &[("reqwest", HTTP), ("secrecy", AUTH)];

const RULE: &str = "layers";

pub(crate) fn findings(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let Some(layer) = LAYERS.iter().find(|layer| layer.package == package.name) else {
            let message = "this package has no row in the table of layers";
            findings.push(Finding::about(&package.manifest, RULE, message));
            continue;
        };
        for dependency in &package.dependencies {
            let problem = if workspace.package(&dependency.name).is_some() {
                edge_problem(layer, dependency).or_else(|| form_problem(package, dependency))
            } else {
                foreign_problem(layer, package, dependency)
            };
            findings.extend(
                problem.map(|message| Finding::in_dependency(package, dependency, RULE, message)),
            );
        }
    }
    findings
}

/// A dependency that points up or sideways.
fn edge_problem(layer: &Layer, dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    let in_tests = dependency.kind == Some(DependencyKind::Dev);
    if layer.below.contains(&name) || in_tests && layer.in_tests.contains(&name) {
        return None;
    }
    Some(format!("{} must not depend on {name}", layer.package))
}

/// A sibling stands by path and version, but by path alone among the dev-dependencies: a version
/// there would make a cycle at publishing.
fn form_problem(package: &Package, dependency: &Dependency) -> Option<String> {
    let name = &dependency.name;
    let has_version = dependency.req != "*";
    if dependency.path.is_none() {
        return Some(format!("{name} is in this workspace: name it by path"));
    }
    match (dependency.kind, has_version) {
        (Some(DependencyKind::Dev), true) => Some(format!(
            "{name} under [dev-dependencies] must have a path and no version"
        )),
        (None | Some(DependencyKind::Build), false) if package.is_published() => Some(format!(
            "{name} must have a version: a path alone cannot be published"
        )),
        _ => None,
    }
}

/// A crate of others where none, or not this one, may be named.
fn foreign_problem(layer: &Layer, package: &Package, dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    if dependency.kind == Some(DependencyKind::Dev) {
        return None;
    }
    if layer
        .foreign
        .is_some_and(|allowed| !allowed.contains(&name))
    {
        return Some(format!("{} must not depend on {name}", layer.package));
    }
    let (_, owner) = ONLY.iter().find(|(only, _)| *only == name)?;
    let is_elsewhere = package.is_published() && package.name != *owner;
    is_elsewhere.then(|| format!("{name} belongs to {owner} alone"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::workspace::tests::{dev, foreign, package, sibling, workspace};

    fn check(packages: &[Value], expected: &[&str]) {
        let findings = findings(&workspace(packages));
        let shown: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert_eq!(shown.len(), expected.len(), "{shown:#?}");
        for (finding, expected) in shown.iter().zip(expected) {
            assert!(finding.contains(expected), "{finding}");
        }
    }

    #[test]
    fn dependencies_that_point_down_pass() {
        check(
            &[
                package(CATALOG, &[foreign("serde")]),
                package(HTTP, &[foreign("reqwest")]),
                package(AUTH, &[sibling(CATALOG), foreign("secrecy")]),
                package(TRANSPORT, &[sibling(AUTH), sibling(HTTP), sibling(CATALOG)]),
            ],
            &[],
        );
    }

    #[test]
    fn a_dependency_that_points_up_is_found() {
        check(
            &[
                package(CATALOG, &[]),
                package(AUTH, &[]),
                package(HTTP, &[sibling(AUTH)]),
            ],
            &[
                "crates/qwen-openclaw-http/Cargo.toml: qwen-openclaw-http must not depend on \
               qwen-openclaw-auth",
            ],
        );
    }

    #[test]
    fn the_emulator_knows_no_sibling_even_in_tests() {
        let mut by_path = dev(sibling(TRANSPORT));
        by_path["req"] = json!("*");
        check(
            &[package(EMULATOR, &[by_path]), package(TRANSPORT, &[])],
            &["qwen-openclaw-emulator must not depend on qwen-openclaw-transport"],
        );
    }

    #[test]
    fn a_sibling_for_tests_has_a_path_and_no_version() {
        let mut by_path = dev(sibling(EMULATOR));
        by_path["req"] = json!("*");
        check(&[package(FACADE, &[by_path]), package(EMULATOR, &[])], &[]);
        check(
            &[
                package(FACADE, &[dev(sibling(EMULATOR))]),
                package(EMULATOR, &[]),
            ],
            &["must have a path and no version"],
        );
    }

    #[test]
    fn a_published_crate_names_its_siblings_with_a_version() {
        let mut by_path = sibling(CATALOG);
        by_path["req"] = json!("*");
        check(
            &[package(AUTH, &[by_path.clone()]), package(CATALOG, &[])],
            &["must have a version"],
        );
        let mut tests = package("qwen-openclaw-tests", &[by_path]);
        tests["publish"] = json!([]);
        check(&[tests, package(CATALOG, &[])], &[]);
    }

    #[test]
    fn the_catalog_is_data_and_reqwest_has_one_owner() {
        check(
            &[
                package(CATALOG, &[foreign("tokio")]),
                package(TRANSPORT, &[foreign("reqwest")]),
            ],
            &[
                "qwen-openclaw-catalog must not depend on tokio",
                "reqwest belongs to qwen-openclaw-http alone",
            ],
        );
    }

    #[test]
    fn an_unknown_package_asks_for_its_row() {
        check(
            &[package("qwen-openclaw-novel", &[])],
            &["no row in the table of layers"],
        );
    }

    #[test]
    fn a_finding_names_the_line_of_the_dependency() {
        let mut workspace = workspace(&[package(CATALOG, &[foreign("tokio")])]);
        workspace.packages[0].manifest_text = "[dependencies]\ntokio = \"1\"\n".to_owned();
        assert!(
            findings(&workspace)[0]
                .to_string()
                .contains("Cargo.toml:2: ")
        );
    }
}
