//! What the desk measures of itself, in the text format of Prometheus.
//!
//! Each desk has a registry of its own, so that two in one process do not count together. Labels come from short lists:
//! routes as they are registered, never paths; words of errors, never texts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use metrics::{Counter, Histogram, Label, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use ozonetel_sdk::client::{ClientEvent, Observer};
use tokio_util::sync::CancellationToken;

/// How often times are put into their buckets.
const FOLDED_EVERY: Duration = Duration::from_mins(1);

/// Every metric, with its meaning.
const DESCRIBED: &[(&str, &str)] = &[
    (HTTP_REQUESTS, "Requests answered, by method, route and status"),
    (HTTP_SECONDS, "Time from a request's head to the head of its answer"),
    (SERVICE_CALLS, "Calls of the service that ended, by operation and outcome"),
    (SERVICE_SECONDS, "How long calls of the service took, waiting for limits included"),
    (SERVICE_WAITS, "How often a call waited for a published limit"),
    (STREAMS, "Listeners to the stream of events"),
    (TASKS, "Commands under way"),
    (STORE_COMMITS, "Transactions that the SQLite writer has committed"),
    (EVENTS, "Number of the newest event"),
    (OUTBOX, "Dispositions that are still to be delivered"),
    (UNKNOWN_DIALS, "Dials of unknown outcome, at most 1000"),
    (OWED, "Dispositions that did not arrive, at most 1000"),
    (UNKNOWN_FIELDS, "Fields of requests that no route knows, ignored"),
    (ASSIST_SESSIONS, "Calls that are listened to"),
    (ASSIST_FRAMES, "Frames of audio from pages, by speaker and what became of them"),
    (ASSIST_SECONDS, "Seconds of audio that were sent to a provider"),
    (ASSIST_TOKENS, "Tokens of questions and answers"),
    (ASSIST_MONEY, "What that cost, in millionths, by the prices that are set"),
    (ASSIST_PROVIDERS, "What became of streams and questions, by provider and outcome"),
    (ASSIST_ANSWER_SECONDS, "How long questions took"),
];

/// Requests answered.
pub const HTTP_REQUESTS: &str = "desk_http_requests_total";
/// Time to answer.
pub const HTTP_SECONDS: &str = "desk_http_request_seconds";
/// Calls of the service.
pub const SERVICE_CALLS: &str = "desk_service_calls_total";
/// Their time.
pub const SERVICE_SECONDS: &str = "desk_service_call_seconds";
/// Waits for limits.
pub const SERVICE_WAITS: &str = "desk_service_waits_total";
/// Listeners.
pub const STREAMS: &str = "desk_event_streams";
/// Commands under way.
pub const TASKS: &str = "desk_commands_under_way";
/// Commits.
pub const STORE_COMMITS: &str = "desk_store_commits_total";
/// The newest event.
pub const EVENTS: &str = "desk_newest_event";
/// Dispositions to be delivered.
pub const OUTBOX: &str = "desk_outbox_waiting";
/// Dials of unknown outcome.
pub const UNKNOWN_DIALS: &str = "desk_dials_unknown";
/// Dispositions that did not arrive.
pub const OWED: &str = "desk_dispositions_owed";
/// Calls that are listened to.
pub const ASSIST_SESSIONS: &str = "desk_assist_calls";
/// Frames of audio.
pub const ASSIST_FRAMES: &str = "desk_assist_frames_total";
/// Seconds of audio.
pub const ASSIST_SECONDS: &str = "desk_assist_audio_seconds_total";
/// Tokens.
pub const ASSIST_TOKENS: &str = "desk_assist_tokens_total";
/// Money.
pub const ASSIST_MONEY: &str = "desk_assist_money_millionths_total";
/// Providers.
pub const ASSIST_PROVIDERS: &str = "desk_assist_provider_outcomes_total";
/// Time of answers.
pub const ASSIST_ANSWER_SECONDS: &str = "desk_assist_answer_seconds";
/// Unknown fields.
pub const UNKNOWN_FIELDS: &str = "desk_unknown_fields_total";

/// Upper bounds of the histograms' buckets, in seconds.
const BUCKETS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

/// A desk's metrics. Cheap to clone; clones share.
#[derive(Clone)]
pub struct Metrics(Arc<Registry>);

