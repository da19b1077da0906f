use std::collections::VecDeque;
use std::sync::Mutex;

use super::*;
use crate::config::{ConfigBuilder, Environment, resolve};
use crate::transport::{TransportError, TransportFuture};

/// Answers from a list and notes what was asked when; then it hangs.
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<(Duration, Request<Bytes>)>>,
    start: Instant,
}

impl Transport for Script {
    fn send(&self, request: Request<Bytes>) -> TransportFuture<'_> {
        self.asked.lock().unwrap().push((self.start.elapsed(), request));
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(async move {
            match answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        })
    }
}

/// An agent's settings, and what became of them.
struct Outcome {
    settings: Dynamic,
    log: AgentLog,
    asked: Vec<(u64, Request<Bytes>)>,
}

impl Outcome {
    /// The seconds between two questions.
    fn intervals(&self) -> Vec<u64> {
        self.asked.windows(2).map(|pair| pair[1].0 - pair[0].0).collect()
    }
}

/// Polls on a clock that jumps, until all answers have been given.
fn polled(code: ConfigBuilder, answers: Vec<Answer>) -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let config = resolve(code, &Environment::empty()).config;
        let (settings, log) = (Dynamic::new(Arc::clone(&config.settings)), AgentLog::recording());
        let count = answers.len();
        let script = Arc::new(Script {
            answers: Mutex::new(answers.into()),
            asked: Mutex::default(),
            start: Instant::now(),
        });
        let server = Server::new(settings.clone(), log.clone());
        let service = MetadataService {
            name: "my shop".into(),
            environment: config.environment.map(Into::into),
            ..MetadataService::default()
        };
        let transport: Arc<dyn Transport> = script.clone();
        let local = Arc::clone(&config.settings);
        let central = Central::new(&server, transport, &service, local, settings.clone(), log.clone());
        tokio::select! {
            never = central.poll() => match never {},
            () = async { while script.asked.lock().unwrap().len() <= count { sleep(Duration::from_secs(1)).await } } => {}
        }
        let asked = std::mem::take(&mut *script.asked.lock().unwrap());
        let asked = asked.into_iter().map(|(at, request)| (at.as_secs(), request)).collect();
        Outcome { settings, log, asked }
    })
}

fn answer(status: u16, headers: &[(&str, &str)], body: &'static str) -> Answer {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Ok(response.body(Bytes::from_static(body.as_bytes())).unwrap())
}

fn ok(body: &'static str) -> Answer {
    answer(200, &[("etag", "\"1\""), ("cache-control", "max-age=30, must-revalidate")], body)
}

#[test]
fn the_question_names_service_and_environment() {
    let outcome = polled(ConfigBuilder::default().environment("a&b=ü"), vec![ok("{}")]);

    let request = &outcome.asked[0].1;
    assert_eq!(
        request.uri().to_string(),
        "/config/v1/agents?service.name=my%20shop&service.environment=a%26b%3D%C3%BC"
    );
    assert_eq!(request.method(), http::Method::GET);
}

#[test]
fn the_etag_goes_back_as_it_came() {
    let outcome = polled(ConfigBuilder::default(), vec![ok("{}"), answer(304, &[], ""), ok("{}")]);

    let sent: Vec<_> =
        outcome.asked.iter().map(|(_, request)| request.headers().get(IF_NONE_MATCH)).collect();
    assert_eq!(sent[0], None);
    assert!(sent[1..].iter().all(|etag| etag.is_some_and(|etag| etag == "\"1\"")), "{sent:?}");
}

#[test]
fn the_server_says_when_to_ask_again_within_bounds() {
    for (header, seconds) in [
        (Some("max-age=30, must-revalidate"), 30),
        (Some("public, Max-Age = 7"), 7),
        (Some("max-age=4"), 5),
        (Some("max-age=0"), 300),
        (Some("max-age=-1"), 300),
        (Some("max-age=soon"), 300),
        (Some("no-store"), 300),
        (Some("max-age=99999999999999999999"), 300),
        (Some("max-age=18446744073709551615"), 86_400),
        (None, 300),
    ] {
        let headers: Vec<_> = header.iter().map(|value| ("cache-control", *value)).collect();

        let outcome = polled(ConfigBuilder::default(), vec![answer(200, &headers, "{}")]);

        assert_eq!(outcome.intervals(), [seconds], "{header:?}");
    }
}

