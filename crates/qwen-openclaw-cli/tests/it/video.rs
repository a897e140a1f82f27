//! `video`: videos as jobs that outlast the command.

use std::{path::Path, process::Command, time::Duration};

use qwen_openclaw_emulator::{Emulator, VideoStatus};
use serde_json::Value;
use tempfile::TempDir;

use crate::run::{Qwen, Ran, Service};

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
        Qwen::new(arguments)
            .at(&self.service)
            .env("HOME", home)
            .run()
    }

    fn submit(&self) -> String {
        let ran = self
            .run(&["video", "generate", "a cat", "--no-wait"])
            .exits_with(0);
        ran.stdout.trim().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).to_str().unwrap().to_owned()
    }
}

/// An independent reader where there is one; the boxes of the file in any case.
#[expect(clippy::print_stdout, reason = "a skipped check says why")]
fn is_a_clip(path: &Path, width: u32, height: u32) {
    let bytes = std::fs::read(path).unwrap();
    let mut kinds = Vec::new();
    let mut rest = &bytes[..];
    while let [a, b, c, d, kind @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        kinds.push(String::from_utf8_lossy(&kind[..4]).into_owned());
        rest = &rest[length..];
    }
    for kind in ["ftyp", "moov", "mdat"] {
        assert!(kinds.iter().any(|k| k == kind), "{kinds:?}");
    }
    let entries = "stream=codec_name,width,height";
    let probed = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", entries, "-of", "csv=p=0"])
        .arg(path)
        .output();
    match probed {
        Ok(output) => {
            let said = String::from_utf8(output.stdout).unwrap();
            assert_eq!(said.trim(), format!("h264,{width},{height}"));
            assert!(
                output.stderr.is_empty(),
                "{:?}",
                String::from_utf8(output.stderr)
            );
        }
        Err(error) => println!("not checked by ffprobe: {error}"),
    }
}

#[test]
fn a_clip_without_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lobster.mp4");
    let text = path.to_str().unwrap();
    let arguments = [
        "video",
        "generate",
        "a lobster",
        "--emulator",
        "--seconds",
        "2",
        "-o",
        text,
    ];
    let ran = Qwen::new(&arguments).run().exits_with(0);
    assert_eq!(ran.stdout.trim(), text);
    let ran = ran.says("submitting").says("task ");
    is_a_clip(&path, 1280, 720);
    assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
    // Once is enough.
    let ran = Qwen::new(&arguments).run().exits_with(4);
    ran.says("is there already").says("--overwrite");
    let ran = Qwen::new(&["video", "generate", "x", "--emulator", "--no-wait"]).run();
    ran.exits_with(2).says("cannot be used with");
}

#[test]
fn a_job_is_left_and_fetched_later() {
    let user = User::new();
    let id = user.submit();
    let list = user.run(&["video", "list"]).exits_with(0).stdout;
    let lines: Vec<&str> = list.lines().collect();
    let words =
        |line: &str| -> Vec<String> { line.split_whitespace().map(str::to_owned).collect() };
    assert_eq!(words(lines[0]), ["JOB", "CREATED", "MODEL", "STATE"]);
    // Local time with its offset: TZ is not set here, so that of the machine.
    let [job, _, _, zone, model, state] = &words(lines[1])[..] else {
        panic!("{list}");
    };
    assert_eq!(
        (job, model.as_str(), state.as_str()),
        (&id, "wan2.6-t2v", "pending")
    );
    assert!(zone.starts_with(['+', '-']) && zone.len() == 6, "{zone}");
    assert_eq!(lines[2..], ["  a cat"]);
    let (clip, task) = (
        user.path("clip.mp4"),
        &user.service.emulator.video().tasks()[0],
    );
    // By the beginning of its id, or the task's.
    let ran = user
        .run(&["video", "wait", &id[..9], "-o", &clip])
        .exits_with(0);
    assert_eq!(ran.stdout.trim(), clip);
    is_a_clip(Path::new(&clip), 1280, 720);
    let shown = user
        .run(&["video", "show", task.id(), "--json"])
        .exits_with(0)
        .json();
    assert_eq!(shown["phase"], "saved");
    assert_eq!(shown["saved"], clip.as_str());
    let again = user.path("again.mp4");
    user.run(&["video", "download", &id, "-o", &again])
        .exits_with(0);
    is_a_clip(Path::new(&again), 1280, 720);
    user.run(&["video", "resume"])
        .exits_with(0)
        .says("nothing to resume");
    assert_eq!(
        user.run(&["video", "list", "--unfinished"])
            .exits_with(0)
            .stdout,
        ""
    );
}

