//! What is known of a model stands in the catalog: no other crate decides by its id.
//!
//! The emulator knows the models a second time, on purpose. Comments, docs, tests and examples may
//! name any.

use crate::{tree::Tree, workspace::Workspace};

use super::{
    finding::Finding,
    rust_source::{string_literals, test_modules},
};

const RULE: &str = "model-ids";

const MAY_NAME_MODELS: [&str; 2] = ["qwen-openclaw-catalog", "qwen-openclaw-emulator"];

/// What the ids of models begin with, in lower case.
///
/// `qwen-` alone is not among them: providers and crates are called so too.
const BEGINNINGS: [&str; 24] = [
    "claude-",
    "coder-model",
    "cosyvoice",
    "deepseek-",
    "glm-",
    "gpt-",
    "kimi-",
    "minimax-",
    "qvq-",
    "qwen-asr",
    "qwen-audio",
    "qwen-coder",
    "qwen-flash",
    "qwen-image",
    "qwen-long",
    "qwen-max",
    "qwen-mt",
    "qwen-omni",
    "qwen-plus",
    "qwen-turbo",
    "qwen-vl",
    "qwq-",
    "vision-model",
    "wanx",
];

/// What the ids of models begin with when a digit follows: `qwen3.5-plus`, `wan2.6-t2v`.
const BEFORE_A_DIGIT: [&str; 2] = ["qwen", "wan"];

pub(crate) fn findings(workspace: &Workspace, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let ours = package.folder().starts_with("crates/");
        if !ours || MAY_NAME_MODELS.contains(&package.name.as_str()) {
            continue;
        }
        let sources: Vec<_> = tree
            .rust_below(&format!("{}/src", package.folder()))
            .collect();
        let tests: Vec<_> = sources
            .iter()
            .flat_map(|(path, text)| test_modules(path, text))
            .collect();
        let shipped = sources.into_iter().filter(|(path, _)| {
            let below = |module: &String| path.strip_prefix(module.as_str());
            !tests
                .iter()
                .filter_map(below)
                .any(|rest| rest == ".rs" || rest.starts_with('/'))
        });
        findings.extend(shipped.flat_map(|(path, text)| named(path, text)));
    }
    findings
}

/// The model ids in the string literals of a file.
fn named(path: &str, text: &str) -> Vec<Finding> {
    let literals = string_literals(text);
    let ids = literals.iter().flat_map(|(line, literal)| {
        let words = literal.split(|letter: char| {
            !(letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_'))
        });
        words.filter(|word| is_model(word)).map(|id| (*line, id))
    });
    let finding = |(line, id)| {
        let message = format!(
            "names the model {id}: what is known of a model stands in qwen-openclaw-catalog"
        );
        Finding::at(path, line, RULE, message)
    };
    ids.map(finding).collect()
}

fn is_model(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let digit_follows = |beginning: &str| {
        word.strip_prefix(beginning)
            .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
    };
    BEGINNINGS
        .iter()
        .any(|beginning| word.starts_with(beginning))
        || BEFORE_A_DIGIT
            .iter()
            .any(|beginning| digit_follows(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::tests::{package, workspace};

    fn check<const N: usize>(files: [(&str, &str); N], expected: &[&str]) {
        let crates = ["catalog", "emulator", "transport"];
        let packages = crates.map(|name| package(&format!("qwen-openclaw-{name}"), &[]));
        let found = findings(&workspace(&packages), &Tree::from(files));
        let shown: Vec<String> = found.iter().map(Finding::to_string).collect();
        assert_eq!(shown.len(), expected.len(), "{shown:#?}");
        for (finding, expected) in shown.iter().zip(expected) {
            assert!(finding.starts_with(expected), "{finding}");
        }
    }

    const FILE: &str = "crates/qwen-openclaw-transport/src/traits.rs";

    #[test]
    fn an_id_or_the_beginning_of_one_is_found_in_code() {
        let text = "//! A.\nconst A: [&str; 2] = [\"glm-4.7\", \"qwen3.5-\"];\n\
                    fn a() { b(\"use qwen/Qwen-Max \\\n    or wan2.6-t2v\"); }\n";
        let place = |line| format!("{FILE}:{line}: names the model ");
        let expected = [
            place(2) + "glm-4.7",
            place(2) + "qwen3.5-",
            place(3) + "Qwen-Max",
            place(4) + "wan2.6-t2v",
        ];
        check([(FILE, text)], &expected.each_ref().map(String::as_str));
    }

    #[test]
    fn providers_crates_and_names_in_code_are_no_models() {
        let text = "//! A.\nlet a = [\"qwen\", \"qwen-oauth\", \"qwen-token-plan\", \
                    \"qwen-openclaw/0.1\", \"want\"];\nlet b = Family::Qwen38;\n";
        check([(FILE, text)], &[]);
    }

    #[test]
    fn comments_and_tests_may_name_any() {
        let text = "//! As `qwen3.5-plus`.\nlet a = 1; // \"glm-5\" does\n#[cfg(test)]\n\
                    mod tests {\n    const A: &str = \"glm-5\";\n}\n";
        check([(FILE, text)], &[]);
        let declares = "//! A.\n#[cfg(test)]\npub(crate) mod contract;\n";
        let inside = "//! B.\nconst A: &str = \"wan2.6-t2v\";\n";
        let contract = "crates/qwen-openclaw-transport/src/traits/contract.rs";
        check([(FILE, declares), (contract, inside)], &[]);
        check([(contract, inside)], &[contract]);
    }

    #[test]
    fn catalog_and_emulator_know_models() {
        let text = "//! A.\nconst A: &str = \"glm-5\";\n";
        check(
            [
                ("crates/qwen-openclaw-catalog/src/chat.rs", text),
                ("crates/qwen-openclaw-emulator/src/models.rs", text),
            ],
            &[],
        );
    }
}
