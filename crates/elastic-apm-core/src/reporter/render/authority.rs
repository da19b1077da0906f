//! The server that a URL names: host and port.

use http::uri::Authority;

/// A host, and a port as it was written and as a number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HostAndPort<'a> {
    pub(super) host: &'a str,
    pub(super) port: Option<(&'a str, u16)>,
}

impl<'a> HostAndPort<'a> {
    /// How many digits a plain port has at most.
    const LONGEST_PORT: usize = 5;

    /// Reads what may be there with a user name and a password; `None` where it is no authority.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        HostAndPort::plain(text).or_else(|| HostAndPort::any(text))
    }

    /// What nearly all are: a name or an address, and digits.
    fn plain(text: &'a str) -> Option<Self> {
        // All bytes are looked at whatever they are, so that the compiler does it for many at a time.
        let is_of_host = |byte: u8| byte.is_ascii_alphanumeric() | (byte == b'.') | (byte == b'-');
        let are_of_host = |text: &str| text.bytes().fold(true, |all, byte| all & is_of_host(byte));
        let colon = text.bytes().rev().take(Self::LONGEST_PORT + 1).position(|byte| byte == b':');
        let (host, port) = match colon {
            None => (text, None),
            Some(digits) => {
                let (host, digits) = text.split_at_checked(text.len() - digits - 1)?;
                let digits = &digits[1..];
                if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                (host, Some((digits, digits.parse().ok()?)))
            }
        };
        (!host.is_empty() && are_of_host(host)).then_some(HostAndPort { host, port })
    }

    /// Whatever the `http` crate takes for one.
    fn any(text: &'a str) -> Option<Self> {
        let authority = Authority::try_from(text).ok()?;
        // Behind user name and password.
        let server = text.rfind('@').map_or(text, |at| &text[at + 1..]);
        let (host, rest) = server.split_at_checked(authority.host().len())?;
        let number = authority.port_u16();
        Some(HostAndPort { host, port: number.map(|number| (rest.trim_start_matches(':'), number)) })
    }

    /// The host without the brackets of an address.
    pub(super) fn name(&self) -> &'a str {
        let address = self.host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        address.unwrap_or(self.host)
    }

    pub(super) fn number(&self) -> Option<u16> {
        self.port.map(|(_, number)| number)
    }

    /// How many bytes host and port take, without the colon.
    pub(super) fn length(&self) -> usize {
        self.host.len() + self.port.map_or(0, |(digits, _)| digits.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_those_that_the_http_crate_finds() {
        for text in [
            "shop.example.com",
            "shop.example.com:8080",
            "127.0.0.1:41289",
            "[::1]",
            "[::1]:8080",
            "joe:secret@shop.example.com:80",
            "joe@[::1]",
            "host:",
            "host:080",
            "host:65536",
            "host:+80",
            "host:80:80",
            "host:port",
            "a_b",
            "a_b:80",
            ":80",
            "",
            "@",
            "a@",
            "a@b@c",
            "not a host",
            "größe",
            "-",
            "%41:1",
            "[::1",
            "a[::1]",
        ] {
            let found = HostAndPort::of(text);

            let authority = Authority::try_from(text).ok();
            let expected = authority.as_ref().map(|authority| HostAndPort {
                host: authority.host(),
                port: authority
                    .port_u16()
                    .map(|number| (authority.as_str().rsplit(':').next().unwrap_or_default(), number)),
            });
            assert_eq!(found, expected, "{text}");
        }
    }
}
