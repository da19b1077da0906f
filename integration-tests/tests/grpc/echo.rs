//! A gRPC service written by hand, whose messages are bytes.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes};
use futures_util::{StreamExt, stream};
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status};
use tower::{Service, service_fn};

/// Says back what it is told: once, three times, once and then breaks off or hangs, or not at all.
#[derive(Clone)]
pub(crate) struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "test.Echo";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = Grpc::new(BytesCodec);
            Ok(match request.uri().path() {
                "/test.Echo/Say" => {
                    let say = |request: Request<Bytes>| async { Ok(Response::new(request.into_inner())) };
                    grpc.unary(service_fn(say), request).await
                }
                "/test.Echo/Refuse" => {
                    let refuse = |_: Request<Bytes>| async {
                        Err::<Response<Bytes>, _>(Status::permission_denied("not for you"))
                    };
                    grpc.unary(service_fn(refuse), request).await
                }
                "/test.Echo/Repeat" => {
                    let repeat = |request: Request<Bytes>| async {
                        let message = request.into_inner();
                        Ok(Response::new(stream::iter(vec![Ok(message); 3])))
                    };
                    grpc.server_streaming(service_fn(repeat), request).await
                }
                "/test.Echo/BreakOff" => {
                    let break_off = |request: Request<Bytes>| async {
                        let lost = Err(Status::data_loss("the disk is gone"));
                        Ok(Response::new(stream::iter([Ok(request.into_inner()), lost])))
                    };
                    grpc.server_streaming(service_fn(break_off), request).await
                }
                "/test.Echo/Wait" => {
                    let wait = |request: Request<Bytes>| async {
                        let message = stream::iter([Ok(request.into_inner())]);
                        Ok(Response::new(message.chain(stream::pending())))
                    };
                    grpc.server_streaming(service_fn(wait), request).await
                }
                _ => Status::unimplemented("no such method").into_http(),
            })
        })
    }
}

/// Messages as they are.
#[derive(Clone, Copy, Default)]
pub(crate) struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = BytesCodec;
    type Decoder = BytesCodec;

    fn encoder(&mut self) -> BytesCodec {
        BytesCodec
    }

    fn decoder(&mut self) -> BytesCodec {
        BytesCodec
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(item);
        Ok(())
    }
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
