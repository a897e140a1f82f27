//! Any number of texts: split into requests, several of them under way, joined in order.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    vec,
};

use futures_core::Stream;
use futures_util::StreamExt;
use qwen_openclaw_auth::async_trait;

use crate::{EmbeddingRequest, Embeddings, Error, Usage};

/// Who embeds the texts of one request: a [`Client`](crate::Client), or something that chooses one.
#[async_trait]
pub trait EmbeddingSource: fmt::Debug + Send + Sync {
    /// Embeds `texts`, which fit into one request.
    ///
    /// # Errors
    ///
    /// Why there are no vectors.
    async fn embed_batch(
        &self,
        request: &EmbeddingRequest,
        texts: &[String],
    ) -> Result<Embeddings, Error>;
}

/// The vector of a text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Embedding {
    /// The position of the text among all of them.
    pub index: u64,
    /// The vector.
    pub vector: Vec<f32>,
}

/// The vectors of the texts of a stream, in order. Created by [`Client::stream`].
///
/// It ends with the first error, which says which texts it is about. What follows them may have been
/// embedded and is lost.
///
/// [`Client::stream`]: crate::Client::stream
#[must_use = "nothing is sent before it is polled"]
pub struct EmbeddingStream {
    batches: Pin<Box<dyn Stream<Item = Batch> + Send>>,
    ready: vec::IntoIter<Vec<f32>>,
    next: u64,
    /// The length of all vectors, as soon as there is one.
    length: Option<usize>,
    usage: Usage,
    attempts: u32,
    request_id: Option<Box<str>>,
    is_over: bool,
}

/// The answer to one request, and for how many texts it was.
struct Batch {
    texts: u64,
    answer: Result<Embeddings, Error>,
}

impl EmbeddingStream {
    /// Embeds `texts` by `source`, as `request` says.
    pub fn over(
        source: Arc<dyn EmbeddingSource>,
        request: EmbeddingRequest,
        texts: impl Stream<Item = String> + Send + 'static,
    ) -> Self {
        let (size, concurrency) = (request.texts_per_request(), request.concurrency.get());
        let request = Arc::new(request);
        let batches = texts.chunks(size).map(move |texts| {
            let (source, request) = (Arc::clone(&source), Arc::clone(&request));
            async move {
                Batch {
                    texts: texts.len() as u64,
                    answer: source.embed_batch(&request, &texts).await,
                }
            }
        });
        Self {
            batches: Box::pin(batches.buffered(concurrency)),
            ready: Vec::new().into_iter(),
            next: 0,
            length: None,
            usage: Usage::default(),
            attempts: 0,
            request_id: None,
            is_over: false,
        }
    }

    /// Embeds `texts` by `source`, as `request` says.
    pub fn of(
        source: Arc<dyn EmbeddingSource>,
        request: EmbeddingRequest,
        texts: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let texts: Vec<String> = texts.into_iter().map(Into::into).collect();
        Self::over(source, request, futures_util::stream::iter(texts))
    }

    /// Returns what all requests used whose vectors have been reached.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Waits for the next vector; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Embedding, Error>> {
        StreamExt::next(self).await
    }

    /// Waits for all vectors that are left.
    ///
    /// # Errors
    ///
    /// The first failure. [`Error::embedded`] has the vectors before it.
    pub async fn finish(mut self) -> Result<Embeddings, Error> {
        let mut vectors = Vec::new();
        let mut failure = None;
        while let Some(embedding) = self.next().await {
            match embedding {
                Ok(embedding) => vectors.push(embedding.vector),
                Err(error) => failure = Some(error),
            }
        }
        let embedded = Embeddings {
            vectors,
            usage: self.usage,
            request_id: self.request_id.take(),
            attempts: self.attempts,
        };
        match failure {
            Some(error) => Err(error.with_embedded(embedded)),
            None => Ok(embedded),
        }
    }

    fn accept(&mut self, Batch { texts, answer }: Batch) -> Result<(), Error> {
        let answer = answer.and_then(|answer| self.checked(answer, texts));
        match answer {
            Ok(answer) => {
                self.usage = self.usage.plus(answer.usage);
                self.attempts = self.attempts.saturating_add(answer.attempts);
                self.request_id = answer.request_id.or(self.request_id.take());
                self.ready = answer.vectors.into_iter();
                Ok(())
            }
            Err(error) => {
                self.is_over = true;
                Err(error.with_inputs(self.next..self.next + texts))
            }
        }
    }

    /// Vectors of different lengths do not compare, nor may a text have none.
    fn checked(&mut self, answer: Embeddings, texts: u64) -> Result<Embeddings, Error> {
        let length = answer.vectors.first().map(Vec::len);
        let length = *self.length.get_or_insert(length.unwrap_or_default());
        let is_whole = answer.vectors.len() as u64 == texts;
        if !is_whole || answer.vectors.iter().any(|vector| vector.len() != length) {
            return Err(Error::protocol(
                "the vectors of the server's answers differ in length or number",
            ));
        }
        Ok(answer)
    }
}

