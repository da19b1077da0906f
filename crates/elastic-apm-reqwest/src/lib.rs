//! Elastic APM for reqwest clients.
