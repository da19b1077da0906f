//! Cuts a statement into tokens, across the dialects of SQL. It never fails: what it does not know is `Other`.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// A name in quotes or brackets; never a keyword.
    Quoted,
    Number,
    String,
    Comment,
    Period,
    LeftParenthesis,
    RightParenthesis,
    Other,
}

/// A piece of the statement; of a quoted name without its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
}

impl Token<'_> {
    /// Whether it is this word, in any case and not quoted.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }
}

/// The tokens of a statement, in order.
pub(super) struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(statement: &'a str) -> Self {
        Scanner { rest: statement }
    }

    /// Takes `length` bytes off as a token.
    fn take(&mut self, kind: Kind, length: usize) -> Token<'a> {
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        Token { kind, text }
    }

    /// A name up to `close`; the closing character twice stands for itself.
    fn quoted(&mut self, close: char) -> Token<'a> {
        match end_of_quoted(&self.rest[1..], close, false) {
            Some(length) => {
                let token = self.take(Kind::Quoted, length + 2);
                Token { text: &token.text[1..=length], ..token }
            }
            None => self.take(Kind::Other, self.rest.len()),
        }
    }

    fn string(&mut self) -> Token<'a> {
        match end_of_quoted(&self.rest[1..], '\'', true) {
            Some(length) => self.take(Kind::String, length + 2),
            None => self.take(Kind::Other, self.rest.len()),
        }
    }

    /// `$tag$ … $tag$` as PostgreSQL has it. Without its end it was something else, such as a parameter.
    fn dollar(&mut self) -> Token<'a> {
        let name = prefix(&self.rest[1..], is_inner);
        let tag = 2 + name;
        if self.rest[1 + name..].starts_with('$') {
            let found = self.rest[tag..].find(&self.rest[..tag]);
            if let Some(inner) = found {
                return self.take(Kind::String, tag + inner + tag);
            }
        }
        self.take(Kind::Other, prefix(self.rest, |c| !c.is_whitespace()))
    }

    fn number(&mut self) -> Token<'a> {
        let rest = self.rest;
        let digits = |from: usize| prefix(&rest[from..], |c| c.is_ascii_digit());
        let mut length = digits(0);
        if rest[length..].starts_with('.') {
            length += 1;
            length += digits(length);
        }
        if rest[length..].starts_with(['e', 'E']) {
            let sign = usize::from(rest[length + 1..].starts_with(['+', '-']));
            let exponent = digits(length + 1 + sign);
            if exponent > 0 {
                length += 1 + sign + exponent;
            }
        }
        self.take(Kind::Number, length)
    }

    fn block_comment(&mut self) -> Token<'a> {
        let mut depth = 0_usize;
        let mut at = 0;
        let bytes = self.rest.as_bytes();
        while at < bytes.len() {
            match bytes.get(at..at + 2) {
                Some(b"/*") => {
                    depth += 1;
                    at += 2;
                }
                Some(b"*/") => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        return self.take(Kind::Comment, at);
                    }
                }
                _ => at += 1,
            }
        }
        self.take(Kind::Comment, self.rest.len())
    }

    fn line_comment(&mut self) -> Token<'a> {
        self.take(Kind::Comment, prefix(self.rest, |c| c != '\n'))
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.rest = self.rest.trim_start();
        let first = self.rest.chars().next()?;
        Some(match first {
            '(' => self.take(Kind::LeftParenthesis, 1),
            ')' => self.take(Kind::RightParenthesis, 1),
            '.' => self.take(Kind::Period, 1),
            '`' | '"' => self.quoted(first),
            '[' => self.quoted(']'),
            '\'' => self.string(),
            '$' => self.dollar(),
            '0'..='9' => self.number(),
            _ if self.rest.starts_with("/*") => self.block_comment(),
            _ if self.rest.starts_with("--") || self.rest.starts_with("//") => self.line_comment(),
            _ if first == '_' || first.is_alphabetic() => {
                self.take(Kind::Word, prefix(self.rest, |c| is_inner(c) || c == '$'))
            }
            _ => self.take(Kind::Other, first.len_utf8()),
        })
    }
}

fn is_inner(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// How many bytes at the start of `text` are such characters.
fn prefix(text: &str, is_such: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_such(c)).unwrap_or(text.len())
}

/// Where the closing character stands; twice it stands for itself, as it does after a backslash where those escape.
fn end_of_quoted(text: &str, close: char, backslash: bool) -> Option<usize> {
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && backslash {
            characters.next();
        } else if character == close && characters.next_if(|(_, next)| *next == close).is_none() {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const KEYWORDS: [&str; 5] = ["INSERT", "OR", "REPLACE", "FROM", "SELECT"];

    fn name(token: &Token<'_>) -> &'static str {
        match token.kind {
            Kind::Word => KEYWORDS.into_iter().find(|keyword| token.is(keyword)).unwrap_or("IDENT"),
            Kind::Quoted => "IDENT",
            Kind::Number => "NUMBER",
            Kind::String => "STRING",
            Kind::Comment => "COMMENT",
            Kind::Period => "PERIOD",
            Kind::LeftParenthesis => "LPAREN",
            Kind::RightParenthesis => "RPAREN",
            Kind::Other => "OTHER",
        }
    }

    #[test]
    fn tokens_are_those_of_elastics_cases() {
        let Some(text) = crate::config::spec_data("json-specs/sql_token_examples.json") else { return };
        let cases: Vec<Value> = serde_json::from_str(&text).unwrap();

        for case in &cases {
            let found: Vec<_> = Scanner::new(case["input"].as_str().unwrap())
                .map(|token| (name(&token), token.text))
                .collect();
            let expected: Vec<_> = case["tokens"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|token| (token["kind"].as_str().unwrap(), token["text"].as_str().unwrap()))
                .collect();
            assert_eq!(found, expected, "{}", case["name"]);
        }
        println!("sql_token_examples.json: {} cases ran", cases.len());
        assert!(cases.len() >= 14);
    }

    #[test]
    fn what_has_no_end_is_one_token_to_the_end() {
        for statement in ["'a", "\"a", "`é", "[a ]]", "/* /* */", "'a\\", "-- a"] {
            let tokens: Vec<_> = Scanner::new(statement).collect();
            assert_eq!((tokens.len(), tokens[0].text), (1, statement));
        }
    }
}
