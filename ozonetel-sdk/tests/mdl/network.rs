//! Over real sockets on this machine.
