//! Checks of the base URLs that keys are sent to.

use qwen_openclaw::{
    auth::{Profile, variables::QWEN_BASE_URL},
    catalog::{Endpoint, Provider, classify},
    config::{ErrorKind, KeyPath, ProblemKind},
    http::BaseUrl,
    provider_of_entry,
};

use super::{
    check::Found,
    configuration::{at, of_kind, provider as entry_path},
    credentials::store_again,
    home::Home,
    shell::{set, unset},
};

/// The domains of the vendor.
const OFFICIAL: [&str; 6] = [
    "aliyuncs.com",
    "aliyun.com",
    "alibabacloud.com",
    "qwen.ai",
    "qwencloud.com",
    "qwen.com",
];

/// Words that make a host look like one of the vendor's.
const NAMES: [&str; 5] = ["dashscope", "aliyun", "alibabacloud", "modelstudio", "qwen"];

/// A base URL, and where it is set.
struct Setting {
    provider: Provider,
    url: String,
    place: String,
    path: Option<KeyPath>,
}

fn settings(home: &Home) -> Vec<Setting> {
    let mut all = Vec::new();
    for entry in &home.survey.config.models.providers {
        if let (Some(provider), Ok(Some(url))) = (provider_of_entry(entry), entry.base_url()) {
            let path = entry_path(&entry.name).name("baseUrl");
            all.push(Setting {
                provider,
                url: url.to_owned(),
                place: path.to_string(),
                path: Some(path),
            });
        }
    }
    if let Some(variable) = home.survey.environment().get(QWEN_BASE_URL)
        && let Ok(url) = variable.value()
    {
        all.push(Setting {
            provider: Provider::QWEN,
            url: url.to_owned(),
            place: variable.source().to_string(),
            path: None,
        });
    }
    for row in &home.survey.profiles {
        let url = match &row.profile {
            Profile::ApiKey(stored) => stored.endpoint().base_url.clone(),
            Profile::Login(login) => login.resource_url().map(with_scheme),
            _ => None,
        };
        if let (Some(url), Ok(provider)) = (url, Provider::exactly(row.id.provider())) {
            all.push(Setting {
                provider,
                url,
                place: format!("profile: {}", row.id),
                path: None,
            });
        }
    }
    all
}

/// A login's resource URL may be a host only.
fn with_scheme(url: &str) -> String {
    if url.contains("://") {
        url.to_owned()
    } else {
        format!("https://{url}")
    }
}

impl Setting {
    fn fix(&self) -> String {
        let official = self
            .provider
            .default_base_url()
            .unwrap_or("https://HOST/v1");
        match (&self.path, self.place.split_once(": ")) {
            (Some(path), _) => set(path, official),
            (None, Some(("profile", id))) => format!(
                "`qwen-openclaw models auth logout {id}`; then {}",
                store_again(self.provider.id())
            ),
            (None, _) => format!("`unset {QWEN_BASE_URL}` where it is set ({})", self.place),
        }
    }

    fn found(&self, home: &Home, text: String) -> Found {
        let text = match &self.path {
            Some(path) => at(home, path, text),
            None => text,
        };
        Found::new(text, self.fix())
    }
}

/// Base URLs that no key may be sent to: plain http, a query, no host.
pub(super) fn unusable(home: &Home) -> Vec<Found> {
    let settings = settings(home).into_iter();
    settings
        .filter_map(|setting| {
            let error = BaseUrl::parse(&setting.url).err()?;
            Some(setting.found(home, format!("{}: {error}", setting.place)))
        })
        .collect()
}

pub(super) fn without_path(home: &Home) -> Vec<Found> {
    of_kind(home, |problem| {
        (*problem.kind() == ProblemKind::BaseUrlWithoutPath)
            .then(|| format!("{} with a URL that ends in /v1", set(problem.path(), "URL")))
    })
}

