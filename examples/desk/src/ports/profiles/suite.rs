//! What holds for every store of profiles: in this process, and on a real Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use ozonetel_redis::RedisServer;
use ozonetel_sdk::client::Clock;

use super::{MemoryProfiles, NotRedis, Profiles, ProfilesError, RedisProfiles, session_key};
use crate::core::profile::{Extension, LASTS_SEC};

/// A clock that is moved by hand.
#[derive(Debug, Default)]
struct StoppedClock(AtomicU64);

impl Clock for StoppedClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

async fn a_text_comes_back_and_the_later_one_stays(profiles: &dyn Profiles) {
    assert_eq!(profiles.get("k1").await, Ok(None));
    for text in ["{\"a\":1}", "é\n\u{1f4de}", ""] {
        profiles.put("k1", text).await.unwrap();
        assert_eq!(profiles.get("k1").await.unwrap().as_deref(), Some(text));
    }
    assert_eq!(profiles.get("k2").await, Ok(None));
    profiles.remove("k1").await.unwrap();
    assert_eq!(profiles.get("k1").await, Ok(None));
    profiles.remove("k1").await.unwrap();
}

async fn a_text_is_swapped_for_what_it_is_and_nothing_else(profiles: &dyn Profiles) {
    assert_eq!(profiles.swap("s", "a", "b").await, Ok(false));
    assert_eq!(profiles.get("s").await, Ok(None));
    profiles.put("s", "a").await.unwrap();
    assert_eq!(profiles.swap("s", "b", "c").await, Ok(false));
    assert_eq!(profiles.swap("s", "a", "b").await, Ok(true));
    assert_eq!(profiles.swap("s", "a", "c").await, Ok(false));
    assert_eq!(profiles.get("s").await.unwrap().as_deref(), Some("b"));
}

async fn of_many_who_swap_one_wins(profiles: &dyn Profiles) {
    for round in 0..20 {
        let key = format!("r{round}");
        profiles.put(&key, "free").await.unwrap();
        let swaps = (0..8).map(|n| {
            let key = key.clone();
            async move { profiles.swap(&key, "free", &format!("mine {n}")).await.unwrap() }
        });
        let won: Vec<bool> = futures_util::future::join_all(swaps).await;
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
        let winner = won.iter().position(|won| *won).unwrap();
        assert_eq!(profiles.get(&key).await.unwrap(), Some(format!("mine {winner}")));
    }
}

async fn a_session_is_what_a_voice_server_put_under_its_key(profiles: &dyn Profiles) {
    assert_eq!(profiles.session("s1").await, Ok(None));
    profiles.put(&session_key("s1"), "{}").await.unwrap();
    assert_eq!(profiles.session("s1").await.unwrap().as_deref(), Some("{}"));
}

async fn what_is_forgotten_is_gone_and_nothing_else(profiles: &dyn Profiles) {
    let place = Extension::new("500001").unwrap();
    let keys: Vec<_> = (0..40).map(|n| place.key_of(&format!("c{n}"))).collect();
    for (n, key) in keys.iter().enumerate() {
        let phone = if n % 2 == 0 { "9000000001" } else { "9000000002" };
        profiles.put(key, &format!("{{\"phone\":\"{phone}\"}}")).await.unwrap();
    }
    profiles.put(&session_key("f1"), "9000000001").await.unwrap();
    let meant = |text: &str| text.contains("9000000001");
    assert_eq!(profiles.forget(&meant).await, Ok(20));
    assert_eq!(profiles.forget(&meant).await, Ok(0));
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(profiles.get(key).await.unwrap().is_some(), n % 2 == 1, "{key}");
    }
    assert!(profiles.session("f1").await.unwrap().is_some(), "a session is the voice server's");
}

async fn every_case_holds(profiles: &dyn Profiles) {
    a_text_comes_back_and_the_later_one_stays(profiles).await;
    a_text_is_swapped_for_what_it_is_and_nothing_else(profiles).await;
    of_many_who_swap_one_wins(profiles).await;
    a_session_is_what_a_voice_server_put_under_its_key(profiles).await;
    what_is_forgotten_is_gone_and_nothing_else(profiles).await;
}

#[tokio::test]
async fn every_case_holds_in_memory() {
    every_case_holds(&MemoryProfiles::new(Arc::new(StoppedClock::default()))).await;
}

#[tokio::test]
async fn every_case_holds_in_redis() {
    let server = RedisServer::start().unwrap();
    every_case_holds(&RedisProfiles::new(&server.url(), None).unwrap()).await;
}

fn trusting(certificate: &str, url: &str) -> Result<RedisProfiles, NotRedis> {
    RedisProfiles::new(url, Some(certificate.as_bytes().to_vec()))
}

