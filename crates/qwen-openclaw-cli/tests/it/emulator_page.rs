//! `docs/emulator.md` keeps its word: its transcripts and its examples are run as they are printed.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::openclaw_page::{matches, page_named, steps};

/// As the page writes them.
const PORT: &str = ":8080/";
const TOKEN: &str = "a-token-for-tests";

fn page() -> String {
    page_named("emulator.md")
}

/// The code of the page's only block in a language.
fn block(language: &str) -> String {
    let page = page();
    let fence = format!("```{language}\n");
    let mut blocks = page.split(&fence).skip(1);
    let block = blocks.next().and_then(|rest| rest.split("\n```").next());
    assert!(blocks.next().is_none(), "two blocks of {language}");
    block.unwrap().to_owned()
}

/// A command that finds ours before others, with what interpreters need of the environment.
fn command(program: &str) -> Command {
    let own = Path::new(env!("CARGO_BIN_EXE_qwen-openclaw"));
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let own = own.parent().map(Path::to_owned);
    let path = std::env::join_paths(own.into_iter().chain(std::env::split_paths(&folders)));
    let mut command = Command::new(program);
    command.env("PATH", path.unwrap()).stdin(Stdio::null());
    for proxy in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(proxy);
    }
    command
}

fn is_there(program: &str) -> bool {
    let output = command(program).arg("--version").output();
    output.is_ok_and(|output| output.status.success())
}

/// Runs an example in a folder of its own; it must succeed.
fn run(program: &str, arguments: &[&str], file: &str, code: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(file), code).unwrap();
    let output = command(program)
        .args(arguments)
        .arg(file)
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success(), "{stdout}\n{stderr}");
    stdout + &stderr
}

#[test]
fn its_python_example_passes() {
    // A launcher of Python may need a home; this is the interpreter itself.
    let find = ["-c", "import sys; print(sys.executable)"];
    if !is_there("python3") {
        println!("skipped: no python3 on this machine");
        return;
    }
    let python = command("python3").args(find).output().unwrap();
    let python = String::from_utf8(python.stdout).unwrap();
    let said = run(python.trim(), &[], "test_program.py", &block("python"));
    assert!(said.contains("Ran 4 tests"), "{said}");
}

#[test]
fn its_node_example_passes() {
    if !is_there("node") {
        println!("skipped: no node on this machine");
        return;
    }
    let arguments = ["--test", "--test-reporter=tap"];
    let said = run("node", &arguments, "program.test.mjs", &block("js"));
    assert!(said.contains("# pass 4"), "{said}");
}

/// An emulator that was started by a line of the page.
struct Background {
    child: Child,
    /// What it printed at its start, with the port of the page.
    printed: String,
    port: String,
}

impl Background {
    fn start(line: &str) -> Self {
        let line = line.replace("--port 8080", "--port 0");
        let mut child = command("/bin/sh")
            .args(["-c", &format!("exec {line} --quiet")])
            .env("TOKEN", TOKEN)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        while !printed.contains("Control token") {
            assert_ne!(lines.read_line(&mut printed).unwrap(), 0, "{printed}");
        }
        // It ends where it cannot print.
        std::thread::spawn(move || lines.read_to_end(&mut Vec::new()));
        let (_, rest) = printed.split_once("http://127.0.0.1:").unwrap();
        let port = format!(":{}/", rest.split('/').next().unwrap());
        Self {
            child,
            printed: printed.replace(&port, PORT),
            port,
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn its_transcripts_are_what_is_printed() {
    if !is_there("curl") {
        println!("skipped: no curl on this machine");
        return;
    }
    let page = page();
    let mut steps = steps(&page).into_iter();
    let first = steps.next().unwrap();
    let background = Background::start(first.command.strip_suffix(" &").unwrap());
    let printed: Vec<&str> = background.printed.lines().collect();
    assert!(matches(&first.shown, &printed), "{}", background.printed);
    let mut count = 0;
    for step in steps {
        let line = step.command.replace(PORT, &background.port);
        let output = command("/bin/sh")
            .args(["-c", &line])
            .env("TOKEN", TOKEN)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(matches(&step.shown, &lines), "{}\n{text}", step.command);
        assert!(output.status.success(), "{}", step.command);
        count += 1;
    }
    assert!(count >= 8, "the page has lost its commands");
}

/// Every path that there is has its place on the page.
#[test]
fn its_table_of_paths_is_complete() {
    let background = Background::start(&format!(
        "qwen-openclaw emulator --port 8080 --control-token {TOKEN}"
    ));
    let address = background.port.trim_matches([':', '/']);
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{address}")).unwrap();
    let request = format!(
        "GET /emulator/ HTTP/1.1\r\nhost: localhost\r\nx-emulator-token: {TOKEN}\r\nconnection: close\r\n\r\n"
    );
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let list: serde_json::Value = serde_json::from_str(body).unwrap();
    let controls = list["controls"].as_array().unwrap();
    assert!(controls.len() > 20);
    let page = page();
    for control in controls {
        let path = control["path"].as_str().unwrap().replace("/{id}", "");
        assert!(page.contains(&format!("{path}`")), "{path}");
    }
}
