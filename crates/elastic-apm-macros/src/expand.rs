//! Puts the description and the body together, in one form for each kind of function.
//!
//! | function | form |
//! |---|---|
//! | synchronous | a scope around the body; the body becomes a closure only where its result is looked at |
//! | `async fn` | a function that returns the wrapped `async` block, so that the parent is what is current at the call, if anything is |
//! | `async fn` that has to stay one | the wrapped block is awaited inside |
//! | returns a future | the returned future is wrapped |
//! | returns `Box::pin(async …)` | the block is wrapped inside its box |
//! | returns another boxed future | wrapped and boxed again, only where that can record anything |

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Attribute, Block, Error, Expr, FnArg, ReturnType, Stmt, Type, parse_quote};

use crate::arguments::Arguments;
use crate::describe::{self, Names, Needed, Subject, variable};
use crate::function::Function;
use crate::returns::{Returned, looks_like_result, mentions, nameable, returns_no_result};

/// The function with the attribute's effect. On an error the message comes first and the item after it as it was, so that
/// the rest of the program still finds it.
pub(crate) fn expand(subject: Subject, arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let expanded = Arguments::parse(subject, arguments).and_then(|arguments| {
        let function = Function::parse(subject, item.clone())?;
        if let Some(err) = arguments.err.filter(|_| returns_no_result(&function.signature.output)) {
            return Err(Error::new(err, "`err` needs a function that returns a `Result`"));
        }
        let names = Names::new(subject, &arguments);
        Ok(Expansion { subject, arguments, names }.expand(function))
    });
    expanded.unwrap_or_else(|error| {
        let error = error.to_compile_error();
        quote!(#error #item)
    })
}

struct Expansion {
    subject: Subject,
    arguments: Arguments,
    names: Names,
}

impl Expansion {
    fn expand(&self, mut function: Function) -> TokenStream {
        let (needed, content) = if function.signature.asyncness.is_some() {
            (Needed::ForFuture, self.asynchronous(&mut function))
        } else {
            match Returned::of(&function.signature.output) {
                Returned::Future { output } => (Needed::ForFuture, self.returning_future(&function, output)),
                Returned::BoxedFuture { output } => {
                    (Needed::ForFuture, self.returning_boxed_future(&function, output))
                }
                Returned::Value => (Needed::Now, self.synchronous(&function)),
            }
        };
        let described = describe::builder(self.subject, needed, &self.arguments, &self.names);
        function.with_body(&quote!(#described #content))
    }

    fn synchronous(&self, function: &Function) -> TokenStream {
        let Names { private, subject, builder } = &self.names;
        let scope = variable("__apm_scope");
        let body = &function.body;
        let output = match &function.signature.output {
            ReturnType::Type(_, ty) => Some(&**ty),
            ReturnType::Default => None,
        };
        let entered = quote!(let #scope = #subject::enter(#builder););
        if !self.looks_at(output) {
            return quote!(#entered #body);
        }
        let result = variable("__apm_result");
        let ty = output.map_or_else(|| quote!(()), nameable);
        let body = function.in_braces(body.clone());
        let failure = self.failure(&quote!(&#result));
        quote! {
            #entered
            let #result = #private::call(move || -> #ty #body);
            #subject::finish(&#scope, #failure);
            #result
        }
    }

    fn asynchronous(&self, function: &mut Function) -> TokenStream {
        let private = &self.names.private;
        let stays = must_stay_async(function);
        let owned = if stays { TokenStream::new() } else { function.own_arguments() };
        let output: Type = match &function.signature.output {
            ReturnType::Type(_, ty) => (**ty).clone(),
            ReturnType::Default => parse_quote!(()),
        };
        let never = matches!(output, Type::Never(_));
        let ty = if never { quote!(::core::convert::Infallible) } else { nameable(&output) };
        // The only way to write the type of an `async` block. Where the body disagrees, the message points at the type.
        let place = output.span().resolved_at(Span::mixed_site());
        let early = Ident::new("__apm_early", place);
        let typed = quote_spanned! {place=>
            if let ::core::option::Option::Some(#early) = #private::none::<#ty>() {
                return #early;
            }
        };
        let body = &function.body;
        let block = function.in_braces(quote!(#owned #typed #body));
        let wrapped = self.wrapped(&quote!(async move #block), Some(&output));
        if never {
            quote!(match #wrapped.await {})
        } else if stays {
            quote!(#wrapped.await)
        } else {
            function.signature.asyncness = None;
            function.signature.output = parse_quote!(-> impl ::core::future::Future<Output = #output>);
            wrapped
        }
    }

    fn returning_future(&self, function: &Function, output: Option<&Type>) -> TokenStream {
        let private = &self.names.private;
        let future = variable("__apm_future");
        let body = function.in_braces(function.body.clone());
        let wrapped = self.wrapped(&future.to_token_stream(), output);
        quote! {
            let #future = #private::call(move || #body);
            #wrapped
        }
    }

    fn returning_boxed_future(&self, function: &Function, output: Option<&Type>) -> TokenStream {
        if let Some((pin, block)) = pinned_block(&function.body) {
            let wrapped = self.wrapped(&block.to_token_stream(), output);
            return quote!(#pin(#wrapped));
        }
        let Names { private, subject, .. } = &self.names;
        let future = variable("__apm_future");
        let returned = &function.signature.output;
        let body = function.in_braces(function.body.clone());
        let wrapped = self.wrapped(&future.to_token_stream(), output);
        quote! {
            let #future = #private::call(move || #returned #body);
            if #subject::is_worth_boxing() { ::std::boxed::Box::pin(#wrapped) } else { #future }
        }
    }

    /// The future inside its span or transaction.
    fn wrapped(&self, future: &TokenStream, output: Option<&Type>) -> TokenStream {
        let Names { subject, builder, .. } = &self.names;
        if !self.looks_at(output) {
            return quote!(#subject::wrap(#builder, #future));
        }
        let result = variable("__apm_result");
        let failure = self.failure(&result.to_token_stream());
        quote!(#subject::watch(#builder, #future, |#result| !#failure))
    }

    /// Whether the result decides about success.
    fn looks_at(&self, output: Option<&Type>) -> bool {
        self.arguments.err.is_some() || output.is_some_and(looks_like_result)
    }

    /// Whether the result that `reference` points at is a failure; with `err` it is reported as well.
    fn failure(&self, reference: &TokenStream) -> TokenStream {
        let private = &self.names.private;
        let Some(err) = self.arguments.err else {
            return quote!({
                use #private::failure::*;
                (&Returned(#reference)).is_failure()
            });
        };
        let error = variable("__apm_error");
        let error_of = quote_spanned!(err=> error_of(#reference));
        let report = quote_spanned!(err=> (&&&&Failed(#error)).report());
        quote!({
            use #private::report::*;
            match #error_of {
                ::core::option::Option::Some(#error) => {
                    #report;
                    true
                }
                ::core::option::Option::None => false,
            }
        })
    }
}

/// Attributes that mean the same on an `async fn` and on the function it becomes.
///
/// Not `must_use`, which is about the output of an `async fn`; and no attribute macro, which may ask for an `async fn`.
const HARMLESS: &[&str] = &[
    "allow",
    "cfg",
    "clippy",
    "cold",
    "deny",
    "deprecated",
    "doc",
    "expect",
    "export_name",
    "forbid",
    "inline",
    "link_section",
    "no_mangle",
    "rustfmt",
    "target_feature",
    "unsafe",
    "warn",
];

fn must_stay_async(function: &Function) -> bool {
    let harmless = |attribute: &Attribute| {
        attribute.path().segments.first().is_some_and(|first| HARMLESS.iter().any(|name| first.ident == name))
    };
    let borrows_itself = |argument: &FnArg| match argument {
        FnArg::Typed(typed) => mentions(&typed.pat.to_token_stream(), "ref"),
        FnArg::Receiver(_) => false,
    };
    let never =
        matches!(&function.signature.output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)));
    never || !function.attributes.iter().all(harmless) || function.signature.inputs.iter().any(borrows_itself)
}

/// `Box::pin` and the block, where the whole body is `Box::pin(async { … })`: what `#[async_trait]` writes.
fn pinned_block(body: &TokenStream) -> Option<(Expr, Expr)> {
    let statements = Block::parse_within.parse2(body.clone()).ok()?;
    let [Stmt::Expr(Expr::Call(call), None)] = statements.as_slice() else { return None };
    let Expr::Path(path) = &*call.func else { return None };
    let is_pin = path.path.segments.last().is_some_and(|last| last.ident == "pin");
    let mut arguments = call.args.iter();
    match (arguments.next(), arguments.next()) {
        (Some(block @ Expr::Async(_)), None) if is_pin => Some(((*call.func).clone(), block.clone())),
        _ => None,
    }
}
