//! `models list`: the catalog as one endpoint offers it, and what is configured.

mod configured;

pub(crate) mod aliases;
pub(crate) mod choice;
pub(crate) mod fallbacks;
mod list_args;
pub(crate) mod set;

use std::str::FromStr;

use qwen_openclaw::{
    Qwen,
    catalog::{ChatModel, Listing, ModelRef, Provider, listing},
};
use serde_json::{Value, json};

use crate::{
    args, block_on,
    connect::{input_of, warn_about},
    failure::Failure,
    output::Out,
    settings::Settings,
};

pub(crate) fn list(arguments: &args::List) -> Result<(), Failure> {
    let settings = arguments.connection.settings()?;
    let provider = match &arguments.provider {
        Some(name) => provider_of(name, &settings)?,
        None => arguments.connection.default_provider(),
    };
    let edition = arguments.edition.unwrap_or_default();
    let qwen = settings.builder(&provider)?.edition(edition).build()?;
    let route = block_on(async { Ok(qwen.route_to(&provider).await?) })?;
    warn_about(&route);
    let base_url = route.endpoint().base_url().to_string();
    let mut rows: Vec<Row> = listing(&provider, edition, &base_url)
        .iter()
        .map(Row::of)
        .collect();
    if let Some(config) = settings.usable_config() {
        let is_one = arguments.provider.is_some() || arguments.connection.plan.is_some();
        let only = is_one.then_some(&provider);
        configured::add(&mut rows, &settings, config, only, edition);
    }
    if arguments.live {
        add_live(&mut rows, &qwen, &provider)?;
    }
    rows.retain(|row| arguments.all || row.hidden.is_none());
    print(arguments, &base_url, &rows)
}

/// The provider of that name, which the configuration or the catalog must know.
fn provider_of(name: &str, settings: &Settings) -> Result<Provider, Failure> {
    match Provider::exactly(name) {
        Ok(provider) if settings.knows(&provider) => Ok(provider),
        _ => known_provider(name),
    }
}

/// The provider of that name, which the catalog must know.
pub(crate) fn known_provider(name: &str) -> Result<Provider, Failure> {
    let provider = Provider::from_str(name).and_then(|provider| {
        if provider.is_well_known() {
            Ok(provider)
        } else {
            Err(provider.unknown())
        }
    });
    provider.map_err(|error| Failure::from(error).with_code_1())
}

/// One line of the list.
struct Row {
    key: String,
    name: String,
    input: String,
    context: Option<u32>,
    max_output: Option<u32>,
    reasoning: bool,
    notes: String,
    tags: Vec<String>,
    /// Whether the server is on this machine.
    is_local: bool,
    /// Why the endpoint does not offer it.
    hidden: Option<String>,
    /// Why the endpoint may not offer it.
    doubt: Option<String>,
}

impl Row {
    fn of(listing: &Listing) -> Self {
        let model: &ChatModel = listing.model;
        Self {
            key: model.model_ref(),
            name: model.name().to_owned(),
            input: input_of(model),
            context: model.context(),
            max_output: model.max_output(),
            reasoning: model.reasoning(),
            notes: model.notes().to_owned(),
            tags: if model.is_default() {
                vec!["default".to_owned()]
            } else {
                Vec::new()
            },
            is_local: false,
            hidden: listing
                .availability
                .reason()
                .map(|reason| reason.to_string()),
            doubt: listing
                .availability
                .doubt()
                .map(|reason| reason.to_string()),
        }
    }

    /// A row of which only the ref is known.
    fn named(model: &ModelRef) -> Self {
        Self {
            key: model.to_string(),
            name: model.model.clone(),
            input: "text".to_owned(),
            context: None,
            max_output: None,
            reasoning: false,
            notes: "not in the catalog".to_owned(),
            tags: Vec::new(),
            is_local: false,
            hidden: None,
            doubt: None,
        }
    }

    fn to_json(&self) -> Value {
        let mut json = json!({
            "key": self.key,
            "name": self.name,
            "input": self.input,
            "contextWindow": self.context,
            "local": self.is_local,
            "available": self.hidden.is_none(),
            "tags": self.tags,
            "maxTokens": self.max_output,
            "reasoning": self.reasoning,
        });
        if let Some(hidden) = &self.hidden {
            json["hidden"] = hidden.as_str().into();
        }
        if let Some(doubt) = &self.doubt {
            json["doubt"] = doubt.as_str().into();
        }
        json
    }
}

/// Asks the endpoint. What it lists is available, whatever the catalog says.
fn add_live(rows: &mut Vec<Row>, qwen: &Qwen, provider: &Provider) -> Result<(), Failure> {
    let live = block_on(async {
        let live = qwen.models(provider).await.map_err(Failure::from);
        live.map_err(|failure| failure.at(provider))
    })?;
    for model in live {
        let key = format!("{}/{}", provider.id(), model.id);
        match rows
            .iter_mut()
            .find(|row| row.key.eq_ignore_ascii_case(&key))
        {
            Some(row) => {
                row.hidden = None;
                row.doubt = None;
                row.tags.push("live".to_owned());
            }
            // An id that no ref can have could not be used.
            None => rows.extend(
                ModelRef::new(provider.clone(), &model.id)
                    .ok()
                    .map(|model| Row {
                        tags: vec!["live".to_owned()],
                        ..Row::named(&model)
                    }),
            ),
        }
    }
    Ok(())
}

fn print(arguments: &args::List, base_url: &str, rows: &[Row]) -> Result<(), Failure> {
    let mut out = Out::new();
    if arguments.json {
        let models: Vec<Value> = rows.iter().map(Row::to_json).collect();
        let document = json!({"count": rows.len(), "models": models, "baseUrl": base_url});
        return out.line(&format!("{document:#}"));
    }
    if arguments.plain {
        return rows.iter().try_for_each(|row| out.line(&row.key));
    }
    if rows.is_empty() {
        return out.line("No models found.");
    }
    let width = |column: fn(&Row) -> usize, title: &str| {
        rows.iter()
            .map(column)
            .chain([title.len()])
            .max()
            .unwrap_or_default()
    };
    let (model, input) = (
        width(|row| row.key.len(), "Model"),
        width(|row| row.input.len(), "Input"),
    );
    let line = |key: &str, inputs: &str, context: &str, available: &str, notes: &str| {
        format!("{key:model$}  {inputs:input$}  {context:>9}  {available:9}  {notes}")
    };
    out.line(line("Model", "Input", "Context", "Available", "Notes").trim_end())?;
    for row in rows {
        let context = row.context.map_or_else(|| "?".to_owned(), thousands);
        let available = if row.hidden.is_none() { "yes" } else { "no" };
        let mut notes: Vec<&str> = row.tags.iter().map(String::as_str).collect();
        notes.extend(
            row.hidden
                .as_deref()
                .or(row.doubt.as_deref())
                .or(Some(&row.notes))
                .filter(|text| !text.is_empty()),
        );
        let text = line(&row.key, &row.input, &context, available, &notes.join(", "));
        out.line(text.trim_end())?;
    }
    Ok(())
}

fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    groups
        .map(String::from_utf8_lossy)
        .collect::<Vec<_>>()
        .join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [7, 1000, 262_144, 1_000_000].map(thousands),
            ["7", "1,000", "262,144", "1,000,000"]
        );
    }
}
