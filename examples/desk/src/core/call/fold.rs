//! From facts, in their own order, to the state of a call.

mod acting;
mod having;
mod last_word;

use ozonetel_sdk::kookoo::IvrStep;
use ozonetel_sdk::phone_call::{CallOutcomeKind, PhoneCall};
use ozonetel_sdk::push::{CallAction, CallActionKind};
use ozonetel_sdk::types::{AgentId, ClockDuration, PhoneNumber, SensitiveText, Ucid};

use having::{Colleague, Departure};
use last_word::LastWord;

use super::direction::direction;
use super::legs::{AgentLegs, Legs};
use super::part::HandedOn;
use super::phones::Phones;
use super::said::{Overrun, Said, service_disposition, service_has};
use super::state::{
    CallPhase, CallState, Direction, DispositionState, Participant, ParticipantRole,
    ParticipantState, Recording, RecordingState, SipLeg, Wrapup,
};
use crate::core::caller::agent_key;
use crate::core::fact::{
    ActionOutcome, Fact, FactBody, KookooFact, KookooLeg, KookooNews, LegNews, MissingNews,
    SocketNews,
};

/// What is collected on the way and is no part of the state.
#[derive(Default)]
struct Fold {
    state: CallState,
    phone: PhoneCall,
    /// Whether anything was merged into it: the first part is all of it.
    is_phone_seen: bool,
    legs: Legs,
    /// The agents' phones, and when each agent's part ended: hung up, or dropped out of the call.
    phones: Phones,
    /// What was said about the call.
    said: Said,
    /// When the service said, of a disposition of who has the call, that it was over.
    over_ms: Option<i64>,
    /// When the service's last word came.
    settled_ms: Option<i64>,
    /// When the last row ended that was written to its end.
    rows_ms: Option<i64>,
    /// Whether one of them was of an agent's leg.
    is_leg_written: bool,
    last_word: LastWord,
    answered_by: Option<AgentId>,
    /// Who answered according to what the service writes after a call, and the leg, where it names one.
    recorded: Option<(AgentId, Option<Ucid>)>,
    rung: Option<AgentId>,
    /// Who was rung on which leg.
    rung_on: AgentLegs,
    /// Who was rung into the call by the agent who has it, and answered.
    consulted: Option<Colleague>,
    /// Who asked for a third party last, of which it is not known whether it was rung.
    asking: Option<AgentId>,
    handed_on: HandedOn,
    /// The agent who left it last by hanging up, where a colleague was there: the customer may have gone as well.
    departure: Option<Departure>,
    last: Option<AgentId>,
    thirds: Vec<(PhoneNumber, ParticipantState, i64)>,
    customer_kicked: bool,
    paused: Option<RecordingState>,
    resume_tried: bool,
    wrapup_limit: Option<u32>,
    wrapup_over: bool,
}

/// The state of the call with these facts, which are in their own order.
pub(super) fn state(facts: &[Fact]) -> CallState {
    let mut fold = Fold::default();
    fold.state.held = Some(false);
    fold.state.muted = Some(false);
    fold.state.direction = direction(facts);
    for fact in facts {
        fold.see(fact);
    }
    fold.finish()
}

fn earliest(known: &mut Option<i64>, at: i64) {
    *known = Some(known.map_or(at, |known| known.min(at)));
}

fn latest(known: &mut Option<i64>, at: i64) {
    *known = Some(known.map_or(at, |known| known.max(at)));
}

/// Who answered, where that is an agent.
fn recorded(agent: Option<&AgentId>, leg: Option<Ucid>) -> Option<(AgentId, Option<Ucid>)> {
    let agent = agent.filter(|agent| !matches!(agent.as_str().trim(), "" | "0"))?;
    Some((agent.clone(), leg))
}

