//! What the screen shows, in windows of several sizes.

use super::*;

/// A conversation in a window, up to where a long line is being typed.
fn typed(rows: u16, columns: u16, flags: &[&str], service: &Service) -> Terminal {
    let mut terminal = OnTerminal::new(&[&CHAT[..], flags].concat())
        .at(service)
        .size(rows, columns)
        .start();
    terminal
        .awaits("> ")
        .types("What is 6*7?\n")
        .shows("6*7 = 42")
        .awaits("> ");
    terminal
        .types("/modle\n")
        .shows("did you mean")
        .types("/help\n")
        .shows("Tab completes");
    let long = "你好世界, please write one long line that does not fit into a window of eighty \
                columns, even if its letters are narrow.";
    terminal.types(long).shows("narrow.");
    terminal
}

/// The screen, without what is measured.
fn timeless(terminal: &Terminal) -> String {
    let rows = terminal.rows();
    let rows = rows
        .iter()
        .map(|row| match row.split_once(" · first token ") {
            Some((before, _)) => format!("{before} · [...]"),
            None => row.clone(),
        });
    rows.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[test]
fn of_80_columns() {
    // The line with the usage would fill the row or not, as its times are.
    let service = Service::start();
    let mut terminal = typed(40, 80, &["--no-usage"], &service);
    insta::assert_snapshot!("screen-80", timeless(&terminal));
    drops(&mut terminal);
    leaves(&mut terminal);
}

#[test]
fn of_200_columns() {
    let service = Service::start();
    let mut terminal = typed(40, 200, &[], &service);
    insta::assert_snapshot!("screen-200", timeless(&terminal));
    drops(&mut terminal);
    leaves(&mut terminal);
}

#[test]
fn that_is_resized_while_a_line_is_typed() {
    let service = Service::start();
    let mut terminal = OnTerminal::new(&CHAT).at(&service).size(40, 80).start();
    let long = "one two three four five six seven eight nine ten eleven twelve";
    terminal.awaits("> ").types(long).shows("twelve");
    terminal
        .resizes(40, 40)
        .shows("twelve")
        .types(" 你好")
        .shows("你好");
    // The line is laid out for the new width: editing it leaves nothing behind.
    terminal.shows(&format!("\n> {long} 你好"));
    terminal
        .types(&BACKSPACE.repeat(8))
        .types("x")
        .awaits("t nine ten eleven tx");
    assert!(!terminal.screen().contains('你'), "{}", terminal.screen());
    terminal.types("\n").shows("tokens/s");
    leaves(&mut terminal);
    assert_eq!(asked(&service, 0), long.replace("twelve", "tx"));
}
