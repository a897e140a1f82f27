//! Who is asked, in which order, and after which failures.

use std::{error::Error as _, sync::Arc};

use qwen_openclaw::{
    CustomProvider, ErrorKind, Qwen,
    auth::{ApiKey, CredentialStore, MemoryStore, Profile},
    catalog::Provider,
    chat::{Event, Message},
    routing::{AttemptOutcome, Budget, Limit, Outcome, Period, Router},
};
use qwen_openclaw_emulator::{Fault, FaultKind, FaultRule, Plan, Region};

use super::{CHAIN, CLAUDE, GPT, QWEN, Three, outcomes, refused, shown, standard};

#[tokio::test]
async fn the_documented_chain_goes_on_for_the_right_reasons() {
    for (fault, kind) in [
        (FaultKind::LimitRequests, "rate_limit"),
        (FaultKind::NoBody429, "rate_limit"),
        (FaultKind::FreeTierExhausted, "quota"),
        (FaultKind::PrepaidBillOverdue, "billing"),
        (FaultKind::WrongRegion, "auth"),
        (FaultKind::ModelForbidden, "permission"),
        (FaultKind::InternalError, "server"),
        (FaultKind::BadGateway, "server"),
        (FaultKind::ResetBefore, "network"),
        (FaultKind::TruncateCleanly, "truncated"),
    ] {
        let three = Three::start().await;
        three.qwen.fault(FaultRule::new(Fault::new(fault).after(0)));
        let qwen = three.routed(&Router::new());
        let chat = qwen.chat(QWEN).fallbacks(CHAIN).user("hi");
        let answered = chat.send_answered().await.unwrap();
        assert_eq!(answered.model_ref(), CLAUDE, "{fault}");
        assert!(!answered.answer.text().is_empty());
        assert_eq!(
            shown(&answered.attempts),
            [
                format!("{QWEN} (explicit): {kind}"),
                format!("{CLAUDE} (explicit): answered"),
            ]
        );
        assert_eq!(three.seen(), [1, 1, 0], "{fault}");
    }
}

#[tokio::test]
async fn the_chain_ends_for_what_others_would_refuse_too() {
    for (fault, kind) in [
        (FaultKind::DataInspection, ErrorKind::ContentFilter),
        (FaultKind::StreamError, ErrorKind::ContentFilter),
        (FaultKind::AudioStatus, ErrorKind::InvalidRequest),
    ] {
        let three = Three::start().await;
        three.qwen.fault(FaultRule::new(Fault::new(fault).after(0)));
        let qwen = three.routed(&Router::new());
        let chat = qwen.chat(QWEN).fallbacks(CHAIN).user("hi");
        let error = refused(chat.send().await);
        assert_eq!(error.kind(), kind);
        assert_eq!(error.attempts().len(), 1);
        assert_eq!(three.seen(), [1, 0, 0], "{fault}");
    }
}

#[tokio::test]
async fn an_explicit_model_is_strict() {
    let three = Three::start().await;
    three.break_qwen(FaultKind::LimitRequests);
    let qwen = three.routed(&Router::new());
    let plain = three.builder().api_key(standard()).build().unwrap();
    let without = refused(plain.chat(QWEN).user("hi").send().await);
    // Again and again: a cooldown is no reason not to ask the only model that the user wants.
    for _ in 0..3 {
        let error = refused(qwen.chat(QWEN).user("hi").send().await);
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        // It reads as it does without a router.
        assert_eq!(error.to_string(), without.to_string());
        assert_eq!(error.hint(), without.hint());
        assert_eq!(error.status(), Some(429));
        assert!(error.request_id().is_some() && error.as_chat().is_some());
    }
    assert_eq!(three.seen(), [4, 0, 0]);
}

#[tokio::test]
async fn who_is_cooling_down_is_not_asked_again() {
    let three = Three::start().await;
    three.break_qwen(FaultKind::LimitRequests);
    let qwen = three.routed(&Router::new());
    let ask = || qwen.chat(QWEN).fallbacks(CHAIN).user("hi").send_answered();
    ask().await.unwrap();
    let again = ask().await.unwrap();
    assert_eq!(three.seen(), [1, 2, 0]);
    let AttemptOutcome::CoolingDown { kind, .. } = again.attempts[0].outcome else {
        panic!("{:?}", again.attempts);
    };
    assert_eq!(kind, ErrorKind::RateLimited);
    // It is the model that is throttled, not the account.
    let other = qwen.chat("qwen/qwen3.6-flash").fallbacks(CHAIN).user("hi");
    three.qwen.clear_faults();
    let other = other.send_answered().await.unwrap();
    assert_eq!(other.attempts.len(), 1);
}

