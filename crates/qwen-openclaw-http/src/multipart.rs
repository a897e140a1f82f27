//! Multipart form bodies, as object storage expects: fields first, one file last.

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderValue, header::CONTENT_TYPE};

use crate::{Error, ErrorKind, Request};

/// The file of a multipart form.
#[derive(Clone, Debug)]
pub struct FormFile<'a> {
    /// The name of the field.
    pub field: &'a str,
    /// The file name to send.
    pub file_name: &'a str,
    /// The media type of the file.
    pub media_type: &'a str,
    /// The content of the file.
    pub content: Bytes,
}

impl Request {
    /// Sets a `multipart/form-data` body: the fields in this order, then the file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] when a name or a media type contains a line break or a quotation
    /// mark.
    pub fn multipart(
        mut self,
        fields: &[(&str, &str)],
        file: &FormFile<'_>,
    ) -> Result<Self, Error> {
        let names = fields.iter().map(|(name, _)| *name);
        let names = names.chain([file.field, file.file_name, file.media_type]);
        for name in names {
            if name.contains(['\r', '\n', '"']) {
                return Err(Error::unsent(ErrorKind::InvalidRequest)
                    .with_message("a form field's name contains a line break or quotation mark"));
            }
        }
        let boundary = boundary(&file.content);
        let value = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"));
        let value =
            value.map_err(|error| Error::unsent(ErrorKind::InvalidRequest).with_source(error))?;
        self.headers.insert(CONTENT_TYPE, value);
        self.body = encode(&boundary, fields, file);
        Ok(self)
    }
}

/// A boundary that does not occur in `content`.
fn boundary(content: &[u8]) -> String {
    loop {
        let boundary = format!("qwen-openclaw-{:032x}", fastrand::u128(..));
        if !content
            .windows(boundary.len())
            .any(|window| window == boundary.as_bytes())
        {
            return boundary;
        }
    }
}

fn encode(boundary: &str, fields: &[(&str, &str)], file: &FormFile<'_>) -> Bytes {
    let mut body = BytesMut::with_capacity(file.content.len() + 1024);
    for (name, value) in fields {
        let part = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.put(part.as_bytes());
    }
    let FormFile {
        field,
        file_name,
        media_type,
        content,
    } = file;
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; \
         filename=\"{file_name}\"\r\nContent-Type: {media_type}\r\n\r\n"
    );
    body.put(head.as_bytes());
    body.put(content.as_ref());
    body.put(format!("\r\n--{boundary}--\r\n").as_bytes());
    body.freeze()
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn file(content: &'static [u8]) -> FormFile<'static> {
        FormFile {
            field: "file",
            file_name: "a.png",
            media_type: "image/png",
            content: Bytes::from_static(content),
        }
    }

    #[test]
    fn fields_come_first_and_the_file_last() {
        let body = encode("B", &[("key", "dir/a.png"), ("x", "ü")], &file(b"\x89PNG"));
        let mut expected =
            "--B\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\ndir/a.png\r\n\
             --B\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nü\r\n\
             --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
             Content-Type: image/png\r\n\r\n"
                .as_bytes()
                .to_vec();
        expected.extend_from_slice(b"\x89PNG\r\n--B--\r\n");
        assert_eq!(body, expected);
    }

    #[test]
    fn names_cannot_inject_headers() {
        let request = Request::new(Method::POST, "https://a.example/");
        let bad = FormFile {
            file_name: "a\"\r\nX: y",
            ..file(b"")
        };
        let error = request.multipart(&[], &bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }
}
