//! The approval page in a real browser, where there is one: Chromium, headless, driven over a pipe.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use qwen_openclaw_emulator::Emulator;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::oauth::{ask, poll};

/// Names a browser in place of those that are looked for.
const VARIABLE: &str = "CHROMIUM";
/// How long a click may take.
const LONGEST: Duration = Duration::from_secs(30);
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

fn find() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE) {
        return Some(path.into());
    }
    let folders = std::env::var_os("PATH")?;
    let candidates = std::env::split_paths(&folders)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .collect::<Vec<_>>();
    candidates.into_iter().find(|path| path.is_file())
}

/// A browser that takes commands of the DevTools protocol, ended by zero bytes, on descriptor 3
/// and answers on 4.
struct Browser {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    session: Option<String>,
    number: u64,
    _profile: TempDir,
}

impl Browser {
    fn start(path: &PathBuf) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null"])
            .arg(path)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
            ])
            .args(["--disable-dev-shm-usage", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .env("HOME", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            stdin: child.stdin.take().unwrap(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            session: None,
            number: 0,
            child,
            _profile: profile,
        }
    }

    fn command(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let mut message = json!({"id": self.number, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.stdin
            .write_all(message.to_string().as_bytes())
            .unwrap();
        self.stdin.write_all(&[0]).unwrap();
        loop {
            let message = self.message();
            if message["id"] == self.number {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    fn message(&mut self) -> Value {
        let mut bytes = Vec::new();
        let read = self.stdout.read_until(0, &mut bytes).unwrap();
        assert!(read > 0, "the browser is gone");
        bytes.pop();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Opens a page and waits until it is loaded.
    fn open(&mut self, url: &str) {
        let target = self.command("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.command("Target.attachToTarget", attach);
        self.session = session["sessionId"].as_str().map(str::to_owned);
        self.command("Page.enable", json!({}));
        self.command("Page.navigate", json!({"url": url}));
        self.loaded();
    }

    fn loaded(&mut self) {
        while self.message()["method"] != "Page.loadEventFired" {}
    }

    fn evaluate(&mut self, script: &str) -> Value {
        let parameters = json!({"expression": script, "returnByValue": true});
        self.command("Runtime.evaluate", parameters)["result"]["value"].clone()
    }

    /// Clicks where the element is, as a mouse does.
    fn click(&mut self, id: &str) {
        let script = format!(
            "(() => {{ const box = document.getElementById('{id}').getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        );
        let place = self.evaluate(&script);
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({
                "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1,
            });
            // The page may be gone before its answer comes; what comes next is waited for.
            self.command("Input.dispatchMouseEvent", event);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_clicked_in_a_browser() {
    let Some(path) = find() else {
        println!("skipped: no Chromium on this machine (set {VARIABLE} to one)");
        return;
    };
    let emulator = Emulator::start().await.unwrap();
    for (button, title, status) in [("approve", "Approved", 200), ("deny", "Denied", 400)] {
        let (device_code, code) = ask(&emulator).await;
        let url = format!("{}/authorize?user_code={code}", emulator.oauth().url());
        let path = path.clone();
        let seen = tokio::task::spawn_blocking(move || {
            let mut browser = Browser::start(&path);
            browser.open(&url);
            let shown = browser.evaluate("document.getElementById('user_code').value");
            browser.click(button);
            // The answer of the form is another page.
            let started = Instant::now();
            while browser.evaluate("document.getElementById('result') !== null") != true {
                assert!(started.elapsed() < LONGEST, "no answer to the click");
            }
            (
                shown,
                browser.evaluate("document.querySelector('h1').textContent"),
            )
        })
        .await
        .unwrap();
        assert_eq!(seen, (code.as_str().into(), title.into()));
        assert!(emulator.oauth().pending().is_empty());
        let (answered, json) = poll(&emulator, &device_code).await;
        assert_eq!(answered, status, "{button}: {json}");
    }
    assert_eq!(emulator.oauth().stats().logins, 1);
}
