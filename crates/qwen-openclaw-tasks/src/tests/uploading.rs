//! Files go where the service said, as its form wants them.

use std::time::SystemTime;

use super::fake::*;
use crate::ErrorKind;

#[tokio::test(start_paused = true)]
async fn the_form_is_as_documented_and_has_no_key() {
    let fake = Fake::new();
    let (tasks, _store) = fake.tasks();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("My cat.PNG");
    std::fs::write(&path, b"\x89PNG1234").unwrap();
    let upload = tasks.upload("wan2.6-i2v", &path, 1 << 20).await.unwrap();
    assert!(
        upload.url.starts_with("oss://dir/of/mine/"),
        "{}",
        upload.url
    );
    assert!(upload.url.ends_with(".png"), "{}", upload.url);
    let kept = upload.expires_at.duration_since(SystemTime::now()).unwrap();
    assert_eq!(kept.as_secs() / 3600, 47);

    let state = fake.state();
    assert_eq!(state.with_key, ["/api/v1/uploads"]);
    let body = String::from_utf8_lossy(&state.bodies[0]).into_owned();
    let names: Vec<&str> = body
        .split("; name=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "OSSAccessKeyId",
            "Signature",
            "policy",
            "key",
            "x-oss-object-acl",
            "x-oss-forbid-overwrite",
            "success_action_status",
            "file"
        ]
    );
    assert!(
        body.contains("image/png") && body.contains("PNG1234"),
        "{body}"
    );
    assert!(!body.contains("My cat"), "{body}");
}

#[tokio::test(start_paused = true)]
async fn bad_files_are_refused_before_anything_is_sent() {
    let fake = Fake::new();
    let (tasks, _store) = fake.tasks();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    for (path, kind) in [
        (at("empty.png", b""), ErrorKind::InvalidRequest),
        (folder.path().join("missing.png"), ErrorKind::Storage),
        (folder.path().to_owned(), ErrorKind::InvalidRequest),
        (at("large.png", &[0; 101]), ErrorKind::InvalidRequest),
    ] {
        let error = tasks.upload("wan2.6-i2v", &path, 100).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{path:?}: {error}");
    }
    assert!(fake.state().seen.is_empty());
    // The policy's own limit is a mebibyte here.
    let path = at("larger.png", &vec![1; (1 << 20) + 1]);
    let error = tasks
        .upload("wan2.6-i2v", &path, 1 << 30)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test(start_paused = true)]
async fn a_late_form_gets_a_new_policy_and_an_inward_host_nothing() {
    let fake = Fake::new().with(|state| state.file.push_back(Fault::Broken));
    let (tasks, _store) = fake.tasks();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    std::fs::write(&path, b"\x89PNG1234").unwrap();
    tasks.upload("wan2.6-i2v", &path, 100).await.unwrap();
    assert_eq!(fake.count("GET /api/v1/uploads"), 2);

    fake.state().policy["upload_host"] = "https://10.0.0.1".into();
    let error = tasks.upload("wan2.6-i2v", &path, 100).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    fake.state().policy["upload_host"] = 3.into();
    let error = tasks.upload("wan2.6-i2v", &path, 100).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
}
