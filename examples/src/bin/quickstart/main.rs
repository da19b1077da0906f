//! The quickstart: a job, a front and a back service, traced, with one trace through all three.
//!
//! | module | what it is |
//! |---|---|
//! | [`front`], [`back`], [`job`] | the three services: what using the agent looks like |
//! | [`warehouse`] | the front's client for the back |
//! | [`traffic`] | visitors of the shop |
//! | [`agents`], [`destination`], [`tee`] | who reports, where to, and a copy for the report |
//! | [`shop`], [`serve`] | all of that started and stopped |
//! | [`trace`], [`table`], [`report`], [`verdict`] | what is shown in the end |
//! | [`arguments`], [`terminal`], [`panics`] | the process around it |

mod agents;
mod arguments;
mod back;
mod destination;
mod front;
mod job;
mod panics;
mod report;
mod serve;
mod shop;
mod table;
mod tee;
mod terminal;
mod trace;
mod traffic;
mod verdict;
mod warehouse;

use std::process::ExitCode;

use crate::arguments::{USAGE, Wish};
use crate::destination::Destination;
use crate::shop::Shop;
use crate::traffic::Traffic;
use crate::verdict::Verdict;

/// The exit code for a wrong call or a start that failed.
const NOT_STARTED: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let once = match arguments::parse(std::env::args().skip(1)) {
        Ok(Wish::Run { once }) => once,
        Ok(Wish::Help) => {
            terminal::say(USAGE.trim_end());
            return ExitCode::SUCCESS;
        }
        Err(unknown) => {
            eprintln!("quickstart: unknown argument `{unknown}`\n\n{}", USAGE.trim_end());
            return ExitCode::from(NOT_STARTED);
        }
    };
    panics::keep_quiet_about_the_intended();
    match run(once).await {
        Ok(verdict) => verdict.exit_code(),
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::from(NOT_STARTED)
        }
    }
}

async fn run(once: bool) -> Result<Verdict, Box<dyn std::error::Error>> {
    let given = std::env::var("ELASTIC_APM_SERVER_URL").ok();
    let given = given.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty());
    let destination = Destination::find(given, elastic_apm_devserver::DEFAULT_ADDRESS).await?;
    let shop = Shop::open(destination).await?;
    report::greet(shop.destination(), shop.front_url());

    let mut verdict = Verdict::default();
    let tour = async {
        let traffic = Traffic::new(shop.front_url())?;
        show(&shop, &traffic, once, &mut verdict).await;
        if !once {
            terminal::say("Requests keep coming, about one per second. Ctrl-C ends this.\n");
            traffic.stream().await;
        }
        reqwest::Result::Ok(())
    };
    tokio::select! {
        ended = tour => ended?,
        () = interrupted() => terminal::say(""),
    }

    let counts = shop.close().await;
    verdict.judge(&counts);
    for reason in verdict.reasons() {
        eprintln!("problem: {reason}");
    }
    report::counts(&counts);
    Ok(verdict)
}

/// One round of requests and the job, and a report about them.
async fn show(shop: &Shop, traffic: &Traffic, once: bool, verdict: &mut Verdict) {
    report::answers(&traffic.round().await);
    let job = shop.run_job().await.unwrap_or_else(|error| {
        verdict.object(format!("the job failed: {error}"));
        None
    });
    let Some(store) = shop.store().await else { return };
    match job.and_then(|id| store.trace(id)) {
        Some(trace) => {
            report::waterfall(&trace);
            if !trace::is_whole(&trace) {
                verdict.object("the trace of the job is not whole");
            }
        }
        None => verdict.object("the trace of the job did not arrive, or was not sampled"),
    }
    report::services(store);
    report::where_to_look(shop.destination(), store, job, !once);
}

/// Waits for Ctrl-C, or for the signal that asks a process to end.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a way to hear the signal, run until the process is killed.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
