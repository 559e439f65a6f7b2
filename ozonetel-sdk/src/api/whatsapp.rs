//! WhatsApp template messages (field report): another host, and the key in a header of its own.
//!
//! No source shows the answer, so a success is whatever JSON came with an HTTP success and without a status word of
//! failure: look at the document before you rely on it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{
    Auth, Effect, Endpoint, Envelope, Host, Method, Payload, Repeat, Spec,
};
use crate::types::ids::Did;
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::phone::PhoneNumber;
use crate::types::wire::{RawJson, SensitiveText};

/// Sends a template message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendTemplate {
    /// To whom.
    pub recipient: Recipient,
    /// `OZNTLWA:` and the DID that it comes from.
    pub kookoo_id: String,
    /// `template`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which template, and what is filled in.
    pub template: Template,
}

/// The recipient of a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recipient {
    /// The number.
    pub id: PhoneNumber,
}

/// A template and its parameters.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Template {
    /// The template's name.
    pub name: String,
    /// The template's language.
    pub language: String,
    /// What is filled in, by the parameter's number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, SensitiveText>,
    /// What the buttons need; no source shows its shape.
    #[serde(rename = "buttonParameters", default, skip_serializing_if = "Option::is_none")]
    pub button_parameters: Option<RawJson>,
}

const PREFIX: &str = "OZNTLWA:";

impl Endpoint for SendTemplate {
    const SPEC: Spec = Spec {
        name: "whatsapp.send_template",
        title: "WhatsApp template message",
        method: Method::Post,
        host: Host::Messaging,
        path: "/whatsApp_API/v1/WhatsAppSendOzone/reply",
        auth: Auth::KeyOnlyHeader("apikey"),
        repeat: Repeat::Once,
        envelope: Envelope::of(&[], Payload::Open),
        docs: "field report",
        effect: Effect::WhatsApp,
        ..Spec::DEFAULT
    };
    type Reply = RawJson;

    fn check(&self) -> Result<(), Invalid> {
        filled("id", self.recipient.id.as_str())?;
        filled("name", &self.template.name)?;
        filled("language", &self.template.language)?;
        match self.kookoo_id.strip_prefix(PREFIX) {
            Some(did) => filled("kookoo_id", did),
            None => Err(Invalid::new("kookoo_id", "has to be OZNTLWA: and the DID")),
        }
    }
}

/// WhatsApp: see [`Client::whatsapp`].
#[derive(Debug, Clone, Copy)]
pub struct WhatsApp<'c>(pub(crate) &'c Client);

impl Client {
    /// WhatsApp template messages.
    pub fn whatsapp(&self) -> WhatsApp<'_> {
        WhatsApp(self)
    }
}

impl<'c> WhatsApp<'c> {
    /// Sends a template message from a DID. Not repeated once it may have arrived. The recipient goes out as given:
    /// no source says which form the service expects.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let send = client.whatsapp().template("918000000001", "919000000001", "order_left", "en");
    /// let answer = send.parameters(["A B", "order-7"]).await?;
    /// assert!(answer.0.is_object());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call; see [`Error::may_have_happened`](crate::Error::may_have_happened).
    pub fn template(
        &self,
        from: impl Into<Did>,
        to: impl Into<PhoneNumber>,
        name: impl Into<String>,
        language: impl Into<String>,
    ) -> Call<'c, SendTemplate> {
        let request = SendTemplate {
            recipient: Recipient { id: to.into() },
            kookoo_id: format!("{PREFIX}{}", from.into()),
            kind: "template".to_owned(),
            template: Template {
                name: name.into(),
                language: language.into(),
                parameters: BTreeMap::new(),
                button_parameters: None,
            },
        };
        Call::new(self.0, Ok(request))
    }
}

impl Call<'_, SendTemplate> {
    /// What is filled in, in order: parameter `1`, `2`, and so on.
    pub fn parameters<V: Into<SensitiveText>>(self, values: impl IntoIterator<Item = V>) -> Self {
        let numbered = (1_usize..).map(|number| number.to_string());
        let values = numbered.zip(values.into_iter().map(Into::into)).collect();
        self.map(|request| request.template.parameters = values)
    }

    /// What the buttons need, in the shape of your account's page.
    pub fn button_parameters(self, parameters: Value) -> Self {
        self.map(|request| request.template.button_parameters = Some(RawJson(parameters)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::core::error::{ErrorKind, Reason};
    use crate::core::transport::SendStage;
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test]
    async fn a_template_is_nested_and_the_key_stands_in_its_header() {
        let replay = Replay::new([
            Turn::json(r#"{"id":"7"}"#),
            Turn::json(r#"{"status":"error","message":"Unauthorized"}"#),
            Turn::Fail(SendStage::Unknown),
        ]);
        let client = client(&replay);
        let send =
            || client.whatsapp().template("918000000001", "919000000001", "order_left", "en");
        let call = send().parameters(["A B", "order-7"]).button_parameters(json!([1]));
        assert!(!format!("{call:?}").contains("order-7"));
        assert_eq!(call.await.unwrap().get("id"), Some(&json!("7")));
        let want = json!({"recipient": {"id": "919000000001"}, "kookoo_id": "OZNTLWA:918000000001",
            "type": "template", "template": {"name": "order_left", "language": "en",
            "parameters": {"1": "A B", "2": "order-7"}, "buttonParameters": [1]}});
        assert_eq!(asked(&replay, 0), want);
        let headers = replay.requests()[0].headers().clone();
        assert_eq!(
            (&headers["apikey"], headers.get("authorization")),
            (&"test-key".parse().unwrap(), None)
        );
        assert_eq!(send().await.unwrap_err().reason(), Some(Reason::BadCredentials));
        assert!(send().await.unwrap_err().may_have_happened());
        let error = client.whatsapp().template("", "919000000001", "order_left", "en").await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Input);
    }
}
