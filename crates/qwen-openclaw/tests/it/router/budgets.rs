//! Budgets refuse before anything is sent.

use qwen_openclaw::{
    ErrorKind,
    routing::{AttemptOutcome, Budget, Limit, Period, Router, UsageFilter},
};

use super::{CLAUDE, QWEN, Three, entries, refused, shown};

pub(super) fn requests(limit: u64) -> Budget {
    Budget::new("daily", Period::Day, Limit::Requests(limit))
}

#[tokio::test]
async fn a_budget_without_room_refuses_before_anything_is_sent() {
    let three = Three::start().await;
    let router = Router::builder().budget(requests(1)).build();
    let qwen = three.routed(&router);
    qwen.chat(QWEN).user("hi").send().await.unwrap();
    let error = refused(qwen.chat(QWEN).fallbacks([CLAUDE]).user("hi").send().await);
    assert_eq!(error.kind(), ErrorKind::Budget);
    assert_eq!(error.exceeded().unwrap().budget.name, "daily");
    assert_eq!(error.exceeded().unwrap().used.requests, 1);
    assert!(!error.is_transient() && error.status().is_none());
    assert!(
        error.to_string().contains("the budget \"daily\""),
        "{error}"
    );
    assert_eq!(three.seen(), [1, 0, 0]);
    assert_eq!(entries(&router).await.len(), 1);
}

#[tokio::test]
async fn a_cheaper_model_is_taken_where_the_budget_says_so() {
    let three = Three::start().await;
    let filter = UsageFilter {
        model: Some("qwen3.6-plus".to_owned()),
        ..UsageFilter::default()
    };
    let budget = requests(1).filter(filter).advances(true);
    let router = Router::builder().budget(budget).build();
    let qwen = three.routed(&router);
    let ask = || {
        qwen.chat(QWEN)
            .fallbacks([CLAUDE])
            .user("hi")
            .send_answered()
    };
    assert_eq!(ask().await.unwrap().model_ref(), QWEN);
    let second = ask().await.unwrap();
    assert_eq!(second.model_ref(), CLAUDE);
    assert!(matches!(
        second.attempts[0].outcome,
        AttemptOutcome::OverBudget(_)
    ));
    assert_eq!(shown(&second.attempts).len(), 2);
    assert_eq!(three.seen(), [1, 1, 0]);
}

#[tokio::test]
async fn what_is_on_its_way_counts_by_estimate() {
    let three = Three::start().await;
    let budget = Budget::new("tokens", Period::Day, Limit::Tokens(2_000));
    let router = Router::builder().budget(budget).build();
    let qwen = three.routed(&router);
    // 1,000 tokens are reserved for an answer without a limit, and a few for the question.
    let first = qwen.chat(QWEN).user("hi").stream().await.unwrap();
    let error = refused(qwen.chat(QWEN).user("hi").send().await);
    assert_eq!(error.kind(), ErrorKind::Budget);
    assert!(error.exceeded().unwrap().reserved.tokens > 1_000);
    // A short answer has room.
    qwen.chat(QWEN)
        .user("hi")
        .max_tokens(100)
        .send()
        .await
        .unwrap();
    // What was really used is less.
    first.finish().await.unwrap();
    qwen.chat(QWEN).user("hi").send().await.unwrap();
}

#[cfg(feature = "video")]
#[tokio::test]
async fn videos_keep_to_budgets_too() {
    let three = Three::start().await;
    let router = Router::builder().budget(requests(0)).build();
    let qwen = three.routed(&router);
    let error = refused(qwen.video("wan2.6-t2v").prompt("a cat").submit().await);
    assert_eq!(error.kind(), ErrorKind::Budget);
    assert_eq!(three.seen(), [0, 0, 0]);
}
