//! Which compression a request body really has.
//!
//! A real server believes `Content-Encoding: gzip` and `deflate`, and looks at the first bytes of
//! anything else; a broken header is noticed before the first line is read. This middleware settles the
//! question and states it in `Content-Encoding`, so that the library layer behind it only has to inflate.

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::BytesMut;
use futures_util::{StreamExt as _, stream};
use http::HeaderValue;
use http::header::CONTENT_ENCODING;
use http_body_util::BodyExt as _;

use super::linger::linger;

/// A request extension: the body cannot be decoded, and this is why.
#[derive(Clone, Debug)]
pub(crate) struct Undecodable(pub(crate) String);

const GZIP_HEADER: usize = 10;
const ZLIB_HEADER: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Gzip,
    Zlib,
    Identity,
}

/// The middleware: corrects `Content-Encoding`, or replaces the body and leaves an [`Undecodable`] mark.
pub(crate) async fn settle(request: Request, next: Next) -> Response {
    let (mut parts, mut body) = request.into_parts();
    if body.is_end_stream() {
        parts.headers.remove(CONTENT_ENCODING);
        return next.run(Request::from_parts(parts, Body::empty())).await;
    }
    let declared = match parts.headers.remove(CONTENT_ENCODING).as_ref().map(HeaderValue::as_bytes) {
        Some(b"gzip") => Some(Encoding::Gzip),
        Some(b"deflate") => Some(Encoding::Zlib),
        _ => None,
    };
    let mut start = BytesMut::new();
    peek(&mut body, &mut start, ZLIB_HEADER).await;
    let encoding = declared.unwrap_or_else(|| sniff(&start));
    if encoding == Encoding::Gzip {
        peek(&mut body, &mut start, GZIP_HEADER).await;
    }
    let body = match check(encoding, &start) {
        Ok(()) => prepend(start.freeze(), body),
        Err(message) => {
            linger(body);
            parts.extensions.insert(Undecodable(format!("data decoding error: {message}")));
            return next.run(Request::from_parts(parts, Body::empty())).await;
        }
    };
    let header = match encoding {
        Encoding::Gzip => Some("gzip"),
        Encoding::Zlib => Some("deflate"),
        Encoding::Identity => None,
    };
    if let Some(header) = header {
        parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static(header));
    }
    next.run(Request::from_parts(parts, body)).await
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

fn prepend(start: Bytes, rest: Body) -> Body {
    Body::from_stream(stream::iter([Ok(start)]).chain(rest.into_data_stream()))
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
