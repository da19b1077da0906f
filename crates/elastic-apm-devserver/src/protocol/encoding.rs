//! Which compression a request body really has, and reading it plain.
//!
//! A real server believes `Content-Encoding: gzip` and `deflate`, and looks at the first bytes of anything
//! else; a broken header is noticed before the first line is read.

use std::io;
use std::pin::Pin;

use async_compression::tokio::bufread::{GzipDecoder, ZlibDecoder};
use axum::body::{Body, Bytes, HttpBody as _};
use bytes::BytesMut;
use futures_util::{StreamExt as _, TryStreamExt, stream};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;
use tokio::io::AsyncRead;
use tokio_util::io::StreamReader;

/// The decompressed body.
pub(crate) type Reader = Pin<Box<dyn AsyncRead + Send>>;

const GZIP_HEADER: usize = 10;
const ZLIB_HEADER: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Gzip,
    Zlib,
    Identity,
}

/// Waits for the first bytes and gives a reader of all of them, decompressed.
///
/// A header that does not fit gives the body back and says what is wrong.
pub(crate) async fn open(headers: &HeaderMap, mut body: Body) -> Result<Reader, (Body, &'static str)> {
    if body.is_end_stream() {
        return Ok(Box::pin(tokio::io::empty()));
    }
    let mut start = BytesMut::new();
    peek(&mut body, &mut start, ZLIB_HEADER).await;
    let encoding = match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        Some(b"gzip") => Encoding::Gzip,
        Some(b"deflate") => Encoding::Zlib,
        _ => sniff(&start),
    };
    if encoding == Encoding::Gzip {
        peek(&mut body, &mut start, GZIP_HEADER).await;
    }
    if let Err(problem) = check(encoding, &start) {
        return Err((body, problem));
    }
    let rest = TryStreamExt::map_err(body.into_data_stream(), io::Error::other);
    let whole = StreamReader::new(stream::iter([Ok(start.freeze())]).chain(rest));
    Ok(match encoding {
        Encoding::Identity => Box::pin(whole),
        Encoding::Zlib => Box::pin(ZlibDecoder::new(whole)),
        Encoding::Gzip => {
            let mut decoder = GzipDecoder::new(whole);
            decoder.multiple_members(true);
            Box::pin(decoder)
        }
    })
}

/// Reads frames until `start` holds `wanted` bytes, the body ends or breaks.
async fn peek(body: &mut Body, start: &mut BytesMut, wanted: usize) {
    while start.len() < wanted {
        match body.frame().await {
            Some(Ok(frame)) => start.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new())),
            Some(Err(_)) | None => return,
        }
    }
}

fn sniff(start: &[u8]) -> Encoding {
    match start {
        [0x1f, 0x8b, ..] => Encoding::Gzip,
        [first, ..] if first & 0x0f == 8 => Encoding::Zlib,
        _ => Encoding::Identity,
    }
}

fn check(encoding: Encoding, start: &[u8]) -> Result<(), &'static str> {
    match (encoding, start) {
        (Encoding::Identity, _) => Ok(()),
        (Encoding::Gzip, []) => Err("EOF"),
        (Encoding::Gzip, start) if start.len() < GZIP_HEADER => Err("unexpected EOF"),
        (Encoding::Gzip, [0x1f, 0x8b, 8, ..]) => Ok(()),
        (Encoding::Gzip, _) => Err("gzip: invalid header"),
        (Encoding::Zlib, [method, flags, ..]) => {
            let word = u16::from_be_bytes([*method, *flags]);
            let valid = method & 0x0f == 8 && method >> 4 <= 7 && word % 31 == 0;
            if valid { Ok(()) } else { Err("zlib: invalid header") }
        }
        (Encoding::Zlib, _) => Err("unexpected EOF"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoding, check, sniff};

    #[test]
    fn ndjson_is_not_mistaken_for_compressed_bytes() {
        assert_eq!(sniff(b"{\"metadata\""), Encoding::Identity);
        assert_eq!(sniff(b"\n"), Encoding::Identity);
        assert_eq!(sniff(b""), Encoding::Identity);
    }

    #[test]
    fn compressed_bytes_are_known_by_their_first_two() {
        assert_eq!(sniff(&[0x1f, 0x8b]), Encoding::Gzip);
        assert_eq!(sniff(&[0x78, 0x9c]), Encoding::Zlib);
    }

    #[test]
    fn broken_headers_are_named_as_the_server_names_them() {
        assert_eq!(check(Encoding::Gzip, b"{\"metadata\""), Err("gzip: invalid header"));
        assert_eq!(check(Encoding::Gzip, &[0x1f, 0x8b, 8]), Err("unexpected EOF"));
        assert_eq!(check(Encoding::Gzip, b""), Err("EOF"));
        assert_eq!(check(Encoding::Zlib, b"{\""), Err("zlib: invalid header"));
        assert_eq!(check(Encoding::Zlib, &[0x78, 0x9c]), Ok(()));
    }
}
