//! Ozonetel CloudAgent, simulated.
