//! Completion of commands, models, levels and file names.

use std::path::{Path, PathBuf};

use qwen_openclaw::catalog::{Edition, Level, Provider, models};
use rustyline::{
    Context, Helper,
    completion::{Completer, Pair},
    highlight::Highlighter,
    hint::Hinter,
    validate::Validator,
};

use super::{
    mention::{path_of, quote, word},
    slash::COMMANDS,
};
use crate::settings::Settings;

/// Most names of files that are offered.
const MOST: usize = 500;

/// What can be completed.
pub(super) struct Completions {
    /// Refs and aliases.
    models: Vec<String>,
    /// Ids alone, which belong to the default provider.
    ids: Vec<&'static str>,
    home: Option<PathBuf>,
}

impl Completions {
    pub(super) fn new(settings: &Settings) -> Self {
        let of = |provider: &Provider| models(provider, Edition::Merged).iter();
        let mut models: Vec<String> = Provider::well_known()
            .flat_map(|provider| of(&provider).map(|model| model.model_ref()))
            .collect();
        if let Some(config) = settings.usable_config() {
            models.extend(config.agents.aliases().map(|(alias, _)| alias.to_owned()));
        }
        models.sort();
        models.dedup();
        Self {
            models,
            ids: of(&settings.default_provider())
                .map(|model| model.id())
                .collect(),
            home: settings.environment.home(),
        }
    }

    /// Where the word to complete begins, and what it may become.
    fn of(&self, line: &str) -> (usize, Vec<Pair>) {
        if let Some((command, argument)) = line.split_once(' ')
            && command.starts_with('/')
        {
            let start = line.len() - argument.trim_start().len();
            let typed = argument.trim_start();
            match command {
                "/model" => return (start, self.models(typed)),
                "/think" => {
                    let levels = Level::all().iter().map(|level| level.as_str());
                    return (start, beginning_with(typed, levels));
                }
                "/image" | "/file" | "/save" | "/load" => return (start, self.files(typed)),
                _ => {}
            }
        } else if line.starts_with('/') {
            let names = COMMANDS.iter().map(|command| command.name);
            return (0, beginning_with(line, names));
        }
        match mention(line) {
            Some(start) => (start, self.files(&line[start..])),
            None => (line.len(), Vec::new()),
        }
    }

    fn models(&self, typed: &str) -> Vec<Pair> {
        // To list each model twice would not help.
        let ids = self.ids.iter().filter(|_| !typed.is_empty());
        let models = self.models.iter().map(String::as_str);
        beginning_with(typed, models.chain(ids.copied()))
    }

    fn files(&self, typed: &str) -> Vec<Pair> {
        let (name, _) = word(typed);
        let (folder, prefix) = match name.rfind('/') {
            Some(at) => name.split_at(at + 1),
            None => ("", &*name),
        };
        let path = match folder {
            "" => PathBuf::from("."),
            folder => path_of(folder, self.home.as_deref()),
        };
        // Hidden files only if asked for.
        let fits = |name: &String| {
            name.starts_with(prefix) && (prefix.starts_with('.') || !name.starts_with('.'))
        };
        let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| fits(name) && !name.contains(char::is_control))
            .take(MOST)
            .map(|name| with_slash(&path, name))
            .collect();
        names.sort();
        names
            .iter()
            .map(|name| pair(name, &quote(&format!("{folder}{name}"))))
            .collect()
    }
}

/// A folder's name ends with a slash.
fn with_slash(folder: &Path, name: String) -> String {
    if folder.join(&name).is_dir() {
        format!("{name}/")
    } else {
        name
    }
}

/// Where the file name of the mention at the end of a text begins.
fn mention(text: &str) -> Option<usize> {
    let starts = text.match_indices('@').filter(|(at, _)| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(char::is_whitespace)
    });
    starts
        .map(|(at, _)| at + 1)
        .find(|start| word(&text[*start..]).1 == text.len() - start)
}

fn beginning_with<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Vec<Pair> {
    names
        .filter(|name| name.starts_with(typed))
        .map(|name| pair(name, name))
        .collect()
}

fn pair(display: &str, replacement: &str) -> Pair {
    Pair {
        display: display.to_owned(),
        replacement: replacement.to_owned(),
    }
}

impl Completer for Completions {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(self.of(line.get(..pos).unwrap_or(line)))
    }
}

impl Hinter for Completions {
    type Hint = String;
}

impl Highlighter for Completions {}

impl Validator for Completions {}

impl Helper for Completions {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expect: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["notes.txt", "new file.md", ".hidden"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        let completions = Completions {
            models: ["coder", "p/m"].map(str::to_owned).into(),
            ids: vec!["m"],
            home: Some(folder.path().to_owned()),
        };
        let (start, found) = completions.of(line);
        let lines: Vec<String> = found
            .iter()
            .map(|pair| format!("{}{}", &line[..start], pair.replacement))
            .collect();
        assert_eq!(lines, expect, "{line}");
    }

    #[test]
    fn commands_models_levels_and_files_are_completed() {
        check("/mo", &["/model"]);
        check("/s", &["/system", "/save"]);
        check("/model ", &["/model coder", "/model p/m"]);
        check("/model m", &["/model m"]);
        check("/model p", &["/model p/m"]);
        check("/think hi", &["/think high"]);
        check("/image ~/no", &["/image ~/notes.txt"]);
        check("/load  ~/in", &["/load  ~/inner/"]);
        check(
            "what is in @~/n",
            &["what is in @~/new\\ file.md", "what is in @~/notes.txt"],
        );
        check("see @~/new\\ f", &["see @~/new\\ file.md"]);
        check("@~/.h", &["@~/.hidden"]);
        for line in [
            "",
            "hello",
            "a@~/n",
            "@~/notes.txt and",
            "@@~/n",
            "/nosuch ~/n",
        ] {
            check(line, &[]);
        }
    }
}
