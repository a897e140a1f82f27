//! Multipart form bodies, as object storage expects: fields first, one file last.

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderValue, header::CONTENT_TYPE};

#[cfg(feature = "files")]
use crate::file::{FileBody, FormPath};
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
    pub fn multipart(self, fields: &[(&str, &str)], file: &FormFile<'_>) -> Result<Self, Error> {
        let boundary = boundary(&file.content);
        let form = Form::new(
            &boundary,
            fields,
            file.field,
            file.file_name,
            file.media_type,
        )?;
        let mut request = self.form_of(&boundary)?;
        let mut body = BytesMut::from(form.head.as_bytes());
        body.put(file.content.as_ref());
        body.put(form.tail.as_bytes());
        request.body = body.freeze();
        Ok(request)
    }

    /// Like [`multipart`](Self::multipart), with a file that is read while it is sent, in the same
    /// memory however large it is. Each attempt reads it again; one that has another length by then is
    /// an error.
    ///
    /// Only the built-in sender sends it so. A custom one is given the whole body, unless it has its own
    /// [`send_file`](crate::SendRequest::send_file).
    ///
    /// # Errors
    ///
    /// As [`multipart`](Self::multipart); [`Storage`](ErrorKind::Storage) when the file cannot be read,
    /// or is no regular file.
    #[cfg(feature = "files")]
    pub fn multipart_file(
        self,
        fields: &[(&str, &str)],
        file: &FormPath<'_>,
    ) -> Result<Self, Error> {
        // 128 random bits: that they are in the file by chance is less likely than a broken disk.
        let boundary = boundary(b"");
        let form = Form::new(
            &boundary,
            fields,
            file.field,
            file.file_name,
            file.media_type,
        )?;
        let mut request = self.form_of(&boundary)?;
        request.file = Some(FileBody::new(form.head, file.path, form.tail)?);
        Ok(request)
    }

    fn form_of(mut self, boundary: &str) -> Result<Self, Error> {
        let value = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"));
        let value =
            value.map_err(|error| Error::unsent(ErrorKind::InvalidRequest).with_source(error))?;
        self.headers.insert(CONTENT_TYPE, value);
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

/// What is sent before and after the content of the file.
struct Form {
    head: String,
    tail: String,
}

impl Form {
    fn new(
        boundary: &str,
        fields: &[(&str, &str)],
        field: &str,
        file_name: &str,
        media_type: &str,
    ) -> Result<Self, Error> {
        let names = fields.iter().map(|(name, _)| *name);
        for name in names.chain([field, file_name, media_type]) {
            if name.contains(['\r', '\n', '"']) {
                return Err(Error::unsent(ErrorKind::InvalidRequest)
                    .with_message("a form field's name contains a line break or quotation mark"));
            }
        }
        let mut head = String::new();
        for (name, value) in fields {
            head += &format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        head += &format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; \
             filename=\"{file_name}\"\r\nContent-Type: {media_type}\r\n\r\n"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        Ok(Self { head, tail })
    }
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
        let request = Request::new(Method::POST, "https://a.example/");
        let fields = [("key", "dir/a.png"), ("x", "ü")];
        let request = request.multipart(&fields, &file(b"\x89PNG")).unwrap();
        let form = request.headers[CONTENT_TYPE].to_str().unwrap();
        let boundary = form.strip_prefix("multipart/form-data; boundary=").unwrap();
        let head = "--B\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\ndir/a.png\r\n\
             --B\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nü\r\n\
             --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
             Content-Type: image/png\r\n\r\n";
        let head = head.replace("--B", &format!("--{boundary}"));
        let tail = format!("\r\n--{boundary}--\r\n");
        let expected = [head.as_bytes(), b"\x89PNG", tail.as_bytes()].concat();
        assert_eq!(request.body, expected);
    }

    #[test]
    fn a_boundary_is_not_in_the_content() {
        let content = boundary(b"");
        assert_ne!(boundary(content.as_bytes()), content);
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
