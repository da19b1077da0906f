//! The path of a source file: what of it is shown, and whose it is.

/// Where code of others lies: packages from a registry or from git, and the standard library, as built and as shipped.
const LIBRARIES: [&str; 4] = ["/registry/src/", "/git/checkouts/", "/rustc/", "/rustlib/src/"];

/// Whether the file belongs to a library.
pub(super) fn is_library(path: &str) -> bool {
    let path = with_slashes(path);
    LIBRARIES.iter().any(|folder| path.contains(folder))
}

/// The path from the package on: `tokio-1.48.0/src/task.rs`, `std/src/rt.rs`, `shop/src/main.rs`.
pub(super) fn shown(path: &str) -> String {
    let path = with_slashes(path);
    let behind = |mark: &str| path.rfind(mark).map(|at| &path[at + mark.len()..]);
    if let Some(package) = behind("/registry/src/").and_then(|index| index.split_once('/')) {
        return package.1.to_owned();
    }
    if let Some(checkout) = behind("/git/checkouts/") {
        return checkout.to_owned();
    }
    if let Some(crate_of_std) = is_library(&path).then(|| behind("/library/")).flatten() {
        return crate_of_std.to_owned();
    }
    // One's own: the package's folder is the one that `src` is in.
    let start = match path.rfind("/src/") {
        Some(src) => path[..src].rfind('/').map(|at| at + 1),
        None => path.rmatch_indices('/').nth(1).map(|(at, _)| at + 1),
    };
    path[start.unwrap_or(0)..].to_owned()
}

/// Whether the file belongs to the standard library.
pub(super) fn is_std(path: &str) -> bool {
    let path = with_slashes(path);
    path.contains("/rustc/") || path.contains("/rustlib/src/")
}

/// The folder of the package that the file is in, without its version: `elastic-apm-core`.
pub(super) fn package(path: &str) -> Option<String> {
    let path = with_slashes(path);
    let folder = path[..path.rfind("/src/")?].rsplit('/').next()?;
    let version =
        folder.rmatch_indices('-').find(|(at, _)| folder[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    Some(version.map_or(folder, |(at, _)| &folder[..at]).to_owned())
}

/// Whether the path says where the file is, and not only where it is in its package.
pub(super) fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || path.starts_with('\\') || path.as_bytes().get(1) == Some(&b':')
}

fn with_slashes(path: &str) -> String {
    path.replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_from_its_package_on_and_belongs_to_it() {
        for (path, expected, library) in [
            (
                "/home/joe/.cargo/registry/src/index-6f17d22b/tokio-1.48.0/src/task.rs",
                "tokio-1.48.0/src/task.rs",
                true,
            ),
            (
                r"C:\Users\joe\.cargo\registry\src\index-6f17d22b\tokio-1.48.0\src\task.rs",
                "tokio-1.48.0/src/task.rs",
                true,
            ),
            (
                "/home/joe/.cargo/git/checkouts/shared-1a2b/3c4d/src/lib.rs",
                "shared-1a2b/3c4d/src/lib.rs",
                true,
            ),
            ("/rustc/59807616e1/library/std/src/rt.rs", "std/src/rt.rs", true),
            (
                "/home/joe/.rustup/toolchains/x/lib/rustlib/src/rust/library/core/src/ops/function.rs",
                "core/src/ops/function.rs",
                true,
            ),
            ("/usr/src/shop/src/orders/mod.rs", "shop/src/orders/mod.rs", false),
            ("/home/joe/library/crates/shop/src/main.rs", "shop/src/main.rs", false),
            ("/home/joe/shop/tests/orders.rs", "tests/orders.rs", false),
            ("src/main.rs", "src/main.rs", false),
            ("main.rs", "main.rs", false),
            ("/main.rs", "/main.rs", false),
            ("", "", false),
        ] {
            assert_eq!((shown(path).as_str(), is_library(path)), (expected, library), "{path}");
        }
    }

    #[test]
    fn a_package_is_called_after_its_folder_without_a_version() {
        for (path, expected) in [
            ("/x/registry/src/index-1/elastic-apm-core-0.1.0/src/trace/run.rs", Some("elastic-apm-core")),
            ("/x/registry/src/index-1/a-2d-1.0.0-rc.1/src/lib.rs", Some("a-2d")),
            ("/home/me/crates/elastic-apm-core/src/lib.rs", Some("elastic-apm-core")),
            ("src/main.rs", None),
            ("/main.rs", None),
        ] {
            assert_eq!(package(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn absolute_paths_are_told_from_relative_ones() {
        assert!(is_absolute("/a/b.rs") && is_absolute(r"C:\a\b.rs") && is_absolute(r"\\host\b.rs"));
        assert!(!is_absolute("src/b.rs") && !is_absolute("") && !is_absolute("b"));
    }
}
