//! Silence, pauses, what is due when.

use super::*;

#[test]
fn a_dead_peer_is_found_by_silence() {
    let mut link = up();
    assert_eq!(link.deadline(), Some(at(10)));
    assert_eq!(names(&link.on(at(10), LinkInput::Tick)), "write ping, ping");
    assert_eq!(names(&link.on(at(20), LinkInput::Tick)), "write ping, ping");
    assert_eq!(names(&link.on(at(29), LinkInput::Tick)), "");
    assert_eq!(names(&link.on(at(30), LinkInput::Tick)), "drop, =waiting");
    assert_eq!(link.state().cause(), Some("silence"));
    // Any sign of life, even one without content, restarts the count.
    let mut link = up();
    link.on(at(10), LinkInput::Tick);
    link.on(at(29), LinkInput::Heard);
    assert_eq!(names(&link.on(at(30), LinkInput::Tick)), "write ping, ping");
    assert_eq!(link.deadline(), Some(at(40)));
}

fn pauses(link: &mut Link, now: &mut Duration, times: usize) -> Vec<Duration> {
    let mut pauses = Vec::new();
    for _ in 0..times {
        let out = link.on(*now, LinkInput::Failed(DisconnectReason::Unreachable));
        for output in &out {
            if let LinkOutput::State(LinkState::Waiting { pause, .. }) = output {
                pauses.push(*pause);
            }
        }
        *now = link.deadline().unwrap();
        link.on(*now, LinkInput::Tick);
    }
    pauses
}

#[test]
fn pauses_stay_between_the_bounds_and_start_short_only_after_a_good_while() {
    let (s2, s3, s30) = (Duration::from_secs(2), Duration::from_secs(3), Duration::from_secs(30));
    let mut now = T0;
    let mut link = link();
    link.on(now, LinkInput::Start);
    let first = pauses(&mut link, &mut now, 200);
    assert!(first.iter().all(|pause| (s2..=s30).contains(pause)));
    assert!(first[0] <= s3);
    assert!(first.iter().any(|pause| *pause > Duration::from_secs(25)), "they grow");
    assert!(first[100..].iter().any(|pause| *pause < Duration::from_secs(8)), "full jitter");
    for (good_for, short_again) in [(59, false), (60, true)] {
        link.on(now, LinkInput::Opened);
        link.on(now, LinkInput::Text(WELCOME));
        now += Duration::from_secs(good_for);
        link.on(now, LinkInput::Closed(None));
        let all_short = (0..64).all(|seed| {
            let attempt = link.history.attempt;
            link.limits.pause(attempt, seed * 977) <= s3
        });
        assert_eq!(all_short, short_again, "after {good_for} s");
        now = link.deadline().unwrap();
        link.on(now, LinkInput::Tick);
    }
}

#[test]
fn a_deadline_is_the_first_of_what_is_due() {
    let mut link = link();
    assert_eq!(link.deadline(), None);
    link.on(T0, LinkInput::Start);
    assert_eq!(link.deadline(), Some(at(15)), "the connection");
    link.on(at(1), LinkInput::Opened);
    assert_eq!(link.deadline(), Some(at(11)), "the ids");
    link.on(at(2), LinkInput::Text(WELCOME));
    assert_eq!(link.deadline(), Some(at(12)), "the ping");
    let quick = TokenRequest::new("x").wait(Duration::from_secs(3));
    link.on(at(4), LinkInput::Send { ticket: 1, request: quick });
    assert_eq!(link.deadline(), Some(at(7)), "the reply");
    assert_eq!(names(&link.on(at(7), LinkInput::Tick)), "no_reply 1");
    link.on(at(12), LinkInput::Tick);
    link.on(at(22), LinkInput::Tick);
    assert_eq!(link.deadline(), Some(at(32)), "silence, and the next ping");
    let slow = TokenRequest::new("x").wait(Duration::from_secs(4));
    link.on(at(23), LinkInput::Send { ticket: 2, request: slow });
    link.on(at(24), LinkInput::Close);
    assert_eq!(link.deadline(), Some(at(27)), "the reply, before the patience with it");
    assert_eq!(names(&link.on(at(27), LinkInput::Tick)), "no_reply 2, close_frame");
    assert_eq!(link.deadline(), Some(at(32)), "the other side's close");
    assert_eq!(names(&link.on(at(31), LinkInput::Tick)), "");
    assert_eq!(names(&link.on(at(32), LinkInput::Tick)), "drop, =stopped");
    assert_eq!(link.deadline(), None);
}

#[test]
fn each_kind_of_ping_is_sent_as_set() {
    for (ping, want) in [
        (PingKind::Both, "write ping, ping"),
        (PingKind::Frame, "ping"),
        (PingKind::Token, "write ping"),
    ] {
        let limits = LinkLimits { ping, ..LinkLimits::default() };
        let mut link = Link::new(agent(), Arc::new(FixedSession::new("u", "b")), limits);
        link.on(T0, LinkInput::Start);
        link.on(T0, LinkInput::Opened);
        assert_eq!(names(&link.on(at(10), LinkInput::Tick)), want);
    }
}

#[test]
fn jitter_comes_from_the_generator_that_was_published() {
    // SplitMix64's own test values for the seed 1234567.
    let mut state = 1_234_567;
    let drawn: Vec<u64> = (0..5).map(|_| random(&mut state)).collect();
    assert_eq!(
        drawn,
        [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821
        ]
    );
}

#[test]
fn times_beyond_every_clock_do_no_harm() {
    let far = Duration::MAX;
    let limits = LinkLimits {
        connect_wait: far,
        handshake_wait: far,
        reply_wait: far,
        close_wait: far,
        ping_every: far,
        silence: far,
        shortest_pause: far,
        longest_pause: far,
        good_after: far,
        ..LinkLimits::default()
    };
    let mut link = Link::new(agent(), Arc::new(TokenSession::new("own")), limits);
    for step in [LinkInput::Start, LinkInput::Failed(DisconnectReason::Unreachable)] {
        link.on(T0, step);
    }
    assert_eq!(link.deadline(), Some(far));
    link.on(far, LinkInput::Tick);
    for step in
        [LinkInput::Opened, LinkInput::Text(WELCOME), dial(1), LinkInput::Tick, LinkInput::Close]
    {
        link.on(far, step);
    }
    assert_eq!(link.state(), LinkState::Closing);
}
