//! `usage --watch`.

use std::{io::IsTerminal, time::Duration};

use crate::{failure::Failure, interrupt::Interrupt, output::Out};

/// How often it is shown.
const PERIOD: Duration = Duration::from_secs(2);

/// Refuses to repeat itself where no one watches.
pub(super) fn check() -> Result<(), Failure> {
    if std::io::stdout().is_terminal() {
        return Ok(());
    }
    let failure = Failure::usage("--watch needs a terminal, and standard output is not one");
    Err(failure.with_hint("without it, `usage` prints once; `--json` and `--csv` are for programs"))
}

/// Shows what `lines` returns, in place of what it returned before, until Ctrl-C.
pub(super) async fn run(
    lines: impl AsyncFn() -> Result<Vec<String>, Failure>,
) -> Result<(), Failure> {
    let mut interrupt = Interrupt::listen()?;
    loop {
        let shown = async {
            let mut lines = lines().await?;
            lines.extend([String::new(), "Ctrl-C ends this.".to_owned()]);
            Out::new().screen(&lines)?;
            tokio::time::sleep(PERIOD).await;
            Ok(())
        };
        match interrupt.or(shown).await {
            Err(failure) if failure.is_interrupted() => return Ok(()),
            other => other?,
        }
    }
}
