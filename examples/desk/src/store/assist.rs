//! Live assist: transcripts, suggestions, summaries, what campaigns consent to, and what was used on a day.

use async_trait::async_trait;

use super::audit::{self, AuditRow};
use super::call_ids::id_of;
use super::conn::{Row, args};
use super::db::Db;
use super::error::StoreError;
use super::event::NewEvent;
use super::event_rows;
use super::tx::Tx;
use crate::core::assist::budget::Used;
use crate::core::assist::transcript::{Speaker, Suggestion, TranscriptEntry, TranscriptKind};

/// What was heard in calls, and what came of it. What is read is of a call's own id, not of a leg's; what is written goes
/// to the call that an id belongs to.
#[async_trait]
pub trait Assists: Send + Sync {
    /// When the call's first audio came: `at`, unless it came before.
    ///
    /// # Errors
    /// The store is not available.
    async fn begin_assist(&self, call: &str, at: i64) -> Result<i64, StoreError>;

    /// Writes entries of a transcript, each over the one that has its id.
    ///
    /// # Errors
    /// The store is not available.
    async fn write_transcript(
        &self,
        call: &str,
        entries: Vec<TranscriptEntry>,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError>;

    /// The entries after one, in the order of their ids, at most so many.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn transcript(
        &self,
        call: &str,
        after: Option<&str>,
        most: u32,
    ) -> Result<Vec<TranscriptEntry>, StoreError>;

