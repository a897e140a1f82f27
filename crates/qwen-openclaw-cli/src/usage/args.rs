//! The command line of `usage`.

use clap::{Args, Subcommand, ValueEnum};

use qwen_openclaw::routing::{Limit, Period};

use super::days::Zone;

#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Example: qwen-openclaw usage --days 30 --by agent\n\n\
                  A request counts once, however often it was sent. Costs are list prices: subscriptions\n\
                  have none, and discounts, free quotas and taxes are not known."
)]
pub(crate) struct Usage {
    #[command(subcommand)]
    pub(crate) command: Option<UsageCommand>,

    /// Days to show, including today
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=3660))]
    pub(crate) days: u16,

    /// What to group by: model, profile, agent, day or kind (chat, video)
    #[arg(long, value_name = "GROUP", value_enum, default_value_t = By::Model, hide_possible_values = true)]
    pub(crate) by: By,

    /// Time zone of the days: a name such as Asia/Shanghai, UTC, local, or +08:00
    /// [default: local; Asia/Shanghai for the portal's quota]
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<Zone>,

    /// Print one JSON document
    #[arg(long, conflicts_with_all = ["csv", "watch"])]
    pub(crate) json: bool,

    /// Print the rows as CSV, with a header
    #[arg(long, conflicts_with = "watch")]
    pub(crate) csv: bool,

    /// Show it again every 2 seconds, until Ctrl-C
    #[arg(long)]
    pub(crate) watch: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UsageCommand {
    /// Limit what is used
    Budget {
        #[command(subcommand)]
        command: BudgetCommand,
    },
    /// Show which models and credentials are not tried for a while, or try them again
    Cooldowns {
        #[command(subcommand)]
        command: CooldownsCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum BudgetCommand {
    /// List the budgets, and what is left of each
    #[command(after_help = "Example: qwen-openclaw usage budget list")]
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Add a budget, or replace the one of that name
    Set(SetBudget),
    /// Remove a budget
    #[command(after_help = "Example: qwen-openclaw usage budget remove team")]
    Remove {
        /// Name of the budget
        #[arg(value_name = "NAME")]
        name: String,

        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
#[command(
    after_help = "Example: qwen-openclaw usage budget set team --limit 5USD --per month --agent quick-tasks\n\n\
                  A request that has no room is not sent. What each request may use is estimated before it is\n\
                  sent, and corrected afterwards. What has no known price does not count against money."
)]
pub(crate) struct SetBudget {
    /// Name of the budget
    #[arg(value_name = "NAME", value_parser = super::budget::name)]
    pub(crate) name: String,

    /// Most that may be used: "5 USD", "30 CNY", "2000 requests", or "1000000 tokens"
    #[arg(long, value_name = "LIMIT", value_parser = super::budget::limit)]
    pub(crate) limit: Limit,

    /// When the limit resets: each day, each month, or never (total)
    #[arg(long, value_name = "PERIOD", value_enum, hide_possible_values = true)]
    pub(crate) per: Per,

    /// Time zone in which days and months begin, such as Asia/Shanghai [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub(crate) zone: Option<String>,

    /// Count only this provider
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Option<String>,

    /// Count only this stored account, such as qwen:work
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,

    /// Count only this model, such as qwen/qwen3.5-plus, or of any provider: qwen3.5-plus
    #[arg(long, value_name = "REF")]
    pub(crate) model: Option<String>,

    /// Count only what this agent uses
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<String>,

    /// Go on with the next fallback where there is no room, instead of refusing the request
    #[arg(long)]
    pub(crate) advance: bool,

    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// How long a budget lasts.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Per {
    Day,
    Month,
    Total,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CooldownsCommand {
    /// List them, with the reason and the end of each
    #[command(after_help = "Example: qwen-openclaw usage cooldowns list")]
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// End all of them, so that everything is tried again
    #[command(after_help = "Example: qwen-openclaw usage cooldowns clear")]
    Clear {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// What the rows of a report are.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum By {
    Model,
    Profile,
    Agent,
    Day,
    Kind,
}

impl By {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Profile => "profile",
            Self::Agent => "agent",
            Self::Day => "day",
            Self::Kind => "kind",
        }
    }
}

impl From<Per> for Period {
    fn from(per: Per) -> Self {
        match per {
            Per::Day => Self::Day,
            Per::Month => Self::Month,
            Per::Total => Self::Total,
        }
    }
}

impl Usage {
    pub(crate) fn wants_json(&self) -> bool {
        match &self.command {
            None => self.json,
            Some(UsageCommand::Budget { command }) => match command {
                BudgetCommand::Set(set) => set.json,
                BudgetCommand::List { json } | BudgetCommand::Remove { json, .. } => *json,
            },
            Some(UsageCommand::Cooldowns { command }) => match command {
                CooldownsCommand::List { json } | CooldownsCommand::Clear { json } => *json,
            },
        }
    }
}
