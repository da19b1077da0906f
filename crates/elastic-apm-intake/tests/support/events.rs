//! Events with every field set.

use std::sync::Arc;

use elastic_apm_intake::{
    Agent, Body, Cloud, CloudAccount, CloudMachine, CloudOrigin, Composite, CompressionStrategy, Container,
    Context, Db, Destination, DestinationService, DroppedDuration, DroppedSpanStats, ErrorEvent, ErrorId,
    ErrorLog, ErrorParent, ErrorTransaction, Event, Exception, Faas, FaasTrigger, Headers, IdName,
    JsonObject, Keyword, Kubernetes, Labels, Language, LogError, LogEvent, LogOrigin, LogService, LongText,
    Message, MessageAge, Metadata, MetadataService, Metricset, MetricsetService, MetricsetSpan,
    MetricsetTransaction, NameVersion, Named, Network, NetworkConnection, Otel, Outcome, Pod, Process,
    Request, Response, Runtime, Sample, SampleRate, Samples, Service, ServiceAgent, ServiceNode,
    ServiceOrigin, ServiceTarget, Socket, SpanContext, SpanCount, SpanEvent, SpanExtra, SpanHttp, SpanId,
    SpanLink, SpanRequest, SpanResponse, StackFrame, System, Text, TraceId, TransactionEvent,
    TransactionExtra, Url, User,
};
use serde_json::json;

/// What texts are made of: the content is hostile or ordinary, the events are the same.
pub struct Content<'a> {
    pub text: &'a str,
    pub number: f64,
    pub labels: usize,
}

