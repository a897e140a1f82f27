//! Mistakes: each is said, and nothing is sent.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    thread,
};

use crate::run::{KEY, Qwen, Service};

#[test]
fn no_key() {
    let ran = Qwen::new(&["chat", "hi"]).run().exits_with(3);
    let ran = ran.says("QWEN_API_KEY, MODELSTUDIO_API_KEY and DASHSCOPE_API_KEY");
    ran.says("--emulator");
    let ran = Qwen::new(&["chat", "--json", "hi"]).run().exits_with(3);
    assert_eq!(ran.json()["ok"], false);
    assert_eq!(ran.json()["error"]["type"], "auth");
}

#[test]
fn keys_that_are_none() {
    let service = Service::start();
    for (key, says) in [
        ("sk-secret\nsk-secret", "line break"),
        ("sk-secret two", "whitespace"),
        ("sk-secret-ключ", "ASCII"),
    ] {
        let arguments = ["chat", "hi"];
        Qwen::new(&arguments)
            .at(&service)
            .env("QWEN_API_KEY", key)
            .run()
            .exits_with(3)
            .says(says);
        let url = service.emulator.base_url();
        let arguments = ["chat", "--base-url", &url, "--api-key-stdin", "hi"];
        Qwen::new(&arguments)
            .stdin(key)
            .run()
            .exits_with(3)
            .says(says);
    }
    for blank in ["", "  \t "] {
        Qwen::new(&["chat", "hi"])
            .at(&service)
            .env("QWEN_API_KEY", blank)
            .run()
            .exits_with(3);
        let arguments = ["chat", "--api-key-stdin", "hi"];
        Qwen::new(&arguments)
            .stdin(blank)
            .run()
            .exits_with(3)
            .says("empty");
    }
    assert!(service.requests().is_empty());
}

#[test]
fn an_unknown_provider() {
    let ran = Qwen::new(&["chat", "-m", "qwenn/x", "hi"])
        .run()
        .exits_with(4);
    ran.says("unknown provider").says("did you mean qwen");
}

#[test]
fn an_unknown_model_is_sent_with_a_warning() {
    let service = Service::start();
    let ran = Qwen::new(&["chat", "-m", "qwen3-coder-pluss", "hi"])
        .at(&service)
        .run();
    let ran = ran
        .exits_with(4)
        .says("Error: Model not found\nStatus: 404\ncause: The model `qwen3-coder-pluss` does not ")
        .says("(request id ")
        .says("warning: qwen/qwen3-coder-pluss is not in the catalog");
    ran.says("similar models: qwen/qwen3-coder-plus,")
        .says("does not exist");
    assert_eq!(service.requests().len(), 1);
}

#[test]
fn an_unknown_model_is_compared_with_those_of_every_provider() {
    for (model, warning) in [
        ("gpt-4o", "warning: qwen/gpt-4o is not in the catalog\n"),
        (
            "coder-model",
            "warning: qwen/coder-model is not in the catalog; similar models: \
             qwen-oauth/coder-model",
        ),
    ] {
        let arguments = ["chat", "--emulator", "-m", model, "hi"];
        Qwen::new(&arguments).run().exits_with(4).says(warning);
    }
}

#[test]
fn a_model_the_plan_lacks() {
    let arguments = ["chat", "--plan", "coding", "-m", "qwen3.6-flash", "hi"];
    let ran = Qwen::new(&arguments)
        .env("QWEN_API_KEY", KEY)
        .run()
        .exits_with(4);
    ran.says("qwen3.6-flash is not offered on the Coding Plan endpoint")
        .says("https://dashscope-intl.aliyuncs.com/compatible-mode/v1");
}

