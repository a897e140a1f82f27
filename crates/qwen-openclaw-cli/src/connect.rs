//! From the connection flags to a client.

use qwen_openclaw::{
    Qwen, QwenBuilder, Route, RouteWarning,
    auth::{ApiKey, Environment, Trust},
    catalog::{Plan, Provider, Region},
};
use qwen_openclaw_emulator::{self as emulator, Emulator};

use crate::{args::Connection, failure::Failure, output, verbose};

impl Connection {
    /// The environment: that of the process, the `--dotenv` file, and OpenClaw's own dotenv file.
    pub(crate) fn environment(&self) -> Result<Environment, Failure> {
        if self.verbose {
            verbose::start();
        }
        let mut environment = Environment::capture();
        if let Some(path) = &self.dotenv {
            environment = environment.with_dotenv_file(path, Trust::Full)?;
        }
        let environment = environment.with_openclaw_dotenv();
        for problem in environment.problems() {
            output::note(&format!("warning: {problem}"));
        }
        Ok(environment)
    }

    /// The provider to use when none is named.
    pub(crate) fn default_provider(&self) -> Provider {
        match self.plan {
            Some(Plan::Token) => Provider::QWEN_TOKEN_PLAN,
            Some(Plan::Portal) => Provider::QWEN_OAUTH,
            _ => Provider::QWEN,
        }
    }
}

/// Warns about what may be a mistake, although requests are sent.
pub(crate) fn warn_about(route: &Route) {
    for warning in route.warnings() {
        let words = match &warning {
            RouteWarning::RequestPathCut { path, base_url } => format!(
                "the base URL ends with `{path}`, which is added to each request; using {base_url}"
            ),
            other => other.to_string(),
        };
        output::note(&format!("warning: {words}"));
    }
}

/// Starts an emulator in this process, which stops when it is dropped.
pub(crate) async fn start_emulator() -> Result<Emulator, Failure> {
    let started = Emulator::start().await;
    started.map_err(|error| Failure::other(format!("could not start the emulator: {error}")))
}

/// Starts an emulator in this process, and returns it with a client that talks to it.
pub(crate) async fn to_emulator(
    connection: &Connection,
    provider: &Provider,
) -> Result<(Emulator, QwenBuilder), Failure> {
    let emulator = start_emulator().await?;
    // Without `--plan`, the plan the provider is for.
    let plan = connection.plan.or(provider.plans().first().copied());
    let (plan, region) = emulated(
        plan.unwrap_or(Plan::Standard),
        connection.region.unwrap_or(Region::Global),
    );
    let key = ApiKey::parse(Emulator::key_for(plan, region))?;
    let builder =
        at_emulator(&emulator, provider, (plan, region)).api_key_for(provider.clone(), key);
    let builder = match &connection.workspace {
        Some(id) => builder.workspace(id),
        None => builder,
    };
    Ok((emulator, builder))
}

/// A client whose requests to a provider go to one endpoint of an emulator.
pub(crate) fn at_emulator(
    emulator: &Emulator,
    provider: &Provider,
    (plan, region): (emulator::Plan, emulator::Region),
) -> QwenBuilder {
    let url = emulator.base_url_for(plan, region);
    output::note(&format!("emulator at {url}"));
    Qwen::builder().base_url_for(provider.clone(), url)
}

/// The emulator's words for a plan and a region.
pub(crate) fn emulated(plan: Plan, region: Region) -> (emulator::Plan, emulator::Region) {
    let plan = match plan {
        Plan::Token => emulator::Plan::Token,
        Plan::Portal => emulator::Plan::Portal,
        Plan::Coding => emulator::Plan::Coding,
        _ => emulator::Plan::Standard,
    };
    let region = match region {
        Region::China => emulator::Region::China,
        _ => emulator::Region::Global,
    };
    (plan, region)
}