impl Fold {
    fn see(&mut self, fact: &Fact) {
        self.state.ids.extend(fact.ids());
        let dialled = match &fact.body {
            FactBody::Dialed(dialed) => Some(dialed.ucid.to_string()),
            _ => None,
        };
        for id in fact.call_id().map(|id| id.to_string()).into_iter().chain(dialled) {
            let known = self.state.call_id.get_or_insert_with(|| id.clone());
            if id < *known {
                *known = id;
            }
        }
        for agent in fact.agents() {
            if !self.state.is_of(&agent) {
                // Few have more than one.
                self.state.agents.reserve_exact(1);
                self.state.agents.push(agent);
            }
        }
        if let Some(part) = fact.observation().and_then(PhoneCall::of) {
            self.phone =
                if self.is_phone_seen { std::mem::take(&mut self.phone).merge(part) } else { part };
            self.is_phone_seen = true;
        }
        if !matches!(fact.body, FactBody::Acted(_)) {
            earliest(&mut self.state.began_ms, fact.began_ms.unwrap_or(fact.when_ms()));
        }
        self.see_body(fact, fact.when_ms());
    }

    fn see_body(&mut self, fact: &Fact, at: i64) {
        match &fact.body {
            FactBody::Dialed(dialed) => {
                earliest(&mut self.state.asked_ms, at);
                self.state.dial = Some((dialed.dial.clone(), dialed.reference.clone()));
                self.state.way = dialed.way;
                self.state.campaign = dialed.campaign.clone().or(self.state.campaign.take());
                self.state.did = dialed.did.clone().or(self.state.did.take());
                self.state.phone_name.clone_from(&dialed.phone_name);
                self.state.dial_agent = Some(dialed.agent.clone());
                self.rung_on.say(&dialed.agent, dialed.ucid);
                self.last = Some(dialed.agent.clone());
            }
            FactBody::Invited { agent, invite, .. } => {
                earliest(&mut self.state.ringing_ms, at);
                self.is_rung_into(agent, at);
                self.phones.say(agent, SipLeg::Ringing);
                self.rung_on.phone_says(agent, invite.ucid);
                self.rung = Some(agent.clone());
            }
            FactBody::Leg { ucid, agent, news } => self.leg_news(*ucid, agent, *news, at),
            FactBody::Pushed { agent, news, push } => {
                self.state.is_live = true;
                match news {
                    SocketNews::Answered => self.conversation(Some(agent), push.ucid, at),
                    SocketNews::Dropped => self.dropped(agent, push.ucid, at),
                }
            }
            FactBody::Kookoo(leg) => self.kookoo(leg, at),
            FactBody::Event(event) => self.event(event, at),
            FactBody::Callback(callback) => {
                self.state.transferred |= callback.is_transferred();
                latest(&mut self.settled_ms, at);
                self.wrapup_limit = callback.wrap_up_exceeded().or(self.wrapup_limit);
                self.last_word.of_callback(callback);
                if callback.is_answered() {
                    let legs = callback.legs();
                    if self.recorded.is_none() {
                        self.recorded =
                            recorded(legs.last().and_then(|leg| leg.agent_id.as_ref()), None);
                    }
                    earliest(&mut self.state.answered_ms, fact.answered_ms().unwrap_or(at));
                }
            }
            FactBody::Row(row) => self.row(row, fact, at),
            FactBody::Acted(acted) => self.acted(acted, at),
            FactBody::Elapsed { missing: MissingNews::Invite, .. } => {
                self.state.invite_missing = true;
            }
        }
    }

    fn leg_news(&mut self, ucid: Ucid, agent: &AgentId, news: LegNews, at: i64) {
        self.rung_on.phone_says(agent, ucid);
        let was = self.phones.of(Some(agent));
        match news {
            LegNews::Answered => {
                self.phones.say(agent, SipLeg::Up);
                self.phones.goes_on(agent);
                self.said.goes_on();
                self.is_rung_into(agent, at);
                self.rung = Some(agent.clone());
                // Who picks up an inbound call talks to the customer; on a dialled one the customer is yet to be rung,
                // unless it is a colleague's.
                if self.state.direction == Some(Direction::Inbound) || self.is_asked(agent) {
                    self.conversation(Some(agent), Some(ucid), at);
                }
            }
            LegNews::DeviceLost => self.phones.say(agent, SipLeg::NoDevice),
            LegNews::Lost => self.phones.say(agent, SipLeg::Lost),
            LegNews::Ended => {
                // A ring that ended is the end of a dialled call only, for who dialled it: another one rings elsewhere.
                let was_up = matches!(was, SipLeg::Up | SipLeg::NoDevice | SipLeg::Lost);
                self.phones.say(agent, SipLeg::Ended);
                let is_dialled = self.state.direction == Some(Direction::Outbound);
                if was_up || (is_dialled && !self.is_others(agent)) {
                    self.hung_up(agent, at);
                }
            }
        }
    }

