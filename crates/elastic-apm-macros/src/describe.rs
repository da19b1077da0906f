//! The statements that describe a span or a transaction, from the arguments of its attribute.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, UnOp, parse_quote};

use crate::arguments::{Arguments, Label};

/// What an attribute makes of a function.
#[derive(Clone, Copy)]
pub(crate) enum Subject {
    Span,
    Transaction,
}

impl Subject {
    /// The attribute as users write it.
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Subject::Span => "#[capture_span]",
            Subject::Transaction => "#[transaction]",
        }
    }

    /// The arguments it takes, for messages.
    pub(crate) fn arguments(self) -> &'static str {
        match self {
            Subject::Span => {
                "`name`, `type`, `subtype`, `action`, `labels(…)`, `err`, `exit`, `leaf` or `crate`"
            }
            Subject::Transaction => "`name`, `type`, `labels(…)`, `err` or `crate`",
        }
    }
}

/// Paths and variables that every part of an expansion uses.
pub(crate) struct Names {
    /// `elastic_apm::__private`.
    pub(crate) private: TokenStream,
    /// Its module for this subject; both have the same functions.
    pub(crate) subject: TokenStream,
    /// The variable that holds the builder. Its hygiene keeps it out of the user's sight.
    pub(crate) builder: Ident,
}

impl Names {
    pub(crate) fn new(subject: Subject, arguments: &Arguments) -> Self {
        let krate = arguments.krate.clone().unwrap_or_else(|| parse_quote!(::elastic_apm));
        let private = quote!(#krate::__private);
        let subject = match subject {
            Subject::Span => quote!(#private::span),
            Subject::Transaction => quote!(#private::transaction),
        };
        Names { private, subject, builder: variable("__apm_builder") }
    }
}

/// A variable that code of the user can neither see nor hide.
pub(crate) fn variable(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// When a description is needed.
#[derive(Clone, Copy)]
pub(crate) enum Needed {
    /// At once.
    Now,
    /// For a future: at the call where its parent is known there, else at the first poll.
    ForFuture,
}

/// Statements that leave the description in the builder's variable.
pub(crate) fn builder(subject: Subject, needed: Needed, arguments: &Arguments, names: &Names) -> TokenStream {
    let Names { private, subject: module, builder } = names;
    let described = described(subject, arguments, names);
    let labels = arguments.labels.iter().map(|Label { key, value }| (key, label_value(value, private)));
    if let (Subject::Span, Needed::ForFuture) = (subject, needed) {
        let labels = labels.map(|(key, value)| quote!((#key, #value)));
        return quote!(let #builder = #module::carry(move || #described, || [#(#labels),*]););
    }
    let labels = labels.map(|(key, value)| quote!(let #builder = #module::label(#builder, #key, || #value);));
    quote! {
        let #builder = #described;
        #(#labels)*
    }
}

/// An expression for the builder, without labels.
fn described(subject: Subject, arguments: &Arguments, names: &Names) -> TokenStream {
    let Names { private, subject: module, .. } = names;
    let name = match &arguments.name {
        Some(name) => quote!(#name),
        // The compiler alone knows the type that a method belongs to: it is in the path of anything declared inside.
        None => quote!({
            fn __apm_here() {}
            #private::path_of(__apm_here)
        }),
    };
    match subject {
        Subject::Span => {
            let Arguments { kind, subtype, action, exit, leaf, .. } = arguments;
            let kind = kind.iter();
            let subtype = subtype.iter();
            let action = action.iter();
            let exit = exit.then(|| quote!(.exit()));
            let leaf = leaf.then(|| quote!(.leaf()));
            quote! {
                #module::describe(#name) #(.span_type(#kind))* #(.subtype(#subtype))* #(.action(#action))* #exit #leaf
            }
        }
        Subject::Transaction => {
            let kind = arguments.kind.as_ref().map_or_else(|| quote!("custom"), |kind| quote!(#kind));
            quote!(#module::describe(#name, #kind))
        }
    }
}

/// A label's value, read through a reference.
fn label_value(value: &Expr, private: &TokenStream) -> TokenStream {
    if is_number(value) {
        // A bare number has no type yet, and so no methods.
        return quote!(#private::LabelValue::from(#value));
    }
    let method = quote_spanned!(value.span().resolved_at(Span::mixed_site())=> to_label_value);
    quote!({
        use #private::ToLabelValue as _;
        (#value).#method()
    })
}

fn is_number(value: &Expr) -> bool {
    match value {
        Expr::Lit(_) => true,
        Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_)) && is_number(&unary.expr),
        _ => false,
    }
}
