//! Where the streams of a conversation come from.

use std::fmt;

use qwen_openclaw_auth::async_trait;

use crate::{ChatRequest, Client, Error, ProgressHook, ReplyStream};

/// Sends the requests of a conversation: a [`Client`], or a program that decides for each of them where
/// it is sent. Used by [`ToolLoop`](crate::ToolLoop) and [`Describe`](crate::Describe).
#[async_trait]
pub trait StreamSource: fmt::Debug + Send + Sync + 'static {
    /// Sends `request`, and tells `progress`, if it is there, how far it has come; see
    /// [`Client::stream`].
    ///
    /// # Errors
    ///
    /// What ended the request before there was a reply.
    async fn open(
        &self,
        request: &ChatRequest,
        progress: Option<ProgressHook>,
    ) -> Result<ReplyStream, Error>;
}

#[async_trait]
impl StreamSource for Client {
    async fn open(
        &self,
        request: &ChatRequest,
        progress: Option<ProgressHook>,
    ) -> Result<ReplyStream, Error> {
        let route = self.connection().route().await?;
        self.stream_on_with_progress(route, request, progress).await
    }
}
