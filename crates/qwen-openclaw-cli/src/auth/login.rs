//! `models auth login`: a device login at the portal, or a tie to the Qwen Code CLI's own.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use qwen_openclaw::{
    auth::{
        CredentialStore, Environment, ErrorKind, FileStore, Profile, ProfileId,
        portal::{CLOSURE_NOTICE, DeviceLogin, Portal},
    },
    catalog::Provider,
};
use serde_json::json;

use super::{
    args::Login, browser, cli_file, environment, failure, list::timestamp, profile_id, qr, store,
};
use crate::{
    block_on,
    failure::Failure,
    interrupt::Interrupt,
    output::{Out, note},
};

pub(crate) fn run(arguments: &Login) -> Result<(), Failure> {
    if Provider::by_name(&arguments.provider) != Some(Provider::QWEN_OAUTH) {
        return Err(Failure::usage(format!(
            "{} has no login; qwen-portal has",
            crate::output::harmless(&arguments.provider)
        ))
        .with_code_1()
        .with_hint("store a key: `qwen-openclaw models auth paste-api-key --provider qwen`"));
    }
    note(CLOSURE_NOTICE);
    if !arguments.enable_portal {
        return Err(Failure::invalid_request(
            "the portal is off: add --enable-portal to log in all the same",
        ));
    }
    let id = profile_id(Provider::QWEN_OAUTH.id(), Some(&arguments.profile))?;
    block_on(log_in(arguments, id))
}

async fn log_in(arguments: &Login, id: ProfileId) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    let environment = environment();
    let store = store(&environment)?;
    // Before anybody approves anything: a login that cannot be stored is one lost.
    let is_corrupt = check_place(&store, &id).await?;
    let profile = match arguments.share_qwen_cli {
        true => shared(arguments, &environment).await?,
        false => device(arguments, &environment, &mut interrupt).await?,
    };
    // Asked for by a person, which is the time to make room for a login.
    if is_corrupt && let Some(aside) = store.set_corrupt_aside().await.map_err(failure)? {
        note(&format!(
            "warning: the stored credentials could not be read and are now {}",
            aside.display()
        ));
    }
    // From here on Ctrl-C is not listened to: the code is used up.
    store.put(&id, &profile).await.map_err(failure)?;
    let mut out = Out::new();
    if arguments.json {
        let document = json!({
            "ok": true,
            "profile": {
                "id": id.as_str(),
                "provider": id.provider(),
                "type": profile.kind(),
                "expires": profile.expires().and_then(timestamp),
            },
            "authStatePath": store.path(),
        });
        return out.line(&format!("{document:#}"));
    }
    out.line(&format!(
        "Auth profile: {id} ({}/{})",
        id.provider(),
        profile.kind()
    ))
}

/// Sees whether a login can be stored; true when the file is corrupt, and has to go first.
async fn check_place(store: &FileStore, id: &ProfileId) -> Result<bool, Failure> {
    store.check_writable().await.map_err(failure)?;
    match store.list().await {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::Corrupt => return Ok(true),
        Err(error) => return Err(failure(error)),
    }
    let present = store.load(id).await;
    present.map_err(|error| {
        failure(error).with_hint(format!("`models auth logout {id}` removes the profile"))
    })?;
    Ok(false)
}

/// A profile that is tied to the Qwen Code CLI's file.
async fn shared(arguments: &Login, environment: &Environment) -> Result<Profile, Failure> {
    let file = cli_file(None, arguments.oauth_base_url.as_deref(), environment)?;
    let login = file.read().await.map_err(failure)?;
    if !login.is_some_and(|login| login.is_refreshable()) {
        return Err(Failure::other(format!(
            "{} holds no login that could be renewed",
            environment.shown(file.path())
        ))
        .with_hint("log in with the Qwen Code CLI, or leave --share-qwen-cli out"));
    }
    Ok(file.to_profile())
}

/// A login of our own.
async fn device(
    arguments: &Login,
    environment: &Environment,
    interrupt: &mut Interrupt,
) -> Result<Profile, Failure> {
    let mut builder = Portal::builder()
        .environment(environment)
        .map_err(failure)?;
    if let Some(url) = &arguments.oauth_base_url {
        builder = builder.server(url);
    }
    let portal = builder.build().map_err(failure)?;
    let device = interrupt
        .or(async { portal.start_login().await.map_err(failure) })
        .await?;
    show(&device, arguments);
    tokio::select! {
        // The login first: a code that was used up is not given back by an interrupt.
        biased;
        login = device.wait() => Ok(Profile::Login(login.map_err(failure)?)),
        () = interrupt.wait() => Err(Failure::interrupted()),
    }
}

fn show(device: &DeviceLogin, arguments: &Login) {
    let terminal = io::stderr().is_terminal();
    note("");
    note(&format!("Open {} to approve access.", device.url()));
    let time = minutes(device.expires_in());
    note(&match device.user_code() {
        Some(code) => format!(
            "If prompted, enter the code {code}. Share it with nobody; it is good for {time}."
        ),
        None => format!("Share the address with nobody; it is good for {time}."),
    });
    if terminal {
        if let Some(code) = qr::of(device.url()) {
            note(&code);
        }
        if !arguments.no_browser && !browser::open(device.url()) {
            note("No browser could be opened: open the address by hand.");
        }
    }
    note("Waiting for the approval (Ctrl-C cancels) ...");
}

fn minutes(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_words() {
        let table = [(45, "45 seconds"), (120, "2 minutes"), (900, "15 minutes")];
        for (seconds, words) in table {
            assert_eq!(minutes(Duration::from_secs(seconds)), words);
        }
    }
}
