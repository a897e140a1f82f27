//! What a manifest must hold, and the files that must lie beside it.

use crate::{
    tree::Tree,
    workspace::{Package, Workspace},
};

use super::{finding::Finding, manifest::entry};

const RULE: &str = "manifests";

/// Files that every published crate carries.
const FILES: [&str; 3] = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Keys of `[package]` that only the workspace decides, so that all crates move in step.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "authors"];

pub(crate) fn findings(workspace: &Workspace, tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = workspace.packages.iter().flat_map(common).collect();
    for package in workspace.published() {
        findings.extend(for_publishing(package));
        findings.extend(files(package, tree));
    }
    findings
}

/// What every package owes.
fn common(package: &Package) -> Vec<Finding> {
    let manifest = package.manifest_text.as_str();
    let mut missing: Vec<String> = INHERITED
        .iter()
        .filter(|key| !entry(manifest, "package", key).is_some_and(|entry| entry.is_inherited()))
        .map(|key| format!("`{key}` must be inherited from the workspace"))
        .collect();
    if entry(manifest, "lints", "workspace").is_none_or(|entry| entry.rest != "= true") {
        missing.push("`[lints] workspace = true` is missing".to_owned());
    }
    missing
        .into_iter()
        .map(|message| Finding::about(&package.manifest, RULE, message))
        .collect()
}

/// What a registry shows and a package is made of.
fn for_publishing(package: &Package) -> Vec<Finding> {
    let is_set = |value: &Option<String>| value.as_ref().is_some_and(|text| !text.is_empty());
    let has_readme = package.readme.as_deref() == Some("README.md");
    let has_include = entry(&package.manifest_text, "package", "include").is_some();
    let demands = [
        (is_set(&package.description), "`description` is missing"),
        (is_set(&package.license), "`license` is missing"),
        (has_readme, "`readme` must be \"README.md\""),
        (!package.keywords.is_empty(), "`keywords` is missing"),
        (
            package.keywords.len() <= 5,
            "`keywords` has more than the five a registry takes",
        ),
        (!package.categories.is_empty(), "`categories` is missing"),
        (
            has_include,
            "`include` is missing: without it every test fixture is shipped",
        ),
        (
            package.folder() == format!("crates/{}", package.name),
            "the folder must be the name",
        ),
    ];
    let unmet = demands.into_iter().filter(|(is_met, _)| !is_met);
    unmet
        .map(|(_, message)| Finding::about(&package.manifest, RULE, message))
        .collect()
}

fn files(package: &Package, tree: &Tree) -> Vec<Finding> {
    let missing = FILES
        .iter()
        .filter(|file| !tree.contains(&format!("{}/{file}", package.folder())));
    missing
        .map(|file| Finding::about(package.folder(), RULE, format!("{file} is missing")))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::workspace::tests::{package, workspace};

    const MANIFEST: &str = r#"[package]
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
authors.workspace = true
include = ["/src/**"]

[lints]
workspace = true
"#;

    fn messages(package: Value, manifest: &str, tree: &Tree) -> Vec<String> {
        let mut workspace = workspace(&[package]);
        workspace.packages[0].manifest_text = manifest.to_owned();
        findings(&workspace, tree)
            .into_iter()
            .map(|finding| finding.to_string())
            .collect()
    }

    fn all_files() -> Tree {
        Tree::from([
            ("crates/a/README.md", ""),
            ("crates/a/LICENSE-APACHE", ""),
            ("crates/a/LICENSE-MIT", ""),
        ])
    }

    #[test]
    fn a_complete_manifest_passes() {
        assert_eq!(messages(package("a", &[]), MANIFEST, &all_files()), [""; 0]);
    }

    #[test]
    fn each_missing_field_is_a_finding_of_its_own() {
        let mut bare = package("a", &[]);
        for key in ["description", "license", "readme"] {
            bare[key] = Value::Null;
        }
        bare["keywords"] = json!([]);
        bare["categories"] = json!([]);
        let found = messages(bare, MANIFEST, &all_files());
        let missing = ["description", "license", "readme", "keywords", "categories"];
        assert_eq!(found.len(), missing.len(), "{found:#?}");
        for (finding, field) in found.iter().zip(missing) {
            assert!(finding.contains(&format!("`{field}`")), "{finding}");
        }
    }

    #[test]
    fn what_the_workspace_decides_must_be_inherited() {
        let manifest = MANIFEST
            .replace("rust-version.workspace = true", "rust-version = \"1.80\"")
            .replace("workspace = true\n", "workspace = false\n");
        let found = messages(package("a", &[]), &manifest, &all_files());
        assert!(
            found
                .iter()
                .any(|finding| finding.contains("`rust-version`")),
            "{found:#?}"
        );
        assert!(
            found.iter().any(|finding| finding.contains("`[lints]")),
            "{found:#?}"
        );
    }

    #[test]
    fn the_files_of_a_published_crate_must_be_there() {
        let tree = Tree::from([("crates/a/README.md", "")]);
        let found = messages(package("a", &[]), MANIFEST, &tree);
        assert_eq!(
            found,
            [
                "crates/a: LICENSE-APACHE is missing [manifests]",
                "crates/a: LICENSE-MIT is missing [manifests]",
            ]
        );
    }

    #[test]
    fn a_private_package_owes_no_more_than_the_common_part() {
        let mut private = package("a", &[]);
        private["publish"] = json!([]);
        private["description"] = Value::Null;
        assert_eq!(messages(private, MANIFEST, &Tree::default()), [""; 0]);
    }
}