#[test]
fn a_model_the_plan_lacks_is_sent_by_force() {
    // A proxy that hangs up, so that nothing leaves this machine.
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let first_line = thread::spawn(move || {
        let (stream, _) = proxy.accept().unwrap();
        BufReader::new(stream).lines().next().unwrap().unwrap()
    });
    let arguments = ["chat", "--plan", "coding", "-m", "qwen3.6-flash"];
    Qwen::new(&[&arguments[..], &["--force", "hi"]].concat())
        .env("QWEN_API_KEY", KEY)
        .env("HTTPS_PROXY", &url)
        .run()
        .exits_with(6);
    let sent_to = "CONNECT coding-intl.dashscope.aliyuncs.com:443";
    assert!(first_line.join().unwrap().starts_with(sent_to));
}

#[test]
fn a_base_url_that_was_pasted_with_the_chat_path() {
    let service = Service::start();
    let url = format!(" {}/chat/completions/ ", service.emulator.base_url());
    let ran = Qwen::new(&["chat", "-m", "qwen3-coder-plus", "hi"])
        .env("QWEN_BASE_URL", &url)
        .env("QWEN_API_KEY", KEY)
        .run()
        .exits_with(0);
    assert_eq!(ran.stderr.matches("/chat/completions").count(), 1);
    ran.says("warning: the base URL ends with `/chat/completions`, which is added to each request");
    assert_eq!(
        service.requests()[0].path(),
        "/compatible-mode/v1/chat/completions"
    );
}

#[test]
fn addresses_a_key_must_not_go_to() {
    for (url, says) in [
        ("dashscope", "must start with https://"),
        ("https://me:secret@a.example/v1", "https://***@a.example/v1"),
        (
            "http://a.example/v1",
            "plain http would send the key unencrypted",
        ),
        ("ftp://a.example/v1", "only https"),
        ("", "empty"),
    ] {
        let arguments = ["chat", "--base-url", url, "hi"];
        Qwen::new(&arguments)
            .env("QWEN_API_KEY", KEY)
            .run()
            .exits_with(4)
            .says(says);
    }
}

#[test]
fn command_lines_that_make_no_sense() {
    for arguments in [
        &["chat", "-", "--api-key-stdin"][..],
        &["chat", "--api-key-stdin"],
        &["chat", "--temperature", "2", "hi"],
        &["chat", "--max-tokens", "0", "hi"],
        &["chat", "--plan", "gold", "hi"],
        &[
            "chat",
            "--emulator",
            "--base-url",
            "https://a.example",
            "hi",
        ],
        &["chat", "  "],
        &["chat"],
        &["models", "list", "--json", "--plain"],
        &["models", "list", "--edition", "2027"],
        &["emulator", "--fault", "nonsense"],
        &["nonsense"],
    ] {
        let ran = Qwen::new(arguments).env("QWEN_API_KEY", KEY).run();
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn words_that_are_no_command() {
    let ran = Qwen::new(&["channels", "add"]).run().exits_with(2);
    assert_eq!(ran.stdout, "");
    ran.says("`channels` is a command of OpenClaw")
        .says("hint: run `openclaw channels`");
    Qwen::new(&["modles", "list"])
        .run()
        .exits_with(2)
        .says("error: there is no command `modles`")
        .says("hint: did you mean `qwen-openclaw models`?");
    let ran = Qwen::new(&["channels", "list", "--json"]).run();
    let document = ran.exits_with(2).json();
    assert_eq!(document["error"]["type"], "usage");
    assert_eq!(document["error"]["hint"], "run `openclaw channels`");
}

#[test]
fn a_dotenv_file_that_is_not_there() {
    let arguments = ["chat", "--dotenv", "/nowhere/.env", "hi"];
    Qwen::new(&arguments)
        .run()
        .exits_with(1)
        .says("/nowhere/.env");
}

#[test]
fn a_port_that_is_taken() {
    let service = Service::start();
    let port = service
        .emulator
        .origin()
        .rsplit_once(':')
        .unwrap()
        .1
        .to_owned();
    let ran = Qwen::new(&["emulator", "--port", &port])
        .run()
        .exits_with(1);
    ran.says("could not listen on port");
}
