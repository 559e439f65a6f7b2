//! Spans to a collector, by OTLP over HTTP.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanContext, TraceContextExt as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{
    ExporterBuildError, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::transport::reqwest::{Network, Reqwest};
use ozonetel_sdk::transport::{Outgoing, Transport};
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// How long a collector may take, and how much it may answer.
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_ANSWER: usize = 64 << 10;

/// How long the last spans may take at the end.
const LAST: Duration = Duration::from_secs(5);

/// Whose spans are sent.
const OURS: [&str; 2] = ["desk", "ozonetel_sdk"];

/// A place in a trace.
pub(super) type TracePoint = SpanContext;

pub(super) fn here() -> Option<TracePoint> {
    let point = Span::current().context().span().span_context().clone();
    point.is_valid().then_some(point)
}

pub(super) fn join(span: &Span, point: &TracePoint) {
    // Without a collector there is no layer that could know.
    let _ = span.set_parent(Context::new().with_remote_span_context(point.clone()));
}

pub(super) fn adopt(span: &Span, headers: &HeaderMap) {
    let named = TraceContextPropagator::new()
        .extract_with_context(&Context::new(), &HeaderExtractor(headers));
    let point = named.span().span_context().clone();
    if point.is_valid() {
        join(span, &point);
    }
}

/// Why no traces are sent.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The exporter's own settings (`OTEL_*`) cannot be parsed.
    #[error("traces cannot be sent: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// The network's settings cannot be parsed.
    #[error(transparent)]
    Network(#[from] Invalid),
}

/// What sends the spans, to be ended when the desk ends.
pub struct Exporting(SdkTracerProvider);

impl fmt::Debug for Exporting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporting")
    }
}

impl Exporting {
    /// Sends what is left, for five seconds at most.
    ///
    /// # Cancel safety
    /// If it is dropped, what is left may not be sent.
    pub async fn end(self) {
        // It waits for its own thread, which waits for this runtime.
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("the last traces were not sent");
        }
    }
}

/// The layer that sends spans to a collector, [as its address is read](super::endpoint). Events of the log are not sent.
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use desk::ops::trace::{endpoint, layer};
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// let (traces, exporting) = layer(&endpoint("http://127.0.0.1:4318")?)?;
/// let _subscriber = tracing_subscriber::registry().with(traces);
/// exporting.end().await;
/// # Ok(()) }
/// # tokio::runtime::Runtime::new()?.block_on(run())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`TraceError`].
///
/// # Panics
/// Outside a Tokio runtime.
pub fn layer<S>(endpoint: &str) -> Result<(impl Layer<S> + Send + Sync, Exporting), TraceError>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let transport: Arc<dyn Transport> = Arc::new(Reqwest::new(&Network::default())?);
    let collector = Collector { transport, runtime: Handle::current() };
    let exporter = SpanExporter::builder().with_http().with_http_client(collector);
    let exporter = exporter.with_endpoint(endpoint).with_timeout(PATIENCE).build()?;
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder_empty().with_service_name("desk").with_attribute(version);
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource.build())
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("desk"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_level(false);
    let ours = filter_fn(is_ours).with_max_level_hint(LevelFilter::INFO);
    Ok((layer.with_filter(ours), Exporting(provider)))
}

/// Whether a span is sent. The one around work in the background lasts as long as the desk, and so would its trace.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let root = target.split("::").next().unwrap_or_default();
    metadata.is_span()
        && *metadata.level() <= LevelFilter::INFO
        && OURS.contains(&root)
        && metadata.name() != "work"
}

/// The collector, over the transport of all requests. The exporter has a thread of its own; the work is done here.
#[derive(Debug, Clone)]
struct Collector {
    transport: Arc<dyn Transport>,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let transport = Arc::clone(&self.transport);
        let exchange = async move {
            let answer = transport.send(Outgoing::new(request, false)).await?;
            let (mut body, mut whole) = (answer.body, BytesMut::new());
            while let Some(part) = body.next().await {
                whole.extend_from_slice(&part?);
                if whole.len() > MOST_ANSWER {
                    return Err(HttpError::from("the collector's answer is too long"));
                }
            }
            Ok(answer.head.map(|()| whole.freeze()))
        };
        self.runtime.spawn(async { tokio::time::timeout(PATIENCE, exchange).await }).await??
    }
}
