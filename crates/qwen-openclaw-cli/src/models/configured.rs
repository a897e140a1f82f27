//! What OpenClaw's configuration adds to the list of models: rows and tags.

use std::collections::BTreeSet;

use qwen_openclaw::{
    catalog::{Edition, ModelRef, Provider, classify},
    config::{Config, ModelRow, ModelsMode, ProviderEntry},
};

use super::{Price, Row, rows_of};
use crate::settings::Settings;

/// Adds the configured models, of one provider or of all, and tags those that are configured.
pub(super) fn add(
    rows: &mut Vec<Row>,
    settings: &Settings,
    config: &Config,
    only: Option<&Provider>,
    edition: Edition,
) {
    let is_listed = |model: &ModelRef| only.is_none_or(|only| model.provider == *only);
    let mut entered = BTreeSet::new();
    for entry in &config.models.providers {
        for row in &entry.models {
            // A name that no ref can have is not the list's concern.
            let Ok(model) = settings.parse(&format!("{}/{}", entry.name, row.id)) else {
                continue;
            };
            if is_listed(&model) {
                enter(rows, &model, entry, row, edition);
                entered.insert(key_of(&model));
            }
        }
    }
    if config.models.mode == ModelsMode::Replace {
        rows.retain(|row| entered.contains(&row.key.to_ascii_lowercase()));
    }
    // A choice that leads nowhere is an error of what needs it.
    let defaults = &config.agents.defaults;
    let default = config.default_model().ok().flatten();
    let default = default.and_then(|text| settings.parse(&text).ok());
    let made_by = [
        &defaults.image_generation_model,
        &defaults.video_generation_model,
    ];
    let made_by = made_by
        .into_iter()
        .filter_map(|choice| config.primary(choice).ok()?);
    let made_by = made_by.filter_map(|text| settings.parse(&text).ok());
    let named = defaults.models.iter();
    let named = named.filter_map(|settings_of| settings.parse(&settings_of.model).ok());
    let configured: Vec<ModelRef> = default
        .iter()
        .cloned()
        .chain(made_by)
        .chain(named)
        .collect();
    for model in configured.iter().filter(|model| is_listed(model)) {
        let has_row = rows.iter().any(|row| row.is(model));
        if !has_row && config.models.mode != ModelsMode::Replace {
            rows.push(row_of(model, edition));
        }
    }
    for row in rows.iter_mut() {
        if let Some(default) = &default {
            row.tags.retain(|tag| tag != "default");
            if row.is(default) {
                row.tags.push("default".to_owned());
            }
        }
        if configured.iter().any(|model| row.is(model)) {
            row.tags.push("configured".to_owned());
        }
        let aliases = config.agents.aliases();
        let aliases = aliases.filter(|(_, text)| {
            let model = settings.parse(text);
            model.is_ok_and(|model| row.is(&model))
        });
        let tags: Vec<String> = aliases.map(|(alias, _)| format!("alias:{alias}")).collect();
        row.tags.extend(tags);
    }
}

fn key_of(model: &ModelRef) -> String {
    model.to_string().to_ascii_lowercase()
}

/// Adds a row of an entry, or applies its limits to that of the catalog.
fn enter(
    rows: &mut Vec<Row>,
    model: &ModelRef,
    entry: &ProviderEntry,
    row: &ModelRow,
    edition: Edition,
) {
    if !rows.iter().any(|known| known.is(model)) {
        rows.extend(in_catalog(model, edition));
    }
    let limit = |limit: Option<u64>| u32::try_from(limit.filter(|limit| *limit > 0)?).ok();
    let (context, max_output) = (limit(row.context_window), limit(row.max_tokens));
    let configured_as = format!("{}/{}", entry.name, model.model);
    let configured_as = Some(configured_as).filter(|text| *text != model.to_string());
    if let Some(known) = rows.iter_mut().find(|known| known.is(model)) {
        known.configured_as = configured_as;
        known.context = context.or(known.context);
        known.max_output = max_output.or(known.max_output);
        return;
    }
    let class = classify(entry.base_url().ok().flatten().unwrap_or_default());
    rows.push(Row {
        configured_as,
        name: row.name.clone().unwrap_or_else(|| model.model.clone()),
        input: row
            .input
            .as_ref()
            .map_or_else(|| "text".to_owned(), |input| input.join("+")),
        context,
        max_output,
        reasoning: row.reasoning.unwrap_or_default(),
        price: Price::of_chat(class, &model.model),
        is_local: class.is_loopback(),
        ..Row::named(model)
    });
}

/// The row of a model that is only named.
fn row_of(model: &ModelRef, edition: Edition) -> Row {
    in_catalog(model, edition).unwrap_or_else(|| Row::named(model))
}

/// The row of a model in the catalog.
fn in_catalog(model: &ModelRef, edition: Edition) -> Option<Row> {
    let base_url = model.provider.default_base_url().unwrap_or_default();
    let mut known = rows_of(&model.provider, edition, base_url).into_iter();
    known.find(|row| row.is(model)).map(|known| Row {
        tags: Vec::new(),
        ..known
    })
}
