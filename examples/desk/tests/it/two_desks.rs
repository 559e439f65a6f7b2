//! Two desks on one store, of which one does something between what the other reads and what it writes.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use desk::core::caller::Scope;
use desk::core::fact::{Action, Fact, FactBody, LegNews};
use desk::core::outbox::{OutboxEntry, OutboxState, OutboxTarget};
use desk::flow::disposing::{DisposalOrder, dispose};
use desk::flow::facts::record;
use desk::store::memory::{Access, Interference};
use desk::store::{Outbox as _, PhoneCalls as _, StoreError};
use desk::{Desk, Settings};
use serde_json::json;

use crate::crash::disposal;
use crate::floor::{DISPOSITION, Floor, settings};

/// What the other desk does before the first write of this one.
#[derive(Default)]
struct Between(Mutex<Option<(Desk, DisposalOrder)>>);

#[async_trait]
impl Interference for Between {
    async fn before(&self, access: Access) -> Result<(), StoreError> {
        if access == Access::Write {
            let first = self.0.lock().unwrap().take();
            if let Some((desk, order)) = first {
                dispose(&desk, order).await.unwrap();
            }
        }
        Ok(())
    }

    async fn after(&self, _access: Access) -> Result<(), StoreError> {
        Ok(())
    }
}

fn order(ucid: &str, code: &str) -> DisposalOrder {
    DisposalOrder { code: code.to_owned(), ..disposal(ucid.parse().unwrap()) }
}

/// Seeds 1054 and 5315: the second to be stored was on record, and the first was sent. Two desks may take one code for
/// different dispositions, of which one does not know the service's list yet.
#[tokio::test(start_paused = true)]
async fn of_two_words_on_a_call_at_two_desks_the_one_on_record_is_the_one_that_is_sent() {
    for (first, second) in [("NO_ANSWER", "WRONG_NUMBER"), ("NO_ANSWER", "NO_ANSWER")] {
        let (floor, between) = (Floor::new(), Arc::<Between>::default());
        let memory = floor.memory().clone();
        let ucid = floor.talking().await;
        let kick = json!({"action": "KICK_CALL", "ucid": ucid, "conferenceNumber": "500001"});
        floor.post("call-control", &kick).await.ok();
        let table = Settings { dispositions: "NO_ANSWER=No Answer".parse().unwrap(), ..settings() };
        let other = Desk::new(floor.sim.client(), table, Arc::new(memory.clone()));
        let way = memory.by_way_of(Arc::<Between>::clone(&between), true);
        let desk = Desk::new(floor.sim.client(), settings(), Arc::new(way));
        *between.0.lock().unwrap() = Some((other, order(&ucid, first)));
        let refused = dispose(&desk, order(&ucid, second)).await.unwrap_err();
        assert_eq!(refused.reason(), Some("already_disposed"));
        assert!(between.0.lock().unwrap().is_none(), "the other one was first");

        let call = memory.call(&ucid, &Scope::All).await.unwrap().unwrap();
        let said = &call.state.disposition.as_ref().unwrap().said;
        assert_eq!((&*said.code, said.disposition.as_str()), (first, "No Answer"));
        let facts = memory.load_calls(std::slice::from_ref(&ucid)).await.unwrap().remove(0).call;
        let is_word = |body: &FactBody| match body {
            FactBody::Acted(acted) => matches!(acted.action, Action::Dispose(_)),
            _ => false,
        };
        assert_eq!(facts.facts().iter().filter(|fact| is_word(&fact.body)).count(), 1);
        let entries = memory.outbox_of(&call.id).await.unwrap();
        let of_service = entries.iter().filter(|entry| entry.target == OutboxTarget::Service);
        let sent: Vec<_> = of_service.map(|entry| &entry.payload["disposition"]).collect();
        assert_eq!(sent, ["No Answer"]);
        assert_eq!(floor.count(DISPOSITION), 1);
        let leg = floor.sim.world().call(ucid.parse().unwrap()).unwrap().legs[0].clone();
        assert_eq!(leg.disposition.as_deref(), Some("No Answer"));
    }
}

/// What the other desk sees of a call before this one writes what the service answered to a disposition.
struct Sees {
    floor: Floor,
    fact: Mutex<Option<Fact>>,
}

#[async_trait]
impl Interference for Sees {
    async fn before(&self, access: Access) -> Result<(), StoreError> {
        if access == Access::Write && self.floor.count(DISPOSITION) == 1 {
            let first = self.fact.lock().unwrap().take();
            if let Some(fact) = first {
                record(&self.floor.desk, vec![fact]).await.unwrap();
            }
        }
        Ok(())
    }

    async fn after(&self, _access: Access) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A dial that is young: the service knows no such call yet, and the softphone does.
#[tokio::test(start_paused = true)]
async fn what_was_said_of_a_call_that_turns_up_as_it_is_refused_is_owed() {
    for is_seen in [false, true] {
        let floor = Floor::new();
        let (sim, memory) = (floor.sim.clone(), floor.memory().clone());
        let ucid = "90000000000000009";
        let rung = Fact::of_leg("agent01".into(), ucid.parse().unwrap(), LegNews::Answered, 1);
        let fact = Mutex::new(Some(rung).filter(|_| is_seen));
        let sees = Arc::new(Sees { floor, fact });
        let way = memory.by_way_of(Arc::<Sees>::clone(&sees), true);
        let desk = Desk::new(sim.client(), settings(), Arc::new(way));
        let reply = dispose(&desk, order(ucid, "NOT_INTERESTED")).await.unwrap();
        assert!(sees.fact.lock().unwrap().is_none(), "it was seen meanwhile");
        let of_service = |entry: &OutboxEntry| entry.target == OutboxTarget::Service;
        let entries = memory.outbox_of(ucid).await.unwrap();
        let entry = entries.into_iter().find(of_service).unwrap();
        let want = if is_seen { OutboxState::Refused } else { OutboxState::NoCall };
        assert_eq!((entry.state, reply.entry.state), (want, want));
    }
}
