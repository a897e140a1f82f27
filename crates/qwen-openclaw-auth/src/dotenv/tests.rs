//! What the dotenv format means, line by line.

use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;

type Line = Result<(String, String), SyntaxError>;

fn lines(text: &str) -> Vec<Line> {
    parse(text)
        .map(|entry| entry.map(|entry| (entry.name, entry.value.expose_secret().to_owned())))
        .collect()
}

fn check(text: &str, expected: &[(&str, &str)]) {
    let expected: Vec<Line> = expected
        .iter()
        .map(|(name, value)| Ok(((*name).into(), (*value).into())))
        .collect();
    assert_eq!(lines(text), expected, "{text:?}");
}

fn check_error(text: &str, line: usize, problem: SyntaxProblem) {
    let found = lines(text).into_iter().find_map(Result::err);
    assert_eq!(found, Some(SyntaxError { line, problem }), "{text:?}");
}

#[test]
fn blank_lines_and_comments_say_nothing() {
    check("", &[]);
    check("\n \r\n\t\n", &[]);
    check("# A=1\n  # B=2", &[]);
    check("\u{feff}", &[]);
}

#[test]
fn names_and_values_are_trimmed() {
    check("A=1", &[("A", "1")]);
    check("  A = 1 \t", &[("A", "1")]);
    check("\u{feff}A=1", &[("A", "1")]);
    check("a.b-c_9=x", &[("a.b-c_9", "x")]);
    check("A=1 2", &[("A", "1 2")]);
    check("A==", &[("A", "=")]);
    check("A=it's", &[("A", "it's")]);
}

#[test]
fn every_kind_of_line_end_ends_a_line() {
    for end in ["\n", "\r\n", "\r"] {
        check(&format!("A=1{end}{end}B=2{end}"), &[("A", "1"), ("B", "2")]);
    }
}

#[test]
fn export_is_a_prefix_or_a_name() {
    check("export A=1", &[("A", "1")]);
    check("  export\t A=1", &[("A", "1")]);
    check("export=1", &[("export", "1")]);
    check("exported=1", &[("exported", "1")]);
}

#[test]
fn blank_values_are_kept_as_such() {
    check(
        "A=\nB= \nC=\"\"\nD=''\nE=# x",
        &[("A", ""), ("B", ""), ("C", ""), ("D", ""), ("E", "")],
    );
}

#[test]
fn repeated_names_come_in_order() {
    check("A=1\nA=2", &[("A", "1"), ("A", "2")]);
}

#[test]
fn a_comment_begins_outside_quotes() {
    check("A=1 # x", &[("A", "1")]);
    check("A=1#x", &[("A", "1")]);
    check("A='1 # x' # y", &[("A", "1 # x")]);
    check("A=\"1 # x\"# y", &[("A", "1 # x")]);
}

#[test]
fn quotes_keep_blanks_and_other_quotes() {
    check("A=' 1 '", &[("A", " 1 ")]);
    check("A=\"it's\"", &[("A", "it's")]);
    check("A='say \"x\"'", &[("A", "say \"x\"")]);
    check("A=`'\"`", &[("A", "'\"")]);
}

