//! What an alias means.

use qwen_openclaw_catalog::nearest_names;

use super::agents::{Agents, ModelSettings};
use crate::{
    error::Error,
    path::KeyPath,
    problem::{Problem, ProblemKind},
};

impl Agents {
    /// Returns the aliases, each with the model that it is written at.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.defaults
            .models
            .iter()
            .filter_map(|settings| Some((settings.alias.as_deref()?, settings.model.as_str())))
    }

    /// Returns up to three aliases close to a probably mistyped one, closest first.
    #[must_use]
    pub fn nearest_aliases(&self, name: &str) -> Vec<&str> {
        nearest_names(name, self.aliases().map(|(alias, _)| alias))
    }

    /// Finds the model of an alias: of that very spelling, or else of the only one that differs in
    /// case alone. `None` if there is no such alias.
    ///
    /// An alias of an alias is followed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AmbiguousAlias`](crate::ErrorKind::AmbiguousAlias) when several models have it, or
    /// it leads back to itself.
    pub fn lookup(&self, alias: &str) -> Result<Option<&str>, Error> {
        let mut chain = vec![alias.trim()];
        loop {
            let name = chain[chain.len() - 1];
            // A reference has a slash, and no alias does.
            if name.contains('/') {
                break;
            }
            match self.step(name)? {
                Some(next) if chain.contains(&next) => {
                    chain.push(next);
                    let chain = chain.into_iter().map(ToOwned::to_owned).collect();
                    return Err(Error::alias_loop(chain));
                }
                Some(next) => chain.push(next),
                None => break,
            }
        }
        // The last name may borrow from the caller only if nothing was found.
        let last = chain.last().copied().filter(|_| chain.len() > 1);
        let model = |name: &str| {
            let models = self.defaults.models.iter();
            let mut found = models.filter(|settings| settings.model == name);
            found.next().map(|settings| settings.model.as_str())
        };
        Ok(last.and_then(model))
    }

    /// Finds what one alias is written at.
    fn step(&self, alias: &str) -> Result<Option<&str>, Error> {
        let having = |same: &dyn Fn(&str) -> bool| -> Vec<&str> {
            let models = self.defaults.models.iter();
            models
                .filter(|settings| settings.alias.as_deref().is_some_and(same))
                .map(|settings| settings.model.as_str())
                .collect()
        };
        let exact = having(&|other| other == alias);
        let found = if exact.is_empty() {
            having(&|other| fold(other) == fold(alias))
        } else {
            exact
        };
        match found[..] {
            [] => Ok(None),
            [model] => Ok(Some(model)),
            _ => {
                let refs = found.into_iter().map(ToOwned::to_owned).collect();
                Err(Error::ambiguous(alias, refs))
            }
        }
    }

    /// Notes aliases that mean nothing or several things.
    pub(super) fn alias_problems(&self) -> Vec<Problem> {
        let problem = |settings: &ModelSettings| {
            let alias = settings.alias.as_deref()?;
            let path = KeyPath::from(["agents", "defaults", "models"])
                .name(&settings.model)
                .name("alias");
            let error = self.lookup(alias).err()?;
            let kind = match error.alias_loop_chain() {
                Some(chain) => ProblemKind::AliasLoop {
                    chain: chain.to_vec(),
                },
                None => ProblemKind::AmbiguousAlias {
                    models: error.candidates().to_vec(),
                },
            };
            Some(Problem::new(path, kind))
        };
        self.defaults.models.iter().filter_map(problem).collect()
    }
}

fn fold(text: &str) -> String {
    text.to_lowercase()
}
