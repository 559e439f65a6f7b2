//! Rows as columns of text, in the format of Apache Parquet.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ozonetel_sdk::cdr::CallRecord;
use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::rows::{all_cells, places};
use crate::failure::Failure;
use crate::part_file::PartFile;

/// Rows that are written at once.
const GROUP: usize = 20_000;

/// The column of what is not documented.
const EXTRA: &str = "extra";

/// One column's values of the rows that wait, absent ones left out.
#[derive(Debug, Default)]
struct ColumnValues {
    values: Vec<ByteArray>,
    /// For each row 1 if it has a value, else 0.
    present: Vec<i16>,
}

impl ColumnValues {
    fn push(&mut self, text: &str) {
        self.present.push(i16::from(!text.is_empty()));
        if !text.is_empty() {
            self.values.push(ByteArray::from(text));
        }
    }
}

/// A file of columns that takes its name once it is whole. All are text, as in the other forms; an empty cell is an
/// absent value.
pub(super) struct ColumnFile {
    writer: SerializedFileWriter<File>,
    part: PartFile,
    path: PathBuf,
    places: HashMap<&'static str, usize>,
    columns: Vec<ColumnValues>,
    rows: usize,
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("{} cannot be written: {error}", path.display()))
}

fn schema() -> Result<Type, ParquetError> {
    let text = |name: &str| {
        let column = Type::primitive_type_builder(name, PhysicalType::BYTE_ARRAY)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(Some(LogicalType::String));
        column.build().map(Arc::new)
    };
    let names = CallRecord::FIELDS.iter().copied().chain([EXTRA]);
    let fields = names.map(text).collect::<Result<_, _>>()?;
    Type::group_type_builder("calls").with_fields(fields).build()
}

impl ColumnFile {
    pub(super) fn create(path: &Path) -> Result<Self, Failure> {
        let part = PartFile::create(path).map_err(|error| failed(path, &error))?;
        let file = part.file().try_clone().map_err(|error| failed(path, &error))?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = schema().and_then(|schema| {
            SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))
        });
        Ok(Self {
            writer: writer.map_err(|error| failed(path, &error))?,
            part,
            path: path.to_owned(),
            places: places(),
            columns: (0..=CallRecord::FIELDS.len()).map(|_| ColumnValues::default()).collect(),
            rows: 0,
        })
    }

    /// Adds a row, given as JSON.
    pub(super) fn row(&mut self, row: &str) -> Result<(), Failure> {
        let (cells, extra) =
            all_cells(row, &self.places).map_err(|error| failed(&self.path, &error))?;
        let extra = if extra.is_empty() {
            String::new()
        } else {
            serde_json::to_string(&extra).map_err(|error| failed(&self.path, &error))?
        };
        for (column, cell) in self.columns.iter_mut().zip(cells.into_iter().chain([extra.into()])) {
            column.push(&cell);
        }
        self.rows += 1;
        if self.rows < GROUP {
            return Ok(());
        }
        self.write_group().map_err(|error| failed(&self.path, &error))
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            let ColumnValues { values, present } = std::mem::take(column);
            let Some(mut to) = group.next_column()? else { break };
            to.typed::<ByteArrayType>().write_batch(&values, Some(&present), None)?;
            to.close()?;
        }
        self.rows = 0;
        group.close().map(drop)
    }

    /// Writes the file.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        let written = self.write_group().and_then(|()| self.writer.finish().map(drop));
        written.map_err(|error| failed(&self.path, &error))?;
        self.part.finish().map_err(|error| failed(&self.path, &error))
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::RowAccessor as _;

    use super::*;

    #[test]
    fn columns_hold_every_row_and_what_is_not_documented() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.parquet");
        let mut file = ColumnFile::create(&path).unwrap();
        for n in 0..=GROUP {
            file.row(&format!(r#"{{"UCID":"9000000000{n:07}","Comments":null,"New":[{n}]}}"#))
                .unwrap();
        }
        file.row(r#"{"UCID":7,"Comments":"say \"no\""}"#).unwrap();
        file.finish().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let file = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        assert_eq!(file.metadata().num_row_groups(), 2);
        let place =
            |name: &str| CallRecord::FIELDS.iter().position(|field| *field == name).unwrap();
        let (ucid, comments, extra) = (place("UCID"), place("Comments"), CallRecord::FIELDS.len());
        let rows: Vec<_> = file.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), GROUP + 2);
        for (n, row) in rows.iter().enumerate().take(GROUP + 1) {
            assert_eq!(row.get_string(ucid).unwrap(), &format!("9000000000{n:07}"));
            assert_eq!(row.get_string(extra).unwrap(), &format!(r#"{{"New":[{n}]}}"#));
            assert!(row.get_string(comments).is_err(), "an absent value is null");
        }
        let last = rows.last().unwrap();
        assert_eq!(last.get_string(ucid).unwrap(), "7");
        assert_eq!(last.get_string(comments).unwrap(), "say \"no\"");
    }
}