#[test]
fn failures_are_asked_again_after_five_minutes_or_when_the_server_says() {
    let lost = Err(TransportError::not_sent("refused"));
    let forbidden = answer(403, &[("cache-control", "max-age=60, must-revalidate")], "");

    let outcome = polled(ConfigBuilder::default(), vec![lost, answer(404, &[], ""), forbidden]);

    assert_eq!(outcome.intervals(), [300, 300, 60]);
}

#[test]
fn what_the_server_sets_is_in_force_until_it_is_deleted() {
    let code = || ConfigBuilder::default().transaction_max_spans(7);

    let set = polled(code(), vec![ok(r#"{"transaction_max_spans":"20","recording":"false"}"#)]);
    let deleted = polled(code(), vec![ok(r#"{"transaction_max_spans":"20","recording":"false"}"#), ok("{}")]);

    let [set_now, deleted_now] = [&set, &deleted].map(|outcome| outcome.settings.snapshot());
    assert_eq!((set_now.transaction_max_spans, set_now.recording), (20, false));
    assert_eq!((deleted_now.transaction_max_spans, deleted_now.recording), (7, true));
    assert_eq!(
        deleted.log.recorded(),
        [
            "INFO Central configuration: recording=\"false\" (source: central)",
            "INFO Central configuration: transaction_max_spans=\"20\" (source: central)",
            "INFO Central configuration: recording is as set locally again",
            "INFO Central configuration: transaction_max_spans is as set locally again",
        ]
    );
}

#[test]
fn a_bad_value_and_an_unknown_name_are_said_once_and_block_nothing() {
    let bad = r#"{"capture_magic":"on","transaction_max_spans":"many","transaction_sample_rate":0.5}"#;

    let outcome = polled(ConfigBuilder::default(), vec![ok(bad), ok(bad)]);

    assert_eq!(outcome.settings.load().transaction_sample_rate.as_f64(), 0.5);
    assert_eq!(
        outcome.log.recorded(),
        [
            "INFO Central configuration: transaction_sample_rate=\"0.5\" (source: central)",
            "WARN Central config failure. Invalid value for transaction_max_spans: \"many\" (expected a whole number)",
            "WARN Central config failure. Unsupported config names: capture_magic",
        ]
    );
}

#[test]
fn no_failure_touches_what_is_in_force() {
    let answers = vec![
        ok(r#"{"transaction_max_spans":"20"}"#),
        answer(403, &[], "{}"),
        answer(500, &[], "{}"),
        answer(503, &[], ""),
        answer(200, &[], "<html>"),
        answer(200, &[], r#"{"transaction_max_spans":{"is":"7"}}"#),
        answer(200, &[], r#"["transaction_max_spans"]"#),
        Err(TransportError::interrupted("reset")),
    ];

    let outcome = polled(ConfigBuilder::default(), answers);

    assert_eq!(outcome.settings.load().transaction_max_spans, 20);
}

#[test]
fn a_server_that_fails_is_an_error_said_once_and_a_refusal_a_detail() {
    let answers = vec![
        answer(404, &[], ""),
        answer(403, &[], ""),
        answer(503, &[], ""),
        answer(500, &[], ""),
        ok("{}"),
        answer(502, &[], ""),
        Err(TransportError::not_sent("refused")),
    ];

    let outcome = polled(ConfigBuilder::default(), answers);

    let lines = outcome.log.recorded();
    let levels: Vec<&str> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(levels, ["DEBUG", "DEBUG", "ERROR", "DEBUG", "ERROR", "DEBUG"], "{lines:#?}");
}

#[test]
fn the_log_level_follows() {
    let outcome = polled(ConfigBuilder::default(), vec![ok(r#"{"log_level":"error"}"#)]);

    assert_eq!(outcome.log.level(), crate::log::LogLevel::Error);
}

#[test]
fn what_is_known_of_the_server_outlives_a_change() {
    let code = ConfigBuilder::default();
    let config = resolve(code, &Environment::empty()).config;
    let settings = Dynamic::new(Arc::clone(&config.settings));
    settings.change(|settings| settings.keeps_unsampled = false);
    let log = AgentLog::recording();
    let server = Server::new(settings.clone(), log.clone());
    let script = Script { answers: Mutex::default(), asked: Mutex::default(), start: Instant::now() };
    let transport: Arc<dyn Transport> = Arc::new(script);
    let service = MetadataService::default();
    let mut central = Central::new(&server, transport, &service, config.settings, settings.clone(), log);

    central.take(ok(r#"{"recording":"false"}"#));

    let now = settings.load();
    assert!(!now.recording && !now.keeps_unsampled);
}
