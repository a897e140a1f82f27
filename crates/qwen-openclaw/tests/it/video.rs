//! Videos through the facade.

use qwen_openclaw::{
    ErrorKind, Qwen,
    auth::ApiKey,
    catalog::{Plan, Region},
    video::{Strictness, task::Phase},
};
use qwen_openclaw_emulator::{self as emulator, Emulator};

fn key(text: &str) -> ApiKey {
    ApiKey::parse(text).unwrap()
}

fn standard(region: emulator::Region) -> ApiKey {
    key(&Emulator::key_for(emulator::Plan::Standard, region))
}

#[tokio::test]
async fn a_plan_key_and_a_video_key_work_side_by_side() {
    let service = Emulator::start().await.unwrap();
    let (plan, region) = (emulator::Plan::Coding, emulator::Region::China);
    let builder = Qwen::builder()
        .base_url(service.base_url_for(plan, region))
        .api_key(key("sk-sp-0123456789abcdef"));
    let error = builder.clone().build().unwrap();
    let error = error
        .video("wan2.6-t2v")
        .prompt("x")
        .submit()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(needs_standard_key(&error), "{error:?}");
    assert!(service.requests().is_empty());

    let qwen = builder.video_api_key(standard(region)).build().unwrap();
    let job = qwen
        .video("qwen/wan2.6-t2v")
        .prompt("x")
        .submit()
        .await
        .unwrap();
    assert_eq!(job.record().phase(), Phase::Submitted);
    // It went to the video host of the plan's region.
    assert_eq!(service.video().tasks()[0].region(), region);
    // Chat still uses the plan's key.
    qwen.chat("qwen3.5-plus").user("hi").send().await.unwrap();
    let requests = service.requests();
    let sent = requests.last().unwrap().header("authorization").unwrap();
    assert!(sent.ends_with("sk-sp-0123456789abcdef"), "{sent}");
}

#[tokio::test]
async fn the_region_is_that_of_the_base_url() {
    for (plan, region, origin) in [
        (
            Plan::Standard,
            Region::Global,
            "https://dashscope-intl.aliyuncs.com",
        ),
        (
            Plan::Coding,
            Region::China,
            "https://dashscope.aliyuncs.com",
        ),
        (
            Plan::Token,
            Region::Global,
            "https://dashscope-intl.aliyuncs.com",
        ),
    ] {
        let qwen = Qwen::builder()
            .plan(plan)
            .region(region)
            .api_key(key("sk-0123456789"));
        let client = qwen.build().unwrap().video_client().await.unwrap();
        assert_eq!((client.origin(), client.region()), (origin, Some(region)));
    }
}

#[tokio::test]
async fn what_is_refused_has_a_kind() {
    let qwen = Qwen::builder()
        .api_key(key("sk-0123456789"))
        .build()
        .unwrap();
    for (model, said) in [
        ("qwen/wan9", "no video model"),
        ("qwen-oauth/wan2.6-t2v", "does not generate videos"),
        ("nobody/wan2.6-t2v", "nobody"),
    ] {
        let error = qwen.video(model).prompt("x").submit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{model}");
        assert!(error.to_string().contains(said), "{error}");
    }
    let long = qwen.video("wan2.6-t2v").prompt("x").seconds(99);
    assert_eq!(
        long.submit().await.unwrap_err().kind(),
        ErrorKind::InvalidRequest
    );
    let request = long.strictness(Strictness::Normalise).request().unwrap();
    let checked = request.check(Strictness::Normalise).unwrap();
    assert_eq!(checked.seconds(), 15);
    let error = Qwen::builder()
        .build()
        .unwrap()
        .video_client()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
}

#[cfg(feature = "store")]
#[tokio::test]
async fn the_standard_profile_works_beside_a_plan_key() {
    use std::sync::Arc;

    use qwen_openclaw::auth::{CredentialStore, Environment, MemoryStore, Profile};

    let service = Emulator::start().await.unwrap();
    let region = emulator::Region::Global;
    let plan = [("QWEN_API_KEY", "sk-sp-0123456789abcdef")];
    let store = Arc::new(MemoryStore::default());
    let qwen = |key: Option<ApiKey>| {
        let builder = Qwen::builder()
            .environment(Environment::from_pairs(plan))
            .base_url(service.base_url())
            .store(Arc::clone(&store) as Arc<dyn CredentialStore>);
        let builder = match key {
            Some(key) => builder.api_key(key),
            None => builder,
        };
        builder.build().unwrap()
    };
    let submit = |qwen: Qwen| async move { qwen.video("wan2.6-t2v").prompt("x").submit().await };
    // Nothing stored: the plan's key is all there is.
    let error = submit(qwen(None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(needs_standard_key(&error), "{error:?}");
    // Stored: it is used beside the key in the environment, and beside an explicit one of a plan.
    let id = "qwen:standard".parse().unwrap();
    store
        .put(&id, &Profile::from(standard(region)))
        .await
        .unwrap();
    submit(qwen(None)).await.unwrap();
    submit(qwen(Some(key("sk-sp-0123456789abcdef"))))
        .await
        .unwrap();
    // An explicit Standard key takes precedence.
    let china = standard(emulator::Region::China);
    let error = submit(qwen(Some(china))).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
}

fn needs_standard_key(error: &qwen_openclaw::Error) -> bool {
    use qwen_openclaw::{Hint, video};

    let hint = error.as_task().and_then(video::Error::hint);
    matches!(
        hint,
        Some(video::Hint::Call(Hint::TasksNeedStandardKey { .. }))
    )
}
