//! Agent-desk backend.
