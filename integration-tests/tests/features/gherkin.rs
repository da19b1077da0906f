//! Elastic's features as lists of scenarios: outlines unrolled, the background's steps in front.

use gherkin::{Examples, Feature, GherkinEnv};

/// One scenario, or one row of an outline.
#[derive(Clone, Debug)]
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

/// Every scenario of a feature.
pub(crate) fn scenarios(feature: &str) -> Vec<Scenario> {
    let feature = Feature::parse(feature, GherkinEnv::default()).unwrap();
    assert!(feature.rules.is_empty(), "no feature of Elastic's has rules");
    let background = feature.background.map(|background| background.steps).unwrap_or_default();
    let unrolled = feature.scenarios.into_iter().flat_map(|scenario| {
        let steps = background.iter().cloned().chain(scenario.steps).map(|step| Step {
            text: step.value,
            table: step.table.map(|table| table.rows).unwrap_or_default(),
        });
        unroll(
            Scenario { name: scenario.name, tags: scenario.tags, steps: steps.collect() },
            scenario.examples,
        )
    });
    unrolled.collect()
}

/// A scenario as it is, or one for each row of its examples.
fn unroll(scenario: Scenario, examples: Vec<Examples>) -> Vec<Scenario> {
    if examples.is_empty() {
        return vec![scenario];
    }
    let tables = examples.into_iter().filter_map(|examples| examples.table);
    let rows = tables.flat_map(|table| {
        let (columns, rows) = table.rows.split_first().unwrap();
        rows.iter().map(|row| scenario.of_row(columns, row)).collect::<Vec<_>>()
    });
    rows.collect()
}
