//! Elastic APM for axum routers.
