//! Pages that are generated are what the code generates today, and what pages say of tests is true.

#[test]
fn the_page_of_options_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");

    let page = std::fs::read_to_string(path).unwrap();

    assert_eq!(
        page,
        elastic_apm_core::render_options_markdown(),
        "run: cargo run -p elastic-apm-core --example options > docs/configuration.md"
    );
}

#[test]
fn the_page_on_delivery_names_every_reason_for_a_drop() {
    let page = include_str!("../../docs/delivery.md");

    for reason in elastic_apm::DropReason::ALL {
        assert!(page.contains(&format!("`{}`", reason.as_str())), "{} is missing", reason.as_str());
    }
}

/// What a page says of one call: how it is called elsewhere, how in Rust, and what proves it.
type Row<'a> = (&'a str, &'a str, &'a str);

/// The rows of all tables under the heading. A bar in a cell is written `\\|`.
fn rows(section: &str) -> impl Iterator<Item = Row<'_>> {
    let bars = |line: &str| line.match_indices('|').map(|(at, _)| at).collect::<Vec<_>>();
    section.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---")).filter_map(
        move |line| {
            let bars: Vec<_> = bars(line).into_iter().filter(|at| !line[..*at].ends_with('\\')).collect();
            let [first, second, third, last] = bars[..] else { panic!("three cells, not: {line}") };
            let cells =
                [&line[first + 1..second], &line[second + 1..third], &line[third + 1..last]].map(str::trim);
            let [call, rust, proof] = cells;
            // Headings of the table and of its parts.
            let is_heading = proof == "proved by" || call.starts_with("**");
            (!is_heading).then_some((call, rust, proof))
        },
    )
}

/// The tests that a cell names: each is a link from the name to the file.
fn tests(proof: &str) -> Vec<(&str, &str)> {
    let links = proof.split("[`").skip(1);
    links
        .map(|link| {
            link.split_once("`](").and_then(|(name, rest)| Some((name, rest.split_once(')')?.0))).expect(link)
        })
        .collect()
}

#[test]
fn every_call_has_a_rust_form_with_a_test_that_is_there_or_a_reason() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/");
    let page = std::fs::read_to_string(format!("{docs}custom-code.md")).unwrap();
    let section = page.split_once("\n## Every call\n").unwrap().1;
    let mut proved = 0;

    for (call, rust, proof) in rows(section) {
        let tests = tests(proof);
        let has_reason = (rust.starts_with("none: ") || rust.starts_with("later: ")) && rust.len() > 40;
        assert!(!tests.is_empty() || has_reason && proof == "—", "{call}: neither a test nor a reason");
        for (name, file) in tests {
            let source = std::fs::read_to_string(format!("{docs}{file}"))
                .unwrap_or_else(|error| panic!("{call}: {file}: {error}"));
            assert!(source.contains(&format!("fn {name}(")), "{call}: there is no test {name} in {file}");
            proved += 1;
        }
    }
    assert!(proved > 100, "only {proved} tests are named");
}
