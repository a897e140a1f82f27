//! What to set up: as the flags say, or as the user chooses from a table.

use qwen_openclaw::catalog::AuthChoice;

use super::Onboarding;
use crate::{failure::Failure, output::note, prompt, symptom};

/// The choice, which is one of the current ids.
pub(super) async fn choice(onboarding: &Onboarding<'_>) -> Result<AuthChoice, Failure> {
    let arguments = onboarding.arguments;
    let given = arguments.keys.given().map(|(choice, _)| choice);
    let Some(id) = &arguments.auth_choice else {
        return match given {
            Some(choice) => Ok(choice),
            None if onboarding.asks => ask(onboarding).await,
            None => Err(Failure::usage("no auth choice")
                .with_hint(format!("pass `--auth-choice` with one of {}", ids()))),
        };
    };
    let choice = current(id)?;
    if let Some(given) = given
        && given != choice
    {
        return Err(Failure::usage(format!(
            "{} is the key of {}, not of {}",
            given.key_flag(),
            given.id(),
            choice.id()
        )));
    }
    Ok(choice)
}

/// The choice of an id; one that was replaced is named.
fn current(id: &str) -> Result<AuthChoice, Failure> {
    let Some(choice) = AuthChoice::by_id(id) else {
        return Err(unknown(id));
    };
    let Some(new) = choice.replaced_by() else {
        return Ok(choice);
    };
    note(&format!("note: {} is now called {new}", choice.id()));
    AuthChoice::by_id(new).ok_or_else(|| unknown(new))
}

fn unknown(id: &str) -> Failure {
    let shown: String = id.chars().take(80).collect();
    let failure = Failure::other(format!(
        "unknown auth choice \"{}\"",
        crate::output::harmless(&shown)
    ));
    if id.trim().eq_ignore_ascii_case("qwen-portal") {
        return failure.with_hint(format!(
            "the portal's login is `{}`; `--auth-choice qwen-oauth` stores a token",
            symptom::LOG_IN
        ));
    }
    let nearest = AuthChoice::nearest(id).into_iter().next();
    let nearest = nearest.map(|id| format!("did you mean {id}? "));
    failure.with_hint(format!(
        "{}The choices are {}",
        nearest.unwrap_or_default(),
        ids()
    ))
}

fn ids() -> String {
    let ids: Vec<&str> = choices().map(|choice| choice.id()).collect();
    ids.join(", ")
}

fn choices() -> impl Iterator<Item = &'static AuthChoice> {
    let all = AuthChoice::all().iter();
    all.filter(|choice| choice.replaced_by().is_none())
}

async fn ask(onboarding: &Onboarding<'_>) -> Result<AuthChoice, Failure> {
    note("Which plan and region does your key belong to?");
    note("");
    for (number, choice) in choices().enumerate() {
        let url = onboarding.check.url_of(choice.endpoint());
        let (plan, region) = (choice.plan().label(), choice.region().label());
        note(&format!("  {}  {plan:<12} {region:<7} {url}", number + 1));
    }
    note("");
    let count = choices().count();
    loop {
        let question = format!("Choose 1 to {count} [1]: ");
        let Some(answer) = prompt::line(&question).await? else {
            return Err(Failure::usage("nothing was chosen"));
        };
        let chosen = match answer.as_str() {
            "" => choices().next(),
            text => match text.parse::<usize>() {
                Ok(number) => number.checked_sub(1).and_then(|index| choices().nth(index)),
                Err(_) => choices().find(|choice| choice.id().eq_ignore_ascii_case(text)),
            },
        };
        match chosen {
            Some(choice) => return Ok(*choice),
            None => note(&format!("Answer a number from 1 to {count}.")),
        }
    }
}
