//! The path of a function, taken apart: crate, module, name.
//!
//! Knows both ways in which the compiler writes paths, `<app::Cup as core::fmt::Display>::fmt` and `app::brew::{{closure}}` among them.

/// A function's path.
#[derive(Debug, PartialEq)]
pub(super) struct Function<'a> {
    /// The crate whose code it is; `None` for what is not a path, such as a function of C.
    pub(super) krate: Option<&'a str>,
    /// All before the name.
    pub(super) module: Option<&'a str>,
    /// The name, the closures in it included.
    pub(super) name: String,
}

impl<'a> Function<'a> {
    /// Takes a path apart. Generic arguments of functions are left out: they differ where the code does not.
    pub(super) fn parse(path: &'a str) -> Self {
        let segments = segments(path);
        let is_inner = |segment: &str| segment.starts_with('{') || segment.starts_with('<');
        let at = segments.iter().rposition(|segment| !is_inner(segment)).unwrap_or(0);
        let name = segments[at..].iter().filter(|segment| at == 0 || !segment.starts_with('<'));
        let name: Vec<&str> = name.map(|segment| without_own_arguments(segment)).collect();
        let before = (at > 0).then(|| segments[at].as_ptr() as usize - path.as_ptr() as usize - "::".len());
        Function {
            krate: if segments.len() > 1 { krate(path) } else { None },
            module: before.map(|end| without_arguments(&path[..end])),
            name: name.join("::"),
        }
    }
}

/// The parts between those `::` that are not inside of brackets.
fn segments(path: &str) -> Vec<&str> {
    let bytes = path.as_bytes();
    let (mut segments, mut start, mut depth, mut at) = (Vec::new(), 0, 0_usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'<' | b'(' | b'[' | b'{' => depth += 1,
            // The arrow of a function's type closes nothing.
            b'>' if at > 0 && bytes[at - 1] == b'-' => {}
            b'>' | b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && bytes.get(at + 1) == Some(&b':') => {
                segments.push(&path[start..at]);
                at += 1;
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    segments.push(&path[start..]);
    segments
}

/// A module without arguments at its end: what is left of `app::parse::<u8>` before a closure.
fn without_arguments(module: &str) -> &str {
    match module.rfind("::<") {
        Some(at) if module.ends_with('>') => &module[..at],
        _ => module,
    }
}

/// A bare name as debug information has it, `parse<u8>`, without its arguments.
fn without_own_arguments(name: &str) -> &str {
    match name.find('<') {
        Some(at) if at > 0 && name.ends_with('>') && !name.starts_with('{') => &name[..at],
        _ => name,
    }
}

/// The crate of the type or function that a path is about.
fn krate(path: &str) -> Option<&str> {
    let mut rest = path;
    loop {
        rest = rest.trim_start_matches(['<', '&', '(', '[', '*', ' ', '\'']);
        let prefix =
            ["dyn ", "mut ", "const ", "impl ", "_ "].iter().find_map(|prefix| rest.strip_prefix(prefix));
        match prefix {
            Some(inner) => rest = inner,
            None => break,
        }
    }
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let (krate, behind) = rest.split_at(end);
    (!krate.is_empty() && behind.starts_with("::")).then_some(krate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_parsed(path: &str, krate: Option<&str>, module: Option<&str>, name: &str) {
        let expected = Function { krate, module, name: name.to_owned() };

        assert_eq!(Function::parse(path), expected, "{path}");
    }

    #[test]
    fn module_and_name_are_parted_at_the_function() {
        assert_parsed("shop::orders::place", Some("shop"), Some("shop::orders"), "place");
        assert_parsed("shop::main", Some("shop"), Some("shop"), "main");
        assert_parsed("shop::orders::Cart::add", Some("shop"), Some("shop::orders::Cart"), "add");
        assert_parsed("__libc_start_main", None, None, "__libc_start_main");
        assert_parsed("", None, None, "");
    }

    #[test]
    fn closures_belong_to_their_function() {
        assert_parsed("shop::place::{{closure}}", Some("shop"), Some("shop"), "place::{{closure}}");
        assert_parsed(
            "shop::place::{closure#0}::{closure#1}",
            Some("shop"),
            Some("shop"),
            "place::{closure#0}::{closure#1}",
        );
        assert_parsed(
            "core::ops::function::FnOnce::call_once{{vtable.shim}}",
            Some("core"),
            Some("core::ops::function::FnOnce"),
            "call_once{{vtable.shim}}",
        );
    }

    #[test]
    fn arguments_of_functions_are_left_out_and_those_of_types_stay() {
        assert_parsed("shop::parse::<u8>", Some("shop"), Some("shop"), "parse");
        assert_parsed("parse<alloc::vec::Vec<u8>>", None, None, "parse");
        assert_parsed("{closure#0}", None, None, "{closure#0}");
        assert_parsed(
            "shop::parse::<fn(u8) -> a::B>::{closure#0}",
            Some("shop"),
            Some("shop"),
            "parse::{closure#0}",
        );
        assert_parsed(
            "<alloc::vec::Vec<a::B>>::push",
            Some("alloc"),
            Some("<alloc::vec::Vec<a::B>>"),
            "push",
        );
    }

    #[test]
    fn an_implementation_belongs_to_the_crate_of_its_type() {
        let display = "<shop::Cup as core::fmt::Display>";
        assert_parsed(&format!("{display}::fmt"), Some("shop"), Some(display), "fmt");
        let boxed = "<alloc::boxed::Box<dyn core::ops::FnMut()> as core::ops::FnMut>";
        assert_parsed(&format!("{boxed}::call_mut"), Some("alloc"), Some(boxed), "call_mut");
        let reference = "<&mut dyn shop::Pour as core::fmt::Debug>";
        assert_parsed(&format!("{reference}::fmt"), Some("shop"), Some(reference), "fmt");
        let closure = "<shop::place::{closure#0} as core::ops::FnOnce<()>>";
        assert_parsed(&format!("{closure}::call_once"), Some("shop"), Some(closure), "call_once");
        let tuple = "<(u8, a::B) as shop::Pour>";
        assert_parsed(&format!("{tuple}::pour"), None, Some(tuple), "pour");
    }

    #[test]
    fn nonsense_is_taken_as_it_is() {
        for path in ["::", "<", ">>::x", "a::<", "{::}", "ä::ö", "<<<a::b"] {
            Function::parse(path);
        }
    }
}