    fn kookoo(&mut self, fact: &KookooFact, at: i64) {
        self.state.is_live = true;
        if fact.leg == KookooLeg::Agent {
            self.state.agent_leg = fact.sid.or(self.state.agent_leg);
        }
        match &fact.news {
            KookooNews::Asked(request) => match (request.step(), fact.leg) {
                // The customer has picked up, and hears that someone is being rung.
                (IvrStep::NewCall, KookooLeg::Customer) => {
                    earliest(&mut self.state.ringing_ms, at);
                    self.legs.known(Some(fact.ucid), at);
                }
                (IvrStep::NewCall, KookooLeg::Agent) => {
                    earliest(&mut self.state.answered_ms, at);
                    self.answered_by = Some(fact.agent.clone());
                    self.legs.known(Some(fact.ucid), at);
                }
                // Without either of the two there is no conversation.
                (IvrStep::Over { .. }, _) => self.legs.ended(Some(fact.ucid), at),
                _ => {}
            },
            KookooNews::Over(_) | KookooNews::AskedFor(ActionOutcome::Failed) => {
                self.legs.ended(Some(fact.ucid), at);
            }
            KookooNews::AskedFor(_) => self.rung = Some(fact.agent.clone()),
        }
    }

    fn event(&mut self, event: &ozonetel_sdk::push::CallEvent, at: i64) {
        self.state.is_live = true;
        self.state.campaign = event.campaign_name.clone().or(self.state.campaign.take());
        self.state.skill = event.skill.clone().or(self.state.skill.take());
        match event.action.as_ref().and_then(CallAction::kind) {
            Some(CallActionKind::Calling) => {
                earliest(&mut self.state.ringing_ms, at);
                self.legs.goes_on(event.ucid, at);
                if let Some(agent) = event.agent() {
                    self.rung = Some(agent.clone());
                    self.rung_on.say(agent, event.ucid);
                }
            }
            Some(CallActionKind::Answered) => self.conversation(event.agent(), event.ucid, at),
            Some(CallActionKind::Disconnect) => self.disconnected(event.agent(), event.ucid, at),
            // A word that is not known changes nothing; the fact stays.
            _ => {}
        }
    }

    fn row(&mut self, row: &ozonetel_sdk::cdr::CallRecord, fact: &Fact, at: i64) {
        self.state.campaign = row.campaign_name.clone().or(self.state.campaign.take());
        self.state.skill = row.skill.clone().or(self.state.skill.take());
        self.state.transferred |= row.transferred_to.is_some();
        self.last_word.of_row(row, at);
        if row.is_answered() {
            self.recorded = recorded(row.agent_id.as_ref(), row.ucid).or(self.recorded.take());
            earliest(&mut self.state.answered_ms, fact.answered_ms().unwrap_or(at));
        }
        if row.hangup_by.is_some() || !row.is_agent_leg() {
            self.leg_over(row.agent_id.as_ref(), row.ucid, at);
        } else {
            self.legs.known(row.ucid, at);
        }
        if row.is_finished() && !self.is_end_of_part(row.agent_id.as_ref(), at) {
            latest(&mut self.rows_ms, at);
            self.is_leg_written |= row.is_agent_leg();
            self.wrapup_over |= row.is_agent_leg() && row.is_answered();
        }
    }

