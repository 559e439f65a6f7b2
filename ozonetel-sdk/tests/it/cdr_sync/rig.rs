//! A world, a client of it, a disk, and what the world looked like from day to day.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ozonetel_sdk::Client;
use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::cdr::sync::{CdrSync, RowKey, SyncSettings};
use ozonetel_sdk::cdr::{CallRecord, WINDOW_DAYS};
use ozonetel_sdk::types::CallId;
use ozonetel_sdk::types::Day;
use ozonetel_sim::world::{AgentDial, CdrQuery, DispositionRequest, Setup, Timestamp};
use ozonetel_sim::{Sim, world};

use super::disk::DiskSink;
use super::wire::Wire;

pub const HOUR: u64 = 3600;
pub const DAY: u64 = 24 * HOUR;

pub type Rows = BTreeMap<RowKey, CallRecord>;

pub struct Rig {
    pub sim: Sim,
    pub wire: Arc<Wire>,
    pub client: Client,
    pub disk: DiskSink,
    pub settings: SyncSettings,
    /// What each day looked like when it was last seen while it could still change.
    pub seen: BTreeMap<Day, Rows>,
}

/// The last age at which anything in these tests changes.
pub const STILL: i32 = 13;

/// The night of the last look.
pub const LAST: u8 = ozonetel_sdk::cdr::sync::LAST_LOOK;

impl Rig {
    /// A world that begins at noon in India, with agents who take calls.
    pub fn new(change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup { mode: AuthMode::Key, ..Setup::default() };
        setup.behaviour.talk = Some((Duration::from_secs(10), Duration::from_secs(1_200)));
        setup.behaviour.customer_answer_rate = 0.7;
        setup.behaviour.agent_answer_rate = 0.8;
        change(&mut setup);
        let noon = Timestamp::parse("2026-11-02T12:00:00+05:30").unwrap();
        let sim = Sim::builder().setup(setup).starting_at(noon).build();
        for agent in ["agent01", "agent02"] {
            sim.change(|world| world.login(agent, "secret", "")).unwrap();
        }
        let wire = Wire::on(&sim);
        let client = sim.client_builder().transport(Arc::<Wire>::clone(&wire)).build().unwrap();
        let settings = SyncSettings::default().every(Duration::from_secs(6 * HOUR)).batch(3);
        Self { sim, wire, client, disk: DiskSink::default(), settings, seen: BTreeMap::new() }
    }

    pub fn sync(&self) -> CdrSync<DiskSink> {
        self.client.cdr().sync(self.disk.clone()).settings(self.settings)
    }

    pub fn today(&self) -> Day {
        self.client.today()
    }

    /// Lets time pass, in pieces that leave no day unseen.
    pub async fn pass(&mut self, seconds: u64) {
        let mut left = seconds;
        while left > 0 {
            let piece = left.min(6 * HOUR);
            left -= piece;
            self.sim.advance(Duration::from_secs(piece)).await;
            self.look();
        }
    }

    /// To a time of day, tomorrow's if it is past.
    pub async fn pass_to(&mut self, hour: u64) {
        let second = u64::try_from(self.sim.now().second()).unwrap() + 19_800;
        let (now, then) = (second % DAY, hour * HOUR);
        self.pass((then + DAY - now - 1) % DAY + 1).await;
    }

    /// Keeps what every day that may still change looks like.
    pub fn look(&mut self) {
        for age in 0..=STILL {
            let day = back(self.today(), age);
            let rows = self.world_rows(day);
            // A night of moving hides rows that are there.
            let known = self.seen.entry(day).or_default();
            if rows.len() >= known.len() {
                *known = rows;
            }
        }
    }

    /// A day's rows as the world has them now.
    pub fn world_rows(&self, day: Day) -> Rows {
        let world = self.sim.world();
        let zone = world.setup().zone;
        let from = zone.parse_date_time(&day.start().to_string()).unwrap();
        let query = CdrQuery { from, to: from + 86_399, ..CdrQuery::default() };
        let rows = world.reports().cdr(&query);
        let read = |row| serde_json::from_value::<CallRecord>(row).unwrap();
        rows.into_iter().map(read).map(|row| (RowKey::Leg(row.ucid.unwrap()), row)).collect()
    }

