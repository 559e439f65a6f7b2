//! What was learned lately, in memory: bounded in number and in time, the oldest goes first.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::quality::RandomState;
use tokio::time::Instant;

/// Values by key, each for a time after it was written.
#[derive(Debug)]
pub(crate) struct RecentMap<K, V> {
    most: usize,
    kept: Duration,
    inner: Mutex<Inner<K, V>>,
}

#[derive(Debug)]
struct Inner<K, V> {
    values: HashMap<K, (Instant, V), RandomState>,
    /// Each write, in order. One that was overtaken by a later write of the same key counts no more.
    writes: VecDeque<(Instant, K)>,
}

impl<K: Clone + Eq + Hash, V: Clone> RecentMap<K, V> {
    /// At most so many, each for so long.
    pub(crate) fn new(most: usize, kept: Duration) -> Self {
        let inner = Inner { values: HashMap::default(), writes: VecDeque::new() };
        Self { most, kept, inner: Mutex::new(inner) }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let (inner, now) = (self.inner(), Instant::now());
        let (at, value) = inner.values.get(key)?;
        (now.saturating_duration_since(*at) < self.kept).then(|| value.clone())
    }

    /// Writes a value that depends on what was there. One that stays as it was keeps its time.
    pub(crate) fn change(&self, key: &K, change: impl FnOnce(Option<&V>) -> V)
    where
        V: PartialEq,
    {
        let (mut inner, now) = (self.inner(), Instant::now());
        let known = inner.values.get(key);
        let known = known.filter(|(at, _)| now.saturating_duration_since(*at) < self.kept);
        let value = change(known.map(|(_, value)| value));
        if known.is_none_or(|(_, known)| *known != value) {
            inner.put(now, key.clone(), value);
            inner.forget(now, self.most, self.kept);
        }
    }

    /// Writes a value.
    pub(crate) fn put(&self, key: K, value: V) {
        let (mut inner, now) = (self.inner(), Instant::now());
        inner.put(now, key, value);
        inner.forget(now, self.most, self.kept);
    }

    fn inner(&self) -> MutexGuard<'_, Inner<K, V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash, V> Inner<K, V> {
    fn put(&mut self, now: Instant, key: K, value: V) {
        self.writes.push_back((now, key.clone()));
        self.values.insert(key, (now, value));
    }

    /// Forgets what is too old or too much.
    fn forget(&mut self, now: Instant, most: usize, kept: Duration) {
        while let Some((at, _)) = self.writes.front()
            && (self.writes.len() > most || now.saturating_duration_since(*at) >= kept)
            && let Some((at, key)) = self.writes.pop_front()
        {
            if self.values.get(&key).is_some_and(|(written, _)| *written == at) {
                self.values.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn the_oldest_goes_first_and_everything_in_time() {
        let map = RecentMap::new(3, KEPT);
        for n in 0..5 {
            map.put(n, n * 10);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let found: Vec<_> = (0..5).filter_map(|n| map.get(&n)).collect();
        assert_eq!(found, [20, 30, 40]);
        tokio::time::advance(Duration::from_secs(58)).await;
        assert_eq!((map.get(&3), map.get(&4)), (None, Some(40)));
        map.put(9, 90);
        let inner = map.inner();
        assert_eq!((inner.values.len(), inner.writes.len()), (2, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_knows_what_was_there_and_counts_as_written_only_if_it_is_one() {
        let map = RecentMap::new(3, KEPT);
        let add = |known: Option<&i32>| known.copied().unwrap_or(0) + 1;
        map.change(&"a", add);
        tokio::time::advance(KEPT / 2).await;
        map.change(&"a", |known| *known.unwrap_or(&0));
        tokio::time::advance(KEPT / 2).await;
        assert_eq!(map.get(&"a"), None);
        map.change(&"a", add);
        map.change(&"a", add);
        assert_eq!(map.get(&"a"), Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_again_and_again_is_kept_once_and_bounded() {
        let map = RecentMap::new(3, KEPT);
        for n in 0..100 {
            map.put("a", n);
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(map.get(&"a"), Some(99));
        assert!(map.inner().writes.len() <= 3);
    }
}
