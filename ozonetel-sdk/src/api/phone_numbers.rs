//! Phone numbers of offline agents: read, create, change, delete, and free one that a call left mapped.
//!
//! A phone name is what dials and call control call the number by. An unknown skill is not refused: the service
//! answers success all the same.

use serde::{Deserialize, Serialize};

use crate::api::setters::setters;
use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{
    Auth, Discriminator, Effect, Endpoint, Envelope, Method, Payload, Repeat, SecondSending, Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::{PhoneName, SkillName};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::phone::PhoneNumber;
use crate::types::wire::{RawJson, commas};

const MANAGE: Spec = Spec {
    name: "phone_numbers.create",
    title: "Phone numbers: get / create / edit / delete",
    method: Method::Post,
    path: "/ca_apis/PhoneManageV2",
    discriminator: Discriminator::Is("action", "create"),
    repeat: Repeat::Once,
    envelope: Envelope::of(&["success"], Payload::Text),
    docs: "https://docs.ozonetel.com/reference/post_ca-apis-phonemanagev2-5",
    effect: Effect::PhoneNumber,
    ..Spec::DEFAULT
};

/// Reads a phone number by name or number. No source shows a success, so the reply is the document as it came, whatever
/// its status says but a failure.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FetchNumber {
    /// By name, without regard to letter case.
    #[serde(rename = "phoneName", default)]
    pub name: Option<PhoneName>,
    /// By number.
    #[serde(rename = "phoneNumber", default)]
    pub number: Option<PhoneNumber>,
}

impl Endpoint for FetchNumber {
    const SPEC: Spec = Spec {
        name: "phone_numbers.get",
        method: Method::Get,
        discriminator: Discriminator::Is("action", "get"),
        repeat: Repeat::Safe,
        envelope: Envelope::of(&[], Payload::Open),
        docs: "https://docs.ozonetel.com/reference/get_ca-apis-phonemanagev2",
        effect: Effect::None,
        ..MANAGE
    };
    type Reply = RawJson;

    fn check(&self) -> Result<(), Invalid> {
        match (&self.name, &self.number) {
            (Some(name), None) => filled("phoneName", name.as_str()),
            (None, Some(number)) => filled("phoneNumber", number.as_str()),
            _ => Err(Invalid::new("phoneName", "either the name or the number has to be given")),
        }
    }
}

/// Creates a phone number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateNumber {
    /// The number, 3 to 17 digits.
    #[serde(rename = "phoneNumber")]
    pub number: PhoneNumber,
    /// Its name, 2 to 50 characters.
    #[serde(rename = "phoneName")]
    pub name: PhoneName,
    /// Its skill.
    #[serde(default)]
    pub skill: Option<SkillName>,
}

impl Endpoint for CreateNumber {
    const SPEC: Spec = MANAGE;
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        number_of("phoneNumber", &self.number)?;
        name_of("phoneName", &self.name)
    }
}

/// Changes a phone number. The service requires the new number even if it stays the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EditNumber {
    /// The number as it is.
    #[serde(rename = "phoneNumber")]
    pub number: PhoneNumber,
    /// The name as it is.
    #[serde(rename = "phoneName")]
    pub name: PhoneName,
    /// The number as it is to be.
    #[serde(rename = "phoneNumberNew")]
    pub new_number: PhoneNumber,
    /// The name as it is to be. Spelled with a capital letter on the page.
    #[serde(rename = "PhoneNameNew", default)]
    pub new_name: Option<PhoneName>,
    /// Skills to give.
    #[serde(rename = "assignSkill", default)]
    pub assign: Option<String>,
    /// Skills to take.
    #[serde(rename = "unAssignSkill", default)]
    pub unassign: Option<String>,
}

impl Endpoint for EditNumber {
    // A second try of a renaming that worked would report a number that does not exist.
    const SPEC: Spec = Spec {
        name: "phone_numbers.edit",
        discriminator: Discriminator::Is("action", "edit"),
        ..MANAGE
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        number_of("phoneNumber", &self.number)?;
        name_of("phoneName", &self.name)?;
        number_of("phoneNumberNew", &self.new_number)?;
        self.new_name.as_ref().map_or(Ok(()), |name| name_of("PhoneNameNew", name))
    }
}

/// Deletes a phone number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteNumber {
    /// The number.
    #[serde(rename = "phoneNumber")]
    pub number: PhoneNumber,
    /// Its name.
    #[serde(rename = "phoneName")]
    pub name: PhoneName,
}