#[test]
fn a_video_is_counted_and_kept_within_budgets() {
    let user = User::new();
    user.submit();
    let usage = user.run(&["usage", "--by", "kind", "--json"]).exits_with(0);
    let usage = usage.json();
    let row = &usage["rows"][0];
    assert_eq!(row["key"], "video");
    assert_eq!((&row["requests"], &row["sends"]), (&1.into(), &1.into()));
    assert_eq!(row["media_seconds"], 5.0);
    // Whoever is at that address has prices of its own.
    assert_eq!(row["cost"], serde_json::json!([]));

    let set = ["usage", "budget", "set", "clips", "--per", "day"];
    user.run(&[&set[..], &["--limit", "1 requests"]].concat())
        .exits_with(0);
    let sent = user.service.requests().len();
    let ran = user.run(&["video", "generate", "a dog", "--no-wait"]);
    ran.exits_with(5)
        .says("the budget clips has no room: 1 of 1 request used; it resets at")
        .says("usage budget set 'clips'");
    assert_eq!(user.service.requests().len(), sent);
    let list = user.run(&["video", "list", "--json"]).exits_with(0).json();
    assert_eq!(list["jobs"].as_array().map(Vec::len), Some(1), "{list}");
}

#[test]
fn what_is_written_down_is_shown_without_a_key() {
    let user = User::new();
    let id = user.submit();
    let home = user.home.path().to_str().unwrap();
    let ran = Qwen::new(&["video", "show", &id]).env("HOME", home).run();
    // Its state is that of the ledger; what newer there is could not be asked for.
    let ran = ran.exits_with(0).says("QWEN_API_KEY");
    assert!(ran.stdout.contains(&id) && ran.stdout.contains("task_id"));
}

#[test]
fn a_workspace_is_remembered() {
    let user = User::new();
    let ran = user.run(&[
        "video",
        "generate",
        "a cat",
        "--no-wait",
        "--workspace",
        "llm-1",
    ]);
    let id = ran.exits_with(0).stdout.trim().to_owned();
    let clip = user.path("clip.mp4");
    user.run(&["video", "wait", &id, "-o", &clip]).exits_with(0);
    let shown = user.run(&["video", "show", &id, "--json"]).json();
    assert_eq!(shown["workspace"], "llm-1");
    let requests = user.service.requests();
    let to_service: Vec<_> = requests
        .iter()
        .filter(|request| request.header("authorization").is_some())
        .collect();
    assert!(to_service.len() >= 2, "{to_service:?}");
    for request in to_service {
        assert_eq!(request.header("x-dashscope-workspace"), Some("llm-1"));
    }
    user.run(&["chat", "hi", "--workspace", "llm-2"])
        .exits_with(0);
    let requests = user.service.requests();
    let chat = requests.last().unwrap();
    assert_eq!(chat.header("x-dashscope-workspace"), Some("llm-2"));
}

#[test]
fn what_was_left_is_taken_up() {
    let user = User::new();
    let ids = [user.submit(), user.submit()];
    let home = user.home.path().to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (mut command, _home) = Qwen::new(&["video", "resume"])
        .at(&user.service)
        .env("HOME", home)
        .command();
    command.current_dir(folder.path());
    let ran = Ran::of(command.output().unwrap()).exits_with(0);
    for id in &ids {
        let path = folder.path().join(format!("{id}.mp4"));
        assert!(
            ran.stdout.contains(path.to_str().unwrap()),
            "{}",
            ran.stdout
        );
        is_a_clip(&path, 1280, 720);
    }
    assert_eq!(user.service.emulator.video().tasks().len(), 2);
}

#[test]
fn what_was_never_sent_is_kept_until_it_is_dropped() {
    let user = User::new();
    // Nobody listens there.
    let nobody = "http://127.0.0.1:9/compatible-mode/v1";
    let ran = user.run(&["video", "generate", "a cat", "--base-url", nobody]);
    let ran = ran.exits_with(6).says("127.0.0.1:9").says("video cancel");
    let id = ran.stderr.split("video cancel ").nth(1).unwrap();
    let id = id.split('`').next().unwrap().to_owned();
    let ran = user.run(&["video", "resume"]).exits_with(0);
    ran.says("never sent").says(&id);
    let shown = user.run(&["video", "cancel", &id, "--json"]).exits_with(0);
    assert_eq!(shown.json()["phase"], "canceled");
    let ran = user.run(&["video", "cancel", &id]).exits_with(4);
    ran.says("nothing to cancel");
    user.run(&["video", "resume"])
        .exits_with(0)
        .says("nothing to resume");
    assert!(user.service.emulator.video().tasks().is_empty());
}

