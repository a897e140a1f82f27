//! `rerank`: documents in order of how well they answer a query.

use clap::Args;
use qwen_openclaw::catalog::{Provider, rerank::DEFAULT_MODEL};
use serde_json::{Value, json};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{
    args::{Connection, Seconds},
    block_on,
    embed::summary,
    failure::Failure,
    interrupt::Interrupt,
    output::{Aside, Out},
    settings::Settings,
    state::State,
    texts::{Input, Text, Texts},
};

/// Most documents that are read, in bytes. They go in one request, and no model accepts more.
const LARGEST: usize = 16 << 20;

#[derive(Args, Debug)]
#[command(
    after_help = "On a terminal the output is a table, otherwise one line of JSON for each\n\
                  document. Scores compare within one request only.\n\n\
                  Examples:\n  \
                  qwen-openclaw rerank \"ocean animals\" \"a red fox\" \"a blue whale\"\n  \
                  qwen-openclaw rerank --top 3 \"How do I reset it?\" < answers.txt\n  \
                  qwen-openclaw rerank --jsonl --json \"refunds\" < documents.jsonl"
)]
pub(crate) struct Rerank {
    /// What the documents should answer
    #[arg(value_name = "QUERY")]
    pub(crate) query: String,

    /// Documents to order [default: the lines of standard input]
    #[arg(value_name = "DOC", conflicts_with = "jsonl")]
    pub(crate) documents: Vec<String>,

    #[command(flatten)]
    pub(crate) input: Input,

    #[arg(short, long, value_name = "REF", help = model_help())]
    pub(crate) model: Option<String>,

    /// Show only the N best documents
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) top: Option<u32>,

    /// Instruction for the model
    #[arg(long, value_name = "TEXT")]
    pub(crate) instruction: Option<String>,

    /// Use the built-in emulator: no key, no network
    #[arg(long, conflicts_with_all = ["base_url", "api_key_stdin", "dotenv", "profile"])]
    pub(crate) emulator: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// The help text of `--model`.
fn model_help() -> String {
    format!(
        "Model to use, or an alias [default: {}/{DEFAULT_MODEL}]",
        Provider::QWEN
    )
}

pub(crate) fn run(mut arguments: Rerank) -> Result<(), Failure> {
    if arguments.query.trim().is_empty() {
        return Err(Failure::usage("the query is empty"));
    }
    let mut settings = arguments.connection.settings()?;
    if arguments.emulator {
        settings = settings.emulated();
    }
    let documents = std::mem::take(&mut arguments.documents);
    let is_key = arguments.connection.api_key_stdin;
    let texts = Texts::of(documents, &arguments.input, is_key)?;
    block_on(rerank(arguments, settings, texts))
}

async fn rerank(arguments: Rerank, settings: Settings, texts: Texts) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    let documents = interrupt.or(all(texts)).await?;
    let default = format!("{}/{DEFAULT_MODEL}", Provider::QWEN);
    let model = settings.model(Some(arguments.model.as_deref().unwrap_or(&default)))?;
    // The emulator stops when this function returns.
    let (_emulator, builder) = settings.open(&model.provider).await?;
    let state = State::for_requests(&settings.environment, arguments.emulator).await;
    let router = state.router()?.build();
    let qwen = builder.router(router.clone()).build()?;
    let mut request = qwen
        .rerank(model.to_string(), arguments.query)
        .texts(documents.iter().map(|document| document.text.as_str()));
    if let Some(top) = arguments.top {
        request = request.top(top as usize);
    }
    if let Some(instruction) = arguments.instruction {
        request = request.with(|request| request.instruction(instruction));
    }
    if let Some(Seconds(limit)) = arguments.connection.timeout {
        request = request.timeout(limit);
    }
    let ranked = async {
        let ranking = request.send().await;
        ranking.map_err(|error| state.failure_of(error))
    };
    let ranking = interrupt.or(ranked).await;
    state.close(&router).await;
    let ranking = ranking?;
    let results: Vec<Scored<'_>> = ranking
        .results()
        .iter()
        .filter_map(|ranked| {
            Some(Scored {
                index: ranked.index,
                score: ranked.score,
                document: documents.get(ranked.index)?,
            })
        })
        .collect();
    let route = qwen.embeddings_route(&model.to_string()).await?;
    let cost = qwen.embeddings_cost(&route, ranking.usage());
    let cost = cost.map(|cost| cost.cost);
    let mut out = Out::new();
    if arguments.json {
        return out.document(&json!({
            "model": model.to_string(),
            "results": results.iter().map(Scored::json).collect::<Vec<_>>(),
            "usage": { "tokens": ranking.usage().tokens },
            "cost": cost,
        }));
    }
    match out.width() {
        Some(width) => {
            out.line("Score   Document")?;
            for result in &results {
                out.line(&result.row(width))?;
            }
        }
        None => {
            for result in &results {
                out.line(&result.json().to_string())?;
            }
        }
    }
    let tokens = ranking.usage().tokens.map(|tokens| ("tokens", tokens));
    let count = ("documents", documents.len() as u64);
    Aside::new().line(&summary(&model.to_string(), count, tokens, cost));
    Ok(())
}

/// All documents.
async fn all(mut texts: Texts) -> Result<Vec<Text>, Failure> {
    let mut documents = Vec::new();
    let mut bytes = 0;
    while let Some(document) = texts.next().await? {
        bytes += document.text.len();
        if bytes > LARGEST {
            return Err(Failure::usage(format!(
                "the documents are larger than {} MiB, which no model accepts in one request",
                LARGEST >> 20
            )));
        }
        documents.push(document);
    }
    if documents.is_empty() {
        return Err(Failure::usage("there are no documents"));
    }
    Ok(documents)
}

/// A document with its score.
struct Scored<'a> {
    index: usize,
    score: f64,
    document: &'a Text,
}

impl Scored<'_> {
    fn json(&self) -> Value {
        let mut result = json!({
            "index": self.index,
            "score": self.score,
            "text": self.document.text,
        });
        if let Some(id) = &self.document.about.id {
            result["id"] = id.clone();
        }
        result
    }

    /// A line of at most `width` columns.
    fn row(&self, width: usize) -> String {
        let score = format!("{:.4}  ", self.score);
        let text = self.document.text.replace(['\n', '\r', '\t'], " ");
        let room = width.saturating_sub(score.width());
        if text.width() <= room {
            return score + &text;
        }
        let mut row = score;
        let mut left = room.saturating_sub(1);
        for c in text.chars() {
            let Some(rest) = left.checked_sub(c.width().unwrap_or(0)) else {
                break;
            };
            left = rest;
            row.push(c);
        }
        row.push('…');
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::About;

    #[test]
    fn a_row_fits_its_terminal() {
        let row = |text: &str, width| {
            let document = Text {
                text: text.to_owned(),
                about: About::default(),
            };
            let result = Scored {
                index: 0,
                score: 0.93125,
                document: &document,
            };
            result.row(width)
        };
        assert_eq!(row("a whale", 80), "0.9313  a whale");
        assert_eq!(row("a whale", 13), "0.9313  a wh…");
        assert_eq!(row("蓝鲸在海里", 13), "0.9313  蓝鲸…");
        assert_eq!(row("a\nb", 80), "0.9313  a b");
    }
}
