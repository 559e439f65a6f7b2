//! A call's audio, from the page that has it.

use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::response::Response;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::MissedTickBehavior;

use crate::access::no_such;
use crate::assist::attachment::{Attachment, FromPage};
use crate::core::assist::audio_frame::{AudioFrame, FrameError};
use crate::core::assist::gate::{AssistState, AssistWord};
use crate::core::assist::transcript::Speaker;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::assist::attach;
use crate::ops::metrics::{ASSIST_FRAMES, label};
use crate::people::Proof;
use crate::problem::{Kind, Problem};
use crate::routes::calls::visible;

/// The longest message.
const LONGEST: usize = 8 << 10;

/// How often the page is pinged, and its session looked at.
const EVERY: Duration = Duration::from_secs(20);

/// How long the page may be silent. A browser answers pings by itself.
const SILENCE: Duration = Duration::from_secs(45);

/// How long the page may take to read what it was sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many frames one message may say are missing: an hour.
const MOST_MISSING: u32 = 36_000;

/// Why the connection ends: the code and the reason in its close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AudioEnd {
    CallOver,
    SessionOver,
    GoingAway,
    PageGone,
    OtherPage,
    SignedOut,
    Frame(FrameError),
    Text,
}

impl AudioEnd {
    fn frame(self) -> (u16, String) {
        let (code, reason) = match self {
            Self::CallOver => (1000, "the call is not listened to any more"),
            Self::SessionOver => (1013, "open it again"),
            Self::GoingAway => (1001, "the desk stops"),
            Self::PageGone => (1001, "nothing is heard of the page"),
            Self::OtherPage => (4001, "another page sends this call's audio"),
            Self::SignedOut => (4003, "sign in first"),
            Self::Text => (4400, "not a message of this connection"),
            Self::Frame(error) => return (4400, error.to_string()),
        };
        (code, reason.to_owned())
    }
}

/// What a page says besides frames. A `type` that is not known is passed over.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum PageWord {
    #[serde(rename_all = "camelCase")]
    Gap {
        channel: Speaker,
        #[serde(rename = "fromSequence")]
        _from_sequence: u32,
        frames: u32,
    },
    #[serde(other)]
    Other,
}

/// Takes a call's audio, over a WebSocket: of the agent who has the call, while it goes on. The newest page of a call has
/// it; the one before is closed with 4001.
///
/// A binary message is 100 ms of one channel: 16 bytes of head, little endian (u8 version, 1; u8 channel, 0 for the
/// customer and 1 for the agent; u16 flags, 0; u32 sequence, from 0; u64 time of capture in milliseconds, by one clock for
/// both channels), then 3200 bytes of 16-bit samples, mono, 16 kHz. Any other is answered with the close code 4400. Text:
/// the page says `{"type":"gap","channel":"customer","fromSequence":7,"frames":2}` where it dropped frames; the desk says
/// `{"type":"state","state":"on"}`, first of all and whenever that changes. What comes while the state is not `on` is
/// discarded.
#[utoipa::path(
    get,
    path = "/api/calls/{ucid}/audio",
    tag = "assist",
    params(
        ("ucid" = String, Path, description = "The call's id, or a leg's"),
        ("desk-user" = Option<String>, Query, description = "The user the page is of: a WebSocket sends no header"),
    ),
    extensions(("x-allow" = json!("agent:own"))),
    responses(
        (status = 101, description = "Open"),
        (status = 400, description = "It is no WebSocket's opening"),
        (status = 403, description = "It is another agent's call, or its campaign's calls may not be listened to"),
        (status = 404, description = "There is no such call, or it is over"),
        (status = 503, description = "The desk is stopping, or too many calls are listened to"),
    ),
)]
pub(super) async fn audio(
    State(desk): State<Desk>,
    caller: Caller,
    Path(ucid): Path<String>,
    proof: Proof,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let call = visible(&desk, &caller, &ucid).await?;
    if desk.assist().settings().speech.is_none() || call.state.is_ended() {
        return Err(no_such("call"));
    }
    let agent = call.state.agent.as_ref();
    if !agent.is_some_and(|agent| caller.own.iter().any(|own| own.is_same_agent(agent))) {
        return Err(Problem::new(Kind::Forbidden, "another agent has this call"));
    }
    crate::flow::assist::refresh_consents(&desk).await?;
    if !desk.assist().has_consent(&call.state) {
        let text = "calls of this campaign may not be listened to";
        return Err(Problem::new(Kind::Forbidden, text).because("no_consent"));
    }
    let upgrade = upgrade.map_err(|_| Problem::bad_request("a WebSocket is opened here"))?;
    if desk.life().is_stopping() {
        return Err(Problem::new(Kind::Busy, "the desk is stopping"));
    }
    let attachment = attach(&desk, &call).await?;
    let upgrade = upgrade.max_message_size(LONGEST).max_frame_size(LONGEST);
    let page = Page { desk, proof, attachment };
    Ok(upgrade.on_upgrade(|socket| page.serve(socket)))
}