    /// Legs of ended and running calls of the last days, newest first.
    pub fn legs(&self, days: i32) -> Vec<(u64, u64, String, String)> {
        let world = self.sim.world();
        let since = world.now().second() - i64::from(days) * 86_400;
        let calls = world.calls().iter().rev().filter(|call| call.started.second() >= since);
        let of = |call: &world::PhoneCall| {
            let (monitor, did) = (call.monitor, call.did.clone());
            let leg = move |leg: &world::Leg| {
                (leg.ucid, monitor, did.clone(), leg.agent.clone().unwrap_or_default())
            };
            call.legs.iter().map(leg).collect::<Vec<_>>()
        };
        calls.flat_map(of).collect()
    }

    pub fn call(&self, n: usize) {
        let numbers = ["9000000001", "9000000002", "09000000003", "12345"];
        if n.is_multiple_of(2) {
            let did = ["918000000001", "918000000002"][n / 2 % 2];
            self.sim.inbound(did, numbers[n % 3]).unwrap();
        } else {
            let agent = ["agent01", "agent02", "agent03"][n % 3].to_owned();
            let (campaign, uui) = ("support_out".to_owned(), String::new());
            let number = numbers[n % 4].to_owned();
            // An agent who is busy or not there refuses: no call then.
            let _ = self
                .sim
                .change(|world| world.dial_agent(&AgentDial { agent, campaign, number, uui }));
        }
    }

    pub fn dispose(&self, n: usize, disposition: &str) {
        let legs = self.legs(STILL - 1);
        let Some((ucid, _, did, agent)) = legs.get(n % legs.len().max(1)) else { return };
        let disposal = DispositionRequest {
            disposition: disposition.to_owned(),
            comments: "by hand".to_owned(),
            call_back_time: None,
            auto_release: true,
            pause: None,
        };
        // Twice is refused.
        let _ = self.sim.change(|world| world.dispose(&ucid.to_string(), did, agent, disposal));
    }

    /// The disk has what the world had, for a day.
    pub fn has(&self, day: Day) -> bool {
        let disk: Rows = self.disk.day(day).into_iter().collect();
        self.seen.get(&day).is_none_or(|seen| *seen == disk)
    }

    /// Legs of every phone call of a day are together in the sink.
    pub fn check_groups(&self, day: Day) {
        let mut calls: BTreeMap<CallId, Vec<&CallRecord>> = BTreeMap::new();
        for row in self.seen.get(&day).into_iter().flat_map(BTreeMap::values) {
            calls.entry(row.call_id.unwrap()).or_default().push(row);
        }
        let disk = self.disk.disk();
        for (call, legs) in calls {
            let here: Vec<_> = disk.rows.legs(call).collect();
            assert!(legs.iter().all(|leg| here.contains(leg)), "{call:?} is not together");
        }
    }
}

pub fn back(day: Day, days: i32) -> Day {
    (0..days).fold(day, |day, _| day.previous())
}

/// How many nights were over at a time, for a day: 4 o'clock is when they are.
pub fn nights(day: Day, at: Timestamp) -> i32 {
    let zone = ozonetel_sdk::types::Zone::india();
    let at = std::time::UNIX_EPOCH + Duration::from_millis(at.unix_ms().cast_unsigned());
    let stamp = zone.stamp(at);
    day.days_until(stamp.day()) - i32::from(stamp.time().seconds() < 4 * 3600)
}

/// Whether a day is in the window at a time.
pub fn age(day: Day, at: Timestamp) -> i32 {
    let zone = ozonetel_sdk::types::Zone::india();
    let at = std::time::UNIX_EPOCH + Duration::from_millis(at.unix_ms().cast_unsigned());
    day.days_until(zone.day(at)).min(WINDOW_DAYS + 1)
}
