//! The credentials file: what is listed can be loaded and removed, and what is not understood stays.

use qwen_openclaw_auth::{ApiKey, CredentialStore, FileStore, Profile, ProfileId};

use super::{json::Tree, source::Source};

/// More than anybody would have for one id.
const SPELLINGS: usize = 64;

/// Bytes that begin with `=` are a file; all others decide what a file is built of.
pub(super) fn check(data: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let file = match data.split_first() {
        Some((b'=', file)) => file.to_vec(),
        Some((_, rest)) => document(&mut Source::new(rest)).into_bytes(),
        None => Vec::new(),
    };
    runtime.block_on(rewrite(&file));
}

async fn rewrite(file: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials.json");
    write(&path, file);
    let store = FileStore::new(&path);
    let new: ProfileId = "qwen:added".parse().unwrap();
    let profile = Profile::from(ApiKey::parse("sk-fedcba9876543210").unwrap());

    let listed = match store.list().await {
        Ok(listed) => listed,
        Err(error) => {
            shows_nothing(&format!("{error} {error:?}"));
            // What cannot be read is not replaced either.
            assert!(store.put(&new, &profile).await.is_err());
            assert_eq!(std::fs::read(&path).unwrap(), file);
            return;
        }
    };
    let mut loaded = Vec::new();
    for id in &listed {
        let profile = store.load(id).await.unwrap();
        loaded.push((id.clone(), profile.expect("what is listed can be loaded")));
    }
    if let Err(error) = store.put(&new, &profile).await {
        shows_nothing(&format!("{error} {error:?}"));
        return assert_eq!(std::fs::read(&path).unwrap(), file);
    }
    assert_eq!(store.load(&new).await.unwrap(), Some(profile));
    for (id, profile) in loaded.iter().filter(|(id, _)| *id != new) {
        assert_eq!(
            store.load(id).await.unwrap().as_ref(),
            Some(profile),
            "{id}"
        );
    }
    kept(file, &std::fs::read(&path).unwrap(), &new);

    for (id, _) in loaded.iter().filter(|(id, _)| *id != new) {
        // Several spellings of one id are as many profiles, of which one is seen at a time.
        for _ in 0..listed.len() + SPELLINGS {
            let Some(profile) = store.load(id).await.unwrap_or_default() else {
                break;
            };
            assert!(
                store.swap(id, Some(&profile), None).await.unwrap(),
                "{id} cannot be removed"
            );
        }
        assert!(
            !store.list().await.unwrap().contains(id),
            "{id} is still there"
        );
    }
}

/// What nobody has changed stands in the file as before.
fn kept(before: &[u8], after: &[u8], new: &ProfileId) {
    let before = Tree::of(before.strip_prefix(b"\xef\xbb\xbf").unwrap_or(before)).unwrap();
    let after = Tree::of(after).unwrap();
    let empty = Tree::Object(Default::default());
    for (name, value) in before.fields().filter(|(name, _)| *name != "profiles") {
        let gone = name == "order" && *value == empty;
        assert!(
            gone || after.field(name) == Some(value),
            "{name}: {value:?} in {after:?}"
        );
    }
    let profiles = after.field("profiles").unwrap();
    let canonical = |name: &str| {
        name.parse::<ProfileId>()
            .map_or(name.to_owned(), |id| id.to_string())
    };
    for (name, value) in before.field("profiles").into_iter().flat_map(Tree::fields) {
        // An alias may have become the id it stands for.
        if canonical(name) == *name && name != new.as_str() {
            assert_eq!(profiles.field(name), Some(value), "{name}");
        }
    }
}

fn shows_nothing(text: &str) {
    assert!(!text.contains("sk-") && !text.contains("secret"), "{text}");
}

fn write(path: &std::path::Path, bytes: &[u8]) {
    use std::io::Write;

    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).unwrap().write_all(bytes).unwrap();
}

