//! A list of steps run one after the other, each with its time; the first failure ends it.

use std::{
    io::Write,
    process::Command,
    time::{Duration, Instant},
};

use crate::{error::Error, process};

/// How a step ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It passed, with something worth showing or nothing.
    Passed(String),
    /// It could not be run here, for this reason.
    Skipped(String),
    /// It failed; what it had to say.
    Failed(String),
}

/// Runs steps and keeps the account.
#[derive(Debug)]
pub(crate) struct Steps<W> {
    out: W,
    start: Instant,
    passed: usize,
    skipped: usize,
}

impl<W: Write> Steps<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            start: Instant::now(),
            passed: 0,
            skipped: 0,
        }
    }

    /// Runs a program as a step. Its output is shown only when it fails.
    pub(crate) fn command(&mut self, name: &str, command: &mut Command) -> Result<(), Error> {
        self.task(name, || {
            let output = match command.output() {
                Ok(output) => output,
                Err(error) => return Ok(Outcome::Failed(format!("could not start: {error}"))),
            };
            if output.status.success() {
                return Ok(Outcome::Passed(String::new()));
            }
            Ok(Outcome::Failed(format!(
                "$ {}\n{}{}",
                process::line_of(command),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr),
            )))
        })
    }

    /// Runs a function as a step.
    pub(crate) fn task(
        &mut self,
        name: &str,
        task: impl FnOnce() -> Result<Outcome, Error>,
    ) -> Result<(), Error> {
        self.write(format_args!("{name:<40} "));
        let start = Instant::now();
        let outcome = task()?;
        let time = seconds(start.elapsed());
        match outcome {
            Outcome::Passed(note) => {
                self.passed += 1;
                self.write(format_args!("ok      {time}\n{}", indented(&note)));
                Ok(())
            }
            Outcome::Skipped(reason) => {
                self.skipped += 1;
                self.write(format_args!("skipped {reason}\n"));
                Ok(())
            }
            Outcome::Failed(output) => {
                self.write(format_args!("FAILED  {time}\n{}\n", output.trim_end()));
                let passed = self.passed;
                Err(Error::Failed(format!(
                    "step `{name}` failed; {passed} passed before it"
                )))
            }
        }
    }

    /// Prints the closing line.
    pub(crate) fn finish(mut self) {
        let (passed, skipped) = (self.passed, self.skipped);
        let time = seconds(self.start.elapsed());
        self.write(format_args!(
            "passed: {passed}, skipped: {skipped}, in {}\n",
            time.trim()
        ));
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Nobody reads on when the output is closed: the exit code still says how it went.
        let _ = self.out.write_fmt(text).and_then(|()| self.out.flush());
    }
}

fn seconds(time: Duration) -> String {
    format!("{:>6.1} s", time.as_secs_f64())
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(run: impl FnOnce(&mut Steps<&mut Vec<u8>>) -> Result<(), Error>) -> String {
        let mut out = Vec::new();
        let mut steps = Steps::new(&mut out);
        if run(&mut steps).is_ok() {
            steps.finish();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn passed_and_skipped_steps_are_counted_and_their_notes_shown() {
        let text = written(|steps| {
            steps.task("one", || Ok(Outcome::Passed("a figure".to_owned())))?;
            steps.task("two", || Ok(Outcome::Skipped("no such tool".to_owned())))
        });
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].starts_with("one ") && lines[0].contains(" ok "),
            "{text}"
        );
        assert_eq!(lines[1], "    a figure");
        assert!(lines[2].ends_with(" skipped no such tool"), "{text}");
        assert!(lines[3].starts_with("passed: 1, skipped: 1, in "), "{text}");
    }

    #[test]
    fn the_first_failure_ends_the_list_with_its_output() {
        let mut reached = false;
        let text = written(|steps| {
            steps.task("fine", || Ok(Outcome::Passed(String::new())))?;
            let error = steps
                .task("broken", || {
                    Ok(Outcome::Failed("what went wrong\n".to_owned()))
                })
                .inspect(|()| reached = true)
                .unwrap_err();
            assert_eq!(
                error.to_string(),
                "step `broken` failed; 1 passed before it"
            );
            Err(error)
        });
        assert!(!reached);
        assert!(text.ends_with("\nwhat went wrong\n"), "{text}");
    }

    #[test]
    fn a_program_that_is_not_there_fails_its_step() {
        let text =
            written(|steps| steps.command("tool", &mut Command::new("no-such-program-here")));
        assert!(
            text.contains("FAILED") && text.contains("could not start"),
            "{text}"
        );
    }
}
