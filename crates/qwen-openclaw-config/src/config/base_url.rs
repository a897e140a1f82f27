//! Secrets in base URLs.

/// Query parameters that contain a secret if their name contains one of these.
const SECRET_NAMES: [&str; 7] = [
    "key",
    "token",
    "secret",
    "password",
    "auth",
    "sig",
    "credential",
];

/// What was found in a base URL.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Finding {
    Fine,
    /// It has no path, or only `/`.
    NoPath,
    /// It contains a secret; this is the URL without it.
    Secret(String),
}

/// Looks for a user, a parameter, or a part of the path that may be a secret.
pub(crate) fn inspect(url: &str) -> Finding {
    let url = url.trim();
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let query = rest.find(['?', '#']).unwrap_or(rest.len());
    let (path, query) = rest.split_at(query);

    let mut is_secret = false;
    let host = match authority.rsplit_once('@') {
        Some((_, host)) => {
            is_secret = true;
            format!("***@{host}")
        }
        None => authority.to_owned(),
    };
    let mut hide = |part: &str, hidden: bool| {
        is_secret |= hidden;
        if hidden {
            "***".to_owned()
        } else {
            part.to_owned()
        }
    };
    let segments: Vec<_> = path
        .split('/')
        .map(|part| hide(part, is_key(part)))
        .collect();
    let mut shown_query = String::new();
    for part in query.split_inclusive(['?', '&', '#']) {
        let (part, end) = match part.strip_suffix(['?', '&', '#']) {
            Some(before) => (before, &part[before.len()..]),
            None => (part, ""),
        };
        let shown = match part.split_once('=') {
            Some((name, value)) => format!(
                "{name}={}",
                hide(value, names_secret(name) || is_key(value))
            ),
            None => hide(part, is_key(part)),
        };
        shown_query.push_str(&shown);
        shown_query.push_str(end);
    }
    if is_secret {
        return Finding::Secret(format!("{scheme}{host}{}{shown_query}", segments.join("/")));
    }
    match path {
        "" | "/" => Finding::NoPath,
        _ => Finding::Fine,
    }
}

fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|secret| name.contains(secret))
}

pub(crate) fn is_key(part: &str) -> bool {
    part.starts_with("sk-") && part.len() > 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn secret(url: &str, shown: &str) {
        assert_eq!(inspect(url), Finding::Secret(shown.to_owned()), "{url}");
    }

    #[test]
    fn a_secret_in_a_url_is_found_and_masked() {
        secret("https://sk-1:x@host/v1", "https://***@host/v1");
        secret("https://user@host", "https://***@host");
        secret(
            "https://host/v1?api_key=sk-1&v=2",
            "https://host/v1?api_key=***&v=2",
        );
        secret("https://host/sk-0123456789/v1", "https://host/***/v1");
        secret(
            "https://host/v1?x=sk-0123456789#y",
            "https://host/v1?x=***#y",
        );
        secret("host/v1#access_token=a", "host/v1#access_token=***");
        for url in [
            "https://host/v1",
            "https://host/v1/?api-version=2026-01-01",
            " http://[::1]:8080/v1 ",
            "https://host/sk-a",
        ] {
            assert_eq!(inspect(url), Finding::Fine, "{url}");
        }
        for url in ["http://host", "http://host:80/", "host", ""] {
            assert_eq!(inspect(url), Finding::NoPath, "{url}");
        }
    }
}
