//! One breach of a rule, with its place.

use std::fmt;

use crate::workspace::{Dependency, Package, table_name};

use super::manifest;

/// Shown as `path:line: message [rule]`, which editors and terminals can follow.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Finding {
    path: String,
    line: Option<usize>,
    rule: &'static str,
    message: String,
}

impl Finding {
    /// A finding in a line of a file, counted from 1.
    pub(crate) fn at(
        path: &str,
        line: usize,
        rule: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            line: Some(line),
            rule,
            message: message.into(),
        }
    }

    /// A finding about a file or folder as a whole.
    pub(crate) fn about(path: &str, rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            rule,
            message: message.into(),
        }
    }

    /// A finding about a dependency, at its line in the manifest.
    pub(crate) fn in_dependency(
        package: &Package,
        dependency: &Dependency,
        rule: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let table = table_name(dependency.kind);
        let entry = manifest::entry(&package.manifest_text, table, &dependency.name);
        let line = entry.map(|entry| entry.line);
        Self {
            path: package.manifest.clone(),
            line,
            rule,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {} [{}]", self.message, self.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_like_a_compiler_message() {
        let finding = Finding::at("src/lib.rs", 3, "tidy", "no");
        assert_eq!(finding.to_string(), "src/lib.rs:3: no [tidy]");
        assert_eq!(
            Finding::about("src", "tidy", "no").to_string(),
            "src: no [tidy]"
        );
    }
}
