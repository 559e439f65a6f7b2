//! `mdl`: the agent socket.

mod dial;
mod follow;
mod print;
mod replay;
mod sentence;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use ozonetel_sdk::client::Environment;
use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::mdl::{AgentIdentity, CredentialPlacement, SocketSettings, TokenSession};

use crate::args::AgentFlag;
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output::Output;

/// The agent socket. Events are one line each: `{at, event: link|push|reply|settled, state?, type?, utid?, token?}`,
/// masked; as a table, a sentence each.
#[derive(Debug, Subcommand)]
pub(crate) enum Mdl {
    /// Prints what happens on the socket until it is stopped.
    Watch {
        #[command(flatten)]
        socket: Socket,
        /// Ends after this long.
        #[arg(long = "for", value_name = "SECONDS")]
        seconds: Option<u64>,
    },
    /// Rings the agent's softphone, then a customer. Never repeated: exit code 7 means that a phone may be ringing.
    Dial(dial::SocketDial),
    /// Like watch, and writes a masked transcript.
    Record {
        /// The transcript; a file that is there already is not overwritten.
        file: PathBuf,
        #[command(flatten)]
        socket: Socket,
        /// Ends after this long.
        #[arg(long = "for", value_name = "SECONDS")]
        seconds: Option<u64>,
    },
    /// Prints the events of a transcript; nothing is connected to.
    Replay {
        /// The transcript.
        file: PathBuf,
    },
}

impl Mdl {
    /// A transcript is printed without account and key.
    pub(crate) fn offline(&self, output: Output) -> Option<Result<Completion, Failure>> {
        match self {
            Self::Replay { file } => Some(replay::run(output, file)),
            _ => None,
        }
    }

    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        match self {
            Self::Watch { socket, seconds } => {
                let settings = socket.settings(context)?;
                follow::watch(context, settings, seconds.map(Duration::from_secs)).await
            }
            Self::Record { file, socket, seconds } => {
                let settings = socket.settings(context)?;
                let seconds = seconds.map(Duration::from_secs);
                follow::record(context, settings, &file, seconds).await
            }
            Self::Dial(dial) => dial.run(context).await,
            Self::Replay { file } => replay::run(context.output, &file),
        }
    }
}

/// Where the socket is, and what is configuration because no source fixes it.
#[derive(Debug, Args)]
pub(crate) struct Socket {
    /// The socket's address, ws or wss. Default: OZONETEL_MDL_URL.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    agent: AgentFlag,
    /// The agent's numeric id. Default: OZONETEL_AGENT_UNIQ_ID.
    #[arg(long, value_name = "NUMBER")]
    agent_uniq_id: Option<u64>,
    /// The sub-protocol to offer; `none` offers none.
    #[arg(long, value_name = "NAME", default_value = ozonetel_sdk::mdl::SUB_PROTOCOL)]
    sub_protocol: String,
    /// Fields in which the session's usId is looked for, in order.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    us_id_field: Vec<String>,
    /// Fields in which browserSessionId is looked for, in order; without one, it is made up here.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    browser_session_field: Vec<String>,
    /// Where the account's credential goes: none, rest (as on REST), header:NAME or query:NAME.
    #[arg(long, value_name = "PLACE", default_value = "none", value_parser = placement)]
    credential: CredentialPlacement,
}

fn placement(text: &str) -> Result<CredentialPlacement, String> {
    let header = |name: &str| {
        let name = name.parse().map_err(|_| "is not a header name".to_owned())?;
        Ok(CredentialPlacement::Header(name))
    };
    match text.split_once(':') {
        None if text == "none" => Ok(CredentialPlacement::Nowhere),
        None if text == "rest" => Ok(CredentialPlacement::AsRest),
        Some(("header", name)) => header(name),
        Some(("query", name)) if !name.is_empty() => Ok(CredentialPlacement::Query(name.into())),
        _ => Err("expected none, rest, header:NAME or query:NAME".to_owned()),
    }
}

impl Socket {
    /// The link's settings.
    pub(super) fn settings(&self, context: &Context) -> Result<SocketSettings, Failure> {
        let environment = &context.environment;
        let url = self.url.as_ref().or(environment.softphone.mdl_url.as_ref());
        let url = url.ok_or_else(|| missing("--url", "OZONETEL_MDL_URL"))?;
        let mut settings = context.client.mdl(url, self.agent(environment)?)?;
        settings = settings.placement(self.credential.clone());
        if self.sub_protocol == "none" {
            settings = settings.sub_protocol(None);
        } else {
            let name = self.sub_protocol.parse();
            let name = name.map_err(|_| Invalid::new("--sub-protocol", "is not a valid name"))?;
            settings = settings.sub_protocol(Some(name));
        }
        let mut handshake = TokenSession::fresh()?;
        if !self.us_id_field.is_empty() {
            handshake = handshake.us_id_in(self.us_id_field.iter().map(String::as_str));
        }
        if !self.browser_session_field.is_empty() {
            let names = self.browser_session_field.iter().map(String::as_str);
            handshake = handshake.browser_session_id_in(names);
        }
        Ok(settings.handshake(Arc::new(handshake)))
    }

    /// Whether an agent was named, other than by the environment.
    pub(super) fn names_agent(&self) -> bool {
        self.agent.agent.is_some()
    }

    /// Whether the socket's address was given, other than by the environment.
    pub(super) fn has_address(&self) -> bool {
        self.url.is_some()
    }

    /// The agent's login id.
    pub(super) fn agent_of(&self, context: &Context) -> Result<String, Failure> {
        Ok(context.agent(&self.agent)?.to_string())
    }

    fn agent(&self, environment: &Environment) -> Result<AgentIdentity, Failure> {
        let mut environment = environment.clone();
        if let Some(agent) = &self.agent.agent {
            environment.agent = Some(agent.into());
        }
        if let Some(uniq_id) = self.agent_uniq_id {
            environment.softphone.agent_uniq_id = Some(uniq_id);
        }
        environment.socket_agent().map_err(|invalid| match invalid.field() {
            "OZONETEL_AGENT_ID" => missing("--agent", "OZONETEL_AGENT_ID"),
            "OZONETEL_AGENT_UNIQ_ID" => missing("--agent-uniq-id", "OZONETEL_AGENT_UNIQ_ID"),
            _ => invalid.into(),
        })
    }
}

fn missing(flag: &str, variable: &str) -> Failure {
    Failure::usage(format!("{flag} is missing: give it, or set {variable}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_goes_where_it_is_told() {
        assert_eq!(placement("none"), Ok(CredentialPlacement::Nowhere));
        assert_eq!(placement("rest"), Ok(CredentialPlacement::AsRest));
        assert_eq!(placement("query:token"), Ok(CredentialPlacement::Query("token".into())));
        assert!(
            matches!(placement("header:x-api"), Ok(CredentialPlacement::Header(name)) if name == "x-api")
        );
        for text in ["", "header", "header:", "header:a b", "query:", "cookie:x"] {
            assert!(placement(text).is_err(), "{text}");
        }
    }
}
