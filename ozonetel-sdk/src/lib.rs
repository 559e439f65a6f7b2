//! Typed async client for Ozonetel CloudAgent.
