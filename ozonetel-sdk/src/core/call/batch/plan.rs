//! Which rows go out together.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::{RowOutcome, RowResult};
use crate::types::invalid::{Invalid, InvalidRow};

/// The rows of an input, and which of them are left out.
#[derive(Debug)]
pub(super) struct BatchPlan {
    total: usize,
    most: usize,
    /// The first thing that is wrong with each bad row.
    bad: BTreeMap<usize, Invalid>,
}

/// One batch: the rows that it is done with, and those of them that are sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PlannedBatch {
    pub(super) rows: RangeInclusive<usize>,
    pub(super) sent: Vec<usize>,
}

impl BatchPlan {
    pub(super) fn new(total: usize, most: usize, invalid: &[InvalidRow]) -> Self {
        let mut bad = BTreeMap::new();
        for InvalidRow { row, invalid } in invalid {
            bad.entry(*row).or_insert_with(|| invalid.clone());
        }
        Self { total, most: most.max(1), bad }
    }

    /// Whether any row from this one on is good.
    pub(super) fn any_good(&self, from: usize) -> bool {
        (from..=self.total).any(|row| !self.bad.contains_key(&row))
    }

    /// The batch that begins with a row. Bad rows behind its last good one belong to it, so that no batch is empty.
    pub(super) fn next(&self, from: usize) -> PlannedBatch {
        let mut sent = Vec::new();
        let mut end = from.saturating_sub(1);
        for row in from..=self.total {
            if !self.bad.contains_key(&row) {
                if sent.len() == self.most {
                    break;
                }
                sent.push(row);
            }
            end = row;
        }
        PlannedBatch { rows: from..=end, sent }
    }

    /// What became of each row of a batch, if this became of those that were sent.
    pub(super) fn results(&self, batch: &PlannedBatch, sent: &RowOutcome) -> Vec<RowResult> {
        let outcome = |row: usize| match self.bad.get(&row) {
            Some(invalid) => RowOutcome::Invalid(invalid.clone()),
            None => sent.clone(),
        };
        batch.rows.clone().map(|row| RowResult { row, outcome: outcome(row) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plan(total: usize, most: usize, bad: &[usize]) -> BatchPlan {
        let invalid = |row: &usize| InvalidRow { row: *row, invalid: Invalid::new("Name", "bad") };
        BatchPlan::new(total, most, &bad.iter().map(invalid).collect::<Vec<_>>())
    }

    #[test]
    fn bad_rows_are_done_with_and_not_sent() {
        let plan = plan(7, 2, &[1, 3, 6, 7]);
        assert_eq!(plan.next(1), PlannedBatch { rows: 1..=4, sent: vec![2, 4] });
        assert_eq!(plan.next(5), PlannedBatch { rows: 5..=7, sent: vec![5] });
        assert!(plan.any_good(5) && !plan.any_good(6));
    }

    proptest! {
        #[test]
        fn every_row_is_in_one_batch_and_every_good_one_is_sent_once(
            total in 1usize..60,
            most in 1usize..9,
            bad in proptest::collection::btree_set(1usize..60, 0..40),
        ) {
            let bad: Vec<usize> = bad.into_iter().filter(|row| *row <= total).collect();
            let plan = plan(total, most, &bad);
            let (mut at, mut sent, mut results) = (1, Vec::new(), Vec::new());
            while at <= total && plan.any_good(at) {
                let batch = plan.next(at);
                prop_assert!((1..=most).contains(&batch.sent.len()));
                prop_assert_eq!(*batch.rows.start(), at);
                results.extend(plan.results(&batch, &RowOutcome::Taken));
                at = batch.rows.end() + 1;
                sent.extend(batch.sent);
            }
            let good: Vec<usize> = (1..=total).filter(|row| !bad.contains(row)).collect();
            prop_assert_eq!(&sent, &good);
            if !good.is_empty() {
                let rows: Vec<usize> = results.iter().map(|result| result.row).collect();
                prop_assert_eq!(rows, (1..=total).collect::<Vec<_>>());
                for result in results {
                    let taken = result.outcome == RowOutcome::Taken;
                    prop_assert_eq!(taken, !bad.contains(&result.row));
                }
            }
        }
    }
}