    fn finish(mut self) -> CallState {
        let is_called_back = self.phone.callback().is_some();
        // Rows of legs that have ended say nothing of one that has not: another agent is rung.
        let rows_ms = self.rows_ms.filter(|at| !self.legs.any_goes_on_since(*at));
        self.state.is_final = is_called_back || rows_ms.is_some();
        self.state.is_settled = is_called_back || (rows_ms.is_some() && self.wrapup_over);
        self.settled_ms = self.settled_ms.max(rows_ms.filter(|_| self.is_leg_written));
        self.identify();
        let outcome = self.phone.outcome().kind;
        self.state.outcome = (outcome != CallOutcomeKind::Unknown).then_some(outcome);
        self.state.talk_sec = self.phone.conversation().map(ClockDuration::seconds);
        self.state.has_recording = self.phone.recording().is_some();
        let exceeded = self.service_disposition();
        self.state.service_has = service_has(&self.phone, &self.state.agents);
        let own = self.phones.ended_ms(self.state.agent.as_ref()).max(self.over_ms);
        let has_seemed_answered = self.state.answered_ms.or(self.state.denied_ms).is_some();
        let own_leg = self.state.leg.filter(|_| has_seemed_answered);
        let own_leg = own_leg.and_then(|leg| self.legs.ended_ms(leg));
        let ended = [self.legs.all_ended_ms(), own_leg, own, self.settled_ms];
        // Whichever is known to have come first: the others are the same end, seen from elsewhere.
        self.state.ended_ms = ended.into_iter().flatten().min();
        // A row that is written while the call goes on says how long so far.
        self.state.talk_sec = self.state.talk_sec.filter(|_| self.state.is_ended());
        self.wrap_up(exceeded);
        self.state.phase = self.phase();
        self.judge_parts();
        self.media();
        self.state.participants = self.participants();
        self.state
    }

    fn identify(&mut self) {
        // Who was rung last did not answer if another one did, of whom there was no news.
        let recorded = self.recorded.take().filter(|(agent, _)| {
            let rung = self.rung.as_ref().is_some_and(|rung| rung.is_same_agent(agent));
            self.answered_by.is_none() && (!rung || self.phones.last_is_not_of(agent))
        });
        if let Some((agent, leg)) = recorded {
            self.rung_on.say(&agent, leg);
            self.answered_by = Some(agent);
        }
        self.state.agent = self
            .answered_by
            .take()
            .or_else(|| self.rung.take())
            .or_else(|| self.last.take())
            .or_else(|| self.phone.agent())
            .filter(|agent| !matches!(agent.as_str().trim(), "" | "0"));
        self.deny();
        let own = self.state.agent.as_ref().and_then(|agent| self.rung_on.of(agent));
        self.state.leg = own.or(self.rung_on.last()).or_else(|| self.phone.ucids().next());
        if self.state.agents.len() > 1 {
            let leg = |agent| Some((agent_key(agent), self.rung_on.of(agent)?));
            self.state.legs = self.state.agents.iter().filter_map(leg).collect();
            let phone = |agent| (agent_key(agent), self.phones.of(Some(agent)));
            let phones = self.state.agents.iter().map(phone);
            self.state.phones = phones.filter(|(_, sip)| *sip != SipLeg::None).collect();
        }
        let handed_on = std::mem::take(&mut self.handed_on);
        self.state.parts = handed_on.parts(self.state.agent.as_ref(), &self.said);
        let talked = self.state.agent.as_ref().filter(|_| self.state.is_answered());
        let (disposition, over_ms) = std::mem::take(&mut self.said).counts(talked);
        self.state.disposition = disposition;
        self.over_ms = over_ms.into_iter().max();
        self.state.sip = self.phones.of(self.state.agent.as_ref());
        self.state.number = self.phone.caller().cloned();
        self.state.did = self.phone.did().cloned().or(self.state.did.take());
        self.state.uui = self.phone.uui().map(SensitiveText::as_str).map(str::to_owned);
        // "anonymous" is no number.
        let is_known = |number: &PhoneNumber| number.key().is_some();
        if !self.state.number.as_ref().is_some_and(is_known) {
            let said = self.state.disposition.as_ref().map(|disposition| &disposition.said);
            let typed = said.and_then(|said| said.caller.clone());
            self.state.number = typed.filter(is_known).or(self.state.number.take());
        }
    }

    /// What the service has. What it took after the limit is in place of its own word, of which the limit is returned.
    fn service_disposition(&mut self) -> Option<Overrun> {
        let name = service_disposition(&self.phone, self.state.agent.as_ref());
        let exceeded = name.and_then(Overrun::of);
        let is_taken = |given: &&DispositionState| {
            given.targets.get("service").is_some_and(|state| state == "sent")
        };
        let taken = self.state.own_disposition().filter(is_taken).filter(|_| exceeded.is_some());
        self.state.service_disposition =
            taken.map(|given| &given.said.disposition).or(name).cloned();
        exceeded
    }

    fn wrap_up(&mut self, exceeded: Option<Overrun>) {
        if let Some(ended) = self.state.ended_ms.filter(|_| self.state.wants_disposition()) {
            let limit_sec = self.wrapup_limit.or(exceeded.and_then(|overrun| overrun.limit_sec));
            let overrun = exceeded.is_some();
            self.state.wrapup = Some(Wrapup { started_ms: ended, limit_sec, overrun });
        }
    }

