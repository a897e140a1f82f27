//! A light reading of Rust sources: which lines are code that ships.
//!
//! It relies on what rustfmt guarantees: a block that opens at the end of a line closes on a line of
//! its own with the same indent.

/// The lines of code that ship, with their numbers from 1: no comments, nothing under `cfg(test)`.
pub(crate) fn shipped_lines(text: &str) -> Vec<(usize, &str)> {
    let mut shipped = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            skip_item(&mut lines);
        } else if !line.trim_start().starts_with("//") {
            shipped.push((index + 1, line));
        }
    }
    shipped
}

/// Whether code, tests included, names a path that starts with this crate.
pub(crate) fn names_crate(text: &str, identifier: &str) -> bool {
    let path = format!("{identifier}::");
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.into_iter().any(|line| has_word(line, &path))
}

/// Whether `word` stands in the line and is not the end of a longer identifier.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|before| before.is_alphanumeric() || before == '_')
    })
}

/// Moves past the item that an attribute belongs to.
fn skip_item<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>) {
    let Some((_, first)) = lines
        .by_ref()
        .find(|(_, line)| !line.trim_start().starts_with("#["))
    else {
        return;
    };
    let indent = &first[..first.len() - first.trim_start().len()];
    let is_last = |line: &str| match line.strip_prefix(indent) {
        Some(rest) => rest.starts_with('}') || !rest.starts_with(' ') && rest.ends_with(';'),
        None => false,
    };
    if !first.trim_end().ends_with([';', ',', '}']) {
        lines.find(|(_, line)| is_last(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(text: &str) -> Vec<usize> {
        shipped_lines(text)
            .into_iter()
            .map(|(number, _)| number)
            .collect()
    }

    #[test]
    fn comments_do_not_ship() {
        assert_eq!(shipped("//! a\nfn a() {} // b\n    /// c\n"), [2]);
    }

    #[test]
    fn a_block_of_tests_does_not_ship_and_what_follows_does() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\nfn c() {}\n";
        assert_eq!(shipped(text), [1, 7]);
    }

    #[test]
    fn a_module_of_tests_elsewhere_is_one_line() {
        assert_eq!(shipped("#[cfg(test)]\nmod tests;\nfn a() {}\n"), [3]);
    }

    #[test]
    fn a_helper_for_tests_ends_at_its_own_indent() {
        let text = "impl A {\n    #[cfg(test)]\n    #[must_use]\n    fn a(\n        x: u8,\n    ) {\n\
                    \u{20}       b();\n    }\n    fn c() {}\n}\n";
        // The line `    ) {` is no end: it opens the body.
        assert_eq!(shipped(text), [1, 9, 10]);
    }

    #[test]
    fn a_crate_is_named_by_its_path_only() {
        assert!(names_crate("use serde::Serialize;", "serde"));
        assert!(names_crate("    let x = ::serde::de();", "serde"));
        assert!(!names_crate("use my_serde::Serialize;", "serde"));
        assert!(!names_crate("// serde::Serialize", "serde"));
        assert!(!names_crate("let serde = 1;", "serde"));
    }
}
