//! The table of options as a page for people.

use std::fmt::Write as _;

use super::options::OPTIONS;
use super::value::OptionInfo;

/// Writes all options as Markdown: a heading, the facts and the description of each.
///
/// The page is generated from the table that the agent itself reads, so it cannot go stale.
///
/// ```
/// let page = elastic_apm_core::render_options_markdown();
///
/// assert!(page.contains("ELASTIC_APM_SERVER_URL"));
/// ```
#[must_use]
pub fn render_options_markdown() -> String {
    OPTIONS.iter().map(render).collect::<Vec<_>>().join("\n")
}

fn render(option: &OptionInfo) -> String {
    let mut page = format!("### `{}`\n\n", option.name);
    for line in option.doc.lines() {
        page.push_str(line.strip_prefix(' ').unwrap_or(line));
        page.push('\n');
    }
    let default =
        if option.default.is_empty() { "not set".to_owned() } else { format!("`{}`", option.default) };
    let range = option.range.map_or_else(String::new, |(min, max)| format!(", `{min}` to `{max}`"));
    let dynamic = if option.dynamic { "yes" } else { "no" };
    // Writing to a `String` does not fail.
    let _ = write!(
        page,
        "\n| Variable | Type | Default | Changes while running |\n|---|---|---|---|\n| `{}` | {}{range} | {default} | {dynamic} |\n",
        option.env, option.kind
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_has_its_section() {
        let page = render_options_markdown();

        assert!(page.contains(
            "### `server_timeout`\n\nBounds one whole exchange with the APM Server, from connecting to the last byte of the \
             answer.\n\n| Variable | Type | Default | Changes while running |\n|---|---|---|---|\n\
             | `ELASTIC_APM_SERVER_TIMEOUT` | duration, `10ms` to `60m` | `5s` | no |\n"
        ));
        for option in OPTIONS {
            assert!(page.contains(&format!("### `{}`\n\n", option.name)) && page.contains(option.env));
        }
    }
}
