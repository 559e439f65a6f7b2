//! What can be asked of a world. Each request goes to the part it concerns; a call that it ends is
//! followed by the application that the call belongs to.

use http::Method;

use super::ids::parse_ucid;
use super::{
    ActionRefusal, AgentAdminRefusal, AgentChange, AgentDial, ApplicationFn, ApplicationRequest,
    Aside, CallControl, CallControlRefusal, CallIds, Context, DialRefusal, DispositionRefusal,
    DispositionRequest, DispositionResult, IvrDial, IvrInput, LegFailure, LegSide, LoginRefusal,
    LogoutRefusal, PhoneAction, PhoneDial, Push, SkillDial, StateChange, StateRefusal, Switch,
    TokenCheck, World,
};

impl World {
    /// Asks the switch, and follows the calls that end.
    fn switched<T>(&mut self, ask: impl FnOnce(&mut Switch, &mut Context) -> T) -> T {
        let answer = ask(&mut self.switch, &mut self.cx);
        self.follow_ended_calls();
        answer
    }

    /// A new bearer token; `None` when ten were made within the hour.
    pub fn issue_token(&mut self) -> Option<String> {
        self.tokens.issue(&self.cx.setup.account, self.cx.now)
    }

    /// What a presented token is worth.
    pub fn check_token(&self, token: &str) -> TokenCheck {
        self.tokens.check(token, self.cx.now)
    }

    /// Spends one of a rate class's window; false when it is used up.
    pub fn spend(&mut self, class: &str, limit: u32, per_s: u32) -> bool {
        self.rate_windows.spend(class, limit, per_s, self.cx.now)
    }

    /// A login over REST. Without a number the agent's extension is used.
    ///
    /// # Errors
    ///
    /// Wrong credentials, a login in force, or a number in use.
    pub fn login(&mut self, id: &str, password: &str, phone: &str) -> Result<(), LoginRefusal> {
        self.switched(|switch, cx| switch.login(cx, id, password, phone))
    }

    /// The agent opens the toolbar: a login of its own, or the virtual one becomes one.
    ///
    /// # Errors
    ///
    /// Wrong credentials.
    pub fn toolbar_login(&mut self, id: &str, password: &str) -> Result<(), LoginRefusal> {
        self.switched(|switch, cx| switch.toolbar_login(cx, id, password))
    }

    /// A logout over REST. Ends after-call work; a call in progress continues.
    ///
    /// # Errors
    ///
    /// Wrong credentials, or no login in force.
    pub fn logout(&mut self, id: &str, password: &str) -> Result<(), LogoutRefusal> {
        self.switched(|switch, cx| switch.logout(cx, id, password))
    }

    /// Ready or break. Ends after-call work; an agent on a call stays on it.
    ///
    /// # Errors
    ///
    /// A bad state or reason, an agent who is not signed in, a break during a call.
    pub fn change_state(
        &mut self,
        id: &str,
        state: &str,
        reason: Option<&str>,
    ) -> Result<StateChange, StateRefusal> {
        self.switched(|switch, cx| switch.change_state(cx, id, state, reason))
    }

    /// Signs an agent out, whatever the agent is doing; a call in progress continues. False when there
    /// is no such agent.
    pub fn force_logout(&mut self, id: &str) -> bool {
        self.switched(|switch, cx| switch.force_logout(cx, id))
    }

    /// Ends break or after-call work. False when there is no such agent.
    pub fn release_agent(&mut self, id: &str) -> bool {
        self.switched(|switch, cx| switch.release_agent(cx, id))
    }

    /// Creates an agent, with an extension and a number of its own.
    ///
    /// # Errors
    ///
    /// There is one of this id.
    pub fn create_agent(
        &mut self,
        id: &str,
        name: &str,
        password: &str,
        skills: Vec<String>,
    ) -> Result<(), AgentAdminRefusal> {
        self.switch.agents.create(id, name, password, skills, self.cx.now)
    }

    /// Changes an agent.
    ///
    /// # Errors
    ///
    /// No such agent, a new id that is taken, or a new id during a call.
    pub fn edit_agent(&mut self, id: &str, change: &AgentChange) -> Result<(), AgentAdminRefusal> {
        self.switch.agents.edit(id, change)
    }

    /// Deletes an agent; a call the agent is in ends. False when there is no such agent.
    pub fn delete_agent(&mut self, id: &str) -> bool {
        self.switched(|switch, cx| switch.delete_agent(cx, id))
    }

