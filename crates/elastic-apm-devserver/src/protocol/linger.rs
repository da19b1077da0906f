//! Reads on for a moment after an early answer.
//!
//! Closing a socket with unread bytes in it resets the connection, and the client may then never see
//! the answer. So what the client is still sending is read and thrown away, within bounds.

use std::time::Duration;

use axum::body::Body;
use futures_util::TryStreamExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::io::StreamReader;

const MOST_BYTES: u64 = 4 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(2);

/// Discards the rest of a body in the background: at most 4 MiB and two seconds of it.
pub(crate) fn linger_on_body(body: Body) {
    linger(StreamReader::new(body.into_data_stream().map_err(std::io::Error::other)));
}

/// The same for a body that is being read already; the bytes are counted as they are read.
pub(crate) fn linger(rest: impl AsyncRead + Send + Unpin + 'static) {
    tokio::spawn(tokio::time::timeout(LONGEST, async move {
        // What ends it does not matter: nobody waits for the rest.
        let _ = tokio::io::copy(&mut rest.take(MOST_BYTES), &mut tokio::io::sink()).await;
    }));
}
