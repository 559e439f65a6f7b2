//! What the service sends: pushes, KooKoo's requests, one record per phone call made of them, and
//! whether the softphone answers an INVITE.

pub(crate) mod kookoo;
pub(crate) mod phone_call;
pub mod push;
pub(crate) mod softphone;

#[cfg(test)]
mod tests;