    /// Dials for an agent: the agent's telephone rings, then the customer's.
    ///
    /// # Errors
    ///
    /// The refusal; nothing was dialled.
    pub fn dial_agent(&mut self, dial: &AgentDial) -> Result<u64, DialRefusal> {
        self.switched(|switch, cx| switch.dial_agent(cx, dial))
    }

    /// Dials for whichever agent of a skill has been ready longest.
    ///
    /// # Errors
    ///
    /// The refusal; nothing was dialled.
    pub fn dial_skill(&mut self, dial: &SkillDial) -> Result<u64, DialRefusal> {
        self.switched(|switch, cx| switch.dial_skill(cx, dial))
    }

    /// Dials from an offline agent's telephone. With the agent on a call already, the new call finds
    /// the telephone busy.
    ///
    /// # Errors
    ///
    /// The refusal; nothing was dialled.
    pub fn dial_phone(&mut self, dial: &PhoneDial) -> Result<u64, DialRefusal> {
        self.switched(|switch, cx| switch.dial_phone(cx, dial))
    }

    /// A customer calls a DID: agents are rung, or its application is asked. `None` when the DID
    /// belongs to neither.
    pub fn inbound(&mut self, did: &str, caller: &str, skill: Option<&str>) -> Option<CallIds> {
        let line = (did, caller);
        let led = self.ivr.arrive(&mut self.cx, &mut self.switch, line);
        let ids = led.or_else(|| self.switch.arrive(&mut self.cx, line, skill, false));
        self.follow_ended_calls();
        ids
    }

    /// An application hands its caller to a skill, with data for the agent, as KooKoo's `<cctransfer>` does. `None`
    /// when no one has the skill.
    pub fn hand_to_skill(&mut self, line: (&str, &str), skill: &str, uui: &str) -> Option<CallIds> {
        let key = self.switch.arrive_from_application(&mut self.cx, line, skill, uui);
        self.follow_ended_calls();
        let call = self.switch.calls.get(key?)?;
        Some(CallIds { ucid: call.ucid(), monitor_ucid: call.monitor })
    }

    /// Makes a telephone of a live call do something.
    ///
    /// # Errors
    ///
    /// No live call has the id, or the leg cannot do this now.
    pub fn phone_action(
        &mut self,
        ucid: &str,
        side: LegSide,
        action: PhoneAction,
    ) -> Result<(), ActionRefusal> {
        let id = parse_ucid(ucid).ok_or(ActionRefusal::NotLive)?;
        let (cx, switch) = (&mut self.cx, &mut self.switch);
        let led = match side {
            LegSide::Customer => self.ivr.phone_action(cx, switch, id, action),
            LegSide::Agent => None,
        };
        let done = led.unwrap_or_else(|| switch.phone_action(cx, id, side, action));
        self.follow_ended_calls();
        done
    }

    /// Acts on a call that is up. Saying the same twice changes nothing. The call's id.
    ///
    /// # Errors
    ///
    /// No such call is up, or the number is badly formed.
    pub fn control(
        &mut self,
        ucid: &str,
        did: &str,
        phone_name: &str,
        what: &CallControl,
    ) -> Result<u64, CallControlRefusal> {
        self.switched(|switch, cx| switch.control(cx, ucid, did, phone_name, what))
    }

    /// A telephone puts a call on hold, or takes it back. False when no such call is up.
    pub fn hold(&mut self, ucid: u64, on: bool) -> bool {
        self.switch.hold(&self.cx, ucid, on)
    }

    /// Stops or resumes the recording of a call that is up. False when no such call is up, or it has been
    /// resumed too often.
    pub fn record(&mut self, ucid: &str, on: bool) -> bool {
        parse_ucid(ucid).is_some_and(|ucid| self.switch.record(&self.cx, ucid, on))
    }

    /// Hands the customer over to an application: the agent goes, the customer stays. False when no
    /// such call is up.
    pub fn to_application(&mut self, ucid: &str, url: &str, callback: Option<String>) -> bool {
        let Some(id) = parse_ucid(ucid) else { return false };
        let (cx, switch) = (&mut self.cx, &mut self.switch);
        let key = switch.hand_to_application(cx, id);
        if let Some(key) = key {
            self.ivr.take_over(cx, switch, (key, id), url, callback);
        }
        self.follow_ended_calls();
        key.is_some()
    }

    /// Ends a call, of agents or of an application. False when no such call is up.
    pub fn disconnect(&mut self, ucid: &str) -> bool {
        let Some(id) = parse_ucid(ucid) else { return false };
        let (cx, switch) = (&mut self.cx, &mut self.switch);
        let ended = self.ivr.disconnect(cx, switch, id) || switch.disconnect(cx, id);
        self.follow_ended_calls();
        ended
    }

