//! Settings of the agent socket and of the softphone.

use std::fmt;

use super::Variables;
use crate::mdl::AgentIdentity;
use crate::receive::softphone::AutoAnswer;
use crate::types::invalid::Invalid;
use crate::types::phone::PhoneNumber;
use crate::types::secret::Secret;

/// What the variables of socket and phone say. `Debug` shows no address: one may carry a token or a number.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Softphone {
    /// `OZONETEL_MDL_URL`: the agent socket, `ws` or `wss`.
    pub mdl_url: Option<String>,
    /// `OZONETEL_AGENT_UNIQ_ID`: the agent's numeric id.
    pub agent_uniq_id: Option<u64>,
    /// `OZONETEL_CAMPAIGN_ID`: the campaign's numeric id, for dials over the socket.
    pub campaign_id: Option<u64>,
    /// `OZONETEL_SIP_URI`: the softphone's address.
    pub sip_uri: Option<String>,
    /// `OZONETEL_SIP_WS_URL`: the SIP WebSocket.
    pub sip_ws_url: Option<String>,
    /// `OZONETEL_SIP_PASSWORD`, default the extension.
    pub sip_password: Option<Secret>,
    /// `OZONETEL_AUTO_ANSWER`: 0 none (default), 1 all, 2 inbound, 3 outbound.
    pub auto_answer: AutoAnswer,
}

impl fmt::Debug for Softphone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Softphone")
            .field("mdl_url", &self.mdl_url.is_some())
            .field("sip_uri", &self.sip_uri.is_some())
            .field("sip_ws_url", &self.sip_ws_url.is_some())
            .field("agent_uniq_id", &self.agent_uniq_id)
            .field("campaign_id", &self.campaign_id)
            .field("auto_answer", &self.auto_answer)
            .finish_non_exhaustive()
    }
}

impl Softphone {
    pub(super) fn read(
        variables: &dyn Variables,
        extension: Option<&PhoneNumber>,
    ) -> Result<Self, Invalid> {
        let get = |name: &str| variables.get(name).filter(|value| !value.trim().is_empty());
        let number = |name: &'static str| {
            let whole = |text: String| {
                let bad = |_| Invalid::new(name, "expected a whole number").showing(&text);
                text.trim().parse::<u64>().map_err(bad)
            };
            get(name).map(whole).transpose()
        };
        let auto_answer = get("OZONETEL_AUTO_ANSWER")
            .map(|text| {
                let named = |invalid: Invalid| invalid.showing(&text).under("OZONETEL_AUTO_ANSWER");
                text.parse::<AutoAnswer>().map_err(named)
            })
            .transpose()?;
        Ok(Self {
            mdl_url: get("OZONETEL_MDL_URL"),
            agent_uniq_id: number("OZONETEL_AGENT_UNIQ_ID")?,
            campaign_id: number("OZONETEL_CAMPAIGN_ID")?,
            sip_uri: get("OZONETEL_SIP_URI"),
            sip_ws_url: get("OZONETEL_SIP_WS_URL"),
            sip_password: get("OZONETEL_SIP_PASSWORD")
                .map(Secret::from)
                .or_else(|| extension.map(|extension| Secret::from(extension.as_str()))),
            auto_answer: auto_answer.unwrap_or_default(),
        })
    }
}

impl super::Environment {
    /// The agent whose socket it is.
    ///
    /// # Errors
    /// `OZONETEL_ACCOUNT`, `OZONETEL_AGENT_ID` or `OZONETEL_AGENT_UNIQ_ID` that is not set.
    pub fn socket_agent(&self) -> Result<AgentIdentity, Invalid> {
        let unset = |name| Invalid::new(name, "is not set");
        let account = self.account.as_deref().ok_or(unset("OZONETEL_ACCOUNT"))?;
        let agent = self.agent.as_ref().ok_or(unset("OZONETEL_AGENT_ID"))?;
        let uniq_id = self.softphone.agent_uniq_id.ok_or(unset("OZONETEL_AGENT_UNIQ_ID"))?;
        Ok(AgentIdentity::new(account, agent, uniq_id))
    }
}

#[cfg(test)]
mod tests {
    use crate::receive::softphone::AutoAnswer;
    use crate::setup::environment::Environment;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, crate::types::invalid::Invalid> {
        let get = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Environment::read(&get)
    }

    #[test]
    fn the_password_is_the_extension_unless_set() {
        let softphone = read(&[("OZONETEL_SIP_ID", "500001")]).unwrap().softphone;
        assert_eq!(softphone.sip_password.unwrap().reveal(), "500001");
        assert_eq!(softphone.auto_answer, AutoAnswer::None);
        let set = [("OZONETEL_SIP_ID", "500001"), ("OZONETEL_SIP_PASSWORD", "other")];
        assert_eq!(read(&set).unwrap().softphone.sip_password.unwrap().reveal(), "other");
        assert!(read(&[]).unwrap().softphone.sip_password.is_none());
    }

    #[test]
    fn numbers_and_settings_are_read_or_refused_by_name() {
        for (digit, want) in [
            ("0", AutoAnswer::None),
            ("1", AutoAnswer::All),
            ("2", AutoAnswer::Inbound),
            ("3", AutoAnswer::Outbound),
        ] {
            let environment = read(&[("OZONETEL_AUTO_ANSWER", digit)]).unwrap();
            assert_eq!(environment.softphone.auto_answer, want);
        }
        for (name, value) in [
            ("OZONETEL_AUTO_ANSWER", "4"),
            ("OZONETEL_AGENT_UNIQ_ID", "agent01"),
            ("OZONETEL_CAMPAIGN_ID", "-1"),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err().field(), name);
        }
    }

    #[test]
    fn the_socket_needs_account_agent_and_numeric_id() {
        let mut set = vec![];
        for (name, value) in [
            ("OZONETEL_ACCOUNT", "acme_support"),
            ("OZONETEL_AGENT_ID", "agent01"),
            ("OZONETEL_AGENT_UNIQ_ID", "1001"),
        ] {
            assert_eq!(read(&set).unwrap().socket_agent().unwrap_err().field(), name);
            set.push((name, value));
        }
        assert_eq!(read(&set).unwrap().socket_agent().unwrap().uniq_id, 1001);
    }
}
