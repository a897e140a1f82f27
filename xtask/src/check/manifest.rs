//! Where a key stands in a manifest.
//!
//! Cargo has parsed the manifest already, so that only the form this workspace writes has to be
//! understood: one key a line, tables by header.

/// A line of a manifest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry<'a> {
    /// Counted from 1.
    pub(crate) line: usize,
    /// What follows the key, trimmed: ` = "x"` gives `= "x"`, `.workspace = true` itself.
    pub(crate) rest: &'a str,
}

impl Entry<'_> {
    /// Whether the value comes from the workspace's manifest.
    pub(crate) fn is_inherited(&self) -> bool {
        matches!(self.rest, ".workspace = true" | "= { workspace = true }")
    }
}

/// The line of `key` in `[table]`.
pub(crate) fn entry<'a>(manifest: &'a str, table: &str, key: &str) -> Option<Entry<'a>> {
    let mut inside = false;
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            let header = header.split(']').next().unwrap_or_default();
            // Tables of one platform count as the table: [target.'cfg(unix)'.dependencies].
            let is_of_target = header.starts_with("target.");
            inside = header == table || is_of_target && header.ends_with(&format!(".{table}"));
        } else if inside
            && let Some(rest) = line.strip_prefix(key)
            && rest.starts_with([' ', '=', '.'])
        {
            return Some(Entry {
                line: index + 1,
                rest: rest.trim(),
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"[package]
name = "a"
rust-version.workspace = true

[lints]
workspace = true

[dependencies]
serde-json = "1"
serde = { workspace = true }

[target.'cfg(unix)'.dev-dependencies]
name = "1"
"#;

    #[test]
    fn keys_are_found_in_their_own_table() {
        let line = |table, key| entry(MANIFEST, table, key).map(|entry| entry.line);
        assert_eq!(line("package", "name"), Some(2));
        assert_eq!(line("dev-dependencies", "name"), Some(13));
        assert_eq!(line("dependencies", "name"), None);
        assert_eq!(line("dependencies", "serde"), Some(10));
    }

    #[test]
    fn both_spellings_of_inheritance_are_known() {
        assert!(
            entry(MANIFEST, "package", "rust-version")
                .unwrap()
                .is_inherited()
        );
        assert!(
            entry(MANIFEST, "dependencies", "serde")
                .unwrap()
                .is_inherited()
        );
        assert!(!entry(MANIFEST, "package", "name").unwrap().is_inherited());
        assert_eq!(
            entry(MANIFEST, "lints", "workspace").unwrap().rest,
            "= true"
        );
    }
}
