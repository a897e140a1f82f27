//! Follows a job to its result, saying how far it is.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use qwen_openclaw::video::{
    Finished, Job,
    task::{JobId, Phase, Progress, SaveOptions},
};

use super::{Kind, view};
use crate::{failure::Failure, output, terminal};

/// Says how far a job is: a bar on a terminal, otherwise a line for each change.
pub(crate) struct Teller {
    bar: ProgressBar,
    terminal: bool,
}

impl Teller {
    pub(crate) fn new() -> Self {
        let terminal = terminal::redraws();
        let target = match terminal {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} · {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, terminal }
    }

    /// Says what happens now.
    pub(crate) fn say(&self, text: &str) {
        match self.terminal {
            true => self.bar.set_message(output::harmless(text)),
            false => output::note(text),
        }
    }

    fn received(&self, progress: Progress) {
        if let Some(total) = progress
            .total
            .filter(|total| self.bar.length() != Some(*total))
        {
            self.bar.set_length(total);
            let template = "{spinner} {msg} · {elapsed} [{bar:30}] {bytes}/{total_bytes}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.bar.set_style(style);
            }
        }
        self.bar.set_position(progress.received);
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Waits until the service has made the result.
pub(crate) async fn wait(job: &Job, teller: &Teller) -> Result<Finished, Failure> {
    let mut watch = job.watch();
    let mut last = job.clone();
    while let Some(record) = watch.next().await {
        let record = record?;
        let id = record.id();
        match watch.trouble() {
            Some(trouble) => {
                let failure = Failure::from(trouble.clone());
                let why = failure.message();
                teller.say(&format!("job {id} · no answer, asking again: {why}"));
            }
            None if record.phase() == Phase::Submitted => {
                teller.say(&format!("job {id} · {}", view::state(&record)));
            }
            None => {}
        }
        last = last.with_record(record);
    }
    Ok(last.finished()?)
}

/// A result that is made and could not be saved is not lost, and must not be made again.
pub(crate) fn with_resume(failure: Failure, id: &JobId) -> Failure {
    if failure.is_interrupted() || failure.is_expired() {
        return failure;
    }
    let kind = Kind::running().name();
    failure.with_another_hint(format!(
        "the {kind} is made and kept for a day: `qwen-openclaw {kind} resume {id}` saves it"
    ))
}

/// Saves a result: where it is asked for, else where it was asked for when it was submitted, else
/// under the job's name.
pub(crate) async fn save(
    finished: Finished,
    path: Option<&Path>,
    overwrite: bool,
    teller: &Teller,
) -> Result<Finished, Failure> {
    let record = finished.record();
    let path = path.or(record.target()).map_or_else(
        || PathBuf::from(format!("{}.{}", record.id(), Kind::running().extension())),
        Path::to_owned,
    );
    let options = match overwrite {
        true => SaveOptions::default().overwrite(),
        false => SaveOptions::default(),
    };
    teller.say(&format!("saving {}", path.display()));
    let saved = finished.save_with(&path, options, |progress| teller.received(progress));
    Ok(saved.await?)
}
