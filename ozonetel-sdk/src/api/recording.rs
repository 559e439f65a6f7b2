//! Pausing the recording of a call, for instance while a card number is read out.
//!
//! Every documented answer, success included, has the outer status `Error`; the outcome is JSON text inside the
//! message. Whether the live service really does so is unconfirmed, so a plain success is understood as well.

use serde::{Deserialize, Serialize};

use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{
    Auth, Discriminator, Effect, Endpoint, Envelope, Input, Method, Payload, Reply, Spec,
};
use crate::types::ids::Ucid;
use crate::types::wire::SensitiveText;

const RECORD: Spec = Spec {
    name: "recording.pause",
    title: "Recording pause / unpause",
    method: Method::Get,
    path: "/CAServices/Call/Record.php",
    discriminator: Discriminator::Is("action", "pause"),
    input: Input::Query,
    auth: Auth::Fields { user: "userName", key: "apiKey" },
    envelope: Envelope::of(&["Success"], Payload::JsonTextAt(&["message"])),
    docs: "https://docs.ozonetel.com/reference/get_caservices-call-record-php",
    effect: Effect::RecordPause,
    ..Spec::DEFAULT
};

/// Stops recording a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pause {
    /// The leg.
    pub ucid: Ucid,
}

/// Goes on recording a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unpause {
    /// The leg.
    pub ucid: Ucid,
}

/// The inner outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Either")]
#[non_exhaustive]
pub struct Recorded {
    /// The inner status, `Success`.
    pub status: String,
    /// The inner text, such as `paused monitoring of the channel`.
    pub message: SensitiveText,
}

impl Recorded {
    /// An outcome with this text.
    pub fn success(message: impl Into<SensitiveText>) -> Self {
        Self { status: "Success".into(), message: message.into() }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Either {
    Plain(SensitiveText),
    Inner {
        status: String,
        #[serde(default)]
        message: SensitiveText,
    },
}

impl From<Either> for Recorded {
    fn from(either: Either) -> Self {
        match either {
            Either::Plain(message) => Self::success(message),
            Either::Inner { status, message } => Self { status, message },
        }
    }
}

impl Reply for Recorded {}

impl Endpoint for Pause {
    const SPEC: Spec = RECORD;
    type Reply = Recorded;

    fn ucid(&self) -> Option<Ucid> {
        Some(self.ucid)
    }
}

impl Endpoint for Unpause {
    const SPEC: Spec = Spec {
        name: "recording.unpause",
        discriminator: Discriminator::Is("action", "unPause"),
        effect: Effect::RecordUnpause,
        ..RECORD
    };
    type Reply = Recorded;

    fn ucid(&self) -> Option<Ucid> {
        Some(self.ucid)
    }
}

/// Recording: see [`Client::recording`].
#[derive(Debug, Clone, Copy)]
pub struct Recording<'c>(pub(crate) &'c Client);

impl Client {
    /// Pausing the recording of a call.
    pub fn recording(&self) -> Recording<'_> {
        Recording(self)
    }
}

impl<'c> Recording<'c> {
    /// Stops recording.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// let paused = client.recording().pause(ucid).await?;
    /// assert!(paused.message == "paused monitoring of the channel");
    /// client.recording().unpause(ucid).await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) for a UCID that the service does not know.
    pub fn pause(&self, ucid: Ucid) -> Call<'c, Pause> {
        Call::new(self.0, Ok(Pause { ucid }))
    }

    /// Resumes recording.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// client.recording().pause(ucid).await?;
    /// client.recording().unpause(ucid).await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`pause`](Self::pause).
    pub fn unpause(&self, ucid: Ucid) -> Call<'c, Unpause> {
        Call::new(self.0, Ok(Unpause { ucid }))
    }
}

#[cfg(test)]
mod tests {
    use super::Recorded;
    use crate::api::agents::StateChanged;
    use crate::api::call_control::Controlled;

    #[test]
    fn the_text_of_an_answer_is_not_in_debug() {
        let named = "9000000001 of Customer One";
        let controlled = Controlled { message: Some(named.into()), ..Controlled::default() };
        let changed = StateChanged { resp: Some(named.into()), ..StateChanged::default() };
        let all = format!("{:?} {controlled:?} {changed:?}", Recorded::success(named));
        assert!(!all.contains("Customer") && !all.contains("9000000001"), "{all}");
    }
}
