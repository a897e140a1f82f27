//! `rerank`.

use serde_json::{Value, json};

use crate::run::{Qwen, Ran, Service};

fn rerank(service: &Service, flags: &[&str], stdin: &str) -> Ran {
    let command = Qwen::new(&[&["rerank", "ocean animals"], flags].concat());
    command.at(service).stdin(stdin).run()
}

fn lines(ran: &Ran) -> Vec<Value> {
    let lines = ran.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn documents_are_arguments_or_lines() {
    let service = Service::start();
    let ran = rerank(&service, &["a fox", "animals of the ocean"], "").exits_with(0);
    let found = lines(&ran);
    assert_eq!(found[0]["index"], 1);
    assert_eq!(found[0]["text"], "animals of the ocean");
    assert!(found[0]["score"].as_f64() > found[1]["score"].as_f64());
    ran.says("[qwen/qwen3-rerank · 2 documents · ");

    let ran = rerank(&service, &["--top", "1"], "a fox\n\nanimals of the ocean\n").exits_with(0);
    assert_eq!(lines(&ran).len(), 1);
    let sent = service.requests().pop().unwrap();
    assert_eq!(sent.path(), "/compatible-api/v1/reranks");
    assert_eq!(
        sent.json(),
        json!({
            "model": "qwen3-rerank",
            "query": "ocean animals",
            "documents": ["a fox", "animals of the ocean"],
            "top_n": 1,
        })
    );
}

#[test]
fn ids_come_back() {
    let service = Service::start();
    let input = "{\"id\":\"f\",\"text\":\"a fox\"}\n{\"id\":\"w\",\"text\":\"ocean animals\"}\n";
    let ran = rerank(&service, &["--jsonl", "--json"], input).exits_with(0);
    let document = ran.json();
    assert_eq!(document["results"][0]["id"], "w");
    assert_eq!(document["results"][1]["id"], "f");
    assert_eq!(document["model"], "qwen/qwen3-rerank");
}

#[test]
fn other_models_have_the_services_own_path() {
    let service = Service::start();
    rerank(&service, &["-m", "gte-rerank-v2", "a"], "").exits_with(0);
    let sent = service.requests().pop().unwrap();
    assert_eq!(
        sent.path(),
        "/api/v1/services/rerank/text-rerank/text-rerank"
    );
}

#[test]
fn without_documents_nothing_is_sent() {
    let service = Service::start();
    rerank(&service, &[], "\n")
        .exits_with(2)
        .says("there are no documents");
    rerank(&service, &["--jsonl"], "[]\n")
        .exits_with(2)
        .says("line 1 of standard input must be a JSON string");
    assert!(service.requests().is_empty());
}
