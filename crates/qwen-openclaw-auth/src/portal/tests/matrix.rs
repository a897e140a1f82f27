//! Every response the emulator's login server can give, and how it is handled.

use qwen_openclaw_emulator::OAuthScenario as S;

use super::testing::*;
use crate::{CredentialProvider, ErrorKind, Login, error::Error};

/// Runs a login from the start, under a scenario.
async fn login(scenario: S, times: u32) -> (World, Result<Login, Error>) {
    let world = World::new().await;
    world.oauth().auto_approve(true);
    world.oauth().scenario_times(scenario, times);
    let login = match world.portal.start_login().await {
        Ok(device) => fast(device.wait()).await,
        Err(error) => Err(error),
    };
    (world, login)
}

const FOR_EVER: u32 = 1000;

#[tokio::test]
async fn device_requests() {
    for (scenario, kind) in [
        (S::DeviceError, ErrorKind::LoginRefused),
        (S::DeviceChallenge, ErrorKind::Blocked),
        (S::DeviceForbidden, ErrorKind::Blocked),
    ] {
        let (_world, login) = login(scenario, FOR_EVER).await;
        assert_eq!(login.unwrap_err().kind(), kind, "{scenario}");
    }
    let world = World::new().await;
    let device = world.portal.start_login().await.unwrap();
    assert_eq!(device.expires_in().as_secs(), 900);
    assert_eq!(device.interval().as_secs(), 5, "no interval is sent");
    assert!(device.url().contains(device.user_code().unwrap()));
    world.oauth().scenario_times(S::DeviceNoUserCode, 1);
    let device = world.portal.start_login().await.unwrap();
    assert_eq!(device.user_code(), None);
    world.oauth().scenario_times(S::DeviceTextNumbers, 1);
    let device = world.portal.start_login().await.unwrap();
    assert_eq!(device.expires_in().as_secs(), 900);
    assert_eq!(device.interval().as_secs(), 1);
}

