//! Dotenv files: named ones, and OpenClaw's own.

use std::{error::Error as _, fs, path::Path};

use qwen_openclaw_auth::{Environment, ErrorKind, Trust, resolve};
use qwen_openclaw_catalog::Provider;
use tempfile::TempDir;

/// Makes a home folder with this `~/.openclaw/.env`, and the environment of its owner.
fn home_with(text: impl AsRef<[u8]>) -> (TempDir, Environment) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".openclaw");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(".env"), text).unwrap();
    let environment = Environment::from_pairs([("HOME", home.path())]);
    (home, environment)
}

#[track_caller]
fn check(environment: &Environment, key: &str, source: &str) {
    let found = resolve(Provider::QWEN, environment).unwrap();
    assert_eq!(
        (found.key().expose(), found.source().to_string().as_str()),
        (key, source)
    );
}

#[test]
fn the_process_environment_can_be_captured() {
    let path = std::env::var("PATH").unwrap();
    assert_eq!(
        Environment::capture().value("PATH").unwrap(),
        Some(path.trim())
    );
}

#[test]
fn openclaws_own_file_fills_in_what_is_absent() {
    let (_home, environment) = home_with("export QWEN_API_KEY=\"  sk-home  \"\r\n");
    check(
        &environment.with_openclaw_dotenv(),
        "sk-home",
        "dotenv: QWEN_API_KEY (~/.openclaw/.env)",
    );
}

#[test]
fn a_named_file_ranks_between_the_process_and_openclaws_own() {
    let (home, environment) = home_with("QWEN_API_KEY=sk-home");
    let named = home.path().join("team.env");
    fs::write(&named, "QWEN_API_KEY=sk-named").unwrap();
    let files = |environment: Environment| {
        environment
            .with_openclaw_dotenv()
            .with_dotenv_file(&named, Trust::Full)
            .unwrap()
    };
    check(
        &files(environment),
        "sk-named",
        "dotenv: QWEN_API_KEY (~/team.env)",
    );

    let process = [
        ("HOME", home.path()),
        ("QWEN_API_KEY", Path::new("sk-process")),
    ];
    check(
        &files(Environment::from_pairs(process)),
        "sk-process",
        "env: QWEN_API_KEY",
    );
}

#[test]
fn openclaws_folder_can_be_elsewhere() {
    let (home, _) = home_with("QWEN_API_KEY=sk-home");
    for (name, path) in [
        ("OPENCLAW_HOME", home.path()),
        ("OPENCLAW_STATE_DIR", &home.path().join(".openclaw")),
    ] {
        let environment = Environment::from_pairs([(name, path)]).with_openclaw_dotenv();
        assert_eq!(
            environment.value("QWEN_API_KEY").unwrap(),
            Some("sk-home"),
            "{name}"
        );
    }
}

#[test]
fn without_a_file_or_a_home_there_is_nothing_to_say() {
    let home = tempfile::tempdir().unwrap();
    let with_home = Environment::from_pairs([("HOME", home.path())]);
    for environment in [with_home, Environment::empty()] {
        let environment = environment.with_openclaw_dotenv();
        assert!(environment.problems().is_empty());
        assert_eq!(
            resolve(Provider::QWEN, &environment).unwrap_err().kind(),
            ErrorKind::Missing
        );
    }
}

#[test]
fn a_faulty_line_in_openclaws_file_is_passed_over_and_told() {
    let (_home, environment) = home_with("oops sk-secret\nDASHSCOPE_API_KEY=sk-1\nX='");
    let environment = environment.with_openclaw_dotenv();
    check(
        &environment,
        "sk-1",
        "dotenv: DASHSCOPE_API_KEY (~/.openclaw/.env)",
    );

    let problems: Vec<_> = environment
        .problems()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        problems,
        [
            "~/.openclaw/.env, line 1: no equals sign: write NAME=value",
            "~/.openclaw/.env, line 3: unclosed quote",
        ]
    );
    assert!(!format!("{environment:?}").contains("secret"));
}

#[test]
fn what_cannot_be_read_at_openclaws_place_is_told() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join(".openclaw/.env")).unwrap();
    let environment = Environment::from_pairs([("HOME", home.path())]).with_openclaw_dotenv();

    let [problem] = environment.problems() else {
        panic!("{environment:?}")
    };
    assert_eq!(problem.kind(), ErrorKind::Read);
    assert_eq!(problem.to_string(), "could not read ~/.openclaw/.env");
}

#[test]
fn a_missing_key_points_at_the_file_that_could_not_be_read_in_full() {
    for (text, kind) in [
        (b"QWEN_API_KEY".to_vec(), ErrorKind::Dotenv),
        (b"QWEN_API_KEY=\xff".to_vec(), ErrorKind::Dotenv),
        (vec![b'#'; (1 << 20) + 1], ErrorKind::TooLarge),
    ] {
        let (_home, environment) = home_with(text);
        let error = resolve(Provider::QWEN, &environment.with_openclaw_dotenv()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Missing);
        let cause = error.source().unwrap();
        let cause = cause.downcast_ref::<qwen_openclaw_auth::Error>().unwrap();
        assert_eq!(cause.kind(), kind);
    }
}

#[test]
fn a_named_file_that_cannot_be_used_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, kind| {
        let path = folder.path().join(name);
        let error = Environment::empty()
            .with_dotenv_file(path, Trust::Full)
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(name), "{error}");
    };
    fs::create_dir(folder.path().join("folder")).unwrap();
    fs::write(folder.path().join("faulty"), "QWEN_API_KEY").unwrap();
    fs::write(folder.path().join("binary"), b"\x7fELF\xff\xfe").unwrap();
    fs::write(folder.path().join("large"), vec![b'\n'; (1 << 20) + 1]).unwrap();
    check("absent", ErrorKind::Read);
    check("folder", ErrorKind::Read);
    check("faulty", ErrorKind::Dotenv);
    check("binary", ErrorKind::Dotenv);
    check("large", ErrorKind::TooLarge);
}