    fn phase(&self) -> CallPhase {
        let state = &self.state;
        // Of a call that no one has seen there are commands only: it is not going on.
        if state.began_ms.is_none() && !state.ids.is_empty() {
            return CallPhase::Closed;
        }
        if !state.is_ended() {
            return match (state.answered_ms, state.ringing_ms) {
                (Some(_), _) => CallPhase::Active,
                (None, Some(_)) => CallPhase::Ringing,
                _ => CallPhase::Calling,
            };
        }
        let delivered = state.own_disposition().is_some_and(DispositionState::is_done);
        let owed = state.wants_disposition() && !state.is_settled && !delivered;
        if owed { CallPhase::AfterCall } else { CallPhase::Closed }
    }

    fn judge_parts(&mut self) {
        let mut parts = std::mem::take(&mut self.state.parts);
        for part in &mut parts {
            let has = self.state.service_has_of(&part.agent);
            part.judge(has, self.state.is_settled, self.wrapup_limit);
            // Of a call that no one answered there is nothing to say, unless this desk dialled it.
            if !self.state.wants_disposition() {
                (part.owes, part.phase) = (false, CallPhase::Closed);
            }
        }
        self.state.parts = parts;
    }

    /// Hold, mute and recording end with the call.
    fn media(&mut self) {
        let over = self.state.is_ended();
        let paused = self.paused.unwrap_or(RecordingState::On);
        let was_paused = matches!(paused, RecordingState::Paused | RecordingState::Unknown);
        let resume_owed = over && was_paused && !self.resume_tried;
        if over {
            (self.state.held, self.state.muted) = (Some(false), Some(false));
        }
        let state = match (over, self.state.answered_ms) {
            (false, Some(_)) => paused,
            (false, None) if self.paused.is_some() => paused,
            _ => RecordingState::Off,
        };
        let paused_ms = self.state.recording.paused_ms.filter(|_| was_paused && !over);
        self.state.recording = Recording { state, paused_ms, resume_owed };
    }

    fn participants(&self) -> Vec<Participant> {
        let state = &self.state;
        // After a transfer the call goes on without the agent: who is on it then is not known.
        let gone = |default: ParticipantState| {
            let over = state.is_ended() && !(state.transferred && self.settled_ms.is_none());
            if over { ParticipantState::Left } else { default }
        };
        let customer = match (self.customer_kicked, state.answered_ms, state.direction) {
            (true, ..) => ParticipantState::Left,
            (_, Some(_), _) | (_, _, Some(Direction::Inbound)) => gone(ParticipantState::On),
            (_, None, _) if state.ringing_ms.is_some() => gone(ParticipantState::Ringing),
            _ => gone(ParticipantState::NotConfirmed),
        };
        let number = state.number.as_ref().map(|number| number.as_str().to_owned());
        let mut all = Vec::with_capacity(1 + state.agents.len() + self.thirds.len());
        all.push(Participant {
            number: number.unwrap_or_default(),
            role: ParticipantRole::Customer,
            state: customer,
            since_ms: None,
        });
        for agent in &state.agents {
            let current = state.agent.as_ref().is_some_and(|own| own.is_same_agent(agent));
            let on = match (current, state.answered_ms, state.sip) {
                _ if state.is_ended() => ParticipantState::Left,
                (false, ..) | (true, _, SipLeg::Lost) => ParticipantState::NotConfirmed,
                (true, Some(_), _) | (true, _, SipLeg::Up | SipLeg::NoDevice) => {
                    ParticipantState::On
                }
                (true, None, _) => ParticipantState::Ringing,
            };
            let (number, role) = (agent.as_str().to_owned(), ParticipantRole::Agent);
            all.push(Participant { number, role, state: on, since_ms: None });
        }
        for (number, third, since) in &self.thirds {
            let on = match third {
                ParticipantState::Left => ParticipantState::Left,
                known => gone(*known),
            };
            let number = number.as_str().to_owned();
            let (role, since_ms) = (ParticipantRole::Third, Some(*since));
            all.push(Participant { number, role, state: on, since_ms });
        }
        all
    }
}
