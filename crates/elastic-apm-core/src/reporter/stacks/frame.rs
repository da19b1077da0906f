//! A function as a frame: names, place in the source, and whose it is.

use elastic_apm_intake::{Keyword, StackFrame};

use super::function::Function;
use super::source_file;
use super::symbols::Symbol;

/// What stands for a file that is not known: there is no debug information.
pub(super) const UNKNOWN: &str = "<unknown>";

/// The crates of this agent.
const AGENT: [&str; 8] = [
    "elastic_apm",
    "elastic_apm_axum",
    "elastic_apm_core",
    "elastic_apm_intake",
    "elastic_apm_macros",
    "elastic_apm_reqwest",
    "elastic_apm_tower",
    "elastic_apm_tracing",
];

/// The crate that walks stacks.
const WALKER: &str = "backtrace";

/// The crates of the runtime, and that one.
const RUNTIME: [&str; 6] = ["std", "core", "alloc", "__rustc", "test", WALKER];

/// A frame as it is sent, and its part in the stack.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) event: StackFrame,
    pub(super) role: Role,
}

/// The part that a function plays in stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The agent, or the runtime.
    Machinery,
    /// Here the runtime calls the panic hook.
    PanicHookCaller,
    /// Here the runtime calls `main`, or what a thread is to do.
    Start,
    /// Anything else.
    Code,
}

impl Frame {
    pub(super) fn new(symbol: &Symbol) -> Self {
        let path = symbol.name.as_deref().map(demangled);
        let function = path.as_deref().map(Function::parse);
        let krate = function.as_ref().and_then(|function| function.krate);
        let file = symbol.file.as_deref().filter(|file| !file.is_empty());
        let is_machinery = match (krate, file) {
            (Some(krate), _) => AGENT.contains(&krate) || RUNTIME.contains(&krate),
            // Debug information may have the bare name of an inlined function only.
            (None, Some(file)) => source_file::is_std(file) || is_machinery_package(file),
            (None, None) => false,
        };
        let (name, module) = match &function {
            Some(function) => (Keyword::copied(&function.name), function.module.map(Keyword::copied)),
            None => match &symbol.place {
                Some((object, offset)) => {
                    (Keyword::formatted(format_args!("{offset:#x}")), Some(Keyword::copied(object)))
                }
                None => (Keyword::from_static(UNKNOWN), None),
            },
        };
        let event = StackFrame {
            filename: Some(match file {
                Some(file) => Keyword::from(source_file::shown(file)),
                None => Keyword::from_static(UNKNOWN),
            }),
            abs_path: file.filter(|file| source_file::is_absolute(file)).map(Keyword::copied),
            lineno: symbol.line.filter(|line| file.is_some() && *line > 0),
            library_frame: match (file, &function) {
                _ if is_machinery => Some(true),
                (Some(file), _) => Some(source_file::is_library(file)),
                // Without a path a crate may be anybody's, while what is no path of a crate is a system's function.
                (None, Some(_)) if krate.is_none() => Some(true),
                (None, _) => None,
            },
            function: Some(name),
            module,
            ..StackFrame::default()
        };
        let role = function.as_ref().map_or(Role::Code, |function| role(function, is_machinery));
        Frame { event, role }
    }
}

/// Whether the function has a name of its own; a bare closure has none, nor has a place in a file.
pub(super) fn has_name(frame: &StackFrame) -> bool {
    frame
        .function
        .as_deref()
        .is_some_and(|function| !(function.starts_with(['{', '<']) || function.starts_with("0x")))
}

fn role(function: &Function<'_>, is_machinery: bool) -> Role {
    match function.name.as_str() {
        "__rust_begin_short_backtrace" => Role::Start,
        // `rust_panic_with_hook` and, in later compilers, `panic_with_hook`.
        name if function.krate == Some("std") && name.ends_with("panic_with_hook") => Role::PanicHookCaller,
        _ if is_machinery => Role::Machinery,
        name if function.krate.is_none() && is_of_the_runtime(name) => Role::Machinery,
        _ => Role::Code,
    }
}

/// Whether a function that is no path is one by which stacks are unwound.
fn is_of_the_runtime(name: &str) -> bool {
    ["__rust_", "rust_begin_unwind", "rust_panic", "_Unwind_"].iter().any(|start| name.starts_with(start))
}

fn is_machinery_package(file: &str) -> bool {
    let Some(package) = source_file::package(file) else { return false };
    AGENT.contains(&package.replace('-', "_").as_str())
        || (package == WALKER && source_file::is_library(file))
}

