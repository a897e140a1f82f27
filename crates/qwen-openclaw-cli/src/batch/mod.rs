//! `batch`: files of requests at half the price.

pub(crate) mod args;
mod view;

use std::path::PathBuf;

use qwen_openclaw::{
    Batches,
    auth::{Environment, StateDir},
    batch::{BatchFile, BatchRecord, Ledger, SaveOptions, SubmitOptions},
    catalog::Provider,
    routing::Router,
};
use serde_json::json;

use self::args::{BatchCommand, List, One, Results, Resume, Submit};
use crate::{
    args::Connection,
    block_on,
    failure::Failure,
    interrupt::Interrupt,
    output::{self, Aside, Out},
    state::State,
    terminal,
};

pub(crate) fn run(command: BatchCommand) -> Result<(), Failure> {
    match command {
        BatchCommand::Submit(submit) => block_on(self::submit(*submit)),
        BatchCommand::Status(one) => block_on(status(one)),
        BatchCommand::Results(results) => block_on(self::results(results)),
        BatchCommand::Cancel(one) => block_on(cancel(one)),
        BatchCommand::Resume(resume) => block_on(self::resume(resume)),
        BatchCommand::List(list) => self::list(list),
    }
}

/// The ledger of the state folder.
fn ledger(environment: &Environment) -> Result<Ledger, Failure> {
    Ok(Ledger::in_folder(&StateDir::of(environment)?))
}

/// What requests are sent with and counted by.
struct Open {
    batches: Batches,
    state: State,
    router: Router,
}

impl Open {
    async fn new(connection: &Connection) -> Result<Self, Failure> {
        let settings = connection.settings()?;
        let builder = settings.builder(&Provider::QWEN)?;
        let state = State::for_requests(&settings.environment, false).await;
        let router = state.router()?.build();
        let qwen = builder.router(router.clone());
        let qwen = qwen.batches(ledger(&settings.environment)?).build()?;
        Ok(Self {
            batches: qwen.batch()?,
            state,
            router,
        })
    }

    /// The same at the place that has a batch.
    async fn of(connection: &Connection, record: &BatchRecord) -> Result<Self, Failure> {
        let mut connection = connection.clone();
        if connection.base_url.is_none() {
            connection.base_url = Some(record.base_url().to_owned());
        }
        Self::new(&connection).await
    }

    /// Does the work, unless Ctrl-C comes first, and closes the state.
    async fn run<T>(
        &self,
        interrupt: &mut Interrupt,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let done = interrupt.or(work).await;
        self.state.close(&self.router).await;
        done
    }
}

/// The one batch that `text` means.
fn find(connection: &Connection, text: &str) -> Result<BatchRecord, Failure> {
    let records = ledger(&connection.environment()?)?.list()?.records;
    let found = |fits: &dyn Fn(&BatchRecord) -> bool| -> Vec<BatchRecord> {
        let records = records.iter();
        records.filter(|record| fits(record)).cloned().collect()
    };
    let mut matching = found(&|record| {
        record.id().as_str() == text || record.batch_id().is_some_and(|batch| batch == text)
    });
    if matching.is_empty() {
        matching = found(&|record| !text.is_empty() && record.id().as_str().starts_with(text));
    }
    match (matching.pop(), matching.len()) {
        (Some(record), 0) => Ok(record),
        (Some(_), more) => Err(Failure::usage(format!(
            "{} batches begin with `{text}`: give more of the id",
            more + 1
        ))),
        (None, _) => Err(Failure::usage(format!("no such batch: `{text}`"))
            .with_hint("`batch list` shows those there are")),
    }
}

async fn submit(arguments: Submit) -> Result<(), Failure> {
    let mut options = SubmitOptions::new().window_hours(arguments.window);
    if let Some(name) = &arguments.name {
        options = options.name(name);
    }
    let file = BatchFile::check(&arguments.file)?;
    let open = Open::new(&arguments.connection).await?;
    let cost = open.batches.estimate(&file).await?;
    if arguments.dry_run {
        if arguments.json {
            return Out::new().document(&view::checked_document(&file, cost));
        }
        let mut out = Out::new();
        for line in view::checked(&file, cost) {
            out.line(&line)?;
        }
        return Ok(());
    }
    output::note(&format!(
        "uploading {} lines for {}",
        file.lines, file.model
    ));
    let mut interrupt = Interrupt::listen()?;
    let submit = async { Ok(open.batches.submit(&file, &options).await?) };
    let submitted = open.run(&mut interrupt, submit).await;
    let record = submitted.map_err(|failure| {
        let may_go_on = failure.is_network()
            || failure.is_interrupted()
            || failure.status().is_some_and(|status| status >= 500);
        match may_go_on {
            true => failure
                .with_another_hint("`qwen-openclaw batch resume` goes on with it, if it was begun"),
            false => failure,
        }
    })?;
    if !arguments.json {
        let id = record.id();
        output::note(&format!(
            "`qwen-openclaw batch results {id} --wait` saves the results"
        ));
    }
    print(&record, arguments.json)
}

