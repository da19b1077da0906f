//! As much of Gherkin as Elastic's features use: scenarios, outlines with examples, tables below steps, tags.

/// One scenario, or one row of an outline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    tags: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

/// A step without its keyword, and the table below it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) text: String,
    pub(crate) table: Vec<Vec<String>>,
}

impl Scenario {
    pub(crate) fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }

    /// The scenario with `<column>` replaced by what the row says.
    fn of_row(&self, columns: &[String], row: &[String]) -> Scenario {
        let fill = |text: &String| {
            let cells = columns.iter().zip(row);
            cells.fold(text.clone(), |text, (column, cell)| text.replace(&format!("<{column}>"), cell))
        };
        let steps = self.steps.iter().map(|step| Step {
            text: fill(&step.text),
            table: step.table.iter().map(|row| row.iter().map(fill).collect()).collect(),
        });
        Scenario { name: format!("{} {row:?}", self.name), tags: self.tags.clone(), steps: steps.collect() }
    }
}

/// Every scenario of a feature, the background's steps first, outlines unrolled.
pub(crate) fn scenarios(feature: &str) -> Vec<Scenario> {
    let (mut background, mut found, mut tags): (Vec<Step>, Vec<Outline>, Vec<String>) = Default::default();
    for line in feature.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (keyword, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (keyword, found.last_mut()) {
            ("Feature:" | "Background:", _) => {}
            ("Scenario:" | "Scenario", _) => {
                let name = line.split_once(':').map_or("", |(_, name)| name).trim().to_owned();
                let scenario = Scenario { name, tags: std::mem::take(&mut tags), steps: background.clone() };
                found.push(Outline { scenario, examples: None });
            }
            ("Examples:", Some(outline)) => outline.examples = Some(Vec::new()),
            ("Given" | "When" | "Then" | "And" | "But", outline) => {
                let step = Step { text: rest.trim().to_owned(), table: Vec::new() };
                outline.map_or(&mut background, |outline| &mut outline.scenario.steps).push(step);
            }
            (_, Some(outline)) if line.starts_with('|') => outline.take_row(cells(line)),
            _ if line.starts_with('@') => tags.extend(line.split_whitespace().map(str::to_owned)),
            _ => panic!("not understood: {line}"),
        }
    }
    found.into_iter().flat_map(Outline::unroll).collect()
}

/// A scenario in the making; with examples it is one for each of their rows.
struct Outline {
    scenario: Scenario,
    examples: Option<Vec<Vec<String>>>,
}

impl Outline {
    fn take_row(&mut self, row: Vec<String>) {
        match (&mut self.examples, self.scenario.steps.last_mut()) {
            (Some(examples), _) => examples.push(row),
            (None, Some(step)) => step.table.push(row),
            (None, None) => panic!("a row below no step: {row:?}"),
        }
    }

    fn unroll(self) -> Vec<Scenario> {
        match self.examples.as_deref() {
            None => vec![self.scenario],
            Some([columns, rows @ ..]) => rows.iter().map(|row| self.scenario.of_row(columns, row)).collect(),
            Some([]) => panic!("an outline without examples: {}", self.scenario.name),
        }
    }
}

fn cells(line: &str) -> Vec<String> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}
