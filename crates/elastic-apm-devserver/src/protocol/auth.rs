//! Who may send: the `Authorization` header against the configured secret token and API key.
//!
//! Knows nothing of routes; the words of the refusals are those of a real APM Server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

const EXPECTED: &str =
    "expected 'Authorization: Bearer secret_token' or 'Authorization: ApiKey base64(API key ID:API key)'";
const FAILED: &str = "authentication failed";

/// The credentials the server accepts; with none configured every request is let in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    secret_token: Option<String>,
    /// Base64 of `id:key`, as it travels.
    api_key: Option<String>,
}

impl Credentials {
    /// An API key may be given as `id:key` or already encoded; an empty value counts as not configured.
    pub(crate) fn new(secret_token: Option<String>, api_key: Option<String>) -> Self {
        let encode = |key: String| if key.contains(':') { STANDARD.encode(key) } else { key };
        Self {
            secret_token: secret_token.filter(|token| !token.is_empty()),
            api_key: api_key.filter(|key| !key.is_empty()).map(encode),
        }
    }

    /// Lets the request in, or gives the message of the 401.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), String> {
        if self.secret_token.is_none() && self.api_key.is_none() {
            return Ok(());
        }
        let header = headers.get(AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        let header = String::from_utf8_lossy(header);
        let (scheme, value) = header.split_once(' ').unwrap_or((&header, ""));
        match scheme {
            "" => Err(format!("{FAILED}: missing or improperly formatted Authorization header: {EXPECTED}")),
            "Bearer" if matches(self.secret_token.as_deref(), value) => Ok(()),
            "ApiKey" if self.api_key.is_some() => self.check_api_key(value),
            "Bearer" | "ApiKey" => Err(FAILED.to_owned()),
            other => Err(format!("{FAILED}: unknown Authentication header {other}: {EXPECTED}")),
        }
    }

    fn check_api_key(&self, value: &str) -> Result<(), String> {
        match STANDARD.decode(value) {
            Err(_) => {
                Err(format!("{FAILED}: improperly encoded ApiKey credentials: expected base64(ID:APIKey)"))
            }
            Ok(decoded) if !decoded.contains(&b':') => {
                Err(format!("{FAILED}: improperly formatted ApiKey credentials: expected base64(ID:APIKey)"))
            }
            Ok(_) if matches(self.api_key.as_deref(), value) => Ok(()),
            Ok(_) => Err(FAILED.to_owned()),
        }
    }
}

/// Compares in a time that does not depend on where the two differ.
fn matches(expected: Option<&str>, given: &str) -> bool {
    let Some(expected) = expected else { return false };
    let differences = expected.bytes().zip(given.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    expected.len() == given.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::{Credentials, STANDARD};
    use base64::Engine as _;

    fn check(credentials: &Credentials, authorization: Option<&str>) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert("authorization", HeaderValue::from_str(value).unwrap());
        }
        credentials.check(&headers)
    }

    #[test]
    fn without_configured_credentials_the_header_is_ignored() {
        let open = Credentials::new(None, Some(String::new()));

        assert_eq!(check(&open, Some("Basic xyz")), Ok(()));
    }

    #[test]
    fn scheme_words_are_case_sensitive() {
        let credentials = Credentials::new(Some("s3cret".into()), None);

        assert_eq!(check(&credentials, Some("Bearer s3cret")), Ok(()));
        assert!(check(&credentials, Some("bearer s3cret")).unwrap_err().contains("header bearer: expected"));
    }

    #[test]
    fn a_missing_header_is_told_what_was_expected() {
        let credentials = Credentials::new(Some("s3cret".into()), None);

        assert_eq!(
            check(&credentials, None).unwrap_err(),
            "authentication failed: missing or improperly formatted Authorization header: expected \
             'Authorization: Bearer secret_token' or 'Authorization: ApiKey base64(API key ID:API key)'"
        );
    }

    #[test]
    fn a_wrong_token_or_an_unused_scheme_just_fails() {
        let credentials = Credentials::new(Some("s3cret".into()), None);

        for header in ["Bearer s3cre", "Bearer s3cret ", "Bearer", "ApiKey YTpi"] {
            assert_eq!(check(&credentials, Some(header)).unwrap_err(), "authentication failed", "{header}");
        }
    }

    #[test]
    fn an_api_key_is_accepted_plain_or_encoded() {
        let encoded = STANDARD.encode("id:key");
        for configured in ["id:key", &encoded] {
            let credentials = Credentials::new(None, Some(configured.to_owned()));

            assert_eq!(check(&credentials, Some(&format!("ApiKey {encoded}"))), Ok(()));
        }
    }

    #[test]
    fn a_malformed_api_key_is_named() {
        let credentials = Credentials::new(None, Some("id:key".into()));

        assert!(check(&credentials, Some("ApiKey !!")).unwrap_err().contains("improperly encoded"));
        assert!(
            check(&credentials, Some("ApiKey YWJj")).unwrap_err().contains("improperly formatted ApiKey")
        );
        assert_eq!(check(&credentials, Some("ApiKey aWQ6a2V6")).unwrap_err(), "authentication failed");
    }
}
