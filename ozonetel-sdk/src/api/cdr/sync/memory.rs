//! A sink in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use super::checkpoint::Checkpoint;
use super::row::{Content, Row, RowKey, Unread};
use super::sink::{RowBatch, Sink, Upserted};
use crate::api::cdr::CallRecord;
use crate::types::ids::{CallId, Ucid};
use crate::types::wire::Day;

/// Rows and checkpoint in memory: for tests, for examples, and as the pattern for a sink of your own.
///
/// ```
/// # ozonetel_sim::doc(async |sim, client| {
/// use ozonetel_sdk::cdr::sync::MemorySink;
/// # let noon = ozonetel_sim::world::Timestamp::parse("2026-11-21T12:00:00+05:30").ok_or("no time")?;
/// # let sim = ozonetel_sim::Sim::builder().starting_at(noon).build();
/// # let client = sim.client();
/// // No one is logged in: a leg for the queue, and one for hanging up.
/// let arrived = sim.inbound("918000000001", "9000000001").ok_or("no such DID")?;
/// sim.advance(std::time::Duration::from_secs(120)).await;
///
/// let mut sync = client.cdr().sync(MemorySink::default());
/// sync.poll().await?;
/// let call = arrived.monitor_ucid.to_string().parse()?;
/// for leg in sync.sink().legs(call) {
///     println!("{:?}", leg.event);
/// }
/// assert_eq!(sync.sink().legs(call).count(), 2);
/// # Ok(()) });
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemorySink {
    rows: BTreeMap<RowKey, StoredRow>,
    calls: BTreeMap<CallId, BTreeSet<RowKey>>,
    checkpoint: Option<Checkpoint>,
}

/// A row in memory.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StoredRow {
    /// The row, as last read.
    pub record: Option<CallRecord>,
    /// What came under its key since and cannot be parsed.
    pub unread: Option<Unread>,
    /// The phone call it belongs to.
    pub call_id: Option<CallId>,
    /// The day it was last seen on.
    pub day: Day,
    /// The reading it was last seen in.
    pub reading: u64,
}

impl MemorySink {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A leg.
    pub fn get(&self, ucid: Ucid) -> Option<&CallRecord> {
        self.rows.get(&RowKey::Leg(ucid))?.record.as_ref()
    }

    /// All rows by key, including those without UCID and those that cannot be parsed.
    pub fn rows(&self) -> impl Iterator<Item = (&RowKey, &StoredRow)> {
        self.rows.iter()
    }

    /// The legs of a phone call, by key.
    pub fn legs(&self, call: CallId) -> impl Iterator<Item = &CallRecord> {
        self.calls.get(&call).into_iter().flat_map(|keys| self.records(keys))
    }

    /// Phone calls with their legs.
    pub fn calls(&self) -> impl Iterator<Item = (CallId, Vec<&CallRecord>)> {
        self.calls.iter().map(|(call, keys)| (*call, self.records(keys).collect()))
    }

    /// Rows of a day that its last complete reading did not have any more. Rows are not known to vanish; nothing is
    /// ever deleted.
    pub fn vanished(&self, day: Day) -> impl Iterator<Item = (&RowKey, &StoredRow)> {
        let read = self.checkpoint.as_ref().and_then(|checkpoint| checkpoint.day(day)?.read);
        let last = read.map_or(0, |read| read.number);
        self.rows.iter().filter(move |(_, row)| row.day == day && row.reading < last)
    }

    /// The checkpoint that was saved last.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoint.as_ref()
    }

    fn records<'s>(&'s self, keys: &'s BTreeSet<RowKey>) -> impl Iterator<Item = &'s CallRecord> {
        keys.iter().filter_map(|key| self.rows.get(key)?.record.as_ref())
    }

    fn put(&mut self, row: &Row, day: Day, reading: u64, counts: &mut Upserted) {
        let before = self.rows.get_mut(&row.key);
        let known = before.is_some();
        let call_id = row.call_id.or(before.as_ref().and_then(|stored| stored.call_id));
        if let Some(stored) = &before
            && stored.call_id != call_id
            && let Some(keys) = stored.call_id.and_then(|call| self.calls.get_mut(&call))
        {
            keys.remove(&row.key);
        }
        if let Some(call) = call_id {
            self.calls.entry(call).or_default().insert(row.key.clone());
        }
        let fresh = StoredRow { record: None, unread: None, call_id, day, reading };
        let stored = match before {
            Some(stored) => stored,
            None => self.rows.entry(row.key.clone()).or_insert(fresh),
        };
        (stored.call_id, stored.day, stored.reading) = (call_id, day, reading);
        let same = match &row.content {
            Content::Record(record) => {
                let same = stored.unread.is_none()
                    && stored.record.as_ref().is_some_and(|old| old.says_the_same_as(record));
                (stored.record, stored.unread) = (Some((**record).clone()), None);
                same
            }
            Content::Unread(unread) => {
                stored.unread.replace(unread.clone()).as_ref() == Some(unread)
            }
        };
        match (known, same) {
            (false, _) => counts.new += 1,
            (true, false) => counts.changed += 1,
            (true, true) => counts.same += 1,
        }
    }
}

