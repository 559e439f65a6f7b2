//! SIP header parser: finds the UCID and the caller in an INVITE.
#![no_std]
