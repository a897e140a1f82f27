//! Classifies failures by status, error code and message.

use crate::{ErrorKind, ErrorScope, ServerError};

mod table;

use table::{GENERAL, PLAN_GATE, SPECIFIC};

/// Classifies a failure by status, error code and message.
///
/// Neither status nor code is enough alone: 429 is either throttling that ends within a minute or an
/// unpaid bill, and `insufficient_quota` means throttling with 429 but an exhausted free tier with
/// 403 (help.aliyun.com, Model Studio, "error-code"). Codes in the native style (`InvalidApiKey`), in
/// the OpenAI style (`invalid_api_key`), in the scheme of the vendor's SDK since 2.0.2
/// (`auth_failed`, `AuthenticationError`) and in Anthropic's (`authentication_error`) are treated
/// alike. Where there is no code, or only a generic one, the message decides if it is a known one.
///
/// A status of 0 or 200 stands for an error inside a stream, where only code and message count.
///
/// The whole table, with sources and remedies, is `docs/errors.md` of the repository.
#[must_use]
pub fn classify(status: u16, code: Option<&str>, message: Option<&str>) -> ErrorKind {
    find(status, [code, None], message).kind
}

/// The kind and scope of a server's error; its `type` counts where the code says nothing.
pub(crate) fn meaning(status: u16, server: &ServerError) -> (ErrorKind, ErrorScope) {
    let row = find(
        status,
        [server.code(), server.error_type()],
        server.message(),
    );
    (row.kind, row.scope)
}

/// Whether a plan's endpoint refused the program that sent the request.
pub(crate) fn is_plan_gate(status: u16, message: Option<&str>) -> bool {
    PLAN_GATE.status.holds(status) && PLAN_GATE.message_fits(&lowercase(message))
}

/// Finds the row for a failure. `names` are its code and its type.
fn find(status: u16, names: [Option<&str>; 2], message: Option<&str>) -> &'static Row {
    let message = lowercase(message);
    let [code, error_type] = names.map(|name| name.map(fold));
    let search = |rows: &'static [Row], name: Option<&str>| {
        rows.iter()
            .find(|row| row.fits(status, name.unwrap_or_default(), &message))
    };
    search(SPECIFIC, code.as_deref())
        .or_else(|| search(SPECIFIC, error_type.as_deref()))
        .or_else(|| search(GENERAL, code.as_deref().or(error_type.as_deref())))
        // The last row of the table fits everything.
        .unwrap_or(&table::OTHER)
}

/// One meaning, and the failures that have it.
#[derive(Debug)]
struct Row {
    kind: ErrorKind,
    scope: ErrorScope,
    status: Status,
    /// The codes, any of which fits; empty for any code and none. They are compared in the form that
    /// [`fold`] returns, and a trailing `*` matches any suffix.
    codes: &'static [&'static str],
    /// Parts of the message, in lower case, all of which must be there. A part that starts with `^`
    /// is the beginning.
    message: &'static [&'static str],
}

impl Row {
    fn fits(&self, status: u16, code: &str, message: &str) -> bool {
        self.status.holds(status) && self.code_fits(code) && self.message_fits(message)
    }

    fn code_fits(&self, code: &str) -> bool {
        let fits = |pattern: &&str| {
            let known = fold(pattern);
            code == known || (pattern.ends_with('*') && code.starts_with(&known))
        };
        self.codes.is_empty() || self.codes.iter().any(fits)
    }

    fn message_fits(&self, message: &str) -> bool {
        let mut parts = self.message.iter();
        parts.all(|part| match part.strip_prefix('^') {
            Some(beginning) => message.starts_with(beginning),
            None => message.contains(part),
        })
    }
}

#[derive(Clone, Copy, Debug)]
enum Status {
    Any,
    OneOf(&'static [u16]),
    Without(&'static [u16]),
    /// From the first to the last, both included.
    Range(u16, u16),
    /// All but those from the first to the last.
    Outside(u16, u16),
}

impl Status {
    fn holds(self, status: u16) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(those) => those.contains(&status),
            Self::Without(those) => !those.contains(&status),
            Self::Range(first, last) => (first..=last).contains(&status),
            Self::Outside(first, last) => !(first..=last).contains(&status),
        }
    }
}

/// Maps `Throttling.RateQuota` and `throttling_rate_quota` to the same string.
fn fold(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn lowercase(message: Option<&str>) -> String {
    message.unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod page;
#[cfg(test)]
mod tests;