impl Content<'_> {
    fn word<const LIMIT: usize>(&self) -> Option<Text<LIMIT>> {
        Some(Text::copied(self.text))
    }

    fn key(&self) -> Keyword {
        Keyword::copied(self.text)
    }

    fn object(&self) -> Option<JsonObject> {
        let value = json!({"a": self.text, "b": [1, 2.5, true, {"c": "d"}], "n": {}});
        value.as_object().cloned()
    }

    fn labels(&self) -> Labels {
        let mut labels: Labels = [("text", "short"), ("dotted.key", "x")].into_iter().collect();
        labels.insert(self.key(), self.number);
        labels.insert("long", self.key());
        labels.insert("flag", true);
        labels.insert("count", -7);
        for index in 0..self.labels {
            labels.insert(format!("label-{index}"), index);
        }
        labels
    }

    fn headers(&self) -> Headers {
        let mut headers: Headers = [("accept", "*/*"), ("via", "a"), ("via", "b")].into_iter().collect();
        headers.append(self.key(), self.key());
        headers
    }

    fn frame(&self) -> StackFrame {
        StackFrame {
            filename: self.word(),
            classname: self.word(),
            function: self.word(),
            module: self.word(),
            abs_path: self.word(),
            lineno: Some(7),
            colno: Some(3),
            library_frame: Some(true),
            context_line: self.word(),
            pre_context: vec![self.key(), "b".into()],
            post_context: vec!["c".into()],
            vars: self.object(),
        }
    }

    fn named(&self) -> Option<Named> {
        Some(Named { name: self.word() })
    }

    fn id_name(&self) -> Option<IdName> {
        Some(IdName { id: self.word(), name: self.word() })
    }

    fn name_version(&self) -> NameVersion {
        NameVersion { name: self.word(), version: self.word() }
    }

    fn message(&self) -> Message {
        Message {
            queue: self.named(),
            age: Some(MessageAge { ms: Some(5) }),
            body: self.word(),
            headers: self.headers(),
            routing_key: self.word(),
        }
    }

    fn service(&self) -> Service {
        Service {
            name: self.word(),
            version: self.word(),
            environment: self.word(),
            target: Some(ServiceTarget { kind: self.word(), name: self.word() }),
            id: self.word(),
            node: Some(Box::new(ServiceNode { configured_name: self.word() })),
            agent: Some(Box::new(ServiceAgent {
                name: self.word(),
                version: self.word(),
                ephemeral_id: self.word(),
            })),
            framework: Some(Box::new(self.name_version())),
            language: Some(Box::new(self.name_version())),
            runtime: Some(Box::new(self.name_version())),
            origin: Some(Box::new(ServiceOrigin {
                id: self.word(),
                name: self.word(),
                version: self.word(),
            })),
        }
    }

    fn user(&self) -> User {
        User { id: self.word(), username: self.word(), email: self.word(), domain: self.word() }
    }

    fn context(&self) -> Context {
        Context {
            request: Some(Box::new(Request {
                method: self.key(),
                url: Url {
                    full: self.word(),
                    raw: self.word(),
                    protocol: self.word(),
                    hostname: self.word(),
                    port: Some(8080),
                    pathname: self.word(),
                    search: self.word(),
                    hash: self.word(),
                },
                headers: self.headers(),
                cookies: self.object(),
                env: self.object(),
                body: Some(Body::Text(LongText::copied(self.text))),
                http_version: self.word(),
                socket: Some(Socket { remote_address: self.word(), encrypted: Some(false) }),
            })),
            response: Some(Box::new(Response {
                status_code: Some(404),
                headers: self.headers(),
                finished: Some(true),
                headers_sent: Some(true),
                transfer_size: Some(1),
                encoded_body_size: Some(2),
                decoded_body_size: Some(3),
            })),
            user: Some(Box::new(self.user())),
            custom: self.object(),
            message: Some(Box::new(self.message())),
            service: Some(Box::new(self.service())),
            cloud_origin: Some(Box::new(CloudOrigin {
                account: Some(CloudAccount { id: self.word() }),
                provider: self.word(),
                region: self.word(),
                service: self.named(),
            })),
        }
    }

    fn otel(&self) -> Option<Otel> {
        Some(Otel { span_kind: self.word(), attributes: self.object().map(Arc::new) })
    }

    fn faas(&self) -> Faas {
        Faas {
            id: self.word(),
            name: self.word(),
            version: self.word(),
            execution: self.word(),
            coldstart: Some(true),
            trigger: Some(FaasTrigger { kind: self.word(), request_id: self.word() }),
        }
    }

    pub fn transaction(&self) -> TransactionEvent {
        TransactionEvent {
            id: SpanId::from_bytes([1; 8]),
            trace_id: TraceId::from_bytes([2; 16]),
            parent_id: Some(SpanId::from_bytes([3; 8])),
            name: self.word(),
            kind: self.key(),
            timestamp: 1_700_000_000_123_456,
            duration: self.number,
            result: self.word(),
            outcome: Some(Outcome::Failure),
            sampled: true,
            sample_rate: SampleRate::from_f64(0.5556),
            span_count: SpanCount { started: 3, dropped: 4 },
            labels: self.labels(),
            context: Some(Box::new(self.context())),
            dropped_spans_stats: vec![
                DroppedSpanStats {
                    destination_service_resource: self.word(),
                    service_target_type: self.word(),
                    service_target_name: self.word(),
                    outcome: Some(Outcome::Success),
                    duration: DroppedDuration { count: 3, sum_us: 3901 },
                },
                DroppedSpanStats::default(),
            ],
            links: vec![SpanLink {
                trace_id: TraceId::from_bytes([4; 16]),
                span_id: SpanId::from_bytes([5; 8]),
            }],
            extra: Some(Box::new(TransactionExtra { otel: self.otel(), faas: Some(self.faas()) })),
        }
    }

    pub fn span(&self) -> SpanEvent {
        SpanEvent {
            id: SpanId::from_bytes([1; 8]),
            trace_id: TraceId::from_bytes([2; 16]),
            parent_id: SpanId::from_bytes([3; 8]),
            transaction_id: Some(SpanId::from_bytes([4; 8])),
            name: self.key(),
            kind: self.key(),
            subtype: self.word(),
            timestamp: 1_700_000_000_123_456,
            duration: self.number,
            outcome: Some(Outcome::Unknown),
            sample_rate: Some(SampleRate::ALWAYS),
            sync: Some(false),
            labels: self.labels(),
            context: Some(Box::new(SpanContext {
                service: Some(Box::new(self.service())),
                http: Some(SpanHttp {
                    url: self.word(),
                    method: self.word(),
                    status_code: Some(200),
                    request: Some(Box::new(SpanRequest {
                        id: self.word(),
                        body: Some(json!(["any", self.text])),
                    })),
                    response: Some(Box::new(SpanResponse {
                        status_code: Some(200),
                        headers: self.headers(),
                        transfer_size: Some(1),
                        encoded_body_size: Some(2),
                        decoded_body_size: Some(3),
                    })),
                }),
                destination: Some(Destination {
                    address: self.word(),
                    port: Some(443),
                    service: Some(DestinationService {
                        resource: self.key(),
                        name: self.word(),
                        kind: self.word(),
                    }),
                }),
                db: Some(Box::new(Db {
                    instance: self.word(),
                    statement: self.word(),
                    kind: self.word(),
                    user: self.word(),
                    link: self.word(),
                    rows_affected: Some(9),
                })),
                message: Some(Box::new(self.message())),
            })),
            extra: Some(Box::new(SpanExtra {
                action: self.word(),
                composite: Some(Composite {
                    compression_strategy: CompressionStrategy::SameKind,
                    count: 5,
                    sum: self.number,
                }),
                stacktrace: vec![
                    self.frame(),
                    StackFrame { classname: self.word(), ..StackFrame::default() },
                ],
                links: vec![SpanLink::default()],
                child_ids: vec![SpanId::from_bytes([6; 8])],
                otel: self.otel(),
            })),
        }
    }

    pub fn error(&self) -> ErrorEvent {
        let exception = |cause| Exception {
            message: self.word(),
            kind: self.word(),
            module: self.word(),
            code: self.word(),
            handled: Some(true),
            attributes: self.object(),
            stacktrace: vec![self.frame()],
            cause,
        };
        ErrorEvent {
            id: ErrorId::from_bytes([1; 16]),
            timestamp: 1_700_000_000_123_456,
            parent: Some(ErrorParent {
                trace_id: TraceId::from_bytes([2; 16]),
                parent_id: SpanId::from_bytes([3; 8]),
                transaction_id: Some(SpanId::from_bytes([4; 8])),
            }),
            transaction: Some(ErrorTransaction { sampled: false, kind: self.word(), name: self.word() }),
            culprit: self.word(),
            labels: self.labels(),
            context: Some(Box::new(self.context())),
            exception: Some(Box::new(exception(vec![exception(vec![exception(vec![])])]))),
            log: Some(Box::new(ErrorLog {
                message: LongText::copied(self.text),
                param_message: self.word(),
                level: self.word(),
                logger_name: self.word(),
                stacktrace: vec![self.frame()],
            })),
        }
    }

    pub fn metricset(&self) -> Metricset {
        let mut samples: Samples =
            [("plain", 1.5), ("whole", 12.0), ("any", self.number)].into_iter().collect();
        samples.insert(self.key(), Sample { unit: self.word(), ..Sample::gauge(0.25) });
        samples.insert("counter", Sample::counter(3.0));
        samples.insert("histogram", Sample::histogram(vec![0.5, 2.0], vec![3, 4]));
        Metricset {
            timestamp: 1_700_000_000_123_456,
            transaction: Some(MetricsetTransaction { name: self.word(), kind: self.word() }),
            span: Some(MetricsetSpan { kind: self.word(), subtype: self.word() }),
            samples,
            labels: self.labels(),
            service: Some(Box::new(MetricsetService { name: self.word(), version: self.word() })),
            faas: Some(Box::new(self.faas())),
        }
    }

    pub fn metadata(&self) -> Metadata {
        Metadata {
            service: MetadataService {
                name: self.key(),
                version: self.word(),
                environment: self.word(),
                id: self.word(),
                node: Some(ServiceNode { configured_name: self.word() }),
                agent: Agent {
                    name: self.key(),
                    version: self.key(),
                    activation_method: self.word(),
                    ephemeral_id: self.word(),
                },
                language: Some(Language { name: self.key(), version: self.word() }),
                runtime: Some(Runtime { name: self.key(), version: self.key() }),
                framework: Some(self.name_version()),
            },
            process: Some(Process {
                pid: 42,
                ppid: Some(1),
                title: self.word(),
                argv: vec![self.key(), "--flag".into()],
            }),
            system: Some(System {
                detected_hostname: self.word(),
                configured_hostname: self.word(),
                hostname: self.word(),
                architecture: self.word(),
                platform: self.word(),
                host_id: self.word(),
                container: Some(Container { id: self.word() }),
                kubernetes: Some(Kubernetes {
                    namespace: self.word(),
                    node: self.named(),
                    pod: Some(Pod { name: self.word(), uid: self.word() }),
                }),
            }),
            cloud: Some(Cloud {
                provider: self.key(),
                region: self.word(),
                availability_zone: self.word(),
                account: self.id_name(),
                instance: self.id_name(),
                machine: Some(CloudMachine { kind: self.word() }),
                project: self.id_name(),
                service: self.named(),
            }),
            user: Some(self.user()),
            labels: self.labels(),
            network: Some(Network { connection: Some(NetworkConnection { kind: self.word() }) }),
        }
    }

    pub fn log(&self) -> LogEvent {
        LogEvent {
            timestamp: 1_700_000_000_123_456,
            message: self.word(),
            level: self.word(),
            logger: self.word(),
            dataset: self.word(),
            thread: self.word(),
            trace_id: Some(TraceId::from_bytes([2; 16])),
            transaction_id: Some(SpanId::from_bytes([3; 8])),
            span_id: Some(SpanId::from_bytes([4; 8])),
            labels: self.labels(),
            service: Some(Box::new(LogService {
                name: self.word(),
                version: self.word(),
                environment: self.word(),
                node_name: self.word(),
            })),
            error: Some(Box::new(LogError {
                kind: self.word(),
                message: self.word(),
                stack_trace: self.word(),
            })),
            origin: Some(Box::new(LogOrigin {
                file_name: self.word(),
                file_line: Some(7),
                function: self.word(),
            })),
            faas: Some(Box::new(self.faas())),
        }
    }

    /// One event of each kind, every field set.
    pub fn all(&self) -> Vec<Event> {
        vec![
            self.metadata().into(),
            self.transaction().into(),
            self.span().into(),
            self.error().into(),
            self.metricset().into(),
            self.log().into(),
        ]
    }
}
