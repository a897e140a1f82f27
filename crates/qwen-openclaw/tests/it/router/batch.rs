//! Batches: within the budgets when they are submitted, and counted once when they are saved.

use std::fs;

use qwen_openclaw::{
    ErrorKind, Qwen,
    batch::{BatchFile, SaveOptions, Step, SubmitOptions},
    catalog::Provider,
    routing::{Budget, Limit, Outcome, Period, Router},
};
use qwen_openclaw_emulator::{Emulator, Reply, Script};
use serde_json::json;

use super::entries;

async fn service() -> Emulator {
    let only = |path: &str, reply: Reply| Script::from(reply).repeat_last().only(path);
    let file = json!({"id": "file-batch-1"});
    let batch = json!({"id": "batch_1", "status": "completed", "output_file_id": "out"});
    let results = json!({"custom_id": "a", "response": {"status_code": 200, "body":
        {"usage": {"prompt_tokens": 7, "completion_tokens": 3}}}});
    let builder = Emulator::builder()
        .script(only("/files", Reply::json(200, &file)))
        .script(only("/batches", Reply::json(200, &batch)))
        .script(only("/batches/batch_1", Reply::json(200, &batch)))
        .script(only("/files/out/content", Reply::json(200, &results)));
    builder.start().await.unwrap()
}

fn file(folder: &tempfile::TempDir) -> BatchFile {
    let path = folder.path().join("in.jsonl");
    let line = json!({"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body":
        {"model": "qwen3.5-plus", "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]}});
    fs::write(&path, line.to_string()).unwrap();
    BatchFile::check(path).unwrap()
}

fn qwen(service: &Emulator, router: &Router) -> Qwen {
    let builder = Qwen::builder().base_url_for(Provider::QWEN, service.base_url());
    let builder = builder
        .api_key("sk-0123456789abcdef")
        .router(router.clone());
    builder.build().unwrap()
}

#[tokio::test]
async fn a_batch_counts_as_a_request_and_its_lines_once_they_are_saved() {
    let (service, router) = (service().await, Router::new());
    let folder = tempfile::tempdir().unwrap();
    let batches = qwen(&service, &router).batch().unwrap();
    let batch = batches
        .submit(&file(&folder), &SubmitOptions::new())
        .await
        .unwrap();
    assert_eq!(batch.step(), Step::Created);
    let submitted = entries(&router).await;
    assert_eq!(submitted.len(), 1);
    let entry = &submitted[0];
    assert_eq!((&*entry.kind, &*entry.model), ("batch", "qwen3.5-plus"));
    assert_eq!(
        (entry.sends, entry.tokens.total(), entry.is_last),
        (1, 0, true)
    );
    for name in ["out.jsonl", "again.jsonl"] {
        let target = SaveOptions::new(folder.path().join(name));
        batches.save(batch.id(), &target).await.unwrap();
    }
    let saved = entries(&router).await;
    assert_eq!(saved.len(), 2, "{saved:?}");
    let entry = &saved[1];
    assert_eq!((entry.tokens.input, entry.tokens.output), (7, 3));
    assert_eq!(
        (entry.sends, entry.is_last, entry.outcome),
        (0, false, Outcome::Answered)
    );
    assert_eq!(entry.credential, saved[0].credential);
}

#[tokio::test]
async fn a_batch_that_does_not_fit_a_budget_is_not_sent_and_not_written_down() {
    let service = service().await;
    let budget = Budget::new("small", Period::Day, Limit::Tokens(40));
    let router = Router::builder().budget(budget).build();
    let folder = tempfile::tempdir().unwrap();
    let batches = qwen(&service, &router).batch().unwrap();
    let refused = batches
        .submit(&file(&folder), &SubmitOptions::new())
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Budget);
    assert!(service.requests().is_empty());
    assert!(batches.client().ledger().list().unwrap().records.is_empty());
}
