//! Where the answer goes (`--output`), how long a request may take, and what `--verbose` tells.

use qwen_openclaw_emulator::{Emulator, Fault, FaultKind, FaultRule};

use crate::run::{KEY, Qwen, Ran, Service};

const MODEL: &str = "qwen3-coder-plus";

fn chat(service: &Service, flags: &[&str]) -> Qwen {
    let arguments = [&["chat", "-m", MODEL], flags, &["What is 6*7?"]].concat();
    Qwen::new(&arguments).at(service)
}

#[test]
fn an_answer_goes_into_a_file() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answer.txt");
    let name = file.to_str().unwrap();
    let ran = chat(&service, &["-o", name]).run().exits_with(0);
    assert_eq!(ran.stdout, "");
    let answer = std::fs::read_to_string(&file).unwrap();
    assert!(answer.contains("42") && answer.ends_with('\n'), "{answer}");

    // What is there already is not lost, which is known before anything is sent.
    let before = service.requests().len();
    chat(&service, &["-o", name])
        .run()
        .exits_with(4)
        .says("answer.txt is there already\n")
        .says("hint: choose another name, or pass `--overwrite`\n");
    chat(&service, &["-o", folder.path().to_str().unwrap()])
        .run()
        .exits_with(4)
        .says("is a folder, not a file");
    let nowhere = folder.path().join("no/answer.txt");
    chat(&service, &["-o", nowhere.to_str().unwrap()])
        .run()
        .exits_with(4)
        .says("there is no folder");
    assert_eq!(service.requests().len(), before);

    chat(&service, &["-o", name, "--overwrite", "--json"])
        .run()
        .exits_with(0);
    let document = std::fs::read_to_string(&file).unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert!(document["text"].as_str().unwrap().contains("42"));

    let ran = chat(&service, &["-o", "-"]).run().exits_with(0);
    assert!(ran.stdout.contains("42"));
}

