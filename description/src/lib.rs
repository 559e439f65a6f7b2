//! Descriptions of CloudAgent and KooKoo that machines can read: OpenAPI, AsyncAPI, and the list of what is assumed.
//!
//! Nothing is described here a second time. Paths, credentials, limits and the place of fields are in the SDK's
//! catalogue; names, types and meanings of fields in the declarations of its types; answers in the fixtures. What this
//! crate has of its own is how the SDK's types are written in JSON (`schema`) and the order of the documents.

#![allow(
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "a generator that cannot go on says why and stops"
)]

mod asyncapi;
pub mod declared;
mod lists;
mod openapi;
pub mod operations;
pub mod samples;
pub mod schema;
mod written;

use std::path::{Path, PathBuf};

pub use written::pretty;

/// A document of the repository that is generated.
#[derive(Debug)]
pub struct Document {
    /// Its path in the repository.
    pub path: &'static str,
    /// What it should say.
    pub text: String,
}

impl Document {
    /// Where it is.
    pub fn file(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(self.path)
    }
}

/// The OpenAPI document.
pub fn openapi() -> serde_json::Value {
    openapi::document(&declared::Declared::read(), &operations::all())
}

/// The AsyncAPI document.
pub fn asyncapi() -> serde_json::Value {
    asyncapi::document(&declared::Declared::read())
}

/// Every generated document.
pub fn documents() -> Vec<Document> {
    vec![
        Document { path: "docs/openapi/cloudagent.json", text: pretty(&openapi()) },
        Document { path: "docs/asyncapi/cloudagent.json", text: pretty(&asyncapi()) },
        Document { path: "docs/assumptions.md", text: lists::assumptions() },
    ]
}