/// One page's connection.
struct Page {
    desk: Desk,
    proof: Proof,
    attachment: Attachment,
}

impl Page {
    async fn serve(self, socket: WebSocket) {
        let (mut to_page, mut from_page) = socket.split();
        let stopping = self.desk.life().streams();
        let end = tokio::select! {
            end = self.read(&mut from_page) => end,
            end = self.write(&mut to_page) => Some(end),
            () = self.attachment.taken() => Some(AudioEnd::OtherPage),
            () = self.signed_out() => Some(AudioEnd::SignedOut),
            () = stopping.cancelled() => Some(AudioEnd::GoingAway),
        };
        if let Some(end) = end {
            let (code, reason) = end.frame();
            let frame = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            // A page that is gone needs none.
            let _ = tokio::time::timeout(PATIENCE, to_page.send(frame)).await;
            // What is on its way is read: a connection that is dropped with it unread is reset, and the page would lose
            // the last words said to it.
            let unread = async { while let Some(Ok(_)) = from_page.next().await {} };
            let _ = tokio::time::timeout(PATIENCE, unread).await;
        }
        tracing::debug!(?end, "a call's audio has ended");
    }

    /// Hands on what the page sends, until it goes or sends something else.
    async fn read(&self, from_page: &mut SplitStream<WebSocket>) -> Option<AudioEnd> {
        loop {
            let message = match tokio::time::timeout(SILENCE, from_page.next()).await {
                Err(_) => return Some(AudioEnd::PageGone),
                Ok(None | Some(Ok(Message::Close(_)) | Err(_))) => return None,
                Ok(Some(Ok(message))) => message,
            };
            let said = match message {
                Message::Binary(bytes) => match AudioFrame::parse(bytes) {
                    Ok(frame) => FromPage::Frame(frame),
                    Err(error) => return Some(AudioEnd::Frame(error)),
                },
                Message::Text(text) => match serde_json::from_str(&text) {
                    Ok(PageWord::Gap { channel, frames, .. }) if frames <= MOST_MISSING => {
                        FromPage::Gap(channel, frames)
                    }
                    Ok(PageWord::Other) => continue,
                    Ok(PageWord::Gap { .. }) | Err(_) => return Some(AudioEnd::Text),
                },
                Message::Ping(_) | Message::Pong(_) | Message::Close(_) => continue,
            };
            if !self.hand_on(said) {
                return Some(self.over());
            }
        }
    }

    /// The session takes no more: the call is over, or the page came as the session ended for lack of one.
    fn over(&self) -> AudioEnd {
        match self.attachment.state.borrow().state {
            AssistWord::Ended => AudioEnd::CallOver,
            _ => AudioEnd::SessionOver,
        }
    }

    /// Hands on without waiting: a frame that finds no room is dropped, and the number of the next one shows the gap.
    /// Whether the session goes on.
    fn hand_on(&self, said: FromPage) -> bool {
        let speaker = said.speaker();
        match self.attachment.hand_on(said) {
            Ok(()) => true,
            Err(TrySendError::Closed(_)) => false,
            Err(TrySendError::Full(_)) => {
                let speaker = speaker.map_or("none", Speaker::as_str);
                let labels = vec![label("speaker", speaker), label("outcome", "dropped")];
                self.desk.metrics().count(ASSIST_FRAMES, labels);
                true
            }
        }
    }

    /// Says whether audio is taken, and pings.
    async fn write(&self, to_page: &mut SplitSink<WebSocket, Message>) -> AudioEnd {
        let mut states = self.attachment.state.clone();
        states.mark_changed();
        let mut ping = tokio::time::interval(EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let message = tokio::select! {
                changed = states.changed() => {
                    if changed.is_err() {
                        return self.over();
                    }
                    let AssistState { state, reason } = *states.borrow_and_update();
                    let text = json!({"type": "state", "state": state, "reason": reason});
                    Message::Text(text.to_string().into())
                }
                _ = ping.tick() => Message::Ping(Vec::new().into()),
            };
            if !matches!(tokio::time::timeout(PATIENCE, to_page.send(message)).await, Ok(Ok(()))) {
                return AudioEnd::PageGone;
            }
            if states.borrow().state == AssistWord::Ended && !states.has_changed().unwrap_or(true) {
                return AudioEnd::CallOver;
            }
        }
    }

    /// Resolves when the one who opened the connection may act no longer.
    async fn signed_out(&self) {
        loop {
            tokio::time::sleep(EVERY).await;
            // What is not known changes nothing.
            if let Ok(caller) = self.desk.people().again(&self.proof).await
                && caller.is_none_or(|caller| caller.must_change_password)
            {
                return;
            }
        }
    }
}
