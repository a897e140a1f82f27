//! Where the streams of a conversation come from.

use std::fmt;

use qwen_openclaw_auth::async_trait;

use crate::{ChatRequest, Client, Error, ReplyStream};

/// Sends the requests of a conversation: a [`Client`], or a program that decides for each of them where
/// it is sent. Used by [`ToolLoop`](crate::ToolLoop) and [`Describe`](crate::Describe).
#[async_trait]
pub trait StreamSource: fmt::Debug + Send + Sync + 'static {
    /// Sends `request`; see [`Client::stream`].
    ///
    /// # Errors
    ///
    /// What ended the request before there was a reply.
    async fn open(&self, request: &ChatRequest) -> Result<ReplyStream, Error>;
}

#[async_trait]
impl StreamSource for Client {
    async fn open(&self, request: &ChatRequest) -> Result<ReplyStream, Error> {
        self.stream(request).await
    }
}