fn document(source: &mut Source<'_>) -> String {
    let mut fields = vec![format!(
        "\"version\":{}",
        source.pick(&["1", "1", "1", "1", "1", "2", "0", "1.0", "\"1\""])
    )];
    while !source.is_empty() && fields.len() < 10 {
        fields.push(match source.below(6) {
            0..=2 => {
                let profiles: Vec<String> = (0..source.below(5)).map(|_| profile(source)).collect();
                format!("\"profiles\":{{{}}}", profiles.join(","))
            }
            3 => format!(
                "\"order\":{{{}}}",
                source.pick(&[
                    "",
                    "\"qwen\":[\"qwen:default\",\"modelstudio:work\"]",
                    "\"qwen\":[]",
                    "\"x\":[\"no id\"]",
                ])
            ),
            _ => format!(
                "\"{}\":{}",
                source.pick(&["x", "y", "schema", "profile"]),
                unknown(source)
            ),
        });
    }
    let last = |(at, field): &(usize, &String)| {
        let name = field.split(':').next();
        fields
            .iter()
            .rposition(|other| other.split(':').next() == name)
            == Some(*at)
    };
    // A repeated part of our own is a damaged file; what others repeat is theirs.
    let fields: Vec<&str> = fields
        .iter()
        .enumerate()
        .filter(last)
        .map(|(_, field)| field.as_str())
        .collect();
    format!("{{{}}}", fields.join(","))
}

fn profile(source: &mut Source<'_>) -> String {
    let id = source.pick(&[
        "qwen:default",
        "qwen:work",
        "modelstudio:default",
        "qwen-oauth:default",
        "qwen-portal:default",
        "somebody:else",
        "Qwen:Default",
        "no id",
        "",
        "qwen:a@b.example",
    ]);
    let mut fields =
        vec![source
        .pick(&[
            "\"type\":\"api_key\",\"key\":\"sk-secret-one\"",
            "\"type\":\"api_key\",\"key\":\"sk-secret one\"",
            "\"type\":\"token\",\"token\":\"sk-secret-two\"",
            "\"type\":\"oauth\",\"access\":\"secret-three\",\"refresh\":\"secret-four\"",
            "\"type\":\"oauth\",\"access\":\"secret-three\",\"refresh\":\" \",\"generation\":3",
            "\"type\":\"qwen_cli\",\"path\":\"x/oauth_creds.json\"",
            "\"type\":\"later\"",
            "\"type\":5",
        ])
        .to_owned()];
    for _ in 0..source.below(4) {
        fields.push(match source.below(6) {
            0 => format!(
                "\"expires\":{}",
                source.pick(&["5", "1790000000000", "18446744073709551615", "-1", "1e3"])
            ),
            1 => "\"provider\":\"qwen\"".to_owned(),
            2 => "\"provider\":\"modelstudio\"".to_owned(),
            3 => format!(
                "\"lifetime\":{}",
                source.pick(&["5", "null", "18446744073709551615"])
            ),
            _ => format!(
                "\"{}\":{}",
                source.pick(&["email", "note"]),
                unknown(source)
            ),
        });
    }
    format!("\"{id}\":{{{}}}", fields.join(","))
}

fn unknown(source: &mut Source<'_>) -> String {
    match source.below(10) {
        0 => format!("0.{}{}{}", source.byte(), source.byte(), source.byte()),
        1 => format!("{}.{}e{}", source.byte(), source.byte(), source.below(40)),
        2 => format!("{}123456789.{}5", source.byte(), source.byte()),
        _ => source
            .pick(&[
                "null",
                "true",
                "\"text \\ud83d\\ude00\"",
                "[1,{\"a\":0.1}]",
                "{\"b\":{}}",
                "18446744073709551615",
                "-9223372036854775808",
                "123456789012345678901234567890",
                "1e400",
                "0.30000000000000004",
            ])
            .to_owned(),
    }
}
