//! `sim start`: a simulator in this process.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sim::world::{Scenario, Setup, Timestamp};
use ozonetel_sim::{Server, Sim};
use serde_json::json;

use super::yesterday;
use crate::args::Global;
use crate::failure::{Completion, Failure};
use crate::listen_address;
use crate::output::{Format, written};
use crate::settings::profile::{self, NewProfile, ProfileWriter};
use crate::settings::{self, Variables};
use crate::stop;

/// The DID of the default world.
pub(crate) const DID: &str = "918000000001";

/// Starts a simulator and keeps it running until it is stopped. Prints where it is and, as a table, the settings for
/// another shell; `--save` keeps them as a profile.
#[derive(Debug, Args)]
pub(crate) struct Start {
    /// Where it listens: 8090, localhost:8090 or 127.0.0.1:8090; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7788", value_parser = listen_address::parse)]
    listen: SocketAddr,
    /// Keeps the settings as a profile of this name; one of an account is left as it is.
    #[arg(long, value_name = "NAME")]
    save: Option<String>,
    /// Divides every time of telephone life: ringing, talk, wrap-up, traffic, and how long a lost softphone is waited
    /// for.
    #[arg(long, value_name = "FACTOR", value_parser = speed)]
    speed: Option<f64>,
    /// Seed of everything that is random.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// The account's authentication mode. Default: the scenario's, or token.
    #[arg(long, value_enum, value_name = "MODE")]
    mode: Option<Mode>,
    /// A world of your own, in TOML.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Where the callback after each call goes.
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
    /// Telephones wait for `sim phone`.
    #[arg(long)]
    manual: bool,
    /// Begins without calls. By default yesterday had some, so that reports have something in them.
    #[arg(long)]
    empty: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Token,
    Key,
}

fn this_moment() -> Timestamp {
    Timestamp::from_unix_ms(jiff::Timestamp::now().as_millisecond())
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "is not a number".to_owned())?;
    let possible = (0.001..=10_000.0).contains(&speed);
    if possible { Ok(speed) } else { Err("has to be from 0.001 to 10000".into()) }
}

impl Start {
    pub(crate) async fn run(self, flags: &Global) -> Result<Completion, Failure> {
        let stop = stop::listen().map_err(|error| Failure::output(&error))?;
        if let Some(name) = &self.save {
            spare_an_account(name)?;
        }
        let (setup, start) = self.world()?;
        let mut builder = Sim::builder().setup(setup.clone());
        let now = settings::process("OZONETEL_NOW").and_then(|text| Timestamp::parse(&text));
        // A world of one's own is as it is described.
        let is_new = self.scenario.is_none() && !self.manual && !self.empty;
        let past = is_new.then(|| now.unwrap_or_else(this_moment));
        let begins = past.map(yesterday::morning).or(now).or(start);
        if let Some(start) = begins {
            builder = builder.starting_at(start);
        }
        let sim = builder.build();
        if let Some(now) = past {
            yesterday::lived_through(&sim, &setup, now).await;
        }
        sim.set_callback_url(self.callback_url.clone().or(setup.push.callback_url.clone()));
        let server = sim.serve_on(self.listen).await.map_err(|error| {
            Failure::usage(format!("{} cannot be listened on: {error}", self.listen))
                .advise("--listen 0 takes a free port")
        })?;
        let variables = variables(&setup, &server);
        if let Some(name) = &self.save {
            let variables = variables.clone();
            let writer = ProfileWriter::Simulator;
            profile::write(NewProfile { name, writer, variables, keyring: false })?;
        }
        written(self.announce(flags.output, &server, &variables))?;
        let _ = stop.await;
        server.stop().await;
        Ok(Completion::Clean)
    }

