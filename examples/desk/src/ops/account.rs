//! Looks whether the service takes the account, and whether it knows what the settings name. Only reads.

use ozonetel_sdk::{Client, Error, Reason};

use super::health::Condition;
use crate::desk::Settings;

/// What was found out about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub about: &'static str,
    /// How it is.
    pub condition: Condition,
    /// In words, without numbers and secrets.
    pub text: String,
}

impl Finding {
    /// It is as it should be.
    pub fn ok(about: &'static str, text: impl Into<String>) -> Self {
        Self { about, condition: Condition::Ok, text: text.into() }
    }

    /// The desk works, and not all of it.
    pub fn degraded(about: &'static str, text: impl Into<String>) -> Self {
        Self { about, condition: Condition::Degraded, text: text.into() }
    }

    /// The desk cannot work.
    pub fn down(about: &'static str, text: impl Into<String>) -> Self {
        Self { about, condition: Condition::Down, text: text.into() }
    }
}

/// Why a question to the service was not answered: without numbers and secrets.
pub(crate) fn why(error: &Error) -> String {
    let advice = error.advice().map(|advice| format!(" ({advice})")).unwrap_or_default();
    format!("{}{advice}", error.summary())
}

/// Whether the service says that the account's credentials are wrong, so that asking again is of no use. Another refusal
/// of a token, or a token that has expired, is a matter of the moment.
pub fn is_of_credentials(error: &Error) -> bool {
    error.reason() == Some(Reason::BadCredentials)
}

/// Asks for the configured campaign, or, without one, for the dispositions: questions that need the credentials and
/// change nothing. What was found out.
///
/// # Errors
/// The service does not answer, or refuses the account.
pub async fn check(client: &Client, settings: &Settings) -> Result<Vec<Finding>, Error> {
    let accepted = || Finding::ok("service", "the account is accepted");
    let Some(campaign) = &settings.campaign else {
        client.disposition().list().await?;
        return Ok(vec![
            accepted(),
            Finding::degraded(
                "campaign",
                "OZONETEL_CAMPAIGN is not set: each dial has to name one",
            ),
        ]);
    };
    let name = campaign.as_str();
    let unknown =
        || Finding::degraded("campaign", format!("OZONETEL_CAMPAIGN: there is no {name}"));
    match client.campaigns().status(campaign.clone()).await {
        Ok(found) if found.is_empty() => Ok(vec![accepted(), unknown()]),
        Ok(_) => Ok(vec![accepted(), Finding::ok("campaign", format!("{name} exists"))]),
        Err(error) if error.reason() == Some(Reason::NotFound) => Ok(vec![accepted(), unknown()]),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ozonetel_sdk::ErrorKind;
    use ozonetel_sdk::auth::AuthMode;
    use ozonetel_sdk::testing::doubles::{Replay, Turn};
    use ozonetel_sim::{Fault, FaultKind, Sim};

    use super::*;

    fn settings(campaign: Option<&str>) -> Settings {
        Settings { campaign: campaign.map(Into::into), ..Settings::default() }
    }

    async fn conditions(campaign: Option<&str>) -> Vec<(&'static str, Condition)> {
        let sim = Sim::start();
        let findings = check(&sim.client(), &settings(campaign)).await.unwrap();
        assert_eq!(sim.effects("dial"), 0);
        findings.into_iter().map(|finding| (finding.about, finding.condition)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_campaign_that_does_not_exist_is_named_and_the_account_is_accepted() {
        let ok = ("service", Condition::Ok);
        let (exists, unknown) = (("campaign", Condition::Ok), ("campaign", Condition::Degraded));
        assert_eq!(conditions(Some("support_out")).await, [ok, exists]);
        assert_eq!(conditions(Some("nowhere")).await, [ok, unknown]);
        assert_eq!(conditions(None).await, [ok, unknown]);
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_credentials_are_told_apart_from_a_service_that_is_away() {
        let sim = Sim::start();
        let wrong = sim.client_builder().key("wrong").build().unwrap();
        let error = check(&wrong, &settings(None)).await.unwrap_err();
        assert!(is_of_credentials(&error) && !why(&error).contains("wrong"), "{}", why(&error));
        let client = sim.client();
        client.disposition().list().await.unwrap();
        assert!(sim.fault(Fault::new(FaultKind::Html).times(20)));
        let error = check(&client, &settings(None)).await.unwrap_err();
        assert!(!is_of_credentials(&error), "{error}");
    }

    /// Of all refusals of a token only that of the key itself stays.
    #[tokio::test(start_paused = true)]
    async fn a_token_that_is_refused_for_another_reason_is_not_the_credentials_fault() {
        for (message, is_wrong) in [
            ("Internal error", false),
            ("Token Expired", false),
            ("Invalid userName or apiKey", true),
        ] {
            let body = format!(r#"{{"status":"error","message":"{message}"}}"#);
            let replay = Replay::new((0..20).map(|_| Turn::json(body.clone())));
            let client = Client::builder().account("acme_support").key("test-key");
            let client = client.mode(AuthMode::Token).transport(Arc::new(replay)).build().unwrap();
            let error = check(&client, &settings(None)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials, "{message}");
            assert_eq!(is_of_credentials(&error), is_wrong, "{message}");
        }
    }
}
