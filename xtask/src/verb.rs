//! The command line: which verb, with which arguments.

use std::path::PathBuf;

use crate::error::Error;

pub(crate) const HELP: &str = "\
The automation of the workspace.

Usage: cargo xtask VERB

  ci [--full]
      What must pass before a change is accepted: fmt, clippy, rustdoc, doc tests,
      check, cargo-deny. The other tests are `cargo test --workspace`.
      --full adds each feature by itself, the oldest supported compiler, kills of the
      command at random moments and a dry run of publishing.

  check
      The rules no compiler knows: which crate may depend on which, how many crates
      each may cost, what a manifest must hold, how sources are laid out.

  conformance DIR [--subset] [--verbose]
      Runs the recorded cases in DIR against the crates and prints, for each file,
      how many passed. --verbose prints the cases that did not. --subset says that
      DIR does not hold every case, so that a deviation may match none.

  bench HARNESS [ARGUMENT..]
      Builds the benchmark client in release mode, runs HARNESS/run.sh with it as
      `new`, and writes the tables to bench.md in the target folder. Without a measure
      (throughput, latency, concurrent, ..) all are taken, against the reference client
      unless --only names others. --rounds and the rest go to the harness.

  fuzz [TARGET] [--seconds N]
      Runs the fuzz targets of tests/fuzz, or one of them, for N seconds each (60
      unless said otherwise), and prints how many inputs each has seen. Needs
      cargo-fuzz and a C++ compiler; stable Rust is enough.

  publish [--dry-run]
      Publishes every crate whose version is not up yet, leaf first. Can be run
      again after a failure.

  help
      Prints this.
";

/// What was asked for.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Verb {
    Help,
    Ci {
        full: bool,
    },
    Check,
    Conformance {
        folder: PathBuf,
        subset: bool,
        verbose: bool,
    },
    Bench {
        harness: PathBuf,
        arguments: Vec<String>,
    },
    Fuzz {
        target: Option<String>,
        seconds: u32,
    },
    Publish {
        dry_run: bool,
    },
}

/// Reads the arguments that follow the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Verb, Error> {
    let mut arguments = arguments.into_iter();
    let Some(verb) = arguments.next() else {
        return Err(Error::Usage("a verb is missing".to_owned()));
    };
    let mut rest: Vec<String> = arguments.collect();
    let verb = match verb.as_str() {
        "help" | "--help" | "-h" => return Ok(Verb::Help),
        "ci" => Verb::Ci {
            full: take_flag(&mut rest, "--full"),
        },
        "check" => Verb::Check,
        "conformance" => Verb::Conformance {
            subset: take_flag(&mut rest, "--subset"),
            verbose: take_flag(&mut rest, "--verbose"),
            folder: take_folder(&mut rest, "conformance needs the folder with the cases")?,
        },
        "bench" => Verb::Bench {
            harness: take_folder(&mut rest, "bench needs the folder of the harness")?,
            arguments: std::mem::take(&mut rest),
        },
        "fuzz" => {
            let seconds = take_number(&mut rest, "--seconds")?.unwrap_or(60);
            let is_name = rest.first().is_some_and(|first| !first.starts_with('-'));
            Verb::Fuzz {
                target: is_name.then(|| rest.remove(0)),
                seconds,
            }
        }
        "publish" => Verb::Publish {
            dry_run: take_flag(&mut rest, "--dry-run"),
        },
        unknown => return Err(Error::Usage(format!("unknown verb `{unknown}`"))),
    };
    match rest.first() {
        None => Ok(verb),
        Some(extra) => Err(Error::Usage(format!("unexpected argument `{extra}`"))),
    }
}

fn take_flag(arguments: &mut Vec<String>, flag: &str) -> bool {
    let before = arguments.len();
    arguments.retain(|argument| argument != flag);
    arguments.len() < before
}

fn take_number(arguments: &mut Vec<String>, flag: &str) -> Result<Option<u32>, Error> {
    let Some(at) = arguments.iter().position(|argument| argument == flag) else {
        return Ok(None);
    };
    let number = arguments.get(at + 1).and_then(|number| number.parse().ok());
    let number = number.filter(|number| *number > 0);
    let number = number.ok_or_else(|| Error::Usage(format!("{flag} needs a number above 0")))?;
    arguments.drain(at..=at + 1);
    Ok(Some(number))
}

fn take_folder(arguments: &mut Vec<String>, missing: &str) -> Result<PathBuf, Error> {
    match arguments.first() {
        Some(first) if !first.starts_with('-') => Ok(PathBuf::from(arguments.remove(0))),
        _ => Err(Error::Usage(missing.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Verb, Error> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn verbs_take_their_flags_in_any_place() {
        let conformance = |subset, verbose| Verb::Conformance {
            folder: "cases".into(),
            subset,
            verbose,
        };
        let verbose = conformance(false, true);
        assert_eq!(parse_line("conformance --verbose cases").unwrap(), verbose);
        assert_eq!(parse_line("conformance cases --verbose").unwrap(), verbose);
        let subset = parse_line("conformance cases --subset").unwrap();
        assert_eq!(subset, conformance(true, false));
        assert_eq!(parse_line("ci").unwrap(), Verb::Ci { full: false });
        assert_eq!(parse_line("ci --full").unwrap(), Verb::Ci { full: true });
        assert_eq!(
            parse_line("publish --dry-run").unwrap(),
            Verb::Publish { dry_run: true }
        );
    }

    #[test]
    fn bench_hands_on_what_it_does_not_know() {
        let expected = Verb::Bench {
            harness: "harness".into(),
            arguments: vec![
                "throughput".to_owned(),
                "--rounds".to_owned(),
                "3".to_owned(),
            ],
        };
        assert_eq!(
            parse_line("bench harness throughput --rounds 3").unwrap(),
            expected
        );
    }

    #[test]
    fn fuzz_takes_one_target_or_all() {
        let fuzz = |target: Option<&str>, seconds| Verb::Fuzz {
            target: target.map(str::to_owned),
            seconds,
        };
        assert_eq!(parse_line("fuzz").unwrap(), fuzz(None, 60));
        assert_eq!(
            parse_line("fuzz decoder").unwrap(),
            fuzz(Some("decoder"), 60)
        );
        let line = "fuzz --seconds 5 decoder";
        assert_eq!(parse_line(line).unwrap(), fuzz(Some("decoder"), 5));
    }

    #[test]
    fn what_makes_no_sense_is_a_usage_error() {
        for line in [
            "",
            "frobnicate",
            "ci --fast",
            "check now",
            "conformance",
            "bench --only x",
            "fuzz a b",
            "fuzz --seconds",
            "fuzz --seconds 0",
            "fuzz --minutes 1",
        ] {
            assert_eq!(parse_line(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn the_help_names_every_verb() {
        for verb in [
            "ci",
            "check",
            "conformance",
            "bench",
            "fuzz",
            "publish",
            "help",
        ] {
            assert!(
                HELP.lines()
                    .any(|line| line.starts_with(&format!("  {verb}"))),
                "{verb}"
            );
        }
    }
}
