//! The executable and the libraries in this process's memory, and what their files say of an address.
//!
//! The kernel's list says which file lies where; a file is opened when the first of its addresses is asked for, and stays open.

use std::fs;
use std::os::linux::fs::MetadataExt;
use std::path::{Path, PathBuf};

use addr2line::Loader;

use super::symbols::Symbol;

/// The kernel's list of what lies where.
const MAPS: &str = "/proc/self/maps";
/// The file of this process, also after it was replaced or deleted.
const EXECUTABLE: &str = "/proc/self/exe";

/// What lies in memory, as far as it was asked for.
#[derive(Default)]
pub(super) struct Objects {
    objects: Vec<Object>,
}

/// A file whose code lies in memory.
struct Object {
    name: String,
    path: PathBuf,
    inode: u64,
    /// Where the file's first byte lies.
    base: u64,
    code: Vec<(u64, u64)>,
    loaded: Loaded,
}

enum Loaded {
    NotYet,
    /// What is subtracted from an address to get the file's own.
    Yes {
        loader: Box<Loader>,
        bias: u64,
    },
    /// It cannot be opened, or is not what lies in memory any more.
    Never,
}

impl Objects {
    /// The functions at a return address; innermost first where some were inlined into others.
    pub(super) fn symbols_at(&mut self, address: usize) -> Vec<Symbol> {
        // The instruction behind a call may belong to the next line, or to the next function.
        let address = (address as u64).saturating_sub(1);
        match self.object_at(address) {
            Some(object) => object.symbols_at(address),
            None => Vec::new(),
        }
    }

    fn object_at(&mut self, address: u64) -> Option<&mut Object> {
        if !self.objects.iter().any(|object| object.holds(address)) {
            self.look_again();
        }
        self.objects.iter_mut().find(|object| object.holds(address))
    }

    /// Reads the kernel's list. What is open already stays open; a library may have come since.
    fn look_again(&mut self) {
        let Ok(maps) = fs::read_to_string(MAPS) else { return };
        for object in parse(&maps) {
            match self
                .objects
                .iter_mut()
                .find(|known| known.base == object.base && known.inode == object.inode)
            {
                Some(known) => known.code = object.code,
                None => self.objects.push(object),
            }
        }
    }
}

impl Object {
    fn holds(&self, address: u64) -> bool {
        self.code.iter().any(|&(start, end)| (start..end).contains(&address))
    }

    fn symbols_at(&mut self, address: u64) -> Vec<Symbol> {
        if matches!(self.loaded, Loaded::NotYet) {
            self.loaded = self.load();
        }
        let mut symbols = match &self.loaded {
            Loaded::Yes { loader, bias } => symbols_in(loader, address.saturating_sub(*bias)),
            Loaded::NotYet | Loaded::Never => Vec::new(),
        };
        if symbols.is_empty() {
            symbols.push(Symbol::default());
        }
        for symbol in symbols.iter_mut().filter(|symbol| symbol.name.is_none()) {
            symbol.place = Some((self.name.clone(), address.saturating_sub(self.base)));
        }
        symbols
    }

    fn load(&self) -> Loaded {
        let is_mapped = |path: &&Path| fs::metadata(path).is_ok_and(|file| file.st_ino() == self.inode);
        let candidates = [self.path.as_path(), Path::new(EXECUTABLE)];
        let loader = candidates.iter().find(|path| is_mapped(path)).and_then(|path| Loader::new(path).ok());
        match loader {
            Some(loader) => {
                // Code that was linked to a fixed address says so itself; all other begins near 0.
                let text = loader.get_section_range(b".text");
                let is_fixed = text.is_some_and(|text| text.begin >= self.base);
                Loaded::Yes { loader: Box::new(loader), bias: if is_fixed { 0 } else { self.base } }
            }
            None => Loaded::Never,
        }
    }
}

fn symbols_in(loader: &Loader, address: u64) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    if let Ok(mut frames) = loader.find_frames(address) {
        while let Ok(Some(frame)) = frames.next() {
            let name = frame.function.and_then(|function| Some(function.raw_name().ok()?.into_owned()));
            let (file, line) =
                frame.location.map_or((None, None), |at| (at.file.map(str::to_owned), at.line));
            symbols.push(Symbol { name, place: None, file, line });
        }
    }
    if symbols.is_empty() {
        symbols.push(Symbol::default());
    }
    // The table of symbols knows the function that the others were inlined into by its path, with and without debug information,
    // which may have its bare name only. Without such a table the loader knows but what the file exports, and names the wrong function.
    let has_table = loader.get_section_range(b".symtab").is_some();
    let outermost = symbols.last_mut().filter(|symbol| !symbol.name.as_deref().is_some_and(is_path));
    if let (true, Some(outermost), Some(name)) = (has_table, outermost, loader.find_symbol(address)) {
        outermost.name = Some(name.to_owned());
    }
    symbols
}

