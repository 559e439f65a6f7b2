//! A dial through the SDK against the same request hand-written with reqwest and serde.
//!
//! `dial time` interleaves both against a server in another process. `dial instructions` counts, with valgrind's
//! callgrind, what one more dial costs the client process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, clippy::print_stdout)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use ozonetel_bench::{Server, beside_before, instructions as counted};
use ozonetel_sdk::Client;
use ozonetel_sdk::auth::{AuthMode, StaticToken};
use ozonetel_sdk::transport::reqwest::{Network, ONCE_IDLE, tls};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
#[allow(non_snake_case)]
struct Request<'a> {
    userName: &'a str,
    agentID: &'a str,
    campaignName: &'a str,
    customerNumber: &'a str,
    UCID: &'a str,
}

#[derive(Deserialize)]
struct Reply {
    status: String,
    ucid: String,
}

fn plain(idle: bool) -> reqwest::Client {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls(&[]).unwrap())
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(30))
        .pool_idle_timeout(ONCE_IDLE)
        .tcp_nodelay(true);
    if !idle {
        builder = builder.pool_max_idle_per_host(0);
    }
    builder.build().unwrap()
}

/// Which connections, and what shows who asks.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    idle: bool,
    token: bool,
}

const WAYS: [Way; 3] = [
    Way { name: "kept", idle: true, token: false },
    Way { name: "each", idle: false, token: false },
    Way { name: "token", idle: true, token: true },
];

/// As long as a JWT of HS512.
fn token() -> String {
    "test.".repeat(44)
}

async fn by_hand(client: &reqwest::Client, address: &str, token: Option<&str>) {
    let request = Request {
        userName: "acme_support",
        agentID: "agent01",
        campaignName: "support_out",
        customerNumber: "9000000001",
        UCID: "true",
    };
    let sent = client.post(format!("{address}/ca_apis/AgentManualDial")).json(&request);
    let sent = match token {
        Some(token) => sent.bearer_auth(token),
        None => sent.header("apiKey", "test-key"),
    };
    let response = sent.send().await.unwrap();
    assert!(response.status().is_success());
    let reply: Reply = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(reply.status, "queued successfully");
    assert_eq!(reply.ucid.len(), 17);
}

async fn by_sdk(client: &Client) {
    let dialed = client.dial().agent("agent01", "support_out", "9000000001").await.unwrap();
    assert_eq!(dialed.ucid().as_str().len(), 17);
}

fn sdk(address: &str, way: Way) -> Client {
    let builder = Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(AuthMode::Key)
        .base_url(address)
        .network(Network { keep_idle: way.idle, ..Network::default() });
    let builder = if way.token {
        builder.credentials(Arc::new(StaticToken::new("acme_support", token())))
    } else {
        builder
    };
    builder.build().unwrap()
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("time") => runtime.block_on(time()),
        Some("instructions") => instructions(),
        Some("run") => runtime.block_on(run(&args)),
        _ => panic!("dial time|instructions"),
    }
}

async fn time() {
    let server = Server::start();
    for (name, way, batch, batches) in
        [("kept connections", WAYS[0], 200, 61), ("a connection each", WAYS[1], 50, 61)]
    {
        let (plain, sdk) = (plain(way.idle), sdk(&server.address, way));
        let (mut hand, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..batches {
            let start = Instant::now();
            for _ in 0..batch {
                by_hand(&plain, &server.address, None).await;
            }
            let a = start.elapsed() / batch;
            let start = Instant::now();
            for _ in 0..batch {
                by_sdk(&sdk).await;
            }
            let b = start.elapsed() / batch;
            ratios.push(b.as_secs_f64() / a.as_secs_f64());
            hand.push(a);
            ours.push(b);
        }
        hand.sort();
        ours.sort();
        ratios.sort_by(f64::total_cmp);
        let middle = batches / 2;
        println!(
            "{name}: by hand {:.1?}, SDK {:.1?}, median ratio {:.3}",
            hand[middle], ours[middle], ratios[middle]
        );
    }
}

async fn run(args: &[String]) {
    let (who, count, address) = (&args[1], args[2].parse::<u32>().unwrap(), &args[3]);
    let way = WAYS.into_iter().find(|way| way.name == args[4]).unwrap();
    let (plain, sdk, token) = (plain(way.idle), sdk(address, way), token());
    let token = way.token.then_some(&*token);
    for _ in 0..count {
        if who == "sdk" { by_sdk(&sdk).await } else { by_hand(&plain, address, token).await }
    }
}

fn instructions() {
    let server = Server::start();
    for Way { name, .. } in WAYS {
        let count = |who: &str| {
            let total = |dials| counted(&["run", who, dials, &server.address, name]);
            (total("1100") - total("100")) / 1000
        };
        let (hand, ours) = (count("hand"), count("sdk"));
        println!(
            "{name}: by hand {}, SDK {} instructions a dial, ratio {:.3}",
            beside_before(&format!("dial by hand {name}"), hand),
            beside_before(&format!("dial {name}"), ours),
            ours as f64 / hand as f64
        );
    }
}
