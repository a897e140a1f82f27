//! Which URLs count as native, cross-checked with the `url` crate.

use proptest::prelude::*;
use url::Url;

use super::*;

/// Checks plan, region and native in one string: `coding china native`.
fn check(url: &str, expected: &str) {
    let class = classify(url);
    let mut words: Vec<&str> = Vec::new();
    match class.host() {
        Host::Loopback => words.push("loopback"),
        Host::Custom => words.push("custom"),
        Host::Workspace(_) => words.push("workspace"),
        Host::Endpoint(endpoint) => words.push(endpoint.plan().as_str()),
    }
    words.extend(class.region().map(Region::as_str));
    if class.is_native() {
        words.push("native");
    }
    assert_eq!(words.join(" "), expected, "{url:?}");
}

#[test]
fn the_documented_base_urls_are_native() {
    for endpoint in Endpoint::all() {
        let class = classify(endpoint.base_url());
        assert_eq!(class.endpoint(), Some(*endpoint));
        assert_eq!(class.is_native(), endpoint.plan() != Plan::Portal);
    }
}

#[test]
fn equivalent_spellings_are_equal() {
    check(
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1//",
        "standard global native",
    );
    check(
        "  HTTPS://DashScope.aliyuncs.com/Compatible-Mode/V1\t\n",
        "standard china native",
    );
    check(
        "https://coding.dashscope.aliyuncs.com:443/v1",
        "coding china native",
    );
    check(
        "https://coding.dashscope.aliyuncs.com/v1?x=1#f",
        "coding china native",
    );
}

#[test]
fn a_known_host_with_another_path_is_not_native() {
    check(
        "https://coding-intl.dashscope.aliyuncs.com",
        "coding global",
    );
    check(
        "https://coding-intl.dashscope.aliyuncs.com/apps/anthropic",
        "coding global",
    );
    check(
        "https://coding-intl.dashscope.aliyuncs.com:8443/v1",
        "coding global",
    );
    check(
        "https://coding-intl.dashscope.aliyuncs.com./v1",
        "coding global",
    );
    check("https://coding-intl.dashscope.aliyuncs.com../v1", "custom");
    check(
        "https://user:pass@coding-intl.dashscope.aliyuncs.com/v1",
        "coding global",
    );
    check(
        "http://dashscope.aliyuncs.com/compatible-mode/v1",
        "standard china",
    );
    check("https://portal.qwen.ai/v1", "portal global");
}

#[test]
fn look_alikes_are_custom() {
    check(
        "https://coding.dashscope.aliyuncs.com.evil.com/v1",
        "custom",
    );
    check("https://evilcoding.dashscope.aliyuncs.com/v1", "custom");
    check(
        "https://coding.dashscope.aliyuncs.com@evil.com/v1",
        "custom",
    );
    check(
        "https://evil.com/coding.dashscope.aliyuncs.com/v1",
        "custom",
    );
    check(
        "https://evil.com/v1?h=coding.dashscope.aliyuncs.com",
        "custom",
    );
    check(
        "https://evil.com#@coding.dashscope.aliyuncs.com/v1",
        "custom",
    );
    check(
        "https://dashscope-us.aliyuncs.com/compatible-mode/v1",
        "custom",
    );
    check("https://maas.aliyuncs.com/compatible-mode/v1", "custom");
    check(
        "https://ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1",
        "custom",
    );
}

#[test]
fn urls_that_need_repair_are_custom() {
    check("https:\\\\coding.dashscope.aliyuncs.com/v1", "custom");
    check("https://coding.dashscope.aliyuncs\u{3002}com/v1", "custom");
    check("https://coding.dashscope.aliyuncs%2Ecom/v1", "custom");
    check("https://coding.dashscope.ali\tyuncs.com/v1", "custom");
    check("https://coding.dashscope .aliyuncs.com/v1", "custom");
    check("https:coding.dashscope.aliyuncs.com/v1", "custom");
    check("https:///coding.dashscope.aliyuncs.com/v1", "custom");
    check("coding.dashscope.aliyuncs.com/v1", "custom");
    check("https://coding.dashscope.aliyuncs.com:99999/v1", "custom");
    check("https://127.1:9/v1", "custom");
    check("http://0x7f.0.0.1:9/v1", "custom");
}

#[test]
fn workspaces_are_native_and_have_a_region() {
    check(
        "https://ws-1.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1",
        "workspace global native",
    );
    check(
        "https://ws-1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1",
        "workspace china native",
    );
    check(
        "https://ws-1.eu-central-1.maas.aliyuncs.com/compatible-mode/v1/",
        "workspace global native",
    );
    check(
        "https://a.b.cn-beijing.maas.aliyuncs.com/compatible-mode/v1",
        "custom",
    );
}

#[test]
fn this_machine_is_native() {
    check("http://127.0.0.1:1234/v1", "loopback native");
    check("http://127.8.0.1/", "loopback native");
    check("http://[::1]:1234/v1", "loopback native");
    check("http://LOCALHOST", "loopback native");
    check("http://user@localhost/v1", "loopback");
    check("ftp://localhost/v1", "loopback");
    check("http://localhost.evil.com/v1", "custom");
    check("http://128.0.0.1/v1", "custom");
}

