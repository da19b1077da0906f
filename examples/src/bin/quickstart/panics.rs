//! The panic that is part of the show: one quiet line in place of a stack trace.

use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

/// The message of the intended panic.
pub(crate) const INTENDED: &str = "this coupon was printed twice";

/// Says the first intended panic in one line and is silent about those that follow; any other one is shown as ever.
pub(crate) fn keep_quiet_about_the_intended() {
    static SAID: AtomicBool = AtomicBool::new(false);
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if message(panic) != Some(INTENDED) {
            usual(panic);
        } else if !SAID.swap(true, Ordering::Relaxed) {
            eprintln!("(A handler panics on purpose: \"{INTENDED}\". It is caught, and recorded.)");
        }
    }));
}

fn message<'a>(panic: &'a PanicHookInfo<'_>) -> Option<&'a str> {
    let payload = panic.payload();
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}