    /// Writes a suggestion.
    ///
    /// # Errors
    /// The store is not available.
    async fn write_suggestion(
        &self,
        call: &str,
        suggestion: Suggestion,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError>;

    /// The suggestions of a call, the first first, at most so many.
    ///
    /// # Errors
    /// The store is not available.
    async fn suggestions(&self, call: &str, most: u32) -> Result<Vec<Suggestion>, StoreError>;

    /// Puts a suggestion away; whether there is one.
    ///
    /// # Errors
    /// The store is not available.
    async fn dismiss_suggestion(&self, call: &str, id: &str) -> Result<bool, StoreError>;

    /// Writes what a call came to.
    ///
    /// # Errors
    /// The store is not available.
    async fn write_summary(
        &self,
        call: &str,
        text: &str,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError>;

    /// What a call came to.
    ///
    /// # Errors
    /// The store is not available.
    async fn summary(&self, call: &str) -> Result<Option<String>, StoreError>;

    /// The campaigns of which it was said whether their calls may be listened to.
    ///
    /// # Errors
    /// The store is not available.
    async fn consents(&self) -> Result<Vec<(String, bool)>, StoreError>;

    /// Says so of campaigns.
    ///
    /// # Errors
    /// The store is not available.
    async fn set_consents(
        &self,
        consents: Vec<(String, bool)>,
        audit: AuditRow,
    ) -> Result<(), StoreError>;

    /// Adds to the audio and the tokens that were used of a call that is listened to; the call's sum. Of one of which
    /// nothing is known, that is what was added.
    ///
    /// # Errors
    /// The store is not available.
    async fn use_of_call(&self, call: &str, more: Used) -> Result<Used, StoreError>;

    /// Adds to what was used on a day; the day's sum.
    ///
    /// # Errors
    /// The store is not available.
    async fn use_assist(&self, day: &str, more: Used) -> Result<Used, StoreError>;

    /// Removes transcripts, suggestions and summaries that were written before a time, and sums of days before a day; how
    /// many rows.
    ///
    /// # Errors
    /// The store is not available.
    async fn forget_assist(&self, before: i64, day: &str) -> Result<u64, StoreError>;
}

fn entry_of(row: &Row) -> Result<TranscriptEntry, StoreError> {
    let corrupt = StoreError::Corrupt("transcript");
    Ok(TranscriptEntry {
        id: row.get("id")?,
        kind: TranscriptKind::of(&row.get::<String>("kind")?).ok_or(corrupt.clone())?,
        speaker: Speaker::of(&row.get::<String>("speaker")?).ok_or(corrupt)?,
        start_ms: row.get("start_ms")?,
        end_ms: row.get("end_ms")?,
        text: row.get("said")?,
        is_final: true,
    })
}

/// The call's own id, if it is part of another one by now.
async fn own_id(tx: &mut Tx, call: String) -> Result<String, StoreError> {
    Ok(id_of(tx, &call).await?.unwrap_or(call))
}

/// What two calls have that turned out to be one.
pub(super) async fn absorb(tx: &mut Tx, id: &str, other: &str) -> Result<(), StoreError> {
    for table in ["desk_transcript", "desk_suggestion"] {
        let update = format!("UPDATE {table} SET call = $1 WHERE call = $2");
        tx.execute(sqlx::AssertSqlSafe(update), args![id, other]).await?;
    }
    for what in ["audio_ms", "tokens"] {
        let update = format!(
            "UPDATE desk_assisted SET {what} = {what} + (SELECT d.{what} FROM desk_assisted AS d WHERE d.call = $2) \
             WHERE call = $1 AND EXISTS (SELECT 1 FROM desk_assisted AS d WHERE d.call = $2)"
        );
        tx.execute(sqlx::AssertSqlSafe(update), args![id, other]).await?;
    }
    let update = "UPDATE desk_assisted SET call = $1 WHERE call = $2 \
                  AND NOT EXISTS (SELECT 1 FROM desk_assisted AS d WHERE d.call = $1)";
    tx.execute(update, args![id, other]).await?;
    tx.execute("DELETE FROM desk_assisted WHERE call = $1", args![other]).await?;
    Ok(())
}

/// Removes all of one call.
pub(super) async fn clear(tx: &mut Tx, call: &str) -> Result<(), StoreError> {
    for table in ["desk_transcript", "desk_suggestion", "desk_assisted"] {
        let delete = format!("DELETE FROM {table} WHERE call = $1");
        tx.execute(sqlx::AssertSqlSafe(delete), args![call]).await?;
    }
    Ok(())
}

#[async_trait]
impl Assists for Db {
    async fn begin_assist(&self, call: &str, at: i64) -> Result<i64, StoreError> {
        let call = call.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let call = own_id(tx, call).await?;
                let insert = "INSERT INTO desk_assisted (call, since, at) VALUES ($1, $2, $3) \
                              ON CONFLICT (call) DO NOTHING";
                tx.execute(insert, args![&call, at, at]).await?;
                let select = "SELECT since FROM desk_assisted WHERE call = $1";
                let row = tx.row(select, args![call]).await?;
                row.ok_or(StoreError::Corrupt("assisted call"))?.get("since")
            })
        })
        .await
    }

    async fn write_transcript(
        &self,
        call: &str,
        entries: Vec<TranscriptEntry>,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        let call = call.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let call = own_id(tx, call).await?;
                for entry in entries {
                    let upsert = "INSERT INTO desk_transcript (call, id, kind, speaker, start_ms, end_ms, said, at) \
                                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (call, id) DO UPDATE SET \
                                  start_ms = excluded.start_ms, end_ms = excluded.end_ms, said = excluded.said";
                    let TranscriptEntry { id, kind, speaker, start_ms, end_ms, text, .. } = entry;
                    let (kind, speaker) = (kind.as_str(), speaker.as_str());
                    let row = args![&call, id, kind, speaker, start_ms, end_ms, text, at];
                    tx.execute(upsert, row).await?;
                }
                event_rows::append(tx, at, events);
                Ok(())
            })
        })
        .await
    }

    async fn transcript(
        &self,
        call: &str,
        after: Option<&str>,
        most: u32,
    ) -> Result<Vec<TranscriptEntry>, StoreError> {
        let (call, after) = (call.to_owned(), after.unwrap_or_default().to_owned());
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT id, kind, speaker, start_ms, end_ms, said FROM desk_transcript \
                              WHERE call = $1 AND id > $2 ORDER BY id LIMIT $3";
                tx.rows(select, args![call, after, most]).await?.iter().map(entry_of).collect()
            })
        })
        .await
    }

    async fn write_suggestion(
        &self,
        call: &str,
        suggestion: Suggestion,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        let call = call.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let call = own_id(tx, call).await?;
                let insert = "INSERT INTO desk_suggestion (call, id, said, at, dismissed) \
                              VALUES ($1, $2, $3, $4, $5) ON CONFLICT (call, id) DO NOTHING";
                let Suggestion { id, text, at_ms, dismissed } = suggestion;
                tx.execute(insert, args![call, id, text, at_ms, dismissed]).await?;
                event_rows::append(tx, at_ms, events);
                Ok(())
            })
        })
        .await
    }

    async fn suggestions(&self, call: &str, most: u32) -> Result<Vec<Suggestion>, StoreError> {
        let call = call.to_owned();
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT id, said, at, dismissed FROM desk_suggestion WHERE call = $1 \
                              ORDER BY id LIMIT $2";
                let rows = tx.rows(select, args![call, most]).await?;
                let of = |row: &Row| {
                    Ok(Suggestion {
                        id: row.get("id")?,
                        text: row.get("said")?,
                        at_ms: row.get("at")?,
                        dismissed: row.flag("dismissed")?,
                    })
                };
                rows.iter().map(of).collect()
            })
        })
        .await
    }

    async fn dismiss_suggestion(&self, call: &str, id: &str) -> Result<bool, StoreError> {
        let (call, id) = (call.to_owned(), id.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let update = "UPDATE desk_suggestion SET dismissed = 1 WHERE call = $1 AND id = $2";
                Ok(tx.execute(update, args![call, id]).await? > 0)
            })
        })
        .await
    }

    async fn write_summary(
        &self,
        call: &str,
        text: &str,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        let (call, text) = (call.to_owned(), text.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let call = own_id(tx, call).await?;
                let update = "UPDATE desk_assisted SET summary = $1 WHERE call = $2";
                tx.execute(update, args![text, call]).await?;
                event_rows::append(tx, at, events);
                Ok(())
            })
        })
        .await
    }

    async fn summary(&self, call: &str) -> Result<Option<String>, StoreError> {
        let call = call.to_owned();
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT summary FROM desk_assisted WHERE call = $1";
                tx.row(select, args![call]).await?.map_or(Ok(None), |row| row.get("summary"))
            })
        })
        .await
    }

    async fn consents(&self) -> Result<Vec<(String, bool)>, StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                let select = "SELECT campaign, consent FROM desk_assist_consent ORDER BY campaign";
                let rows = tx.rows(select, args![]).await?;
                rows.iter().map(|row| Ok((row.get("campaign")?, row.flag("consent")?))).collect()
            })
        })
        .await
    }

    async fn set_consents(
        &self,
        consents: Vec<(String, bool)>,
        audit: AuditRow,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                for (campaign, consent) in consents {
                    let upsert = "INSERT INTO desk_assist_consent (campaign, consent) VALUES ($1, $2) \
                                  ON CONFLICT (campaign) DO UPDATE SET consent = excluded.consent";
                    tx.execute(upsert, args![campaign, consent]).await?;
                }
                audit::append(tx, &[audit]).await
            })
        })
        .await
    }

    async fn use_of_call(&self, call: &str, more: Used) -> Result<Used, StoreError> {
        let (call, more) = (call.to_owned(), Used { micros: 0, ..more });
        self.write(move |tx| {
            Box::pin(async move {
                let call = own_id(tx, call).await?;
                if more.audio_ms > 0 || more.tokens > 0 {
                    let update = "UPDATE desk_assisted SET audio_ms = audio_ms + $1, tokens = tokens + $2 \
                                  WHERE call = $3";
                    tx.execute(update, args![more.audio_ms, more.tokens, &call]).await?;
                }
                let select = "SELECT audio_ms, tokens FROM desk_assisted WHERE call = $1";
                let Some(row) = tx.row(select, args![call]).await? else { return Ok(more) };
                let (audio_ms, tokens) = (row.get("audio_ms")?, row.get("tokens")?);
                Ok(Used { audio_ms, tokens, ..Used::default() })
            })
        })
        .await
    }

    async fn use_assist(&self, day: &str, more: Used) -> Result<Used, StoreError> {
        let day = day.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                for (what, amount) in more.parts() {
                    let upsert = "INSERT INTO desk_assist_use (day, what, amount) VALUES ($1, $2, $3) \
                                  ON CONFLICT (day, what) DO UPDATE SET amount = desk_assist_use.amount + excluded.amount";
                    if amount > 0 {
                        tx.execute(upsert, args![&day, what, amount]).await?;
                    }
                }
                let select = "SELECT what, amount FROM desk_assist_use WHERE day = $1";
                let mut used = Used::default();
                for row in tx.rows(select, args![day]).await? {
                    used.set(&row.get::<String>("what")?, row.get("amount")?);
                }
                Ok(used)
            })
        })
        .await
    }

    async fn forget_assist(&self, before: i64, day: &str) -> Result<u64, StoreError> {
        let day = day.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let mut rows = 0;
                for table in ["desk_transcript", "desk_suggestion", "desk_assisted"] {
                    let delete = format!("DELETE FROM {table} WHERE at < $1");
                    rows += tx.execute(sqlx::AssertSqlSafe(delete), args![before]).await?;
                }
                tx.execute("DELETE FROM desk_assist_use WHERE day < $1", args![day]).await?;
                Ok(rows)
            })
        })
        .await
    }
}