#[tokio::test]
async fn every_case_holds_in_redis_with_tls() {
    let server = RedisServer::start_with_tls().unwrap();
    let certificate = server.certificate().unwrap();
    every_case_holds(&trusting(certificate, &server.url()).unwrap()).await;
    // The name in the certificate counts, and who has signed it.
    let other_name = server.url().replace("localhost", "127.0.0.1");
    let stranger = trusting(certificate, &other_name).unwrap();
    assert_eq!(stranger.put("k", "a").await, Err(ProfilesError::Unreachable));
    let untrusted = RedisProfiles::new(&server.url(), None).unwrap();
    assert_eq!(untrusted.put("k", "a").await, Err(ProfilesError::Unreachable));
    let other = RedisServer::start_with_tls().unwrap();
    let other = trusting(other.certificate().unwrap(), &server.url()).unwrap();
    assert_eq!(other.put("k", "a").await, Err(ProfilesError::Unreachable));
    assert_eq!(server.ask(&["exists", "k"]).unwrap(), "0");
}

#[test]
fn what_tls_is_asked_for_is_done_or_refused() {
    assert!(RedisProfiles::new("rediss://localhost:6379/#insecure", None).is_err());
    assert!(trusting("x", "redis://localhost").is_err(), "authorities and no TLS");
}

#[tokio::test]
async fn in_memory_a_text_lasts_300_seconds_from_its_last_use() {
    let clock = Arc::new(StoppedClock::default());
    let profiles = MemoryProfiles::new(Arc::clone(&clock) as Arc<dyn Clock>);
    profiles.put("k", "a").await.unwrap();
    for _ in 0..3 {
        clock.0.fetch_add(LASTS_SEC - 1, Ordering::Relaxed);
        assert_eq!(profiles.get("k").await.unwrap().as_deref(), Some("a"));
    }
    clock.0.fetch_add(LASTS_SEC, Ordering::Relaxed);
    assert_eq!(profiles.swap("k", "a", "b").await, Ok(false), "what has ended is not there");
    assert_eq!(profiles.get("k").await, Ok(None));
}

#[tokio::test]
async fn in_redis_the_life_begins_anew_with_every_use() {
    let server = RedisServer::start().unwrap();
    let profiles = RedisProfiles::new(&server.url(), None).unwrap();
    let lasts = || server.ask(&["ttl", "k"]).unwrap().parse::<u64>().unwrap();
    profiles.put("k", "a").await.unwrap();
    assert!(lasts().abs_diff(LASTS_SEC) <= 1);
    for use_again in ["get", "swap"] {
        server.ask(&["expire", "k", "20"]).unwrap();
        assert!(lasts() <= 20);
        if use_again == "get" {
            profiles.get("k").await.unwrap();
        } else {
            assert_eq!(profiles.swap("k", "a", "b").await, Ok(true));
        }
        assert!(lasts().abs_diff(LASTS_SEC) <= 1, "{use_again}");
    }
    // A voice server's session keeps the life that the voice server gave it.
    server.ask(&["set", "session:s1", "{}", "ex", "20"]).unwrap();
    profiles.session("s1").await.unwrap();
    assert!(server.ask(&["ttl", "session:s1"]).unwrap().parse::<u64>().unwrap() <= 20);
}

#[tokio::test]
async fn a_redis_that_stops_in_the_middle_is_said_to_be_away_and_found_again() {
    let mut server = RedisServer::start().unwrap();
    let profiles = RedisProfiles::new(&server.url(), None).unwrap();
    profiles.put("k", "a").await.unwrap();
    server.stop().unwrap();
    for _ in 0..2 {
        assert_eq!(profiles.get("k").await, Err(ProfilesError::Unreachable));
        assert_eq!(profiles.put("k", "b").await, Err(ProfilesError::Unreachable));
        assert_eq!(profiles.swap("k", "a", "b").await, Err(ProfilesError::Unreachable));
        assert_eq!(profiles.session("k").await, Err(ProfilesError::Unreachable));
    }
    server.start_again().unwrap();
    // The first use may still meet the connection that has ended; none after it does.
    let _ = profiles.get("k").await;
    assert_eq!(profiles.get("k").await, Ok(None), "it kept nothing");
    profiles.put("k", "c").await.unwrap();
    assert_eq!(profiles.get("k").await.unwrap().as_deref(), Some("c"));
}

#[tokio::test]
async fn a_redis_that_is_not_there_yet_is_used_once_it_is() {
    let mut server = RedisServer::start().unwrap();
    server.stop().unwrap();
    let profiles = RedisProfiles::new(&server.url(), None).unwrap();
    assert_eq!(profiles.get("k").await, Err(ProfilesError::Unreachable));
    server.start_again().unwrap();
    let _ = profiles.get("k").await;
    profiles.put("k", "a").await.unwrap();
    assert_eq!(profiles.get("k").await.unwrap().as_deref(), Some("a"));
}

#[test]
fn what_is_no_address_of_a_redis_is_refused_and_not_repeated() {
    for url in ["", "localhost", "http://localhost", "redis://user:hunter2@[::"] {
        let error = RedisProfiles::new(url, None).unwrap_err().to_string();
        assert!(error.contains("redis://HOST") && !error.contains("hunter2"), "{url}");
    }
}