#[tokio::test]
async fn a_key_that_is_refused_cools_down_for_every_model() {
    let three = Three::start().await;
    three.break_qwen(FaultKind::WrongRegion);
    let qwen = three.routed(&Router::new());
    let ask = |model: &str| qwen.chat(model).fallbacks(CHAIN).user("hi").send_answered();
    ask(QWEN).await.unwrap();
    ask("qwen/qwen3.6-flash").await.unwrap();
    assert_eq!(three.seen(), [1, 2, 0]);
}

#[tokio::test]
async fn nothing_is_replayed_after_the_first_content() {
    let three = Three::start().await;
    three.break_qwen(FaultKind::Reset);
    let router = Router::new();
    let qwen = three.routed(&router);
    let chat = qwen.chat(QWEN).fallbacks(CHAIN).user("hi");
    let mut stream = chat.stream().await.unwrap();
    let mut pieces = 0;
    let error = loop {
        match stream.next().await.unwrap() {
            Ok(Event::Text(_) | Event::Reasoning(_)) => pieces += 1,
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(pieces > 0);
    assert!(matches!(
        error.kind(),
        ErrorKind::Network | ErrorKind::Truncated
    ));
    assert_eq!(three.seen(), [1, 0, 0]);
    let failed = Outcome::Failed(error.kind());
    assert_eq!(
        outcomes(&router).await,
        [("qwen3.6-plus".to_owned(), failed, true)]
    );
}

#[tokio::test]
async fn exhaustion_names_every_attempt_and_when_to_try_again() {
    let three = Three::start().await;
    let throttled = Fault::new(FaultKind::LimitRequests).retry_after("20");
    three.qwen.fault(FaultRule::new(throttled));
    three
        .anthropic
        .fault(FaultRule::new(FaultKind::PrepaidBillOverdue));
    three.openai.fault(FaultRule::new(FaultKind::InternalError));
    let qwen = three.routed(&Router::new());
    let error = refused(qwen.chat(QWEN).fallbacks(CHAIN).user("hi").send().await);
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(
        error.to_string(),
        format!(
            "no model answered: {QWEN} (explicit): rate_limit; {CLAUDE} (explicit): billing; \
             {GPT} (explicit): server; retry in 20 s"
        )
    );
    assert!(error.retry_at().is_some());
    // The cause is the last attempt, which has its own.
    let cause = error.source().unwrap().to_string();
    assert!(!cause.is_empty() && !error.to_string().contains(&cause));
    assert_eq!(three.seen(), [1, 1, 1]);

    // Nothing is asked while all are cooling down.
    let error = refused(qwen.chat(QWEN).fallbacks(CHAIN).user("hi").send().await);
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert!(error.to_string().starts_with("no model could be tried"));
    assert!(error.as_chat().is_none() && error.source().is_none());
    assert_eq!(three.seen(), [0, 0, 0]);
}

#[tokio::test]
async fn models_that_cannot_serve_the_request_are_left_out() {
    let three = Three::start().await;
    let qwen = three.routed(&Router::new());
    let chat = qwen
        .chat("qwen/qwen3-coder-plus")
        .fallbacks([QWEN])
        .user("what is it?")
        .image("https://example.com/cat.png");
    let answered = chat.send_answered().await.unwrap();
    assert_eq!(answered.model_ref(), QWEN);
    let AttemptOutcome::Unfit(reason) = &answered.attempts[0].outcome else {
        panic!("{:?}", answered.attempts);
    };
    assert!(reason.contains("does not accept image input"), "{reason}");
    assert_eq!(three.seen(), [1, 0, 0]);

    // Too long for one of them.
    let long = "four".repeat(300_000);
    let chat = qwen.chat("qwen/qwen3-coder-next").fallbacks([QWEN]);
    let answered = chat.user(long).send_answered().await.unwrap();
    assert_eq!(answered.model_ref(), QWEN);
    assert!(answered.attempts[0].to_string().contains("do not fit"));
}

#[tokio::test]
async fn the_accounts_of_a_provider_come_before_the_next_model() {
    let three = Three::start().await;
    let store = MemoryStore::new();
    for (id, key) in [
        (
            "qwen:default",
            ApiKey::parse("sk-revoked-0123456789").unwrap(),
        ),
        ("qwen:work", standard()),
    ] {
        let profile = Profile::from(key);
        store.put(&id.parse().unwrap(), &profile).await.unwrap();
    }
    // Only the second key is known there.
    let emulator = qwen_openclaw_emulator::Emulator::builder();
    let emulator = emulator.require_key(standard().expose());
    let emulator = emulator.start().await.unwrap();
    let router = Router::new();
    let builder = three.builder().base_url(emulator.base_url());
    let builder = builder.store(Arc::new(store)).router(router.clone());
    let qwen = builder.build().unwrap();
    let answered = qwen.chat(QWEN).user("hi").send_answered().await.unwrap();
    assert_eq!(
        shown(&answered.attempts),
        [
            format!("{QWEN} (qwen:default): auth"),
            format!("{QWEN} (qwen:work): answered"),
        ]
    );
    let sent = emulator.take_requests();
    let keys = sent
        .iter()
        .map(|sent| sent.header("authorization").unwrap());
    let keys: Vec<_> = keys.map(|key| key.trim_start_matches("Bearer ")).collect();
    assert_eq!(keys, ["sk-revoked-0123456789", standard().expose()]);
    // From then on the one that works.
    qwen.chat(QWEN).user("hi").send().await.unwrap();
    assert_eq!(emulator.take_requests().len(), 1);
}

#[tokio::test]
async fn an_account_whose_plan_lacks_the_model_is_left_out() {
    let store = MemoryStore::new();
    for (id, key) in [
        ("qwen:default", "sk-sp-0123456789abcdef"),
        ("qwen:standard", "sk-0123456789abcdef"),
    ] {
        let profile = Profile::from(ApiKey::parse(key).unwrap());
        store.put(&id.parse().unwrap(), &profile).await.unwrap();
    }
    // Nothing is sent, since the budget has no room.
    let budget = Budget::new("none", Period::Day, Limit::Requests(0));
    let router = Router::builder().budget(budget).build();
    let builder = Qwen::builder().store(Arc::new(store)).router(router);
    let qwen = builder.build().unwrap();
    let error = refused(qwen.chat("qwen/qwen3.6-flash").user("hi").send().await);
    let [plan, own] = error.attempts() else {
        panic!("{error:?}")
    };
    assert_eq!(
        (&*plan.credential, &*own.credential),
        ("qwen:default", "qwen:standard")
    );
    assert!(matches!(plan.outcome, AttemptOutcome::Unfit(_)));
    assert!(matches!(own.outcome, AttemptOutcome::OverBudget(_)));
}

#[tokio::test]
async fn a_plan_key_is_no_fallback_from_another_provider() {
    let three = Three::start().await;
    three
        .anthropic
        .fault(FaultRule::new(FaultKind::LimitRequests));
    let coding = three.qwen.base_url_for(Plan::Coding, Region::Global);
    let build = |router| {
        let builder = three.builder().base_url(&coding).router(router);
        builder.api_key("sk-sp-0123456789abcdef").build().unwrap()
    };
    let plan = "qwen/qwen3.5-plus";
    let qwen = build(Router::new());
    let error = refused(qwen.chat(CLAUDE).fallbacks([plan]).user("hi").send().await);
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.attempts()[1].outcome, AttemptOutcome::PlanKey);
    assert_eq!(three.seen(), [0, 1, 0]);
    // Where the user chose it, it is used, and where it was allowed.
    qwen.chat(plan).user("hi").send().await.unwrap();
    let qwen = build(Router::builder().allow_plan_keys(true).build());
    let chat = qwen.chat(CLAUDE).fallbacks([plan]).user("hi");
    let answered = chat.send_answered().await.unwrap();
    assert_eq!(answered.model_ref(), plan);
}

#[tokio::test]
async fn a_fallback_that_is_unknown_or_has_no_key_stops_no_other() {
    let three = Three::start().await;
    three.break_qwen(FaultKind::InternalError);
    let router = Router::new();
    let provider = |id: &str| CustomProvider::new(id, three.openai.base_url()).unwrap();
    let builder = Qwen::builder()
        .base_url(three.qwen.base_url())
        .api_key(standard())
        .retry(qwen_openclaw::chat::RetryPolicy::none())
        .provider(provider("openai").api_key(standard()))
        .router(router.clone());
    let qwen = builder.build().unwrap();
    let chat = qwen.chat(QWEN).fallbacks(["nowhere/model", GPT]).user("hi");
    let answered = chat.send_answered().await.unwrap();
    assert_eq!(answered.model_ref(), GPT);
    let shown = super::shown(&answered.attempts);
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert!(
        shown[1].starts_with("nowhere/model: unknown provider"),
        "{shown:?}"
    );
    // So does one that is no ref, which is named as it is written.
    let chat = qwen.chat(QWEN).fallbacks(["a b/c", "qwen/"]).user("hi");
    let error = refused(chat.send().await);
    let refs: Vec<_> = error.attempts().iter().map(|one| one.model_ref()).collect();
    assert_eq!(refs, [QWEN, "a b/c", "qwen/"]);
    assert!(error.attempts()[1].provider.is_none());
    let token = format!("{}/qwen3.6-plus", Provider::QWEN_TOKEN_PLAN);
    let chat = qwen.chat(token).fallbacks([GPT]).user("hi");
    let answered = chat.send_answered().await.unwrap();
    assert_eq!(answered.model_ref(), GPT);
    assert!(answered.attempts[0].to_string().ends_with(": auth"));
    // The first model must be one.
    let chat = qwen.chat("nowhere/model").fallbacks([GPT]).user("hi");
    assert_eq!(refused(chat.send().await).kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn without_a_router_nothing_is_routed() {
    let three = Three::start().await;
    let qwen = three.builder().api_key(standard()).build().unwrap();
    let chat = qwen.chat(QWEN).user("hi");
    let answered = chat.send_answered().await.unwrap();
    assert_eq!(answered.model_ref(), QWEN);
    assert!(answered.attempts.is_empty());
    let error = refused(qwen.chat(QWEN).fallbacks(CHAIN).user("hi").send().await);
    assert_eq!(
        error.to_string(),
        "fallbacks need a router, which was not set up"
    );
    let messages = [Message::user("hi")];
    let error = refused(qwen.chat("nowhere/m").messages(messages).send().await);
    assert!(error.attempts().is_empty());
}

#[cfg(feature = "config")]
#[tokio::test]
async fn the_configuration_decides_on_the_chain_and_on_the_tiers_of_agents() {
    use qwen_openclaw::{
        auth::Environment,
        config::{Config, Document},
    };

    let three = Three::start().await;
    let text = r#"{
        agents: {
            defaults: { model: {
                primary: "qwen/qwen3.6-plus",
                fallbacks: ["anthropic/claude-sonnet-4-20250514", "openai/gpt-4o"],
            } },
            list: [
                { id: "quick-tasks", model: "openai/gpt-4o" },
                { id: "alone", model: { primary: "qwen/qwen3.6-plus", fallbacks: [] } },
                { id: "complex-tasks", model: {
                    primary: "anthropic/claude-sonnet-4-20250514", fallbacks: ["qwen/qwen3.6-plus"],
                } },
            ],
        },
    }"#;
    let document = Document::parse(text).unwrap();
    let config = Config::of(&document, &Environment::empty());
    let router = Router::new();
    let builder = three.builder().api_key(standard()).openclaw(config);
    let qwen = builder.router(router.clone()).build().unwrap();
    let ask = async |agent: Option<&str>| {
        let chat = qwen.chat_default().unwrap().user("hi");
        let chat = match agent {
            Some(agent) => chat.agent(agent),
            None => chat,
        };
        chat.send_answered().await.unwrap().model_ref()
    };
    assert_eq!(ask(None).await, QWEN);
    assert_eq!(ask(Some("quick-tasks")).await, GPT);
    assert_eq!(ask(Some("complex-tasks")).await, CLAUDE);
    assert_eq!(ask(Some("unknown")).await, QWEN);
    let agents = super::entries(&router).await.into_iter();
    let agents: Vec<_> = agents.map(|entry| entry.agent).collect();
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(
        agents,
        [
            None,
            named("quick-tasks"),
            named("complex-tasks"),
            named("unknown")
        ]
    );
    three.break_qwen(FaultKind::InternalError);
    assert_eq!(ask(None).await, CLAUDE);
    three.anthropic.fault(FaultRule::new(FaultKind::Throttling));
    // Its own fallbacks, and nothing else.
    let chat = qwen.chat_default().unwrap().agent("complex-tasks");
    let error = refused(chat.user("hi").send().await);
    let models: Vec<_> = error.attempts().iter().map(|one| one.model_ref()).collect();
    assert_eq!(models, [CLAUDE, QWEN]);
    // An empty list is one of its own.
    let chat = qwen.chat_default().unwrap().agent("alone");
    let error = refused(chat.user("hi").send().await);
    let models: Vec<_> = error.attempts().iter().map(|one| one.model_ref()).collect();
    assert_eq!(models, [QWEN]);
}
