//! What is refused before anything is sent, because the service would refuse it or could not
//! understand it.

use std::collections::HashSet;

use qwen_openclaw_catalog::{ChatModel, Edition, Endpoint, Modality, Plan, Region, models};
use serde_json::Value;

use crate::{
    ChatRequest, Error, ErrorKind, Media, Message, ResponseFormat, Role, ToolChoice,
    payload::context::{Context, ModelContext},
    request::media::MAX_DATA_URI,
};

/// Checks a request.
pub(super) fn request(
    request: &ChatRequest,
    known: &ModelContext<'_>,
    context: &Context<'_>,
) -> Result<(), Error> {
    conversation(request, known, context)?;
    numbers(request)?;
    tools(request)?;
    if !known.takes_tools() && (!request.tools.is_empty() || request.extra.contains_key("tools")) {
        return refused(format!("{} takes no tools (supportsTools)", known.model));
    }
    format(request)?;
    for message in &request.messages {
        for part in parts(message) {
            // A note takes its place.
            let noted = message.role == Role::Tool && not_taken(part, known).is_some();
            if !noted {
                medium(part, known, context)?;
            }
        }
    }
    Ok(())
}

fn refused<T>(message: impl Into<String>) -> Result<T, Error> {
    Err(Error::new(ErrorKind::InvalidRequest, message))
}

fn conversation(
    request: &ChatRequest,
    known: &ModelContext<'_>,
    context: &Context<'_>,
) -> Result<(), Error> {
    if known.model.trim().is_empty() {
        return refused("the request names no model");
    }
    if request.messages.is_empty() {
        return refused("the request has no messages");
    }
    if context.class.is_native() && !request.messages.iter().any(asks) {
        return refused("the request has instructions at most: add what the user says");
    }
    Ok(())
}

/// Whether a message is one that can be answered.
fn asks(message: &Message) -> bool {
    match message.role {
        Role::System => false,
        Role::Other(ref role) if role == "developer" => false,
        _ => {
            let other = |part: &Value| part.get("text").is_none();
            !message.text().trim().is_empty()
                || !message.tool_calls.is_empty()
                || parts(message).iter().any(other)
        }
    }
}

fn numbers(request: &ChatRequest) -> Result<(), Error> {
    let n = request.extra.get("n").and_then(Value::as_u64);
    if n.is_some_and(|n| n > 1) {
        let with = if request.tools.is_empty() {
            ""
        } else {
            ", and with tools the service refuses it"
        };
        return refused(format!(
            "`n` asks for several answers, and a reply holds one{with}"
        ));
    }
    let zero = |name: &str| request.extra.get(name).and_then(Value::as_u64) == Some(0);
    if request.max_tokens == Some(0) || zero("max_tokens") || zero("max_completion_tokens") {
        return refused("the limit of the answer is 0 tokens");
    }
    if request.thinking_budget == Some(0) || zero("thinking_budget") {
        return refused("the thinking budget is 0 tokens; to switch thinking off, set the level");
    }
    Ok(())
}

fn tools(request: &ChatRequest) -> Result<(), Error> {
    if request.extra.contains_key("tools") {
        // Tools of a kind that is not known here.
        return Ok(());
    }
    let mut names = HashSet::new();
    for function in request
        .tools
        .iter()
        .filter_map(|tool| tool.function.as_ref())
    {
        let name = &*function.name;
        if !is_name(name) {
            return refused(format!(
                "a tool cannot be named {name:?}: use letters, digits, `_` and `-`, 64 at most"
            ));
        }
        if name == "search" {
            return refused("the service refuses tools named `search`; use another name");
        }
        if !names.insert(name) {
            return refused(format!("two tools are named `{name}`"));
        }
        if function
            .parameters
            .as_ref()
            .is_some_and(|s| !is_object_schema(s))
        {
            return refused(format!(
                "the arguments of the tool `{name}` are not an object: its schema must have the type \
                 `object`"
            ));
        }
    }
    match &request.tool_choice {
        Some(ToolChoice::Function(name)) if !names.contains(&**name) => refused(format!(
            "the tool choice names `{name}`, which is not a tool of the request"
        )),
        Some(ToolChoice::Required) if request.tools.is_empty() => {
            refused("the tool choice wants a tool called, and the request has none")
        }
        _ => Ok(()),
    }
}

fn format(request: &ChatRequest) -> Result<(), Error> {
    let Some(ResponseFormat::JsonSchema { name, schema }) = &request.response_format else {
        return Ok(());
    };
    if !is_name(name) {
        return refused(format!(
            "a schema cannot be named {name:?}: use letters, digits, `_` and `-`, 64 at most"
        ));
    }
    if !is_object_schema(schema) {
        return refused(
            "the answer must be a JSON object: its schema must have the type `object`, so put a \
             list or a single value into a field of one",
        );
    }
    Ok(())
}

