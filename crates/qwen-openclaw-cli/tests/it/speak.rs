//! `speak`: text to speech.

use std::{fs, path::Path, process::Command};

use qwen_openclaw_emulator::{Fault, FaultKind, FaultRule};
use tempfile::TempDir;

use crate::run::{Qwen, Ran, Service};

struct User {
    service: Service,
    folder: TempDir,
}

impl User {
    fn new() -> Self {
        Self {
            service: Service::start(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn speak(&self, arguments: &[&str], stdin: &str) -> Ran {
        let command = Qwen::new(&[&["speak"], arguments].concat());
        command.at(&self.service).stdin(stdin).run()
    }

    fn paths(&self) -> Vec<String> {
        let requests = self.service.requests();
        let mut paths: Vec<_> = requests.iter().map(|sent| sent.path().to_owned()).collect();
        paths.dedup();
        paths
    }
}

/// An independent reader where there is one: the codec, and that it lasts.
#[expect(clippy::print_stdout, reason = "a skipped check says why")]
fn is_audio(path: &str, codec: &str) {
    let entries = "stream=codec_name:format=duration";
    let probed = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", entries, "-of", "csv=p=0"])
        .arg(path)
        .output();
    match probed {
        Ok(output) => {
            let said = String::from_utf8(output.stdout).unwrap();
            let (found, seconds) = said.trim().split_once('\n').unwrap();
            assert_eq!(found, codec);
            assert!(seconds.parse::<f64>().unwrap() > 0.1, "{said}");
            let complaints = String::from_utf8(output.stderr).unwrap();
            assert_eq!(complaints, "");
        }
        Err(error) => println!("not checked by ffprobe: {error}"),
    }
}

/// The length that the header of a wav file says is that of the file.
fn is_whole_wav(path: &str) {
    let file = fs::read(path).unwrap();
    assert_eq!(&file[..4], b"RIFF");
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!((word(4), word(40)), (file.len() - 8, file.len() - 44));
    is_audio(path, "pcm_s16le");
}

#[test]
fn a_text_becomes_a_file() {
    let user = User::new();
    let path = user.path("morning.wav");
    let ran = user
        .speak(&["Good morning to all of you.", "-o", &path], "")
        .exits_with(0);
    assert_eq!(ran.stdout, "");
    ran.says("[qwen/qwen3-tts-flash · ")
        .says(" · 27 characters");
    is_whole_wav(&path);
    let first = user.service.requests()[0].json();
    assert_eq!(first["input"]["voice"], "Cherry");
    // Once is enough.
    let ran = user.speak(&["Again.", "-o", &path], "").exits_with(4);
    ran.says("is there already").says("--overwrite");
}

#[test]
fn text_from_standard_input_is_spoken_over_a_socket() {
    let user = User::new();
    let model = ["-m", "cosyvoice-v3-flash", "-o"];
    let story = "Once upon a time, there was a fox. It lived in a wood, which was old.\n";
    for (name, codec) in [("story.mp3", "mp3"), ("story.wav", "pcm_s16le")] {
        let path = user.path(name);
        let ran = user
            .speak(&[&model[..], &[&path]].concat(), story)
            .exits_with(0);
        ran.says("[qwen/cosyvoice-v3-flash · ");
        is_audio(&path, codec);
    }
    is_whole_wav(&user.path("story.wav"));
    assert_eq!(user.paths(), ["/api-ws/v1/inference"]);
    // Raw samples have no header.
    let path = user.path("story.pcm");
    user.speak(&[&model[..], &[&path]].concat(), story)
        .exits_with(0);
    let samples = fs::metadata(user.path("story.wav")).unwrap().len() - 44;
    assert_eq!(fs::metadata(&path).unwrap().len(), samples);
}

#[test]
fn every_way_of_speaking_says_the_same() {
    let user = User::new();
    for (model, path) in [
        (
            "qwen3-tts-flash",
            "/api/v1/services/aigc/multimodal-generation/generation",
        ),
        ("qwen3-tts-flash-realtime", "/api-ws/v1/realtime"),
    ] {
        let file = user.path(&format!("{model}.wav"));
        let ran = user.speak(
            &["-m", model, "--format", "wav", "-o", &file],
            "Hello there. ",
        );
        ran.exits_with(0);
        is_whole_wav(&file);
        assert_eq!(user.paths().last().unwrap(), path);
    }
}

#[test]
fn what_was_made_is_a_document() {
    let user = User::new();
    let path = user.path("a.wav");
    let ran = user
        .speak(&["--json", "Good morning.", "-o", &path], "")
        .exits_with(0);
    let document = ran.json();
    assert_eq!(document["model"], "qwen/qwen3-tts-flash");
    assert_eq!(document["format"], "wav");
    assert_eq!(document["bytes"], fs::metadata(&path).unwrap().len());
    assert_eq!(document["usage"]["characters"], 13);
    assert!(document["seconds"].as_f64().unwrap() > 0.1);
    let ran = user.speak(&["--json", "Good morning."], "").exits_with(2);
    let error = ran.json()["error"].to_string();
    assert!(error.contains("in the middle of the audio"), "{error}");
}

#[test]
fn voices_and_costs_are_told_without_a_key() {
    let ran = Qwen::new(&["speak", "--voices"]).run().exits_with(0);
    assert!(
        ran.stdout
            .contains("cosyvoice-v3-flash        longanyang\n"),
        "{}",
        ran.stdout
    );
    let ran = Qwen::new(&["speak", "--voices", "-m", "qwen3-tts-flash", "--json"]).run();
    assert_eq!(ran.exits_with(0).json()["models"][0]["voices"][0], "Cherry");
    let estimate = ["speak", "--estimate", "--region", "china"];
    let ran = Qwen::new(&estimate)
        .stdin(&"x".repeat(10_000))
        .run()
        .exits_with(0);
    let expected = "qwen/qwen3-tts-flash, 10,000 characters: CNY 0.80 at list price\n";
    assert_eq!(ran.stdout, expected);
}

#[test]
fn what_cannot_be_spoken_is_refused() {
    let user = User::new();
    let path = user.path("a.mp3");
    let ran = user.speak(&["Hello.", "-o", &path], "").exits_with(4);
    ran.says("qwen3-tts-flash has no audio in mp3");
    user.speak(&["-o", &user.path("a.wav")], " \n")
        .exits_with(4)
        .says("no text to speak");
    let ran = user
        .speak(&["Hello.", "-m", "cosyvoice-v2", "-o", &path], "")
        .exits_with(4);
    ran.says("needs a voice");
    assert!(user.service.requests().is_empty());
    assert!(!Path::new(&path).exists());
}

#[test]
fn a_refusal_is_the_services() {
    let user = User::new();
    user.service
        .emulator
        .fault(FaultRule::new(FaultKind::Arrearage));
    let path = user.path("a.wav");
    user.speak(&["Hello.", "-o", &path], "").exits_with(5);
    assert!(!Path::new(&path).exists());
}

#[test]
fn what_had_arrived_is_kept_when_a_connection_breaks() {
    let user = User::new();
    user.service
        .emulator
        .fault(FaultRule::new(Fault::new(FaultKind::Truncate).after(12)));
    let path = user.path("a.mp3");
    let text = "Once upon a time there was a fox. ".repeat(20);
    let ran = user
        .speak(&["-m", "cosyvoice-v3-flash", "-o", &path], &text)
        .exits_with(6);
    ran.says("characters of the text had been spoken")
        .says("what had arrived is in");
    assert!(!Path::new(&path).exists());
    is_audio(&user.path("a.mp3.part"), "mp3");
}
