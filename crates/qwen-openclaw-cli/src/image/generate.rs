//! `image generate` and `image edit`.

use std::path::{Path, PathBuf};

use qwen_openclaw::{
    Qwen,
    catalog::{Modality, image::DEFAULT_MODEL},
    config::Config,
    image::{
        Checked, Client, ImageRequest, InputImage, Job, Strictness,
        task::{Upload, numbered},
    },
};
use serde_json::json;

use super::args::Request;
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

pub(crate) fn run(images: Vec<String>, prompt: &str, arguments: Request) -> Result<(), Failure> {
    let strictness = match arguments.strict {
        true => Strictness::Exact,
        false => Strictness::Normalise,
    };
    let mut settings = arguments.connection.settings()?;
    if arguments.emulator {
        settings = settings.emulated();
    }
    let request = request(images, prompt, &arguments, &settings)?;
    // What is wrong is said before anything is read or uploaded.
    let checked = pretend_placed(request.clone()).check(strictness)?;
    if arguments.estimate {
        return estimate(&arguments, settings, &checked);
    }
    let piped = Piped::of(Kind::Image, arguments.output.as_deref(), arguments.json)?;
    match &arguments.output {
        Some(_) if piped.is_some() && checked.count() > 1 => {
            let error = "standard output holds one image, and several are asked for";
            return Err(Failure::usage(error));
        }
        Some(_) if piped.is_some() => {}
        Some(path) => {
            for path in numbered(path, checked.count() as usize) {
                deliver::check_target(&path, arguments.overwrite)?;
            }
        }
        // Under the job's name, in this folder.
        None if !arguments.no_wait => deliver::check_folder(Path::new("image.png"))?,
        None => {}
    }
    let local = request.images().iter().filter(|image| image.is_local());
    let mut local = local.map(InputImage::local_path);
    if let Some(missing) = local.find(|path| !Path::new(path).is_file()) {
        let error = format!("there is no file {missing}");
        return Err(Failure::invalid_request(error));
    }
    if let Some(config) = settings.usable_config() {
        check_sizes(&request, config)?;
    }
    block_on(generate(arguments, &settings, request, strictness, piped))
}

/// Nothing is sent that is larger than the configuration allows.
fn check_sizes(request: &ImageRequest, config: &Config) -> Result<(), Failure> {
    let images = request.images().iter();
    images
        .filter(|image| image.is_local())
        .try_for_each(|image| deliver::check_size(image.local_path(), Modality::Image, config))
}

async fn generate(
    arguments: Request,
    settings: &Settings,
    request: ImageRequest,
    strictness: Strictness,
    piped: Option<Piped>,
) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    // The emulator ends with this function.
    let (_emulator, builder) = deliver::connect(settings).await?;
    let state = State::for_requests(&settings.environment, arguments.emulator).await;
    let router = state.router()?.build();
    let qwen = builder.router(router.clone()).build()?;
    // A key that makes no images is refused before anything says "submitting".
    qwen.image_route().await?.aigc_base()?;
    let client = qwen.image_client().await?;
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
                "interrupted: if the request was sent, the images may have been made and billed; \
                 `qwen-openclaw image resume` says what became of it",
            );
        }
    })?;
    let delivery = Delivery {
        kind: Kind::Image,
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
    arguments: &'a Request,
    qwen: &'a Qwen,
    client: &'a Client,
    state: &'a State,
    teller: &'a Teller,
}

impl Submission<'_> {
    async fn submit(
        &self,
        request: ImageRequest,
        strictness: Strictness,
    ) -> Result<(Job, Checked), Failure> {
        let (request, uploads) = self.place(request).await?;
        let mut image = self.qwen.image(request.model()).strictness(strictness);
        image = image.with(|_| request).uploads(uploads);
        if let Some(path) = self.target()? {
            image = image.target(path);
        }
        let checked = image.check()?;
        for change in checked.changes() {
            output::note(&format!("note: {change}"));
        }
        self.teller.say(match checked.is_synchronous() {
            true => "making",
            false => "submitting",
        });
        let submitted = image.submit().await;
        let job = submitted.map_err(|error| self.state.failure_of(error))?;
        let mut said = format!("job {}", job.id());
        if let Some(task) = job.task_id() {
            said += &format!(" · task {task}");
        }
        self.teller.say(&said);
        Ok((job, checked))
    }

    /// Local files go along inline, or are uploaded.
    async fn place(&self, request: ImageRequest) -> Result<(ImageRequest, Vec<Upload>), Failure> {
        if !request.images().iter().any(InputImage::is_local) {
            return Ok((request, Vec::new()));
        }
        if self.arguments.upload {
            self.teller.say("uploading");
            return Ok(self.client.upload_images(request).await?);
        }
        Ok((request.place_images(InputImage::to_data_url)?, Vec::new()))
    }

    fn target(&self) -> Result<Option<PathBuf>, Failure> {
        let output = self.arguments.output.as_ref();
        let Some(path) = output.filter(|output| !is_stdout(Some(output))) else {
            return Ok(None);
        };
        let path = std::path::absolute(path);
        let path = path.map_err(|error| Failure::other(format!("no working folder: {error}")))?;
        Ok(Some(path))
    }
}

fn request(
    images: Vec<String>,
    prompt: &str,
    arguments: &Request,
    settings: &Settings,
) -> Result<ImageRequest, Failure> {
    let qwen = Qwen::builder().build()?;
    let image = qwen.image(model(arguments, settings)?);
    let mut request = image.prompt(prompt).count(arguments.count).request()?;
    for image in images {
        request = request.image(image);
    }
    if let Some(size) = arguments.size {
        request = request.size(size);
    }
    if let Some(seed) = arguments.seed {
        request = request.seed(seed);
    }
    if let Some(negative) = &arguments.negative_prompt {
        request = request.negative_prompt(negative);
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
fn model(arguments: &Request, settings: &Settings) -> Result<String, Failure> {
    if let Some(text) = &arguments.model {
        return Ok(settings.resolve(text)?.to_owned());
    }
    let config = settings.config().map_err(|failure| {
        failure.with_hint(format!("`-m qwen/{DEFAULT_MODEL}` does without it"))
    })?;
    let choice = &config.agents.defaults.image_generation_model;
    Ok(config
        .primary(choice)?
        .unwrap_or_else(|| DEFAULT_MODEL.to_owned()))
}

/// The request as it will be once its files have URLs.
fn pretend_placed(request: ImageRequest) -> ImageRequest {
    let placed = request.place_images(|image| {
        Ok::<_, std::convert::Infallible>(format!("oss://{}", image.local_path()))
    });
    placed.unwrap_or_else(|never| match never {})
}

fn estimate(arguments: &Request, settings: Settings, checked: &Checked) -> Result<(), Failure> {
    let cost = checked.estimate(deliver::region(&arguments.connection, settings)?);
    if arguments.json {
        let document = json!({
            "model": checked.model(),
            "path": checked.path(),
            "request": checked.body(),
            "changes": deliver::changes(checked.changes()),
            "estimate": cost,
        });
        return Out::new().document(&document);
    }
    for change in checked.changes() {
        output::note(&format!("note: {change}"));
    }
    let (model, count) = (checked.model(), checked.count());
    let images = if count == 1 { "image" } else { "images" };
    let size = checked.size().map(|size| format!(" of {size}"));
    let size = size.unwrap_or_default();
    Out::new().line(&match cost {
        Some(cost) => format!("{model}, {count} {images}{size}: {cost} at list price"),
        None => format!("{model}, {count} {images}{size}: the price is not known"),
    })
}
