//! The ids under which a call is known, each of which leads to its row.

use super::conn::args;
use super::error::StoreError;
use super::tx::Tx;

/// The row's id of a call that is known by an id.
pub(super) async fn id_of(tx: &mut Tx, alias: &str) -> Result<Option<String>, StoreError> {
    let select = "SELECT call FROM desk_call_id WHERE alias = $1";
    tx.row(select, args![alias]).await?.map(|row| row.get("call")).transpose()
}
