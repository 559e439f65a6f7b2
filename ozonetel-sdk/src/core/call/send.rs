//! Step 5, send: the request is handed to the transport, and the head of its answer comes back.

use super::answer::{Bounds, ResponseReader};
use super::judge::{AttemptError, transport_error};
use super::prepare::PreparedCall;
use super::progress::CallProgress;
use crate::core::transport::Outgoing;

/// The request was counted; nothing waits between that and the transport.
pub(super) async fn send(
    progress: &mut CallProgress<'_>,
    call: &PreparedCall<'_>,
    request: Box<Outgoing>,
) -> Result<ResponseReader, AttemptError> {
    progress.sending();
    let bounds = Bounds::new(&progress.core.config, call.silence, call.total);
    let incoming = bounds.within(progress.core.transport.send(*request)).await;
    match incoming.and_then(|incoming| incoming) {
        Ok(incoming) => {
            Ok(ResponseReader::new(incoming, bounds, call.row_keys, progress.token.is_some()))
        }
        Err(failure) => {
            progress.landed();
            Err(transport_error(failure))
        }
    }
}
