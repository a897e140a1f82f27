//! Markdown as a terminal shows it.

use proptest::prelude::*;

use super::*;

/// The whole text at once.
fn render(text: &str, width: usize) -> String {
    let mut markdown = Markdown::new(width, true);
    markdown.push(text) + &markdown.finish()
}

/// What is seen of it: without escape sequences.
fn seen(shown: &str) -> String {
    let mut text = String::new();
    let mut characters = shown.chars();
    while let Some(c) = characters.next() {
        if c == '\u{1b}' {
            characters.by_ref().find(|c| *c == 'm');
        } else {
            text.push(c);
        }
    }
    text
}

/// With the style of each part as its codes in angle brackets.
fn styled(text: &str) -> String {
    render(text, 80).replace("\u{1b}[0", "<").replace('m', ">")
}

/// Compares what is seen at 40 columns.
#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(seen(&render(text, 40)), expected);
    let plain = render_plain(text, 40);
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
}

fn render_plain(text: &str, width: usize) -> String {
    let mut markdown = Markdown::new(width, false);
    markdown.push(text) + &markdown.finish()
}

#[test]
fn a_line_is_broken_between_words_and_between_chinese_characters() {
    check(
        "one two three four five six seven eight nine",
        "one two three four five six seven eight\nnine\n",
    );
    check(
        "通义千问是阿里云推出的大语言模型，能够回答各种各样的问题。",
        "通义千问是阿里云推出的大语言模型，能够回\n答各种各样的问题。\n",
    );
    // What closes does not begin a line.
    let nineteen = "一二三四五六七八九十一二三四五六七八九";
    check(&format!("{nineteen}十。"), &format!("{nineteen}\n十。\n"));
    check(&"x".repeat(45), &format!("{}\nxxxxx\n", "x".repeat(40)));
    check("a\nb\n\nc", "a\nb\n\nc\n");
}

#[test]
fn lists_and_quotations_continue_below_themselves() {
    check(
        "- one two three four five six seven eight nine\n  - nested\n10. ten\n- [ ] to do",
        "• one two three four five six seven\n  eight nine\n  • nested\n10. ten\n• [ ] to do\n",
    );
    check(
        "> one two three four five six seven eight nine\n>> deep\n> - item\n>\nend",
        "│ one two three four five six seven\n│ eight nine\n│ │ deep\n│ • item\n│ \nend\n",
    );
}

#[test]
fn headings_rules_and_what_only_looks_like_them() {
    check("# One\n## Two\n#hash\n#", "One\nTwo\n#hash\n#\n");
    let rule = "─".repeat(40);
    check("---\n* * *\n--\n-x", &format!("{rule}\n{rule}\n--\n-x\n"));
    assert_eq!(styled("# A *b*"), "<;1;4;35>A <;1;3;4;35>b<>\n");
    assert_eq!(render_plain("## A *b*", 40), "## A *b*\n");
}

#[test]
fn emphasis_code_and_links() {
    for (text, expected) in [
        ("a **b** c", "a <;1>b<> c\n"),
        ("*i* _i_ ~~s~~", "<;3>i<> <;3>i<> <;9>s<>\n"),
        ("***b***", "<;1;3>b<>\n"),
        ("**a *b***", "<;1>a <;1;3>b<>\n"),
        ("**粗体**后", "<;1>粗体<>后\n"),
        ("`a*b` ``c`d``", "<;36>a*b<> <;36>c`d<>\n"),
        ("[to](http://x.y)", "<;4>to<;2> (http://x.y)<>\n"),
        ("[http://x.y](http://x.y)", "<;4>http://x.y<>\n"),
        // As they were written.
        (
            "2 * 3 * 4, 2*3*4, 2**3 and 4**5",
            "2 * 3 * 4, 2*3*4, 2**3 and 4**5\n",
        ),
        ("snake_case_words and __x", "snake_case_words and __x\n"),
        ("a **b and `c", "a **b and `c\n"),
        ("[1] and [x", "[1] and [x\n"),
        (r"\*a\* \d", "*a* \\d\n"),
    ] {
        assert_eq!(styled(text), expected, "{text}");
    }
}

#[test]
fn code_is_set_apart_and_stays_as_it_is() {
    let top = |language: &str| {
        let start = format!("── {language} ");
        format!("{start}{}", "─".repeat(40 - start.chars().count()))
    };
    check(
        "```rust\nfn  main() { **x** }\n\n    a\n```\nend",
        &format!(
            "{}\nfn  main() {{ **x** }}\n\n    a\n{}\nend\n",
            top("rust"),
            "─".repeat(40)
        ),
    );
    check(
        "- x\n  ```sh\n  ls\n  ```\n- y",
        &format!(
            "• x\n  {}\n  ls\n  {}\n• y\n",
            top("sh").chars().take(38).collect::<String>(),
            "─".repeat(38)
        ),
    );
    check(
        "~~~\n```\n~~~~\nx",
        &format!("{0}\n```\n{0}\nx\n", "─".repeat(40)),
    );
    assert_eq!(render_plain("```c\nx\n```\n", 40), "```c\nx\n```\n");
}

