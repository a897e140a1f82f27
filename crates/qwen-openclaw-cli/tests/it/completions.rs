//! `completions` and `man`.

use std::process::{Command, Stdio};

use crate::run::Qwen;

#[test]
fn every_shell_has_a_script_that_knows_the_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        // The usual checks are for secrets, and the script has the flag `--secret-input-mode`.
        let (mut command, _home) = Qwen::new(&["completions", shell]).command();
        let output = command.output().unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{shell}"
        );
        let script = String::from_utf8(output.stdout).unwrap();
        for word in ["qwen-openclaw", "prune", "reasoning"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    Qwen::new(&["completions", "tcsh"]).run().exits_with(2);
}

#[cfg(unix)]
#[test]
fn bash_reads_its_script() {
    let script = Qwen::new(&["completions", "bash"])
        .run()
        .exits_with(0)
        .stdout;
    let check = format!(
        "{script}\nCOMP_WORDS=(qwen-openclaw video pr); COMP_CWORD=2\n\
         _qwen-openclaw qwen-openclaw pr video; echo \"${{COMPREPLY[*]}}\""
    );
    let bash = Command::new("bash")
        .args(["-c", &check])
        .stdin(Stdio::null())
        .output();
    // Where there is none, there is nothing to complete.
    let Ok(output) = bash else { return };
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "prune");
}

#[test]
fn manual_pages_are_printed_and_written() {
    let page = Qwen::new(&["man"]).run().exits_with(0).stdout;
    assert!(page.contains(".TH qwen-openclaw 1"), "{page}");
    let page = Qwen::new(&["man", "video", "prune"])
        .run()
        .exits_with(0)
        .stdout;
    assert!(page.contains(".TH qwen-openclaw-video-prune 1"), "{page}");
    assert!(page.contains("dry"), "{page}");
    Qwen::new(&["man", "nosuch"])
        .run()
        .exits_with(2)
        .says("there is no command `nosuch`");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("man1");
    Qwen::new(&["man", "--dir", path.to_str().unwrap()])
        .run()
        .exits_with(0);
    for name in [
        "qwen-openclaw.1",
        "qwen-openclaw-chat.1",
        "qwen-openclaw-video-prune.1",
    ] {
        assert!(path.join(name).is_file(), "{name}");
    }
}
