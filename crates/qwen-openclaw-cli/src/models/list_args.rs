//! What listing commands of the configuration take.

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// Print one JSON document
    #[arg(long, conflicts_with = "plain")]
    pub(crate) json: bool,

    /// Print one per line
    #[arg(long)]
    pub(crate) plain: bool,
}
