//! The `Authorization` header.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::HeaderValue;

use crate::config::{Config, Secret};

/// Builds the header: the API key if there is one, else the secret token, else none.
pub(super) fn authorization(config: &Config) -> Option<HeaderValue> {
    let text = match (&config.api_key, &config.secret_token) {
        (Some(key), _) => format!("ApiKey {}", encoded(key)),
        (None, Some(token)) => format!("Bearer {}", token.expose()),
        (None, None) => return None,
    };
    // Secrets are printable ASCII, which always makes a header.
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Encodes `id:key`. A key without colon is encoded already: base64 has none.
fn encoded(key: &Secret) -> String {
    let key = key.expose();
    if key.contains(':') { BASE64_STANDARD.encode(key) } else { key.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigBuilder, Environment, resolve};

    fn header(code: ConfigBuilder) -> Option<String> {
        let config = resolve(code, &Environment::empty()).config;
        authorization(&config).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn an_encoded_api_key_is_sent_as_it_is() {
        let header = header(ConfigBuilder::default().api_key("RTNxMjlXNEJt"));

        assert_eq!(header.as_deref(), Some("ApiKey RTNxMjlXNEJt"));
    }

    #[test]
    fn an_api_key_with_its_id_is_encoded() {
        let header = header(ConfigBuilder::default().api_key("VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw"));

        assert_eq!(
            header.as_deref(),
            Some("ApiKey VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==")
        );
    }

    #[test]
    fn a_secret_token_is_a_bearer_token() {
        assert_eq!(
            header(ConfigBuilder::default().secret_token("secr3tT0ken")).as_deref(),
            Some("Bearer secr3tT0ken")
        );
    }

    #[test]
    fn an_api_key_wins_over_a_secret_token() {
        let header = header(ConfigBuilder::default().api_key("MjlXNEJasdfDt").secret_token("secr3tT0ken"));

        assert_eq!(header.as_deref(), Some("ApiKey MjlXNEJasdfDt"));
    }

    #[test]
    fn without_credentials_there_is_no_header() {
        assert_eq!(header(ConfigBuilder::default()), None);
    }

    #[test]
    fn the_header_is_marked_as_sensitive() {
        let config = resolve(ConfigBuilder::default().api_key("key"), &Environment::empty()).config;

        assert!(authorization(&config).unwrap().is_sensitive());
    }
}