struct Registry {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    routes: Handles<(&'static str, u16), Box<str>>,
    calls: Handles<&'static str, &'static str>,
}

/// A counter and a histogram that were looked up before. There are as many as there are labels, and no more.
type Handles<K, L> = RwLock<BTreeMap<K, BTreeMap<L, (Counter, Histogram)>>>;

/// Counts one more, and its time.
fn add((counter, histogram): &(Counter, Histogram), took: Duration) {
    counter.increment(1);
    histogram.record(took.as_secs_f64());
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let builder = PrometheusBuilder::new();
        // The one way to fail is an empty list.
        let builder = builder.set_buckets(&BUCKETS).unwrap_or_default();
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        with_local_recorder(&recorder, || {
            for (name, meaning) in DESCRIBED {
                if name.ends_with("_total") {
                    metrics::describe_counter!(*name, *meaning);
                } else if name.ends_with("_seconds") {
                    metrics::describe_histogram!(*name, *meaning);
                } else {
                    metrics::describe_gauge!(*name, *meaning);
                }
            }
        });
        let (routes, calls) = (Handles::default(), Handles::default());
        Self(Arc::new(Registry { recorder, handle, routes, calls }))
    }
}

impl Metrics {
    /// Counts one more.
    pub fn count(&self, name: &'static str, labels: Vec<Label>) {
        self.add(name, labels, 1);
    }

    /// Counts so many more.
    pub fn add(&self, name: &'static str, labels: Vec<Label>, many: u64) {
        with_local_recorder(&self.0.recorder, || {
            metrics::counter!(name, labels).increment(many);
        });
    }

    /// Sets a count that is kept elsewhere.
    pub fn set_count(&self, name: &'static str, total: u64) {
        with_local_recorder(&self.0.recorder, || metrics::counter!(name).absolute(total));
    }

    /// Adds a time to a histogram.
    pub fn time(&self, name: &'static str, labels: Vec<Label>, took: Duration) {
        with_local_recorder(&self.0.recorder, || {
            metrics::histogram!(name, labels).record(took.as_secs_f64());
        });
    }

    /// Counts a request that was answered, and how long that took.
    pub fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        {
            let known = self.0.routes.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(pair) = known.get(&(method, status)).and_then(|routes| routes.get(route)) {
                return add(pair, took);
            }
        }
        let labels = vec![Label::from_static_parts("method", method), label("route", route)];
        let mut counted = labels.clone();
        counted.push(label("status", &status.to_string()));
        let pair = self.pair((HTTP_REQUESTS, counted), (HTTP_SECONDS, labels));
        add(&pair, took);
        let mut known = self.0.routes.write().unwrap_or_else(PoisonError::into_inner);
        known.entry((method, status)).or_default().insert(route.into(), pair);
    }

    /// Counts a call of the service, and how long it took.
    fn called(&self, call: &'static str, outcome: &'static str, took: Duration) {
        {
            let known = self.0.calls.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(pair) = known.get(call).and_then(|outcomes| outcomes.get(outcome)) {
                return add(pair, took);
            }
        }
        let labels = vec![Label::from_static_parts("call", call)];
        let mut counted = labels.clone();
        counted.push(Label::from_static_parts("outcome", outcome));
        let pair = self.pair((SERVICE_CALLS, counted), (SERVICE_SECONDS, labels));
        add(&pair, took);
        let mut known = self.0.calls.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(call).or_default().insert(outcome, pair);
    }

    fn pair(
        &self,
        (name, labels): (&'static str, Vec<Label>),
        (seconds, timed): (&'static str, Vec<Label>),
    ) -> (Counter, Histogram) {
        with_local_recorder(&self.0.recorder, || {
            (metrics::counter!(name, labels), metrics::histogram!(seconds, timed))
        })
    }

    /// Sets a gauge.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, and a gauge is a float")]
    pub fn set(&self, name: &'static str, value: u64) {
        with_local_recorder(&self.0.recorder, || metrics::gauge!(name).set(value as f64));
    }

    /// Everything, as Prometheus asks for it.
    pub fn render(&self) -> String {
        self.fold();
        self.0.handle.render()
    }

    /// Puts the times that were measured into their buckets. Until then each is kept.
    fn fold(&self) {
        self.0.handle.run_upkeep();
    }

    /// Puts the times into their buckets now and then, until `stop`: nobody may ever ask for them.
    pub async fn keep_folded(self, stop: CancellationToken) {
        now_and_then(FOLDED_EVERY, &stop, || self.fold()).await;
    }
}

/// Does something now and then, until `stop`.
async fn now_and_then(every: Duration, stop: &CancellationToken, mut act: impl FnMut()) {
    while stop.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
        act();
    }
}

/// A label out of a fixed name and one of few values.
pub fn label(name: &'static str, value: &str) -> Label {
    Label::new(name, value.to_owned())
}

