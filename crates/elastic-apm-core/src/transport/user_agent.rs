//! The `User-Agent` header: which agent, for which service.

use http::HeaderValue;

use crate::config::Config;

/// Builds `apm-agent-rust/<version> (<service> <service version>)`.
pub(super) fn user_agent(config: &Config) -> HeaderValue {
    const AGENT: &str = concat!("apm-agent-rust/", env!("CARGO_PKG_VERSION"));
    let service = comment_text(config.service_name.as_str());
    let text = match &config.service_version {
        Some(version) => format!("{AGENT} ({service} {})", comment_text(version)),
        None => format!("{AGENT} ({service})"),
    };
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(AGENT))
}

/// Replaces what may not stand in a header's comment; non-ASCII may, but not every proxy agrees.
fn comment_text(text: &str) -> String {
    let allowed = |c: char| matches!(c, ' '..='~') && !matches!(c, '(' | ')' | '\\');
    text.chars().map(|c| if allowed(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigBuilder, Environment, resolve};

    fn header(code: ConfigBuilder) -> String {
        let config = resolve(code, &Environment::empty()).config;
        user_agent(&config).to_str().unwrap().to_owned()
    }

    fn comment(header: &str) -> &str {
        let agent = format!("apm-agent-rust/{} ", env!("CARGO_PKG_VERSION"));
        header.strip_prefix(agent.as_str()).unwrap()
    }

    #[test]
    fn the_comment_names_the_service() {
        assert_eq!(comment(&header(ConfigBuilder::default().service_name("myService"))), "(myService)");
    }

    #[test]
    fn the_comment_names_the_version_too() {
        let header = header(ConfigBuilder::default().service_name("myService").service_version("v42"));

        assert_eq!(comment(&header), "(myService v42)");
    }

    #[test]
    fn characters_that_no_comment_may_hold_become_underscores() {
        let code =
            ConfigBuilder::default().service_name("myService/()<>@").service_version("123(:\\;)456\u{e9}\n");

        assert_eq!(comment(&header(code)), "(myService______ 123_:_;_456_)");
    }
}