/// Whether the linker's name of a function tells its path.
fn is_path(name: &str) -> bool {
    name.starts_with("_R") || name.starts_with("_ZN")
}

/// Reads lines such as `55d0c000-55d0f000 r-xp 0000c000 08:01 131 /usr/bin/shop`.
fn parse(maps: &str) -> Vec<Object> {
    let mut objects: Vec<Object> = Vec::new();
    for line in maps.lines() {
        let Some(mapping) = Mapping::parse(line) else { continue };
        let is_next =
            |object: &Object| object.inode == mapping.inode && object.path == Path::new(mapping.path);
        match objects.last_mut().filter(|object| is_next(object)) {
            Some(object) => object.code.extend(mapping.code()),
            None if mapping.offset == 0 => objects.push(Object {
                name: mapping.path.rsplit('/').next().unwrap_or_default().to_owned(),
                path: PathBuf::from(mapping.path),
                inode: mapping.inode,
                base: mapping.start,
                code: mapping.code().into_iter().collect(),
                loaded: Loaded::NotYet,
            }),
            // A part of a file that some code maps by itself.
            None => {}
        }
    }
    objects.retain(|object| !object.code.is_empty());
    objects
}

struct Mapping<'a> {
    start: u64,
    end: u64,
    is_code: bool,
    offset: u64,
    inode: u64,
    path: &'a str,
}

impl<'a> Mapping<'a> {
    /// `None` for memory that comes from no file.
    fn parse(line: &'a str) -> Option<Self> {
        let hex = |text: &str| u64::from_str_radix(text, 16).ok();
        let (path_at, _) = line.char_indices().find(|(_, character)| *character == '/')?;
        let mut fields = line[..path_at].split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let (permissions, offset, _device, inode) =
            (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let path = line[path_at..].strip_suffix(" (deleted)").unwrap_or(&line[path_at..]);
        Some(Mapping {
            start: hex(start)?,
            end: hex(end)?,
            is_code: permissions.contains('x'),
            offset: hex(offset)?,
            inode: inode.parse().ok()?,
            path,
        })
    }

    fn code(&self) -> Option<(u64, u64)> {
        self.is_code.then_some((self.start, self.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_list_is_read_as_files_with_their_code() {
        let objects = parse(
            "55d0c0000000-55d0c0008000 r--p 00000000 08:01 131  /app/my shop (deleted)\n\
             55d0c0008000-55d0c0010000 r-xp 00008000 08:01 131  /app/my shop (deleted)\n\
             55d0c0010000-55d0c0012000 rw-p 00010000 08:01 131  /app/my shop (deleted)\n\
             55d0c2000000-55d0c2021000 rw-p 00000000 00:00 0    [heap]\n\
             7f0000000000-7f0000002000 r--p 00000000 08:01 77   /usr/share/locale.dat\n\
             7f0000100000-7f0000102000 r-xp 00003000 08:01 78   /opt/part\n\
             7f0000200000-7f0000228000 r--p 00000000 08:01 99   /usr/lib/libc.so.6\n\
             7f0000228000-7f00003b0000 r-xp 00028000 08:01 99   /usr/lib/libc.so.6\n\
             7ffc00000000-7ffc00002000 r-xp 00000000 00:00 0    [vdso]\n\
             nonsense\n",
        );

        let found: Vec<_> =
            objects.iter().map(|object| (object.name.as_str(), object.base, object.code.clone())).collect();
        assert_eq!(
            found,
            [
                ("my shop", 0x55d0_c000_0000, vec![(0x55d0_c000_8000, 0x55d0_c001_0000)]),
                ("libc.so.6", 0x7f00_0020_0000, vec![(0x7f00_0022_8000, 0x7f00_003b_0000)]),
            ]
        );
        assert_eq!(objects[0].path, Path::new("/app/my shop"));
    }

    #[test]
    fn an_address_outside_of_all_code_has_no_symbols() {
        assert_eq!(Objects::default().symbols_at(0), []);
        assert_eq!(Objects::default().symbols_at(usize::MAX), []);
    }

    #[test]
    fn a_file_that_is_not_what_lies_in_memory_any_more_is_not_read() {
        let executable = std::env::current_exe().unwrap();
        let mut object = Object {
            name: "replaced".to_owned(),
            path: executable,
            inode: 0,
            base: 0x1000,
            code: vec![(0x2000, 0x3000)],
            loaded: Loaded::NotYet,
        };

        let symbols = object.symbols_at(0x2345);

        assert_eq!(symbols, [Symbol { place: Some(("replaced".to_owned(), 0x1345)), ..Symbol::default() }]);
    }
}