/// What the service takes for the name of a tool or of a schema.
fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (1..=64).contains(&name.len()) && name.chars().all(allowed)
}

fn is_object_schema(schema: &Value) -> bool {
    let kind = schema.get("type");
    let object = |kind: &Value| {
        kind == "object"
            || kind
                .as_array()
                .is_some_and(|k| k.contains(&"object".into()))
    };
    schema.is_object() && kind.is_none_or(object)
}

/// The parts of a message; none for a plain text.
fn parts(message: &Message) -> &[Value] {
    match &message.content {
        Some(Value::Array(parts)) => parts,
        _ => &[],
    }
}

/// What a part is, if the model is known not to take it.
pub(super) fn not_taken(part: &Value, known: &ModelContext<'_>) -> Option<Modality> {
    modality(part).filter(|modality| known.accepts(*modality) == Some(false))
}

/// Checks one part for whether it can be sent at all, and to this model.
fn medium(part: &Value, known: &ModelContext<'_>, context: &Context<'_>) -> Result<(), Error> {
    let Some(modality) = modality(part) else {
        return Ok(());
    };
    for url in urls(part) {
        if url.starts_with("data:") {
            data_uri(url, part, modality)?;
        } else if modality != Modality::Audio && !has_scheme(url) {
            return refused(format!(
                "`{}` is not a URL; to send a local file, read it with `Media::file`",
                shown(url)
            ));
        }
    }
    let plan = context.class.plan();
    if modality == Modality::Video && plan == Some(Plan::Coding) {
        let region = context.class.region().unwrap_or(Region::Global);
        let standard = Endpoint::of(Plan::Standard, region);
        return refused(format!(
            "the Coding Plan does not accept videos: use {} ({}), which needs a Standard key of that region \
             as well",
            standard.base_url(),
            standard.label()
        ));
    }
    if not_taken(part, known).is_some() {
        return refused(format!(
            "{} does not accept {modality} input{}",
            known.model,
            others(known, modality)
        ));
    }
    Ok(())
}

/// Checks a data URI for its length, and for whether it is what its part says.
fn data_uri(data: &str, part: &Value, modality: Modality) -> Result<(), Error> {
    if data.len() > MAX_DATA_URI {
        return refused(
            "a data URI is longer than the 10 MiB that the service takes; make the file smaller or \
             pass an https address of it",
        );
    }
    // The frames of a clip are images.
    let wanted = if part["type"] == "video" {
        Modality::Image
    } else {
        modality
    };
    let medium = Media::url(data);
    match (medium.kind(), medium.mime()) {
        (Some(kind), Some(mime)) if kind != wanted => {
            refused(format!("{mime} was given as {wanted}, and is {kind}"))
        }
        _ => Ok(()),
    }
}

fn modality(part: &Value) -> Option<Modality> {
    match part["type"].as_str()? {
        "image_url" | "image" => Some(Modality::Image),
        "video_url" | "video" => Some(Modality::Video),
        "input_audio" => Some(Modality::Audio),
        _ => None,
    }
}

/// Whether a text begins like a URL. Audio may also be bare base64.
fn has_scheme(url: &str) -> bool {
    let (scheme, rest) = url.trim_start().split_once(':').unwrap_or_default();
    // One letter is a drive, such as `C:`.
    scheme.len() > 1 && !rest.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The beginning of a text, for a message.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(60).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.escape_debug().to_string()
}

/// The URLs of a part, in whichever of the documented places they are.
fn urls(part: &Value) -> impl Iterator<Item = &str> {
    let single = [
        &part["image_url"]["url"],
        &part["image_url"],
        &part["video_url"]["url"],
        &part["video_url"],
        &part["input_audio"]["data"],
    ];
    let frames = part["video"].as_array().into_iter().flatten();
    single.into_iter().chain(frames).filter_map(Value::as_str)
}

/// Which models of the provider do take it.
fn others(known: &ModelContext<'_>, modality: Modality) -> String {
    let takes = |row: &&ChatModel| row.accepts(modality) == Some(true);
    let rows = models(known.provider, Edition::default()).iter();
    let ids: Vec<_> = rows.filter(takes).map(ChatModel::id).take(3).collect();
    match &ids[..] {
        [] => String::new(),
        [one] => format!("; {one} does"),
        several => format!("; {} do", several.join(", ")),
    }
}