#[test]
fn escapes_count_in_double_quotes_alone() {
    check(r#"A="a\nb\tc\r\"\\\$""#, &[("A", "a\nb\tc\r\"\\$")]);
    check(r#"A="C:\Users\é""#, &[("A", r"C:\Users\é")]);
    check(r#"A="\\""#, &[("A", r"\")]);
    check(r"A='a\nb\'", &[("A", r"a\nb\")]);
    check(r"A=a\nb", &[("A", r"a\nb")]);
}

#[test]
fn nothing_is_substituted() {
    check(
        "A=1\nB=$A\nC=\"${A}\"",
        &[("A", "1"), ("B", "$A"), ("C", "${A}")],
    );
}

#[test]
fn quoted_values_may_span_lines() {
    check("A=\"1\n2\r\n3\"\nB=x", &[("A", "1\n2\n3"), ("B", "x")]);
    check("A='1\n'\n\nB=x", &[("A", "1\n"), ("B", "x")]);
    check_error("A='1\n2'\n?", 3, SyntaxProblem::NoEqualSign);
}

#[test]
fn errors_name_the_line_and_the_problem() {
    check_error("sk-secret", 1, SyntaxProblem::NoEqualSign);
    check_error("A=1\n\n# x\nexport A", 4, SyntaxProblem::NoEqualSign);
    check_error("=1", 1, SyntaxProblem::BadName);
    check_error("A B=1", 1, SyntaxProblem::BadName);
    check_error("ключ=1", 1, SyntaxProblem::BadName);
    check_error("A=1\r\nB='x\r\n", 2, SyntaxProblem::OpenQuote);
    check_error(r#"A="x\""#, 1, SyntaxProblem::OpenQuote);
    check_error("A='x' y", 1, SyntaxProblem::AfterQuote);
    check_error("A='x\ny'z", 1, SyntaxProblem::AfterQuote);
}

#[test]
fn reading_goes_on_after_a_line_that_is_not_understood() {
    let found = lines("A=1\nB='x\nC=3\n?\nD=4");
    let good: Vec<_> = found
        .iter()
        .flatten()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    assert_eq!(good, [("A", "1"), ("C", "3"), ("D", "4")]);
    let bad: Vec<_> = found
        .iter()
        .filter_map(|line| line.as_ref().err())
        .collect();
    assert_eq!(
        bad.iter().map(|error| error.line).collect::<Vec<_>>(),
        [2, 4]
    );
}

#[test]
fn bytes_that_are_not_unicode_name_their_line() {
    assert_eq!(decode(b"A=1"), Ok("A=1"));
    let problem = SyntaxProblem::NotUnicode;
    assert_eq!(
        decode(b"A=1\nB=2\nC=\xff"),
        Err(SyntaxError { line: 3, problem })
    );
    assert_eq!(decode(b"\xff\n"), Err(SyntaxError { line: 1, problem }));
}

/// Writes a value in double quotes, so that it is read back as it was.
fn quoted(value: &str) -> String {
    let mut text = String::from("\"");
    for character in value.chars() {
        match character {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '"' | '\\' => text.extend(['\\', character]),
            other => text.push(other),
        }
    }
    text + "\""
}

proptest! {
    #[test]
    fn any_text_is_read_to_its_end(text in any::<String>()) {
        let count = text.split(['\n', '\r']).count();
        for line in lines(&text) {
            match line {
                Ok((name, _)) => prop_assert!(!name.is_empty()),
                Err(error) => prop_assert!((1..=count).contains(&error.line)),
            }
        }
    }

    #[test]
    fn texts_of_the_format_s_own_signs_are_read_to_their_end(
        text in "([A-C]|=|\"|'|`|#|\\\\|\n|\r| |export ){0,60}",
    ) {
        let count = text.split(['\n', '\r']).count();
        for line in lines(&text) {
            if let Err(error) = line {
                prop_assert!((1..=count).contains(&error.line));
            }
        }
    }

    #[test]
    fn what_is_quoted_is_read_back(
        pairs in prop::collection::vec(("[A-Za-z_][A-Za-z0-9_.-]{0,8}", any::<String>()), 0..8),
        export in any::<bool>(),
    ) {
        let prefix = if export { "export " } else { "" };
        let text: String = pairs
            .iter()
            .map(|(name, value)| format!("{prefix}{name}={} # comment\n", quoted(value)))
            .collect();
        let expected: Vec<Line> = pairs.into_iter().map(Ok).collect();
        prop_assert_eq!(lines(&text), expected);
    }

    #[test]
    fn plain_values_are_read_back(name in "[A-Z_]{1,8}", value in "[a-zA-Z0-9_.$=-]{0,40}") {
        let expected: Vec<Line> = vec![Ok((name.clone(), value.clone()))];
        prop_assert_eq!(lines(&format!("{name}={value}")), expected);
    }
}
