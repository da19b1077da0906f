//! Lists and mappings: `a,b` and `k=v,k=v`.

use super::value::OptionValue;
use super::wildcard::{WildcardList, WildcardMatcher};

/// Splits at commas, trims, and leaves out what is empty.
pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

impl OptionValue for WildcardList {
    const KIND: &'static str = "wildcard list";
    const EXPECTED: &'static str = "wildcard patterns with commas between them";
    const EMPTY_IS_A_VALUE: bool = true;

    fn unset() -> Self {
        Self::default()
    }

    fn parse(text: &str) -> Option<Self> {
        Some(items(text).map(WildcardMatcher::new).collect())
    }

    fn render(&self) -> String {
        self.to_string()
    }
}

/// The global labels, in the order given; a key given twice has its last value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Labels(Vec<(String, String)>);

impl Labels {
    /// Walks over the pairs.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for Labels {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let mut labels: Vec<(String, String)> = Vec::new();
        for (key, value) in pairs {
            match labels.iter_mut().find(|(known, _)| *known == key) {
                Some((_, old)) => *old = value,
                None => labels.push((key, value)),
            }
        }
        Self(labels)
    }
}

impl OptionValue for Labels {
    const KIND: &'static str = "mapping";
    const EXPECTED: &'static str = "key=value pairs with commas between them";
    const EMPTY_IS_A_VALUE: bool = true;

    fn unset() -> Self {
        Self::default()
    }

    fn parse(text: &str) -> Option<Self> {
        items(text)
            .map(|item| {
                let (key, value) = item.split_once('=')?;
                let key = key.trim();
                (!key.is_empty()).then(|| (key.to_owned(), value.trim().to_owned()))
            })
            .collect()
    }

    fn render(&self) -> String {
        let pairs: Vec<String> = self.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_items_are_trimmed_and_empty_ones_left_out() {
        let list = WildcardList::parse(" /health* ,, /ready ,").unwrap();

        assert_eq!(list.render(), "/health*,/ready");
    }

    #[test]
    fn mapping_values_may_hold_equal_signs_and_be_empty() {
        let labels = Labels::parse("a = b , q=x=y,empty=").unwrap();

        assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "b"), ("q", "x=y"), ("empty", "")]);
    }

    #[test]
    fn a_mapping_item_without_key_or_equal_sign_is_refused() {
        assert_eq!(Labels::parse("a=1,b"), None);
        assert_eq!(Labels::parse("=1"), None);
    }

    #[test]
    fn the_last_value_of_a_key_wins() {
        assert_eq!(Labels::parse("a=1,b=2,a=3").unwrap().render(), "a=3,b=2");
    }
}
