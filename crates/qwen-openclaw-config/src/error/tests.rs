//! Tests of the error and its messages.

use super::*;

#[test]
fn the_error_is_pointer_sized_and_send() {
    fn sendable<T: Send + Sync + 'static>() {}
    sendable::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

#[test]
fn messages_name_the_file_and_say_what_to_do() {
    let file = "~/.openclaw/openclaw.json";
    let table = [
        (
            Error::too_large(8 << 20),
            "~/.openclaw/openclaw.json is larger than 8 MiB: is it a configuration file?",
        ),
        (
            Error::unset("MY_KEY", "models.providers.qwen.apiKey"),
            "the variable MY_KEY is not set, and `models.providers.qwen.apiKey` in \
             ~/.openclaw/openclaw.json needs it",
        ),
        (Error::no_alias("a\u{1b}"), "no such alias: a\\u{1b}"),
        (
            Error::alias_loop(vec!["a".into(), "b".into(), "a".into()]),
            "the alias leads back to itself: a -> b -> a",
        ),
        (
            Error::read_only(),
            "~/.openclaw/openclaw.json is read-only: allow writing with `chmod u+w` to change it",
        ),
    ];
    for (error, message) in table {
        assert_eq!(error.in_file(file).to_string(), message);
    }
    let error = Error::read(io::ErrorKind::PermissionDenied.into());
    assert_eq!(error.to_string(), "could not read the configuration");
    assert!(error::Error::source(&error).is_some());
}
