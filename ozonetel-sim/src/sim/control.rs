//! What tests and programs in this process make the world do: what `/_sim/` offers over HTTP.

use super::Sim;
use crate::world::{ActionRefusal, Aside, CallIds, LegSide, PhoneAction};

impl Sim {
    /// Makes the customer's telephone of a live call do something.
    ///
    /// # Errors
    ///
    /// No live call has the id, or the telephone cannot do this now.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sim::world::PhoneAction;
    /// client.agents().login("agent01", "secret", "500001").await?;
    /// let dialed = client.dial().agent("agent01", "support_out", "9000000001").await?;
    /// sim.advance(std::time::Duration::from_secs(1)).await;
    /// sim.customer(dialed.ucid().as_str(), PhoneAction::Busy)?;
    /// assert!(sim.world().calls().iter().all(|call| !call.live()));
    /// # Ok(()) });
    /// ```
    pub fn customer(&self, ucid: &str, action: PhoneAction) -> Result<(), ActionRefusal> {
        self.phone(ucid, LegSide::Customer, action)
    }

    /// A customer calls a DID and hangs up before anyone answers: a missed call. `None` when the DID
    /// belongs to no campaign.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// sim.missed("918000000001", "9000000009").ok_or("no such DID")?;
    /// let today = client.today();
    /// assert_eq!(client.missed().between(today.start(), today.end()).await?.len(), 1);
    /// # Ok(()) });
    /// ```
    pub fn missed(&self, did: &str, caller: &str) -> Option<CallIds> {
        self.change(|world| {
            let ids = world.inbound(did, caller, None)?;
            // Where no agent is signed in, the call is over already.
            let _ = world.phone_action(
                &ids.monitor_ucid.to_string(),
                LegSide::Customer,
                PhoneAction::Hangup,
            );
            Some(ids)
        })
    }

    /// Where the callback after each call goes, from now on; without an address none is made.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, _client| {
    /// sim.set_callback_url(Some("https://crm.example.test/hooks/call".into()));
    /// sim.missed("918000000001", "9000000009").ok_or("no such DID")?;
    /// assert_eq!(sim.take_pushes().len(), 1);
    /// # Ok(()) });
    /// ```
    pub fn set_callback_url(&self, url: Option<String>) {
        self.change(|world| world.set_callback_url(None, url));
    }

    /// Where call events and agent events go, from now on; an empty address takes them away. What a
    /// client's subscription does.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// sim.set_event_urls("", "https://crm.example.test/hooks/agent");
    /// client.agents().login("agent01", "secret", "500001").await?;
    /// assert_eq!(sim.take_pushes().len(), 2, "login and READY");
    /// # Ok(()) });
    /// ```
    pub fn set_event_urls(&self, calls: &str, agents: &str) {
        self.change(|world| {
            let subscription = world.pushes_mut().subscription_mut();
            calls.clone_into(&mut subscription.calls);
            agents.clone_into(&mut subscription.agents);
        });
    }

    /// Puts an agent who is on no call into a state of the platform's: `IDLE`, or `AUX` with a reason.
    /// False when no such agent is signed in and free.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sim::world::Aside;
    /// client.agents().login("agent01", "secret", "500001").await?;
    /// assert!(sim.put_aside("agent01", Aside::Aux("SIP phone unregistered".into())));
    /// assert_eq!(sim.world().agent("agent01").map(|a| a.state.word()), Some("AUX"));
    /// # Ok(()) });
    /// ```
    pub fn put_aside(&self, agent: &str, aside: Aside) -> bool {
        self.change(|world| world.put_aside(agent, aside))
    }
}
