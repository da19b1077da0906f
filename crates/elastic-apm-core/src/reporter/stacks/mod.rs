//! From the addresses of a stack to the frames of the wire.
//!
//! Finding a name is slow: the first one opens the symbols of the executable. So it happens here, on the reporter's thread, and what was
//! found once is kept: for the process, since its code is the same for all agents. No other thread ever waits for the lock.
//!
//! | module | job |
//! |---|---|
//! | `symbols` | the functions, files and lines at an address |
//! | `objects` | the executable and the libraries in memory, on Linux |
//! | `frame` | a function as a frame |
//! | `function` | the path of a function, taken apart |
//! | `source_file` | the path of a file: what of it is shown, and whose it is |
//! | `trim` | where the application's part of a stack begins and ends |

mod frame;
mod function;
#[cfg(target_os = "linux")]
mod objects;
mod source_file;
mod symbols;
mod trim;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{LazyLock, Mutex, PoisonError};

use elastic_apm_intake::{Keyword, StackFrame};

use self::frame::Frame;
use self::symbols::Symbols;
use crate::captured::CapturedStack;
use crate::per_process::PerProcess;

/// The most addresses whose frames are kept, about half a kilobyte each. Beyond it everything is forgotten and found again.
const MAX_KNOWN: usize = 4096;

static STACKS: LazyLock<PerProcess<Mutex<Stacks>>> = LazyLock::new(PerProcess::new);

/// The application's part of a stack, innermost frame first, cut to its limit.
///
/// Without frames where the program's debug information makes its reader panic: that must not cost the event.
pub(crate) fn frames(stack: &CapturedStack) -> Vec<StackFrame> {
    let stacks = || STACKS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let named = || stacks().frames(stack);
    catch_unwind(AssertUnwindSafe(named)).unwrap_or_default()
}

/// What is known of the program's code.
#[derive(Default)]
struct Stacks {
    symbols: Symbols,
    /// More than one frame for an address into which functions were inlined.
    known: HashMap<usize, Box<[Frame]>>,
}

impl Stacks {
    fn frames(&mut self, stack: &CapturedStack) -> Vec<StackFrame> {
        if self.known.len() + stack.addresses.len() > MAX_KNOWN {
            self.known.clear();
        }
        for &address in &stack.addresses {
            let symbols = &mut self.symbols;
            let frames = || symbols.at(address).iter().map(Frame::new).collect();
            self.known.entry(address).or_insert_with(frames);
        }
        let frames: Vec<&Frame> =
            stack.addresses.iter().filter_map(|address| self.known.get(address)).flatten().collect();
        let kept = trim::of_the_application(&frames, stack.of_panic);
        kept.iter().take(stack.limit).map(|frame| frame.event.clone()).collect()
    }
}

/// The function to blame: the innermost one that is not known to be a library's. Where no such function has a name, the file.
pub(crate) fn culprit(frames: &[StackFrame]) -> Option<Keyword> {
    let may_be_own = |frame: &&StackFrame| frame.library_frame != Some(true);
    let Some(frame) = frames.iter().filter(may_be_own).find(|frame| frame::has_name(frame)) else {
        return frames.iter().find(may_be_own)?.filename.clone().filter(|file| *file != frame::UNKNOWN);
    };
    let function = frame.function.as_deref()?;
    // Closures, among them the bodies of async functions, are called after the function they are in.
    let function = function.split("::{").next().unwrap_or(function);
    Some(match &frame.module {
        Some(module) => Keyword::formatted(format_args!("{module}::{function}")),
        None => Keyword::copied(function),
    })
}

#[cfg(test)]
mod tests;
