//! What must hold for any input. The fuzz targets of `tests/fuzz`, the property tests and the kept
//! inputs all call the functions here, so that none of them can check less than the others.
//!
//! A function takes any bytes and panics when a property does not hold. It uses public interfaces
//! only, and transport's hidden `__fuzz` for a decoder that reads every chunk in full.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a property that does not hold ends the run"
)]

mod configuration;
mod credentials;
mod cutting;
mod decoder;
mod framer;
mod json;
mod objects;
mod source;
mod stream;
mod tasks;
mod text_inputs;
mod usage_and_errors;

use std::path::{Path, PathBuf};

/// A set of properties, under the name of its fuzz target and of its folder of inputs.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// Checks the properties for one input.
    pub check: fn(&[u8]),
}

/// Every target. `tests/fuzz` has a program for each.
pub const TARGETS: &[Target] = &[
    Target {
        name: "decoder",
        check: decoder::check,
    },
    Target {
        name: "framer",
        check: framer::check,
    },
    Target {
        name: "usage_and_errors",
        check: usage_and_errors::check,
    },
    Target {
        name: "tasks",
        check: tasks::check,
    },
    Target {
        name: "credentials",
        check: credentials::check,
    },
    Target {
        name: "text_inputs",
        check: text_inputs::check,
    },
    Target {
        name: "configuration",
        check: configuration::check,
    },
];

/// Checks one input of a target.
///
/// # Panics
///
/// When a property does not hold, or there is no target of that name.
pub fn check(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target of that name").check)(data);
}

/// Returns the folder of the inputs that are kept: `seeds/<target>` were written by hand,
/// `regressions/<target>` once showed a defect.
#[must_use]
pub fn inputs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}
