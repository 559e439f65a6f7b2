//! The simulator's transport with an ear and a hand on it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use ozonetel_sdk::transport::{Failure, Incoming, Outgoing, Transport};
use ozonetel_sim::{Sim, SimTransport};
use serde_json::{Value, json};

/// What to do to the rows of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mangle {
    /// One field of the first row cannot be what it says.
    BadField,
    /// The first row has no UCID.
    NoUcid,
    /// One more row, which is not an object.
    NoRow,
    /// All rows are gone.
    Empty,
}

/// Hears when the CDR was asked, and may change the next answer.
#[derive(Debug)]
pub struct Wire {
    sim: Sim,
    inner: SimTransport,
    /// When the CDR was asked, in milliseconds since the epoch.
    pub asked: Mutex<Vec<i64>>,
    pub mangle: Mutex<Vec<Mangle>>,
    /// The answer comes in pieces of so many bytes.
    pub piece: Mutex<Option<usize>>,
}

impl Wire {
    pub fn on(sim: &Sim) -> Arc<Self> {
        Arc::new(Self {
            sim: sim.clone(),
            inner: sim.transport(),
            asked: Mutex::default(),
            mangle: Mutex::default(),
            piece: Mutex::default(),
        })
    }

    /// No more than two in any minute.
    pub fn check_budget(&self) {
        let asked = self.asked.lock().unwrap();
        let close = asked.windows(3).find(|three| three[2] - three[0] < 60_000);
        assert_eq!(close, None, "three within a minute");
    }

    fn change(&self, body: &[u8]) -> Option<Bytes> {
        let mut answer: Value = serde_json::from_slice(body).ok()?;
        let rows = answer.get_mut("details")?.as_array_mut()?;
        let mut waiting = self.mangle.lock().unwrap();
        let fits = |mangle: &Mangle| *mangle == Mangle::NoRow || !rows.is_empty();
        let at = waiting.iter().position(fits)?;
        match waiting.remove(at) {
            Mangle::BadField => rows[0]["TalkTime"] = json!("a while"),
            Mangle::NoUcid => rows[0]["UCID"] = Value::Null,
            Mangle::NoRow => rows.push(json!(["no", "row"])),
            Mangle::Empty => rows.clear(),
        }
        Some(answer.to_string().into())
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Outgoing) -> Result<Incoming, Failure> {
        let is_cdr = request.http.uri().path().contains("etchC");
        if is_cdr {
            self.asked.lock().unwrap().push(self.sim.now().unix_ms());
        }
        let Incoming { head, mut body } = self.inner.send(request).await?;
        if !is_cdr
            || (self.mangle.lock().unwrap().is_empty() && self.piece.lock().unwrap().is_none())
        {
            return Ok(Incoming { head, body });
        }
        let (mut whole, mut end) = (Vec::new(), None);
        while let Some(piece) = body.next().await {
            match piece {
                Ok(bytes) => whole.extend_from_slice(&bytes),
                Err(failure) => end = Some(failure),
            }
        }
        let whole = self.change(&whole).unwrap_or_else(|| whole.into());
        let size = self.piece.lock().unwrap().unwrap_or(usize::MAX).min(whole.len().max(1));
        let pieces: Vec<Result<Bytes, Failure>> =
            whole.chunks(size).map(|piece| Ok(whole.slice_ref(piece))).collect();
        // Each piece in its own time, so that what reads them has to wait.
        let pieces = stream::iter(pieces.into_iter().chain(end.map(Err))).then(|piece| async {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            piece
        });
        Ok(Incoming { head, body: Box::pin(pieces) })
    }
}
