//! `models auth login`: a device login at the portal, or a link to the Qwen Code CLI's own.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use qwen_openclaw::{
    auth::{
        self, CredentialStore, Environment, Error, ErrorKind, FileStore, Profile, ProfileId,
        portal::{CLOSURE_NOTICE, DeviceLogin, Portal},
    },
    catalog::Provider,
    config::{Config, ModelSlot, Preset},
};
use serde_json::json;

use super::{
    args::Login, browser, cli_file, failure, list::timestamp, profile_id, qr, store, stored_line,
};
use crate::{
    block_on,
    configuration::Configuration,
    failure::Failure,
    interrupt::Interrupt,
    output::{Out, note},
    prompt,
    symptom::Symptom,
};

/// Why the portal may be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Consent {
    /// For this login.
    Flag,
    /// Its plugin is on.
    Plugin,
    /// The user has just agreed to turn the plugin on.
    Given,
}

pub(crate) fn run(arguments: &Login) -> Result<(), Failure> {
    if Provider::by_name(&arguments.provider) != Some(Provider::QWEN_OAUTH) {
        return Err(Failure::usage(format!(
            "{} does not support logins; qwen-portal does",
            crate::output::harmless(&arguments.provider)
        ))
        .with_code_1()
        .with_hint("`onboard` sets up an API key"));
    }
    note(CLOSURE_NOTICE);
    let id = profile_id(Provider::QWEN_OAUTH.id(), Some(&arguments.profile))?;
    block_on(log_in(arguments, id))
}

async fn log_in(arguments: &Login, id: ProfileId) -> Result<(), Failure> {
    let configuration = Configuration::locate()?;
    let consent = consent(arguments, &configuration.load()?).await?;
    let preset = Preset::portal()
        .account(id.account())
        .set_default(arguments.set_default);
    // Before the user approves anything: a login that cannot be stored is lost.
    configuration.try_edit(|document| preset.apply(document))?;
    let mut interrupt = Interrupt::listen()?;
    let environment = &configuration.environment;
    let store = store(environment)?;
    let is_corrupt = check_place(&store, &id).await?;
    let (profile, base_url) = if arguments.share_qwen_cli {
        shared(arguments, environment).await?
    } else {
        device(arguments, environment, &mut interrupt).await?
    };
    // The user asked for a login, so this is the time to make room for one.
    if is_corrupt && let Some(aside) = store.set_corrupt_aside().await.map_err(failure)? {
        note(&format!(
            "warning: the stored credentials could not be read and were moved to {}",
            aside.display()
        ));
    }
    // From here on Ctrl-C is ignored: the code is used up.
    store.put(&id, &profile).await.map_err(failure)?;
    let default = match base_url {
        Ok(url) => {
            let preset = preset.clone().base_url(url);
            let edit = configuration.edit(|document| {
                preset.apply_models(document)?;
                preset.record_profile(document)?;
                if consent == Consent::Given {
                    document.switch_plugin(preset.plugin(), true)?;
                }
                Ok(document.model(ModelSlot::Chat).map(str::to_owned))
            });
            edit.await?
        }
        // A place that the token is not sent to is not written down either.
        Err(error) => {
            note(&format!("warning: the configuration is as it was: {error}"));
            None
        }
    };
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
            "configPath": configuration.file.path(),
            "defaultModel": default,
        });
        return out.document(&document);
    }
    out.line(&stored_line(&id, profile.kind(), false))?;
    let model = preset.default_model();
    match default {
        Some(default) if default == model => out.line(&format!("Default model set to {model}")),
        Some(default) => {
            note(&format!(
                "The default model stays {default}; `models set {model}` changes it."
            ));
            Ok(())
        }
        None => Ok(()),
    }
}

/// Whether the portal may be used; on a terminal the user is asked.
async fn consent(arguments: &Login, config: &Config) -> Result<Consent, Failure> {
    let plugin = Preset::portal().plugin();
    if arguments.enable_portal {
        return Ok(Consent::Flag);
    }
    if config.plugins.is_on(plugin) == Some(true) {
        return Ok(Consent::Plugin);
    }
    let off = || {
        let message = format!("the plugin {plugin}, which logs in to the portal, is off");
        Failure::symptom(1, Symptom::ProviderNotFound, message)
    };
    if !io::stdin().is_terminal() {
        return Err(off());
    }
    let question = format!("The plugin {plugin} is off. Turn it on?");
    if prompt::confirm(&question, false).await? {
        Ok(Consent::Given)
    } else {
        Err(off())
    }
}

/// Checks that a login can be stored; true if the file is corrupt and must be moved away first.
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

/// A profile, and the base URL for its token.
type Found = (Profile, Result<String, Error>);

/// A profile that is linked to the Qwen Code CLI's file.
async fn shared(arguments: &Login, environment: &Environment) -> Result<Found, Failure> {
    let file = cli_file(None, arguments.oauth_base_url.as_deref(), environment)?;
    let login = file.read().await.map_err(failure)?;
    let Some(login) = login.filter(auth::Login::is_refreshable) else {
        return Err(Failure::other(format!(
            "{} does not contain a login that can be refreshed",
            environment.shown(file.path())
        ))
        .with_hint("log in with the Qwen Code CLI, or omit --share-qwen-cli"));
    };
    Ok((file.to_profile(), login.base_url()))
}

/// A login of our own.
async fn device(
    arguments: &Login,
    environment: &Environment,
    interrupt: &mut Interrupt,
) -> Result<Found, Failure> {
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
        // The login first: an interrupt does not give back a code that was used up.
        biased;
        login = device.wait() => {
            let login = login.map_err(failure)?;
            let base_url = login.base_url();
            Ok((Profile::Login(login), base_url))
        }
        () = interrupt.wait() => Err(Failure::interrupted()),
    }
}

fn show(device: &DeviceLogin, arguments: &Login) {
    let terminal = io::stderr().is_terminal();
    note("");
    note(&format!("Open {} to approve access.", device.url()));
    let time = minutes(device.expires_in());
    note(&match device.user_code() {
        Some(code) => {
            format!("If prompted, enter the code {code}. Do not share it; it expires in {time}.")
        }
        None => format!("Do not share the URL; it expires in {time}."),
    });
    if terminal {
        if let Some(code) = qr::of(device.url()) {
            note(&code);
        }
        if !arguments.no_browser && !browser::open(device.url()) {
            note("Could not open a browser: open the URL yourself.");
        }
    }
    note("Waiting for approval (Ctrl-C cancels) ...");
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
    fn durations_are_shown_in_words() {
        let table = [(45, "45 seconds"), (120, "2 minutes"), (900, "15 minutes")];
        for (seconds, words) in table {
            assert_eq!(minutes(Duration::from_secs(seconds)), words);
        }
    }
}