#[test]
fn the_aigc_origin_follows_the_region() {
    let check = |url: Option<&str>, expected: &str| {
        assert_eq!(aigc_origin_for(url).as_deref(), Some(expected), "{url:?}");
    };
    let global = "https://dashscope-intl.aliyuncs.com";
    let china = "https://dashscope.aliyuncs.com";
    for endpoint in Endpoint::all()
        .iter()
        .filter(|endpoint| endpoint.plan() != Plan::Portal)
    {
        check(Some(endpoint.base_url()), endpoint.aigc_origin().unwrap());
    }
    check(None, global);
    check(Some("   "), global);
    check(Some("not a url"), global);
    check(Some("dashscope.aliyuncs.com/compatible-mode/v1"), global);
    check(
        Some("https://DASHSCOPE-INTL.aliyuncs.com/Compatible-Mode/v1"),
        global,
    );
    check(
        Some("https://user:pw@dashscope.aliyuncs.com/compatible-mode/v1"),
        china,
    );
    check(
        Some("https://dashscope-intl.aliyuncs.com:8443/compatible-mode/v1"),
        "https://dashscope-intl.aliyuncs.com:8443",
    );
    check(
        Some("https://dashscope-finance.aliyuncs.com/api/v1"),
        "https://dashscope-finance.aliyuncs.com",
    );
    check(
        Some("https://ws-1.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1"),
        "https://ws-1.ap-southeast-1.maas.aliyuncs.com",
    );
    check(
        Some("https://proxy.example.com/qwen/"),
        "https://proxy.example.com/qwen",
    );
    check(Some("http://127.0.0.1:9/dash"), "http://127.0.0.1:9/dash");
    check(
        Some("http://127.0.0.1:9/cn/compatible-mode/v1"),
        "http://127.0.0.1:9/cn",
    );
    check(Some("http://127.0.0.1:9/coding/v1/"), "http://127.0.0.1:9");
    assert_eq!(aigc_origin_for(Some("https://portal.qwen.ai/v1")), None);
}

/// Checks that a URL parser agrees on host, scheme and port of a native URL.
fn agrees_with_url(text: &str) {
    let class = classify(text);
    if !class.is_native() {
        return;
    }
    let url = Url::parse(text.trim()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    let host = url.host_str().unwrap();
    match class.host() {
        Host::Endpoint(endpoint) => assert_eq!(host, endpoint.host(), "{text:?}"),
        Host::Workspace(_) => assert!(host.ends_with(".maas.aliyuncs.com"), "{text:?}"),
        Host::Loopback => {
            let here = match url.host().unwrap() {
                url::Host::Domain(name) => name == "localhost",
                url::Host::Ipv4(address) => address.is_loopback(),
                url::Host::Ipv6(address) => address.is_loopback(),
            };
            assert!(here, "{text:?}");
            return;
        }
        Host::Custom => panic!("custom and native: {text:?}"),
    }
    assert_eq!((url.scheme(), url.port()), ("https", None), "{text:?}");
    assert_eq!((url.username(), url.password()), ("", None), "{text:?}");
}

/// Pieces that make up tricky URLs more often than random characters would.
fn piece() -> impl Strategy<Value = String> {
    let hosts = Endpoint::all()
        .iter()
        .map(|endpoint| endpoint.host().to_owned());
    let mut pieces: Vec<String> = hosts.collect();
    let odd = [
        "https",
        "http",
        "://",
        ":",
        "//",
        "/",
        "\\",
        "@",
        ".",
        "..",
        "?",
        "#",
        "[",
        "]",
        "%2E",
        "\u{3002}",
        "\t",
        " ",
        "\n",
        "443",
        "8443",
        "/v1",
        "/compatible-mode/v1",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "ws.cn-beijing.maas.aliyuncs.com",
        ".maas.aliyuncs.com",
        "evil.com",
        "xn--",
        "\u{ad}",
        "K",
        "0x7f.1",
    ];
    pieces.extend(odd.map(str::to_owned));
    proptest::sample::select(pieces)
}

proptest! {
    #[test]
    fn any_text_is_classified_as_the_url_crate_reads_it(text in "\\PC{0,60}") {
        agrees_with_url(&text);
        let _ = aigc_origin_for(Some(&text));
    }

    #[test]
    fn pieces_of_urls_are_classified_as_the_url_crate_reads_them(
        pieces in proptest::collection::vec(piece(), 1..8),
    ) {
        agrees_with_url(&pieces.concat());
    }

    #[test]
    fn a_native_url_with_something_inserted_stays_honest(
        index in 0..Endpoint::all().len(),
        position in 0_usize..80,
        insert in prop_oneof![piece(), "\\PC{1,2}"],
    ) {
        let mut text = Endpoint::all()[index].base_url().to_owned();
        text.insert_str(position.min(text.len()), &insert);
        agrees_with_url(&text);
    }
}
