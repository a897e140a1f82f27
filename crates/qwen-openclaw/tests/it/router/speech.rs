//! Speech through the router.

use std::time::Duration;

use qwen_openclaw::{ErrorKind, speech::SpeechEvent};

use super::*;

const CHARACTERS: &str = "qwen/qwen3-tts-flash";

fn texts(texts: &[&str]) -> impl futures_core::Stream<Item = String> + Send + 'static {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let mut texts = texts.into_iter();
    Texts(std::iter::from_fn(move || texts.next()))
}

/// A stream of what is there already.
struct Texts<I>(I);

impl<I: Iterator<Item = String> + Unpin> futures_core::Stream for Texts<I> {
    type Item = String;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<String>> {
        std::task::Poll::Ready(self.0.next())
    }
}

#[tokio::test]
async fn what_is_spoken_is_counted() {
    let three = Three::start().await;
    let router = Router::new();
    let qwen = three.routed(&router);
    let speech = qwen.speak(CHARACTERS).send("Good morning.").await.unwrap();
    assert_eq!(speech.usage().characters, Some(13));
    let request = qwen.speak("qwen/cosyvoice-v3-flash").agent("reader");
    let mut stream = request.stream(texts(&["One. ", "Two."])).await.unwrap();
    let mut bytes = 0;
    while let Some(event) = stream.next().await {
        if let SpeechEvent::Audio(piece) = event.unwrap() {
            bytes += piece.len() as u64;
        }
    }
    assert_eq!(stream.spoken().bytes, bytes);
    let entries = entries(&router).await;
    assert_eq!(entries.len(), 2);
    for entry in &entries {
        assert_eq!((&*entry.kind, entry.outcome), ("speak", Outcome::Answered));
        assert!(entry.media > Duration::from_millis(100), "{entry:?}");
        assert_eq!(entry.sends, 1);
    }
    assert_eq!(Some(entries[0].media), speech.duration());
    assert_eq!(entries[1].agent.as_deref(), Some("reader"));
    assert_eq!(Some(entries[1].media), stream.spoken().duration);
}

#[tokio::test]
async fn a_stream_that_is_dropped_was_canceled() {
    let three = Three::start().await;
    let router = Router::new();
    let qwen = three.routed(&router);
    let request = qwen.speak("qwen/cosyvoice-v3-flash");
    let mut stream = request.stream(texts(&["One. ", "Two."])).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    assert_eq!(entries(&router).await[0].outcome, Outcome::Canceled);
}

#[tokio::test]
async fn a_budget_refuses_before_anything_is_sent() {
    let three = Three::start().await;
    let router = Router::builder().budget(budgets::requests(1)).build();
    let qwen = three.routed(&router);
    qwen.speak(CHARACTERS).send("One.").await.unwrap();
    let error = refused(qwen.speak(CHARACTERS).send("Two.").await);
    assert_eq!(error.kind(), ErrorKind::Budget);
    let stream = qwen
        .speak("qwen/cosyvoice-v3-flash")
        .stream(texts(&["Three."]));
    assert_eq!(refused(stream.await).kind(), ErrorKind::Budget);
}

#[tokio::test]
async fn the_cost_is_by_characters_or_tokens() {
    let qwen = Qwen::builder()
        .region(qwen_openclaw::catalog::Region::China)
        .api_key(standard())
        .build()
        .unwrap();
    let cost = async |model: &str, characters, input, output| {
        let route = qwen.speech_route(model).await.unwrap();
        let mut usage = qwen_openclaw::speech::Usage::default();
        usage.characters = characters;
        usage.input_tokens = input;
        usage.output_tokens = output;
        let cost = qwen.speech_cost(&route, usage);
        cost.map(|cost| cost.cost.to_string())
    };
    let flash = cost(CHARACTERS, Some(10_000), None, None).await;
    assert_eq!(flash.as_deref(), Some("CNY 0.80"));
    assert_eq!(cost(CHARACTERS, None, Some(1), Some(1)).await, None);
    assert_eq!(cost("qwen/qwen-tts", None, Some(1), Some(1)).await, None);
    let error = qwen.speak("openai/tts-1").send("Hello.").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}
