//! Embeddings and rankings through the router.

use qwen_openclaw::ErrorKind;

use super::*;

const EMBED: &str = "qwen/text-embedding-v4";

#[tokio::test]
async fn each_request_is_counted_by_its_service() {
    let three = Three::start().await;
    let router = Router::new();
    let qwen = three.routed(&router);
    let texts = (0..23).map(|number| format!("text number {number}"));
    let embeddings = qwen.embed(EMBED).dimensions(64).send(texts).await.unwrap();
    assert_eq!(embeddings.vectors().len(), 23);
    let request = qwen.rerank("qwen/qwen3-rerank", "ocean animals");
    let ranking = request
        .texts(["a red fox", "ocean animals"])
        .send()
        .await
        .unwrap();
    assert_eq!(ranking.results()[0].index, 1);
    let entries = entries(&router).await;
    let services: Vec<&str> = entries.iter().map(|entry| &*entry.kind).collect();
    assert_eq!(services, ["embed", "embed", "embed", "rerank"]);
    let counted: u64 = entries[..3].iter().map(|entry| entry.tokens.input).sum();
    assert_eq!(Some(counted), embeddings.usage().tokens);
    assert_eq!(Some(entries[3].tokens.input), ranking.usage().tokens);
    assert!(
        entries
            .iter()
            .all(|entry| entry.outcome == Outcome::Answered)
    );
}

#[tokio::test]
async fn a_budget_ends_the_texts_and_keeps_what_was_embedded() {
    let three = Three::start().await;
    let router = Router::builder().budget(budgets::requests(2)).build();
    let qwen = three.routed(&router);
    let texts = (0..40).map(|number| format!("text number {number}"));
    let request = qwen.embed(EMBED).dimensions(64);
    let request = request.with(|request| request.concurrency(std::num::NonZeroUsize::MIN));
    let error = refused(request.send(texts).await);
    assert_eq!(error.kind(), ErrorKind::Budget);
    assert!(error.exceeded().is_some());
    let failed = error.as_embeddings().unwrap();
    assert_eq!(failed.inputs(), Some(20..30));
    assert_eq!(failed.embedded().vectors().len(), 20);
    assert_eq!(three.seen(), [2, 0, 0]);
}

#[tokio::test]
async fn no_other_model_is_asked() {
    let three = Three::start().await;
    three
        .qwen
        .fault(FaultRule::new(FaultKind::ModelUnavailable));
    let router = Router::new();
    let qwen = three.routed(&router);
    let error = refused(qwen.embed(EMBED).send(["a"]).await);
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(error.status(), Some(503));
    assert_eq!(three.seen(), [1, 0, 0]);
    // It is tried again although it is cooling down.
    refused(qwen.embed(EMBED).send(["a"]).await);
    assert_eq!(three.seen(), [1, 0, 0]);
}

#[cfg(feature = "store")]
#[tokio::test]
async fn another_account_of_the_same_model_is_asked() {
    use qwen_openclaw::auth::{CredentialStore, MemoryStore, Profile};

    let three = Three::start().await;
    let store = MemoryStore::new();
    let revoked = ApiKey::parse("sk-revoked-0123456789").unwrap();
    let plan = ApiKey::parse("sk-sp-0123456789abcdef").unwrap();
    for (id, key) in [
        ("qwen:default", revoked),
        ("qwen:plan", plan),
        ("qwen:work", standard()),
    ] {
        let profile = Profile::from(key);
        store.put(&id.parse().unwrap(), &profile).await.unwrap();
    }
    // Only the last key is known there.
    let emulator = Emulator::builder().require_key(standard().expose());
    let emulator = emulator.start().await.unwrap();
    let router = Router::new();
    let builder = three.builder().base_url(emulator.base_url());
    let builder = builder.store(Arc::new(store)).router(router.clone());
    let qwen = builder.build().unwrap();
    let request = qwen.embed(EMBED).dimensions(64);
    let embeddings = request.send(["a fox"]).await.unwrap();
    assert_eq!(embeddings.vectors().len(), 1);
    let entries = entries(&router).await;
    let credentials: Vec<&str> = entries.iter().map(|entry| &*entry.credential).collect();
    assert_eq!(credentials, ["qwen:default", "qwen:work"]);
    let sent = emulator.take_requests();
    assert_eq!(sent.len(), 2);
}
