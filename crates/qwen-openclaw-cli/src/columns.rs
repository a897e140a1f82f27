//! Text in lines that do not break words.

/// The widest line where the width of the terminal does not matter, in characters.
const WIDTH: usize = 80;

/// A name and a text, which continues below itself where it is too long. Lines of the text stay
/// lines; a word that is too long stays whole.
pub(crate) fn field(name: &str, width: usize, text: &str) -> String {
    wrapped(&format!("{name:width$} "), text, WIDTH)
}

/// The same for a text that begins behind `lead`, in lines of at most `width` characters.
pub(crate) fn wrapped(lead: &str, text: &str, width: usize) -> String {
    let indent = " ".repeat(lead.chars().count());
    let mut lines: Vec<String> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut current = if index == 0 { lead } else { &indent }.to_owned();
        let mut is_empty = true;
        for word in line.split(' ') {
            if !is_empty && current.chars().count() + 1 + word.chars().count() > width {
                lines.push(current.trim_end().to_owned());
                current.clone_from(&indent);
                is_empty = true;
            }
            if !is_empty {
                current.push(' ');
            }
            current.push_str(word);
            is_empty = false;
        }
        lines.push(current.trim_end().to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_continues_below_itself() {
        let words = ["word"; 20].join(" ");
        let text = field("Name", 8, &format!("{words}\n  ^"));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() <= WIDTH), "{text}");
        assert!(lines[0].starts_with("Name     word"));
        assert!(lines[1].starts_with("         word"));
        assert_eq!(lines[2], "           ^");
        let long = "x".repeat(90);
        assert_eq!(field("Name", 8, &long), format!("Name     {long}"));
    }
}
