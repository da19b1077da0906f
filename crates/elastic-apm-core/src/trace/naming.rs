//! What a transaction is called: names fall into the groups of `transaction_name_groups`.

use elastic_apm_intake::Keyword;

use crate::config::Settings;

/// The first group that the name matches, or the name itself.
#[inline]
pub(crate) fn grouped(name: Keyword, settings: &Settings) -> Keyword {
    // As nearly always: the name stays where it is.
    if settings.transaction_name_groups.is_empty() { name } else { in_group(name, settings) }
}

fn in_group(name: Keyword, settings: &Settings) -> Keyword {
    match settings.transaction_name_groups.first_match(&name) {
        Some(group) => Keyword::copied(group),
        None => name,
    }
}
