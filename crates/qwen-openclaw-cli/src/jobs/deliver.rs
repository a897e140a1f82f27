//! From a request to its files: what `generate` does for all kinds.

use std::{path::Path, sync::Arc, time::Duration};

use qwen_openclaw::{
    QwenBuilder,
    catalog::{Modality, Provider, Region, aigc_origin_for, price::Cost},
    config::Config,
    video::{
        Change, Job,
        task::{self, JobStore, MemoryJobs, PollSchedule},
    },
};
use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};

use super::{Kind, follow, follow::Teller, ledger_in, piped::Piped, view};
use crate::{
    args::Connection, block_on, failure::Failure, interrupt::Interrupt, output, output::Out,
    settings::Settings,
};

/// What becomes of a job that was submitted.
pub(crate) struct Delivery<'a> {
    pub(crate) kind: Kind,
    pub(crate) output: Option<&'a Path>,
    pub(crate) overwrite: bool,
    pub(crate) no_wait: bool,
    /// Whether the service ends with this process.
    pub(crate) emulator: bool,
}

impl Delivery<'_> {
    /// Waits for the job and saves its results, and prints where they are; as `document` if there is
    /// one.
    pub(crate) async fn deliver(
        self,
        job: &Job,
        interrupt: &mut Interrupt,
        teller: Teller,
        piped: Option<Piped>,
        document: Option<impl Fn(&Job) -> Value>,
    ) -> Result<(), Failure> {
        let (name, id) = (self.kind.name(), job.id());
        if self.no_wait {
            if let Some(document) = document {
                return Out::new().document(&document(job));
            }
            output::note(&format!("fetch the {name}: qwen-openclaw {name} wait {id}"));
            return Out::new().line(id.as_str());
        }
        let followed = async {
            let finished = follow::wait(job, &teller).await?;
            let path = piped.as_ref().map(Piped::path);
            let path = path.as_deref().or(self.output);
            let saved = follow::save(finished, path, self.overwrite, &teller).await;
            // The emulator ends with its jobs.
            saved.map_err(|failure| match self.emulator {
                true => failure,
                false => follow::with_resume(failure, id),
            })
        };
        let saved = interrupt.or(followed).await.inspect_err(|failure| {
            if failure.is_interrupted() && !self.emulator {
                output::note(&format!("the job goes on: qwen-openclaw {name} wait {id}"));
            }
        })?;
        drop(teller);
        if let Some(piped) = piped {
            return piped.write();
        }
        let job = job.with_record(saved.record().clone());
        match document {
            Some(document) => Out::new().document(&document(&job)),
            None => view::saved(job.record()),
        }
    }
}

/// A job as JSON, with what was changed in its request and what it costs.
pub(crate) fn document(job: &Job, changed: &[Change], cost: Option<Cost>) -> Value {
    let mut document = view::document(job.record());
    document["changes"] = changes(changed).into();
    if let Some(cost) = cost {
        document["estimate"] = json!(cost);
    }
    document
}

pub(crate) fn changes(changes: &[Change]) -> Vec<Value> {
    let change = |change: &Change| {
        json!({
            "what": change.what,
            "requested": change.requested,
            "applied": change.applied,
        })
    };
    changes.iter().map(change).collect()
}

/// Refuses a file that is larger than the configuration allows.
pub(crate) fn check_size(path: &str, kind: Modality, config: &Config) -> Result<(), Failure> {
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    match config.media_limit(kind).filter(|limit| bytes > limit.bytes) {
        Some(limit) => Err(Failure::invalid_request(format!(
            "{path} has {bytes} bytes, and `{}` in {} allows {}",
            limit.key,
            config.file(),
            limit.bytes
        ))),
        None => Ok(()),
    }
}

/// A result is paid for, so it is seen beforehand whether it can be saved.
pub(crate) fn check_target(path: &Path, overwrite: bool) -> Result<(), Failure> {
    if path.to_str().is_none() {
        return Err(Failure::invalid_request(format!(
            "{} is a name that the ledger cannot hold",
            path.display()
        )));
    }
    output::check_target(path, overwrite)?;
    check_folder(path)
}

pub(crate) fn check_folder(path: &Path) -> Result<(), Failure> {
    task::check_target(path).map_err(|error| Failure::of(4, "invalid_request", &error))
}

/// An emulator in this process, or the service, with the ledger of each.
pub(crate) async fn connect(
    settings: &Settings,
) -> Result<(Option<Emulator>, QwenBuilder), Failure> {
    let (emulator, builder) = settings.open(&Provider::QWEN).await?;
    let builder = if emulator.is_some() {
        let polls = PollSchedule::default()
            .first(Duration::from_millis(100))
            .settled(Duration::from_millis(500));
        builder.jobs(Arc::new(MemoryJobs::new())).polls(polls)
    } else {
        let store: Arc<dyn JobStore> = ledger_in(&settings.environment)?;
        builder.jobs(store)
    };
    Ok((emulator, builder))
}

/// The region whose prices apply, as the flags and the environment say.
pub(crate) fn region(connection: &Connection, settings: Settings) -> Result<Region, Failure> {
    if let Some(region) = connection.region {
        return Ok(region);
    }
    let settings = settings.without_key();
    let qwen = settings.builder(&Provider::QWEN)?.build()?;
    let route = block_on(async { Ok(qwen.video_route().await?) })?;
    let origin = aigc_origin_for(Some(route.endpoint().base_url().as_str()));
    let china = origin.is_some_and(|origin| origin == Region::China.aigc_origin());
    Ok(match china {
        true => Region::China,
        false => Region::Global,
    })
}
