//! Profiles in Redis, where voice servers write theirs under the same keys.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{
    Client, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo as _, RedisError, Script,
    TlsCertificates, cmd,
};

use super::{IsMeant, Profiles, ProfilesError, session_key};
use crate::core::profile::{KEYS, LASTS_SEC};

/// How long Redis may take to be reached, and to answer: an agent waits.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long what was sent may stay without a sign that it has arrived, and how often a connection without traffic is
/// tried. A Redis that is gone without a word, or is another machine by now, is connected to anew after that.
const GONE: Duration = Duration::from_secs(3);

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
#[error("expected redis://HOST, rediss://:PASSWORD@HOST:PORT/DATABASE or unix:///PATH")]
pub struct NotRedis;

/// How many keys are asked for at once.
const PAGE: usize = 500;

impl RedisProfiles {
    /// At an address. `rediss` is TLS: its certificate is one of an authority in `authorities`, which is PEM, or that this
    /// machine trusts. Nothing is sent before the first use.
    ///
    /// # Errors
    /// [`NotRedis`]: the address is none, or asks for a certificate not to be looked at; there are authorities and no TLS,
    /// or they are not PEM.
    pub fn new(url: &str, authorities: Option<Vec<u8>>) -> Result<Self, NotRedis> {
        let place = url.trim().into_connection_info().map_err(|_| NotRedis)?;
        if matches!(place.addr(), ConnectionAddr::TcpTls { insecure: true, .. }) {
            return Err(NotRedis);
        }
        let place = place.set_tcp_settings(tcp_settings());
        let client = match authorities {
            Some(pem) => {
                let trusted = TlsCertificates { client_tls: None, root_cert: Some(pem) };
                Client::build_with_tls(place, trusted)
            }
            None => Client::open(place),
        };
        let client = client.map_err(|_| NotRedis)?;
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

fn tcp_settings() -> TcpSettings {
    let keepalive = TcpKeepalive::new().with_time(GONE).with_interval(GONE);
    let settings = TcpSettings::default().set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(GONE);
    settings
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

    async fn forget(&self, is_meant: IsMeant<'_>) -> Result<u64, ProfilesError> {
        let (mut cursor, mut gone) = (0_u64, 0);
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(format!("{KEYS}*")).arg("COUNT").arg(PAGE);
            let (next, keys): (u64, Vec<String>) = self.ask(&scan).await?;
            for key in keys {
                let text: Option<String> = self.ask(cmd("GET").arg(&key)).await?;
                if text.is_some_and(|text| is_meant(&text)) {
                    gone += self.ask::<u64>(cmd("DEL").arg(&key)).await?;
                }
            }
            cursor = next;
            if cursor == 0 {
                return Ok(gone);
            }
        }
    }

    async fn session(&self, id: &str) -> Result<Option<String>, ProfilesError> {
        self.ask(cmd("GET").arg(session_key(id))).await
    }
}
