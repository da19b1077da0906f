//! The application's part of a stack: what the agent and the runtime add at either end is nobody's business.

use super::frame::{Frame, Role};

/// Cuts off the capture and, of a panic, what the runtime did before the hook; and at the other end what called `main` or the thread's
/// closure.
pub(super) fn of_the_application<'a, 'b>(frames: &'b [&'a Frame], of_panic: bool) -> &'b [&'a Frame] {
    let hook = frames.iter().position(|frame| frame.role == Role::PanicHookCaller).filter(|_| of_panic);
    // Other hooks may have been called between the runtime and ours.
    let frames = &frames[hook.map_or(0, |at| at + 1)..];
    let is_machinery = |frame: &&Frame| matches!(frame.role, Role::Machinery | Role::PanicHookCaller);
    let start = frames.iter().position(|frame| !is_machinery(frame)).unwrap_or(frames.len());
    let frames = &frames[start..];
    let end = frames.iter().position(|frame| frame.role == Role::Start).unwrap_or(frames.len());
    &frames[..end]
}

#[cfg(test)]
mod tests {
    use super::super::symbols::Symbol;
    use super::*;

    #[track_caller]
    fn assert_kept(names: &[&str], of_panic: bool, expected: &[&str]) {
        let frame = |name: &&str| Frame::new(&Symbol { name: Some((*name).to_owned()), ..Symbol::default() });
        let frames: Vec<Frame> = names.iter().map(frame).collect();
        let frames: Vec<&Frame> = frames.iter().collect();

        let kept = of_the_application(&frames, of_panic);

        let path = |frame: &&Frame| {
            let (module, function) = (frame.event.module.as_deref(), frame.event.function.as_deref());
            format!("{}::{}", module.unwrap_or_default(), function.unwrap_or_default())
        };
        assert_eq!(kept.iter().map(path).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_agent_inside_and_the_runtime_outside_are_cut_off() {
        assert_kept(
            &[
                "backtrace::backtrace::trace",
                "std::panicking::catch_unwind",
                "elastic_apm_core::trace::error::capture",
                "shop::orders::place",
                "core::iter::Map::next",
                "elastic_apm_core::trace::run::poll",
                "shop::main",
                "std::sys::backtrace::__rust_begin_short_backtrace",
                "std::rt::lang_start",
                "main",
            ],
            false,
            &[
                "shop::orders::place",
                "core::iter::Map::next",
                "elastic_apm_core::trace::run::poll",
                "shop::main",
            ],
        );
    }

    #[test]
    fn of_a_panic_all_hooks_are_cut_off() {
        let names = [
            "backtrace::backtrace::trace",
            "elastic_apm_core::panic_hook::report",
            "other::hook",
            "std::panicking::rust_panic_with_hook",
            "std::panicking::begin_panic_handler",
            "core::option::expect_failed",
            "shop::place",
            "shop::main",
        ];

        assert_kept(&names, true, &["shop::place", "shop::main"]);
    }

    #[test]
    fn an_error_while_the_stack_unwinds_keeps_its_place() {
        assert_kept(
            &[
                "elastic_apm_core::capture",
                "<shop::Guard as core::ops::Drop>::drop",
                "std::panicking::rust_panic_with_hook",
                "shop::main",
            ],
            false,
            &["<shop::Guard as core::ops::Drop>::drop", "std::panicking::rust_panic_with_hook", "shop::main"],
        );
    }

    #[test]
    fn nothing_is_left_of_a_stack_without_the_application() {
        assert_kept(&["elastic_apm_core::capture", "std::rt::lang_start"], false, &[]);
        assert_kept(&["std::panicking::rust_panic_with_hook"], true, &[]);
        assert_kept(&[], true, &[]);
    }
}
