//! The properties of the fuzz targets, for inputs made up here and for those that are kept.

#![allow(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::{collections::BTreeSet, fs, path::Path};

use proptest::prelude::*;
use qwen_openclaw_tests::fuzzing::{TARGETS, check, inputs};

/// The inputs of a folder, by name.
fn read(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// Runs every kept input of a target, and names all those that fail.
fn run_kept(target: &str) {
    let mut failed = Vec::new();
    for kind in ["seeds", "regressions"] {
        let folder = inputs().join(kind).join(target);
        let files = if folder.is_dir() {
            read(&folder)
        } else {
            Vec::new()
        };
        assert!(
            kind != "seeds" || !files.is_empty(),
            "{target} has no seeds"
        );
        for (name, data) in files {
            if std::panic::catch_unwind(|| check(target, &data)).is_err() {
                failed.push(name);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn kept_inputs_belong_to_a_target() {
    let names: BTreeSet<String> = TARGETS
        .iter()
        .map(|target| target.name.to_owned())
        .collect();
    for kind in ["seeds", "regressions"] {
        for entry in fs::read_dir(inputs().join(kind)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(names.contains(&name), "{kind}/{name} has no target");
        }
    }
    for name in names {
        let program = inputs().join(format!("fuzz_targets/{name}.rs"));
        assert!(program.is_file(), "{name} has no program");
    }
}

/// What fails is written to the folders above by hand, under a name that says what it is.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

macro_rules! properties {
    ($($target:ident $kept:ident $length:literal $cases:literal;)*) => {$(
        #[test]
        fn $kept() {
            run_kept(stringify!($target));
        }

        proptest! {
            #![proptest_config(config($cases))]

            #[test]
            fn $target(data in prop::collection::vec(any::<u8>(), 0..$length)) {
                check(stringify!($target), &data);
            }
        }
    )*};
}

properties! {
    decoder decoder_kept 300 600;
    framer framer_kept 200 500;
    usage_and_errors usage_and_errors_kept 120 1000;
    tasks tasks_kept 80 200;
    credentials credentials_kept 120 200;
    text_inputs text_inputs_kept 200 1000;
    configuration configuration_kept 200 300;
}

/// Bytes that mean something to the framer, which any bytes seldom do.
fn stream_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "data:",
        "data: ",
        "data",
        "event: error",
        "event:",
        ":",
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        "x",
        "{}",
        "\u{feff}",
        " ",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

/// What configurations are made of.
fn configuration_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{ ",
        "}",
        "[",
        "]",
        ",",
        ": ",
        "agents: { defaults: {",
        "model",
        "models: { providers: { qwen: {",
        "apiKey: ",
        "baseUrl: ",
        "'${A_KEY}'",
        "\"sk-SECRET\"",
        "'https://sk-SECRET@h/v1'",
        "primary: 'p/m'",
        "fallbacks: ['p/m']",
        "'p/m': { alias: 'a' }",
        "$include: './a'",
        "null",
        "0x1F",
        "// c\n",
        "/* c */",
        "\n  ",
        "\r\n",
        "\u{feff}",
        "}}",
    ]);
    let pieces = prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat());
    // Half of them in braces, so that more of them can be read.
    (any::<bool>(), pieces).prop_map(
        |(whole, text)| {
            if whole { format!("{{{text}}}") } else { text }
        },
    )
}

/// What base URLs are made of.
fn url_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "https://",
        "http://",
        "dashscope",
        "-intl",
        ".aliyuncs.com",
        "coding.dashscope.aliyuncs.com",
        "localhost",
        "127.0.0.1",
        "[::1]",
        ":443",
        ":sk-SECRET",
        "@",
        "/",
        "/v1",
        "/compatible-mode/v1",
        "?",
        "#",
        ".",
        "%2e",
        "\\",
        "sk-SECRET",
        "w.cn-beijing.maas",
        "\u{ff0e}",
        " ",
        "\t",
        "0x7f.1",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn configurations(text in configuration_text()) {
        check("configuration", text.as_bytes());
    }

    #[test]
    fn framer_of_lines(stream in stream_bytes(), limit in any::<u8>()) {
        check("framer", &[&[limit], stream.as_slice()].concat());
    }

    #[test]
    fn decoder_of_lines(stream in stream_bytes()) {
        check("decoder", &[b"=", stream.as_slice()].concat());
        check("decoder", &[b"~", stream.as_slice()].concat());
    }

    #[test]
    fn urls(text in url_text()) {
        check("text_inputs", &[b"u", text.as_bytes()].concat());
    }

    #[test]
    fn dotenv_files(text in "([A-Z_]{1,4}|QWEN_API_KEY)?[ =]{0,2}(['\"`]?sk-SECRET['\"`]?)?[\n#$\\\\ =x]{0,6}") {
        check("text_inputs", &[b"d", text.as_bytes()].concat());
    }
}
