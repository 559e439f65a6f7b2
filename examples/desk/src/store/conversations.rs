//! When someone was spoken to last, by the calls of a number.

use super::conn::args;
use super::error::StoreError;
use super::json::from_json;
use super::tx::Tx;
use crate::core::call::CallState;
use crate::core::dial::number_key;

/// How many calls of a number are looked through for the last conversation, the newest first.
pub const CONVERSATION_CALLS: u32 = 100;

/// When the last conversation with a number began that is over, and when the last one ended, by the calls that have its
/// key.
pub(super) async fn last_conversation(
    tx: &mut Tx,
    key: &str,
) -> Result<Option<(i64, i64)>, StoreError> {
    let select = "SELECT state FROM desk_call WHERE number_key = $1 \
                  ORDER BY began DESC, id DESC LIMIT $2";
    let mut calls = Vec::new();
    for row in tx.rows(select, args![key, CONVERSATION_CALLS]).await? {
        // What cannot be read is no conversation.
        let Ok(call) = from_json::<CallState>(&row.get::<String>("state")?, "call") else {
            continue;
        };
        // Under the key of an older rule it may be another number.
        if call.number.as_ref().is_some_and(|number| number_key(number) == key) {
            calls.push(call);
        }
    }
    Ok(CallState::last_conversation(&calls))
}
