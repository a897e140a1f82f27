//! `video generate`.

use std::path::Path;

use qwen_openclaw::{
    Qwen,
    catalog::{Modality, video::DEFAULT_MODEL},
    config::Config,
    video::{Checked, Client, Job, Reference, Strictness, VideoRequest},
};
use serde_json::json;

use super::args::Generate;
use crate::{
    block_on,
    failure::Failure,
    interrupt::Interrupt,
    jobs::{
        Kind,
        deliver::{self, Delivery},
        follow::Teller,
        piped::{Piped, is_stdout},
    },
    output,
    output::Out,
    settings::Settings,
    state::State,
};

pub(crate) fn run(arguments: Generate) -> Result<(), Failure> {
    let strictness = match arguments.strict {
        true => Strictness::Exact,
        false => Strictness::Normalise,
    };
    let mut settings = arguments.connection.settings()?;
    if arguments.emulator {
        settings = settings.emulated();
    }
    let request = request(&arguments, &settings)?;
    if arguments.estimate {
        let request = pretend_uploaded(request, arguments.upload)?;
        let checked = request.check(strictness)?;
        return estimate(&arguments, settings, &checked);
    }
    let piped = Piped::of(Kind::Video, arguments.output.as_deref(), arguments.json)?;
    match &arguments.output {
        Some(_) if piped.is_some() => {}
        Some(path) => deliver::check_target(path, arguments.overwrite)?,
        // Under the job's name, in this folder.
        None if !arguments.no_wait => deliver::check_folder(Path::new("video.mp4"))?,
        None => {}
    }
    // What is wrong is said before anything is uploaded.
    pretend_uploaded(request.clone(), arguments.upload)?.check(strictness)?;
    if let Some(missing) = missing_file(&request) {
        return Err(Failure::invalid_request(format!(
            "there is no file {missing}"
        )));
    }
    if let Some(config) = settings.usable_config() {
        check_sizes(&request, config)?;
    }
    block_on(generate(arguments, &settings, request, strictness, piped))
}

/// Nothing is uploaded that is larger than the configuration allows.
fn check_sizes(request: &VideoRequest, config: &Config) -> Result<(), Failure> {
    let references = request.references().iter();
    references
        .filter(|reference| !reference.is_remote())
        .try_for_each(|reference| {
            let kind = match reference.is_video() {
                true => Modality::Video,
                false => Modality::Image,
            };
            deliver::check_size(reference.local_path(), kind, config)
        })
}

async fn generate(
    arguments: Generate,
    settings: &Settings,
    request: VideoRequest,
    strictness: Strictness,
    piped: Option<Piped>,
) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    // The emulator ends with this function.
    let (_emulator, builder) = deliver::connect(settings).await?;
    let state = State::for_requests(&settings.environment, arguments.emulator).await;
    let router = state.router()?.build();
    let qwen = builder.router(router.clone()).build()?;
    // A key that has no tasks is refused before anything says "submitting".
    qwen.video_route().await?.aigc_base()?;
    let client = qwen.video_client().await?;
    let teller = Teller::new();
    let submission = Submission {
        arguments: &arguments,
        qwen: &qwen,
        client: &client,
        state: &state,
        teller: &teller,
    };
    let submitted = interrupt.or(submission.submit(request, strictness)).await;
    state.close(&router).await;
    let (job, checked) = submitted.inspect_err(|failure| {
        if failure.is_interrupted() && !arguments.emulator {
            output::note(
                "interrupted: `qwen-openclaw video resume` finds the job, if there is one",
            );
        }
    })?;
    let delivery = Delivery {
        kind: Kind::Video,
        output: arguments.output.as_deref(),
        overwrite: arguments.overwrite,
        no_wait: arguments.no_wait,
        emulator: arguments.emulator,
    };
    let document = |job: &Job| {
        let cost = client.region().and_then(|region| checked.estimate(region));
        deliver::document(job, checked.changes(), cost)
    };
    let document = arguments.json.then_some(document);
    delivery
        .deliver(&job, &mut interrupt, teller, piped, document)
        .await
}

/// What it takes to submit a request.
struct Submission<'a> {
    arguments: &'a Generate,
    qwen: &'a Qwen,
    client: &'a Client,
    state: &'a State,
    teller: &'a Teller,
}

