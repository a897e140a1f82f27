//! Exit codes, and what a failure looks like.

use super::*;

/// As in `--help`. A kind that is missing here has no deliberate exit code.
#[test]
fn each_kind_has_the_exit_code_of_the_help() {
    let table = [
        (1, &["setup", "tool_rounds", "busy", "storage"][..]),
        (3, &["auth", "permission"]),
        (4, &["invalid_request", "not_found", "content"]),
        (5, &["rate_limit", "quota", "billing", "budget"]),
        (6, &["timeout", "network", "ambiguous", "deadline"]),
        (
            7,
            &[
                "server",
                "protocol",
                "too_large",
                "tool_arguments",
                "json",
                "failed",
                "canceled",
                "expired",
            ],
        ),
        (8, &["truncated"]),
    ];
    for kind in ErrorKind::ALL {
        let name = kind.as_str();
        let mut codes = table.iter().filter(|(_, names)| names.contains(&name));
        let (code, _) = codes.next().unwrap_or_else(|| panic!("no code for {name}"));
        assert_eq!(exit_code(*kind), *code, "{name}");
        assert!(codes.next().is_none(), "{name} is there twice");
    }
    let named: usize = table.iter().map(|(_, names)| names.len()).sum();
    assert_eq!(named, ErrorKind::ALL.len());
}

/// The columns `kind` and `exit` of every table in `docs/errors.md`.
#[test]
fn each_kind_has_the_exit_code_of_the_page() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mut columns = None;
    let mut seen = 0;
    for line in page.lines() {
        let cells = line.trim_matches('|').split('|').map(str::trim);
        let cells: Vec<&str> = cells.collect();
        let at = |name| cells.iter().position(|cell| *cell == name);
        if !line.starts_with('|') {
            columns = None;
        } else if let (Some(kind), Some(exit)) = (at("kind"), at("exit")) {
            columns = Some((kind, exit));
        } else if let (Some((kind, exit)), false) = (columns, line.starts_with("|---")) {
            let mut kinds = ErrorKind::ALL.iter();
            let kind = kinds.find(|known| known.as_str() == cells[kind]).unwrap();
            assert_eq!(exit_code(*kind).to_string(), cells[exit], "{line}");
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen} rows");
}

#[test]
fn an_error_is_one_document() {
    let failure = Failure {
        status: Some(401),
        ..Failure::new(3, "auth", "no")
    };
    assert_eq!(
        failure.to_json(),
        json!({"ok": false, "error": {"type": "auth", "message": "no", "status": 401}})
    );
}

#[test]
fn a_text_shows_what_the_document_has() {
    let failure = |status, request_id: Option<&str>| Failure {
        status,
        request_id: request_id.map(str::to_owned),
        ..Failure::new(4, "invalid_request", "no")
    };
    let lines = |failure: Failure| failure.lines();
    assert_eq!(lines(failure(None, None)), ["error: no"]);
    assert_eq!(lines(failure(Some(400), None)), ["error: no", "(HTTP 400)"]);
    assert_eq!(
        lines(failure(None, Some("r-1"))),
        ["error: no", "(request id r-1)"]
    );
    assert_eq!(
        lines(failure(Some(400), Some("r-1")).with_hint("say yes")),
        ["error: no", "(HTTP 400, request id r-1)", "hint: say yes"]
    );
}

#[test]
fn an_unknown_provider_is_the_fault_of_the_request() {
    let error = qwen_openclaw::catalog::ModelRef::parse("a b/x").unwrap_err();
    let failure = Failure::from(error);
    assert_eq!((failure.code, failure.kind), (4, "not_found"));
}
