//! `embed`: vectors of texts, as JSON lines.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use clap::{Args, ValueEnum};
use futures_util::{Stream, stream};
use qwen_openclaw::{
    Qwen, catalog,
    catalog::{Provider, embedding::DEFAULT_MODEL, price::Cost},
    embeddings::{self, EmbeddingStream, TextType, Usage, estimated_tokens},
};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use crate::{
    args::{Connection, Seconds},
    block_on,
    failure::Failure,
    interrupt::Interrupt,
    number::thousands,
    output::{Aside, Out},
    settings::Settings,
    state::State,
    texts::{About, Input, Texts},
};

#[derive(Args, Debug)]
#[command(
    after_help = "The output is one line for each text, in order, with the `id` of its input line\n\
                  if that has one: {\"index\":0,\"embedding\":[...]}\n\n\
                  Examples:\n  \
                  qwen-openclaw embed \"a red fox\" \"a blue whale\" --dimensions 256\n  \
                  qwen-openclaw embed --type query \"Which animals live in the sea?\"\n  \
                  qwen-openclaw embed --jsonl -o vectors.jsonl < texts.jsonl\n  \
                  qwen-openclaw embed --jsonl --estimate < texts.jsonl"
)]
pub(crate) struct Embed {
    /// Texts to embed [default: the lines of standard input]
    #[arg(value_name = "TEXT", conflicts_with = "jsonl")]
    pub(crate) texts: Vec<String>,

    #[command(flatten)]
    pub(crate) input: Input,

    #[arg(short, long, value_name = "REF", help = model_help())]
    pub(crate) model: Option<String>,

    /// Length of the vectors [default: the model's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) dimensions: Option<u32>,

    /// What the texts are for, which places questions near the documents that answer them
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) text_type: Option<Type>,

    /// Instruction for the model, such as "Given a question, find code that answers it"
    #[arg(long, value_name = "TEXT")]
    pub(crate) instruction: Option<String>,

    /// Leave out the first N texts, which an earlier run has embedded
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) skip: u64,

    /// Count the texts, and estimate their tokens and the cost; sends nothing
    #[arg(long, conflicts_with_all = ["output", "emulator"])]
    pub(crate) estimate: bool,

    /// File to write the vectors to; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Overwrite the file if it exists
    #[arg(long, requires = "output")]
    pub(crate) overwrite: bool,

    /// Use the built-in emulator: no key, no network
    #[arg(long, conflicts_with_all = ["base_url", "api_key_stdin", "dotenv", "profile"])]
    pub(crate) emulator: bool,

    /// Print one JSON document, once all texts are embedded
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// What a text is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Type {
    /// A question that is searched with
    Query,
    /// A document that is found
    Document,
}

/// The help text of `--model`.
fn model_help() -> String {
    format!(
        "Model to use, or an alias [default: {}/{DEFAULT_MODEL}]",
        Provider::QWEN
    )
}

pub(crate) fn run(arguments: Embed) -> Result<(), Failure> {
    let mut settings = arguments.connection.settings()?;
    if arguments.emulator {
        settings = settings.emulated();
    }
    let is_key = arguments.connection.api_key_stdin;
    let texts = Texts::of(arguments.texts.clone(), &arguments.input, is_key)?;
    if arguments.estimate {
        return block_on(estimate(&arguments, settings, texts));
    }
    let out = Out::to(arguments.output.as_deref(), arguments.overwrite)?;
    block_on(embed(arguments, settings, texts, out))
}

/// The model named, otherwise the default of the catalog.
fn model(arguments: &Embed, settings: &Settings) -> Result<catalog::ModelRef, Failure> {
    let default = format!("{}/{DEFAULT_MODEL}", Provider::QWEN);
    settings.model(Some(arguments.model.as_deref().unwrap_or(&default)))
}

