//! Reads on for a moment after an early answer.
//!
//! Closing a socket with unread bytes in it resets the connection, and the client may then never see
//! the answer. So what the client is still sending is read and thrown away, within bounds.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt as _;

const MOST_BYTES: usize = 4 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(2);

/// Discards the rest of `body` in the background: at most 4 MiB and two seconds of it.
pub(crate) fn linger(mut body: Body) {
    tokio::spawn(tokio::time::timeout(LONGEST, async move {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, bytes::Bytes::len);
            if read > MOST_BYTES {
                break;
            }
        }
    }));
}
