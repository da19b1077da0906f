//! W3C `tracestate`: the entries of all vendors, of which one, `es`, is Elastic's.
//!
//! Other vendors' entries are checked and passed on untouched and in order. Only the start of a trace writes `es`.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use elastic_apm_intake::SampleRate;
use http::HeaderValue;

use super::traceparent::trim;

/// The entries that travel beside a [`TraceParent`](super::TraceParent), ready to be sent on as one header.
///
/// Cheap to clone. Empty means that no header is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceState(State);

/// What an Elastic agent alone has to say needs no memory of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Empty,
    /// `es=s:<rate>` in its shortest form, and nothing else.
    Rate(SampleRate),
    /// Anything else.
    Entries(Arc<Entries>),
}

#[derive(Debug, PartialEq, Eq)]
struct Entries {
    /// All entries, joined.
    header: HeaderValue,
    es: Option<Es>,
}

/// What Elastic's entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Es {
    sample_rate: Option<SampleRate>,
}

impl TraceState {
    const MAX_MEMBERS: usize = 32;
    const MAX_LEN: usize = 256;
    const ES: &[u8] = b"es";

    /// Reads the values of all `tracestate` headers, in order. Empty members are skipped, and of several members with one
    /// key the first counts.
    ///
    /// # Errors
    ///
    /// One malformed member, or more than 32 of them, spoil the whole list: go on without it.
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, TraceStateError> {
        let mut members: [(&[u8], &[u8]); Self::MAX_MEMBERS] = [(&[], &[]); Self::MAX_MEMBERS];
        let (mut seen, mut kept) = (0, 0);
        for member in values.into_iter().flat_map(|value| value.split(|&byte| byte == b',')).map(trim) {
            if member.is_empty() {
                continue;
            }
            seen += 1;
            if seen > Self::MAX_MEMBERS {
                return Err(TraceStateError::TooManyMembers);
            }
            let (key, value) = split(member)?;
            if members[..kept].iter().all(|(known, _)| *known != key) {
                members[kept] = (key, value);
                kept += 1;
            }
        }
        Ok(Self::of(&members[..kept]))
    }

    /// Writes Elastic's entry for a trace that starts here: `es=s:<rate>`. Unsampled traces start with rate 0.
    #[must_use]
    pub const fn for_root(sample_rate: SampleRate) -> Self {
        Self(State::Rate(sample_rate))
    }

    /// Tells whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.0, State::Empty)
    }

    /// Tells whether an Elastic agent has been part of this trace.
    #[must_use]
    pub fn has_es(&self) -> bool {
        self.es().is_some()
    }

    /// Returns the rate at which the start of the trace samples; `None` when it did not say, or nothing usable.
    #[must_use]
    pub fn sample_rate(&self) -> Option<SampleRate> {
        self.es()?.sample_rate
    }

    /// Returns all entries as one header value; `None` when there are none.
    #[must_use]
    pub fn to_header_value(&self) -> Option<HeaderValue> {
        match &self.0 {
            State::Empty => None,
            State::Rate(SampleRate::ALWAYS) => Some(HeaderValue::from_static("es=s:1")),
            State::Rate(SampleRate::NEVER) => Some(HeaderValue::from_static("es=s:0")),
            // Digits and a point always make a header.
            State::Rate(_) => HeaderValue::try_from(self.to_string()).ok(),
            State::Entries(entries) => Some(entries.header.clone()),
        }
    }

    fn es(&self) -> Option<Es> {
        match &self.0 {
            State::Empty => None,
            State::Rate(rate) => Some(Es { sample_rate: Some(*rate) }),
            State::Entries(entries) => entries.es,
        }
    }

    /// Joins checked members.
    fn of(members: &[(&[u8], &[u8])]) -> Self {
        let es = members.iter().find(|(key, _)| *key == Self::ES);
        let es = es.map(|(_, value)| (Es { sample_rate: sample_rate(value) }, *value));
        if let ([_], Some((Es { sample_rate: Some(rate) }, value))) = (members, es) {
            if is_shortest_form(value, rate) {
                return Self::for_root(rate);
            }
        }
        let len = members.iter().map(|(key, value)| key.len() + value.len() + 2).sum();
        let mut joined = Vec::with_capacity(len);
        for (at, (key, value)) in members.iter().enumerate() {
            if at > 0 {
                joined.push(b',');
            }
            joined.extend_from_slice(key);
            joined.push(b'=');
            joined.extend_from_slice(value);
        }
        // Checked members are visible ASCII and spaces, which always make a header.
        match HeaderValue::try_from(joined) {
            Ok(header) if !members.is_empty() => {
                Self(State::Entries(Arc::new(Entries { header, es: es.map(|(es, _)| es) })))
            }
            _ => Self::default(),
        }
    }
}

impl fmt::Display for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            State::Empty => Ok(()),
            State::Rate(rate) => write!(f, "es=s:{rate}"),
            State::Entries(entries) => f.write_str(entries.header.to_str().map_err(|_| fmt::Error)?),
        }
    }
}

/// Tells whether Elastic's value is what this agent would write for that rate: only then may it be forgotten.
fn is_shortest_form(value: &[u8], rate: SampleRate) -> bool {
    struct Expected<'a>(&'a [u8]);
    impl fmt::Write for Expected<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(text.as_bytes()).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    let mut expected = Expected(value);
    write!(expected, "s:{rate}").is_ok() && expected.0.is_empty()
}

/// Splits a trimmed member into a valid key and a valid value.
fn split(member: &[u8]) -> Result<(&[u8], &[u8]), TraceStateError> {
    let at = member.iter().position(|&byte| byte == b'=').ok_or(TraceStateError::Member)?;
    let (key, value) = (&member[..at], &member[at + 1..]);

    let starts_well = matches!(key.first(), Some(b'a'..=b'z' | b'0'..=b'9'));
    let key_byte = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
    if !starts_well || key.len() > TraceState::MAX_LEN || !key.iter().all(key_byte) {
        return Err(TraceStateError::Key);
    }
    // A comma cannot occur any more, and a space at the end was trimmed.
    let value_byte = |byte: &u8| matches!(byte, 0x20..=0x7e) && *byte != b'=';
    if value.is_empty() || value.len() > TraceState::MAX_LEN || !value.iter().all(value_byte) {
        return Err(TraceStateError::Value);
    }
    Ok((key, value))
}

/// Finds the rate in Elastic's value, such as `s:0.5`, or `s:0.5;x:1` from an agent that has more to say.
fn sample_rate(value: &[u8]) -> Option<SampleRate> {
    let rate = value.split(|&byte| byte == b';').find_map(|part| part.strip_prefix(b"s:"))?;
    // `f64::from_str` alone would take `inf`, `+1` and `1e-3`.
    let plain = rate.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let rate = plain.then(|| std::str::from_utf8(rate).ok()?.parse().ok())??;
    SampleRate::from_f64(rate)
}

/// Why a `tracestate` is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceStateError {
    /// A member without an equal sign.
    Member,
    /// A key with a character, a beginning or a length that is not allowed.
    Key,
    /// A value with a character or a length that is not allowed.
    Value,
    /// More than 32 members.
    TooManyMembers,
}

impl fmt::Display for TraceStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Member => "tracestate has a member without equal sign",
            Self::Key => "tracestate has an invalid key",
            Self::Value => "tracestate has an invalid value",
            Self::TooManyMembers => "tracestate has more than 32 members",
        })
    }
}

impl std::error::Error for TraceStateError {}

#[cfg(test)]
mod tests;
