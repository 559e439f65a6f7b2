//! Tells of agents whose calls, or what they owe, have changed: both are shown beside the service's word about them, which
//! may stay the same. One desk of several does it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ozonetel_sdk::types::AgentId;
use serde::Deserialize;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::core::caller::{Scope, agent_key};
use crate::desk::Desk;
use crate::flow::agent_state::tell_work;
use crate::store::{Audience, Event, StoreError};

/// For how long news is collected: what one action changes is told of once.
const TOGETHER: Duration = Duration::from_millis(200);

/// After how long it is tried again to tell of an agent, if nothing happens before.
const AGAIN: Duration = Duration::from_secs(15);

/// Of how many calls the phase is remembered.
const MOST: usize = 20_000;

/// What an event says of a call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Seen {
    ucid: String,
    phase: String,
    #[serde(default)]
    part: Option<SeenPart>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct SeenPart {
    phase: String,
}

/// The agents of whom something has changed that is not told yet.
#[derive(Debug, Default)]
struct News {
    agents: BTreeSet<String>,
    /// Of whom it cannot be told, and when that is tried again.
    stuck: BTreeMap<String, Instant>,
    /// How far the calls of each agent were.
    seen: BTreeMap<(String, String), Seen>,
}

impl News {
    fn hear(&mut self, event: &Event) {
        let Audience::Agent(agent) = &event.audience else { return };
        let agent = agent_key(agent);
        match event.kind.as_str() {
            "owed.changed" => {
                self.agents.insert(agent);
            }
            "call.changed" => {
                let Ok(seen) = serde_json::from_str::<Seen>(&event.body) else { return };
                if self.seen.len() >= MOST {
                    self.seen.clear();
                }
                let of = (agent.clone(), seen.ucid.clone());
                let known = if seen.phase == "closed" {
                    self.seen.remove(&of)
                } else {
                    self.seen.insert(of, seen.clone())
                };
                if known.as_ref() != Some(&seen) {
                    self.agents.insert(agent);
                }
            }
            _ => {}
        }
    }

    /// Adds everyone of whom something is kept.
    async fn all(&mut self, desk: &Desk) -> Result<(), StoreError> {
        let kept = desk.store().kept_agents(&Scope::All).await?;
        self.agents.extend(kept.iter().map(|kept| agent_key(&kept.record.agent)));
        Ok(())
    }

    /// Tells of those who have changed. Who could not be told of is told of later: alone, whatever happens before, if it
    /// was of that agent only; with all who come after if the store was away.
    ///
    /// # Errors
    /// The last of them.
    async fn tell(&mut self, desk: &Desk) -> Result<(), StoreError> {
        let now = Instant::now();
        self.agents.extend(self.stuck.extract_if(.., |_, at| *at <= now).map(|(agent, _)| agent));
        let mut told = Ok(());
        while let Some(agent) = self.agents.pop_first() {
            if self.stuck.contains_key(&agent) {
                continue;
            }
            if let Err(error) = tell_work(desk, &AgentId::from(agent.as_str())).await {
                let is_away = matches!(error, StoreError::Unavailable(_) | StoreError::Unknown);
                told = Err(error);
                if is_away {
                    self.agents.insert(agent);
                    break;
                }
                self.stuck.insert(agent, now + AGAIN);
            }
        }
        told
    }

    /// When to try again, if nothing happens before.
    fn again(&self, is_behind: bool) -> Option<Instant> {
        let is_left = is_behind || !self.agents.is_empty();
        let left = is_left.then(|| Instant::now() + AGAIN);
        self.stuck.values().copied().chain(left).min()
    }
}

