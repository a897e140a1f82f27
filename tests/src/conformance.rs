//! Holds the crates against recorded behaviour of the real OpenClaw provider.
//!
//! A folder of recordings has one JSON file an area, each with cases of an input and the expected
//! outcome. Every case ends in one of four ways: it passes, it deviates in a way that
//! `deviations.toml` explains, it fails, or nobody has claimed it yet.

mod canned;
mod case;
mod catalog;
mod context;
mod deviations;
mod discovery;
mod media;
mod onboarding;
mod report;
mod request;
mod stream;
mod thinking;
mod video;

use std::path::{Path, PathBuf};

pub use self::{
    case::{Case, Differences, Verdict},
    deviations::Deviations,
    report::{FileReport, Report},
};

/// How the cases of one file are compared.
type Compare = fn(&Case, &mut Differences) -> Verdict;

/// The files of a folder of recordings, in the order in which they are reported.
const AREAS: &[(&str, Compare)] = &[
    ("catalog", catalog::compare),
    ("transport", transport),
    ("thinking", thinking::compare),
    ("media", media::compare),
    ("onboarding", onboarding::compare),
    ("video", video::compare),
];

/// `transport.json` holds the bodies of requests and what becomes of the answers.
fn transport(case: &Case, found: &mut Differences) -> Verdict {
    match case.text("kind") {
        "request" => request::compare(case, found),
        _ => stream::compare(case, found),
    }
}

/// Runs every case of `folder`.
///
/// # Errors
///
/// What is wrong with the folder or with `deviations`, as a text.
pub fn run(folder: &Path, deviations: &Deviations) -> Result<Report, String> {
    let mut files = Vec::new();
    for (area, compare) in AREAS {
        let path = folder.join(format!("{area}.json"));
        if path.is_file() {
            files.push(FileReport::of(
                area,
                &Case::read(&path)?,
                *compare,
                deviations,
            ));
        }
    }
    if files.is_empty() {
        return Err(format!("{} holds no recordings", folder.display()));
    }
    Ok(Report { files })
}

/// The subset of recordings that comes with this repository, and its deviations.
#[must_use]
pub fn own_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

/// The full recordings, where `QWEN_OPENCLAW_SHARED` names the folder that holds them.
#[must_use]
pub fn shared_folder() -> Option<PathBuf> {
    std::env::var_os("QWEN_OPENCLAW_SHARED").map(|folder| PathBuf::from(folder).join("vectors"))
}
