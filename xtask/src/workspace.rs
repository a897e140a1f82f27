//! The workspace as `cargo metadata` describes it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    error::Error,
    process::{cargo, output_of},
};

/// Every package of the workspace, none from outside.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
}

/// One package of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) description: Option<String>,
    pub(crate) readme: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) keywords: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) rust_version: Option<String>,
    /// `Some` and empty for a package that is never published.
    pub(crate) publish: Option<Vec<String>>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) targets: Vec<Target>,
    /// The path of the manifest from the root, with slashes.
    #[serde(skip)]
    pub(crate) manifest: String,
    /// The manifest itself.
    #[serde(skip)]
    pub(crate) manifest_text: String,
}

/// A line of a dependency table.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Option<DependencyKind>,
    pub(crate) req: String,
    pub(crate) optional: bool,
    pub(crate) path: Option<PathBuf>,
}

/// Which table it stands in; `None` in [`Dependency`] is the normal one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DependencyKind {
    Dev,
    Build,
}

/// What cargo builds from a package.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) kind: Vec<String>,
}

impl Workspace {
    /// Asks cargo, and reads the manifests.
    pub(crate) fn load() -> Result<Self, Error> {
        let arguments = ["metadata", "--no-deps", "--locked", "--format-version", "1"];
        let mut workspace = Self::from_json(&output_of(&mut cargo(arguments))?)?;
        for package in &mut workspace.packages {
            let path = &package.manifest_path;
            package.manifest_text =
                fs::read_to_string(path).map_err(Error::io(format!("read {}", path.display())))?;
        }
        Ok(workspace)
    }

    /// Reads what `cargo metadata` prints; the manifests' texts stay empty.
    pub(crate) fn from_json(json: &str) -> Result<Self, Error> {
        let mut workspace: Self = serde_json::from_str(json)
            .map_err(|error| Error::Failed(format!("could not read cargo's metadata: {error}")))?;
        for package in &mut workspace.packages {
            package.manifest = relative(&workspace.root, &package.manifest_path);
        }
        workspace.packages.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(workspace)
    }

    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| package.is_published())
    }

    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }
}

impl Package {
    pub(crate) fn is_published(&self) -> bool {
        self.publish
            .as_ref()
            .is_none_or(|registries| !registries.is_empty())
    }

    /// Whether it is published for others to build on.
    pub(crate) fn is_library(&self) -> bool {
        let has_library = self
            .targets
            .iter()
            .any(|target| target.kind.iter().any(|kind| kind == "lib"));
        has_library && self.is_published()
    }

    /// The folder of the package from the root, with slashes and without one at the end.
    pub(crate) fn folder(&self) -> &str {
        self.manifest.strip_suffix("/Cargo.toml").unwrap_or("")
    }

    /// The dependency of that name in that table.
    pub(crate) fn dependency(
        &self,
        name: &str,
        kind: Option<DependencyKind>,
    ) -> Option<&Dependency> {
        self.dependencies
            .iter()
            .find(|dependency| dependency.name == name && dependency.kind == kind)
    }
}

/// The name of a dependency table in a manifest.
pub(crate) fn table_name(kind: Option<DependencyKind>) -> &'static str {
    match kind {
        None => "dependencies",
        Some(DependencyKind::Dev) => "dev-dependencies",
        Some(DependencyKind::Build) => "build-dependencies",
    }
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A workspace of made-up packages; each is given as [`package`] makes it.
    pub(crate) fn workspace(packages: &[Value]) -> Workspace {
        let metadata = json!({
            "packages": packages, "workspace_root": "/made/up", "target_directory": "/made/up/target"
        });
        Workspace::from_json(&metadata.to_string()).unwrap()
    }

    /// A published library with nothing wrong about it.
    pub(crate) fn package(name: &str, dependencies: &[Value]) -> Value {
        json!({
            "name": name, "version": "0.1.0", "manifest_path": format!("/made/up/crates/{name}/Cargo.toml"),
            "description": "Made up", "readme": "README.md", "license": "MIT OR Apache-2.0",
            "keywords": ["qwen"], "categories": ["api-bindings"], "rust_version": "1.89",
            "publish": null, "features": {}, "targets": [{"kind": ["lib"]}],
            "dependencies": dependencies,
        })
    }

    /// A sibling by path and version, as `[dependencies]` wants it.
    pub(crate) fn sibling(name: &str) -> Value {
        let path = format!("/made/up/crates/{name}");
        json!({"name": name, "kind": null, "req": "^0.1.0", "optional": false, "path": path})
    }

    /// A crate of somebody else.
    pub(crate) fn foreign(name: &str) -> Value {
        json!({"name": name, "kind": null, "req": "^1.0", "optional": false, "path": null})
    }

    /// The same line in `[dev-dependencies]`.
    pub(crate) fn dev(mut dependency: Value) -> Value {
        dependency["kind"] = json!("dev");
        dependency
    }

    #[test]
    fn paths_are_shown_from_the_root() {
        let workspace = workspace(&[package("qwen-openclaw-http", &[])]);
        let package = &workspace.packages[0];
        assert_eq!(package.manifest, "crates/qwen-openclaw-http/Cargo.toml");
        assert_eq!(package.folder(), "crates/qwen-openclaw-http");
    }

    #[test]
    fn a_package_with_an_empty_publish_list_is_private() {
        let mut private = package("a", &[]);
        private["publish"] = json!([]);
        let mut command = package("b", &[]);
        command["targets"] = json!([{"kind": ["bin"]}]);
        let workspace = workspace(&[private, command, package("c", &[])]);
        let names: Vec<_> = workspace
            .published()
            .map(|package| package.name.as_str())
            .collect();
        assert_eq!(names, ["b", "c"]);
        let libraries = workspace
            .packages
            .iter()
            .filter(|package| package.is_library());
        assert_eq!(
            libraries
                .map(|package| package.name.as_str())
                .collect::<Vec<_>>(),
            ["c"]
        );
    }
}
