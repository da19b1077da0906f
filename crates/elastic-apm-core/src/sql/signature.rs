//! A statement's verb and table.

use elastic_apm_intake::Keyword;

use super::scanner::{Kind, Scanner, Token};

/// As much of a statement as is looked at, in bytes: what is stored of one at most.
const MAX_STATEMENT: usize = 10_000;

/// What a SQL statement does, to which table: a span name that is the same for all calls of one kind.
///
/// `SELECT FROM t`, `INSERT INTO t`, `REPLACE INTO t`, `UPDATE t`, `DELETE FROM t`, `CALL p`; the table is that of the outermost
/// statement and the first of several. Any other statement, one that selects from a subquery, and a broken one give their first
/// word in upper case; what does not begin with a word gives an empty text. Values never get into it.
///
/// For authors of database integrations.
///
/// ```
/// use elastic_apm_core::sql_signature;
///
/// assert_eq!(sql_signature("select * from shop.orders where id = 17"), "SELECT FROM shop.orders");
/// assert_eq!(sql_signature("CREATE TABLE orders (id INT)"), "CREATE");
/// ```
#[must_use]
pub fn signature(statement: &str) -> Keyword {
    let mut tokens = Scanner::new(head(statement)).filter(|token| token.kind != Kind::Comment);
    let first = tokens.find(|token| token.kind != Kind::LeftParenthesis);
    let Some(verb) = first.filter(|token| token.kind == Kind::Word) else { return Keyword::default() };
    let (phrase, table) = if verb.is("SELECT") {
        ("SELECT FROM", source_of(&mut tokens))
    } else if verb.is("DELETE") {
        ("DELETE FROM", next_after("FROM", &mut tokens))
    } else if verb.is("INSERT") {
        ("INSERT INTO", next_after("INTO", &mut tokens))
    } else if verb.is("REPLACE") {
        ("REPLACE INTO", next_after("INTO", &mut tokens))
    } else if verb.is("UPDATE") {
        ("UPDATE", updated(&mut tokens))
    } else if verb.is("CALL") {
        ("CALL", name(&mut tokens, None))
    } else {
        ("", None)
    };
    match table {
        Some(table) => Keyword::from(format!("{phrase} {table}")),
        None => Keyword::from(verb.text.to_uppercase()),
    }
}

/// The part that is looked at.
fn head(statement: &str) -> &str {
    let mut end = MAX_STATEMENT.min(statement.len());
    while !statement.is_char_boundary(end) {
        end -= 1;
    }
    &statement[..end]
}

/// The first source of a selection that is no subquery.
fn source_of<'a>(tokens: &mut impl Iterator<Item = Token<'a>>) -> Option<String> {
    let mut depth = 0_usize;
    loop {
        let token = tokens.next()?;
        match token.kind {
            Kind::LeftParenthesis => depth += 1,
            Kind::RightParenthesis => depth = depth.saturating_sub(1),
            Kind::Word if depth == 0 && token.is("FROM") => return name(tokens, None),
            _ => {}
        }
    }
}

fn next_after<'a>(keyword: &str, tokens: &mut impl Iterator<Item = Token<'a>>) -> Option<String> {
    tokens.find(|token| token.is(keyword))?;
    name(tokens, None)
}

fn updated<'a>(tokens: &mut impl Iterator<Item = Token<'a>>) -> Option<String> {
    // What dialects put between the verb and the table.
    let modifiers = ["LOW_PRIORITY", "IGNORE", "ONLY"];
    let first = tokens.find(|token| !modifiers.iter().any(|modifier| token.is(modifier)));
    name(tokens, first)
}

/// A name with its qualifiers, `catalog.schema.table`.
fn name<'a>(tokens: &mut impl Iterator<Item = Token<'a>>, first: Option<Token<'a>>) -> Option<String> {
    let is_name = |token: &Token<'_>| matches!(token.kind, Kind::Word | Kind::Quoted);
    let first = first.or_else(|| tokens.next()).filter(is_name)?;
    let mut name = first.text.to_owned();
    while tokens.next().is_some_and(|token| token.kind == Kind::Period) {
        let Some(part) = tokens.next().filter(is_name) else { break };
        name.push('.');
        name.push_str(part.text);
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn signatures_are_those_of_elastics_cases() {
        let Some(text) = crate::config::spec_data("json-specs/sql_signature_examples.json") else { return };
        let cases: Vec<Value> = serde_json::from_str(&text).unwrap();

        for case in &cases {
            let statement = case["input"].as_str().unwrap();
            assert_eq!(signature(statement), case["output"].as_str().unwrap(), "{statement}");
        }
        println!("sql_signature_examples.json: {} cases ran", cases.len());
        assert!(cases.len() >= 35);
    }

    #[test]
    fn an_alias_is_never_taken_for_the_table() {
        assert_eq!(signature("UPDATE LOW_PRIORITY IGNORE orders o SET o.id = 1"), "UPDATE orders");
        assert_eq!(signature("SELECT o.id FROM orders o"), "SELECT FROM orders");
    }

    #[test]
    fn a_bracketed_statement_is_looked_into() {
        assert_eq!(signature("(select 1 from a) union (select 1 from b)"), "SELECT FROM a");
    }

    #[test]
    fn hostile_statements_are_cut_and_never_panic() {
        assert_eq!(signature(&"$a$ ".repeat(100_000)), "");
        assert_eq!(signature("'hunter2'"), "");
        assert_eq!(signature(&format!("SELECT {} FROM t", "é".repeat(10_000))), "SELECT");
        assert_eq!(signature("SELECT FROM .".repeat(1_000).as_str()), "SELECT");
    }
}
