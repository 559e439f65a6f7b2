//! Dispositions: what a call was about, set by the agent.
//!
//! A disposition may be sent while the call is up (it is queued), during wrap-up, or, as the service's page says, after
//! wrap-up has timed out. A second one for the same call is refused.

use serde::{Deserialize, Serialize};

use crate::api::setters::setters;
use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{
    Discriminator, Effect, Endpoint, Envelope, Method, Payload, Reply, Rows, SecondSending, Spec,
};
use crate::core::error::{Error, ErrorKind, Reason};
use crate::types::ids::{AgentId, Did, DispositionName, PauseReason, Ucid};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::wire::{LocalDateTime, SensitiveText, YesNo};

/// Sets a call's disposition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetDisposition {
    /// The leg.
    pub ucid: Ucid,
    /// The DID of the call.
    pub did: Did,
    /// The agent.
    #[serde(rename = "agentID")]
    pub agent: AgentId,
    /// One of the campaign's dispositions, at most 250 characters.
    pub disposition: DispositionName,
    /// Ends after-call work.
    #[serde(rename = "autoRelease", default)]
    pub auto_release: Option<YesNo>,
    /// Pauses the agent after the call; needs a reason.
    #[serde(rename = "pauseAfterDispose", default)]
    pub pause_after: Option<YesNo>,
    /// Why the agent is paused.
    #[serde(rename = "pauseReason", default)]
    pub pause_reason: Option<PauseReason>,
    /// Free text.
    #[serde(default)]
    pub comments: Option<SensitiveText>,
    /// `YYYY-MM-DD HH:MM`: when to call back, for dispositions that ask for it.
    #[serde(rename = "callBackTime", default)]
    pub call_back_time: Option<String>,
}

/// The service's answer to a disposition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Disposed(crate::core::envelope::ServiceMessage);

impl Disposed {
    /// The service's text.
    pub fn message(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the call is still up, and the disposition will be applied when it ends.
    pub fn is_queued(&self) -> bool {
        ["Disposition Queued Successfully", "queued successfully"]
            .iter()
            .any(|text| text.eq_ignore_ascii_case(self.message().trim()))
    }
}

impl From<&str> for Disposed {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl Reply for Disposed {}

const SET: Spec = Spec {
    name: "disposition.set",
    title: "Set / get disposition",
    method: Method::Post,
    path: "/ca_apis/DispositionAPIV2",
    discriminator: Discriminator::Is("action", "Set"),
    envelope: Envelope::of(&["Success"], Payload::Text),
    docs: "https://docs.ozonetel.com/reference/post_ca-apis-dispositionapiv2-4",
    effect: Effect::Disposition,
    second_sending: SecondSending::Refused,
    ..Spec::DEFAULT
};

impl Endpoint for SetDisposition {
    const SPEC: Spec = SET;
    type Reply = Disposed;

    fn check(&self) -> Result<(), Invalid> {
        filled("did", self.did.as_str())?;
        filled("agentID", self.agent.as_str())?;
        filled("disposition", self.disposition.as_str())?;
        if self.disposition.as_str().chars().count() > 250 {
            return Err(Invalid::new("disposition", "has to be at most 250 characters long"));
        }
        if self.pause_after == Some(YesNo(true)) {
            filled("pauseReason", self.pause_reason.as_ref().map_or("", PauseReason::as_str))?;
        }
        let is_minute = |text: &str| {
            // A `T` between day and time is taken where times are read, and is not what the page asks for.
            text.len() == 16 && !text.contains('T') && text.parse::<LocalDateTime>().is_ok()
        };
        match self.call_back_time.as_deref() {
            None => Ok(()),
            Some(text) if is_minute(text) => Ok(()),
            Some(_) => Err(Invalid::new("callBackTime", "has to be YYYY-MM-DD HH:MM")),
        }
    }

