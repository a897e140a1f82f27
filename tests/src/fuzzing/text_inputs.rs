//! Texts that people write: dotenv files, keys, base URLs.

use qwen_openclaw_auth::{ApiKey, Environment, Trust};
use qwen_openclaw_catalog::{Endpoint, Host, aigc_origin_for, classify};
use qwen_openclaw_http::{BaseUrl, UrlPolicy};

/// Stands for whatever must not be shown.
const MARK: &str = "sk-SECRET";

/// The first byte says what the rest is.
pub(super) fn check(data: &[u8]) {
    let (first, rest) = data.split_first().unwrap_or((&0, &[]));
    let text = String::from_utf8_lossy(rest);
    match first {
        b'd' => dotenv(&text),
        b'k' => key(&text),
        b'u' => url(&text),
        _ => {
            dotenv(&text);
            key(&text);
            url(&text);
        }
    }
}

fn dotenv(text: &str) {
    match Environment::empty().with_dotenv_text("a.env", text, Trust::Full) {
        Ok(environment) => shows_nothing(&format!("{environment:?}")),
        Err(error) => shows_nothing(&format!("{error} {error:?}")),
    }
    // What is written in quotes is read as it is, whatever it says.
    let value = text.replace(['\'', '\r', '\0'], "");
    let file = format!("# first\nexport QWEN_API_KEY='{value}' # last\nB=b\n");
    let environment = Environment::empty().with_dotenv_text("a.env", &file, Trust::Full);
    let environment = environment.expect("a value in single quotes");
    let read = environment
        .get("QWEN_API_KEY")
        .and_then(|variable| variable.value().ok());
    assert_eq!(read.unwrap_or_default().trim(), value.trim(), "{file:?}");
}

fn key(text: &str) {
    match ApiKey::parse(text) {
        Ok(key) => {
            assert_eq!(key.expose(), text.trim());
            assert!(key.expose().bytes().all(|byte| byte.is_ascii_graphic()));
            let shown = format!("{key:?} {} {:?}", key.masked(), key.kind());
            assert!(
                key.expose().len() < 24 || !shown.contains(key.expose()),
                "{shown}"
            );
        }
        Err(error) => {
            let shown = format!("{error} {error:?}");
            shows_nothing(&shown);
            let whole = text.trim();
            assert!(whole.len() < 12 || !shown.contains(whole), "{shown}");
        }
    }
}

fn url(text: &str) {
    let class = classify(text);
    let parsed = url::Url::parse(text.trim());
    if class.is_native() {
        let parsed = parsed.as_ref().expect("a native base URL is a URL");
        let host = parsed.host_str().unwrap_or_default();
        let same = match class.host() {
            Host::Endpoint(endpoint) => host == host_of(endpoint),
            Host::Workspace(_) => host.ends_with(".maas.aliyuncs.com"),
            Host::Loopback => match parsed.host() {
                Some(url::Host::Domain(name)) => name == "localhost",
                Some(url::Host::Ipv4(address)) => address.is_loopback(),
                Some(url::Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            },
            _ => false,
        };
        assert!(same, "{text:?} is not {:?}", class.host());
        assert!(
            parsed.username().is_empty() && parsed.password().is_none(),
            "{text:?}"
        );
        assert!(
            class.is_loopback() || parsed.scheme() == "https",
            "{text:?}"
        );
    }
    if let (Some(endpoint), Ok(parsed)) = (class.endpoint(), &parsed) {
        let host = parsed
            .host_str()
            .unwrap_or_default()
            .trim_end_matches('.')
            .to_ascii_lowercase();
        assert_eq!(host, host_of(endpoint), "{text:?}");
    }
    // Where a vendor's host is named, it is where video jobs go.
    if let Some(origin) = aigc_origin_for(Some(text)) {
        let of_vendor = Endpoint::all()
            .iter()
            .any(|endpoint| endpoint.aigc_origin() == Some(&*origin));
        if !of_vendor {
            shows_no_more_than(text, &origin);
        }
    }
    match BaseUrl::parse(text) {
        Ok(base) => {
            let again = BaseUrl::parse(base.as_str()).expect("what is shown of it is one too");
            assert_eq!(again, base);
            assert!(base.is_encrypted() || base.is_loopback());
            let joined = url::Url::parse(&base.join("models")).expect("a path below it");
            assert_eq!(
                joined.host_str(),
                url::Url::parse(base.as_str()).unwrap().host_str()
            );
        }
        Err(error) => shows_nothing(&format!("{error} {error:?}")),
    }
    if let Err(error) = UrlPolicy::strict().check(text) {
        shows_nothing(&format!("{error} {error:?}"));
    }
}

fn host_of(endpoint: Endpoint) -> String {
    let url = url::Url::parse(endpoint.base_url()).unwrap();
    url.host_str().unwrap_or_default().to_owned()
}

/// A key is told by its beginning: in the middle of a word it is a part of that word.
fn shows_nothing(text: &str) {
    let in_a_word = |c: char| c.is_alphanumeric() || "-_.%".contains(c);
    for (at, _) in text.match_indices(MARK) {
        assert!(text[..at].ends_with(in_a_word), "{text}");
    }
}

/// An origin made of a text says nothing that the text does not say.
fn shows_no_more_than(text: &str, origin: &str) {
    let text = text.to_ascii_lowercase();
    let known = Endpoint::all()
        .iter()
        .filter_map(|endpoint| endpoint.aigc_origin());
    let made_up = !text.contains(&origin.to_ascii_lowercase().trim_end_matches('/').to_owned())
        && !known.into_iter().any(|known| known == origin);
    // Credentials between scheme and host are dropped.
    assert!(
        !made_up || text.contains('@') || text.contains('/'),
        "{origin} of {text:?}"
    );
}
