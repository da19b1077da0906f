//! The function below an attribute: its signature parsed, its body kept as the tokens it is made of.
//!
//! An unparsed body costs no time, and what is wrong in it is the compiler's to say.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Error, FnArg, Ident, Pat, Result, Signature, Token, Visibility, parse_quote, token};

use crate::describe::{Subject, variable};

/// A function with a body.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    visibility: Visibility,
    default: Option<Token![default]>,
    pub(crate) signature: Signature,
    /// `#![…]` at the start of the body.
    inner_attributes: Vec<Attribute>,
    /// The rest of the body.
    pub(crate) body: TokenStream,
    /// The body's braces, for their place in the source: they also carry the user's edition.
    braces: Group,
}

impl Function {
    pub(crate) fn parse(subject: Subject, item: TokenStream) -> Result<Self> {
        let parser = |input: ParseStream<'_>| Function::parse_item(subject, input);
        parser.parse2(item)
    }

    fn parse_item(subject: Subject, input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let default =
            if input.peek(Token![default]) && !input.peek2(Token![!]) { Some(input.parse()?) } else { None };
        if !starts_function(input) {
            return Err(input.error(wrong_place(subject, input)));
        }
        let signature: Signature = input.parse()?;
        if let Some(constness) = &signature.constness {
            let attribute = subject.attribute();
            return Err(Error::new_spanned(
                constness,
                format!(
                    "{attribute} cannot go on a `const fn`: it may run in the compiler, where nothing is recorded"
                ),
            ));
        }
        if input.peek(Token![;]) {
            let attribute = subject.attribute();
            return Err(Error::new_spanned(
                &signature.ident,
                format!("{attribute} needs a function with a body: put it on the implementation"),
            ));
        }
        let TokenTree::Group(braces) = input.parse()? else {
            return Err(Error::new_spanned(&signature.ident, "expected a body in braces"));
        };
        let split = |content: ParseStream<'_>| {
            Ok((content.call(Attribute::parse_inner)?, content.parse::<TokenStream>()?))
        };
        let (inner_attributes, body) = split.parse2(braces.stream())?;
        Ok(Function { attributes, visibility, default, signature, inner_attributes, body, braces })
    }

    /// Tokens in braces that stand where the body's stood.
    pub(crate) fn in_braces(&self, content: TokenStream) -> Group {
        let mut group = Group::new(Delimiter::Brace, content);
        group.set_span(self.braces.span());
        group
    }

    /// The whole function with another body.
    pub(crate) fn with_body(&self, content: &TokenStream) -> TokenStream {
        let Function { attributes, visibility, default, signature, inner_attributes, .. } = self;
        let braced = self.in_braces(quote!(#(#inner_attributes)* #content));
        quote!(#(#attributes)* #visibility #default #signature #braced)
    }

    /// A statement that makes an `async move` block own every argument, as an `async fn` does also with those it never reads.
    ///
    /// Arguments called `_` get a name for it.
    pub(crate) fn own_arguments(&mut self) -> TokenStream {
        let mut owned = Vec::new();
        for (index, argument) in self.signature.inputs.iter_mut().enumerate() {
            let (attributes, name) = match argument {
                FnArg::Receiver(receiver) => {
                    let name = &receiver.self_token;
                    (&receiver.attrs, quote!(#name))
                }
                FnArg::Typed(typed) => {
                    if let Pat::Wild(_) = *typed.pat {
                        let name = variable(&format!("__apm_argument{index}"));
                        *typed.pat = parse_quote!(#name);
                    }
                    match &*typed.pat {
                        Pat::Ident(pattern) => (&typed.attrs, pattern.ident.to_token_stream()),
                        // Bindings of a larger pattern are owned as far as they are used.
                        _ => continue,
                    }
                }
            };
            let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
            owned.push(quote!(#(#conditions)* let _ = &#name;));
        }
        // Last in, first out: an `async fn` drops its arguments in this order.
        owned.into_iter().rev().collect()
    }
}

fn starts_function(input: ParseStream<'_>) -> bool {
    // `const NAME: T` is no function, `const unsafe fn` is one.
    let fork = input.fork();
    while fork.peek(Token![const])
        || fork.peek(Token![async])
        || fork.peek(Token![unsafe])
        || fork.peek(Token![extern])
        || fork.peek(syn::LitStr)
        || fork.peek(Ident) && !fork.peek(Token![fn]) && fork.peek2(Token![fn])
    {
        if fork.parse::<TokenTree>().is_err() {
            return false;
        }
    }
    fork.peek(Token![fn])
}

fn wrong_place(subject: Subject, input: ParseStream<'_>) -> String {
    let attribute = subject.attribute();
    if input.peek(Token![impl]) || input.peek(Token![trait]) {
        format!("{attribute} goes on a function: put it on the methods inside")
    } else if input.peek(Token![async])
        || input.peek(Token![move])
        || input.peek(Token![|])
        || input.peek(token::Brace)
    {
        format!(
            "{attribute} goes on a function; for a block or a future there are `capture_span(…)` and `.in_span(…)`"
        )
    } else {
        format!("{attribute} goes on a function")
    }
}