/// Base URLs with a key in them.
pub(super) fn secrets(home: &Home) -> Vec<Found> {
    let entries = home.survey.config.models.providers.iter();
    entries
        .filter_map(|entry| {
            let error = entry.base_url().err()?;
            if error.kind() != ErrorKind::SecretInUrl {
                return None;
            }
            let path = entry_path(&entry.name).name("baseUrl");
            let fix = format!("{}; then {}", store_again(&entry.name), unset(&path));
            Some(Found::new(error.to_string(), fix))
        })
        .collect()
}

/// Hosts that look like one of the vendor's, and are not.
pub(super) fn lookalikes(home: &Home) -> Vec<Found> {
    let settings = settings(home).into_iter();
    settings
        .filter_map(|setting| {
            let (host, like) = lookalike(&setting.url)?;
            let place = &setting.place;
            let text = format!(
                "{place}: {host} is not a host of Qwen Cloud, and {like}; the key is sent there"
            );
            Some(setting.found(home, text))
        })
        .collect()
}

/// The host of a base URL that looks like one of the vendor's, and what makes it look so.
pub(super) fn lookalike(url: &str) -> Option<(String, String)> {
    let base = BaseUrl::parse_allowing_plain_http(url).ok()?;
    let class = classify(base.as_str());
    if class.endpoint().is_some() || class.is_loopback() {
        return None;
    }
    let host = host_of(&base);
    let like = resembles(&host)?;
    Some((host, like))
}

fn host_of(base: &BaseUrl) -> String {
    let origin = base.origin();
    let host = origin
        .split_once("://")
        .map_or(origin.as_str(), |(_, host)| host);
    let host = host.rsplit_once(':').map_or(host, |(host, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) {
            host
        } else {
            origin.as_str()
        }
    });
    host.to_ascii_lowercase()
}

/// What makes a host look like one of the vendor's, if it is not.
fn resembles(host: &str) -> Option<String> {
    let is_below = |domain: &str| {
        let above = host.strip_suffix(domain);
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    };
    if OFFICIAL.into_iter().any(is_below) {
        return None;
    }
    let hosts = Endpoint::all().iter().filter_map(|endpoint| {
        let url = endpoint.base_url().strip_prefix("https://")?;
        url.split('/').next()
    });
    let near = hosts
        .chain(OFFICIAL)
        .find(|official| strsim::levenshtein(host, official) <= 2);
    let named = || NAMES.into_iter().find(|name| host.contains(name));
    // Letters of other scripts are written like this.
    let foreign = || host.split('.').any(|label| label.starts_with("xn--"));
    match near {
        Some(near) => Some(format!("looks like {near}")),
        None => named()
            .map(|name| format!("has {name} in its name"))
            .or_else(|| foreign().then(|| "is written in other letters".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_the_vendor_resembles_nothing() {
        for endpoint in Endpoint::all() {
            let base = BaseUrl::parse(endpoint.base_url()).unwrap();
            assert_eq!(resembles(&host_of(&base)), None);
        }
        for host in [
            "ws-1.ap-southeast-1.maas.aliyuncs.com",
            "api.openai.com",
            "models.example",
            "192.168.1.7",
        ] {
            assert_eq!(resembles(host), None, "{host}");
        }
    }

    #[test]
    fn a_host_that_looks_like_the_vendors_is_noticed() {
        for (host, like) in [
            ("dashscope.aliyuncs.co", "looks like dashscope.aliyuncs.com"),
            (
                "dashsc0pe.aliyuncs.com.evil.example",
                "has aliyun in its name",
            ),
            (
                "dashscope-aliyuncs.com",
                "looks like dashscope.aliyuncs.com",
            ),
            ("portal.qwen.ai.example", "has qwen in its name"),
            ("portal.qvven.ai", "looks like portal.qwen.ai"),
            ("xn--qwn-xoa.ai", "is written in other letters"),
        ] {
            assert_eq!(resembles(host).as_deref(), Some(like), "{host}");
        }
        assert_eq!(strsim::levenshtein("kitten", "sitting"), 3);
        assert_eq!(strsim::levenshtein("", "abc"), 3);
    }
}
