//! `models explain`: where requests for a model would go, and which rule says so.

use qwen_openclaw::{Route, client::Explanation};

use crate::{args, block_on, failure::Failure, output::Out};

pub(crate) fn explain(arguments: &args::Explain) -> Result<(), Failure> {
    let connection = &arguments.connection;
    let model = connection.model(arguments.model.as_deref())?;
    let qwen = connection.qwen(&model.provider)?.build()?;
    let route = block_on(async { Ok(qwen.route(&model.to_string()).await?) })?;
    let mut out = Out::new();
    if arguments.json {
        let document = serde_json::to_value(route.explain()).unwrap_or_default();
        return out.line(&format!("{document:#}"));
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
            format!("{} ({})", explanation.base_url, route.endpoint().rule()),
        ),
        ("Endpoint", endpoint(route)),
        ("Key", key(explanation)),
    ];
    if let Some(why) = &explanation.unavailable {
        lines.push(("Refused", why.clone()));
    }
    lines
}

fn endpoint(route: &Route) -> String {
    match route.endpoint().class().endpoint() {
        Some(endpoint) => endpoint.label().to_owned(),
        None if route.endpoint().class().is_native() => "Qwen Cloud".to_owned(),
        None => "not a Qwen Cloud endpoint".to_owned(),
    }
}

fn key(explanation: &Explanation) -> String {
    match (
        &explanation.key,
        &explanation.key_source,
        &explanation.key_problem,
    ) {
        (Some(key), Some(source), _) => format!("{key} ({source})"),
        (_, _, Some(problem)) => format!("none: {problem}"),
        _ => "none needed".to_owned(),
    }
}