async fn embed(
    arguments: Embed,
    settings: Settings,
    texts: Texts,
    mut out: Out,
) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    let model = model(&arguments, &settings)?;
    // The emulator stops when this function returns.
    let (_emulator, builder) = settings.open(&model.provider).await?;
    let state = State::for_requests(&settings.environment, arguments.emulator).await;
    let router = state.router()?.build();
    let qwen = builder.router(router.clone()).build()?;
    let are_lines = texts.are_lines();
    let source = Source::default();
    let mut run = Run {
        skip: arguments.skip,
        done: 0,
        source: source.clone(),
        usage: Usage::default(),
    };
    let mut vectors = Vec::new();
    let embedded = async {
        let texts = source.stream(texts, arguments.skip);
        let request = request(&arguments, &qwen, &model.to_string());
        let stream = request.stream(texts).await?;
        if arguments.json {
            run.each(stream, &state, |line| {
                vectors.push(RawValue::from_string(line).map_err(unwritable)?);
                Ok(())
            })
            .await
        } else {
            run.each(stream, &state, |line| out.line(&line)).await
        }
    };
    let embedded = interrupt.or(embedded).await;
    state.close(&router).await;
    if let Err(failure) = embedded {
        out.abandon();
        return Err(if run.done > 0 && are_lines {
            let next = run.skip + run.done;
            failure.with_another_hint(format!("`--skip {next}` leaves out what is done"))
        } else {
            failure
        });
    }
    let route = qwen.embeddings_route(&model.to_string()).await?;
    let cost = qwen.embeddings_cost(&route, run.usage);
    let cost = cost.map(|cost| cost.cost);
    if arguments.json {
        let document = Document {
            model: model.to_string(),
            embeddings: vectors,
            usage: json!({ "tokens": run.usage.tokens }),
            cost,
        };
        out.line(&serde_json::to_string_pretty(&document).map_err(unwritable)?)?;
    }
    out.finish()?;
    let tokens = run.usage.tokens.map(|tokens| ("tokens", tokens));
    Aside::new().line(&summary(
        &model.to_string(),
        ("texts", run.done),
        tokens,
        cost,
    ));
    Ok(())
}

fn request(arguments: &Embed, qwen: &Qwen, model: &str) -> qwen_openclaw::Embed {
    let mut request = qwen.embed(model);
    if let Some(dimensions) = arguments.dimensions {
        request = request.dimensions(dimensions);
    }
    match arguments.text_type {
        Some(Type::Query) => request = request.text_type(TextType::Query),
        Some(Type::Document) => request = request.text_type(TextType::Document),
        None => {}
    }
    if let Some(instruction) = &arguments.instruction {
        request = request.with(|request| request.instruction(instruction));
    }
    if let Some(Seconds(limit)) = arguments.connection.timeout {
        request = request.timeout(limit);
    }
    request
}

/// The model, what was done and what it used, in one line.
pub(crate) fn summary(
    model: &str,
    done: (&str, u64),
    tokens: Option<(&str, u64)>,
    cost: Option<Cost>,
) -> String {
    let count = |(name, number): (&str, u64)| {
        let name = if number == 1 {
            name.trim_end_matches('s')
        } else {
            name
        };
        format!("{} {name}", thousands(number))
    };
    let mut parts = vec![model.to_owned(), count(done)];
    parts.extend(tokens.map(count));
    parts.extend(cost.map(|cost| cost.to_string()));
    format!("[{}]", parts.join(" · "))
}

/// A line of the output.
#[derive(Serialize)]
struct Line<'a> {
    index: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    embedding: &'a [f32],
}

/// What `--json` prints, with each vector on a line of its own.
#[derive(Serialize)]
struct Document {
    model: String,
    embeddings: Vec<Box<RawValue>>,
    usage: Value,
    cost: Option<Cost>,
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::other(error.to_string())
}

/// What has been done.
struct Run {
    skip: u64,
    done: u64,
    source: Source,
    usage: Usage,
}

