//! Each endpoint's keys against all endpoints of the emulator.

use qwen_openclaw_emulator::{self as emulator, Emulator};

use super::*;

/// The emulator in place of every endpoint.
fn check_at(emulator: &Emulator) -> KeyCheck {
    let http = qwen_openclaw_http::Client::builder().build().unwrap();
    Endpoint::all()
        .iter()
        .fold(KeyCheck::new(http), |check, endpoint| {
            let (plan, region) = place(*endpoint);
            check.base_url(*endpoint, emulator.base_url_for(plan, region))
        })
}

fn place(endpoint: Endpoint) -> (emulator::Plan, emulator::Region) {
    let plan = match endpoint.plan() {
        Plan::Coding => emulator::Plan::Coding,
        Plan::Token => emulator::Plan::Token,
        Plan::Portal => emulator::Plan::Portal,
        _ => emulator::Plan::Standard,
    };
    let region = match endpoint.region() {
        qwen_openclaw_catalog::Region::China => emulator::Region::China,
        _ => emulator::Region::Global,
    };
    (plan, region)
}

fn key_of(endpoint: Endpoint) -> ApiKey {
    let (plan, region) = place(endpoint);
    ApiKey::parse(Emulator::key_for(plan, region)).unwrap()
}

#[tokio::test]
async fn each_key_is_found_at_its_endpoint_whichever_was_tried() {
    let emulator = Emulator::start().await.unwrap();
    let check = check_at(&emulator);
    for home in Endpoint::all().iter().filter(|e| **e != Endpoint::Portal) {
        let key = key_of(*home);
        for tried in Endpoint::all() {
            let verdict = check.endpoint(&key, *tried).await.unwrap();
            if home == tried {
                assert!(matches!(verdict, KeyVerdict::Accepted), "{verdict:?}");
                continue;
            }
            assert!(matches!(verdict, KeyVerdict::Refused(_)), "{verdict:?}");
            let search = check.search(&key, *tried).await.unwrap();
            assert_eq!(search.found, Some(*home), "{tried:?}");
            assert!(search.unclear.is_empty());
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_but_one_listing_to_each_and_never_to_the_portal() {
    let emulator = Emulator::builder()
        .require_key("sk-another")
        .start()
        .await
        .unwrap();
    let check = check_at(&emulator);
    let key = ApiKey::parse("sk-0123456789").unwrap();
    let verdict = check.endpoint(&key, Endpoint::CodingChina).await.unwrap();
    let KeyVerdict::Refused(error) = verdict else {
        panic!("{verdict:?}");
    };
    assert!(!format!("{error:?} {error}").contains("0123456789"));
    let search = check.search(&key, Endpoint::CodingChina).await.unwrap();
    assert_eq!((search.found, search.refused.len()), (None, 5));
    let requests = emulator.requests();
    let mut paths: Vec<&str> = requests.iter().map(|request| request.path()).collect();
    assert_eq!(
        paths[..2],
        ["/cn/coding/v1/models", "/coding/v1/models"],
        "the other region comes first"
    );
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), 6);
    for request in &requests {
        assert_eq!(request.method(), "GET");
        assert!(request.path().ends_with("/v1/models"), "{}", request.path());
        assert!(!request.path().contains("portal"), "{}", request.path());
        assert!(request.body().is_empty());
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_asked_refuses_nothing() {
    let emulator = Emulator::start().await.unwrap();
    let url = emulator.base_url();
    emulator.fault("internal-error".parse::<emulator::FaultRule>().unwrap());
    let check = check_at(&emulator);
    let key = key_of(Endpoint::StandardGlobal);
    let verdict = check.endpoint(&key, Endpoint::StandardGlobal).await;
    assert!(matches!(verdict.unwrap(), KeyVerdict::Unclear(_)));
    assert_eq!(emulator.requests().len(), 1, "it is asked once");
    emulator.shutdown().await;
    let verdict = check.at(&Provider::QWEN, &key, &url).await.unwrap();
    assert!(matches!(verdict, KeyVerdict::Unclear(_)), "{verdict:?}");
    let refused = check.at(&Provider::QWEN, &key, "http://a.example/v1").await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidRequest);
}

#[test]
fn the_likeliest_endpoint_comes_first() {
    let first = |kind, tried| candidates(kind, tried)[0];
    let tried = Endpoint::StandardGlobal;
    assert_eq!(first(KeyKind::Standard, tried), Endpoint::StandardChina);
    assert_eq!(first(KeyKind::CodingPlan, tried), Endpoint::CodingGlobal);
    let tried = Endpoint::TokenChina;
    assert_eq!(first(KeyKind::CodingPlan, tried), Endpoint::CodingChina);
    for tried in Endpoint::all() {
        let all = candidates(KeyKind::Other, *tried);
        assert!(!all.contains(&Endpoint::Portal) && !all.contains(tried));
    }
}
