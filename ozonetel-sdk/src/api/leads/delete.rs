//! Taking leads out of campaigns and off the schedule. Call records are not touched.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Leads;
use crate::api::setters::setters;
use crate::core::call::Call;
use crate::core::endpoint::{
    Effect, Endpoint, Envelope, Method, Payload, Rate, SecondSending, Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::CampaignName;
use crate::types::invalid::{Invalid, InvalidRow, filled};
use crate::types::phone::{DialPlan, PhoneNumber};
use crate::types::redact::redact_number;
use crate::types::wire::SensitiveText;

const DELETE: Spec = Spec {
    name: "leads.delete",
    title: "Delete one lead",
    method: Method::Delete,
    path: "/ca_apis/deleteCampaignData",
    rate: Rate::DeleteLead,
    envelope: Envelope::of(&["Success"], Payload::Text),
    docs: "https://docs.ozonetel.com/reference/delete_ca-apis-deletecampaigndata-1",
    effect: Effect::Leads,
    ..Spec::DEFAULT
};

/// Takes one lead out of a campaign.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteLead {
    /// The campaign.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// The number; sent in the form of [`PhoneNumber::for_dial`], in which leads are uploaded. One that has no such form
    /// is sent as it is.
    #[serde(rename = "phoneNumber")]
    pub number: PhoneNumber,
    /// The name as it was uploaded.
    #[serde(default)]
    pub name: Option<SensitiveText>,
    /// Whether the number is sent as it is: it was not uploaded by this library.
    #[serde(skip)]
    pub as_uploaded: bool,
}

impl Endpoint for DeleteLead {
    const SPEC: Spec = DELETE;
    type Reply = ServiceMessage;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        if !self.as_uploaded
            && let Ok(number) = self.number.for_dial(plan)
        {
            self.number = number;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        filled("campaignName", self.campaign.as_str())?;
        filled("phoneNumber", self.number.as_str())
    }
}

/// A number as the service expects it here: a JSON number.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NumberAsNumber(pub u64);

impl fmt::Debug for NumberAsNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NumberAsNumber({})", redact_number(&self.0.to_string()))
    }
}

/// Takes leads out of several campaigns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteMany {
    /// The numbers; sent as [`DeleteLead::number`] is.
    #[serde(rename = "phoneNumber")]
    pub numbers: Vec<NumberAsNumber>,
    /// The campaigns.
    #[serde(rename = "campaignName")]
    pub campaigns: Vec<CampaignName>,
    /// Whether the numbers are sent as they are: they were not uploaded by this library.
    #[serde(skip)]
    pub as_uploaded: bool,
}

impl Endpoint for DeleteMany {
    const SPEC: Spec = Spec {
        name: "leads.delete_many",
        title: "Delete leads over campaigns",
        path: "/ca_apis/DeleteBulkData",
        rate: Rate::Unstated,
        docs: "https://docs.ozonetel.com/reference/delete_ca-apis-deletebulkdata",
        ..DELETE
    };
    type Reply = ServiceMessage;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        if !self.as_uploaded {
            for number in &mut self.numbers {
                let form = uploaded_number(&number.0.to_string().into(), plan);
                *number = form.map_or(*number, NumberAsNumber);
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.numbers.is_empty() {
            return Err(Invalid::new("phoneNumber", "is empty"));
        }
        if self.campaigns.is_empty() {
            return Err(Invalid::new("campaignName", "is empty"));
        }
        self.campaigns.iter().try_for_each(|name| filled("campaignName", name.as_str()))
    }
}

/// Takes rows off the schedule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteScheduled {
    /// One id, several separated by commas (`2,3,5`), or a range (`3-10`).
    #[serde(rename = "rowId", deserialize_with = "rows")]
    pub rows: String,
}

fn rows<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    crate::types::wire::text(from).map(String::from)
}

impl Endpoint for DeleteScheduled {
    const SPEC: Spec = Spec {
        name: "leads.delete_scheduled",
        title: "Delete scheduled data",
        path: "/ca_apis/deleteScheduledData",
        path_verified: false,
        rate: Rate::Unstated,
        docs: "https://docs.ozonetel.com/reference/delete_ca-apis-deletescheduleddata-2",
        effect: Effect::Schedule,
        second_sending: SecondSending::Refused,
        ..DELETE
    };
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        let id = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let range = self.rows.split_once('-').is_some_and(|(from, to)| id(from) && id(to));
        if range || self.rows.split(',').all(id) {
            Ok(())
        } else {
            Err(Invalid::new("rowId", "has to be an id, ids separated by commas, or a range"))
        }
    }
}

