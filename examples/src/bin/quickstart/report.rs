//! What is said about a round: one trace, a table, where to look. Reads a store, knows no agent.

use elastic_apm::TraceId;
use elastic_apm_devserver::{ServiceSummary, Store, Trace, render_waterfall, render_waterfall_in_colour};

use crate::agents::{BACK, Count, FRONT, JOB};
use crate::destination::Destination;
use crate::terminal;
use crate::traffic::{Class, Tally};
use crate::{table, trace};

/// What runs here, where its events go, and what happens now.
pub(crate) fn greet(destination: &Destination, front_url: &str) {
    terminal::say(format!(
        "Three services run in this process, each with an agent of its own:\n\
         {JOB} calls {FRONT} ({front_url}), which calls {BACK}.\n\
         Their events go to {}.\n",
        destination.describe()
    ));
    if let Some(why) = destination.trouble() {
        eprintln!("warning: nothing answers at {}: {why}\n", destination.url());
    }
    terminal::say("Sending requests for about three seconds …");
}

/// How the services answered.
pub(crate) fn answers(tally: &Tally) {
    let count = |class| tally.by_class.get(&class).copied().unwrap_or(0);
    let all: usize = tally.by_class.values().sum();
    let mut parts = vec![
        format!("{} fine", count(Class::Success)),
        format!("{} refused (4xx)", count(Class::Refused)),
        format!("{} failed (5xx)", count(Class::Failed)),
    ];
    match count(Class::NoAnswer) {
        0 => {}
        silent => parts.push(format!("{silent} without an answer")),
    }
    terminal::say(format!("{all} requests in {:.1} s: {}.\n", tally.took.as_secs_f64(), parts.join(", ")));
}

/// One trace as a waterfall.
pub(crate) fn waterfall(trace: &Trace) {
    let render = if terminal::has_colours() { render_waterfall_in_colour } else { render_waterfall };
    terminal::say("The trace of the job, as it went through all three:\n");
    terminal::say(render(trace, terminal::width()));
}

/// What the three services did.
pub(crate) fn services(store: &Store) {
    let mut ours = store.services();
    // In the order in which they call each other; a server may know other services as well.
    let place =
        |summary: &ServiceSummary| [JOB, FRONT, BACK].iter().position(|name| summary.service == *name);
    ours.retain(|summary| place(summary).is_some());
    ours.sort_by_key(place);
    if ours.iter().any(|summary| !summary.transactions.is_empty()) {
        terminal::say(format!("{}\n", table::draw(&ours, terminal::width())));
    }
}

/// Where to see all that, and what to look for. `stays` says whether this process goes on.
pub(crate) fn where_to_look(destination: &Destination, store: &Store, job: Option<TraceId>, stays: bool) {
    let traces = trace::worth_a_look(store, job);
    match (destination, destination.page()) {
        (Destination::Ours(_), _) if !stays => {
            terminal::say(
                "The dev server ends with this run. Without --once it stays, with a waterfall page.\n",
            );
        }
        (_, Some(page)) => {
            terminal::say(format!("Open {page}"));
            list(&traces, |id| format!("{page}#/trace/{id}"));
        }
        (_, None) if traces.is_empty() => {}
        (_, None) => {
            terminal::say("In Kibana: Observability -> APM -> Traces, or Discover with one of these:");
            list(&traces, |id| format!("trace.id : \"{id}\""));
        }
    }
}

fn list(traces: &[(&'static str, TraceId)], place: impl Fn(TraceId) -> String) {
    let lines: Vec<_> = traces.iter().map(|(words, id)| format!("  {words:<11}{}\n", place(*id))).collect();
    terminal::say(lines.concat());
}

/// One line per agent: what was recorded and what became of it.
pub(crate) fn counts(counts: &[Count]) {
    for Count { service, stats } in counts {
        let (recorded, sent, dropped) = (stats.recorded(), stats.sent(), stats.dropped());
        terminal::say(format!("service={service} recorded={recorded} sent={sent} dropped={dropped}"));
    }
}
