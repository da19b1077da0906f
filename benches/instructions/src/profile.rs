//! Callgrind's output: how many instructions were executed in which object file.
//!
//! Reads the costs of the functions themselves; which function called which is skipped.

use std::collections::HashMap;
use std::path::Path;

/// Instructions by object file (the executable, the C library, …).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    objects: HashMap<String, u64>,
}

impl Profile {
    /// Reads what callgrind wrote.
    /// An error: what is no callgrind profile, counts other things than instructions, or contradicts its own total.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut names: HashMap<&str, &str> = HashMap::new();
        let mut objects: HashMap<String, u64> = HashMap::new();
        let (mut object, mut total, mut is_call) = ("", None, false);
        for (number, line) in text.lines().enumerate() {
            let malformed = || format!("line {}: not understood: {line}", number + 1);
            if let Some(events) = line.strip_prefix("events:") {
                if events.trim() != "Ir" {
                    return Err(format!("counts {}, not instructions (Ir) alone", events.trim()));
                }
            } else if let Some(sum) = line.strip_prefix("summary:").or_else(|| line.strip_prefix("totals:")) {
                total = Some(sum.trim().parse::<u64>().map_err(|_| malformed())?);
            } else if let Some(name) = line.strip_prefix("ob=") {
                object = resolve(name, &mut names).ok_or_else(malformed)?;
            } else if let Some(name) = line.strip_prefix("cob=") {
                resolve(name, &mut names).ok_or_else(malformed)?;
            } else if line.starts_with("calls=") {
                is_call = true;
            } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
                // The line behind `calls=` is what the callee took, which stands with the callee too.
                if std::mem::take(&mut is_call) {
                    continue;
                }
                let cost = line.split_whitespace().nth(1).unwrap_or("0");
                *objects.entry(object.to_owned()).or_default() +=
                    cost.parse::<u64>().map_err(|_| malformed())?;
            }
        }
        let total = total.ok_or("no summary: not a callgrind profile")?;
        let profile = Profile { objects };
        if profile.total() != total {
            return Err(format!("the functions' sum is {}, the summary says {total}", profile.total()));
        }
        Ok(profile)
    }

    /// All instructions.
    pub(crate) fn total(&self) -> u64 {
        self.objects.values().sum()
    }

    /// Those of one object file, such as an executable without the libraries it is linked to at run time.
    pub(crate) fn of(&self, object: &Path) -> u64 {
        self.objects.get(&*object.to_string_lossy()).copied().unwrap_or(0)
    }
}

/// Names are written once, as `(3) name`, and then as `(3)`.
fn resolve<'a>(name: &'a str, names: &mut HashMap<&'a str, &'a str>) -> Option<&'a str> {
    let Some((id, name)) = name.strip_prefix('(').and_then(|rest| rest.split_once(')')) else {
        return Some(name);
    };
    match name.trim_start() {
        "" => names.get(id).copied(),
        name => {
            names.insert(id, name);
            Some(name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "\
# callgrind format
version: 1
creator: callgrind-3.19.0
pid: 42
cmd:  target/release/work
part: 1

desc: Trigger: Program termination

positions: line
events: Ir
summary: 130

ob=(1) /work
fl=(1) work.rs
fn=(1) work::measured
16 10
+2 5
cfi=(2) malloc.c
cob=(2) /lib/libc.so.6
cfn=(2) malloc
calls=3 100
* 75
-1 40

ob=(2)
fl=(2)
fn=(2)
100 75

totals: 130
";

    #[test]
    fn instructions_are_counted_where_they_were_executed() {
        let profile = Profile::parse(WRITTEN).unwrap();

        assert_eq!(profile.of(Path::new("/work")), 55);
        assert_eq!(profile.of(Path::new("/lib/libc.so.6")), 75);
        assert_eq!(profile.total(), 130);
    }

    #[test]
    fn an_object_that_did_nothing_has_no_instructions() {
        assert_eq!(Profile::parse(WRITTEN).unwrap().of(Path::new("/lib/libm.so.6")), 0);
    }

    #[test]
    fn a_sum_that_contradicts_the_summary_is_an_error() {
        let error = Profile::parse(&WRITTEN.replace("-1 40", "-1 41")).unwrap_err();

        assert_eq!(error, "the functions' sum is 131, the summary says 130");
    }

    #[test]
    fn other_events_than_instructions_are_an_error() {
        let error = Profile::parse(&WRITTEN.replace("events: Ir", "events: Ir Dr")).unwrap_err();

        assert_eq!(error, "counts Ir Dr, not instructions (Ir) alone");
    }

    #[test]
    fn a_cost_that_is_no_number_is_named_with_its_line() {
        let error = Profile::parse(&WRITTEN.replace("+2 5", "+2 five")).unwrap_err();

        assert_eq!(error, "line 18: not understood: +2 five");
    }

    #[test]
    fn text_of_another_kind_is_an_error() {
        assert_eq!(Profile::parse("hello\n").unwrap_err(), "no summary: not a callgrind profile");
    }
}