#[test]
fn tables_are_aligned_and_squeezed() {
    check(
        "| a | 数 |\n|---|--:|\n| one | 1 |\n| `x` | 22 |\n\nend",
        "a   │ 数\n────┼───\none │  1\nx   │ 22\n\nend\n",
    );
    check(
        "| key | text |\n|:-:|---|\n| k | one two three four five six seven eight nine |\n",
        "key │ text\n────┼───────────────────────────────────\n k  │ one two three four five six seven\n    │ eight nine\n",
    );
    // No table.
    check("| a |\n| b |\n", "| a |\n| b |\n");
    check("|x| is a norm", "|x| is a norm\n");
}

#[test]
fn a_model_cannot_drive_the_terminal() {
    let shown = render("a\u{1b}[2Jb `\u{9b}31m`\r\n\u{202e}c\rd", 80);
    assert_eq!(seen(&shown), "a␛[2Jb \u{fffd}31m\n\u{fffd}c␍d\n");
}

#[test]
fn no_answer_is_too_long_or_too_deep() {
    // What nothing closes, what is nested, and what never ends.
    for piece in [
        "*a ", "**a", "[a", "`a", "> ", "- ", "|a", "#", "_ ", "~~a *b* ", "\\", "*_",
    ] {
        let text = piece.repeat(20_000 / piece.len());
        assert!(!render(&text, 80).is_empty());
    }
}

/// Pieces that markup is made of.
fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9]{1,9}",
        3 => "[ \n*_`~|#>\\[\\]()!\\\\-]",
        1 => Just("\n\n".to_owned()),
        1 => Just("```".to_owned()),
        1 => Just("\n```\n".to_owned()),
        1 => Just("**".to_owned()),
        1 => Just("\n- ".to_owned()),
        1 => Just("\n1. ".to_owned()),
        1 => Just("\n> ".to_owned()),
        1 => Just("\n|---|:-:|\n".to_owned()),
        1 => Just("\n| a | b |\n".to_owned()),
        1 => Just("](x)".to_owned()),
        1 => "[你好，世界。👩‍🚀é]{1,9}",
        1 => "\\PC{0,4}",
        1 => Just("\r\n".to_owned()),
        1 => Just("\t".to_owned()),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// The characters that are neither blanks nor part of markup, sorted: a table shows them in another
/// order.
fn told(text: &str) -> Vec<char> {
    let markup = "*_`~#>-+|[]()!\\:•│─┼";
    let mut told: Vec<char> = text
        .chars()
        .filter(|c| !c.is_whitespace() && !markup.contains(*c))
        .map(harmless_char)
        .collect();
    told.sort_unstable();
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// However the answer is cut, the same is shown.
    #[test]
    fn pieces_do_not_matter(
        text in markdown(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        width in 1_usize..60,
        is_styled: bool,
    ) {
        let mut whole = Markdown::new(width, is_styled);
        let whole = whole.push(&text) + &whole.finish();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.retain(|cut| text.is_char_boundary(*cut));
        cuts.sort_unstable();
        let mut markdown = Markdown::new(width, is_styled);
        let (mut shown, mut from) = (String::new(), 0);
        for cut in cuts {
            shown.push_str(&markdown.push(&text[from..cut]));
            from = cut;
        }
        shown.push_str(&markdown.push(&text[from..]));
        shown.push_str(&markdown.finish());
        prop_assert_eq!(&shown, &whole);
        let mut letters = Markdown::new(width, is_styled);
        let mut shown: String = text.chars().map(|c| letters.push(c.encode_utf8(&mut [0; 4]))).collect();
        shown.push_str(&letters.finish());
        prop_assert_eq!(shown, whole);
    }

    /// Nothing of the text is lost, and nothing is made up.
    #[test]
    fn no_character_is_lost(text in markdown(), width in 1_usize..60, is_styled: bool) {
        let mut markdown = Markdown::new(width, is_styled);
        let shown = markdown.push(&text) + &markdown.finish();
        prop_assert_eq!(told(&seen(&shown)), told(&text.replace("\r\n", "\n")), "{}", shown);
        prop_assert!(shown.is_empty() || shown.ends_with('\n'));
        // It leaves the terminal as it was.
        let style = shown.rfind("\u{1b}[").map_or("\u{1b}[0m", |at| &shown[at..]);
        prop_assert!(style.starts_with("\u{1b}[0m"), "{:?}", shown);
    }

    /// No line but one of code is wider than the terminal.
    #[test]
    fn text_fits(words in prop::collection::vec("[a-z*`_你]{1,30}", 0..30), width in 40_usize..80) {
        let text = words.join(" ");
        for line in seen(&render(&text, width)).lines() {
            prop_assert!(width_of(&cells(line, Style::PLAIN)) <= width, "{}", line);
        }
    }
}
