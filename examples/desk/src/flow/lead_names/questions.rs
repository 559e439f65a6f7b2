//! Questions to a platform elsewhere about the numbers of lists. Of a number there is one at a time, for all who want to
//! know, and it goes on when no one waits for it any more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::Shared;
use ozonetel_sdk::types::PhoneNumber;
use tokio::sync::{Semaphore, oneshot};

use super::KnownLead;
use crate::ports::platform::{Platform, PlatformError};

/// How many numbers a platform elsewhere is asked for at once.
const TOGETHER: usize = 250;

/// How many questions are under way at once. Others wait for their turn.
const AT_ONCE: usize = 4;

/// For how many numbers there are questions.
const MOST: usize = 10_000;

/// How long a question may take, with the wait for its turn.
const LONGEST: Duration = Duration::from_secs(30);

/// What the platform has answered about some numbers.
pub(in crate::flow) struct ListAnswer {
    /// The leads that it found, by the numbers' keys.
    pub(in crate::flow) leads: BTreeMap<String, KnownLead>,
    /// Whether there are no others.
    pub(in crate::flow) is_whole: bool,
}

/// A question, for whoever waits for its answer; an error if it has none.
pub(in crate::flow) type AskedQuestion = Shared<oneshot::Receiver<Arc<ListAnswer>>>;

type UnderWay = Arc<Mutex<BTreeMap<String, AskedQuestion>>>;

/// The questions that are under way.
pub(super) struct LeadQuestions {
    /// By the keys of their numbers.
    under_way: UnderWay,
    turns: Arc<Semaphore>,
}

impl Default for LeadQuestions {
    fn default() -> Self {
        Self { under_way: UnderWay::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl LeadQuestions {
    /// The questions about numbers: for each the one that is under way, or else is put now. The latter are returned as
    /// well, to be asked. There is none of a number for which there is no room.
    pub(super) fn about(
        &self,
        numbers: BTreeMap<String, PhoneNumber>,
    ) -> (BTreeMap<String, AskedQuestion>, Vec<LeadQuestion>) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let mut asked = BTreeMap::new();
        let mut new = Vec::new();
        for (key, number) in numbers {
            match under_way.get(&key) {
                Some(known) => _ = asked.insert(key, known.clone()),
                None => new.push((key, number)),
            }
        }
        new.truncate(MOST.saturating_sub(under_way.len()));
        let mut questions = Vec::new();
        for part in new.chunks(TOGETHER) {
            let (tell, answer) = oneshot::channel();
            let answer = answer.shared();
            for (key, _) in part {
                under_way.insert(key.clone(), answer.clone());
                asked.insert(key.clone(), answer.clone());
            }
            let (numbers, turns) = (part.to_vec(), Arc::clone(&self.turns));
            let under_way = Arc::clone(&self.under_way);
            questions.push(LeadQuestion { numbers, tell: Some(tell), turns, under_way });
        }
        (asked, questions)
    }
}

/// A question that is to be asked. It is under way until it is dropped.
pub(in crate::flow) struct LeadQuestion {
    numbers: Vec<(String, PhoneNumber)>,
    tell: Option<oneshot::Sender<Arc<ListAnswer>>>,
    turns: Arc<Semaphore>,
    under_way: UnderWay,
}

impl LeadQuestion {
    /// Asks the platform.
    pub(super) async fn ask(&self, platform: &dyn Platform) -> Result<ListAnswer, PlatformError> {
        let numbers: Vec<_> = self.numbers.iter().map(|(_, number)| number.clone()).collect();
        let asked = async {
            let _turn = self.turns.acquire().await;
            platform.leads_of_numbers(&numbers).await
        };
        let late = PlatformError::Unavailable("it does not answer in time".into());
        let found = tokio::time::timeout(LONGEST, asked).await.unwrap_or(Err(late))?;
        let leads = found.leads.into_iter().map(|(key, lead)| (key, lead.into())).collect();
        Ok(ListAnswer { leads, is_whole: found.unreadable == 0 })
    }

    /// The keys of its numbers.
    pub(super) fn keys(&self) -> impl Iterator<Item = &String> {
        self.numbers.iter().map(|(key, _)| key)
    }

    /// Gives the answer to all who wait for it.
    pub(super) fn answer(mut self, answer: ListAnswer) {
        if let Some(tell) = self.tell.take() {
            // No one may wait any more.
            let _ = tell.send(Arc::new(answer));
        }
    }
}

impl Drop for LeadQuestion {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, _) in &self.numbers {
            under_way.remove(key);
        }
    }
}
