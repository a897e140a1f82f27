//! A service in memory, as the documentation describes it, that can be told to fail.

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

/// What the service has.
#[derive(Default)]
pub(super) struct Stored {
    pub(super) files: Vec<(String, String, Vec<u8>)>,
    pub(super) batches: Vec<Value>,
    /// The calls, in order, such as `POST /files`.
    pub(super) calls: Vec<String>,
    /// Answers in the place of its own: the call, the status, the body, and whether the call still has
    /// its effect.
    pub(super) faults: Vec<(&'static str, u16, Value, bool)>,
    /// What the polls of a batch say, one after another; then the last one.
    pub(super) states: Vec<&'static str>,
    pub(super) output: String,
    pub(super) errors: String,
}

#[derive(Clone, Default)]
pub(super) struct Service(Arc<Mutex<Stored>>);

impl Service {
    pub(super) async fn start() -> (Self, MockServer) {
        let service = Self::default();
        let server = MockServer::start().await;
        let mock = Mock::given(any()).respond_with(service.clone());
        mock.mount(&server).await;
        (service, server)
    }

    pub(super) fn stored(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().unwrap()
    }

    pub(super) fn fail(&self, call: &'static str, status: u16, effect: bool) {
        let body = json!({"error": {"code": "x", "message": "told to fail"}});
        self.stored().faults.push((call, status, body, effect));
    }

    pub(super) fn count(&self, call: &str) -> usize {
        let stored = self.stored();
        stored.calls.iter().filter(|made| *made == call).count()
    }
}

impl Respond for Service {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut stored = self.stored();
        let path = request.url.path();
        let path = path.strip_prefix("/compatible-mode/v1").unwrap();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let call = match parts[..] {
            [_, id, ..] => format!("{} {}", request.method, path.replace(id, "ID")),
            _ => format!("{} {path}", request.method),
        };
        stored.calls.push(call.clone());
        let fault = stored.faults.iter().position(|fault| fault.0 == call);
        let fault = fault.map(|position| stored.faults.remove(position));
        if let Some((_, status, body, false)) = fault {
            return ResponseTemplate::new(status).set_body_json(body);
        }
        let answer = stored.answer(&call, &parts, request);
        match fault {
            Some((_, status, body, _)) => ResponseTemplate::new(status).set_body_json(body),
            None => answer,
        }
    }
}

impl Stored {
    fn answer(&mut self, call: &str, parts: &[&str], request: &Request) -> ResponseTemplate {
        let query = |name: &str| {
            let mut pairs = request.url.query_pairs();
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let row = |(id, name, content): &(String, String, Vec<u8>)| json!({"id": id, "filename": name, "bytes": content.len(), "purpose": "batch"});
        let ok = |value: Value| ResponseTemplate::new(200).set_body_json(value);
        match call {
            "POST /files" => {
                let form = String::from_utf8_lossy(&request.body);
                assert!(form.contains("name=\"purpose\"\r\n\r\nbatch\r\n"), "{form}");
                let name = form.split("filename=\"").nth(1).unwrap();
                let name = name.split('"').next().unwrap().to_owned();
                let content = form.split("jsonl\r\n\r\n").nth(1).unwrap();
                let content = content.rsplit_once("\r\n--qwen-openclaw").unwrap().0;
                let id = format!("file-batch-{}", self.files.len());
                self.files.push((id, name, content.as_bytes().to_vec()));
                ok(row(self.files.last().unwrap()))
            }
            "GET /files" => {
                let rows: Vec<Value> = self.files.iter().map(row).collect();
                ok(json!({"object": "list", "data": rows, "has_more": false}))
            }
            "POST /batches" => {
                let body: Value = request.body_json().unwrap();
                let id = format!("batch_{}", self.batches.len());
                self.batches.push(json!({
                    "id": id, "object": "batch", "status": "validating", "created_at": 7,
                    "input_file_id": body["input_file_id"], "endpoint": body["endpoint"],
                    "completion_window": body["completion_window"], "metadata": body["metadata"],
                    "request_counts": {"total": 0, "completed": 0, "failed": 0}
                }));
                ok(self.batches.last().unwrap().clone())
            }
            "GET /batches" => {
                let wanted = query("input_file_ids").unwrap();
                let fits = |batch: &&Value| batch["input_file_id"] == wanted;
                let rows: Vec<&Value> = self.batches.iter().filter(fits).collect();
                ok(json!({"object": "list", "data": rows, "has_more": false}))
            }
            "GET /batches/ID" => {
                let state = match self.states.len() {
                    0 => "completed",
                    1 => self.states[0],
                    _ => self.states.remove(0),
                };
                let mut batch = self.batches[0].clone();
                batch["status"] = state.into();
                batch["output_file_id"] = "out".into();
                batch["error_file_id"] = if self.errors.is_empty() {
                    Value::Null
                } else {
                    "err".into()
                };
                ok(batch)
            }
            "POST /batches/ID/cancel" => {
                self.states = vec!["cancelling", "cancelled"];
                let mut batch = self.batches[0].clone();
                batch["status"] = "cancelling".into();
                ok(batch)
            }
            "GET /files/ID/content" => {
                let text = if parts[1] == "out" {
                    &self.output
                } else {
                    &self.errors
                };
                ResponseTemplate::new(200).set_body_string(text.clone())
            }
            other => panic!("{other} is not a call of this service"),
        }
    }
}
