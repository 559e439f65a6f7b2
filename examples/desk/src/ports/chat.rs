//! Who is asked for suggestions and summaries: one trait, and an adapter for each provider.

pub mod openai;

use std::fmt;
use std::pin::Pin;

use async_trait::async_trait;
use futures_core::Stream;

use crate::core::assist::prompt::Question;

/// A piece of an answer.
#[derive(Clone, PartialEq, Eq)]
pub enum AnswerPart {
    /// More of its text.
    Text(String),
    /// How many tokens the question and the answer had.
    Tokens {
        /// Of the question.
        input: i64,
        /// Of the answer.
        output: i64,
    },
}

impl fmt::Debug for AnswerPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Tokens { input, output } => write!(f, "Tokens({input}, {output})"),
        }
    }
}

/// Why there is no answer, or no more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChatError {
    /// It could not be asked, or the connection ended.
    #[error("there is no connection")]
    Unreachable,
    /// The provider refuses.
    #[error("the provider answers {0}")]
    Refused(u16),
    /// What came is not of the protocol, or too much.
    #[error("what came is not of the protocol")]
    Garbage,
    /// It took too long.
    #[error("it took too long")]
    TooSlow,
}

/// An answer, piece by piece. It ends after its last piece, or with an error.
pub type AnswerStream = Pin<Box<dyn Stream<Item = Result<AnswerPart, ChatError>> + Send>>;

/// Answers questions.
#[async_trait]
pub trait Chat: Send + Sync + fmt::Debug {
    /// The provider's name, for metrics.
    fn name(&self) -> &'static str;

    /// Asks. How long an answer may take is for the caller to say.
    ///
    /// # Errors
    /// [`ChatError`].
    ///
    /// # Cancel safety
    /// The question may have been asked; dropping the answer ends it.
    async fn ask(&self, question: Question) -> Result<AnswerStream, ChatError>;
}
