//! Notes of calls, which go when they have been kept long enough or their number is forgotten.

use async_trait::async_trait;
use sqlx::AssertSqlSafe;

use super::assist;
use super::conn::args;
use super::db::Db;
use super::error::StoreError;
use super::json::{from_json, to_json};
use super::parts;
use super::tx::Tx;
use crate::core::call::Call;
use crate::core::caller::agent_key;
use crate::core::dial::number_key;
use crate::core::fact::{Action, Fact, FactBody};
use crate::core::followup::FollowUp;
use crate::core::report::CallReport;

/// What agents wrote.
#[async_trait]
pub trait Notes: Send + Sync {
    /// Removes notes of calls that began before a time and are over, drafts and the texts of closed follow-ups that are
    /// as old; of at most so many calls. How many calls were looked at: fewer than `most` means that all were.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    async fn forget_notes(&self, before: i64, most: u32) -> Result<usize, StoreError>;
}

/// Takes the notes out of a fact; whether there were any.
pub(super) fn clear_fact(fact: &mut Fact) -> bool {
    if let FactBody::Acted(acted) = &mut fact.body
        && let Action::Dispose(said) = &mut acted.action
    {
        return said.notes.take().is_some();
    }
    false
}

#[async_trait]
impl Notes for Db {
    async fn forget_notes(&self, before: i64, most: u32) -> Result<usize, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let select = "SELECT id FROM desk_call WHERE notes_gone = 0 AND began < $1 \
                              AND phase = 'closed' ORDER BY began LIMIT $2";
                // Facts that another transaction stores meanwhile come before this or after it.
                let locked = if tx.is_postgres() { " FOR UPDATE" } else { "" };
                let select = AssertSqlSafe(format!("{select}{locked}"));
                let rows = tx.rows(select, args![before, most]).await?;
                for row in &rows {
                    clear_call(tx, &row.get::<String>("id")?).await?;
                }
                parts::drop_drafts(tx, before).await?;
                let alone = "DELETE FROM desk_handoff WHERE call IS NULL AND made < $1";
                tx.execute(alone, args![before]).await?;
                let select = "SELECT id, body FROM desk_follow_up WHERE open = 0 AND due < $1 \
                              AND body NOT LIKE '%\"note\":\"\"%' LIMIT $2";
                let promises = tx.rows(select, args![before, most]).await?;
                for row in &promises {
                    let mut promise: FollowUp = from_json(&row.get::<String>("body")?, "follow-up")?;
                    if promise.clear_note() {
                        let update = "UPDATE desk_follow_up SET body = $1, version = version + 1 WHERE id = $2";
                        tx.execute(update, args![to_json(&promise)?, &promise.id]).await?;
                    }
                }
                Ok(rows.len().max(promises.len()))
            })
        })
        .await
    }
}

/// Takes the notes out of a call, its facts and what was delivered of it.
pub(super) async fn clear_call(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let select = "SELECT source, key, body FROM desk_fact WHERE call = $1 AND source = 'action'";
    for row in tx.rows(select, args![id]).await? {
        let mut fact: Fact = from_json(&row.get::<String>("body")?, "fact")?;
        if clear_fact(&mut fact) {
            let update = "UPDATE desk_fact SET body = $1 WHERE source = $2 AND key = $3";
            let key = (row.get::<String>("source")?, row.get::<String>("key")?);
            tx.execute(update, args![to_json(&fact)?, key.0, key.1]).await?;
        }
    }
    // What is still to be delivered to the service keeps its notes until it has arrived.
    let select = "SELECT id, payload FROM desk_outbox WHERE call = $1 \
                  AND (state <> 'pending' OR target = 'platform')";
    for row in tx.rows(select, args![id]).await? {
        let mut payload: serde_json::Value =
            from_json(&row.get::<String>("payload")?, "outbox entry")?;
        let notes = payload.as_object_mut().and_then(|fields| fields.remove("notes"));
        if notes.is_some() {
            let update = "UPDATE desk_outbox SET payload = $1 WHERE id = $2";
            tx.execute(update, args![to_json(&payload)?, row.get::<String>("id")?]).await?;
        }
    }
    clear_reports(tx, id).await?;
    parts::clear_drafts(tx, id).await?;
    // What a voice assistant heard of its caller, also of calls that have become part of this one.
    let heard = "DELETE FROM desk_handoff WHERE call = $1 \
                 OR call IN (SELECT alias FROM desk_call_id WHERE call = $1)";
    tx.execute(heard, args![id]).await?;
    assist::clear(tx, id).await?;
    rebuild(tx, id).await?;
    tx.execute("UPDATE desk_call SET notes_gone = 1 WHERE id = $1", args![id]).await?;
    Ok(())
}

