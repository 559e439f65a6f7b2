//! Rows on their way into a database, and what tells that they are there already.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ozonetel_sdk::cdr::sync::{Content, Row, RowBatch};
use ozonetel_sdk::types::Day;
use sha2::{Digest as _, Sha256};

use crate::error::StoreError;

/// Rows of one day's reading that are to be stored.
#[derive(Debug, Clone)]
pub(crate) struct RowWrite {
    pub(crate) day: Day,
    pub(crate) reading: u64,
    pub(crate) rows: Vec<Row>,
    digests: BTreeMap<String, RowDigest>,
}

/// The digest of the last row with a key, and whether it is the only one.
#[derive(Debug, Clone)]
struct RowDigest {
    digest: String,
    alone: bool,
}

impl RowWrite {
    pub(crate) fn new(batch: RowBatch<'_>) -> Result<Self, StoreError> {
        let RowBatch { day, reading, rows, .. } = batch;
        let mut digests = BTreeMap::<String, RowDigest>::new();
        for row in rows {
            let key = row.key.to_string();
            let digest = digest(row, day)?;
            let alone = !digests.contains_key(&key);
            digests.insert(key, RowDigest { digest, alone });
        }
        Ok(Self { day, reading, rows: rows.to_vec(), digests })
    }

    /// The keys, each once.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &String> {
        self.digests.keys()
    }

    /// What was last seen under a key, once this is stored.
    pub(crate) fn digest(&self, key: &str) -> Option<&str> {
        self.digests.get(key).map(|row| row.digest.as_str())
    }

    /// Whether the row with this key is the one that was last seen under it, given its digest.
    pub(crate) fn is_as_seen(&self, key: &str, seen: Option<&String>) -> bool {
        let row = self.digests.get(key).filter(|row| row.alone);
        row.is_some_and(|row| Some(&row.digest) == seen)
    }
}

/// 128 bits of everything that is stored of a row.
fn digest(row: &Row, day: Day) -> Result<String, StoreError> {
    let call = row.call_id.map(|id| id.to_string()).unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(format!("{day} {call} "));
    match &row.content {
        Content::Record(record) => {
            let text = serde_json::to_vec(record);
            hash.update(text.map_err(|_| StoreError::damaged(format!("row {}", row.key)))?);
        }
        Content::Unread(unread) => {
            hash.update(format!("{} ", unread.path));
            hash.update(unread.text.as_str());
        }
    }
    let mut text = String::with_capacity(32);
    for byte in hash.finalize().iter().take(16) {
        // Into a text it never fails.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}
