//! What an answer means for the events that were sent: taken, refused, to be sent again, or lost.
//!
//! What the server has certainly not taken is sent again; what it may have taken is not, so nothing arrives twice.
//! A named deviation from the specification, which drops on any failure.

use http::StatusCode;

use super::exchange::Answer;
use crate::stats::DropReason;

/// The fate of one request's events.
///
/// | answer | its events | the next request |
/// |---|---|---|
/// | 2xx | sent | as usual |
/// | 400, 413 | the accepted ones sent, the others lost: the server has judged them | as usual, or one bad event would slow all |
/// | 401, 403, 407; 429 and 503 with none accepted | kept and sent again | after the back-off |
/// | none, and nobody was reached | kept and sent again | after the back-off, or after a second if the queue fills up |
/// | 429 and 503 with some accepted, other 5xx, none | the accepted ones sent, the others lost | after the back-off |
/// | anything else, redirects among it | lost: nobody there who judges events | after the back-off |
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The server took them all.
    Taken,
    /// The server took `accepted` and refused the rest for what it is.
    Judged { accepted: u64, reason: DropReason, why: String },
    /// The server took `accepted`; the rest went wrong on the way and is gone.
    Failed { accepted: u64, reason: DropReason, why: String },
    /// Certainly not taken: keep them and try again later. `reached` is whether anybody answered.
    Again { reached: bool, why: String },
}

/// Judges the answer to a request.
pub(super) fn judge(answer: Answer) -> Delivery {
    let response = match answer {
        Ok(response) => response,
        Err(error) if error.is_not_sent() => {
            return Delivery::Again { reached: false, why: error.to_string() };
        }
        Err(error) => {
            return Delivery::Failed { accepted: 0, reason: DropReason::SendFailed, why: error.to_string() };
        }
    };
    let status = response.status();
    if status.is_success() {
        return Delivery::Taken;
    }
    let body = Body::read(response.body());
    let why = format!("the server answered {status}{}", body.reason());
    let accepted = body.accepted;
    match status {
        StatusCode::BAD_REQUEST => Delivery::Judged { accepted, reason: DropReason::Rejected, why },
        StatusCode::PAYLOAD_TOO_LARGE => Delivery::Judged { accepted, reason: DropReason::TooLarge, why },
        // The credentials may be put right while we run.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Delivery::Again { reached: true, why },
        // Says a proxy, which has passed on nothing.
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => Delivery::Again { reached: true, why },
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE if accepted == 0 => {
            Delivery::Again { reached: true, why }
        }
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Delivery::Failed { accepted, reason: DropReason::SendFailed, why }
        }
        _ => Delivery::Failed { accepted, reason: DropReason::Rejected, why },
    }
}

/// The parts of an error answer that are read.
#[derive(Default)]
struct Body {
    accepted: u64,
    message: Option<String>,
}

/// How much of a server's words goes into a log line.
const REASON_CHARS: usize = 300;
/// How much of anybody else's.
const FOREIGN_CHARS: usize = 100;

impl Body {
    /// The server's JSON; anything else counts as no event accepted.
    fn read(bytes: &[u8]) -> Self {
        let Ok(json) = serde_json::from_slice::<serde_json::Value>(bytes) else {
            // Not the server's: a proxy's page, of which the beginning says enough.
            let text = String::from_utf8_lossy(bytes);
            let line: String =
                text.trim().lines().next().unwrap_or_default().chars().take(FOREIGN_CHARS).collect();
            return Body { accepted: 0, message: (!line.is_empty()).then_some(line) };
        };
        let first_error = json.get("errors").and_then(|errors| errors.get(0)?.get("message")?.as_str());
        let error = json.get("error").and_then(serde_json::Value::as_str);
        Body {
            accepted: json.get("accepted").and_then(serde_json::Value::as_u64).unwrap_or(0),
            message: first_error.or(error).map(str::to_owned),
        }
    }

    fn reason(&self) -> String {
        match &self.message {
            Some(message) => format!(": {}", message.chars().take(REASON_CHARS).collect::<String>()),
            None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Response;

    use super::*;

    fn answer(status: u16, body: &'static str) -> Delivery {
        judge(Ok(Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap()))
    }

    fn kept(delivery: &Delivery) -> bool {
        matches!(delivery, Delivery::Again { .. })
    }

    #[test]
    fn accepted_status_takes_everything() {
        assert_eq!(answer(202, ""), Delivery::Taken);
        assert_eq!(answer(200, "ok"), Delivery::Taken);
    }

    #[test]
    fn a_bad_line_costs_only_what_was_not_accepted() {
        let delivery = answer(400, r#"{"accepted":3,"errors":[{"message":"bad span","document":"{"}]}"#);

        assert_eq!(
            delivery,
            Delivery::Judged {
                accepted: 3,
                reason: DropReason::Rejected,
                why: "the server answered 400 Bad Request: bad span".to_owned()
            }
        );
    }

    #[test]
    fn overload_and_missing_rights_keep_the_batch() {
        assert!(kept(&answer(503, r#"{"accepted":0,"errors":[{"message":"queue is full"}]}"#)));
        assert!(kept(&answer(429, "")));
        assert!(kept(&answer(401, r#"{"error":"authentication failed"}"#)));
        assert!(kept(&answer(403, "")));
        assert!(kept(&answer(407, "")));
    }

    #[test]
    fn overload_midway_sends_nothing_twice() {
        let delivery = answer(503, r#"{"accepted":7,"errors":[{"message":"queue is full"}]}"#);

        assert!(matches!(delivery, Delivery::Failed { accepted: 7, reason: DropReason::SendFailed, .. }));
    }

    #[test]
    fn garbage_and_proxies_lose_the_batch() {
        assert!(matches!(answer(500, "\u{0}"), Delivery::Failed { reason: DropReason::SendFailed, .. }));
        assert!(matches!(answer(502, "<html>"), Delivery::Failed { reason: DropReason::SendFailed, .. }));
        assert!(matches!(answer(307, ""), Delivery::Failed { reason: DropReason::Rejected, .. }));
        assert!(matches!(answer(413, ""), Delivery::Judged { reason: DropReason::TooLarge, .. }));
    }
}