    fn ucid(&self) -> Option<Ucid> {
        Some(self.ucid)
    }
}

/// Lists the account's dispositions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ListDispositions {}

impl Endpoint for ListDispositions {
    const SPEC: Spec = Spec {
        name: "disposition.list",
        discriminator: Discriminator::Is("action", "get"),
        envelope: Envelope {
            success_words: &["Success"],
            payload: Payload::RowsAt(&["details", "message", "data"]),
            empty_messages: &["No disposition found for campaign ID: {} and user: {}"],
        },
        docs: "https://docs.ozonetel.com/reference/post_ca-apis-dispositionapiv2",
        effect: Effect::None,
        second_sending: SecondSending::Harmless,
        ..SET
    };
    type Reply = Vec<DispositionName>;
}

impl Rows for ListDispositions {
    type Row = DispositionName;
    const KEYS: &'static [&'static str] = &["details", "message", "data"];
}

/// Dispositions: see [`Client::disposition`].
#[derive(Debug, Clone, Copy)]
pub struct Dispositions<'c>(pub(crate) &'c Client);

impl Client {
    /// Dispositions.
    pub fn disposition(&self) -> Dispositions<'_> {
        Dispositions(self)
    }

    /// Proves key and mode with one cheap read: the account's dispositions. In token mode it uses the token at hand
    /// and asks for one only if there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when key, account or mode are wrong, and what any call may fail with.
    pub async fn check(&self) -> Result<(), Error> {
        match self.disposition().list().await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::Refused => match error.reason() {
                Some(Reason::BadCredentials | Reason::TokenExpired) => Err(error.for_credentials()),
                Some(Reason::TooManyRequests) => Err(error),
                // Any other refusal was given to an account that the service knows.
                _ => Ok(()),
            },
            Err(error) => Err(error),
        }
    }
}

impl<'c> Dispositions<'c> {
    /// Sets a call's disposition, ends after-call work, and says whether it was saved or queued.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    /// let ucid = dialed.ucid();
    /// let disposed = client.disposition().set(ucid, "918000000001", "agent01", "Follow Up").comments("call on Monday").await?;
    /// assert!(disposed.is_queued());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) for a wrong UCID or DID, with
    /// [`Reason::BadInput`](crate::Reason::BadInput) for an unknown agent or an empty disposition.
    pub fn set(
        &self,
        ucid: Ucid,
        did: impl Into<Did>,
        agent: impl Into<AgentId>,
        disposition: impl Into<DispositionName>,
    ) -> Call<'c, SetDisposition> {
        let request = SetDisposition {
            ucid,
            did: did.into(),
            agent: agent.into(),
            disposition: disposition.into(),
            auto_release: Some(YesNo(true)),
            pause_after: None,
            pause_reason: None,
            comments: None,
            call_back_time: None,
        };
        Call::new(self.0, Ok(request))
    }

    /// The account's dispositions.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let dispositions = client.disposition().list().await?;
    /// assert!(dispositions.iter().any(|name| name.as_str() == "Follow Up"));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn list(&self) -> Call<'c, ListDispositions> {
        Call::new(self.0, Ok(ListDispositions {}))
    }
}

setters! { SetDisposition {
    /// Free text beside it.
    comments(text: impl Into<SensitiveText>) => comments = text.into();
    /// When to call back, in the account's zone; seconds are not sent.
    call_back_at(time: LocalDateTime) => call_back_time = time.to_minutes();
} }

impl Call<'_, SetDisposition> {
    /// Pauses the agent after the call instead of releasing it.
    pub fn pause_after(self, reason: impl Into<PauseReason>) -> Self {
        let reason = reason.into();
        self.map(|request| {
            request.auto_release = None;
            request.pause_after = Some(YesNo(true));
            request.pause_reason = Some(reason);
        })
    }

    /// Leaves the agent in after-call work.
    pub fn without_release(self) -> Self {
        self.map(|request| request.auto_release = None)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::SetDisposition;
    use crate::core::endpoint::Endpoint as _;

    #[test]
    fn a_time_to_call_back_is_in_the_pages_form() {
        let checked = |time: &str| {
            let fields = json!({"ucid": "71", "did": "918000000001", "agentID": "agent01",
                "disposition": "Follow Up", "callBackTime": time});
            serde_json::from_value::<SetDisposition>(fields).unwrap().check()
        };
        assert_eq!(checked("2026-11-20 10:00"), Ok(()));
        for time in
            ["2026-11-20T10:00", "2026-11-20t10:00", "2026-11-20 10:00:00", "2026-11-31 10:00", ""]
        {
            assert_eq!(checked(time).unwrap_err().field(), "callBackTime", "{time}");
        }
    }
}
