//! An agent in and out, and the agent's socket.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use ozonetel_sdk::Call;
use ozonetel_sdk::endpoint::Endpoint;
use ozonetel_sdk::mdl::{SocketEvents, SocketRecorder, SocketSender, SocketSettings, Transcript};
use serde_json::Value;
use tokio::time::timeout;

use super::evidence::{CheckStep, ObservedSocket};
use super::run::{CheckStopped, LiveCheck};
use crate::commands::mdl::Socket;
use crate::failure::Failure;
use crate::private_file;

/// What a check of this kind asks.
pub(super) const STEPS: [CheckStep; 3] =
    [CheckStep::Login, CheckStep::LoginStatus, CheckStep::Logout];

/// How long what ends something may take, once the check has failed.
const ENDING: Duration = Duration::from_secs(10);

/// How long the socket's session may take.
const SESSION: Duration = Duration::from_secs(20);

/// Signs an agent in, looks, opens the socket, and signs the agent out whatever was seen.
pub(super) async fn run(
    run: &mut LiveCheck<'_>,
    socket: &Socket,
    folder: &Path,
) -> Result<(), CheckStopped> {
    let agent = socket.agent_of(run.context)?;
    let signed_in = sign_in(run, &agent).await?;
    let looked = look(run, socket, &agent, folder, signed_in).await;
    if signed_in { sign_out_after(run, &agent, looked).await } else { looked }
}

async fn look(
    run: &mut LiveCheck<'_>,
    socket: &Socket,
    agent: &str,
    folder: &Path,
    signed_in: bool,
) -> Result<(), CheckStopped> {
    if signed_in {
        let status = run.context.client.agents().login_status(agent);
        let live = run.ask(CheckStep::LoginStatus, status).await?;
        if live.is_ok_and(|live| live.0.campaign.is_none()) {
            run.is_bare();
        }
    }
    if is_configured(run, socket) {
        let held = HeldSocket::open(run, socket, folder).await?;
        run.seen.socket = Some(held.close().await?);
    }
    Ok(())
}

/// Whether the socket has an address.
pub(super) fn is_configured(run: &LiveCheck<'_>, socket: &Socket) -> bool {
    socket.has_address() || run.context.environment.softphone.mdl_url.is_some()
}

/// Whether the agent is signed in by this.
pub(super) async fn sign_in(run: &mut LiveCheck<'_>, agent: &str) -> Result<bool, CheckStopped> {
    let number = run.context.environment.sip_id.clone().ok_or_else(|| {
        Failure::usage("the number that the agent is rung on is missing: set OZONETEL_SIP_ID")
    })?;
    let call = run.context.client.agents().login(agent, run.context.agent_password()?, number);
    match run.ask(CheckStep::Login, call).await {
        Ok(answer) => Ok(answer.is_ok()),
        // The agent may be signed in all the same.
        Err(CheckStopped(failure)) if failure.may_have_happened() || failure.is_stopped() => {
            sign_out_after(run, agent, Err(CheckStopped(failure))).await.map(|()| false)
        }
        Err(stopped) => Err(stopped),
    }
}

/// Signs the agent out after what was done, which may have failed, or been stopped by a signal.
pub(super) async fn sign_out_after(
    run: &mut LiveCheck<'_>,
    agent: &str,
    done: Result<(), CheckStopped>,
) -> Result<(), CheckStopped> {
    let Err(CheckStopped(failure)) = done else { return sign_out(run, agent).await };
    let agents = run.context.client.agents();
    let left = match run.context.agent_password() {
        Ok(password) => ends(agents.logout(agent, password)).await,
        Err(_) => false,
    };
    Err(CheckStopped(if left {
        failure
    } else {
        failure.within(&format!(
            "agent {agent} may still be signed in (`ozonetel agent logout` signs out)"
        ))
    }))
}

/// Sends what ends something that must not be left behind: also after a signal, and not for long.
pub(super) async fn ends<E: Endpoint>(call: Call<'_, E>) -> bool {
    matches!(timeout(ENDING, call.send()).await, Ok(Ok(_)))
}

async fn sign_out(run: &mut LiveCheck<'_>, agent: &str) -> Result<(), CheckStopped> {
    let call = run.context.client.agents().logout(agent, run.context.agent_password()?);
    let _ = run.ask(CheckStep::Logout, call).await?;
    Ok(())
}

/// The agent's socket, held open, with a masked transcript.
pub(super) struct HeldSocket {
    sender: SocketSender,
    following: tokio::task::JoinHandle<()>,
    transcript: Arc<SocketRecorder<Kept>>,
    kept: Kept,
    up: bool,
}

/// A transcript in memory and in a file.
#[derive(Clone)]
struct Kept(Arc<std::sync::Mutex<(std::fs::File, Vec<u8>)>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.0.write_all(bytes)?;
        kept.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).0.flush()
    }
}

impl HeldSocket {
    /// Opens it and waits for its session, for a while.
    pub(super) async fn open(
        run: &LiveCheck<'_>,
        socket: &Socket,
        folder: &Path,
    ) -> Result<Self, CheckStopped> {
        let settings: SocketSettings = socket.settings(run.context)?;
        let file =
            private_file::options().append(true).create(true).open(folder.join("socket.jsonl"));
        let file = file.map_err(|error| Failure::output(&error))?;
        let kept = Kept(Arc::new(std::sync::Mutex::new((file, Vec::new()))));
        let transcript = Arc::new(SocketRecorder::new(kept.clone()));
        let (events, sender) = settings.tap(Arc::clone(&transcript) as _).connect()?;
        let following = tokio::spawn(follow(events));
        let ready = tokio::select! {
            ready = timeout(SESSION, sender.ready()) => ready,
            signal = run.context.stop.clone() => return Err(CheckStopped(Failure::stopped(signal))),
        };
        let up = matches!(ready, Ok(Ok(())));
        Ok(Self { sender, following, transcript, kept, up })
    }

    /// Closes it, and says what was seen.
    pub(super) async fn close(self) -> Result<ObservedSocket, Failure> {
        self.sender.close().await;
        // A socket that does not close in good order is dropped.
        if timeout(SESSION, self.following).await.is_err() {
            crate::notes::note("the agent socket did not close in good order");
        }
        if !self.transcript.is_complete() {
            let error = std::io::Error::other("the socket's transcript is not complete");
            return Err(Failure::output(&error));
        }
        let kept = self.kept.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept.1).into_owned();
        Transcript::parse(&text)?;
        Ok(ObservedSocket { up: self.up, names: first_names(&text) })
    }
}

async fn follow(mut events: SocketEvents) {
    while events.next().await.is_some() {}
}

/// The names in the first token that arrived, sorted.
fn first_names(transcript: &str) -> Vec<String> {
    let lines = transcript.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut arrived = lines.filter(|line| line.get("dir").is_some_and(|dir| dir == "in"));
    let token = arrived.next().and_then(|line| line.get("token").cloned());
    let mut names: Vec<String> = match token {
        Some(Value::Object(fields)) => fields.keys().cloned().collect(),
        _ => Vec::new(),
    };
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::first_names;

    #[test]
    fn the_first_token_that_arrived_is_named_by_its_fields() {
        let text = "{\"at\":\"1970-01-01T00:00:00Z\",\"state\":\"connecting\"}\n\
            {\"dir\":\"out\",\"token\":{\"type\":\"ping\"}}\n\
            {\"dir\":\"in\",\"token\":{\"type\":\"welcome\",\"sid\":\"x\"}}\n";
        assert_eq!(first_names(text), ["sid", "type"]);
        assert!(first_names("").is_empty());
    }
}
