//! KooKoo, the CPaaS side: calls placed over it.

pub mod outbound;
