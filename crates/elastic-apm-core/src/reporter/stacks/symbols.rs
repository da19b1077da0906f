//! What is known of the code at an address.

#[cfg(target_os = "linux")]
use super::objects::Objects;

/// One function at an address. There are several where functions were inlined into each other, innermost first.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Symbol {
    /// The name as the linker knows it, mangled.
    pub(super) name: Option<String>,
    /// What stands for a function without a name, where anything can: the object's file name and the place in it.
    pub(super) place: Option<(String, u64)>,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
}

/// Finds the functions at addresses.
#[derive(Default)]
pub(super) struct Symbols {
    #[cfg(target_os = "linux")]
    objects: Objects,
}

impl Symbols {
    /// The functions at a return address.
    #[cfg(target_os = "linux")]
    pub(super) fn at(&mut self, address: usize) -> Vec<Symbol> {
        self.objects.symbols_at(address)
    }

    /// The functions at a return address.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn at(&mut self, address: usize) -> Vec<Symbol> {
        resolve(address)
    }
}

/// The same by the `backtrace` crate, which knows more systems, under a lock that captures wait for.
#[cfg(any(test, not(target_os = "linux")))]
pub(super) fn resolve(address: usize) -> Vec<Symbol> {
    let mut found = Vec::new();
    backtrace::resolve(address as *mut std::ffi::c_void, |symbol| {
        found.push(Symbol {
            name: symbol.name().and_then(|name| name.as_str().map(str::to_owned)),
            place: None,
            file: symbol.filename().map(|file| file.to_string_lossy().into_owned()),
            line: symbol.lineno(),
        });
    });
    found
}
