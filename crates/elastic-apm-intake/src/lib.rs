//! The wire vocabulary of Elastic's intake v2, for writing and for reading.
