//! Dials that ask for the UCID, and replies that have it.

use serde::{Deserialize, Serialize};

use super::{AgentDial, DialedWithoutUcid, Dialing, SkillDial};
use crate::core::call::Call;
use crate::core::endpoint::{Endpoint, Reply, Spec};
use crate::types::ids::Ucid;
use crate::types::invalid::Invalid;
use crate::types::phone::DialPlan;
use crate::types::wire::{Flag, SensitiveText, YesNo};

/// An accepted dial, with the UCID of its leg.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "DialedWithoutUcid", into = "DialedWithoutUcid")]
pub struct Dialed {
    ucid: Ucid,
    answer: DialedWithoutUcid,
}

impl Dialed {
    /// The leg's UCID.
    pub fn ucid(&self) -> Ucid {
        self.ucid
    }

    /// The service's word.
    pub fn status(&self) -> Option<&str> {
        self.answer.status.as_deref()
    }

    /// The whole answer.
    pub fn answer(&self) -> &DialedWithoutUcid {
        &self.answer
    }
}

impl TryFrom<DialedWithoutUcid> for Dialed {
    type Error = Invalid;

    fn try_from(answer: DialedWithoutUcid) -> Result<Self, Invalid> {
        let ucid = answer.ucid.ok_or(Invalid::new("ucid", "is missing"))?;
        Ok(Self { ucid, answer })
    }
}

impl From<Dialed> for DialedWithoutUcid {
    fn from(dialed: Dialed) -> Self {
        dialed.answer
    }
}

impl Reply for Dialed {}

/// A dial that can ask for the UCID.
pub trait AsksForUcid: Dialing<Reply = DialedWithoutUcid> {
    /// Whether the answer is to carry the UCID.
    fn ask(&mut self, yes: bool);

    /// Whether it is.
    fn asks(&self) -> bool;
}

macro_rules! asks {
    ($($dial:ty),*) => { $(
        impl AsksForUcid for $dial {
            fn ask(&mut self, yes: bool) {
                self.want_ucid = yes.then_some(YesNo(true));
            }

            fn asks(&self) -> bool {
                self.want_ucid == Some(YesNo(true))
            }
        }
    )* };
}
asks!(AgentDial, SkillDial);

/// A dial that asks for the UCID, so that an accepted one always has it: an answer without one is unreadable, and the
/// dial may have happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WithUcid<E>(E);

impl<E: AsksForUcid> WithUcid<E> {
    /// Asks for the UCID.
    pub fn new(mut dial: E) -> Self {
        dial.ask(true);
        Self(dial)
    }
}

impl<E: AsksForUcid> Endpoint for WithUcid<E> {
    const SPEC: Spec = E::SPEC;
    type Reply = Dialed;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        self.0.prepare(plan)
    }

    fn check(&self) -> Result<(), Invalid> {
        if !self.0.asks() {
            return Err(Invalid::new("UCID", "has to be asked for"));
        }
        self.0.check()
    }

    fn reference(&self) -> Option<&str> {
        self.0.reference()
    }
}

impl<E: AsksForUcid> Dialing for WithUcid<E> {
    type Accepted = Ucid;

    fn accepted(reply: &Dialed) -> Ucid {
        reply.ucid
    }

    fn set_uui(&mut self, uui: SensitiveText) {
        self.0.set_uui(uui);
    }
}

impl<'c, E: AsksForUcid> Call<'c, WithUcid<E>> {
    /// Does not ask for the UCID: for accounts where asking makes dials fail, as one integrator reports.
    pub fn without_ucid(self) -> Call<'c, E> {
        self.map_into(|WithUcid(mut dial)| {
            dial.ask(false);
            dial
        })
    }
}

impl Call<'_, WithUcid<AgentDial>> {
    /// Skips the service's own check of the number.
    pub fn skip_validation(self) -> Self {
        self.map(|request| request.0.skip_validation = Some(Flag(true)))
    }
}
