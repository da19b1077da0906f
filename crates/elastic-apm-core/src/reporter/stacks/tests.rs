use super::symbols::{Symbol, resolve};
use super::*;

#[inline(never)]
fn here() -> CapturedStack {
    std::hint::black_box(CapturedStack::capture(50).unwrap())
}

#[test]
fn a_stack_of_this_thread_is_read_as_the_backtrace_crate_reads_it() {
    let stack = here();
    let mut symbols = Symbols::default();
    let is_path = |symbol: &Symbol| symbol.name.as_deref().is_some_and(|name| name.starts_with('_'));

    let mut compared = 0;
    for &address in &stack.addresses {
        let (expected, found) = (resolve(address), symbols.at(address));
        // Bare names in the debug information are paths here, and code that is not Rust's may be known by its place.
        if expected.iter().all(is_path) && expected.iter().all(|symbol| symbol.line.is_some()) {
            assert_eq!(found, expected);
            compared += usize::from(!expected.is_empty());
        }
    }
    assert!(compared > 3, "{compared} of {}", stack.addresses.len());
}

#[test]
fn what_was_found_is_kept_within_a_bound() {
    let mut stacks = Stacks::default();
    let real = here();
    stacks.frames(&real);
    assert_eq!(stacks.known.len(), real.addresses.iter().collect::<std::collections::HashSet<_>>().len());

    for round in 0..10 {
        let addresses = (0..1000).map(|number| round * 1000 + number + 1).collect();
        stacks.frames(&CapturedStack { addresses, limit: 50, of_panic: false });

        assert!(stacks.known.len() <= MAX_KNOWN);
    }
}

#[test]
fn the_innermost_function_that_is_no_librarys_is_to_blame() {
    let frame = |module: &'static str, function: &'static str, library_frame| StackFrame {
        module: Some(module.into()),
        function: Some(function.into()),
        library_frame,
        ..StackFrame::default()
    };
    let library = frame("tokio::task", "run", Some(true));

    let blamed = |frames: &[StackFrame]| culprit(frames).map(|culprit| culprit.as_str().to_owned());
    assert_eq!(
        blamed(&[library.clone(), frame("shop::orders", "place::{{closure}}::{{closure}}", Some(false))])
            .as_deref(),
        Some("shop::orders::place")
    );
    assert_eq!(blamed(&[library.clone(), frame("shop", "main", None)]).as_deref(), Some("shop::main"));
    let bare =
        StackFrame { filename: Some("shop/src/main.rs".into()), ..frame("", "{async_fn#0}", Some(false)) };
    assert_eq!(blamed(&[bare.clone(), frame("shop", "main", Some(false))]).as_deref(), Some("shop::main"));
    assert_eq!(blamed(&[library.clone(), bare]).as_deref(), Some("shop/src/main.rs"));
    assert_eq!(blamed(&[frame("shop", "0x1f3", None)]), None);
    assert_eq!(blamed(&[library]), None);
    assert_eq!(blamed(&[]), None);
}
