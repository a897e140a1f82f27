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

/// The text inside the string literals of code that ships, by line; escapes stay as they are.
pub(crate) fn string_literals(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    // A literal that goes on in the next line.
    let mut open: Option<Literal> = None;
    for (number, line) in shipped_lines(text) {
        let mut rest = line;
        loop {
            if let Some(literal) = open {
                let (inside, after) = literal.split(rest);
                found.push((number, inside.to_owned()));
                let Some(after) = after else { break };
                open = None;
                rest = after;
            }
            let Some((literal, after)) = next_literal(rest) else {
                break;
            };
            open = Some(literal);
            rest = after;
        }
    }
    found
}

/// The files of the modules that a file declares for tests only, without their ending.
pub(crate) fn test_modules(path: &str, text: &str) -> Vec<String> {
    let stem = path.trim_end_matches(".rs");
    let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    let folder = match name {
        "lib" | "main" | "mod" => folder,
        _ => stem,
    };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let declared = lines.windows(2).filter_map(|pair| match pair {
        ["#[cfg(test)]", next] => {
            let (_, name) = next.trim_end_matches(';').rsplit_once("mod ")?;
            next.ends_with(';').then(|| format!("{folder}/{name}"))
        }
        _ => None,
    });
    declared.collect()
}

/// How a string literal ends.
#[derive(Clone, Copy)]
enum Literal {
    Plain,
    /// With so many `#`.
    Raw(usize),
}

impl Literal {
    /// Splits a line that is inside the literal into what belongs to it and what comes after its
    /// end; `None` when it does not end there.
    fn split(self, line: &str) -> (&str, Option<&str>) {
        let end = match self {
            Self::Raw(hashes) => {
                let end = format!("\"{}", "#".repeat(hashes));
                line.find(&end).map(|at| (at, at + end.len()))
            }
            Self::Plain => {
                let mut escaped = false;
                let quote = line.char_indices().find(|(_, letter)| {
                    let ends = *letter == '"' && !escaped;
                    escaped = *letter == '\\' && !escaped;
                    ends
                });
                quote.map(|(at, _)| (at, at + 1))
            }
        };
        match end {
            Some((end, after)) => (&line[..end], Some(&line[after..])),
            None => (line, None),
        }
    }
}

/// The first string literal that begins in a piece of code, and what follows its quote.
fn next_literal(code: &str) -> Option<(Literal, &str)> {
    let mut rest = code;
    loop {
        let at = rest.find(['"', '\'', '/'])?;
        let (before, here) = rest.split_at(at);
        if let Some(after) = here.strip_prefix('"') {
            let raw = before.trim_end_matches('#');
            let literal = if raw.ends_with('r') {
                Literal::Raw(before.len() - raw.len())
            } else {
                Literal::Plain
            };
            return Some((literal, after));
        }
        if here.starts_with("//") {
            return None;
        }
        // A quote may stand in a character, and an apostrophe before a lifetime.
        let skipped = ["'\"'", "'\\\"'", "'\\''", "'/'"]
            .into_iter()
            .find(|character| here.starts_with(character));
        rest = &here[skipped.map_or(1, str::len)..];
    }
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

    #[test]
    fn literals_are_read_wherever_they_stand() {
        let found = string_literals(
            "a(\"b\", r#\"c \"d\" e\"#); // \"no\"\nlet f = '\"'; g(\"h \\\" i\");\n",
        );
        let expected = [(1, "b"), (1, "c \"d\" e"), (2, "h \\\" i")];
        assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn a_literal_may_go_on_in_the_next_line() {
        let found = string_literals("a(\"b \\\n   c\", &'d');\nfn e<'f>(g: \"h\") {}\n");
        let expected = [(1, "b \\"), (2, "   c"), (3, "h")];
        assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn a_module_for_tests_is_found_by_its_declaration() {
        let text = "#[cfg(test)]\npub(crate) mod fake;\nmod real;\n#[cfg(test)]\nmod tests {\n";
        assert_eq!(test_modules("src/lib.rs", text), ["src/fake"]);
        assert_eq!(test_modules("src/store.rs", text), ["src/store/fake"]);
    }
}