    /// Sets the disposition of an agent's leg.
    ///
    /// # Errors
    ///
    /// Unknown call or agent, or a second disposition.
    pub fn dispose(
        &mut self,
        ucid: &str,
        did: &str,
        agent_id: &str,
        request: DispositionRequest,
    ) -> Result<DispositionResult, DispositionRefusal> {
        self.switched(|switch, cx| switch.dispose(cx, ucid, did, agent_id, request))
    }

    /// A telephone outside rings for calls to this extension and answers automatically; or it no longer
    /// does.
    pub fn set_phone_outside(&mut self, extension: &str, outside: bool) {
        if outside {
            self.switch.phones_outside.insert(extension.to_owned());
        } else {
            self.switch.phones_outside.remove(extension);
        }
    }

    /// The softphone of a leg, of a third party or of the customer has lost its connection. It has a while
    /// to come back ([`PhoneBehaviour::reconnect`](super::PhoneBehaviour::reconnect)).
    pub fn softphone_lost(&mut self, ucid: u64, side: LegSide) {
        self.switch.softphone_lost(&mut self.cx, ucid, side);
    }

    /// The softphone of a leg, of a third party or of the customer is back.
    pub fn softphone_back(&mut self, ucid: u64, side: LegSide) {
        self.switch.softphone_back(ucid, side);
    }

    /// A softphone cannot be rung for a leg, or stopped ringing without an answer. False when no such leg
    /// rings.
    pub fn ring_fails(&mut self, ucid: u64, side: LegSide, failure: &LegFailure) -> bool {
        self.switched(|switch, cx| switch.ring_fails(cx, ucid, side, failure))
    }

    /// Puts an agent who is on no call into a state of the platform's. False when there is no such agent, or
    /// the agent is not signed in or has a call or its after-call work.
    pub fn put_aside(&mut self, id: &str, aside: Aside) -> bool {
        self.switch.agents.put_aside(&mut self.cx, id, aside)
    }

    /// Whether a telephone outside rings for this extension.
    pub fn is_phone_outside(&self, extension: &str) -> bool {
        self.switch.phones_outside.contains(extension)
    }

    /// Every application is this closure from now on, whatever its address. It is asked at once and
    /// must not use the simulator itself.
    pub fn set_application(&mut self, application: Option<ApplicationFn>) {
        self.ivr.set_application(application);
    }

    /// Takes the oldest request that waits for its application; it has to be answered with
    /// [`World::application_answers`].
    pub fn take_application_request(&mut self) -> Option<ApplicationRequest> {
        self.ivr.take_request()
    }

    /// What an application answered: the body of a 200, or nothing for everything else.
    pub fn application_answers(&mut self, request: &ApplicationRequest, xml: Option<&[u8]>) {
        self.ivr.application_answers(&mut self.cx, &mut self.switch, request, xml);
        self.follow_ended_calls();
    }

    /// Rings a number for an application: an outbound call of KooKoo's. Its id.
    pub fn ivr_dial(&mut self, dial: IvrDial) -> u64 {
        self.ivr.dial(&mut self.cx, &self.switch, dial)
    }

    /// What people on a call with an application do.
    ///
    /// # Errors
    ///
    /// No such call is up, or nothing waits for this now.
    pub fn ivr_input(&mut self, sid: u64, input: IvrInput) -> Result<(), ActionRefusal> {
        let done = self.ivr.input(&mut self.cx, &mut self.switch, sid, input);
        self.follow_ended_calls();
        done
    }

    /// Counts a message (SMS, WhatsApp) that is sent to a customer; its number.
    pub fn send_message(&mut self) -> u64 {
        self.cx.send_message()
    }

    /// Takes what was sent since the last time, oldest first.
    pub fn take_pushes(&mut self) -> impl Iterator<Item = Push> {
        self.cx.pushes.take()
    }

    /// Sends what the console sends when an address is saved: a GET or HEAD without a body.
    pub fn check_url(&mut self, method: Method, url: &str) {
        let push = Push::check(self.cx.now, method, url);
        self.cx.pushes.enqueue(push);
    }

    /// Where the callback after each call goes: the account's, or a campaign's own. False when there
    /// is no such campaign.
    pub fn set_callback_url(&mut self, campaign: Option<&str>, url: Option<String>) -> bool {
        if let Some(name) = campaign {
            return self.switch.campaigns.set_callback_url(name, url);
        }
        self.cx.pushes.setup.callback_url = url;
        true
    }
}
