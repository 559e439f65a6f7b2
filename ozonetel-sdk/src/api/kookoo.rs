//! Calls placed over KooKoo: outbound calls, SMS, what is known of a call, and the older family that moves a live call
//! into an application or ends it.
//!
//! Answers to calls and messages are XML, failures with HTTP 200 or 403; both are read. A number on the
//! do-not-disturb list is not dialled, and trying again is the caller's business: nothing that rings a phone is
//! repeated here. The outcome of a call arrives at the callback address as a form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::api::setters::setters;
use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{
    Auth, Effect, Endpoint, Envelope, Host, Input, Method, Payload, Repeat, Reply, SecondSending,
    Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::{Did, Ucid};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::phone::{DialPlan, PhoneNumber};
use crate::types::wire::{Day, RawJson, SensitiveText, record};

const CALL: Spec = Spec {
    name: "kookoo.call",
    title: "KooKoo outbound call",
    method: Method::Get,
    host: Host::Kookoo,
    path: "/outbound/outbound.php",
    input: Input::Query,
    auth: Auth::Kookoo("api_key"),
    repeat: Repeat::Once,
    envelope: Envelope::of(&["queued"], Payload::Xml),
    docs: "http://www.kookoo.in/index.php/kookoo-docs/outbound",
    effect: Effect::Outbound,
    ..Spec::DEFAULT
};

/// Rings a number and connects it to an application.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OutboundCall {
    /// The number; sent in the form of [`PhoneNumber::for_kookoo`].
    #[serde(rename = "phone_no")]
    pub number: PhoneNumber,
    /// The interface's version: `2` unless another is set.
    #[serde(rename = "outbound_version", default)]
    pub version: Option<String>,
    /// The application's address; this or `extra_data`.
    #[serde(default)]
    pub url: Option<SensitiveText>,
    /// An application's XML, in place of an address.
    #[serde(default)]
    pub extra_data: Option<SensitiveText>,
    /// The number that is shown.
    #[serde(default)]
    pub caller_id: Option<Did>,
    /// Where the outcome goes.
    #[serde(default)]
    pub callback_url: Option<SensitiveText>,
}

record! {
    /// An accepted outbound call or message.
    pub struct Queued {
        /// The call's id: `sid` in the application's requests, the same value as the UCID.
        sid: String = "message",
        /// The service's word.
        status: String = "status",
    }
}

impl Queued {
    /// The id as a UCID, if it is one.
    pub fn ucid(&self) -> Option<Ucid> {
        self.sid.as_deref()?.parse().ok()
    }
}

impl Reply for Queued {}

impl Endpoint for OutboundCall {
    const SPEC: Spec = CALL;
    type Reply = Queued;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        self.version.get_or_insert_with(|| "2".to_owned());
        self.number = self.number.for_kookoo(plan)?;
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        filled("phone_no", self.number.as_str())?;
        match (&self.url, &self.extra_data) {
            (Some(url), None) => filled("url", url.as_str()),
            (None, Some(xml)) => filled("extra_data", xml.as_str()),
            _ => Err(Invalid::new("url", "either an address or XML has to be given")),
        }
    }

    fn accepts(&self, reply: &Queued) -> bool {
        reply.sid.is_some()
    }
}

/// Sends an SMS. Sources give the path alone: the fields have to be yours.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sms {
    /// Field names and values, as your account's page has them.
    #[serde(flatten)]
    pub fields: BTreeMap<String, SensitiveText>,
}

impl Endpoint for Sms {
    const SPEC: Spec = Spec {
        name: "kookoo.sms",
        title: "KooKoo SMS",
        path: "/outbound/outbound_sms.php",
        envelope: Envelope::of(&["queued", "success"], Payload::Xml),
        docs: "field report",
        effect: Effect::Sms,
        ..CALL
    };
    type Reply = Queued;

    fn check(&self) -> Result<(), Invalid> {
        if self.fields.is_empty() {
            return Err(Invalid::new("fields", "are empty"));
        }
        Ok(())
    }
}

/// What is known of a call (field report). No source shows the answer: the document as it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallInformation {
    /// The call.
    pub ucid: Ucid,
    /// The day it began.
    pub date: Day,
}

