//! `image`: images generated and edited, as jobs that outlast the command.

use std::{path::Path, time::Duration};

use qwen_openclaw_emulator::{Emulator, FaultKind, FaultRule};
use serde_json::json;
use tempfile::TempDir;

use crate::run::{Qwen, Ran, Service};

fn image(arguments: &[&str]) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let all = [&["image"], arguments].concat();
    Qwen::new(&all)
        .env("HOME", home.path().to_str().unwrap())
        .run()
}

#[test]
fn an_estimate_sends_nothing_and_shows_the_request() {
    let said = image(&["generate", "a crane", "-n", "2", "--dry-run"]).exits_with(0);
    assert_eq!(
        said.stdout,
        "qwen-image-3.0, 2 images of 1328*1328: USD 0.06 at list price\n"
    );
    let json = image(&[
        "generate",
        "a crane",
        "-m",
        "wan2.6-t2i",
        "--size",
        "1328x1328",
        "--estimate",
        "--json",
    ]);
    let json = json.exits_with(0).json();
    assert_eq!(
        json["path"],
        "/api/v1/services/aigc/image-generation/generation"
    );
    assert_eq!(
        json["request"]["parameters"],
        json!({"n": 1, "size": "1328*1328"})
    );
    assert_eq!(json["estimate"], json!(null));
    let china = ["-m", "qwen-image-edit", "--region", "china", "--estimate"];
    let edit = [&["edit", "cat.png", "in winter"], &china[..]].concat();
    let said = image(&edit).exits_with(0).stdout;
    assert_eq!(said, "qwen-image-edit, 1 image: CNY 0.30 at list price\n");
}

#[test]
fn the_nearest_values_are_taken_and_said() {
    let size = ["-m", "qwen-image-plus", "--size", "1700x900", "-n", "4"];
    let arguments = [&["generate", "a crane", "--estimate"], &size[..]].concat();
    let ran = image(&arguments).exits_with(0);
    ran.says("note: number of images 4 becomes 1");
    let ran = image(&arguments).exits_with(0);
    ran.says("note: size 1700*900 becomes 1664*928");
    let strict = [&arguments[..], &["--strict"]].concat();
    image(&strict)
        .exits_with(4)
        .says("the model does not take the number of images 4");
}

#[test]
fn what_cannot_work_is_said_before_anything_is_sent() {
    image(&["edit", "no-such.png", "in winter"])
        .exits_with(4)
        .says("there is no file no-such.png");
    image(&["generate", "a crane", "-n", "2", "-o", "-"])
        .exits_with(2)
        .says("standard output holds one image");
    image(&["generate", "a crane", "-m", "qwen-image-edit"])
        .exits_with(4)
        .says("qwen-image-edit needs 1 to 3 images");
    image(&["generate", "a crane", "-m", "qwen-imag-3.0"])
        .exits_with(4)
        .says("no image model");
    image(&["generate", "a crane", "--size", "huge"])
        .exits_with(2)
        .says("unknown format");
    let folder = tempfile::tempdir().unwrap();
    // The second of two has that name already.
    std::fs::write(folder.path().join("a-2.png"), "mine").unwrap();
    let path = folder.path().join("a.png");
    image(&[
        "generate",
        "a crane",
        "-n",
        "2",
        "-o",
        path.to_str().unwrap(),
    ])
    .exits_with(4)
    .says("a-2.png");
}

#[test]
fn each_command_has_jobs_of_its_own() {
    image(&["list"]).exits_with(0).says("no jobs");
    image(&["show", "20261128"])
        .exits_with(2)
        .says("`qwen-openclaw image list` shows those there are");
    image(&["resume"]).exits_with(0).says("nothing to resume");
}

/// Somebody with a home folder and a service, who comes back.
struct User {
    home: TempDir,
    service: Service,
}

impl User {
    fn new() -> Self {
        let quick =
            Emulator::builder().video_times(Duration::from_millis(10), Duration::from_millis(10));
        Self {
            home: tempfile::tempdir().unwrap(),
            service: Service::with(quick),
        }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let home = self.home.path().to_str().unwrap();
        Qwen::new(&[&["image"], arguments].concat())
            .at(&self.service)
            .env("HOME", home)
            .run()
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).to_str().unwrap().to_owned()
    }

    /// How many requests to make images there were.
    fn sent(&self) -> usize {
        let requests = self.service.requests();
        let ends = ["/generations", "/generation", "/image-synthesis"];
        let made = requests
            .iter()
            .filter(|request| ends.iter().any(|end| request.path().ends_with(end)));
        made.count()
    }
}

