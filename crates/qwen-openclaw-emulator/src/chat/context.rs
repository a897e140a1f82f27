//! What agents add to prompts on their own: it is background, and asks for nothing.

/// How it starts and ends: OpenClaw's, and that of Qwen Code and others.
const MARKS: &[(&str, &str)] = &[
    (
        "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>",
        "<<<END_OPENCLAW_INTERNAL_CONTEXT>>>",
    ),
    ("<system-reminder>", "</system-reminder>"),
];

/// The text of a user message without what the agent added; `None` if nothing else is in it.
pub(super) fn without(text: String) -> Option<String> {
    let mut own = text;
    let mut added = false;
    for (start, end) in MARKS {
        while let Some((before, rest)) = own.split_once(start)
            && let Some((_, after)) = rest.split_once(end)
        {
            own = format!("{}\n{}", before.trim_end(), after.trim_start());
            added = true;
        }
    }
    if !added {
        return Some(own);
    }
    let own = own.trim();
    (!own.is_empty()).then(|| own.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, own: Option<&str>) {
        assert_eq!(without(text.to_owned()).as_deref(), own, "{text}");
    }

    #[test]
    fn what_is_marked_is_left_out() {
        check(
            "<system-reminder>\nedit\n</system-reminder>\n<system-reminder>x</system-reminder>\nHi ",
            Some("Hi"),
        );
        check(
            "first\n<system-reminder>run</system-reminder>\nsecond",
            Some("first\nsecond"),
        );
        check(
            "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nexec: none\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>",
            None,
        );
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for text in [
            "",
            " two  spaces ",
            "What is <system-reminder> for?",
            "</system-reminder> <system-reminder>",
        ] {
            check(text, Some(text));
        }
    }
}