impl Submission<'_> {
    async fn submit(
        &self,
        request: VideoRequest,
        strictness: Strictness,
    ) -> Result<(Job, Checked), Failure> {
        let (request, uploads) = match self.arguments.upload {
            true => {
                self.teller.say("uploading");
                self.client.upload_references(request).await?
            }
            false => (request, Vec::new()),
        };
        let mut video = self.qwen.video(request.model()).strictness(strictness);
        video = video.with(|_| request).uploads(uploads);
        let output = self.arguments.output.as_ref();
        if let Some(path) = output.filter(|output| !is_stdout(Some(output))) {
            let path = std::path::absolute(path);
            let path = path.map_err(|error| Failure::other(format!("no working folder: {error}")));
            video = video.target(path?);
        }
        let checked = video.check()?;
        for change in checked.changes() {
            output::note(&format!("note: {change}"));
        }
        self.teller.say("submitting");
        let submitted = video.submit().await;
        let job = submitted.map_err(|error| self.state.failure_of(error))?;
        self.teller.say(&format!(
            "job {} · task {}",
            job.id(),
            job.task_id().unwrap_or("none")
        ));
        Ok((job, checked))
    }
}

fn request(arguments: &Generate, settings: &Settings) -> Result<VideoRequest, Failure> {
    let qwen = Qwen::builder().build()?;
    let mut request = qwen.video(model(arguments, settings)?).request()?;
    for url in &arguments.image {
        request = request.reference(Reference::image(url));
    }
    for url in &arguments.video {
        request = request.reference(Reference::video(url));
    }
    macro_rules! set {
        ($($field:ident => $method:ident),*) => {
            $(if let Some(value) = arguments.$field.clone() {
                request = request.$method(value);
            })*
        };
    }
    set!(prompt => prompt, negative_prompt => negative_prompt, audio_track => audio_track,
         seconds => seconds, resolution => resolution, ratio => ratio, size => size, seed => seed);
    if arguments.audio || arguments.no_audio {
        request = request.audio(arguments.audio);
    }
    if arguments.watermark {
        request = request.watermark(true);
    }
    if arguments.no_prompt_extend {
        request = request.prompt_extend(false);
    }
    Ok(request)
}

/// The model named, or else the configured one, or else the catalog's.
fn model(arguments: &Generate, settings: &Settings) -> Result<String, Failure> {
    if let Some(text) = &arguments.model {
        return Ok(settings.resolve(text)?.to_owned());
    }
    let config = settings.config().map_err(|failure| {
        failure.with_hint(format!("`-m qwen/{DEFAULT_MODEL}` does without it"))
    })?;
    let choice = &config.agents.defaults.video_generation_model;
    Ok(config
        .primary(choice)?
        .unwrap_or_else(|| DEFAULT_MODEL.to_owned()))
}

/// A reference that is to be uploaded, and cannot be.
fn missing_file(request: &VideoRequest) -> Option<&str> {
    let references = request.references().iter();
    let local = references.filter(|reference| !reference.is_remote());
    local
        .map(Reference::local_path)
        .find(|path| !Path::new(path).is_file())
}

/// The request as it will be once its files are uploaded.
fn pretend_uploaded(request: VideoRequest, upload: bool) -> Result<VideoRequest, Failure> {
    match upload {
        true => request.place_references(|_| Ok("oss://to-be/uploaded".to_owned())),
        false => Ok(request),
    }
}

fn estimate(arguments: &Generate, settings: Settings, checked: &Checked) -> Result<(), Failure> {
    let cost = checked.estimate(deliver::region(&arguments.connection, settings)?);
    if arguments.json {
        let document = json!({
            "model": checked.model(),
            "request": checked.body(),
            "changes": deliver::changes(checked.changes()),
            "estimate": cost,
        });
        return Out::new().document(&document);
    }
    for change in checked.changes() {
        output::note(&format!("note: {change}"));
    }
    let (model, seconds) = (checked.model(), checked.seconds());
    let resolution = checked.resolution();
    Out::new().line(&match cost {
        Some(cost) => format!("{model}, {seconds} s at {resolution}: {cost} at list price"),
        None => format!("{model}, {seconds} s at {resolution}: the price is not known"),
    })
}
