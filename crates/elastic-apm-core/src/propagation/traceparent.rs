//! W3C `traceparent`: parse, print, nothing else.
//!
//! Works on byte positions, never on numbers: signs, spaces, upper case and short fields have no way in.
//! `tracestate` lives next door.

use std::fmt;
use std::str::FromStr;

use elastic_apm_intake::{SpanId, TraceId};
use http::HeaderValue;

/// The place of a caller in a trace: the 55 bytes of the `traceparent` header, without `tracestate`.
///
/// Versions above `00` are read as `00`, as [W3C] asks, and version `00` is what is printed. Of the flags only those that
/// are known to version `00` survive: sampled (`01`) and random trace id (`02`).
///
/// ```
/// # use elastic_apm_core as elastic_apm;
/// use elastic_apm::TraceParent;
///
/// let parent: TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse()?;
///
/// assert!(parent.is_sampled());
/// assert_eq!(parent.parent_id().to_string(), "b7ad6b7169203331");
/// # Ok::<_, elastic_apm::TraceParentError>(())
/// ```
///
/// [W3C]: https://www.w3.org/TR/trace-context-2/#traceparent-header
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace_id: TraceId,
    parent_id: SpanId,
    flags: u8,
}

impl TraceParent {
    /// How long the header is.
    pub const LEN: usize = 55;
    /// How long the binary form is.
    pub const BINARY_LEN: usize = 29;

    const SAMPLED: u8 = 0b01;
    const KNOWN_FLAGS: u8 = 0b11;

    /// Puts one together. Ids of zero bytes alone are refused by every receiver.
    ///
    /// The trace id is not announced as random; [`with_parent`](Self::with_parent) keeps such an announcement.
    #[must_use]
    pub const fn new(trace_id: TraceId, parent_id: SpanId, sampled: bool) -> Self {
        Self { trace_id, parent_id, flags: if sampled { Self::SAMPLED } else { 0 } }
    }

    /// Reads a header value; spaces and tabs around it do not count.
    ///
    /// # Errors
    ///
    /// Names the first part that is malformed. Treat it like a missing header: a new trace starts.
    pub fn parse(value: &[u8]) -> Result<Self, TraceParentError> {
        let value = trim(value);
        if value.len() < Self::LEN {
            return Err(TraceParentError::Length);
        }
        if [2, 35, 52].iter().any(|&at| value[at] != b'-') {
            return Err(TraceParentError::Separator);
        }
        let [version] = hex(&value[0..2]).ok_or(TraceParentError::Version)?;
        match (version, value.get(Self::LEN)) {
            (0xff, _) => return Err(TraceParentError::Version),
            // Later versions may add fields, each behind another hyphen.
            (_, None) | (1.., Some(b'-')) => {}
            (_, Some(_)) => return Err(TraceParentError::Length),
        }
        let trace_id = hex(&value[3..35]).map(TraceId::from_bytes).filter(|id| !id.is_zero());
        let parent_id = hex(&value[36..52]).map(SpanId::from_bytes).filter(|id| !id.is_zero());
        let [flags] = hex(&value[53..55]).ok_or(TraceParentError::Flags)?;
        Ok(Self {
            trace_id: trace_id.ok_or(TraceParentError::TraceId)?,
            parent_id: parent_id.ok_or(TraceParentError::ParentId)?,
            flags: flags & Self::KNOWN_FLAGS,
        })
    }

    /// Returns the id of the whole trace.
    #[must_use]
    pub const fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// Returns the id of the span or transaction that made the call.
    #[must_use]
    pub const fn parent_id(&self) -> SpanId {
        self.parent_id
    }

    /// Returns the flags: sampled (`01`), random trace id (`02`), both or neither.
    #[must_use]
    pub const fn flags(&self) -> u8 {
        self.flags
    }

