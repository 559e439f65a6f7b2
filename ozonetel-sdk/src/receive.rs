//! What the service sends: pushes, KooKoo's requests, and one record per phone call made of them.

pub(crate) mod kookoo;
pub mod phone_call;
pub mod push;
pub(crate) mod softphone;