impl Endpoint for CallInformation {
    const SPEC: Spec = Spec {
        name: "kookoo.call_information",
        title: "KooKoo call information",
        path: "/restkookoo/index.php/api/Call_data/calldata/ucid/{ucid}/date/{date}/format/json",
        input: Input::Path,
        repeat: Repeat::Safe,
        envelope: Envelope::of(&[], Payload::Open),
        docs: "field report",
        effect: Effect::None,
        ..CALL
    };
    type Reply = RawJson;

    fn ucid(&self) -> Option<Ucid> {
        Some(self.ucid)
    }
}

const TRANSFER: Spec = Spec {
    name: "kookoo.ivr_transfer",
    title: "IVR transfer and disconnect",
    method: Method::Post,
    host: Host::LegacyApi,
    path: "/api/v1/CallControl/IVRTransfer",
    input: Input::Query,
    auth: Auth::KeyField("api_key"),
    repeat: Repeat::Once,
    envelope: Envelope::of(&["success"], Payload::Text),
    docs: "field report",
    effect: Effect::Transfer,
    ..Spec::DEFAULT
};

/// Moves a live call into an application (field report).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IvrTransfer {
    /// The call.
    pub ucid: Ucid,
    /// The DID it runs over.
    pub did: Did,
    /// The application's address.
    #[serde(rename = "appURL")]
    pub application: SensitiveText,
    /// The party that is moved.
    #[serde(rename = "phoneno")]
    pub number: PhoneNumber,
    /// Where the outcome goes.
    #[serde(rename = "cburl", default)]
    pub callback_url: Option<SensitiveText>,
}

impl Endpoint for IvrTransfer {
    const SPEC: Spec = TRANSFER;
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        filled("did", self.did.as_str())?;
        filled("appURL", self.application.as_str())?;
        filled("phoneno", self.number.as_str())
    }

    fn ucid(&self) -> Option<Ucid> {
        Some(self.ucid)
    }
}

/// Ends a live call, or one party of it (field report).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Disconnect {
    /// The call.
    pub ucid: Ucid,
    /// The DID it runs over.
    pub did: Did,
    /// The party that is dropped, ten digits.
    #[serde(rename = "phoneno", default)]
    pub number: Option<PhoneNumber>,
}

impl Endpoint for Disconnect {
    const SPEC: Spec = Spec {
        name: "kookoo.disconnect",
        method: Method::Get,
        path: "/api/v1/CallControl/Disconnect",
        repeat: Repeat::Safe,
        effect: Effect::Disconnect,
        second_sending: SecondSending::Refused,
        ..TRANSFER
    };
    type Reply = ServiceMessage;

    fn prepare(&mut self, _: &DialPlan) -> Result<(), Invalid> {
        self.number = self.number.take().map(ten_digits);
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        filled("did", self.did.as_str())?;
        match &self.number {
            Some(number) if !is_ten_digits(number.as_str()) => {
                Err(Invalid::new("phoneno", "has to be a number of ten digits"))
            }
            _ => Ok(()),
        }
    }

    fn ucid(&self) -> Option<Ucid> {
        Some(self.ucid)
    }
}

fn is_ten_digits(number: &str) -> bool {
    number.len() == 10 && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The ten digits of an Indian number; another one as it is.
fn ten_digits(number: PhoneNumber) -> PhoneNumber {
    let key = number.key();
    let digits = key.as_ref().and_then(|key| key.indian_digits());
    digits.filter(|digits| is_ten_digits(digits)).map_or(number, PhoneNumber::from)
}

/// KooKoo's outgoing side: see [`Client::kookoo`].
#[derive(Debug, Clone, Copy)]
pub struct Kookoo<'c>(pub(crate) &'c Client);

impl Client {
    /// Calls placed over KooKoo.
    pub fn kookoo(&self) -> Kookoo<'_> {
        Kookoo(self)
    }
}

