//! What each service did, as a table. Pure: summaries in, a text out.

use elastic_apm_devserver::{ServiceSummary, TransactionSummary};

/// The widths of the columns behind the names.
const NUMBERS: usize = 7 + 9 + 9 + 8 + 7;

/// One row per service and transaction name, at most `width` columns.
pub(crate) fn draw(services: &[ServiceSummary], width: usize) -> String {
    let longest = |names: &mut dyn Iterator<Item = &str>| names.map(|name| name.chars().count()).max();
    let service = longest(&mut services.iter().map(|service| service.service.as_str())).unwrap_or(0).max(7);
    let mut names = services.iter().flat_map(|service| &service.transactions).map(|row| row.name.as_str());
    let room = width.saturating_sub(service + 2 + NUMBERS).max(12);
    let name = longest(&mut names).unwrap_or(0).clamp(11, room);

    let mut lines = vec![format!(
        "{:service$}  {:name$}{:>7}{:>9}{:>9}{:>8}{:>7}",
        "SERVICE", "TRANSACTION", "COUNT", "P50", "P95", "FAILED", "SPANS"
    )];
    for summary in services {
        for (index, row) in summary.transactions.iter().enumerate() {
            let first = if index == 0 { summary.service.as_str() } else { "" };
            lines.push(format!("{first:service$}  {}", line(row, name)));
        }
    }
    lines.join("\n")
}

fn line(row: &TransactionSummary, name: usize) -> String {
    let failed = row.error_rate.map_or_else(|| "-".to_owned(), |rate| format!("{:.0} %", rate * 100.0));
    let [p50, p95] = [row.p50_ms, row.p95_ms].map(millis);
    format!("{:name$}{:>7}{p50:>9}{p95:>9}{failed:>8}{:>7}", cut(&row.name, name), row.count, row.spans)
}

fn cut(name: &str, columns: usize) -> String {
    if name.chars().count() <= columns {
        return name.to_owned();
    }
    name.chars().take(columns - 1).chain(['…']).collect()
}

fn millis(millis: f64) -> String {
    match millis {
        0.0..9.995 => format!("{millis:.2} ms"),
        0.0..99.95 => format!("{millis:.1} ms"),
        _ => format!("{millis:.0} ms"),
    }
}