impl Sink for MemorySink {
    type Error = Infallible;

    async fn upsert(&mut self, batch: RowBatch<'_>) -> Result<Upserted, Infallible> {
        let mut counts = Upserted::default();
        for row in batch.rows {
            self.put(row, batch.day, batch.reading, &mut counts);
        }
        Ok(counts)
    }

    async fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), Infallible> {
        self.checkpoint = Some(checkpoint.clone());
        Ok(())
    }

    async fn load(&mut self) -> Result<Option<Checkpoint>, Infallible> {
        Ok(self.checkpoint.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::Reader;
    use super::*;

    fn put(sink: &mut MemorySink, reading: u64, texts: &[&str]) -> Upserted {
        let day = "2026-11-20".parse().unwrap();
        let mut reader = Reader::of(day);
        let mut counts = Upserted::default();
        for text in texts {
            sink.put(&reader.read(text), day, reading, &mut counts);
        }
        counts
    }

    fn legs(sink: &MemorySink, call: &str) -> Vec<String> {
        let legs = sink.legs(call.parse().unwrap());
        legs.map(|leg| leg.ucid.unwrap().to_string()).collect()
    }

    #[test]
    fn legs_stand_together_and_move_with_their_call() {
        let mut sink = MemorySink::default();
        assert!(sink.is_empty());
        put(
            &mut sink,
            1,
            &[
                r#"{"UCID":11,"CallID":1}"#,
                r#"{"UCID":12,"CallID":1}"#,
                r#"{"UCID":21,"CallID":2}"#,
            ],
        );
        assert_eq!(
            (legs(&sink, "1"), legs(&sink, "2")),
            (vec!["11".into(), "12".into()], vec!["21".into()])
        );
        assert_eq!(sink.calls().map(|(_, legs)| legs.len()).collect::<Vec<_>>(), [2, 1]);
        put(&mut sink, 2, &[r#"{"UCID":12,"CallID":2}"#]);
        assert_eq!(
            (legs(&sink, "1"), legs(&sink, "2")),
            (vec!["11".into()], vec!["12".into(), "21".into()])
        );
        // A row that came without its call stays where it was.
        put(&mut sink, 3, &[r#"{"UCID":12}"#]);
        assert_eq!(legs(&sink, "2"), ["12", "21"]);
        assert_eq!((sink.len(), legs(&sink, "3").len()), (3, 0));
        assert!(!sink.is_empty());
    }

    #[test]
    fn new_changed_and_same_are_told_apart() {
        let mut sink = MemorySink::default();
        let good = r#"{"UCID":11,"TalkTime":"00:00:01"}"#;
        let bad = r#"{"UCID":11,"TalkTime":"long"}"#;
        let counts = |new, changed, same| Upserted { new, changed, same };
        for (text, expected) in [
            (good, counts(1, 0, 0)),
            (good, counts(0, 0, 1)),
            (r#"{"UCID":"11","TalkTime":"00:00:01","Rating":0}"#, counts(0, 0, 1)),
            (r#"{"UCID":11,"TalkTime":"00:00:02"}"#, counts(0, 1, 0)),
            (bad, counts(0, 1, 0)),
            (bad, counts(0, 0, 1)),
            (r#"{"UCID":11,"TalkTime":"00:00:02"}"#, counts(0, 1, 0)),
        ] {
            assert_eq!(put(&mut sink, 1, &[text]), expected, "{text}");
            // Whatever came, the last one that could be parsed is there.
            assert!(sink.get("11".parse().unwrap()).unwrap().talk_time.is_some());
        }
        let mut sum = counts(1, 2, 3);
        sum += counts(10, 20, 30);
        assert_eq!(sum, counts(11, 22, 33));
    }
}
