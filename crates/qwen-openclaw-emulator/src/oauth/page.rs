//! The page on which a login is approved or denied.

use http::Method;

use super::{HTML, books::Decision, form::Form};
use crate::{answer::Answer, capture::CapturedRequest, id::Id, state::State};

/// Answers a browser.
pub(super) fn answer(state: &State, request: &CapturedRequest, id: Id) -> Answer {
    if request.method == Method::POST {
        return decide(state, &Form::parse(&request.body), id);
    }
    let query = Form::parse(request.query().unwrap_or_default().as_bytes());
    let code = query.get("user_code").unwrap_or_default();
    page(200, "Sign in", &ask(code), id)
}

fn decide(state: &State, form: &Form, id: Id) -> Answer {
    let code = form.get("user_code").unwrap_or_default();
    let decision = match form.get("decision") {
        Some("approve") => Decision::Approved,
        Some("deny") => Decision::Denied,
        _ => return page(400, "Sign in", &ask(code), id),
    };
    if !state.login_books().decide(code, decision) {
        let body = "<p id=\"result\">This code is unknown, has expired or was used already.</p>\
                    <p>Start the login again.</p>";
        return page(404, "Unknown code", body, id);
    }
    let (title, result) = match decision {
        Decision::Approved => ("Approved", "You are signed in. This page may be closed."),
        _ => ("Denied", "The login was denied. This page may be closed."),
    };
    page(200, title, &format!("<p id=\"result\">{result}</p>"), id)
}

/// The question. The code stands in a field, so that it can be compared or typed.
fn ask(code: &str) -> String {
    format!(
        "<p>A program asks to use your account. Approve it only if it has shown you this code \
         and you have started it yourself.</p>\n\
         <form method=\"post\">\n\
         <p><label for=\"user_code\">Code</label>\n\
         <input id=\"user_code\" name=\"user_code\" value=\"{}\" autocomplete=\"off\" required></p>\n\
         <p><button id=\"approve\" name=\"decision\" value=\"approve\">Approve</button>\n\
         <button id=\"deny\" name=\"decision\" value=\"deny\">Deny</button></p>\n\
         </form>",
        escape(code)
    )
}

fn page(status: u16, title: &str, body: &str, id: Id) -> Answer {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title} - qwen-openclaw emulator</title></head>\n\
         <body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    );
    Answer::whole(status, HTML, html, id)
        .header("cache-control", "no-store")
        .header(
            "content-security-policy",
            "default-src 'none'; form-action 'self'",
        )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_cannot_leave_its_field() {
        let page = ask("\"><script>alert('&')</script>");
        assert!(!page.contains("<script>"), "{page}");
        assert!(page.contains("&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)"));
    }
}