impl<'c> Leads<'c> {
    /// Takes one lead out of a campaign. The number is put into the form in which [`add`](Self::add) and the uploads send
    /// it; one that the account does not dial is sent as it is, and any is by
    /// [`delete_as_uploaded`](Self::delete_as_uploaded). What the service answers for a number that is not there is not
    /// known.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.leads().add("support_out", "9000000001").name("A B").await?;
    /// client.leads().delete("support_out", "+91 90000 00001").name("A B").await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::BadInput`](crate::Reason::BadInput) for an unknown campaign.
    pub fn delete(
        &self,
        campaign: impl Into<CampaignName>,
        number: impl Into<PhoneNumber>,
    ) -> Call<'c, DeleteLead> {
        let (campaign, number) = (campaign.into(), number.into());
        Call::new(self.0, Ok(DeleteLead { campaign, number, name: None, as_uploaded: false }))
    }

    /// As [`delete`](Self::delete), with the number sent as it is: for a lead that was uploaded by other means, in another
    /// form.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.leads().add("support_out", "9000000001").await?;
    /// client.leads().delete_as_uploaded("support_out", "09000000001").await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub fn delete_as_uploaded(
        &self,
        campaign: impl Into<CampaignName>,
        number: impl Into<PhoneNumber>,
    ) -> Call<'c, DeleteLead> {
        let (campaign, number) = (campaign.into(), number.into());
        Call::new(self.0, Ok(DeleteLead { campaign, number, name: None, as_uploaded: true }))
    }

    /// Takes leads out of several campaigns. The numbers are sent as [`delete`](Self::delete) sends one.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.leads().add("support_out", "9000000001").await?;
    /// client.leads().delete_many(["+91 90000 00001"], ["support_out"]).await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// [`Input`](crate::ErrorKind::Input) for a number that is sent as it is and is not digits alone, or begins with 0,
    /// which a JSON number cannot carry; as any call.
    pub fn delete_many<N: Into<PhoneNumber>, C: Into<CampaignName>>(
        &self,
        numbers: impl IntoIterator<Item = N>,
        campaigns: impl IntoIterator<Item = C>,
    ) -> Call<'c, DeleteMany> {
        let plan = self.0.dial_plan();
        let numbers = numbers.into_iter().map(|number| uploaded_number(&number.into(), plan));
        self.delete_all(numbers, campaigns, false)
    }

    /// As [`delete_many`](Self::delete_many), with the numbers sent as they are: for leads that were uploaded by other
    /// means, in another form.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.leads().add("support_out", "9000000001").await?;
    /// client.leads().delete_many_as_uploaded(["919000000001"], ["support_out"]).await?;
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`delete_many`](Self::delete_many).
    pub fn delete_many_as_uploaded<N: Into<PhoneNumber>, C: Into<CampaignName>>(
        &self,
        numbers: impl IntoIterator<Item = N>,
        campaigns: impl IntoIterator<Item = C>,
    ) -> Call<'c, DeleteMany> {
        let numbers = numbers.into_iter().map(|number| as_number(number.into().as_str()));
        self.delete_all(numbers, campaigns, true)
    }

    /// The call for numbers that have their form already, or cannot be sent.
    fn delete_all<C: Into<CampaignName>>(
        &self,
        numbers: impl Iterator<Item = Result<u64, &'static str>>,
        campaigns: impl IntoIterator<Item = C>,
        as_uploaded: bool,
    ) -> Call<'c, DeleteMany> {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for (at, number) in numbers.enumerate() {
            match number {
                Ok(number) => good.push(NumberAsNumber(number)),
                Err(why) => {
                    bad.push(InvalidRow { row: at + 1, invalid: Invalid::new("phoneNumber", why) });
                }
            }
        }
        let campaigns = campaigns.into_iter().map(Into::into).collect();
        let request = |()| DeleteMany { numbers: good, campaigns, as_uploaded };
        Call::new(self.0, InvalidRow::all(&bad).map(request))
    }

    /// Takes rows off the schedule: `"7"`, `"2,3,5"` or `"3-10"`. The path's letter case is unconfirmed.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sdk::leads::{Lead, Sheet};
    /// let at = client.today().next().end();
    /// let sheet = Sheet::of([Lead::new("9000000001").name("A B").scheduled(at)]);
    /// client.leads().schedule("support_out", sheet).await?;
    /// client.leads().delete_scheduled("1").await?;
    /// assert!(client.leads().delete_scheduled("1").await.is_err());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) when there is no such row.
    pub fn delete_scheduled(&self, rows: impl Into<String>) -> Call<'c, DeleteScheduled> {
        Call::new(self.0, Ok(DeleteScheduled { rows: rows.into() }))
    }
}

/// A telephone number as the JSON number that has the same digits.
fn as_number(text: &str) -> Result<u64, &'static str> {
    if text.starts_with('0') {
        return Err("may not begin with 0: it is sent as a number");
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or("may contain digits only")
}

/// The same of a number in the form in which leads are uploaded; of one that has no such form, or none that is a JSON
/// number, as it is.
fn uploaded_number(number: &PhoneNumber, plan: &DialPlan) -> Result<u64, &'static str> {
    let form = number.for_dial(plan).ok().and_then(|form| as_number(form.as_str()).ok());
    form.map_or_else(|| as_number(number.as_str()), Ok)
}

