//! Number keys of rows that were stored under an older rule, made anew.

use ozonetel_sdk::types::PhoneNumber;

use super::column::needed;
use super::db::{Db, Record, Tx, Value};
use super::migrate;
use crate::error::StoreError;
use crate::leg::{KEY_RULE, number_key};

/// Rows of one transaction: others write in between.
const TOGETHER: usize = 1_000;

/// Makes the keys of all rows anew whose rule is older. Of several programs that do so at once, each does a part; one that
/// is stopped goes on where it was.
pub(super) async fn renew(db: &Db) -> Result<(), StoreError> {
    let found = db.rows(STATE, vec![]).await?;
    let mut is_done = is_renewed(found.first())?;
    while !is_done {
        let mut tx = db.begin().await?;
        is_done = part(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(())
}

const STATE: &str = "select number_keys, keyed_to from cdr_store where id = 1";

fn is_renewed(state: Option<&Record>) -> Result<bool, StoreError> {
    let rule = state.map_or(Ok(None), |state| state.int("number_keys"))?;
    Ok(rule.is_some_and(|rule| rule >= KEY_RULE))
}

/// The next rows; whether there are no more.
async fn part(tx: &mut Tx) -> Result<bool, StoreError> {
    migrate::fits(tx).await?;
    let state = tx.rows(STATE, vec![]).await?;
    if is_renewed(state.first())? {
        return Ok(true);
    }
    let after = state.first().map_or(Ok(None), |state| state.text("keyed_to"))?;
    // What was done by another rule is done anew.
    let mark = format!("{KEY_RULE} ");
    let after = after.as_deref().and_then(|after| after.strip_prefix(&mark)).unwrap_or_default();
    let select = format!(
        "select key, call_key, number, number_key from cdr_row where key > $1 order by key limit {TOGETHER}"
    );
    let rows = tx.rows(select, vec![Value::text(after)]).await?;
    let Some(last) = rows.last() else {
        let done = "update cdr_store set number_keys = $1, keyed_to = null where id = 1";
        tx.execute(done, vec![Value::int(KEY_RULE)]).await?;
        return Ok(true);
    };
    let last = needed(last.text("key")?, "key")?;
    for row in &rows {
        renew_row(tx, row).await?;
    }
    let keyed_to = vec![Value::text(format!("{mark}{last}"))];
    tx.execute("update cdr_store set keyed_to = $1 where id = 1", keyed_to).await?;
    Ok(false)
}

/// A row, and its call where that has the number of this row.
async fn renew_row(tx: &mut Tx, row: &Record) -> Result<(), StoreError> {
    let Some(number) = row.text("number")? else { return Ok(()) };
    let key = number_key(&PhoneNumber::from(number.as_str()));
    if key == row.text("number_key")? {
        return Ok(());
    }
    let renewed = vec![Value::Text(key.clone()), Value::Text(row.text("key")?)];
    tx.execute("update cdr_row set number_key = $1 where key = $2", renewed).await?;
    let renewed = vec![Value::Text(key), Value::Text(row.text("call_key")?), Value::text(number)];
    tx.execute("update cdr_call set number_key = $1 where key = $2 and number = $3", renewed).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_changes_raises_the_rule() {
        let keys = [
            "09000000001",
            "00919000000001.0",
            "+91 (0)90000 00001",
            "\u{202a}+91 90000\u{a0}00001\u{202c}",
            "+12015550123",
            "+9118001234567",
            "500001",
            "0139",
            "anonymous",
        ]
        .map(|number| number_key(&number.into()));
        let expected = [
            Some("91 9000000001"),
            Some("91 9000000001"),
            Some("00 9109000000001"),
            Some("91 9000000001"),
            Some("00 12015550123"),
            Some("00 9118001234567"),
            Some("local 500001"),
            Some("local 0139"),
            None,
        ];
        assert_eq!((KEY_RULE, keys), (1, expected.map(|key| key.map(String::from))));
    }
}
