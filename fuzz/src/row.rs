//! One record to try a mapping on.

use std::sync::Arc;

use crate::source::{Batch, FileFormat, Header, Sheet};

/// A table of one row.
pub fn row(names: &[&str], cells: &[&str]) -> Batch {
    let header = Header::new(names.iter().map(|&name| name.to_owned()).collect());
    let mut batch = Batch::new(sheet(Some(header)));
    batch.start_row(2);
    for cell in cells {
        batch.push_cell(cell);
    }
    batch
}

/// One JSON record.
pub fn tree(tree: serde_json::Value) -> Batch {
    let mut batch = Batch::new(sheet(None));
    batch.push_tree(1, None, tree);
    batch
}

fn sheet(header: Option<Header>) -> Arc<Sheet> {
    Arc::new(Sheet {
        file: "export".into(),
        reading: String::new(),
        header,
        nulls: vec!["NULL".to_owned()],
        form: FileFormat::default(),
    })
}
