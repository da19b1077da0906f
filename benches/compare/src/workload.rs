//! What is repeated on the application's thread.

use crate::agents::Agent;

/// Children of each root span.
pub const CHILDREN: usize = 10;
/// Roots between two flushes: with their children they fit into everyone's queue as it is by default.
pub const ROOTS: usize = 180;

/// One kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// A root, and its children one after the other.
    Sequence,
    /// A root, and a chain in which each span is the parent of the next.
    Nested,
    /// A span where there is no root.
    Alone,
}

impl Workload {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Workload::Sequence => "sequence",
            Workload::Nested => "nested",
            Workload::Alone => "alone",
        }
    }

    /// The workload of this name.
    ///
    /// # Errors
    ///
    /// A name that no workload has.
    pub fn parse(name: &str) -> Result<Self, String> {
        let all = [Workload::Sequence, Workload::Nested, Workload::Alone];
        all.into_iter().find(|known| known.name() == name).ok_or_else(|| format!("no workload {name:?}"))
    }

    /// How many spans one burst starts.
    pub fn spans(self) -> usize {
        ROOTS * (1 + CHILDREN)
    }

    /// How many of them are recorded.
    pub fn recorded(self, agent: &dyn Agent, is_sampled: bool) -> usize {
        let starts_nothing = self == Workload::Alone && !agent.starts_traces();
        if is_sampled && !starts_nothing { self.spans() } else { 0 }
    }

    /// As many spans as fit into everyone's queue.
    pub fn burst(self, agent: &dyn Agent, value: &str) {
        match self {
            Workload::Sequence => (0..ROOTS).for_each(|_| agent.sequence(value)),
            Workload::Nested => (0..ROOTS).for_each(|_| agent.nested(value)),
            Workload::Alone => (0..self.spans()).for_each(|_| agent.alone(value)),
        }
    }
}

/// The value of the attribute that is no literal, so that it has to be copied.
pub fn value() -> String {
    std::hint::black_box(String::from("/users/0123456789"))
}