/// Runs until `stop`.
pub async fn run(desk: Desk, stop: CancellationToken) {
    let (mut news, mut events) = (News::default(), desk.events().follow());
    // What has changed while no desk told of it.
    let mut is_behind = true;
    loop {
        let told = async {
            if is_behind {
                news.all(&desk).await?;
                is_behind = false;
            }
            news.tell(&desk).await
        };
        if let Err(error) = told.await {
            tracing::warn!(%error, "that an agent's calls have changed was not told");
        }
        let again = news.again(is_behind);
        let heard = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            heard = events.recv() => heard,
            () = sleep_until(again.unwrap_or_else(Instant::now)), if again.is_some() => continue,
        };
        match heard {
            Ok(run) => run.iter().for_each(|event| news.hear(event)),
            Err(RecvError::Lagged(_)) => is_behind = true,
            Err(RecvError::Closed) => return stop.cancelled().await,
        }
        tokio::time::sleep(TOGETHER).await;
        loop {
            match events.try_recv() {
                Ok(run) => run.iter().for_each(|event| news.hear(event)),
                Err(TryRecvError::Lagged(_)) => is_behind = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;
    use ozonetel_sim::Sim;

    use super::*;
    use crate::core::agent::{StateSource, StateWord};
    use crate::core::fact::{Fact, LegNews};
    use crate::desk::Settings;
    use crate::flow::agent_state::say;
    use crate::flow::facts::record;
    use crate::store::memory::{Access, Interference};
    use crate::store::{Events as _, Memory, NewEvent};

    /// What becomes of the next reads.
    #[derive(Default)]
    struct Reads(Mutex<VecDeque<Option<StoreError>>>, AtomicU32);

    #[async_trait]
    impl Interference for Reads {
        async fn before(&self, access: Access) -> Result<(), StoreError> {
            if access == Access::Write {
                return Ok(());
            }
            self.1.fetch_add(1, Relaxed);
            self.0.lock().unwrap().pop_front().flatten().map_or(Ok(()), Err)
        }

        async fn after(&self, _: Access) -> Result<(), StoreError> {
            Ok(())
        }
    }

    /// Three agents, each with a call of which nothing was told; the desk that tells, and what happens to its reads.
    async fn three() -> (Memory, Desk, Arc<Reads>) {
        let (memory, sim, reads) = (Memory::new(), Sim::start(), Arc::<Reads>::default());
        let desk = Desk::new(sim.client(), Settings::default(), Arc::new(memory.clone()));
        for n in 1..=3 {
            let agent = AgentId::from(format!("agent0{n}").as_str());
            let at_ms = desk.now();
            let (source, word) = (StateSource::Event, "BUSY".to_owned());
            say(&desk, &agent, StateWord { at_ms, source, word, reason: None }).await.unwrap();
            let ucid = format!("9000000000000000{n}").parse().unwrap();
            record(&desk, vec![Fact::of_leg(agent, ucid, LegNews::Answered, at_ms)]).await.unwrap();
        }
        let way = memory.by_way_of(Arc::clone(&reads) as Arc<dyn Interference>, true);
        (memory, Desk::new(sim.client(), Settings::default(), Arc::new(way)), reads)
    }

    /// The agents whose calls were told of.
    async fn told(memory: &Memory) -> Vec<String> {
        let events = memory.events_after(0, 1_000).await.unwrap();
        let views = events.iter().filter(|event| event.kind == "agent.changed");
        let views = views.map(|event| serde_json::from_str::<serde_json::Value>(&event.body));
        let shown = views.map(Result::unwrap).filter(|view| !view["call"].is_null());
        shown.map(|view| view["agent"].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn who_cannot_be_told_of_keeps_no_one_else_from_it() {
        let (memory, desk, reads) = three().await;
        let agents = ["agent01", "agent02", "agent03"].map(str::to_owned);
        let mut news = News { agents: BTreeSet::from(agents), ..News::default() };
        *reads.0.lock().unwrap() = [Some(StoreError::Corrupt("agent"))].into();
        assert_eq!(news.tell(&desk).await, Err(StoreError::Corrupt("agent")));
        assert_eq!(told(&memory).await, ["agent02", "agent03"]);
        assert_eq!(
            (news.agents.len(), news.stuck.into_keys().collect()),
            (0, vec!["agent01".to_owned()])
        );
    }

    /// Other things happen meanwhile.
    #[tokio::test(start_paused = true)]
    async fn of_who_cannot_be_told_of_it_is_tried_again_later_and_alone() {
        let (memory, desk, reads) = three().await;
        // Of everyone, and then of the first.
        *reads.0.lock().unwrap() = [None, Some(StoreError::Corrupt("agent"))].into();
        let stop = CancellationToken::new();
        let telling = tokio::spawn(run(desk, stop.clone()));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(told(&memory).await, ["agent02", "agent03"]);
        let before = reads.1.load(Relaxed);
        for _ in 0..10 {
            let event = NewEvent::new("worklist.changed", Audience::Everyone, &1).unwrap();
            memory.append_events(1, vec![event]).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let read = reads.1.load(Relaxed) - before;
        assert!(read <= 10, "{read} reads for ten events, which are read themselves");
        tokio::time::sleep(AGAIN).await;
        assert_eq!(told(&memory).await, ["agent02", "agent03", "agent01"]);
        stop.cancel();
        telling.await.unwrap();
    }

    /// Nothing happens meanwhile.
    #[tokio::test(start_paused = true)]
    async fn who_could_not_be_told_of_is_told_later() {
        let (memory, desk, reads) = three().await;
        let away = StoreError::Unavailable("it is away".into());
        *reads.0.lock().unwrap() = vec![Some(away); 100].into();
        let stop = CancellationToken::new();
        let telling = tokio::spawn(run(desk, stop.clone()));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(told(&memory).await, [""; 0]);
        reads.0.lock().unwrap().clear();
        tokio::time::sleep(AGAIN).await;
        assert_eq!(told(&memory).await, ["agent01", "agent02", "agent03"]);
        stop.cancel();
        telling.await.unwrap();
    }
}
