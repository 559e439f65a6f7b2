//! Forgets a number: in every table of the database, the call records' included, whatever column it is in.
//!
//! It is searched for by reading, in portions; what is found is changed in short writes, so that a desk goes on beside
//! it. A row is changed only while it is as it was found: what was written meanwhile is found by the next search.

mod clear;
mod search;

use std::collections::BTreeSet;

use ozonetel_sdk::types::PhoneNumber;
use sqlx::AssertSqlSafe;

use super::audit::{self, AuditRow};
use super::conn::args;
use super::db::Db;
use super::error::StoreError;
use super::meta::count_forget;
use super::portions::EVENTS;
use crate::core::dial::number_key;
use search::{FACTS, FoundRow, Position, TextTable, search, text_tables};

/// How often all is searched, for what was written during the search before.
const SEARCHES: u32 = 10;

/// How many rows are changed by one write.
const TOGETHER: usize = 100;

/// What was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ForgottenNumber {
    /// Calls of the number: they stay, without it and without notes.
    pub calls: usize,
    /// Rows that were about its holder alone, such as leads: they are gone.
    pub removed: u64,
    /// Other places in which it stood.
    pub places: u64,
    /// Whether the last search found nothing; if not, it was written again and again meanwhile.
    pub is_whole: bool,
}

/// What is being done.
#[derive(Debug)]
struct Forgetting {
    number: PhoneNumber,
    tables: Vec<TextTable>,
    calls: BTreeSet<String>,
    done: ForgottenNumber,
}

impl Db {
    /// Forgets a number in all its spellings: rows about its holder alone are removed, in all others it is replaced, and
    /// the notes of its calls go; those that are still to be delivered go with their delivery. Text that the service sent
    /// is kept without it. Digests that the number could be found by are replaced.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`]. What was forgotten until then stays so.
    pub async fn forget_number(
        &self,
        number: &PhoneNumber,
        row: AuditRow,
    ) -> Result<ForgottenNumber, StoreError> {
        let tables = self.read(|tx| Box::pin(text_tables(tx))).await?;
        let (calls, done) = (BTreeSet::new(), ForgottenNumber::default());
        let mut forgetting = Forgetting { number: number.clone(), tables, calls, done };
        // Rows are found by their keys as well.
        let searched = match self.renew_keys(row.at).await {
            Ok(()) => self.search_until_gone(&mut forgetting).await,
            Err(error) => Err(error),
        };
        let emptied = self.drop_events().await;
        let is_done = searched.is_ok() && emptied.is_ok();
        let row = if is_done { row } else { row.ending("unfinished") };
        let gone = emptied.clone().ok();
        let noted = self.write(move |tx| {
            Box::pin(async move {
                // A number that no event has: whoever comes back has missed something, and gets a snapshot.
                tx.execute("UPDATE desk_event_head SET id = id + 1", args![]).await?;
                if let Some(newest) = gone {
                    let delete = "DELETE FROM desk_event WHERE id > $1";
                    tx.execute(delete, args![newest]).await?;
                }
                count_forget(tx).await?;
                audit::append(tx, &[row]).await
            })
        });
        let noted = noted.await;
        searched.and(emptied).and(noted)?;
        if !self.empty_log().await? {
            tracing::warn!(
                "what was forgotten is in the log of the file's writes until others let it be emptied"
            );
        }
        Ok(forgetting.done)
    }

    /// Removes all events that are there; the number of the newest of them.
    async fn drop_events(&self) -> Result<i64, StoreError> {
        let newest = self.newest().await?;
        self.remove_old(EVENTS, i64::MAX).await?;
        Ok(newest)
    }