#[test]
fn a_damaged_record_is_told_and_holds_up_no_other() {
    let user = User::new();
    let id = user.submit();
    let folder = format!("{}/.qwen-openclaw/jobs", user.home.path().display());
    let damaged = format!("{folder}/20261121-000000-aaaaaa.json");
    std::fs::write(&damaged, "{bad").unwrap();
    let (mut command, _home) = Qwen::new(&["video", "resume", "--json"])
        .at(&user.service)
        .env("HOME", user.home.path().to_str().unwrap())
        .command();
    command.current_dir(user.home.path());
    let ran = Ran::of(command.output().unwrap()).exits_with(1);
    let document = ran.json();
    assert_eq!(document["jobs"][0]["id"], id.as_str());
    assert_eq!(document["jobs"][0]["phase"], "saved");
    let unreadable = document["unreadable"][0].as_str().unwrap();
    assert!(
        unreadable.contains("20261121-000000-aaaaaa"),
        "{unreadable}"
    );
}

#[test]
fn a_record_that_was_being_sent_is_for_somebody_to_decide() {
    let user = User::new();
    let id = user.submit();
    let path = format!(
        "{}/.qwen-openclaw/jobs/{id}.json",
        user.home.path().display()
    );
    let mut record: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    // As if the process had died while sending, and somebody else's job were in the list too.
    user.submit();
    record["phase"] = "sending".into();
    record["task_id"] = Value::Null;
    std::fs::write(&path, record.to_string()).unwrap();
    let second = format!("{}/.qwen-openclaw/jobs", user.home.path().display());
    for entry in std::fs::read_dir(second).unwrap() {
        let name = entry.unwrap().path();
        if name.extension().is_some_and(|end| end == "json")
            && !name.ends_with(format!("{id}.json"))
        {
            std::fs::remove_file(name).unwrap();
        }
    }
    let ran = user.run(&["video", "resume", "--json"]).exits_with(6);
    assert_eq!(
        ran.json()["jobs"][0]["phase"],
        "ambiguous",
        "{}",
        ran.stdout
    );
    let ran = user.run(&["video", "resume"]).exits_with(6);
    let ran = ran.says("2 tasks").says("--adopt TASK");
    assert!(ran.stderr.contains(&id), "{}", ran.stderr);
    let ran = user
        .run(&["video", "resume", &id, "--adopt", "made-up"])
        .exits_with(4);
    ran.says("does not know this task");
    let task = user.service.emulator.video().tasks()[0].id().to_owned();
    let (mut command, _home) = Qwen::new(&["video", "resume", &id, "--adopt", &task])
        .at(&user.service)
        .env("HOME", user.home.path().to_str().unwrap())
        .command();
    command.current_dir(user.home.path());
    Ran::of(command.output().unwrap()).exits_with(0);
    assert_eq!(
        user.service.emulator.video().tasks().len(),
        2,
        "it was sent again"
    );
    user.run(&["video", "resume", &id, "--resubmit"])
        .exits_with(4)
        .says("nothing to decide");
}

#[test]
fn a_job_that_waits_is_cancelled() {
    let slow = Emulator::builder().video_times(Duration::from_secs(600), Duration::from_secs(1));
    let user = User {
        home: tempfile::tempdir().unwrap(),
        service: Service::with(slow),
    };
    let id = user.submit();
    let ran = user.run(&["video", "cancel", &id]).exits_with(0);
    assert!(ran.stdout.contains("canceled"), "{}", ran.stdout);
    let tasks = user.service.emulator.video().tasks();
    assert_eq!(tasks[0].status(), VideoStatus::Canceled);
    let ran = user.run(&["video", "wait", &id, "--json"]).exits_with(7);
    assert_eq!(ran.json()["error"]["type"], "canceled");
}

