//! A check while it runs: asks, and keeps each answer as it was recorded, masked.

use std::path::{Path, PathBuf};

use ozonetel_sdk::endpoint::Endpoint;
use ozonetel_sdk::testing::record::{ExchangeFile, RecordedExchange};
use ozonetel_sdk::{Call, Error, ErrorKind, Reason};

use super::seen::{Reading, Seen, Sighting, Step};
use crate::context::Context;
use crate::failure::Failure;

/// One check.
pub(super) struct Run<'c> {
    pub(super) context: &'c Context,
    pub(super) seen: Seen,
    fixtures: PathBuf,
}

/// Why a check ended before it had asked everything.
pub(super) struct Stopped(pub(super) Failure);

impl<E: Into<Failure>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl<'c> Run<'c> {
    /// A check whose context records into a folder.
    pub(super) fn new(context: &'c Context, fixtures: &Path) -> Self {
        Self { context, seen: Seen::default(), fixtures: fixtures.to_owned() }
    }

    /// Asks, and keeps what was answered. A refusal is an answer; no answer, a used-up limit and a signal end the check.
    pub(super) async fn ask<E: Endpoint>(
        &mut self,
        step: Step,
        call: Call<'_, E>,
    ) -> Result<Result<E::Reply, Error>, Stopped> {
        let answered = async { Ok::<_, Failure>(call.send().await) };
        let answer = self.context.until_stopped(answered).await?;
        let reading = match &answer {
            Ok(_) => Reading::Done,
            Err(error) => {
                let limited = error.reason() == Some(Reason::TooManyRequests);
                if limited || error.kind() == ErrorKind::Paced {
                    let status = error.status().map_or(200, |status| status.as_u16());
                    if limited {
                        let text = error.service_text().unwrap_or_default();
                        let text = crate::mask::shortened(text);
                        self.seen.limit = Some(format!("{status}, {text:?}"));
                    }
                    return Err(error.clone().into());
                }
                match Reading::of(error) {
                    Some(reading) => reading,
                    None => return Err(error.clone().into()),
                }
            }
        };
        let recorded = self.last(step.endpoint())?;
        self.seen.sightings.push(Sighting::new(step, reading, recorded.as_ref()));
        Ok(answer)
    }

    /// Says of the last answer that what it was asked for is missing.
    pub(super) fn is_bare(&mut self) {
        if let Some(last) = self.seen.sightings.last_mut() {
            last.reading = Reading::Bare;
        }
    }

    /// The last exchange that was recorded of an endpoint.
    fn last(&self, endpoint: &str) -> Result<Option<RecordedExchange>, Failure> {
        let path = self.fixtures.join(format!("{endpoint}.http"));
        if !path.exists() {
            return Ok(None);
        }
        let file = ExchangeFile::read(&path);
        let file = file.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(file.exchanges.into_iter().next_back())
    }
}
