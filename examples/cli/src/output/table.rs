//! Lines of a table whose later rows are not known yet: every column has its width from the start.

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};

/// One row under columns of fixed widths; a longer text continues on the next line.
pub(super) fn line(columns: &[(&str, u16)], cells: Vec<String>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.add_row(cells);
    for (column, (_, width)) in table.column_iter_mut().zip(columns) {
        column.set_padding((0, 2));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width + 2)));
    }
    table.trim_fmt()
}

/// Names and values, one below the other.
pub(super) fn pairs(pairs: Vec<[String; 2]>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.add_rows(pairs);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_printed_one_by_one_stand_below_each_other() {
        let columns = [("a", 4), ("b", 3)];
        assert_eq!(line(&columns, vec!["1".into(), "2".into()]), "1     2");
        assert_eq!(line(&columns, vec!["1234".into(), "2".into()]), "1234  2");
        assert_eq!(line(&columns, vec!["one two".into(), "2".into()]), "one   2\ntwo");
    }
}