setters! { DeleteLead {
    /// The name as it was uploaded.
    name(name: impl Into<SensitiveText>) => name = name.into();
} }

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::core::error::{ErrorKind, Reason};
    use crate::testing::doubles::{Replay, Turn, asked, client};

    fn ok() -> Turn {
        Turn::json(r#"{"status":"success","message":"Deleted Successfully"}"#)
    }

    #[tokio::test]
    async fn numbers_are_json_numbers_where_the_page_says_so() {
        let replay = Replay::new([ok()]);
        let client = client(&replay);
        let call = client.leads().delete_many(["9000000001", "9000000002"], ["A", "B"]);
        assert!(!format!("{call:?}").contains("9000000001"));
        call.await.unwrap();
        let want = json!({"userName": "acme_support", "phoneNumber": [9_000_000_001_u64, 9_000_000_002_u64],
            "campaignName": ["A", "B"]});
        assert_eq!(asked(&replay, 0), want);
        for (numbers, campaigns) in [(vec!["+12025550143"], vec!["A"]), (vec![], vec!["A"])] {
            let error = client.leads().delete_many(numbers, campaigns).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Input);
        }
        let stripped = client.leads().delete_many_as_uploaded(["09000000001", "9000000001"], ["A"]);
        let error = stripped.await.unwrap_err();
        let why = "refused: row 1: phoneNumber may not begin with 0: it is sent as a number";
        assert_eq!(error.invalid_input().unwrap().reason(), why);
        assert_eq!((error.kind(), replay.requests().len()), (ErrorKind::Input, 1));
    }

    #[tokio::test]
    async fn a_lead_is_deleted_by_the_number_that_it_was_added_with() {
        let replay = Replay::new([(); 4].map(|()| ok()));
        let client = client(&replay);
        let delete = |number: &str| client.leads().delete("support_out", number);
        delete("+91 90000 00001").await.unwrap();
        client.leads().delete_as_uploaded("support_out", "09000000001").await.unwrap();
        // What is not dialled was not uploaded in another form.
        delete("+1 202-555-0143").await.unwrap();
        delete("A-17").await.unwrap();
        let sent = ["9000000001", "09000000001", "+1 202-555-0143", "A-17"];
        for (at, number) in sent.into_iter().enumerate() {
            let want = json!({"userName": "acme_support", "campaignName": "support_out",
                "phoneNumber": number});
            assert_eq!(asked(&replay, at), want);
        }
    }

    #[tokio::test]
    async fn leads_are_deleted_by_the_numbers_that_they_were_added_with() {
        let replay = Replay::new([(); 4].map(|()| ok()));
        let client = client(&replay);
        let leads = client.leads();
        let written = ["919000000001", "+91 90000 00001", "09000000001", "9000000001"];
        leads.delete_many(written, ["A"]).await.unwrap();
        leads.delete_many_as_uploaded(["919000000001"], ["A"]).await.unwrap();
        // What is not dialled was not uploaded in another form.
        leads.delete_many(["12025550143"], ["A"]).await.unwrap();
        // A request that is made by hand passes the plan as well.
        let numbers = vec![super::NumberAsNumber(919_000_000_001)];
        let campaigns = vec!["A".into()];
        client.call(super::DeleteMany { numbers, campaigns, as_uploaded: false }).await.unwrap();
        let sent = [
            json!(vec![9_000_000_001_u64; 4]),
            json!([919_000_000_001_u64]),
            json!([12_025_550_143_u64]),
            json!([9_000_000_001_u64]),
        ];
        for (at, numbers) in sent.into_iter().enumerate() {
            let want =
                json!({"userName": "acme_support", "phoneNumber": numbers, "campaignName": ["A"]});
            assert_eq!(asked(&replay, at), want);
        }
    }

    #[tokio::test]
    async fn scheduled_rows_go_by_id_list_or_range() {
        let replay =
            Replay::new([ok(), Turn::json(r#"{"status":"error","message":"No data found"}"#)]);
        let client = client(&replay);
        client.leads().delete_scheduled("3-10").await.unwrap();
        assert_eq!(replay.requests()[0].method(), "DELETE");
        let error = client.leads().delete_scheduled("2,3,5").await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::NotFound));
        for rows in ["", "3-", "a", "1,,2", "1-2-3", "1, 2"] {
            let error = client.leads().delete_scheduled(rows).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Input, "{rows}");
        }
    }

    #[tokio::test]
    async fn an_unknown_campaign_is_bad_input() {
        let no = r#"{"status":"Error","message":"Passed campaign are invalid"}"#;
        let replay = Replay::new([Turn::json(no)]);
        let error = client(&replay).leads().delete("nowhere", "9000000001").await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::BadInput));
    }
}
