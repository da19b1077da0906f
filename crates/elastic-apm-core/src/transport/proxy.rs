//! Which proxy is on the way to a server, by the variables that most programs follow.
//!
//! `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, each in upper or lower case, read as curl reads them. A server on this
//! machine is never behind a proxy, as in Go: what the proxy calls 127.0.0.1 is another machine. Under CGI there is no proxy, for there
//! a stranger chooses `HTTP_PROXY`.

use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;

use crate::config::{Environment, ServerUrl};
use crate::log::AgentLog;

/// The proxies that the environment names.
pub(super) struct Proxies {
    http: Option<Variable>,
    https: Option<Variable>,
    /// The hosts that are contacted directly.
    direct: String,
}

/// A variable that is set, and its value, which may hold a password.
#[derive(Clone)]
struct Variable {
    name: &'static str,
    value: String,
}

/// A proxy that is asked for the way to a server.
#[derive(Clone, Debug)]
pub(super) struct Proxy {
    pub(super) uri: Uri,
    /// What it wants to see before it lets anybody through.
    pub(super) authorization: Option<HeaderValue>,
}

impl Proxies {
    /// Reads the variables.
    pub(super) fn of(environment: &Environment) -> Self {
        let set =
            |names: [&'static str; 2]| names.into_iter().find_map(|name| Variable::of(environment, name));
        if environment.get("REQUEST_METHOD").is_some() {
            return Proxies { http: None, https: None, direct: String::new() };
        }
        let all = set(["ALL_PROXY", "all_proxy"]);
        Proxies {
            http: set(["HTTP_PROXY", "http_proxy"]).or_else(|| all.clone()),
            https: set(["HTTPS_PROXY", "https_proxy"]).or(all),
            direct: set(["NO_PROXY", "no_proxy"]).map(|variable| variable.value).unwrap_or_default(),
        }
    }

    /// The proxy on the way to `server`; `None` is the direct way. The log hears of it.
    pub(super) fn on_the_way_to(&self, server: &ServerUrl, log: &AgentLog) -> Option<Proxy> {
        let variable = if server.is_https() { &self.https } else { &self.http };
        let Variable { name, value } = variable.as_ref().filter(|_| !server.is_loopback())?;
        let uri = server.join(&PathAndQuery::from_static("/")).ok()?;
        let proxy = Matcher::builder().all(value.as_str()).build().intercept(&uri);
        let Some(proxy) = proxy.filter(|proxy| proxy.uri().scheme() == Some(&Scheme::HTTP)) else {
            log.warn(format_args!(
                "{name} is ignored, {server} is contacted directly: expected a proxy such as http://proxy:3128"
            ));
            return None;
        };
        let rules = Matcher::builder().all(value.as_str()).no(self.direct.as_str()).build();
        if rules.intercept(&uri).is_none() {
            log.debug(format_args!("{server} is contacted directly, as NO_PROXY asks"));
            return None;
        }
        log.info(format_args!("requests to {server} go through the proxy {} ({name})", proxy.uri()));
        Some(Proxy { uri: proxy.uri().clone(), authorization: proxy.basic_auth().cloned() })
    }
}

impl Variable {
    fn of(environment: &Environment, name: &'static str) -> Option<Self> {
        let value = environment.get(name)?.trim();
        (!value.is_empty()).then(|| Variable { name, value: value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigBuilder, resolve};

    fn on_the_way<const N: usize>(
        server: &str,
        variables: [(&str, &str); N],
    ) -> (Option<Proxy>, Vec<String>) {
        let config = resolve(ConfigBuilder::default().server_url(server), &Environment::empty()).config;
        let log = AgentLog::recording();
        let proxy = Proxies::of(&variables.into_iter().collect()).on_the_way_to(&config.server_url, &log);
        (proxy, log.recorded())
    }

    fn proxy<const N: usize>(server: &str, variables: [(&str, &str); N]) -> Option<String> {
        on_the_way(server, variables).0.map(|proxy| proxy.uri.to_string())
    }

    #[test]
    fn the_scheme_of_the_server_decides_about_the_variable() {
        let variables = [("HTTP_PROXY", "http://a:3128"), ("https_proxy", "http://b:3128")];

        assert_eq!(proxy("http://apm:8200", variables).as_deref(), Some("http://a:3128/"));
        assert_eq!(proxy("https://apm", variables).as_deref(), Some("http://b:3128/"));
        assert_eq!(proxy("https://apm", [("HTTP_PROXY", "http://a:3128")]), None);
    }

    #[test]
    fn one_variable_stands_for_all_that_are_not_set() {
        let variables = [("ALL_PROXY", "all:1"), ("HTTPS_PROXY", " "), ("http_proxy", "one:1")];

        assert_eq!(proxy("https://apm", variables).as_deref(), Some("http://all:1/"));
        assert_eq!(proxy("http://apm", variables).as_deref(), Some("http://one:1/"));
    }

    #[test]
    fn upper_case_comes_first_and_nothing_is_no_value() {
        let both = [("HTTP_PROXY", "http://upper:1"), ("http_proxy", "http://lower:1")];
        let empty = [("HTTP_PROXY", ""), ("http_proxy", "http://lower:1")];

        assert_eq!(proxy("http://apm", both).as_deref(), Some("http://upper:1/"));
        assert_eq!(proxy("http://apm", empty).as_deref(), Some("http://lower:1/"));
    }

    #[test]
    fn servers_on_this_machine_and_those_that_are_exempt_have_no_proxy() {
        let all = ("ALL_PROXY", "http://proxy:3128");
        for server in ["http://127.0.0.1:8200", "https://localhost", "http://[::1]:8200"] {
            assert_eq!(proxy(server, [all]), None, "{server}");
        }
        for exempt in ["apm.example", ".example", "*", "other, example", "10.0.0.0/8,apm.example"] {
            assert_eq!(proxy("https://apm.example", [all, ("NO_PROXY", exempt)]), None, "{exempt}");
            assert_eq!(proxy("https://apm.example", [all, ("no_proxy", exempt)]), None, "{exempt}");
        }
        assert_eq!(proxy("http://10.1.2.3", [all, ("NO_PROXY", "10.0.0.0/8")]), None);
        assert!(proxy("https://myexample", [all, ("NO_PROXY", "example")]).is_some());
    }

    #[test]
    fn under_cgi_a_stranger_chooses_no_proxy() {
        assert_eq!(proxy("http://apm", [("HTTP_PROXY", "http://evil"), ("REQUEST_METHOD", "GET")]), None);
    }

    #[test]
    fn credentials_go_into_a_header_and_nowhere_else() {
        let (proxy, log) = on_the_way("http://apm", [("HTTP_PROXY", "http://joe:s3%63ret@proxy:3128")]);

        let proxy = proxy.unwrap();
        let authorization = proxy.authorization.as_ref().unwrap();
        assert_eq!(authorization, "Basic am9lOnMzY3JldA==");
        assert!(authorization.is_sensitive());
        assert_eq!(proxy.uri, "http://proxy:3128/");
        assert_eq!(log, ["INFO requests to http://apm go through the proxy http://proxy:3128/ (HTTP_PROXY)"]);
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named_without_its_value() {
        for value in
            ["socks5://joe:s3cret@proxy", "https://joe:s3cret@proxy", "http://joe:s3cret@", "::s3cret"]
        {
            let (proxy, log) = on_the_way("https://apm", [("HTTPS_PROXY", value)]);

            assert!(proxy.is_none(), "{value}");
            assert_eq!(
                log,
                ["WARN HTTPS_PROXY is ignored, https://apm is contacted directly: expected a proxy such as \
                  http://proxy:3128"],
                "{value}"
            );
        }
    }
}
