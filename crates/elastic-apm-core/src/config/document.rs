//! The table of options as a page for people.

use std::fmt::Write as _;

use super::options::OPTIONS;
use super::value::OptionInfo;

/// What the page opens with.
const OPENING: &str = "\
# Options

Set in code with the setter of the same name on `Agent::builder()`, or by environment variable, which wins. A value that cannot be
used is ignored with a warning in the agent's log that names the option, the value and what was expected; the next source decides.

Lists are separated by commas, mappings are `key=value` pairs separated by commas. Durations carry their unit (`ms`, `s`, `m`), and so do
sizes (`b`, `kb`, `mb`, `gb`, of 1,024 each). Wildcard patterns know `*` and ignore case, unless they begin with `(?-i)`.

Options marked as changing while the agent runs can be set for the service in Kibana, under Agent configuration: what is set there wins over
all else, takes effect for transactions that start afterwards, and gives way to the local value again when it is deleted.

What OpenTelemetry's agents are told of the service in `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` (`key=value` pairs separated by
commas, percent-encoded) stands in for options of the service that are set neither in code nor by a variable of their own.

The agent follows the variables of proxies, in upper or lower case: `HTTP_PROXY` and `HTTPS_PROXY` by the scheme of the server's address, `ALL_PROXY`
for either, `NO_PROXY` for hosts, domains and networks that are contacted directly. A proxy is `http://host:port`, with `user:password@` before the
host if it asks for that; an `https` server is reached through a tunnel. A server on this machine (`localhost`, `127.0.0.0/8`, `::1`) is never behind
a proxy.
";

/// Writes all options as Markdown: how they are set, then a heading, the facts and the description of each.
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
    std::iter::once(OPENING.to_owned()).chain(OPTIONS.iter().map(render)).collect::<Vec<_>>().join("\n")
}

fn render(option: &OptionInfo) -> String {
    let mut page = format!("## `{}`\n\n", option.name);
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
            "## `server_timeout`\n\nBounds one whole exchange with the APM Server, from connecting to the last byte of the \
             answer.\n\n| Variable | Type | Default | Changes while running |\n|---|---|---|---|\n\
             | `ELASTIC_APM_SERVER_TIMEOUT` | duration, `10ms` to `60m` | `5s` | no |\n"
        ));
        for option in OPTIONS {
            assert!(page.contains(&format!("## `{}`\n\n", option.name)) && page.contains(option.env));
        }
    }
}