    /// Tells whether the caller records this trace.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.flags & Self::SAMPLED != 0
    }

    /// Moves on to the next caller in the same trace. The flags stay.
    #[must_use]
    pub const fn with_parent(self, parent_id: SpanId) -> Self {
        Self { parent_id, ..self }
    }

    /// Prints the header, always as version `00`, without allocating.
    #[must_use]
    pub fn to_header(&self) -> [u8; Self::LEN] {
        let mut header = *b"00-00000000000000000000000000000000-0000000000000000-00";
        header[3..35].copy_from_slice(self.trace_id.hex().as_flattened());
        header[36..52].copy_from_slice(self.parent_id.hex().as_flattened());
        header[53] = DIGITS[usize::from(self.flags >> 4)];
        header[54] = DIGITS[usize::from(self.flags & 0xf)];
        header
    }

    /// Writes the binary form that brokers with byte headers carry as `elasticapmtraceparent`: version, then trace id, parent id and
    /// flags, each behind the number of its field.
    ///
    /// ```
    /// # use elastic_apm_core as elastic_apm;
    /// use elastic_apm::TraceParent;
    ///
    /// let parent: TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse()?;
    ///
    /// assert_eq!(TraceParent::from_binary(&parent.to_binary()), Ok(parent));
    /// # Ok::<_, elastic_apm::TraceParentError>(())
    /// ```
    #[must_use]
    pub fn to_binary(&self) -> [u8; Self::BINARY_LEN] {
        let mut binary = [0; Self::BINARY_LEN];
        binary[2..18].copy_from_slice(self.trace_id.as_bytes());
        binary[18] = 1;
        binary[19..27].copy_from_slice(self.parent_id.as_bytes());
        binary[27] = 2;
        binary[28] = self.flags;
        binary
    }

    /// Reads the binary form. Bytes after it, as later versions may have them, do not count.
    ///
    /// # Errors
    ///
    /// Names the first part that is malformed.
    pub fn from_binary(binary: &[u8]) -> Result<Self, TraceParentError> {
        let (binary, _) =
            binary.split_first_chunk::<{ Self::BINARY_LEN }>().ok_or(TraceParentError::Length)?;
        if binary[0] == 0xff {
            return Err(TraceParentError::Version);
        }
        if (binary[1], binary[18], binary[27]) != (0, 1, 2) {
            return Err(TraceParentError::Separator);
        }
        let trace_id = binary[2..18].try_into().map(TraceId::from_bytes).ok().filter(|id| !id.is_zero());
        let parent_id = binary[19..27].try_into().map(SpanId::from_bytes).ok().filter(|id| !id.is_zero());
        Ok(Self {
            trace_id: trace_id.ok_or(TraceParentError::TraceId)?,
            parent_id: parent_id.ok_or(TraceParentError::ParentId)?,
            flags: binary[28] & Self::KNOWN_FLAGS,
        })
    }

    /// Prints the header as a value for a header map: one allocation, the value's own.
    #[must_use]
    pub fn to_header_value(&self) -> HeaderValue {
        // Hex digits and hyphens always make a header; the fallback is never taken.
        HeaderValue::from_bytes(&self.to_header()).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.to_header()).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for TraceParent {
    type Err = TraceParentError;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Self::parse(value.as_bytes())
    }
}

/// The part of a `traceparent` that is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceParentError {
    /// Too short, or too long for its version.
    Length,
    /// A hyphen, or in the binary form the number of a field, is missing or misplaced.
    Separator,
    /// Not two lower-case hex digits, or the reserved `ff`.
    Version,
    /// Not 32 lower-case hex digits, or all zero.
    TraceId,
    /// Not 16 lower-case hex digits, or all zero.
    ParentId,
    /// Not two lower-case hex digits.
    Flags,
    /// There is more than one: none of them counts.
    Several,
}

impl fmt::Display for TraceParentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "traceparent has the wrong length",
            Self::Separator => "traceparent lacks a separator where one belongs",
            Self::Version => "traceparent has an invalid version",
            Self::TraceId => "traceparent has an invalid trace id",
            Self::ParentId => "traceparent has an invalid parent id",
            Self::Flags => "traceparent has invalid flags",
            Self::Several => "traceparent is there more than once",
        })
    }
}

impl std::error::Error for TraceParentError {}

/// Takes spaces and tabs off both ends.
pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// What no lower-case hex digit is worth.
const NO_DIGIT: u8 = 0xff;

/// What each byte is worth as a lower-case hex digit.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        values[DIGITS[value] as usize] = value as u8;
        value += 1;
    }
    values
};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Reads lower-case hex digits, two per byte; `digits` must have the length for `N` bytes.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let (mut bytes, mut seen) = ([0; N], 0);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        // Looked at once, at the end.
        seen |= high | low;
        *byte = high << 4 | low & 0xf;
    }
    (seen < 16).then_some(bytes)
}

#[cfg(test)]
mod tests;
