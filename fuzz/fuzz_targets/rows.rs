//! Rows as they arrive: the pieces a body comes in do not change its rows.
#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use ozonetel_sdk::Client;
use ozonetel_sdk::auth::Mode;
use ozonetel_sdk::testing::doubles::{Replay, Turn};

/// The rows, and the kind of error that ended them.
async fn rows(pieces: Vec<Bytes>) -> (Vec<String>, Option<&'static str>) {
    let client = Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(Mode::Key)
        .transport(Arc::new(Replay::new([Turn::Pieces(pieces, true)])))
        .build()
        .expect("a client");
    let mut stream = client.cdr().for_day(client.today()).stream();
    let mut seen = Vec::new();
    for _ in 0..10_000 {
        match stream.try_next().await {
            Ok(Some(row)) => seen.push(serde_json::to_string(&row).expect("a row is written")),
            Ok(None) => return (seen, None),
            Err(error) if error.is_row() => seen.push("unreadable".into()),
            Err(error) => return (seen, Some(error.kind().as_str())),
        }
    }
    panic!("rows without end")
}

fuzz_target!(|data: &[u8]| {
    let Some((&size, body)) = data.split_first() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let whole = rows(vec![Bytes::copy_from_slice(body)]).await;
        let size = usize::from(size).max(1);
        let pieces = body.chunks(size).map(Bytes::copy_from_slice).collect();
        assert_eq!(whole, rows(pieces).await);
    });
});
