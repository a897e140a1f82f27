//! Each feature of each library by itself: features only add, so each must build alone.

use std::fmt;

use crate::workspace::{Package, Workspace};

/// One library, with no feature or with one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Build {
    pub(crate) package: String,
    pub(crate) feature: Option<String>,
}

impl Build {
    /// Whether it links the system's OpenSSL on Linux.
    pub(crate) fn needs_openssl(&self) -> bool {
        self.feature.as_deref() == Some("native-tls")
    }
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.feature {
            Some(feature) => write!(f, "{}/{feature}", self.package),
            None => write!(f, "{}, no feature", self.package),
        }
    }
}

/// Every build there is to make. `default` is left out: the other steps build it.
pub(crate) fn builds(workspace: &Workspace) -> Vec<Build> {
    let libraries = workspace
        .packages
        .iter()
        .filter(|package| package.is_library());
    libraries.flat_map(builds_of).collect()
}

fn builds_of(package: &Package) -> impl Iterator<Item = Build> {
    let named = package
        .features
        .keys()
        .filter(|feature| *feature != "default")
        .cloned();
    let features = std::iter::once(None).chain(named.map(Some));
    features.map(|feature| Build {
        package: package.name.clone(),
        feature,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workspace::tests::{package, workspace};

    #[test]
    fn a_library_is_built_bare_and_with_each_feature() {
        let mut library = package("library", &[]);
        library["features"] = json!({"default": ["rustls"], "rustls": [], "native-tls": []});
        let mut command = package("the-command", &[]);
        command["targets"] = json!([{"kind": ["bin"]}]);
        let builds = builds(&workspace(&[library, command]));
        let names: Vec<String> = builds.iter().map(Build::to_string).collect();
        assert_eq!(
            names,
            [
                "library, no feature",
                "library/native-tls",
                "library/rustls"
            ]
        );
        assert!(builds[1].needs_openssl() && !builds[2].needs_openssl());
    }
}