/// Width and height of a PNG file.
fn size_of(path: impl AsRef<Path>) -> (u32, u32) {
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (side(16), side(20))
}

#[test]
fn an_image_without_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crane.png");
    let text = path.to_str().unwrap();
    let ran = image(&["generate", "a red crane", "--emulator", "-o", text]);
    assert_eq!(ran.exits_with(0).stdout.trim(), text);
    assert_eq!(size_of(&path), (1328, 1328));
}

#[test]
fn each_form_makes_images_of_the_size() {
    let user = User::new();
    for (model, size, expected) in [
        ("qwen-image-3.0", "1536x1024", (1536, 1024)),
        ("qwen-image-2.0", "1024*1024", (1024, 1024)),
        ("wan2.7-image", "1024*1024", (1024, 1024)),
        ("qwen-image-plus", "1664x928", (1664, 928)),
    ] {
        let path = user.path(&format!("{model}.png"));
        let arguments = ["generate", "a crane", "-m", model, "--size", size];
        let ran = user.run(&[&arguments[..], &["-o", &path]].concat());
        assert_eq!(ran.exits_with(0).stdout.trim(), path);
        assert_eq!(size_of(&path), expected, "{model}");
    }
    assert_eq!(user.sent(), 4);
    let jobs = user.run(&["list", "--json"]).exits_with(0).json();
    let jobs = jobs["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), 4);
    assert!(
        jobs.iter().all(|job| job["prompt"] == "a crane"),
        "{jobs:?}"
    );
    // They are none of the jobs of `video`.
    let home = user.home.path().to_str().unwrap();
    let videos = Qwen::new(&["video", "list"]).env("HOME", home).run();
    videos.exits_with(0).says("no jobs");
}

#[test]
fn several_images_have_numbers() {
    let user = User::new();
    let path = user.path("a.png");
    let several = ["-m", "qwen-image-2.0", "-n", "2", "-o", &path];
    let ran = user.run(&[&["generate", "a crane"], &several[..]].concat());
    let names = [user.path("a-1.png"), user.path("a-2.png")];
    assert_eq!(ran.exits_with(0).stdout.lines().collect::<Vec<_>>(), names);
    assert!(names.iter().all(|name| size_of(name) == (2048, 2048)));
    assert_eq!(user.sent(), 1);
}

#[test]
fn a_local_image_is_edited_inline_or_uploaded() {
    let user = User::new();
    let cat = user.path("cat.png");
    user.run(&["generate", "a cat", "-o", &cat]).exits_with(0);
    for upload in [&[][..], &["--upload"]] {
        let path = user.path(if upload.is_empty() { "a.png" } else { "b.png" });
        let edit = ["edit", &cat, "in winter", "-o", &path];
        user.run(&[&edit[..], upload].concat()).exits_with(0);
        size_of(&path);
    }
}

#[test]
fn a_job_is_fetched_later() {
    let user = User::new();
    let arguments = ["generate", "a crane", "-m", "wan2.6-t2i", "--no-wait"];
    let id = user.run(&arguments).exits_with(0).stdout;
    let path = user.path("a.png");
    let waited = user.run(&["wait", id.trim(), "-o", &path]).exits_with(0);
    assert_eq!(waited.stdout.trim(), path);
    assert_eq!(size_of(&path), (1280, 1280));
    assert_eq!(user.sent(), 1);
}

#[test]
fn what_may_have_been_billed_is_never_sent_again_by_itself() {
    let user = User::new();
    let lost = FaultRule::new(FaultKind::ResetBefore).times(1);
    user.service.emulator.fault(lost);
    let path = user.path("a.png");
    let ran = user.run(&["generate", "a crane", "-o", &path]);
    assert_ne!(ran.code, Some(0));
    let ran = ran.says("it is unclear whether the service made the results");
    let hint = ran.stderr.lines().find(|line| line.starts_with("hint: "));
    let hint = hint.unwrap();
    assert!(hint.contains("image resume"), "{hint}");
    assert!(hint.contains("image cancel"), "{hint}");
    let sent = user.sent();
    let jobs = user.run(&["list", "--unfinished", "--json"]).json();
    let id = jobs["jobs"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(jobs["jobs"][0]["phase"], "ambiguous");
    user.run(&["resume"]).says("if so, they are billed");
    assert_eq!(user.sent(), sent);
    let resent = user.run(&["resume", &id, "--resubmit"]).exits_with(0);
    assert_eq!(resent.stdout.trim(), path);
    assert_eq!(size_of(&path), (1328, 1328));
    assert_eq!(user.sent(), sent + 1);
}
