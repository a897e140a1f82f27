//! `models list`: the catalog as one endpoint offers it, and what is configured.

mod configured;
mod cooling;
mod list_args;
mod live;
mod price;
mod table;

pub(crate) mod aliases;
pub(crate) mod choice;
pub(crate) mod fallbacks;
pub(crate) mod set;

use std::str::FromStr;

use qwen_openclaw::routing::Cooldown;
use qwen_openclaw::{
    Route,
    catalog::{
        Availability, ChatModel, Classification, Edition, Modality, ModelRef, Provider, classify,
        image::{self, ImageModel},
        listing,
        video::{self, VideoModel},
    },
    chat::DiscoveredModel,
};
use serde_json::{Value, json};

use self::price::Price;
use crate::{
    args, block_on, connect::warn_about, failure::Failure, output::Out, settings::Settings,
    usage::cooldowns,
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
    let mut rows = rows_of(&provider, edition, &base_url);
    if let Some(config) = settings.usable_config() {
        let is_one = arguments.provider.is_some() || arguments.connection.plan.is_some();
        let only = is_one.then_some(&provider);
        configured::add(&mut rows, &settings, config, only, edition);
    }
    if arguments.live {
        let live = block_on(async {
            match arguments.emulator {
                true => live::emulated_models(&route).await,
                false => live::models(&qwen, &route).await,
            }
        })?;
        add_live(&mut rows, &live, &route);
    }
    rows.retain(|row| arguments.all || row.availability.is_available());
    cooling::add(&mut rows, &settings.environment);
    print(arguments, &base_url, &rows)
}

/// What the catalog has of a provider, chat models first.
fn rows_of(provider: &Provider, edition: Edition, base_url: &str) -> Vec<Row> {
    let class = classify(base_url);
    let chat = listing(provider, edition, base_url);
    let chat = chat
        .iter()
        .map(|row| Row::of_chat(row.model, row.availability, class));
    let videos = video::listing(provider, edition, base_url);
    let videos = videos
        .iter()
        .map(|row| Row::of_video(row.model, row.availability, class));
    let images = image::listing(provider, edition, base_url);
    let images = images
        .iter()
        .map(|row| Row::of_image(row.model, row.availability, class));
    chat.chain(images).chain(videos).collect()
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
    /// The canonical ref.
    key: String,
    /// The ref under which it is configured, if that is another.
    configured_as: Option<String>,
    name: String,
    input: String,
    context: Option<u32>,
    max_output: Option<u32>,
    reasoning: bool,
    price: Option<Price>,
    notes: String,
    tags: Vec<String>,
    /// Whether the server is on this machine.
    is_local: bool,
    availability: Availability,
    /// Why, and with which credentials, it is not tried for a while.
    cooldowns: Vec<Cooldown>,
}

impl Row {
    fn of_chat(model: &ChatModel, availability: Availability, class: Classification) -> Self {
        let tags = model.is_default().then(|| "default".to_owned());
        Self {
            name: model.name().to_owned(),
            input: joined(model.input()),
            context: model.context(),
            max_output: model.max_output(),
            reasoning: model.reasoning(),
            price: Price::of_chat(class, model.id()),
            notes: model.notes().to_owned(),
            tags: tags.into_iter().collect(),
            ..Self::of(model.model_ref(), availability)
        }
    }

    fn of_image(model: &ImageModel, availability: Availability, class: Classification) -> Self {
        Self {
            name: model.id().to_owned(),
            input: joined(&model.input()),
            price: Price::of_image(class, model),
            notes: model.mode().label().to_owned(),
            ..Self::of(model.model_ref(), availability)
        }
    }

    fn of_video(model: &VideoModel, availability: Availability, class: Classification) -> Self {
        Self {
            name: model.id().to_owned(),
            input: joined(&model.input()),
            price: Price::of_video(class, model),
            notes: model.mode().label().to_owned(),
            ..Self::of(model.model_ref(), availability)
        }
    }

    fn of(key: String, availability: Availability) -> Self {
        Self {
            key,
            configured_as: None,
            name: String::new(),
            input: String::new(),
            context: None,
            max_output: None,
            reasoning: false,
            price: None,
            notes: String::new(),
            tags: Vec::new(),
            is_local: false,
            availability,
            cooldowns: Vec::new(),
        }
    }

    /// A row of which only the ref is known.
    fn named(model: &ModelRef) -> Self {
        Self {
            name: model.model.clone(),
            input: Modality::Text.to_string(),
            notes: "not in the catalog".to_owned(),
            ..Self::of(model.to_string(), Availability::Available)
        }
    }

    /// The ref that is shown: the configuration's own comes first.
    fn shown(&self) -> &str {
        self.configured_as.as_deref().unwrap_or(&self.key)
    }

    fn is(&self, model: &ModelRef) -> bool {
        self.key.eq_ignore_ascii_case(&model.to_string())
    }

    fn to_json(&self) -> Value {
        let mut json = json!({
            "key": self.shown(),
            "name": self.name,
            "input": self.input,
            "contextWindow": self.context,
            "local": self.is_local,
            "available": self.availability.is_available(),
            "tags": self.tags,
            "maxTokens": self.max_output,
            "reasoning": self.reasoning,
        });
        if let Some(price) = &self.price {
            json["price"] = price.to_json();
        }
        if let Some(reason) = self.availability.reason() {
            json["hidden"] = reason.to_string().into();
        }
        if let Some(doubt) = self.availability.doubt() {
            json["doubt"] = doubt.to_string().into();
        }
        if !self.cooldowns.is_empty() {
            json["cooldowns"] = self.cooldowns.iter().map(cooldowns::to_json).collect();
        }
        json
    }
}

/// The kinds of input, in OpenClaw's spelling.
fn joined(input: &[Modality]) -> String {
    let names: Vec<&str> = input.iter().map(|modality| modality.as_str()).collect();
    names.join("+")
}

/// Adds what the endpoint lists. That is available, whatever the catalog says.
fn add_live(rows: &mut Vec<Row>, live: &[DiscoveredModel], route: &Route) {
    for model in live {
        // An id that no ref can have could not be used.
        let Ok(model) = ModelRef::new(route.provider().clone(), &model.id) else {
            continue;
        };
        let live = "live".to_owned();
        match rows.iter_mut().find(|row| row.is(&model)) {
            Some(row) => {
                row.availability = Availability::Available;
                row.tags.push(live);
            }
            None => rows.push(Row {
                price: Price::of_chat(route.endpoint().class(), &model.model),
                tags: vec![live],
                ..Row::named(&model)
            }),
        }
    }
}

fn print(arguments: &args::List, base_url: &str, rows: &[Row]) -> Result<(), Failure> {
    let mut out = Out::new();
    if arguments.json {
        let models: Vec<Value> = rows.iter().map(Row::to_json).collect();
        let document = json!({"count": rows.len(), "models": models, "baseUrl": base_url});
        return out.line(&format!("{document:#}"));
    }
    if arguments.plain {
        return rows.iter().try_for_each(|row| out.line(row.shown()));
    }
    if rows.is_empty() {
        return out.line("No models found.");
    }
    let lines = table::lines(rows, out.width());
    lines.iter().try_for_each(|line| out.line(line))
}
