//! Where the catalog differs from the recorded program on purpose.

/// A deliberate difference in some cases; all else in them is still compared.
#[derive(Debug)]
pub(crate) struct Deviation {
    /// The names of the cases, `*` standing for any text.
    pub(crate) cases: &'static str,
    /// What differs; empty for anything.
    pub(crate) what: &'static [&'static str],
    /// Why.
    pub(crate) reason: &'static str,
}

pub(crate) const NONE: &[Deviation] = &[];

const NATIVE: &[&str] = &["native", "usage"];

const REPAIRED: &str = "a base URL that needs repair before it means anything is custom";

/// Differences in the catalog's cases.
pub(crate) const CATALOG: &[Deviation] = &[
    Deviation {
        cases: "base url: * no scheme (*)",
        what: NATIVE,
        reason: "without a scheme it is no base URL; the program counts it as native and, \
                 at the same time, not as a Coding Plan URL",
    },
    Deviation {
        cases: "base url: * backslash (*)",
        what: &[],
        reason: REPAIRED,
    },
    Deviation {
        cases: "base url: * ideographic full stop (*)",
        what: &[],
        reason: REPAIRED,
    },
    Deviation {
        cases: "base url: * percent-encoded dot (*)",
        what: &[],
        reason: REPAIRED,
    },
    Deviation {
        cases: "base url: * tab inside host (*)",
        what: &[],
        reason: REPAIRED,
    },
    Deviation {
        cases: "base url: token-plan-* (2026.4)",
        what: NATIVE,
        reason: "Token Plan hosts are native; that release did not know the plan yet",
    },
    Deviation {
        cases: "base url: token-plan-global lookalike prefix (2026.9)",
        what: NATIVE,
        reason: "workspace hosts are native, and any first label may be a workspace",
    },
    Deviation {
        cases: "base url: maas-other (*)",
        what: NATIVE,
        reason: "workspace hosts are native",
    },
    Deviation {
        cases: "compat * @ maas-other (2026.9)",
        what: &[
            "supportsUsageInStreaming",
            "cacheControlFormat",
            "supportsLongCacheRetention",
            "requiresNonEmptyUserOrAssistantMessage",
        ],
        reason: "workspace hosts are native",
    },
    Deviation {
        cases: "base url: *loopback (*)",
        what: NATIVE,
        reason: "this machine is native, so that usage is asked for by default",
    },
    Deviation {
        cases: "base url: absent (*)",
        what: &["provider url", "provider ids"],
        reason: "the default is the Standard endpoint, not the Coding Plan",
    },
    Deviation {
        cases: "suppression * @ absent (2026.9)",
        what: &[],
        reason: "the default is the Standard endpoint, which has every model",
    },
    Deviation {
        cases: "suppression qwencloud @ coding*",
        what: &[],
        reason: "an alias does not change what the Coding Plan offers",
    },
    Deviation {
        cases: "suppression dashscope @ coding*",
        what: &[],
        reason: "an alias does not change what the Coding Plan offers",
    },
    Deviation {
        cases: "base url: coding-intl trailing-dot host (2026.4)",
        what: &["ids", "provider ids", "coding plan", "qwen3.6-plus"],
        reason: "a dot at the end names the same host; 2026.9 corrects it",
    },
    Deviation {
        cases: "normalize provider config coding trailing dot (2026.4)",
        what: &["config"],
        reason: "a dot at the end names the same host; 2026.9 corrects it",
    },
    Deviation {
        cases: "suppression * @ coding trailing dot * (2026.4)",
        what: &["qwen3.6-plus"],
        reason: "a dot at the end names the same host; 2026.9 corrects it",
    },
];

/// Returns the position of the first entry that covers a difference in a case.
pub(crate) fn position(known: &[Deviation], name: &str, what: &str) -> Option<usize> {
    known.iter().position(|deviation| {
        let covered = deviation.what.is_empty() || deviation.what.contains(&what);
        covered && matches(deviation.cases, name)
    })
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|tail| {
            tail.char_indices()
                .map(|(at, _)| &tail[at..])
                .chain([""])
                .any(|t| matches(rest, t))
        }),
    }
}

#[test]
fn a_star_stands_for_any_text() {
    assert!(matches("a * c*", "a b c"));
    assert!(matches("a*", "a"));
    assert!(!matches("a *c", "a b"));
    assert!(!matches("a", "ab"));
}

#[test]
fn a_deviation_has_a_reason() {
    assert!(CATALOG.iter().all(|deviation| deviation.reason.len() > 20));
}