/// Takes the notes out of the platform's record of a call, where that is the desk's own.
async fn clear_reports(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let select = "SELECT DISTINCT r.call, r.body FROM desk_report AS r JOIN desk_report_id AS i ON i.call = r.call \
                  JOIN desk_call_id AS c ON c.alias = i.alias WHERE c.call = $1";
    for row in tx.rows(select, args![id]).await? {
        let mut report: CallReport = from_json(&row.get::<String>("body")?, "call report")?;
        if report.notes.take().is_some() {
            let update = "UPDATE desk_report SET body = $1 WHERE call = $2";
            tx.execute(update, args![to_json(&report)?, row.get::<String>("call")?]).await?;
        }
    }
    Ok(())
}

/// Writes a call's state anew out of its facts, as another version: who has loaded the one before loads again.
async fn rebuild(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    let rows = tx.rows("SELECT body FROM desk_fact WHERE call = $1", args![id]).await?;
    let facts = rows.iter().map(|row| from_json(&row.get::<String>("body")?, "fact"));
    let call = Call::of(facts.collect::<Result<Vec<Fact>, StoreError>>()?);
    let state = call.state();
    let update = "UPDATE desk_call SET state = $1, number_key = $2, agent = $3, version = version + 1 \
                  WHERE id = $4";
    let (number, agent) =
        (state.number.as_ref().map(number_key), state.agent.as_ref().map(agent_key));
    tx.execute(update, args![to_json(&**state)?, number, agent, id]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use ozonetel_sdk::types::SensitiveText;
    use tokio::sync::Notify;

    use super::*;
    use crate::core::caller::Scope;
    use crate::core::fact::{ActionFact, ActionOutcome, DisposeAction, FactSource, LegNews};
    use crate::store::suite::postgres;
    use crate::store::{CallChange, PhoneCalls as _};

    fn acted(key: &str, action: Action, at: i64) -> Fact {
        let (ucid, outcome) = ("11".parse().unwrap(), ActionOutcome::Done);
        let fact = ActionFact { ucid, by: "u1".into(), agent: "agent01".into(), action, outcome };
        Fact::new(FactSource::Action, key, at, FactBody::Acted(Box::new(fact)))
    }

    fn change(version: i64, facts: &[Fact], new: &[Fact]) -> CallChange {
        let state = Arc::clone(Call::of(facts.iter().chain(new).cloned()).state());
        CallChange {
            id: "11".into(),
            version,
            facts: new.to_vec(),
            state,
            at: 1,
            ..CallChange::default()
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_fact_that_is_stored_meanwhile_is_in_the_state_and_its_notes_go() {
        let db = Db::postgres(&postgres().await).await.unwrap();
        let leg = |news, at| Fact::of_leg("agent01".into(), "11".parse().unwrap(), news, at);
        let mut facts = vec![leg(LegNews::Answered, 1), leg(LegNews::Ended, 2)];
        let done =
            Action::Deliver { target: "service".into(), state: "sent".into(), is_over: true };
        facts.push(acted("d", done, 3));
        db.save_call(change(0, &[], &facts)).await.unwrap();
        let said = DisposeAction {
            code: "NO_ANSWER".into(),
            disposition: "No Answer".into(),
            notes: Some("late".into()),
            lead: None,
            duration_sec: None,
            direction: None,
            caller: None,
            call_back_ms: None,
        };
        let late = acted("s", Action::Dispose(Box::new(said)), 4);
        let state = {
            let known = facts.iter().chain([&late]).cloned();
            to_json(&**Call::of(known).state()).unwrap()
        };
        let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let writing = {
            let (db, begun, go) = (db.clone(), Arc::clone(&begun), Arc::clone(&go));
            let late = late.clone();
            tokio::spawn(async move {
                db.write(move |tx| {
                    Box::pin(async move {
                        let insert = "INSERT INTO desk_fact (source, key, call, at, body) \
                                      VALUES ('action', $1, '11', 4, $2)";
                        tx.execute(insert, args![&late.key, to_json(&late)?]).await?;
                        let update = "UPDATE desk_call SET state = $1, version = version + 1 WHERE id = '11'";
                        tx.execute(update, args![state]).await?;
                        begun.notify_one();
                        go.notified().await;
                        Ok(())
                    })
                })
                .await
            })
        };
        begun.notified().await;
        let clearing = {
            let db = db.clone();
            tokio::spawn(async move { db.forget_notes(50, 9).await })
        };
        tokio::time::sleep(Duration::from_millis(300)).await;
        go.notify_one();
        writing.await.unwrap().unwrap();
        assert_eq!(clearing.await.unwrap(), Ok(1));
        assert_eq!(db.unlike_facts(9).await, Ok((1, Vec::new())));
        let call = db.call("11", &Scope::All).await.unwrap().unwrap();
        let given = call.state.kept_disposition().unwrap();
        assert_eq!(
            (given.said.code.as_str(), &given.said.notes),
            ("NO_ANSWER", &None::<SensitiveText>)
        );
        db.close().await;
    }
}