impl<'c> Kookoo<'c> {
    /// Rings a number and connects it to the application at an address. The number is put into KooKoo's form. Needs
    /// the KooKoo key, and outbound enabled for the account.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let call = client.kookoo().call("+91 90000 00001", "https://ivr.example.test/start");
    /// let queued = call.caller_id("918000000001").await?;
    /// assert!(queued.ucid().is_some());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with the service's text; see [`Error::may_have_happened`](crate::Error::may_have_happened).
    pub fn call(
        &self,
        number: impl Into<PhoneNumber>,
        url: impl Into<SensitiveText>,
    ) -> Call<'c, OutboundCall> {
        self.outbound(number.into(), Some(url.into()), None)
    }

    /// The same with an application's XML in place of an address.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sdk::kookoo::IvrResponse;
    /// use ozonetel_sdk::kookoo::verb::PlayText;
    /// let answer = IvrResponse::new().then(PlayText::new("Your parcel has arrived"));
    /// let queued = client.kookoo().call_with("+91 90000 00001", answer.to_xml()?).await?;
    /// assert!(queued.sid.is_some());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn call_with(
        &self,
        number: impl Into<PhoneNumber>,
        xml: impl Into<SensitiveText>,
    ) -> Call<'c, OutboundCall> {
        self.outbound(number.into(), None, Some(xml.into()))
    }

    fn outbound(
        &self,
        number: PhoneNumber,
        url: Option<SensitiveText>,
        extra_data: Option<SensitiveText>,
    ) -> Call<'c, OutboundCall> {
        let request = OutboundCall {
            number,
            version: None,
            url,
            extra_data,
            caller_id: None,
            callback_url: None,
        };
        Call::new(self.0, Ok(request))
    }

    /// Sends an SMS. Sources give the path alone, so the field names have to come from your account's page; only the
    /// key is put in.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let queued = client.kookoo().sms([("phone_no", "09000000001"), ("message", "Your order left.")]).await?;
    /// assert!(queued.sid.is_some());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with the service's text; see [`Error::may_have_happened`](crate::Error::may_have_happened).
    pub fn sms<N: Into<String>, V: Into<SensitiveText>>(
        &self,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Call<'c, Sms> {
        let fields = fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Call::new(self.0, Ok(Sms { fields }))
    }

    /// What is known of a call that began on a day.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let call = client.kookoo().call("9000000001", "https://ivr.example.test/start").await?;
    /// let ucid = call.ucid().ok_or("no id")?;
    /// let known = client.kookoo().call_information(ucid, client.today()).await?;
    /// assert!(known.0.to_string().contains(ucid.as_str()));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn call_information(&self, ucid: Ucid, day: Day) -> Call<'c, CallInformation> {
        Call::new(self.0, Ok(CallInformation { ucid, date: day }))
    }

    /// Moves a party of a live call into an application, on the older host. Not repeated once it may have arrived.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// sim.advance(std::time::Duration::from_secs(5)).await;
    /// let (did, ivr) = ("918000000001", "https://ivr.example.test/survey");
    /// client.kookoo().ivr_transfer(ucid, did, ivr, "9000000001").await?;
    /// client.kookoo().disconnect(ucid, did).await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with the service's text: failures come with HTTP 200.
    pub fn ivr_transfer(
        &self,
        ucid: Ucid,
        did: impl Into<Did>,
        application: impl Into<SensitiveText>,
        number: impl Into<PhoneNumber>,
    ) -> Call<'c, IvrTransfer> {
        let request = IvrTransfer {
            ucid,
            did: did.into(),
            application: application.into(),
            number: number.into(),
            callback_url: None,
        };
        Call::new(self.0, Ok(request))
    }

    /// Ends a live call, on the older host.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let ucid = client.dial().agent("agent01", "support_out", "9000000001").await?.ucid();
    /// # sim.advance(std::time::Duration::from_secs(5)).await;
    /// client.kookoo().disconnect(ucid, "918000000001").await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`ivr_transfer`](Self::ivr_transfer).
    pub fn disconnect(&self, ucid: Ucid, did: impl Into<Did>) -> Call<'c, Disconnect> {
        Call::new(self.0, Ok(Disconnect { ucid, did: did.into(), number: None }))
    }
}

setters! { OutboundCall {
    /// The number that is shown.
    caller_id(did: impl Into<Did>) => caller_id = did.into();
    /// Where the outcome goes.
    callback_url(url: impl Into<SensitiveText>) => callback_url = url.into();
} }

setters! { IvrTransfer {
    /// Where the outcome goes.
    callback_url(url: impl Into<SensitiveText>) => callback_url = url.into();
} }