    async fn search_until_gone(&self, forgetting: &mut Forgetting) -> Result<(), StoreError> {
        for _ in 0..SEARCHES {
            let mut found = self.forget_calls(forgetting).await?;
            found |= self.remove_own_rows(forgetting).await?;
            for table in forgetting.tables.clone() {
                found |= self.forget_in(table, forgetting).await?;
            }
            if !found {
                forgetting.done.is_whole = true;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Forgets the number in its calls: those whose customer has it, and those in which it had another part.
    async fn forget_calls(&self, forgetting: &mut Forgetting) -> Result<bool, StoreError> {
        let key = number_key(&forgetting.number);
        let select = "SELECT id FROM desk_call WHERE number_key = $1";
        let of_customer =
            self.read(move |tx| Box::pin(async move { tx.rows(select, args![key]).await }));
        let mut calls = BTreeSet::new();
        for row in of_customer.await? {
            calls.insert(row.get::<String>("id")?);
        }
        let found = !calls.is_empty();
        self.forget_each(calls, forgetting).await?;
        let Some(facts) = forgetting.tables.iter().find(|table| table.name == FACTS).cloned()
        else {
            return Ok(found);
        };
        let (mut found, mut from) = (found, Some(Position::Start));
        while let Some(position) = from.take() {
            let number = forgetting.number.clone();
            let portion = search(self, facts.clone(), position, number).await?;
            let said = |row: &&FoundRow| row.cleared.iter().any(|one| one.column == "body");
            let calls = portion.found.iter().filter(said).filter_map(|row| row.text("call"));
            let calls: BTreeSet<_> = calls.map(str::to_owned).collect();
            found |= !calls.is_empty();
            self.forget_each(calls, forgetting).await?;
            from = portion.next;
        }
        Ok(found)
    }

    async fn forget_each(
        &self,
        calls: BTreeSet<String>,
        forgetting: &mut Forgetting,
    ) -> Result<(), StoreError> {
        for id in calls {
            let (call, number) = (id.clone(), forgetting.number.clone());
            self.write(move |tx| {
                Box::pin(async move { clear::clear_call_of(tx, &call, &number).await })
            })
            .await?;
            forgetting.calls.insert(id);
        }
        forgetting.done.calls = forgetting.calls.len();
        Ok(())
    }

    /// Removes what is about the number's holder alone.
    async fn remove_own_rows(&self, forgetting: &mut Forgetting) -> Result<bool, StoreError> {
        let (key, number) = (number_key(&forgetting.number), forgetting.number.clone());
        let own = forgetting.tables.iter().filter(|table| table.is_of_holders());
        let names = own.map(|table| table.name.clone());
        let names: Vec<_> = names.collect();
        let removed = self.write(move |tx| {
            Box::pin(async move {
                let emptied = clear::clear_messages(tx, &number).await?;
                let mut removed = 0;
                for name in names {
                    let delete = format!("DELETE FROM {name} WHERE number_key = $1");
                    removed += tx.execute(AssertSqlSafe(delete), args![&key]).await?;
                }
                Ok((removed, emptied))
            })
        });
        let (removed, emptied) = removed.await?;
        forgetting.done.removed += removed;
        forgetting.done.places += emptied;
        Ok(removed + emptied > 0)
    }

    /// Forgets the number in one table; whether it was there.
    async fn forget_in(
        &self,
        table: TextTable,
        forgetting: &mut Forgetting,
    ) -> Result<bool, StoreError> {
        let (mut any, mut from) = (false, Some(Position::Start));
        // Facts go with their calls.
        while let Some(position) = from.take().filter(|_| table.name != FACTS) {
            let number = forgetting.number.clone();
            let portion = search(self, table.clone(), position, number).await?;
            any |= !portion.found.is_empty();
            let mut found = portion.found.into_iter().peekable();
            while found.peek().is_some() {
                let some: Vec<FoundRow> = found.by_ref().take(TOGETHER).collect();
                let (own, number) = (table.clone(), forgetting.number.clone());
                let cleared = self
                    .write(move |tx| {
                        Box::pin(async move { clear::clear_rows(tx, &own, some, &number).await })
                    })
                    .await?;
                forgetting.done.removed += cleared.removed;
                forgetting.done.places += cleared.places;
            }
            from = portion.next;
        }
        Ok(any)
    }
}

#[cfg(test)]
mod tests;
