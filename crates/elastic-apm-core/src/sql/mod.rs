//! SQL statements as span names: what a statement does, to which table. Knows no database and no span.

mod scanner;
mod signature;

pub use signature::signature;