#[tokio::test]
async fn the_device_request_is_that_of_published_clients() {
    let world = World::new().await;
    let _device = world.portal.start_login().await.unwrap();
    let requests = world.emulator.requests();
    let [request] = &requests[..] else {
        panic!("{requests:?}");
    };
    assert_eq!(request.path(), "/oauth/api/v1/oauth2/device/code");
    let header = |name| request.header(name).unwrap();
    assert_eq!(header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(header("accept"), "application/json");
    assert_eq!(header("x-request-id").len(), 36);
    assert!(header("user-agent").starts_with("qwen-openclaw/"));
    let body = std::str::from_utf8(request.body()).unwrap();
    let (start, challenge) = body.split_at(body.find("&code_challenge=").unwrap());
    assert_eq!(
        start,
        "client_id=f0304373b74a44d2b584a3fb70ca9e56\
         &scope=openid%20profile%20email%20model.completion"
    );
    assert_eq!(
        challenge.len(),
        "&code_challenge=".len() + 43 + "&code_challenge_method=S256".len()
    );
}

#[tokio::test]
async fn polls_that_continue() {
    for scenario in [
        S::PollPending,
        S::PollNull,
        S::PollReset,
        S::PollGateway,
        S::PollChallenge,
    ] {
        let (world, login) = login(scenario, 1).await;
        let login = login.unwrap_or_else(|error| panic!("{scenario}: {error}"));
        assert!(login.is_refreshable());
        assert_eq!(world.token_requests().len(), 2, "{scenario}");
        assert_eq!(login.server(), Some(&*world.oauth().url()));
    }
}

#[tokio::test]
async fn polls_that_end() {
    for (scenario, kind, polls) in [
        (S::PollExpired, ErrorKind::LoginExpired, 1),
        (S::PollDenied, ErrorKind::Denied, 1),
        (S::PollUnauthorized, ErrorKind::LoginExpired, 1),
        (S::PollChallenge, ErrorKind::Blocked, 2),
        (S::PollGateway, ErrorKind::Blocked, 9),
        (S::PollReset, ErrorKind::Unavailable, 9),
        (S::PollNoRefreshToken, ErrorKind::Protocol, 1),
    ] {
        let (world, login) = login(scenario, FOR_EVER).await;
        assert_eq!(login.unwrap_err().kind(), kind, "{scenario}");
        assert_eq!(world.token_requests().len(), polls, "{scenario}");
    }
}

#[tokio::test]
async fn slow_down_and_throttles_are_obeyed() {
    for scenario in [S::PollSlowDown, S::PollSlowDownRfc, S::PollThrottled] {
        let world = World::new().await;
        world.oauth().auto_approve(true);
        world.oauth().scenario_times(scenario, 1);
        let device = world.portal.start_login().await.unwrap();
        let started = tokio::time::Instant::now();
        fast(device.wait()).await.unwrap();
        let added = std::time::Duration::from_secs(5);
        assert!(started.elapsed() >= added, "{scenario}: polled too early");
        assert_eq!(world.token_requests().len(), 2, "{scenario}");
    }
}

#[tokio::test]
async fn a_denial_on_the_page_ends_the_login() {
    let world = World::new().await;
    let device = world.portal.start_login().await.unwrap();
    assert!(world.oauth().deny(device.user_code().unwrap()));
    let error = fast(device.wait()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
}

#[tokio::test]
async fn resource_urls_in_every_shape() {
    use crate::{CredentialStore, Profile};

    for (scenario, expect) in [
        (S::PollResourceSlash, Some("/portal/v1")),
        (S::PollResourceUrl, Some("/portal/v1")),
        (S::PollResourceVersionSlash, Some("/portal/v1")),
        (S::PollResourceHost, Some("https://portal.qwen.ai/v1")),
        (S::PollResourceBlank, None),
        (S::PollResourceForeign, None),
    ] {
        let (world, login) = login(scenario, FOR_EVER).await;
        let profile = Profile::Login(login.unwrap());
        world.store.put(&world.id, &profile).await.unwrap();
        let found = world.credential().credential().await;
        match (found, expect) {
            (Ok(found), Some(expect)) => {
                let url = found.base_url().unwrap().to_owned();
                assert_eq!(
                    url.replace(world.emulator.origin(), ""),
                    expect,
                    "{scenario}"
                );
            }
            (Err(error), None) => assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{scenario}"),
            (found, _) => panic!("{scenario}: {found:?}"),
        }
    }
}

#[tokio::test]
async fn refreshes_that_succeed() {
    for scenario in [
        S::RefreshNoRotation,
        S::RefreshEmptyToken,
        S::RefreshNoToken,
        S::RefreshNoResource,
        S::RefreshExpiresZero,
        S::RefreshExpiresMissing,
        S::RefreshExpiresText,
        S::RefreshSlow,
    ] {
        let world = World::new().await;
        let issued = world.logged_in(Left::Nothing).await;
        world.oauth().scenario(scenario);
        let found = fast(world.credential().credential()).await;
        let found = found.unwrap_or_else(|error| panic!("{scenario}: {error}"));
        assert_ne!(found.key().expose(), issued.access, "{scenario}");
        assert!(world.oauth().is_good(found.key().expose()), "{scenario}");
        // Saved before it was used.
        assert_eq!(world.stored().await.access(), found.key(), "{scenario}");
        assert_eq!(world.token().await, found.key().expose(), "{scenario}");
        assert_eq!(world.token_requests().len(), 1, "{scenario}");
    }
}

#[tokio::test]
async fn refreshes_that_fail() {
    for (scenario, kind) in [
        (S::RefreshRefused, ErrorKind::Refused),
        (S::RefreshUnauthorized, ErrorKind::Refused),
        (S::RefreshBadRequestPage, ErrorKind::Blocked),
        (S::RefreshChallenge, ErrorKind::Blocked),
        (S::RefreshGateway, ErrorKind::Blocked),
        (S::RefreshRedirect, ErrorKind::Protocol),
    ] {
        let world = World::new().await;
        world.logged_in(Left::Nothing).await;
        let before = world.stored().await;
        world.oauth().scenario(scenario);
        let error = world.credential().credential().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{scenario}: {error}");
        assert_eq!(
            world.stored().await,
            before,
            "{scenario}: the store was changed"
        );
    }
}

/// A peer without locking rewrites the file while we hold our lock and wait for the response.
#[tokio::test]
async fn a_peer_rewrites_the_clis_file_while_the_lock_is_held() {
    let world = World::new().await;
    let first = world.oauth().issue();
    let file = world.shared(&first, Left::Nothing).await;
    world.oauth().scenario_times(S::RefreshSlow, 1);
    let credential = world.credential();
    let peer_saves = async {
        world.requested(1).await;
        assert!(file.path().with_file_name("oauth_creds.lock").exists());
        let peer = world.oauth().issue();
        world.cli_file(&peer, Left::Hours);
        peer
    };
    let (found, peer) = fast(async { tokio::join!(credential.credential(), peer_saves) }).await;
    assert_eq!(found.unwrap().key().expose(), peer.access);
    assert_eq!(world.cli_json()["refresh_token"], peer.refresh);
}

#[tokio::test]
async fn a_redirect_names_its_host_and_is_not_followed() {
    let world = World::new().await;
    world.logged_in(Left::Nothing).await;
    world.oauth().scenario(S::RefreshRedirect);
    let error = world.credential().credential().await.unwrap_err();
    assert!(error.to_string().contains("elsewhere.example,"), "{error}");
    assert!(!error.to_string().contains("token=1"), "{error}");
}

#[tokio::test]
async fn a_lost_response_is_retried_once_and_then_reported() {
    let world = World::new().await;
    world.logged_in(Left::Nothing).await;
    world.oauth().scenario_times(S::RefreshLost, 1);
    let error = world.credential().credential().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains("interrupted refresh"), "{error}");
    assert_eq!(world.token_requests().len(), 2);
}

#[tokio::test]
async fn a_valid_token_survives_a_failing_refresh() {
    let world =
        World::with(|builder| builder.refresh_ahead(std::time::Duration::from_secs(7 * 3600)))
            .await;
    let issued = world.logged_in(Left::Hours).await;
    for scenario in [S::RefreshChallenge, S::RefreshGateway] {
        world.oauth().clear_scenarios();
        world.oauth().scenario(scenario);
        assert_eq!(world.token().await, issued.access, "{scenario}");
    }
}

/// The portal API's responses, and whether they lead to a refresh.
#[tokio::test]
async fn only_a_401_from_the_api_leads_to_a_refresh() {
    for (scenario, status) in [
        (S::ApiUnauthorized, 401),
        (S::ApiForbiddenQuota, 403),
        (S::ApiQuota, 429),
        (S::ApiRate, 429),
        (S::ApiBadRequest, 400),
    ] {
        let world = World::new().await;
        let issued = world.logged_in(Left::Hours).await;
        world.oauth().scenario_times(scenario, 1);
        let credential = world.credential();
        let found = credential.credential().await.unwrap();
        let http = qwen_openclaw_http::Client::builder().build().unwrap();
        let models = || {
            let url = format!("{}/models", found.base_url().unwrap());
            http.get(url).bearer(found.key().expose()).unwrap()
        };
        let error = http.send(models()).await.unwrap_err();
        assert_eq!(error.status(), Some(status), "{scenario}");
        assert_eq!(error.retry_after().is_some(), scenario == S::ApiRate);
        http.send(models()).await.unwrap();
        // Only a 401 makes a client ask for another token; nothing else touches what is stored.
        if status != 401 {
            assert_eq!(world.stored().await.refresh_text(), Some(&*issued.refresh));
            assert_eq!(world.token().await, issued.access);
            assert!(world.token_requests().is_empty(), "{scenario}");
            continue;
        }
        let renewed = credential.refresh(&found).await.unwrap().unwrap();
        assert_eq!(world.oauth().stats().refreshes, 1);
        // The service rejects that one as well: final, and reported as such.
        world.oauth().expire(renewed.key().expose());
        let again = http.get(format!("{}/models", renewed.base_url().unwrap()));
        let again = again.bearer(renewed.key().expose()).unwrap();
        assert_eq!(http.send(again).await.unwrap_err().status(), Some(401));
        let error = credential.refresh(&renewed).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.to_string().contains("2026-04-15"), "{error}");
        assert_eq!(world.oauth().stats().refreshes, 1);
    }
}