#[test]
fn a_price_before_anything_is_sent() {
    let ran = Qwen::new(&["video", "generate", "a cat", "--estimate"])
        .run()
        .exits_with(0);
    assert_eq!(
        ran.stdout,
        "wan2.6-t2v, 5 s at 720P: USD 0.50 at list price\n"
    );
    let china = [
        "video",
        "generate",
        "a cat",
        "--estimate",
        "--region",
        "china",
        "--seconds",
        "10",
    ];
    let ran = Qwen::new(&china).run().exits_with(0);
    assert_eq!(
        ran.stdout,
        "wan2.6-t2v, 10 s at 720P: CNY 6.00 at list price\n"
    );
}

#[test]
fn what_a_model_does_not_take() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp4");
    let common = [
        "--emulator",
        "--seconds",
        "99",
        "-o",
        path.to_str().unwrap(),
    ];
    let asked = |more: &[&str]| {
        let arguments = [&["video", "generate", "a cat"], more, &common].concat();
        Qwen::new(&arguments).run()
    };
    asked(&["--strict"]).exits_with(4).says("99 s");
    asked(&[])
        .exits_with(0)
        .says("note: duration 99 s becomes 15 s");
    for (arguments, code, said) in [
        (
            &["generate", "x", "-m", "wan9"][..],
            4,
            "no video model `wan9`",
        ),
        (
            &["generate", "x", "-m", "qwen-oauth/wan2.6-t2v"],
            4,
            "does not generate videos",
        ),
        (
            &["generate", "x", "--image", "./cat.png", "-m", "wan2.6-i2v"],
            4,
            "cat.png",
        ),
        (&["generate", "x", "--size", "big"], 2, "--size"),
        (&["show", "nope"], 2, "no such job: `nope`"),
        (&["resume", "--adopt", "t"], 2, "required"),
    ] {
        let ran = Qwen::new(&[&["video"], arguments].concat());
        ran.env("QWEN_API_KEY", "sk-0123456789abcdef")
            .run()
            .exits_with(code)
            .says(said);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_to_is_noticed_before_anything_is_sent() {
    let user = User::new();
    // Not even root can.
    user.run(&["video", "generate", "a cat", "-o", "/proc/clip.mp4"])
        .exits_with(4)
        .says("could not write in /proc");
    let here = |arguments: &[&str]| {
        let (mut command, _home) = Qwen::new(arguments)
            .at(&user.service)
            .env("HOME", user.home.path().to_str().unwrap())
            .command();
        command.current_dir("/proc");
        Ran::of(command.output().unwrap())
    };
    here(&["video", "generate", "a cat"])
        .exits_with(4)
        .says("could not write in /proc");
    assert!(user.service.emulator.video().tasks().is_empty());
    // Nothing is to be saved here.
    here(&["video", "generate", "a cat", "--no-wait"]).exits_with(0);
}

#[test]
fn a_plans_key_makes_no_videos() {
    let service = Service::start();
    let ran = Qwen::new(&["video", "generate", "a cat"])
        .at(&service)
        .env("QWEN_API_KEY", "sk-sp-0123456789-secret-01")
        .run();
    ran.exits_with(3).says("Standard key").says("qwen:standard");
    assert!(service.requests().is_empty());
}

#[test]
fn files_are_uploaded_when_asked() {
    let user = User::new();
    let (image, clip) = (user.path("cat.png"), user.path("clip.mp4"));
    std::fs::write(&image, b"\x89PNG\r\n\x1a\n0123").unwrap();
    let arguments = [
        "video",
        "generate",
        "-m",
        "wan2.6-i2v",
        "--image",
        &image,
        "-o",
        &clip,
    ];
    user.run(&arguments).exits_with(4).says("--upload");
    let missing = user.path("none.png");
    let arguments_of_none = ["video", "generate", "-m", "wan2.6-i2v", "--image", &missing];
    user.run(&[&arguments_of_none[..], &["--upload"]].concat())
        .exits_with(4)
        .says("there is no file");
    assert!(user.service.requests().is_empty());
    let ran = user
        .run(&[&arguments[..], &["--upload", "--json"]].concat())
        .exits_with(0);
    let url = ran.json()["uploads"][0]["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("oss://"), "{url}");
    let task = &user.service.emulator.video().tasks()[0];
    assert_eq!(task.body()["input"]["img_url"], url.as_str());
}

#[test]
fn a_video_goes_to_standard_output() {
    let user = User::new();
    let home = user.home.path().to_str().unwrap();
    let run = |arguments: &[&str]| {
        let (mut command, _home) = Qwen::new(arguments)
            .at(&user.service)
            .env("HOME", home)
            .command();
        let output = command.output().unwrap();
        assert!(output.status.success(), "{:?}", output.stderr);
        assert_eq!(&output.stdout[4..8], b"ftyp");
        output.stdout
    };
    let video = run(&["video", "generate", "a cat", "-o", "-"]);
    assert!(!user.home.path().join("-").exists());
    // It is fetched again where it is asked for again.
    let listed = user.run(&["video", "list", "--json"]).exits_with(0).json();
    let id = listed["jobs"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(run(&["video", "download", &id, "-o", "-"]), video);
    let both = user.run(&["video", "generate", "a cat", "-o", "-", "--json"]);
    assert_eq!(
        both.exits_with(2).json()["error"]["message"],
        "--json and `--output -` cannot both have standard output"
    );
}

/// A limit on the size of files fails as a full disk does: in the middle of the download.
#[cfg(target_os = "linux")]
#[test]
fn a_video_that_does_not_fit_is_not_lost() {
    let user = User::new();
    let (home, file) = (user.path(""), user.path("cat.mp4"));
    let limited = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let (plain, _home) = Qwen::new(&["video", "generate", "a cat", "-o", &file])
        .at(&user.service)
        .env("HOME", &home)
        .command();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", limited]).arg(plain.get_program());
    command.args(plain.get_args()).env_clear();
    let variables = plain
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    command.envs(variables);
    let ran = Ran::of(command.output().unwrap()).exits_with(1);
    let listed = user.run(&["video", "list", "--json"]).exits_with(0).json();
    let id = listed["jobs"][0]["id"].as_str().unwrap();
    ran.says(&format!(
        "the video is made and kept for a day: `qwen-openclaw video resume {id}` saves it\n"
    ));
    assert!(!Path::new(&file).exists());
    user.run(&["video", "resume", id]).exits_with(0);
    is_a_clip(Path::new(&file), 1280, 720);
}

#[test]
fn a_key_without_tasks_is_refused_before_anything_is_submitted() {
    let ran = Qwen::new(&["video", "generate", "a cat"])
        .env("QWEN_API_KEY", "sk-sp-0123456789abcdef0123456789abcdef")
        .run()
        .exits_with(3)
        .says("is a Coding Plan's, which has no tasks\nhint: ");
    assert!(!ran.stderr.contains("submitting"), "{}", ran.stderr);
}

/// Changes a field of a job's record, as time would.
fn rewrite(user: &User, id: &str, change: impl FnOnce(&mut Value)) {
    let path = user
        .home
        .path()
        .join(".qwen-openclaw/jobs")
        .join(format!("{id}.json"));
    let mut record: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut record);
    std::fs::write(&path, record.to_string()).unwrap();
}

#[test]
fn old_jobs_are_pruned_but_never_one_that_may_run() {
    let user = User::new();
    let (old, recent, running) = (user.submit(), user.submit(), user.submit());
    let sending = user.submit();
    for id in [&old, &recent] {
        let path = user.path(&format!("{id}.mp4"));
        user.run(&["video", "wait", id, "-o", &path]).exits_with(0);
    }
    for id in [&old, &running, &sending] {
        rewrite(&user, id, |record| {
            record["created_at"] = "2026-01-02T03:04:05Z".into()
        });
    }
    rewrite(&user, &sending, |record| {
        record["phase"] = "ambiguous".into()
    });
    let dry = user
        .run(&["video", "prune", "--dry-run", "--json"])
        .exits_with(0);
    let dry = dry.json();
    let would: Vec<&str> = dry["would_remove"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["id"].as_str().unwrap())
        .collect();
    assert_eq!(would, [&old]);
    // Nothing was removed yet.
    let ran = user
        .run(&["video", "prune"])
        .exits_with(0)
        .says("1 job removed");
    assert!(
        ran.stdout.contains(&old) && ran.stdout.contains("2026-01-0"),
        "{}",
        ran.stdout
    );
    user.run(&["video", "prune"])
        .exits_with(0)
        .says("no such jobs");
    let list = user.run(&["video", "list"]).exits_with(0).stdout;
    assert!(!list.contains(&old), "{list}");
    for id in [&recent, &running, &sending] {
        assert!(list.contains(id.as_str()), "{list}");
    }
    assert!(Path::new(&user.path(&format!("{old}.mp4"))).is_file());
}