impl Endpoint for DeleteNumber {
    const SPEC: Spec = Spec {
        name: "phone_numbers.delete",
        discriminator: Discriminator::Is("action", "delete"),
        repeat: Repeat::Safe,
        second_sending: SecondSending::Refused,
        ..MANAGE
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        number_of("phoneNumber", &self.number)?;
        name_of("phoneName", &self.name)
    }
}

/// The page's text says 3 to 17 digits, its description 16 at most: only what both refuse is refused here.
fn number_of(field: &'static str, number: &PhoneNumber) -> Result<(), Invalid> {
    let text = number.as_str();
    let digits = text.strip_prefix('+').unwrap_or(text);
    if (3..=17).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(())
    } else {
        Err(Invalid::new(field, "has to be 3 to 17 digits, with an optional + in front"))
    }
}

fn name_of(field: &'static str, name: &PhoneName) -> Result<(), Invalid> {
    let text = name.as_str();
    let rest = text.strip_prefix('+').unwrap_or(text);
    let inside = |c: char| c.is_alphanumeric() || ".,@_-".contains(c);
    let ends = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let length = (2..=50).contains(&text.chars().count());
    if length && rest.chars().all(inside) && ends(rest.chars().next()) && ends(text.chars().last())
    {
        Ok(())
    } else {
        Err(Invalid::new(
            field,
            "has to be 2 to 50 letters or digits, with . , @ _ - inside and an optional + in front",
        ))
    }
}

/// Frees an agent's number that stayed mapped to a customer after a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReleaseNumber {
    /// The number's phone name.
    #[serde(rename = "phoneName")]
    pub name: PhoneName,
}

impl Endpoint for ReleaseNumber {
    const SPEC: Spec = Spec {
        name: "phone_numbers.release",
        title: "Release agent phone number",
        path: "/ca_apis/releaseFwpNumber",
        path_verified: false,
        discriminator: Discriminator::Always,
        auth: Auth::KeyHeader,
        repeat: Repeat::Safe,
        envelope: Envelope::of(&["success"], Payload::At(&["FwpNumbers"])),
        docs: "https://docs.ozonetel.com/reference/post_ca-apis-releasefwpnumber",
        ..MANAGE
    };
    type Reply = Vec<PhoneNumber>;

    fn check(&self) -> Result<(), Invalid> {
        filled("phoneName", self.name.as_str())
    }
}

/// Phone numbers: see [`Client::phone_numbers`].
#[derive(Debug, Clone, Copy)]
pub struct PhoneNumbers<'c>(pub(crate) &'c Client);

impl Client {
    /// Phone numbers of offline agents.
    pub fn phone_numbers(&self) -> PhoneNumbers<'_> {
        PhoneNumbers(self)
    }
}

impl<'c> PhoneNumbers<'c> {
    /// Reads a number by its name.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.phone_numbers().create("9000000044", "desk4").skill("General").await?;
    /// client.phone_numbers().edit("9000000044", "desk4", "9000000045").await?;
    /// let found = client.phone_numbers().by_name("desk4").await?;
    /// assert!(found.0.to_string().contains("9000000045"));
    /// client.phone_numbers().delete("9000000045", "desk4").await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn by_name(&self, name: impl Into<PhoneName>) -> Call<'c, FetchNumber> {
        Call::new(self.0, Ok(FetchNumber { name: Some(name.into()), number: None }))
    }

    /// Reads a number.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.phone_numbers().create("9000000044", "desk4").await?;
    /// let found = client.phone_numbers().by_number("9000000044").await?;
    /// assert!(found.0.to_string().contains("desk4"));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn by_number(&self, number: impl Into<PhoneNumber>) -> Call<'c, FetchNumber> {
        Call::new(self.0, Ok(FetchNumber { name: None, number: Some(number.into()) }))
    }

    /// Creates a number. Not repeated once it may have arrived.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.phone_numbers().create("9000000044", "desk4").skill("General").await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::BadInput`](crate::Reason::BadInput) for a number or name the service does not take.
    pub fn create(
        &self,
        number: impl Into<PhoneNumber>,
        name: impl Into<PhoneName>,
    ) -> Call<'c, CreateNumber> {
        let (number, name) = (number.into(), name.into());
        Call::new(self.0, Ok(CreateNumber { number, name, skill: None }))
    }

    /// Changes a number. Not repeated once it may have arrived.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.phone_numbers().create("9000000044", "desk4").await?;
    /// client.phone_numbers().edit("9000000044", "desk4", "9000000045").await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn edit(
        &self,
        number: impl Into<PhoneNumber>,
        name: impl Into<PhoneName>,
        new_number: impl Into<PhoneNumber>,
    ) -> Call<'c, EditNumber> {
        let request = EditNumber {
            number: number.into(),
            name: name.into(),
            new_number: new_number.into(),
            new_name: None,
            assign: None,
            unassign: None,
        };
        Call::new(self.0, Ok(request))
    }

    /// Deletes a number.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.phone_numbers().create("9000000044", "desk4").await?;
    /// client.phone_numbers().delete("9000000044", "desk4").await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn delete(
        &self,
        number: impl Into<PhoneNumber>,
        name: impl Into<PhoneName>,
    ) -> Call<'c, DeleteNumber> {
        let (number, name) = (number.into(), name.into());
        Call::new(self.0, Ok(DeleteNumber { number, name }))
    }

    /// Frees a number that stayed mapped to a customer after a call. The path's letter case is unconfirmed.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.phone_numbers().create("9000000044", "desk4").await?;
    /// let freed = client.phone_numbers().release("desk4").await?;
    /// assert_eq!(freed[0].as_str(), "9000000044");
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn release(&self, name: impl Into<PhoneName>) -> Call<'c, ReleaseNumber> {
        Call::new(self.0, Ok(ReleaseNumber { name: name.into() }))
    }
}

