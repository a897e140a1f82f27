//! How layers combine, and what a snapshot keeps to itself.

use super::*;
use crate::ErrorKind;

const NAME: &str = "QWEN_API_KEY";
const HOME_FOLDER: (&str, &str) = (HOME, "/home/olena");

fn dotenv(environment: Environment, text: &str) -> Environment {
    environment
        .with_dotenv_text("/home/olena/team.env", text, Trust::Full)
        .unwrap()
}

#[track_caller]
fn check(environment: &Environment, expected: Option<(&str, &str)>) {
    let found = environment.get(NAME);
    let found = found.map(|found| (found.value().unwrap(), found.source().to_string()));
    let expected = expected.map(|(value, source)| (value, source.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn values_are_trimmed_and_blank_ones_absent() {
    for (value, expected) in [
        ("sk-1", Some("sk-1")),
        ("\t sk-1\r\n", Some("sk-1")),
        ("", None),
        (" \t", None),
    ] {
        let environment = Environment::from_pairs([(NAME, value)]);
        check(
            &environment,
            expected.map(|value| (value, "env: QWEN_API_KEY")),
        );
        assert_eq!(environment.value(NAME).unwrap(), expected);
        assert_eq!(environment.is_blank(NAME), expected.is_none());
    }
    check(&Environment::empty(), None);
    assert!(!Environment::empty().is_blank(NAME));
}

#[test]
fn layers_rank_the_same_in_whatever_order_they_are_added() {
    type Step = fn(Environment) -> Environment;
    let steps: [Step; 3] = [
        |environment| dotenv(environment, "QWEN_API_KEY=dotenv"),
        |environment| environment.with_config_variables("/etc/openclaw.json", [(NAME, "config")]),
        |environment| environment.with_shell_variables([(NAME, "shell")]),
    ];
    let sources = [
        ("process", "env: QWEN_API_KEY"),
        ("dotenv", "dotenv: QWEN_API_KEY (~/team.env)"),
        ("config", "config env: QWEN_API_KEY (/etc/openclaw.json)"),
        ("shell", "shell env: QWEN_API_KEY"),
    ];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        // Each combination of the four layers: bit 0 is the process, bits 1 to 3 the steps.
        for layers in 0_u8..16 {
            let has = |layer: usize| layers & (1 << layer) != 0;
            let own = if has(0) { "process" } else { " " };
            let mut environment = Environment::from_pairs([HOME_FOLDER, (NAME, own)]);
            for step in order {
                if has(step + 1) {
                    environment = steps[step](environment);
                }
            }
            check(
                &environment,
                (0..4).find(|layer| has(*layer)).map(|layer| sources[layer]),
            );
        }
    }
}

#[test]
fn the_first_of_several_named_files_is_the_highest() {
    let environment = Environment::from_pairs([HOME_FOLDER]);
    let environment = dotenv(
        dotenv(environment, "QWEN_API_KEY=first"),
        "QWEN_API_KEY=second\nB=2",
    );
    check(
        &environment,
        Some(("first", "dotenv: QWEN_API_KEY (~/team.env)")),
    );
    assert_eq!(environment.value("B").unwrap(), Some("2"));
}

#[test]
fn the_last_of_equal_names_in_a_file_wins_even_when_blank() {
    let environment = dotenv(Environment::empty(), "QWEN_API_KEY=1\nQWEN_API_KEY=2");
    check(
        &environment,
        Some(("2", "dotenv: QWEN_API_KEY (/home/olena/team.env)")),
    );
    check(
        &dotenv(Environment::empty(), "QWEN_API_KEY=1\nQWEN_API_KEY="),
        None,
    );
}

#[test]
fn a_file_without_full_trust_gives_no_key_and_no_address() {
    let text =
        "QWEN_API_KEY=k\nMY_TOKEN=t\nQWEN_BASE_URL=https://evil.example\nHOME=/evil\nLANG=uk";
    let environment = Environment::empty()
        .with_dotenv_text(".env", text, Trust::Settings)
        .unwrap();
    for name in [NAME, "MY_TOKEN", "QWEN_BASE_URL", "HOME"] {
        assert!(environment.get(name).is_none(), "{name}");
    }
    assert_eq!(environment.value("LANG").unwrap(), Some("uk"));
}

#[test]
fn a_faulty_line_is_an_error_that_names_it_and_holds_nothing_of_it() {
    let text = "A=1\nQWEN_API_KEY='sk-secret";
    let error = Environment::empty()
        .with_dotenv_text("x.env", text, Trust::Full)
        .unwrap_err();
    assert_eq!((error.kind(), error.line()), (ErrorKind::Dotenv, Some(2)));
    assert_eq!(error.to_string(), "x.env, line 2: unclosed quote");
    assert!(!format!("{error:?}").contains("secret"));
}

#[test]
fn a_text_beyond_the_limit_is_refused() {
    let text = "#".repeat(dotenv::MAX_BYTES);
    assert!(
        Environment::empty()
            .with_dotenv_text("x", &text, Trust::Full)
            .is_ok()
    );
    let error = Environment::empty()
        .with_dotenv_text("x", &(text + "#"), Trust::Full)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_unicode_is_an_error_once_it_is_asked_for() {
    use std::os::unix::ffi::OsStringExt;

    let value = OsString::from_vec(b"sk-secret\xff".to_vec());
    let environment = Environment::from_pairs([(NAME, value), ("LANG", "uk".into())]);
    assert_eq!(environment.value("LANG").unwrap(), Some("uk"));

    let error = environment.value(NAME).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotUnicode);
    assert_eq!(
        error.found_in().map(ToString::to_string).as_deref(),
        Some("env: QWEN_API_KEY")
    );
    assert!(!format!("{error:?} {environment:?}").contains("secret"));
}

#[test]
fn paths_are_shown_below_the_home_folder() {
    let environment = Environment::from_pairs([HOME_FOLDER]);
    let table = [
        ("/home/olena/.openclaw/.env", "~/.openclaw/.env"),
        ("/home/olena", "~"),
        ("/home/olenka/x", "/home/olenka/x"),
        (".env", ".env"),
    ];
    for (path, shown) in table {
        assert_eq!(environment.shown(Path::new(path)), shown);
    }
    let root = Environment::from_pairs([(HOME, "/")]);
    assert_eq!(root.shown(Path::new("/etc/x")), "/etc/x");
}

#[test]
fn debug_shows_known_names_and_no_value() {
    let environment = Environment::from_pairs([(NAME, "sk-secret"), ("MY_VARIABLE", "my-secret")]);
    let environment = dotenv(environment, "DASHSCOPE_API_KEY=ds-secret");
    let shown = format!("{environment:?} {:?}", environment.get(NAME).unwrap());
    assert!(!shown.contains("secret"), "{shown}");
    for part in ["QWEN_API_KEY", "DASHSCOPE_API_KEY", "others: 1", "Dotenv"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn a_shadowed_variable_is_listed_after_the_one_that_counts() {
    let environment = Environment::from_pairs([("A_KEY", "first"), ("B_KEY", " ")])
        .with_config_variables(Path::new("c.json"), [("A_KEY", "last"), ("B_KEY", "only")])
        .with_dotenv_text(Path::new("t.env"), "A_KEY=middle", Trust::Full)
        .unwrap();
    let values = |name| -> Vec<_> {
        let all = environment.all(name);
        all.map(|variable| variable.value().unwrap()).collect()
    };
    assert_eq!(values("A_KEY"), ["first", "middle", "last"]);
    assert_eq!(values("B_KEY"), ["only"]);
    assert!(values("C_KEY").is_empty());
}
