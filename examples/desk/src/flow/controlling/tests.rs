use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;
use ozonetel_sim::Sim;

use super::*;
use crate::core::caller::Scope;
use crate::core::fact::{Fact, LegNews};
use crate::core::transfer::TransferStep;
use crate::desk::Settings;
use crate::store::Memory;
use crate::store::memory::{Access, Interference};

/// The store cannot be written to at times.
#[derive(Default)]
struct Away(AtomicBool);

#[async_trait]
impl Interference for Away {
    async fn before(&self, access: Access) -> Result<(), StoreError> {
        let is_away = access == Access::Write && self.0.load(Ordering::Relaxed);
        if is_away { Err(StoreError::Unavailable("it is away".into())) } else { Ok(()) }
    }

    async fn after(&self, _: Access) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The call is going on; what its agent asks for.
async fn order(desk: &Desk, ucid: Ucid, action: Action) -> ControlOrder {
    let agent = AgentId::from("agent01");
    ControlOrder {
        actor: Actor { by: "u1".to_owned(), agent },
        ucid,
        call: desk.store().call(ucid.as_str(), &Scope::All).await.unwrap(),
        loaded: None,
        did: Some("918000000001".into()),
        phone_name: Some("agent01".into()),
        agent_number: Some("500001".into()),
        action,
        is_judged: true,
        audit: AuditRow::of_desk(0, "call.transfer", "call:1"),
    }
}

/// The third party was rung, the agent was told that no transfer was under way, and rang them a second time.
#[tokio::test(start_paused = true)]
async fn a_transfer_that_could_not_be_recorded_goes_on_and_rings_no_one_twice() {
    for (warm, steps, left) in
        [(false, 2, TransferStep::Completed), (true, 1, TransferStep::Consulting)]
    {
        let (sim, away) = (Sim::start(), Arc::new(Away::default()));
        let client = sim.client();
        client.agents().login("agent01", "secret", "500001").await.unwrap();
        let dial = client.dial().agent("agent01", "support_out", "9000000001");
        let ucid = dial.await.unwrap().ucid();
        sim.advance(Duration::from_secs(10)).await;
        let store = Memory::new().by_way_of(Arc::clone(&away) as Arc<dyn Interference>, false);
        let desk = Desk::new(sim.client(), Settings::default(), Arc::new(store));
        let up = Fact::of_leg("agent01".into(), ucid, LegNews::Answered, now_ms(&desk));
        record(&desk, vec![up]).await.unwrap();
        sim.advance(Duration::from_secs(1)).await;
        let asked = order(&desk, ucid, Action::Transfer { number: "9000000002".into(), warm });
        let asked = asked.await;
        away.0.store(true, Ordering::Relaxed);
        control(&desk, asked).await.unwrap();
        let sent = || {
            let requests = sim.requests();
            requests.iter().filter(|entry| entry.path.ends_with("/CallControl_V4")).count()
        };
        assert_eq!(sent(), steps);
        away.0.store(false, Ordering::Relaxed);
        tokio::time::sleep(write_again::PAUSE * 2).await;
        let again = order(&desk, ucid, Action::Transfer { number: "9000000002".into(), warm });
        let again = again.await;
        assert_eq!(again.call.as_ref().unwrap().state.transfer.step, left);
        assert!(control(&desk, again).await.is_err());
        assert_eq!(sent(), steps);
    }
}
