//! Holds the crates against recorded behaviour of the real OpenClaw provider.
//!
//! A folder of recordings has one JSON file an area, each with cases of an input and the expected
//! outcome. Every case ends in one of four ways: it passes, it deviates in a way that
//! `deviations.toml` explains, it fails, or nobody has claimed it yet. One that cannot be read, or
//! that ends in a panic, has failed.

mod canned;
mod case;
mod catalog;
mod clock;
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
    case::{Case, Differences, Unreadable, Verdict},
    deviations::Deviations,
    report::{FileReport, Report},
};

/// How the cases of one file are compared. The error is why a case cannot be read.
type Compare = fn(&Case, &mut Differences) -> Result<Verdict, String>;

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
fn transport(case: &Case, found: &mut Differences) -> Result<Verdict, String> {
    match case.text("kind") {
        "request" => request::compare(case, found),
        "stream" => stream::compare(case, found),
        _ => Err(UNKNOWN.to_owned()),
    }
}

/// What is wrong with a case of a kind that no area has.
const UNKNOWN: &str = "its kind is not known";

/// The areas, in the order in which they are reported.
pub fn areas() -> impl Iterator<Item = &'static str> {
    AREAS.iter().map(|(area, _)| *area)
}

/// Compares cases of one area.
///
/// # Errors
///
/// That there is no such area.
pub fn compare(
    area: &str,
    cases: &[Result<Case, Unreadable>],
    deviations: &Deviations,
) -> Result<FileReport, String> {
    let found = AREAS.iter().find(|(name, _)| *name == area);
    let (area, compare) = found.ok_or_else(|| format!("there is no area `{area}`"))?;
    Ok(FileReport::of(area, cases, *compare, deviations))
}

/// Runs every case of `folder`.
///
/// # Errors
///
/// What is wrong with the folder or with `deviations`, as a text.
pub fn run(folder: &Path, deviations: &Deviations) -> Result<Report, String> {
    let mut files = Vec::new();
    for area in areas() {
        let path = folder.join(format!("{area}.json"));
        if path.is_file() {
            files.push(compare(area, &Case::read(&path)?, deviations)?);
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