impl Run {
    async fn each(
        &mut self,
        mut vectors: EmbeddingStream,
        state: &State,
        mut write: impl FnMut(String) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        while let Some(embedding) = vectors.next().await {
            self.usage = vectors.usage();
            let embedding = embedding.map_err(|error| self.failure(error, state))?;
            let about = self.source.under_way().pop_front().unwrap_or_default();
            let line = Line {
                index: self.skip + embedding.index,
                id: about.id,
                embedding: &embedding.vector,
            };
            write(serde_json::to_string(&line).map_err(unwritable)?)?;
            self.done += 1;
        }
        // A line that cannot be read ends the texts; those before it are done.
        match self.source.take_failure() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// The failure of a request, with the lines that it was for.
    fn failure(&self, error: embeddings::Error, state: &State) -> Failure {
        let texts = error.inputs().map_or(0, |inputs| inputs.end - inputs.start);
        let failure = state.failure_of(error.into());
        let under_way = self.source.under_way();
        let last = usize::try_from(texts).unwrap_or_default().checked_sub(1);
        let line = |position| under_way.get(position).and_then(|about: &About| about.line);
        match (line(0), last.and_then(line)) {
            (Some(first), Some(last)) if first == last => failure.about(&format!("line {first}")),
            (Some(first), Some(last)) => failure.about(&format!("lines {first} to {last}")),
            _ => failure,
        }
    }
}

/// The texts as they are taken, and what is kept of them until their vectors come.
#[derive(Clone, Debug, Default)]
struct Source {
    shared: Arc<Mutex<(VecDeque<About>, Option<Failure>)>>,
}

/// The queue of a [`Source`].
struct UnderWay<'a>(MutexGuard<'a, (VecDeque<About>, Option<Failure>)>);

impl std::ops::Deref for UnderWay<'_> {
    type Target = VecDeque<About>;

    fn deref(&self) -> &Self::Target {
        &self.0.0
    }
}

impl std::ops::DerefMut for UnderWay<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0.0
    }
}

impl Source {
    fn under_way(&self) -> UnderWay<'_> {
        UnderWay(self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_failure(&self) -> Option<Failure> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.1.take()
    }

    /// The texts behind the first `skip` ones.
    fn stream(&self, texts: Texts, skip: u64) -> impl Stream<Item = String> + Send + 'static {
        let source = self.clone();
        stream::unfold((texts, skip), move |(mut texts, mut skip)| {
            let source = source.clone();
            async move {
                loop {
                    match texts.next().await {
                        Ok(Some(_)) if skip > 0 => skip -= 1,
                        Ok(Some(text)) => {
                            source.under_way().push_back(text.about);
                            return Some((text.text, (texts, skip)));
                        }
                        Ok(None) => return None,
                        Err(failure) => {
                            let shared = source.shared.lock();
                            shared.unwrap_or_else(PoisonError::into_inner).1 = Some(failure);
                            return None;
                        }
                    }
                }
            }
        })
    }
}

async fn estimate(arguments: &Embed, settings: Settings, mut texts: Texts) -> Result<(), Failure> {
    let (mut count, mut tokens) = (0_u64, 0_u64);
    while let Some(text) = texts.next().await? {
        if count >= arguments.skip {
            tokens += estimated_tokens(&text.text);
        }
        count += 1;
    }
    let count = count.saturating_sub(arguments.skip);
    let model = model(arguments, &settings)?;
    let qwen = settings.without_key().builder(&model.provider)?.build()?;
    let route = qwen.embeddings_route(&model.to_string()).await?;
    let mut usage = Usage::default();
    usage.tokens = Some(tokens);
    let cost = qwen.embeddings_cost(&route, usage).map(|cost| cost.cost);
    if arguments.json {
        return Out::new().document(&json!({
            "model": model.to_string(),
            "texts": count,
            "tokens": tokens,
            "estimate": cost,
        }));
    }
    let texts = if count == 1 { "text" } else { "texts" };
    let (count, tokens) = (thousands(count), thousands(tokens));
    Out::new().line(&match cost {
        Some(cost) => {
            format!("{model}, {count} {texts}, about {tokens} tokens: {cost} at list price")
        }
        None => {
            format!("{model}, {count} {texts}, about {tokens} tokens: the price is not known")
        }
    })
}
