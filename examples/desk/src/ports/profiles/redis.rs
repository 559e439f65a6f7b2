//! Profiles in Redis, where voice servers write theirs under the same keys.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, FromRedisValue, RedisError, Script, cmd};

use super::{Profiles, ProfilesError, session_key};
use crate::core::profile::LASTS_SEC;

/// How long Redis may take to be reached, and to answer: an agent waits.
const PATIENCE: Duration = Duration::from_secs(1);

/// Sets a key that still has the text it is expected to have; whether it had.
const SWAP: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then \
                    redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) return 1 end return 0";

/// Profiles in Redis. Clones share a connection, which is made when it is first needed and again after it broke.
#[derive(Clone)]
pub struct RedisProfiles {
    connection: ConnectionManager,
}

impl fmt::Debug for RedisProfiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisProfiles").finish_non_exhaustive()
    }
}

/// The text is not the address of a Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected redis://HOST, redis://:PASSWORD@HOST:PORT/DATABASE or unix:///PATH")]
pub struct NotRedis;

impl RedisProfiles {
    /// At an address. Nothing is sent before the first use.
    ///
    /// # Errors
    /// [`NotRedis`]; an address with TLS is one too.
    pub fn new(url: &str) -> Result<Self, NotRedis> {
        let client = Client::open(url.trim()).map_err(|_| NotRedis)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            // Whoever asks gets an answer now and asks again; the next use connects anew.
            .set_number_of_retries(0);
        let connection = ConnectionManager::new_lazy_with_config(client, config);
        Ok(Self { connection: connection.map_err(|_| NotRedis)? })
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, ProfilesError> {
        let mut connection = self.connection.clone();
        let first = command.query_async(&mut connection).await;
        match first {
            // The connection had ended while no one used it: every command here may be sent twice.
            Err(error) if error.is_connection_dropped() => {
                command.query_async(&mut connection).await.map_err(|error| failure(&error))
            }
            answer => answer.map_err(|error| failure(&error)),
        }
    }
}

/// What a failure comes down to: Redis repeats keys in its texts.
fn failure(error: &RedisError) -> ProfilesError {
    if error.is_io_error() || error.is_timeout() || error.is_connection_dropped() {
        return ProfilesError::Unreachable;
    }
    match error.code() {
        Some("NOAUTH" | "WRONGPASS") => ProfilesError::Refused("its password is another one"),
        Some("OOM") => ProfilesError::Refused("its memory is full"),
        Some("READONLY") => ProfilesError::Refused("it is a replica"),
        Some("LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN") => ProfilesError::Unreachable,
        _ => ProfilesError::Refused("its answer is not understood"),
    }
}

#[async_trait]
impl Profiles for RedisProfiles {
    fn place(&self) -> &'static str {
        "redis"
    }

    async fn put(&self, key: &str, text: &str) -> Result<(), ProfilesError> {
        self.ask(cmd("SET").arg(key).arg(text).arg("EX").arg(LASTS_SEC)).await
    }

    async fn get(&self, key: &str) -> Result<Option<String>, ProfilesError> {
        self.ask(cmd("GETEX").arg(key).arg("EX").arg(LASTS_SEC)).await
    }

    async fn swap(&self, key: &str, old: &str, new: &str) -> Result<bool, ProfilesError> {
        let script = Script::new(SWAP);
        let mut call = script.prepare_invoke();
        call.key(key).arg(old).arg(new).arg(LASTS_SEC);
        let mut connection = self.connection.clone();
        let swapped: Result<i64, RedisError> = call.invoke_async(&mut connection).await;
        swapped.map(|count| count == 1).map_err(|error| failure(&error))
    }

    async fn remove(&self, key: &str) -> Result<(), ProfilesError> {
        self.ask(cmd("DEL").arg(key)).await
    }

    async fn session(&self, id: &str) -> Result<Option<String>, ProfilesError> {
        self.ask(cmd("GET").arg(session_key(id))).await
    }
}
