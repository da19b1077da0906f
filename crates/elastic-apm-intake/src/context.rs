//! What a transaction or an error happened in: request, response, user and more.
//!
//! Labels are part of `context` on the wire but sit on the event itself; the events put both together.

use serde::Deserialize;
use serde::ser::{Serialize, Serializer};

use crate::JsonObject;
use crate::cloud::CloudOrigin;
use crate::exchange::{RequestRef, ResponseRef};
use crate::labels::Labels;
use crate::message::Message;
use crate::object::Object;
use crate::read;
use crate::request::Request;
use crate::response::Response;
use crate::service::Service;
use crate::user::User;

/// The surroundings of a transaction or an error. Its labels are on the event.
///
/// A context with nothing set is the same as no context: it is not written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// The HTTP request.
    pub request: Option<Box<Request>>,
    /// The HTTP response.
    pub response: Option<Box<Response>>,
    /// The user.
    pub user: Option<Box<User>>,
    /// Anything else; stored but not indexed.
    pub custom: Option<JsonObject>,
    /// The message being handled.
    pub message: Option<Box<Message>>,
    /// The service, where it differs from the metadata.
    pub service: Option<Box<Service>>,
    /// The cloud the call came from; `cloud.origin` on the wire.
    pub cloud_origin: Option<Box<CloudOrigin>>,
}

impl Context {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { request, response, user, custom, message, service, cloud_origin } = self;
        request.is_none()
            && response.is_none()
            && user.is_none()
            && custom.is_none()
            && message.is_none()
            && service.is_none()
            && cloud_origin.is_none()
    }
}

/// The `context` of an event that is being written: its own and its labels, and an exchange that lies elsewhere.
pub(crate) struct ContextWriter<'a> {
    labels: &'a Labels,
    context: Option<&'a Context>,
    request: Option<&'a RequestRef<'a>>,
    response: Option<&'a ResponseRef<'a>>,
}

impl<'a> ContextWriter<'a> {
    /// `None` when there is nothing to write.
    pub(crate) fn new(
        labels: &'a Labels,
        context: Option<&'a Context>,
        request: Option<&'a RequestRef<'a>>,
        response: Option<&'a ResponseRef<'a>>,
    ) -> Option<Self> {
        let context = context.filter(|context| !context.is_empty());
        let is_empty = context.is_none() && labels.is_empty() && request.is_none() && response.is_none();
        (!is_empty).then_some(Self { labels, context, request, response })
    }
}

impl Serialize for ContextWriter<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        match self.request {
            Some(request) => object.field("request", request)?,
            None => object.option("request", &self.context.and_then(|context| context.request.as_ref()))?,
        }
        match self.response {
            Some(response) => object.field("response", response)?,
            None => object.option("response", &self.context.and_then(|context| context.response.as_ref()))?,
        }
        if let Some(context) = self.context {
            object.option("user", &context.user)?;
            object.free_form("custom", &context.custom)?;
            object.option("message", &context.message)?;
            object.option("service", &context.service)?;
            object.option("cloud", &context.cloud_origin.as_deref().map(|origin| CloudWriter { origin }))?;
        }
        if !self.labels.is_empty() {
            object.field("tags", self.labels)?;
        }
        object.end()
    }
}

/// The `context` of an event that is being read.
#[derive(Default, Deserialize)]
#[serde(expecting = "an object")]
pub(crate) struct ContextReader {
    #[serde(default, deserialize_with = "read::nullable")]
    tags: Labels,
    request: Option<Box<Request>>,
    response: Option<Box<Response>>,
    user: Option<Box<User>>,
    custom: Option<JsonObject>,
    message: Option<Box<Message>>,
    service: Option<Box<Service>>,
    cloud: Option<CloudReader>,
}

impl ContextReader {
    /// Takes the labels and the rest apart.
    pub(crate) fn split(self) -> (Labels, Option<Box<Context>>) {
        let Self { tags, request, response, user, custom, message, service, cloud } = self;
        let cloud_origin = cloud.and_then(|cloud| cloud.origin);
        let context = Context { request, response, user, custom, message, service, cloud_origin };
        (tags, (!context.is_empty()).then(|| Box::new(context)))
    }
}

#[derive(serde::Serialize)]
struct CloudWriter<'a> {
    origin: &'a CloudOrigin,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct CloudReader {
    origin: Option<Box<CloudOrigin>>,
}