/// Counts a client's calls.
impl Observer for Metrics {
    fn on(&self, event: &ClientEvent<'_>) {
        let (spec, outcome, elapsed) = match event {
            ClientEvent::Waiting { spec, .. } => {
                return self
                    .count(SERVICE_WAITS, vec![Label::from_static_parts("call", spec.name)]);
            }
            ClientEvent::Finished { spec, error: None, elapsed, .. } => (spec, "done", elapsed),
            ClientEvent::Finished { spec, error: Some(error), elapsed, .. } => {
                let unknown = error.may_have_happened();
                (spec, if unknown { "unknown" } else { error.kind().as_str() }, elapsed)
            }
            ClientEvent::Abandoned { spec, may_have_happened, elapsed, .. } => {
                (spec, if *may_have_happened { "unknown" } else { "abandoned" }, elapsed)
            }
            _ => return,
        };
        self.called(spec.name, outcome, *elapsed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_shown_with_its_meaning_and_labels() {
        let metrics = Metrics::default();
        let route = || vec![label("route", "/api/calls/{ucid}"), label("status", "200")];
        metrics.count(HTTP_REQUESTS, route());
        metrics.add(HTTP_REQUESTS, route(), 2);
        metrics.time(HTTP_SECONDS, vec![], Duration::from_millis(7));
        metrics.set(STREAMS, 4);
        metrics.set_count(STORE_COMMITS, 9);
        let text = metrics.render();
        for line in [
            r#"desk_http_requests_total{route="/api/calls/{ucid}",status="200"} 3"#,
            "# TYPE desk_http_request_seconds histogram",
            r#"desk_http_request_seconds_bucket{le="0.005"} 0"#,
            r#"desk_http_request_seconds_bucket{le="0.01"} 1"#,
            "# HELP desk_event_streams Listeners to the stream of events",
            "desk_event_streams 4",
            "desk_store_commits_total 9",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn times_are_put_into_buckets_each_minute_until_the_end_and_counted_once() {
        let (metrics, stop) = (Metrics::default(), CancellationToken::new());
        let mut folded = 0;
        let folding = now_and_then(FOLDED_EVERY, &stop, || {
            metrics.time(HTTP_SECONDS, vec![], Duration::from_millis(7));
            metrics.fold();
            folded += 1;
        });
        let ending = async {
            tokio::time::sleep(FOLDED_EVERY * 7 / 2).await;
            stop.cancel();
        };
        tokio::join!(folding, ending);
        assert_eq!(folded, 3);
        let text = metrics.render();
        assert!(text.lines().any(|line| line == "desk_http_request_seconds_count 3"), "{text}");
    }

    #[test]
    fn what_is_answered_is_counted_by_method_route_and_status_and_timed_by_route() {
        let metrics = Metrics::default();
        for (method, route, status) in
            [("GET", "/a", 200), ("GET", "/a", 200), ("GET", "/a", 404), ("POST", "/a", 200)]
        {
            metrics.answered(method, route, status, Duration::from_millis(7));
        }
        let text = metrics.render();
        for line in [
            r#"desk_http_requests_total{method="GET",route="/a",status="200"} 2"#,
            r#"desk_http_requests_total{method="GET",route="/a",status="404"} 1"#,
            r#"desk_http_requests_total{method="POST",route="/a",status="200"} 1"#,
            r#"desk_http_request_seconds_count{method="GET",route="/a"} 3"#,
            r#"desk_http_request_seconds_count{method="POST",route="/a"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn two_desks_do_not_count_together() {
        let (one, other) = (Metrics::default(), Metrics::default());
        one.count(UNKNOWN_FIELDS, vec![]);
        assert!(one.render().contains("desk_unknown_fields_total 1"));
        assert!(!other.render().contains("desk_unknown_fields_total 1"));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_of_the_service_are_counted_by_operation_and_outcome() {
        let sim = ozonetel_sim::Sim::start();
        let metrics = Metrics::default();
        let client = sim.client_builder().observer(Arc::new(metrics.clone())).build().unwrap();
        client.agents().login("agent01", "secret", "500001").await.unwrap();
        client.agents().login("agent01", "secret", "500001").await.unwrap_err();
        let text = metrics.render();
        for outcome in ["done", "refused"] {
            let line =
                format!(r#"desk_service_calls_total{{call="agents.login",outcome="{outcome}"}} 1"#);
            assert!(text.contains(&line), "{line} is not in\n{text}");
        }
        assert!(
            text.contains(r#"desk_service_call_seconds_count{call="agents.login"} 2"#),
            "{text}"
        );
    }
}