impl Stream for EmbeddingStream {
    type Item = Result<Embedding, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(vector) = self.ready.next() {
                let index = self.next;
                self.next += 1;
                return Poll::Ready(Some(Ok(Embedding { index, vector })));
            }
            if self.is_over {
                return Poll::Ready(None);
            }
            let Some(batch) = ready!(self.batches.as_mut().poll_next(cx)) else {
                self.is_over = true;
                return Poll::Ready(None);
            };
            if let Err(error) = self.accept(batch) {
                // What is under way is given up at once.
                self.batches = Box::pin(futures_util::stream::empty());
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

impl fmt::Debug for EmbeddingStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddingStream")
            .field("next", &self.next)
            .field("usage", &self.usage)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        num::NonZeroUsize,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use futures_util::stream;
    use proptest::prelude::*;

    use super::*;

    /// Answers each text with the number that it is, and out of order.
    #[derive(Debug, Default)]
    struct Numbers {
        under_way: AtomicUsize,
        most: AtomicUsize,
    }

    #[async_trait]
    impl EmbeddingSource for Numbers {
        async fn embed_batch(
            &self,
            request: &EmbeddingRequest,
            texts: &[String],
        ) -> Result<Embeddings, Error> {
            assert!(texts.len() <= request.texts_per_request());
            let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            let numbers: Vec<f32> = texts.iter().map(|text| text.parse().unwrap()).collect();
            // Later ones are ready earlier.
            for _ in 0..20_usize.saturating_sub(numbers[0] as usize) {
                tokio::task::yield_now().await;
            }
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            Ok(Embeddings {
                vectors: numbers.into_iter().map(|number| vec![number]).collect(),
                usage: Usage::read(&format!(r#"{{"total_tokens":{}}}"#, texts.len())),
                request_id: None,
                attempts: 1,
            })
        }
    }

    fn request(size: usize, concurrency: usize) -> EmbeddingRequest {
        EmbeddingRequest::new("m")
            .batch_size(NonZeroUsize::new(size).unwrap())
            .concurrency(NonZeroUsize::new(concurrency).unwrap())
    }

    proptest! {
        #[test]
        fn split_and_joined_texts_keep_order_and_number(
            count in 0_usize..60,
            size in 1_usize..25,
            concurrency in 1_usize..6,
        ) {
            let source = Arc::new(Numbers::default());
            let texts = (0..count).map(|number| number.to_string());
            let all = EmbeddingStream::over(
                source.clone(),
                request(size, concurrency),
                stream::iter(texts),
            );
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let all = runtime.block_on(all.finish()).unwrap();
            let expected: Vec<Vec<f32>> = (0..count).map(|number| vec![number as f32]).collect();
            prop_assert_eq!(&all.vectors, &expected);
            prop_assert_eq!(all.usage.tokens.unwrap_or(0), count as u64);
            prop_assert_eq!(all.attempts as usize, count.div_ceil(size));
            prop_assert!(source.most.load(Ordering::SeqCst) <= concurrency);
        }
    }

    #[tokio::test]
    async fn no_more_texts_are_taken_than_vectors_are_wanted() {
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        let texts = stream::iter(0..1_000).map(move |number: u32| {
            counter.fetch_add(1, Ordering::SeqCst);
            number.to_string()
        });
        let mut all = EmbeddingStream::over(Arc::new(Numbers::default()), request(10, 3), texts);
        assert_eq!(taken.load(Ordering::SeqCst), 0);
        let first = all.next().await.unwrap().unwrap();
        assert_eq!((first.index, &*first.vector), (0, &[0.0][..]));
        assert!(taken.load(Ordering::SeqCst) <= 50);
        assert_eq!(all.by_ref().count().await, 999);
        assert!(all.next().await.is_none());
    }
}
