//! What is asked of a rerank model, and how it is written.

use qwen_openclaw_catalog::rerank::Api;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Something that is ranked, or that documents are ranked by.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Document {
    /// A text.
    Text(String),
    /// The URL of an image, or a data URL, for multimodal models.
    Image(String),
    /// The URL of a video, for multimodal models.
    Video(String),
}

impl From<&str> for Document {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Document {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Document {
    /// As text models take it: a text is a string.
    fn short(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            other => json!(other),
        }
    }

    pub(crate) fn is_uploaded(&self) -> bool {
        match self {
            Self::Text(_) => false,
            Self::Image(url) | Self::Video(url) => url.starts_with("oss://"),
        }
    }
}

/// A request to order documents by how well they answer a query.
///
/// All documents go in one request, since scores compare within one request only.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct RerankRequest {
    pub(crate) model: String,
    query: Document,
    documents: Vec<Document>,
    top: Option<usize>,
    instruction: Option<String>,
}

impl RerankRequest {
    /// Creates a request for a model such as `qwen3-rerank`.
    pub fn new(model: impl Into<String>, query: impl Into<Document>) -> Self {
        Self {
            model: model.into(),
            query: query.into(),
            documents: Vec::new(),
            top: None,
            instruction: None,
        }
    }

    /// Sets the model.
    pub fn model_id(mut self, id: impl Into<String>) -> Self {
        self.model = id.into();
        self
    }

    /// Adds a document.
    pub fn document(mut self, document: impl Into<Document>) -> Self {
        self.documents.push(document.into());
        self
    }

    /// Adds texts.
    pub fn texts(mut self, texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let texts = texts.into_iter().map(|text| Document::Text(text.into()));
        self.documents.extend(texts);
        self
    }

    /// Sets how many results are returned, the best ones. The default is all of them.
    pub fn top(mut self, results: usize) -> Self {
        self.top = Some(results);
        self
    }

    /// Sets an instruction for the model. The default is none.
    pub fn instruction(mut self, instruction: impl Into<String>) -> Self {
        self.instruction = Some(instruction.into());
        self
    }

    /// Returns the id of the model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Returns the documents, in the order of their indexes.
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// Estimates the billed tokens, where the query counts once for each document.
    #[must_use]
    pub fn estimated_tokens(&self) -> u64 {
        let tokens = |document: &Document| match document {
            Document::Text(text) => crate::estimated_tokens(text),
            _ => 0,
        };
        let documents: u64 = self.documents.iter().map(tokens).sum();
        tokens(&self.query)
            .saturating_mul(self.documents.len() as u64)
            .saturating_add(documents)
    }

    /// How many results the answer must have.
    pub(crate) fn expected(&self) -> usize {
        let all = self.documents.len();
        self.top.map_or(all, |top| top.min(all))
    }

    pub(crate) fn problem(&self) -> Option<&'static str> {
        if self.documents.is_empty() {
            return Some("there are no documents to rank");
        }
        (self.top == Some(0)).then_some("the number of results must be at least 1")
    }

    /// Whether the service must resolve the address of an uploaded file.
    pub(crate) fn needs_resolving(&self) -> bool {
        let query = std::iter::once(&self.query);
        query.chain(&self.documents).any(Document::is_uploaded)
    }

    pub(crate) fn body(&self, api: Api) -> Value {
        // Multimodal models take a text as an object as well, and text models as a string only.
        let is_text = |document: &Document| matches!(document, Document::Text(_));
        let mut all = self.documents.iter().chain([&self.query]);
        let documents: Vec<Value> = if all.all(is_text) {
            self.documents.iter().map(Document::short).collect()
        } else {
            self.documents
                .iter()
                .map(|document| json!(document))
                .collect()
        };
        let mut options = Map::new();
        options.extend(self.top.map(|top| ("top_n".to_owned(), top.into())));
        let instruction = self.instruction.clone();
        options.extend(instruction.map(|text| ("instruct".to_owned(), text.into())));
        let mut body = json!({ "model": self.model });
        let asked = json!({ "query": self.query.short(), "documents": documents });
        match (&mut body, asked, api) {
            (Value::Object(body), Value::Object(asked), Api::Compatible) => {
                body.extend(asked);
                body.extend(options);
            }
            (body, asked, _) => {
                body["input"] = asked;
                body["parameters"] = options.into();
            }
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_is_flat_and_the_other_is_not() {
        let request = RerankRequest::new("m", "q").texts(["a", "b"]).top(1);
        assert_eq!(
            request.body(Api::Compatible),
            json!({"model": "m", "query": "q", "documents": ["a", "b"], "top_n": 1})
        );
        assert_eq!(
            request.instruction("i").body(Api::Native),
            json!({
                "model": "m",
                "input": {"query": "q", "documents": ["a", "b"]},
                "parameters": {"top_n": 1, "instruct": "i"},
            })
        );
    }

    #[test]
    fn documents_are_objects_where_one_is_no_text() {
        let request = RerankRequest::new("m", Document::Image("https://a/q".to_owned()))
            .document("a")
            .document(Document::Video("https://a/v".to_owned()));
        assert_eq!(
            request.body(Api::Native)["input"],
            json!({
                "query": {"image": "https://a/q"},
                "documents": [{"text": "a"}, {"video": "https://a/v"}],
            })
        );
    }

    #[test]
    fn what_makes_no_sense_is_not_sent() {
        let request = RerankRequest::new("m", "query");
        assert!(request.problem().is_some());
        let request = request.texts(["1234", "12345678"]);
        assert_eq!(request.problem(), None);
        // Two for the query with each document, one and two for the documents.
        assert_eq!(request.estimated_tokens(), 2 * 2 + 1 + 2);
        assert_eq!(request.clone().top(9).expected(), 2);
        assert!(request.top(0).problem().is_some());
    }
}
