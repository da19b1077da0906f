//! What stands in the attribute's parentheses: parsed, and refused where it makes no sense.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, LitStr, Path, Result, Token, parenthesized, token};

use crate::describe::Subject;

/// The arguments of one attribute.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) name: Option<LitStr>,
    pub(crate) kind: Option<LitStr>,
    pub(crate) subtype: Option<LitStr>,
    pub(crate) action: Option<LitStr>,
    pub(crate) labels: Vec<Label>,
    /// Where `err` stands.
    pub(crate) err: Option<Span>,
    pub(crate) exit: bool,
    pub(crate) leaf: bool,
    pub(crate) krate: Option<Path>,
}

/// One entry of `labels(…)`.
pub(crate) struct Label {
    pub(crate) key: LitStr,
    pub(crate) value: Expr,
}

impl Arguments {
    pub(crate) fn parse(subject: Subject, tokens: TokenStream) -> Result<Self> {
        let entries = Punctuated::<Entry, Token![,]>::parse_terminated.parse2(tokens)?;
        let mut arguments = Arguments::default();
        let mut seen: Vec<String> = Vec::new();
        let mut errors: Option<Error> = None;
        for entry in entries {
            let name = entry.name.to_string();
            let taken = if seen.contains(&name) {
                Err(Error::new(entry.name.span(), format!("`{name}` is given twice")))
            } else {
                seen.push(name);
                arguments.take(subject, entry)
            };
            // All that is wrong at once: each round of the compiler costs the reader time.
            if let Err(error) = taken {
                match &mut errors {
                    Some(errors) => errors.combine(error),
                    None => errors = Some(error),
                }
            }
        }
        errors.map_or(Ok(arguments), Err)
    }

    fn take(&mut self, subject: Subject, entry: Entry) -> Result<()> {
        let Entry { name, value } = entry;
        match (name.to_string().as_str(), subject) {
            ("name", _) => self.name = Some(value.text(&name)?),
            ("type", _) => self.kind = Some(value.text(&name)?),
            ("labels", _) => self.labels = value.labels(&name)?,
            ("err", _) => {
                value.nothing(&name)?;
                self.err = Some(name.span());
            }
            ("crate", _) => self.krate = Some(value.path(&name)?),
            ("subtype", Subject::Span) => self.subtype = Some(value.text(&name)?),
            ("action", Subject::Span) => self.action = Some(value.text(&name)?),
            ("exit", Subject::Span) => {
                value.nothing(&name)?;
                self.exit = true;
            }
            ("leaf", Subject::Span) => {
                value.nothing(&name)?;
                self.leaf = true;
            }
            ("subtype" | "action" | "exit" | "leaf", Subject::Transaction) => {
                return Err(Error::new(
                    name.span(),
                    format!("`{name}` describes a span, a transaction has none"),
                ));
            }
            (unknown, _) => {
                let known = subject.arguments();
                return Err(Error::new(
                    name.span(),
                    format!("unknown argument `{unknown}`, expected {known}"),
                ));
            }
        }
        Ok(())
    }
}

/// `name`, `name = value` or `name(…)`, before it is known what `name` wants.
struct Entry {
    name: Ident,
    value: Value,
}

enum Value {
    Nothing,
    Assigned(Expr),
    Listed(Vec<Label>),
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error("expected an argument such as `name = \"…\"`"));
        }
        let name = input.call(Ident::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Assigned(input.parse()?)
        } else if input.peek(token::Paren) {
            let content;
            parenthesized!(content in input);
            Value::Listed(content.parse_terminated(Label::parse, Token![,])?.into_iter().collect())
        } else {
            Value::Nothing
        };
        Ok(Entry { name, value })
    }
}

impl Parse for Label {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = if input.peek(LitStr) {
            input.parse()?
        } else if input.peek(Ident::peek_any) {
            let ident = input.call(Ident::parse_any)?;
            LitStr::new(&ident.unraw().to_string(), ident.span())
        } else {
            return Err(
                input.error("expected a label such as `tenant = tenant_id` or `\"tenant id\" = tenant_id`")
            );
        };
        if !input.peek(Token![=]) {
            return Err(input.error("a label needs a value, as in `tenant = tenant_id`"));
        }
        input.parse::<Token![=]>()?;
        Ok(Label { key, value: input.parse()? })
    }
}

impl Value {
    fn text(self, name: &Ident) -> Result<LitStr> {
        let literal = match self {
            Value::Assigned(Expr::Lit(expression)) => match expression.lit {
                syn::Lit::Str(literal) => literal,
                other => return Err(Error::new(other.span(), needs_literal(name))),
            },
            Value::Assigned(other) => return Err(Error::new_spanned(other, needs_literal(name))),
            Value::Nothing | Value::Listed(_) => return Err(Error::new(name.span(), needs_literal(name))),
        };
        if literal.value().is_empty() {
            return Err(Error::new(literal.span(), format!("`{name}` must not be empty")));
        }
        Ok(literal)
    }

    fn path(self, name: &Ident) -> Result<Path> {
        match self {
            Value::Assigned(Expr::Path(expression)) if expression.qself.is_none() => Ok(expression.path),
            _ => Err(Error::new(name.span(), "`crate` takes a path, as in `crate = my_crate::elastic_apm`")),
        }
    }

    fn labels(self, name: &Ident) -> Result<Vec<Label>> {
        match self {
            Value::Listed(labels) => Ok(labels),
            _ => Err(Error::new(name.span(), "`labels` takes a list, as in `labels(tenant = tenant_id)`")),
        }
    }

    fn nothing(&self, name: &Ident) -> Result<()> {
        match self {
            Value::Nothing => Ok(()),
            _ => Err(Error::new(name.span(), format!("`{name}` takes no value"))),
        }
    }
}

fn needs_literal(name: &Ident) -> String {
    format!(
        "`{name}` takes a string literal, as in `{name} = \"…\"`: it must not vary from call to call, what varies \
         goes into `labels(…)`"
    )
}
