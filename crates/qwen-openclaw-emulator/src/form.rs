//! Forms with files (multipart/form-data), as browsers and upload clients send them.

/// A field of a form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Field<'a> {
    pub(crate) name: String,
    /// The name of the file, if it is one.
    pub(crate) file_name: Option<String>,
    pub(crate) content: &'a [u8],
}

/// Reads a form's fields in their order; `None` when it is none, or is cut off.
pub(crate) fn fields<'a>(content_type: &str, body: &'a [u8]) -> Option<Vec<Field<'a>>> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = attribute(parameters, "boundary").filter(|boundary| !boundary.is_empty())?;
    let delimiter = format!("\r\n--{boundary}");
    // The first delimiter has no line before it.
    let mut rest = body.strip_prefix(&delimiter.as_bytes()[2..])?;
    let mut fields = Vec::new();
    while !rest.starts_with(b"--") {
        let part = rest.strip_prefix(b"\r\n")?;
        let head_length = find(part, b"\r\n\r\n")?;
        let (head, content) = (&part[..head_length], &part[head_length + 4..]);
        let end = find(content, delimiter.as_bytes())?;
        let (name, file_name) = names(head)?;
        fields.push(Field {
            name,
            file_name,
            content: &content[..end],
        });
        rest = &content[end + delimiter.len()..];
    }
    Some(fields)
}

/// The names of a field and its file in a part's `Content-Disposition`.
fn names(head: &[u8]) -> Option<(String, Option<String>)> {
    let head = std::str::from_utf8(head).ok()?;
    head.split("\r\n").find_map(|line| {
        let (header, value) = line.split_once(':')?;
        let (kind, parameters) = value.split_once(';')?;
        let wanted = header.eq_ignore_ascii_case("content-disposition")
            && kind.trim().eq_ignore_ascii_case("form-data");
        let name = attribute(parameters, "name").filter(|_| wanted)?;
        Some((name, attribute(parameters, "filename")))
    })
}

/// The value of an attribute after a header's value, its quotes taken off.
fn attribute(parameters: &str, name: &str) -> Option<String> {
    let mut quoted = false;
    let ends = move |character| {
        quoted ^= character == '"';
        character == ';' && !quoted
    };
    parameters
        .split(ends)
        .filter_map(|parameter| parameter.trim().split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

/// Finds a line break and what follows it. Files are large, and have few of these.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        from += bytes.get(from..)?.iter().position(|byte| *byte == b'\r')?;
        if bytes[from..].starts_with(wanted) {
            return Some(from);
        }
        from += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=\"b-1\"";

    fn read(body: &str) -> Option<Vec<(String, String)>> {
        let fields = fields(TYPE, body.as_bytes())?.into_iter();
        let text = |field: Field<'_>| String::from_utf8(field.content.to_vec()).unwrap();
        Some(
            fields
                .map(|field| (field.name.clone(), text(field)))
                .collect(),
        )
    }

    #[test]
    fn fields_keep_their_order() {
        let body = "--b-1\r\nContent-Disposition: form-data; name=\"z\"\r\n\r\n1\r\n2\r\n\
                    --b-1\r\ncontent-type: image/png\r\n\
                    content-disposition: form-data; name=\"file\"; filename=\"a b.png\"\r\n\r\n\
                    \r\n--b-1--\r\n";
        let pair = |name: &str, content: &str| (name.to_owned(), content.to_owned());
        assert_eq!(
            read(body),
            Some(vec![pair("z", "1\r\n2"), pair("file", "")])
        );
    }

    #[test]
    fn files_have_names() {
        let body = b"--b-1\r\ncontent-disposition: form-data; name=\"file\"; \
                     filename=\"a; b.jsonl\"\r\n\r\n{}\r\n--b-1\r\n\
                     content-disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--b-1--";
        let fields = fields(TYPE, body).unwrap();
        let names: Vec<_> = fields
            .iter()
            .map(|field| field.file_name.as_deref())
            .collect();
        assert_eq!(names, [Some("a; b.jsonl"), None]);
    }

    #[test]
    fn what_is_no_form_is_none() {
        for body in [
            "",
            "--b-1",
            "--b-1\r\n",
            "--b-1\r\nContent-Disposition: form-data; name=\"z\"\r\n\r\n1",
            "--b-1\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b-1--",
            "--b-2--",
        ] {
            assert_eq!(read(body), None, "{body}");
        }
        assert!(fields("application/json", b"{}").is_none());
        assert!(fields("multipart/form-data; x=y", b"").is_none());
    }
}
