//! What each crate costs to compile: how many crates stand below it, itself counted.

use std::{collections::BTreeSet, fmt};

use crate::{
    error::Error,
    process::{cargo, output_of},
};

use super::finding::Finding;

/// One selection of features and how many crates it may need.
struct Budget {
    package: &'static str,
    what: &'static str,
    features: &'static [&'static str],
    limit: usize,
}

/// The figures are promises to those who pay for them with every clean build.
const BUDGETS: &[Budget] = &[
    Budget {
        package: "qwen-openclaw-catalog",
        what: "default features",
        features: &[],
        limit: 15,
    },
    Budget {
        package: "qwen-openclaw-auth",
        what: "no feature",
        features: &["--no-default-features"],
        limit: 40,
    },
    Budget {
        package: "qwen-openclaw-config",
        what: "default features",
        features: &[],
        limit: 35,
    },
    Budget {
        package: "qwen-openclaw-client",
        what: "rustls",
        features: &["--no-default-features", "--features", "rustls"],
        limit: 100,
    },
    Budget {
        package: "qwen-openclaw-transport",
        what: "rustls",
        features: &["--no-default-features", "--features", "rustls"],
        limit: 110,
    },
    Budget {
        package: "qwen-openclaw-embeddings",
        what: "rustls",
        features: &["--no-default-features", "--features", "rustls"],
        limit: 110,
    },
    Budget {
        package: "qwen-openclaw-image",
        what: "rustls",
        features: &["--no-default-features", "--features", "rustls"],
        limit: 115,
    },
    Budget {
        package: "qwen-openclaw-batch",
        what: "rustls",
        features: &["--no-default-features", "--features", "rustls"],
        limit: 110,
    },
    Budget {
        package: "qwen-openclaw-speech",
        what: "rustls",
        features: &["--no-default-features", "--features", "rustls"],
        limit: 125,
    },
    Budget {
        package: "qwen-openclaw-router",
        what: "rustls",
        features: &["--no-default-features", "--features", "rustls"],
        limit: 110,
    },
    Budget {
        package: "qwen-openclaw-state",
        what: "rustls",
        features: &["--no-default-features", "--features", "rustls"],
        limit: 115,
    },
    Budget {
        package: "qwen-openclaw",
        what: "default features",
        features: &[],
        limit: 125,
    },
    Budget {
        package: "qwen-openclaw-cli",
        what: "default features",
        features: &[],
        limit: 190,
    },
];

/// One measured figure.
pub(crate) struct Cost {
    package: &'static str,
    what: &'static str,
    limit: usize,
    count: usize,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            package,
            what,
            limit,
            count,
        } = self;
        write!(f, "{package} ({what}): {count} crates of {limit}")
    }
}

/// Asks cargo for the tree of every budget.
pub(crate) fn measure() -> Result<Vec<Cost>, Error> {
    BUDGETS.iter().map(cost).collect()
}

/// Budgets that are exceeded.
pub(crate) fn findings(costs: &[Cost]) -> Vec<Finding> {
    let exceeded = costs.iter().filter(|cost| cost.count > cost.limit);
    exceeded
        .map(|cost| {
            let manifest = format!("crates/{}/Cargo.toml", cost.package);
            let message = format!(
                "{} crates with {}, {} allowed",
                cost.count, cost.what, cost.limit
            );
            Finding::about(&manifest, "budget", message)
        })
        .collect()
}

fn cost(budget: &Budget) -> Result<Cost, Error> {
    let mut tree = cargo(["tree", "--locked", "--edges", "normal", "--prefix", "none"]);
    // The same count on every machine.
    tree.args([
        "--target",
        "x86_64-unknown-linux-gnu",
        "--package",
        budget.package,
    ]);
    let count = count(&output_of(tree.args(budget.features))?);
    let Budget {
        package,
        what,
        limit,
        ..
    } = *budget;
    Ok(Cost {
        package,
        what,
        limit,
        count,
    })
}

/// The different crates of a tree: name and version, however often they are printed.
fn count(tree: &str) -> usize {
    let crates: BTreeSet<_> = tree
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    crates.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_counts_once_and_each_version_by_itself() {
        let tree = "top v0.1.0 (/somewhere/top)\n\
                    serde v1.0.0\n\
                    serde_derive v1.0.0 (proc-macro)\n\
                    syn v2.0.0\n\
                    syn v3.0.0\n\
                    \n\
                    serde v1.0.0 (*)\n";
        assert_eq!(count(tree), 5);
    }

    #[test]
    fn the_limit_itself_is_allowed() {
        let cost = |count| Cost {
            package: "qwen-openclaw",
            what: "rustls",
            limit: 3,
            count,
        };
        assert_eq!(findings(&[cost(3)]), []);
        let found = findings(&[cost(4)]);
        assert_eq!(
            found[0].to_string(),
            "crates/qwen-openclaw/Cargo.toml: 4 crates with rustls, 3 allowed [budget]"
        );
        assert_eq!(cost(3).to_string(), "qwen-openclaw (rustls): 3 crates of 3");
    }
}