/// The path as it stands in the source, without the hashes that make it unique.
fn demangled(name: &str) -> String {
    match rustc_demangle::try_demangle(name) {
        Ok(path) => format!("{path:#}"),
        Err(_) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(name: &str, file: Option<&str>) -> Frame {
        let file = file.map(str::to_owned);
        Frame::new(&Symbol { name: Some(name.to_owned()), line: file.as_ref().map(|_| 7), file, place: None })
    }

    #[test]
    fn a_name_loses_its_hash_in_either_way_of_mangling() {
        let legacy = frame("_ZN4shop6orders5place17h0123456789abcdefE", None).event;
        let v0 = frame("_RNvNtCs1234_4shop6orders5place", None).event;

        for frame in [legacy, v0] {
            assert_eq!(
                (frame.module.as_deref(), frame.function.as_deref()),
                (Some("shop::orders"), Some("place"))
            );
        }
    }

    #[test]
    fn without_debug_information_the_file_is_unknown_and_module_and_function_are_kept() {
        let own = frame("_ZN4shop5place17h0123456789abcdefE", None).event;

        assert_eq!(own.filename.as_deref(), Some("<unknown>"));
        assert_eq!((own.module.as_deref(), own.function.as_deref()), (Some("shop"), Some("place")));
        assert_eq!((own.abs_path, own.lineno, own.library_frame), (None, None, None));
    }

    #[test]
    fn own_code_is_told_from_that_of_libraries() {
        let is_library = |name, file| frame(name, file).event.library_frame;
        let registry = "/home/joe/.cargo/registry/src/index-1/tokio-1.48.0/src/task.rs";

        assert_eq!(is_library("shop::place", Some("/home/joe/shop/src/main.rs")), Some(false));
        assert_eq!(is_library("tokio::task::run", Some(registry)), Some(true));
        assert_eq!(is_library("elastic_apm_core::trace::run", Some("/home/me/agent/src/run.rs")), Some(true));
        assert_eq!(is_library("elastic_apm_core::trace::run", None), Some(true));
        assert_eq!(is_library("<alloc::vec::Vec<shop::Cup>>::push", None), Some(true));
        assert_eq!(is_library("__libc_start_main", None), Some(true));
    }

    #[test]
    fn a_function_without_a_name_is_known_by_its_place_in_its_file() {
        let frame =
            Frame::new(&Symbol { place: Some(("shop".to_owned(), 0x1f3)), ..Symbol::default() }).event;

        assert_eq!((frame.module.as_deref(), frame.function.as_deref()), (Some("shop"), Some("0x1f3")));
        assert_eq!((frame.filename.as_deref(), frame.library_frame), (Some("<unknown>"), None));
    }

    #[test]
    fn a_bare_name_is_known_by_its_file() {
        for (file, expected) in [
            ("/x/registry/src/index-1/backtrace-0.3.76/src/backtrace/mod.rs", Role::Machinery),
            ("/x/registry/src/index-1/elastic-apm-core-0.1.0/src/trace/run.rs", Role::Machinery),
            ("/rustc/59807616e1/library/std/src/panic.rs", Role::Machinery),
            ("/x/registry/src/index-1/tokio-1.48.0/src/task.rs", Role::Code),
            ("/home/joe/backtrace/src/lib.rs", Role::Code),
        ] {
            assert_eq!(frame("trace", Some(file)).role, expected, "{file}");
        }
    }

    #[test]
    fn the_runtime_and_the_agent_are_machinery() {
        for (name, expected) in [
            ("std::panicking::rust_panic_with_hook", Role::PanicHookCaller),
            ("std::panicking::panic_with_hook", Role::PanicHookCaller),
            ("shop::panic_with_hook", Role::Code),
            ("std::sys::backtrace::__rust_begin_short_backtrace", Role::Start),
            ("backtrace::backtrace::trace", Role::Machinery),
            ("elastic_apm_core::trace::error::capture", Role::Machinery),
            ("elastic_apm_integration_tests::checked", Role::Code),
            ("core::ptr::drop_in_place::<shop::Cup>", Role::Machinery),
            ("<shop::Cup as core::ops::Drop>::drop", Role::Code),
            ("__rustc::rust_begin_unwind", Role::Machinery),
            ("rust_begin_unwind", Role::Machinery),
            ("__rust_try", Role::Machinery),
            ("_Unwind_RaiseException", Role::Machinery),
            ("main", Role::Code),
        ] {
            assert_eq!(frame(name, None).role, expected, "{name}");
        }
    }
}