#[test]
fn half_an_answer_is_not_taken_for_a_whole_one_and_not_lost() {
    let fault = FaultRule::new(Fault::new(FaultKind::TruncateCleanly).after(6));
    let service = Service::with(Emulator::builder().fault(fault));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answer.txt");
    std::fs::write(&file, "old").unwrap();
    let flags = ["-o", file.to_str().unwrap(), "--overwrite"];
    chat(&service, &flags)
        .run()
        .exits_with(8)
        .says("what had arrived is in ");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
    let part = std::fs::read_to_string(folder.path().join("answer.txt.part")).unwrap();
    assert!(part.trim().len() > 3, "{part}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_is_said() {
    let service = Service::start();
    let full = || {
        std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    for (flags, code) in [(&["--json"][..], 1), (&["--json=stream"], 1), (&[], 1)] {
        let (mut command, _home) = chat(&service, flags).command();
        command.stdout(full());
        Ran::of(command.output().unwrap())
            .exits_with(code)
            .says("error: could not write the output: No space left on device");
    }
    chat(&service, &["-o", "/dev/full"])
        .run()
        .exits_with(1)
        .says("error: could not write /dev/full: No space left on device");
    // An error that cannot be told on standard output is told on the other.
    let (mut command, _home) = Qwen::new(&["chat", "--json", "-m", "qwen/no-such", "hi"])
        .at(&service)
        .command();
    command.stdout(full());
    Ran::of(command.output().unwrap())
        .exits_with(4)
        .says("no-such");
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_is_written_to_and_not_replaced() {
    let service = Service::start();
    let ran = chat(&service, &["-o", "/dev/null"]).run().exits_with(0);
    assert_eq!(ran.stdout, "");
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn a_request_may_take_so_long() {
    let fault = Fault::new(FaultKind::NeverEnding).delay(std::time::Duration::from_millis(2));
    let service = Service::with(Emulator::builder().fault(FaultRule::new(fault)));
    chat(&service, &["--timeout", "0.5"])
        .run()
        .exits_with(6)
        .says("error: the reply was not complete within 0.5 s");
    for wrong in ["0", "-1", "x", "inf", "NaN"] {
        let flag = format!("--timeout={wrong}");
        let ran = chat(&service, &[&flag]).run().exits_with(2);
        ran.says("must be a number of seconds, more than 0");
    }
}

#[test]
fn each_request_is_told() {
    let fault = FaultRule::new(FaultKind::InternalError).times(1);
    let service = Service::with(Emulator::builder().fault(fault));
    let ran = chat(&service, &["-v"]).run().exits_with(0);
    let told: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with('['))
        .collect();
    let (requests, responses): (Vec<&&str>, Vec<&&str>) = told
        .iter()
        .filter(|line| line.starts_with("[re"))
        .partition(|line| line.starts_with("[request "));
    assert_eq!(requests.len(), 2, "{told:?}");
    assert!(
        requests[0].contains("method=POST host=127.0.0.1 path=/"),
        "{told:?}"
    );
    assert!(
        responses[0].contains("status=500") && responses[0].contains("ms]"),
        "{told:?}"
    );
    assert!(responses[1].contains("status=200") && responses[1].contains("request_id="));
    assert!(
        told.iter()
            .any(|line| line.starts_with("[trying again wait=")),
        "{told:?}"
    );
    // No body and no key, for which `Ran` looks in all that is printed.
    assert!(!ran.stderr.contains("6*7") && !ran.stderr.contains(KEY));
    let quiet = chat(&service, &[]).run().exits_with(0);
    assert!(!quiet.stderr.contains("[request"), "{}", quiet.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn the_name_of_a_file_need_not_be_utf_8() {
    use std::os::unix::ffi::OsStrExt;

    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &[u8]| folder.path().join(std::ffi::OsStr::from_bytes(name));
    let (image, talk, answer) = (path(b"\xff.png"), path(b"\xff.json"), path(b"\xff.txt"));
    std::fs::write(&image, b"\x89PNG\r\n\x1a\n and so on").unwrap();
    let (mut command, _home) = Qwen::new(&["chat", "-m", "qwen3.5-plus", "Which animal?"])
        .at(&service)
        .command();
    command.arg("--image").arg(&image);
    command.arg("--session").arg(&talk).arg("-o").arg(&answer);
    Ran::of(command.output().unwrap()).exits_with(0);
    let sent = service.requests()[0].json().to_string();
    assert!(sent.contains("data:image/png"));
    assert!(talk.is_file() && answer.is_file());

    let (mut command, _home) = Qwen::new(&["describe"]).at(&service).command();
    command.arg(&image);
    Ran::of(command.output().unwrap()).exits_with(0);
}

#[test]
fn a_file_of_another_kind_is_called_what_it_is() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, head: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, [head, &[0; 32]].concat()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let song = file("song.mp3", b"ID3\x04\0\0");
    let clip = file("clip.mp4", b"\0\0\0\x20ftypisom\0\0");
    let photo = file("photo.png", b"\x89PNG\r\n\x1a\n");
    let describe = |files: &[&str]| {
        let arguments = [&["describe"], files].concat();
        Qwen::new(&arguments).at(&service).run().exits_with(4)
    };
    describe(&[&song])
        .says("song.mp3 is audio, not an image or a video\n")
        .says("hint: `qwen-openclaw chat --audio ");
    describe(&[&photo, &clip]).says("clip.mp4 is a video: describe images and videos one after");
    describe(&["https://a.example/song.MP3?x=1"]).says("is audio, not an image or a video\n");
    chat(&service, &["--image", &clip])
        .run()
        .exits_with(4)
        .says("clip.mp4 is a video, not an image\n")
        .says("hint: attach it with `--video ");
    assert!(service.requests().is_empty());

    let out = folder.path().join("photo.txt");
    let arguments = ["describe", &photo, "-o", out.to_str().unwrap()];
    let ran = Qwen::new(&arguments).at(&service).run().exits_with(0);
    assert_eq!(ran.stdout, "");
    assert!(std::fs::read_to_string(out).unwrap().len() > 3);
}
