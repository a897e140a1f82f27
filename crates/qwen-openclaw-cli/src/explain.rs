//! `models explain`: where requests for a model would go, and which rule says so.

use clap::Args;
use qwen_openclaw::{
    Route,
    auth::Source,
    catalog::LevelGroup,
    client::{EndpointRule, Explanation},
};

use crate::{
    args::Connection,
    block_on,
    failure::{Failure, plain},
    models::choice::example,
    output::Out,
};

#[derive(Args, Debug)]
#[command(after_help = example("models explain"))]
pub(crate) struct Explain {
    /// Model, such as qwen/qwen3.5-plus, or an alias [default: the configured model, otherwise the
    /// provider's]
    #[arg(value_name = "REF")]
    pub(crate) model: Option<String>,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: Connection,
}

pub(crate) fn run(arguments: &Explain) -> Result<(), Failure> {
    let settings = arguments.connection.settings()?;
    let model = settings.model(arguments.model.as_deref())?;
    let qwen = settings.builder(&model.provider)?.build()?;
    let route = block_on(async { Ok(qwen.route(&model.to_string()).await?) })?;
    let mut out = Out::new();
    if arguments.json {
        let document = serde_json::to_value(route.explain()).unwrap_or_default();
        return out.document(&document);
    }
    for (name, text) in lines(&route, &route.explain()) {
        out.line(&format!("{name:9} {text}"))?;
    }
    Ok(())
}

fn lines(route: &Route, explanation: &Explanation) -> Vec<(&'static str, String)> {
    let model = explanation.model.as_deref().unwrap_or_default();
    let mut lines = vec![
        (
            "Provider",
            format!("{} ({})", explanation.provider, route.provider().label()),
        ),
        (
            "Model",
            match route.unknown_model() {
                Some(unknown) => format!("{model} ({unknown})"),
                None => model.to_owned(),
            },
        ),
        (
            "Base URL",
            format!("{} ({})", explanation.base_url, rule(route)),
        ),
        ("Endpoint", endpoint(route)),
        ("Key", key(explanation)),
        ("Thinking", thinking(&explanation.thinking_levels)),
    ];
    // An unknown model is said beside its name.
    let unknown = route.unknown_model().map(|unknown| unknown.to_string());
    let warnings = explanation.warnings.iter();
    let warnings = warnings.filter(|warning| Some(*warning) != unknown.as_ref());
    lines.extend(warnings.map(|warning| ("Warning", warning.clone())));
    if let Some(why) = &explanation.unavailable {
        lines.push(("Refused", why.clone()));
    }
    lines
}

/// The rule that decided on the base URL.
fn rule(route: &Route) -> String {
    match route.endpoint().rule() {
        EndpointRule::Configured(Source::Config { path }) => format!("configured in {path}"),
        other => other.to_string(),
    }
}

/// The levels that differ, each with those that lead to the same request.
fn thinking(levels: &[LevelGroup]) -> String {
    if levels.is_empty() {
        return "no level has an effect".to_owned();
    }
    let group = |group: &LevelGroup| {
        let same: Vec<_> = group.same.iter().map(|level| level.as_str()).collect();
        match same[..] {
            [] => group.level.to_string(),
            _ => format!("{} (same as {})", group.level, same.join(", ")),
        }
    };
    let levels: Vec<_> = levels.iter().map(group).collect();
    levels.join("; ")
}

pub(crate) fn endpoint(route: &Route) -> String {
    match route.endpoint().class().endpoint() {
        Some(endpoint) => endpoint.label().to_owned(),
        None if route.endpoint().class().is_native() => "Qwen Cloud".to_owned(),
        None => "not a Qwen Cloud endpoint".to_owned(),
    }
}

pub(crate) fn key(explanation: &Explanation) -> String {
    match (
        &explanation.key,
        &explanation.key_source,
        &explanation.key_problem,
    ) {
        (Some(key), Some(source), _) => format!("{key} ({source})"),
        (_, _, Some(problem)) => format!("none: {}", plain(problem.clone())),
        _ => "none needed".to_owned(),
    }
}
