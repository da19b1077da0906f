//! A local stand-in for APM Server with a waterfall page.
