//! The forms that rows are exported in.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::rows::TextFormat;

/// Forms of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FileFormat {
    /// A line of names, then a line per row, under the service's names.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// A spreadsheet in which everything is text; split at a million rows a sheet.
    Xlsx,
    /// Columns of text under the service's names, for analysis; undocumented fields are JSON in the column `extra`.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl FileFormat {
    /// The word of the flag.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Xlsx => "xlsx",
            #[cfg(feature = "parquet")]
            Self::Parquet => "parquet",
        }
    }

    /// The text that it is, if it is one.
    pub(super) fn text(self) -> Option<TextFormat> {
        match self {
            Self::Csv => Some(TextFormat::Csv),
            Self::Jsonl => Some(TextFormat::Jsonl),
            Self::Xlsx => None,
            #[cfg(feature = "parquet")]
            Self::Parquet => None,
        }
    }
}
