//! A request before its endpoint and key are known.

use std::time::Duration;
#[cfg(feature = "files")]
use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
#[cfg(feature = "files")]
use qwen_openclaw_http::FormPath;
use qwen_openclaw_http::{Client, ExtraHeaders, Request};

use crate::{Error, Route, entry_headers::EntryHeaders};

/// The host of a route's region that a path belongs to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum ServiceHost {
    /// Below the base URL: chat, embeddings, the list of models.
    #[default]
    Api,
    /// Below the AIGC host of the same region, `/api/v1/...`: tasks, uploads, reranking. It needs a
    /// Standard key: that of a plan is not sent there.
    Aigc,
}

#[derive(Clone, Copy)]
enum Method {
    Get,
    Post,
    Delete,
}

#[derive(Clone)]
enum Body {
    None,
    Json(Bytes),
    #[cfg(feature = "files")]
    Form(Arc<Form>),
}

/// A form with a file that is opened for each attempt.
#[cfg(feature = "files")]
struct Form {
    fields: Vec<(String, String)>,
    field: String,
    file_name: String,
    media_type: String,
    path: PathBuf,
}

#[cfg(feature = "files")]
impl Form {
    fn fill(&self, request: Request) -> Result<Request, qwen_openclaw_http::Error> {
        let fields = self.fields.iter();
        let fields: Vec<(&str, &str)> = fields.map(|(name, value)| (&**name, &**value)).collect();
        let file = FormPath {
            field: &self.field,
            file_name: &self.file_name,
            media_type: &self.media_type,
            path: &self.path,
        };
        request.multipart_file(&fields, &file)
    }
}

/// A request before its endpoint and key are known.
///
/// The actual request is built for each attempt. `Debug` shows neither body nor header values.
#[derive(Clone)]
#[must_use]
pub struct RequestTemplate {
    method: Method,
    path: String,
    host: ServiceHost,
    body: Body,
    headers: ExtraHeaders,
    accept: Option<&'static str>,
    head_timeout: Option<Duration>,
    model: Option<String>,
}

impl RequestTemplate {
    /// Creates a GET request for `path` below the base URL.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::Get,
            path: path.into(),
            host: ServiceHost::Api,
            body: Body::None,
            headers: ExtraHeaders::default(),
            accept: None,
            head_timeout: None,
            model: None,
        }
    }

    /// Creates a POST request with a JSON body for `path` below the base URL.
    pub fn post(path: impl Into<String>, json: impl Into<Bytes>) -> Self {
        let json: Bytes = json.into();
        Self {
            method: Method::Post,
            body: match json.is_empty() {
                true => Body::None,
                false => Body::Json(json),
            },
            ..Self::get(path)
        }
    }

    /// Creates a DELETE request for `path` below the base URL.
    pub fn delete(path: impl Into<String>) -> Self {
        Self {
            method: Method::Delete,
            ..Self::get(path)
        }
    }

    /// Creates a POST request for `path` below the base URL with a form: its fields, and then a file,
    /// which is read while it is sent, in the same memory however large it is.
    #[cfg(feature = "files")]
    pub fn form(path: impl Into<String>, fields: &[(&str, &str)], file: &FormPath<'_>) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let form = Form {
            fields: fields.iter().map(owned).collect(),
            field: file.field.to_owned(),
            file_name: file.file_name.to_owned(),
            media_type: file.media_type.to_owned(),
            path: file.path.to_owned(),
        };
        Self {
            method: Method::Post,
            body: Body::Form(Arc::new(form)),
            ..Self::get(path)
        }
    }

    /// Sets the host that the path belongs to. The default is [`ServiceHost::Api`].
    pub fn host(mut self, host: ServiceHost) -> Self {
        self.host = host;
        self
    }

    pub(crate) fn service_host(&self) -> ServiceHost {
        self.host
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Sets the `Accept` header.
    pub fn accept(mut self, media_type: &'static str) -> Self {
        self.accept = Some(media_type);
        self
    }

    /// Sets the time limit for the connection and the response head together. The default is that of
    /// the HTTP client.
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.head_timeout = Some(timeout);
        self
    }

    /// Sets the model that the request is for, whose configured headers it gets. The default is none.
    pub fn model(mut self, id: impl Into<String>) -> Self {
        self.model = Some(id.into());
        self
    }

    /// Builds the request for `route`, with the headers of the configuration's entry and then those of
    /// the connection.
    pub(crate) fn build(
        &self,
        http: &Client,
        route: &Route,
        entry: &EntryHeaders,
        headers: &ExtraHeaders,
    ) -> Result<Request, Error> {
        let aigc;
        let base = match self.host {
            ServiceHost::Api => route.endpoint().base_url(),
            ServiceHost::Aigc => {
                aigc = route.aigc_base()?;
                &aigc
            }
        };
        let url = base.join(&self.path);
        let request = match self.method {
            Method::Get => http.get(url),
            Method::Post => http.post(url),
            Method::Delete => http.delete(url),
        };
        let mut request = match &self.body {
            Body::None => request,
            Body::Json(json) => request.json_bytes(json.clone()),
            #[cfg(feature = "files")]
            Body::Form(form) => form.fill(request)?,
        };
        if let Some(credential) = route.credential() {
            request = request.bearer(credential.key().expose())?;
        }
        request = entry.apply(request, route, base, self.model.as_deref())?;
        request = self.headers.apply(headers.apply(request)?)?;
        if let Some(media_type) = self.accept {
            request = request.accept(media_type);
        }
        if let Some(timeout) = self.head_timeout {
            request = request.head_timeout(timeout);
        }
        Ok(request)
    }
}

impl std::fmt::Debug for RequestTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestTemplate")
            .field("path", &self.path.split('?').next().unwrap_or_default())
            .field("host", &self.host)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