setters! { Disconnect {
    /// Only this party, in any spelling of an Indian number; another one is refused when it is sent.
    number(number: impl Into<PhoneNumber>) => number = ten_digits(number.into());
} }

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use crate::core::error::{ErrorKind, Reason};
    use crate::testing::doubles::{Replay, Turn, asked, client};

    fn xml(status: u16, body: &'static str) -> Turn {
        Turn::Answer(StatusCode::from_u16(status).unwrap(), "text/xml", body.into())
    }

    #[tokio::test]
    async fn the_party_that_is_dropped_goes_out_with_ten_digits() {
        let ok = || Turn::json(r#"{"status":"success","message":"done"}"#);
        let replay = Replay::new([ok(), ok(), ok()]);
        let client = client(&replay);
        let drop =
            |number: &str| client.kookoo().disconnect(7_u32.into(), "918000000001").number(number);
        for (at, number) in ["+91 90000 00001", "09000000001", "9000000001"].iter().enumerate() {
            drop(number).await.unwrap();
            assert_eq!(asked(&replay, at)["phoneno"], "9000000001", "{number}");
        }
        for number in ["letters", "+12015550123", "500001", ""] {
            let error = drop(number).await.unwrap_err();
            assert_eq!(error.invalid_input().unwrap().field(), "phoneno", "{number}");
        }
        assert_eq!(replay.requests().len(), 3);
    }

    #[tokio::test]
    async fn a_call_is_queued_in_xml() {
        let replay = Replay::new([xml(
            200,
            "<response><status>queued</status><message>90000000000000001</message></response>",
        )]);
        let client = client(&replay);
        let call = client.kookoo().call("+91 90000 00001", "https://ivr.example.test/?a=1&b=2");
        let queued = call.caller_id("918000000001").await.unwrap();
        assert_eq!(queued.ucid(), "90000000000000001".parse().ok());
        let want = json!({"phone_no": "09000000001", "outbound_version": "2", "caller_id": "918000000001",
            "url": "https://ivr.example.test/?a=1&b=2", "api_key": "test-kookoo-key"});
        assert_eq!(asked(&replay, 0), want);
        assert_eq!(replay.requests()[0].uri().path(), "/outbound/outbound.php");
    }

    #[tokio::test]
    async fn a_failure_is_read_with_200_and_with_403() {
        let body =
            "<response><status>error</status><message>Authentication error</message></response>";
        let replay = Replay::new([
            xml(200, body),
            xml(403, body),
            xml(200, "SOON|1"),
            xml(200, "QUEUED|90000000000000001"),
        ]);
        let client = client(&replay);
        for _ in 0..2 {
            let call = client.kookoo().call_with("9000000001", "<response><hangup/></response>");
            let error = call.await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Refused);
            assert_eq!(error.refusal().unwrap().message(), "Authentication error");
            assert!(!error.may_have_happened());
        }
        let call = || client.kookoo().call("9000000001", "https://x.example.test");
        let error = call().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        assert!(error.may_have_happened());
        // How older answers say it.
        assert_eq!(call().await.unwrap().ucid().unwrap().as_str(), "90000000000000001");
    }

    #[tokio::test]
    async fn call_information_fills_the_path_and_takes_any_document() {
        let replay = Replay::new([
            Turn::json(r#"[{"ucid":"90000000000000001"}]"#),
            Turn::json(r#"{"status":"error","message":"Authentication failed"}"#),
        ]);
        let client = client(&replay);
        let ask = || {
            let day = "2026-11-20".parse().unwrap();
            client.kookoo().call_information("90000000000000001".parse().unwrap(), day)
        };
        assert_eq!(ask().await.unwrap().0[0]["ucid"], "90000000000000001");
        let path = "/restkookoo/index.php/api/Call_data/calldata/ucid/90000000000000001/date/2026-11-20/format/json";
        assert_eq!(replay.requests()[0].uri().path(), path);
        assert_eq!(ask().await.unwrap_err().reason(), Some(Reason::BadCredentials));
    }

    #[tokio::test]
    async fn the_older_family_takes_the_account_key_and_fails_with_200() {
        let replay = Replay::new([
            Turn::json(r#"{"status":"success","message":"transferred"}"#),
            Turn::json(r#"{"status":"error","message":"call not found"}"#),
        ]);
        let client = client(&replay);
        let ucid = "90000000000000001".parse().unwrap();
        let transfer = client.kookoo().ivr_transfer(
            ucid,
            "918000000001",
            "https://ivr.example.test/?a=1",
            "9000000001",
        );
        transfer.await.unwrap();
        assert_eq!(replay.requests()[0].method(), "POST");
        let want = json!({"ucid": "90000000000000001", "did": "918000000001",
            "appURL": "https://ivr.example.test/?a=1", "phoneno": "9000000001", "api_key": "test-key"});
        assert_eq!(asked(&replay, 0), want);
        let error = client.kookoo().disconnect(ucid, "918000000001").await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::NotFound));
    }
}