setters! { CreateNumber {
    /// The number's skill.
    skill(skill: impl Into<SkillName>) => skill = skill.into();
} }

setters! { EditNumber {
    /// A new name.
    new_name(name: impl Into<PhoneName>) => new_name = name.into();
} }

impl Call<'_, EditNumber> {
    /// Skills to give. The page does not say how several are separated; elsewhere it is commas.
    pub fn assign<S: Into<SkillName>>(self, skills: impl IntoIterator<Item = S>) -> Self {
        let skills = commas(skills.into_iter().map(Into::into));
        self.map(|request| request.assign = Some(skills))
    }

    /// Skills to take.
    pub fn unassign<S: Into<SkillName>>(self, skills: impl IntoIterator<Item = S>) -> Self {
        let skills = commas(skills.into_iter().map(Into::into));
        self.map(|request| request.unassign = Some(skills))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::error::{ErrorKind, Reason};
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test]
    async fn actions_travel_in_the_body_of_get_and_post() {
        let ok = r#"{"status":"success","message":"done"}"#;
        let replay = Replay::new([Turn::json(ok), Turn::json(ok)]);
        let client = client(&replay);
        client.phone_numbers().by_name("desk4").await.unwrap();
        let edit = client.phone_numbers().edit("9000000044", "desk4", "9000000045");
        edit.new_name("desk5").assign(["A", "B"]).await.unwrap();
        assert_eq!(replay.requests()[0].method(), "GET");
        let want = json!({"userName": "acme_support", "action": "get", "phoneName": "desk4"});
        assert_eq!(asked(&replay, 0), want);
        let want = json!({"userName": "acme_support", "action": "edit", "phoneNumber": "9000000044",
            "phoneName": "desk4", "phoneNumberNew": "9000000045", "PhoneNameNew": "desk5", "assignSkill": "A,B"});
        assert_eq!(asked(&replay, 1), want);
    }

    #[tokio::test]
    async fn the_documented_limits_are_checked_before_a_request_is_spent() {
        let replay = Replay::new([]);
        let client = client(&replay);
        for (number, name) in [
            ("12", "desk4"),
            ("123456789012345678", "desk4"),
            ("90000-00044", "desk4"),
            ("9000000044", "d"),
            ("9000000044", "-desk"),
            ("9000000044", "desk."),
            ("9000000044", "de sk"),
            ("9000000044", &"x".repeat(51)),
        ] {
            let error = client.phone_numbers().create(number, name).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Input, "{number} {name}");
        }
        assert!(name_of("phoneName", &"+desk.4@x".into()).is_ok());
        assert!(number_of("phoneNumber", &"+12345678901234567".into()).is_ok());
        assert!(replay.requests().is_empty());
    }

    #[tokio::test]
    async fn freed_numbers_are_listed_and_the_blank_in_the_text_does_not_matter() {
        let replay = Replay::new([
            Turn::json(r#"{"status":"success","FwpNumbers":["9000000044"]}"#),
            Turn::json(r#"{"status":"error","message":" userName or apiKey not valid"}"#),
        ]);
        let client = client(&replay);
        let freed = client.phone_numbers().release("desk4").await.unwrap();
        assert_eq!(freed, [PhoneNumber::from("9000000044")]);
        let error = client.phone_numbers().release("desk4").await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::BadCredentials));
    }
}