    fn world(&self) -> Result<(Setup, Option<Timestamp>), Failure> {
        let text = match &self.scenario {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path).map_err(|error| {
                Failure::usage(format!("{} cannot be read: {error}", path.display()))
            })?,
        };
        let Scenario { mut setup, start, .. } = Scenario::parse(&text)
            .map_err(|error| Failure::usage(format!("the scenario cannot be used: {error}")))?;
        setup.seed = self.seed.unwrap_or(setup.seed);
        setup.speed = self.speed.unwrap_or(setup.speed);
        setup.manual |= self.manual;
        setup.mode = match self.mode {
            Some(Mode::Token) => AuthMode::Token,
            Some(Mode::Key) => AuthMode::Key,
            None => setup.mode,
        };
        Ok((setup, start))
    }

    fn announce(&self, format: Format, server: &Server, variables: &Variables) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if format == Format::Table {
            writeln!(out, "The simulator listens on {}. In another shell:\n", server.url())?;
            match &self.save {
                Some(name) => writeln!(
                    out,
                    "  export OZONETEL_PROFILE={name}   # OZONETEL_* variables that are set there come first"
                )?,
                None => variables
                    .iter()
                    .try_for_each(|(name, value)| writeln!(out, "  export {name}='{value}'"))?,
            }
            if self.save.is_none() {
                writeln!(out, "\n(or once for all: ozonetel sim start --save default)\n")?;
            }
            writeln!(
                out,
                "  ozonetel agent login\n  ozonetel dial 9000000001\n  ozonetel cdr export --direct --from yesterday \
                 --out calls.csv\n  ozonetel watch --source simulator\n\nCtrl-C stops it."
            )?;
        } else {
            let places =
                json!({ "http": server.url(), "mdl": server.mdl_url(), "sip": server.sip_url() });
            writeln!(out, "{places}")?;
        }
        out.flush()
    }
}

/// Refuses to write over a profile that is not a simulator's: the key in it may be nowhere else.
fn spare_an_account(name: &str) -> Result<(), Failure> {
    let Some(variables) = profile::settings_in(name)? else { return Ok(()) };
    if profile::is_of_simulator(&variables) {
        return Ok(());
    }
    Err(Failure::usage(format!("profile {name} is not one of a simulator: it is left as it is"))
        .advise(&format!("choose another name, or `ozonetel profile remove {name}` first")))
}

/// What a client of this world needs to be set to.
fn variables(setup: &Setup, server: &Server) -> Variables {
    let mode = if setup.mode == AuthMode::Key { "key" } else { "token" };
    let mut variables: Vec<(&str, String)> = vec![
        ("OZONETEL_ACCOUNT", setup.account.clone()),
        ("OZONETEL_API_KEY", setup.key.clone()),
        ("OZONETEL_AUTH", mode.to_owned()),
        ("OZONETEL_BASE_URL", server.url()),
        ("OZONETEL_KOOKOO_KEY", setup.key.clone()),
        ("OZONETEL_CAMPAIGN_ID", "77".to_owned()),
    ];
    if let Some(agent) = setup.agents.first() {
        let mdl = format!("{}?agentId={}", server.mdl_url(), agent.id);
        variables.extend([
            ("OZONETEL_AGENT_ID", agent.id.clone()),
            ("OZONETEL_AGENT_PASSWORD", agent.password.clone()),
            ("OZONETEL_SIP_ID", agent.extension.clone()),
            ("OZONETEL_PHONE_NAME", agent.phone_name.clone()),
            ("OZONETEL_AGENT_UNIQ_ID", agent.number.to_string()),
            ("OZONETEL_MDL_URL", mdl),
        ]);
    }
    let dialled = setup.campaigns.iter().find(|campaign| campaign.name.ends_with("_out"));
    if let Some(campaign) = dialled.or(setup.campaigns.first()) {
        variables.push(("OZONETEL_CAMPAIGN", campaign.name.clone()));
    }
    if let Some(did) = setup.campaigns.iter().find_map(|campaign| campaign.did.clone()) {
        variables.push(("OZONETEL_DID", did));
    }
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
