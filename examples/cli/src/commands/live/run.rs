//! A check while it runs: asks, and keeps each answer as it was recorded, masked.

use std::path::{Path, PathBuf};

use ozonetel_sdk::auth::AuthMode;
use ozonetel_sdk::endpoint::Endpoint;
use ozonetel_sdk::testing::record::{ExchangeFile, RecordedExchange};
use ozonetel_sdk::{Call, Error, ErrorKind, Reason};

use super::evidence::{AnswerReading, CheckStep, Evidence, ObservedAnswer};
use crate::context::Context;
use crate::failure::Failure;

/// One check.
pub(super) struct LiveCheck<'c> {
    pub(super) context: &'c Context,
    pub(super) seen: Evidence,
    fixtures: PathBuf,
}

/// Why a check ended before it had asked everything.
pub(super) struct CheckStopped(pub(super) Failure);

impl<E: Into<Failure>> From<E> for CheckStopped {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl<'c> LiveCheck<'c> {
    /// A check whose context records into a folder.
    pub(super) fn new(context: &'c Context, fixtures: &Path) -> Self {
        let by_token = context.environment.mode == AuthMode::Token;
        let seen = Evidence { by_token, ..Evidence::default() };
        Self { context, seen, fixtures: fixtures.to_owned() }
    }

    /// Asks, and keeps what was answered. A refusal is an answer; no answer, a used-up limit and a signal end the check.
    pub(super) async fn ask<E: Endpoint>(
        &mut self,
        step: CheckStep,
        call: Call<'_, E>,
    ) -> Result<Result<E::Reply, Error>, CheckStopped> {
        let before = self.recorded_of(step)?;
        let answered = async { Ok::<_, Failure>(call.send().await) };
        let answer = self.context.until_stopped(answered).await?;
        let reading = match &answer {
            Ok(_) => AnswerReading::Done,
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
                match AnswerReading::of(error) {
                    Some(reading) => reading,
                    None => return Err(error.clone().into()),
                }
            }
        };
        self.keep(step, reading, before)?;
        Ok(answer)
    }

    /// How many exchanges were recorded of a step's endpoint.
    pub(super) fn recorded_of(&self, step: CheckStep) -> Result<usize, Failure> {
        Ok(self.recorded(step)?.len())
    }

    /// Keeps an answer with the exchange that was recorded after `before` others. What could not be written down is not
    /// the answer to an earlier request.
    pub(super) fn keep(
        &mut self,
        step: CheckStep,
        reading: AnswerReading,
        before: usize,
    ) -> Result<(), Failure> {
        let recorded = self.recorded(step)?;
        let last = recorded.last().filter(|_| recorded.len() > before);
        self.seen.answers.push(ObservedAnswer::new(step, reading, last));
        Ok(())
    }

    /// Says of the last answer that what it was asked for is missing.
    pub(super) fn is_bare(&mut self) {
        if let Some(last) = self.seen.answers.last_mut() {
            last.reading = AnswerReading::Bare;
        }
    }

    /// The exchanges that were recorded of a step's endpoint.
    fn recorded(&self, step: CheckStep) -> Result<Vec<RecordedExchange>, Failure> {
        let path = self.fixtures.join(format!("{}.http", step.endpoint()));
        if !path.exists() {
            return Ok(Vec::new());
        }
        let file = ExchangeFile::read(&path);
        Ok(file.map_err(|error| Failure::usage(error.to_string()))?.exchanges)
    }
}