async fn status(arguments: One) -> Result<(), Failure> {
    let record = find(&arguments.connection, &arguments.batch)?;
    if record.batch_id().is_none() {
        return print(&record, arguments.json);
    }
    let open = Open::of(&arguments.connection, &record).await?;
    let mut interrupt = Interrupt::listen()?;
    let ask = async { Ok(open.batches.client().refresh(record.id()).await?) };
    let record = open.run(&mut interrupt, ask).await?;
    print(&record, arguments.json)
}

async fn cancel(arguments: One) -> Result<(), Failure> {
    let record = find(&arguments.connection, &arguments.batch)?;
    let open = Open::of(&arguments.connection, &record).await?;
    let mut interrupt = Interrupt::listen()?;
    let cancel = async { Ok(open.batches.client().cancel(record.id()).await?) };
    let record = open.run(&mut interrupt, cancel).await?;
    print(&record, arguments.json)
}

async fn results(arguments: Results) -> Result<(), Failure> {
    let record = find(&arguments.connection, &arguments.batch)?;
    let target = arguments.output.clone();
    let target = target.unwrap_or_else(|| PathBuf::from(format!("{}.results.jsonl", record.id())));
    // A wait of hours should not end with that.
    let is_ours = record.saved().is_some();
    if !is_ours {
        output::check_target(&target, arguments.overwrite)?;
    }
    let open = Open::of(&arguments.connection, &record).await?;
    let mut interrupt = Interrupt::listen()?;
    let work = async {
        if arguments.wait {
            wait(&open, &record).await?;
        }
        let options = SaveOptions::new(&target).overwrite(arguments.overwrite);
        Ok(open.batches.save(record.id(), &options).await?)
    };
    let saved = open.run(&mut interrupt, work).await?;
    if !saved.is_ordered {
        output::note("warning: the input is gone or was changed: the results are in another order");
    }
    if arguments.json {
        return Out::new().document(&view::document(&saved.record));
    }
    Out::new().line(&target.display().to_string())?;
    if let Some(summary) = view::summary(&saved.record) {
        Aside::new().line(&summary);
    }
    Ok(())
}

/// Waits until a batch is done: one line that changes on a terminal, otherwise a line for each change.
async fn wait(open: &Open, record: &BatchRecord) -> Result<(), Failure> {
    let mut watch = open.batches.client().watch(record.id());
    while let Some(record) = watch.next().await {
        let record = record?;
        let text = format!("{} · {}", record.id(), view::state(&record));
        if terminal::redraws() {
            output::transient(&text);
        } else {
            output::note(&text);
        }
    }
    if terminal::redraws() {
        output::wipe();
    }
    Ok(())
}

async fn resume(arguments: Resume) -> Result<(), Failure> {
    let connection = &arguments.connection;
    let records = match &arguments.batch {
        Some(text) => vec![find(connection, text)?],
        None => {
            let mut records = ledger(&connection.environment()?)?.list()?.records;
            records.retain(|record| record.step().is_before_batch());
            records
        }
    };
    if records.is_empty() && !arguments.json {
        output::note("nothing to resume");
    }
    let mut interrupt = Interrupt::listen()?;
    let (mut resumed, mut failure) = (Vec::new(), None);
    for record in records {
        let open = Open::of(connection, &record).await?;
        let work = async { Ok(open.batches.client().resume(record.id()).await?) };
        match open.run(&mut interrupt, work).await {
            Ok(record) => resumed.push(record),
            Err(error) if error.is_interrupted() => return Err(error),
            // One that fails does not keep the others from going on.
            Err(error) => {
                let id = record.id();
                output::note(&format!("{id}: {}", error.message()));
                failure = Some(error);
            }
        }
    }
    let mut out = Out::new();
    if arguments.json {
        let batches: Vec<_> = resumed.iter().map(view::document).collect();
        out.document(&json!({ "batches": batches }))?;
    } else {
        view::table(&resumed, &mut out)?;
    }
    failure.map_or(Ok(()), Err)
}

fn list(arguments: List) -> Result<(), Failure> {
    let list = ledger(&Connection::default().environment()?)?.list()?;
    let records = list.records.iter();
    let records = records.filter(|record| !arguments.unfinished || !record.is_settled());
    let mut out = Out::new();
    if arguments.json {
        let batches: Vec<_> = records.map(view::document).collect();
        let unreadable: Vec<_> = list.unreadable.iter().map(ToString::to_string).collect();
        return out.document(&json!({ "batches": batches, "unreadable": unreadable }));
    }
    if list.records.is_empty() && list.unreadable.is_empty() {
        output::note("no batches");
    }
    view::table(records, &mut out)?;
    for error in &list.unreadable {
        output::note(&format!("warning: {error}"));
    }
    Ok(())
}

fn print(record: &BatchRecord, json: bool) -> Result<(), Failure> {
    let mut out = Out::new();
    if json {
        return out.document(&view::document(record));
    }
    out.line(&view::line(record))
}
