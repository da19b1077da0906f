//! Elastic's public schemas and fixtures, found through `ELASTIC_APM_SPEC_DATA`; they are not part of this project.

use std::path::PathBuf;

/// The folder with Elastic's data, or `None` after saying that `suite` is skipped.
///
/// # Panics
///
/// When it is missing although `ELASTIC_APM_REQUIRE` names `spec`: in CI nothing is skipped silently.
#[must_use]
pub fn data(suite: &str) -> Option<PathBuf> {
    match std::env::var_os("ELASTIC_APM_SPEC_DATA").filter(|path| !path.is_empty()) {
        Some(path) => Some(PathBuf::from(path)),
        None => {
            skip(suite, "spec", "ELASTIC_APM_SPEC_DATA is not set");
            None
        }
    }
}

/// Says that `suite` is skipped because the machine lacks `what`.
///
/// # Panics
///
/// When `ELASTIC_APM_REQUIRE` lists `what`.
pub fn skip(suite: &str, what: &str, why: &str) {
    let required = std::env::var("ELASTIC_APM_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|name| name.trim() == what), "{suite} is required: {why}");
    println!("SKIPPED {suite}: {why}");
}
