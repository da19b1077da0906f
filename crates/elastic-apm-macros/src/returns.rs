//! What a return type says by the way it is written: a future, a boxed one, a `Result`.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{GenericArgument, PathArguments, PathSegment, ReturnType, Type, TypeParamBound};

/// The kind of value that a function without `async` returns.
pub(crate) enum Returned<'a> {
    /// A future of unnamed type, and its output where that is written.
    Future { output: Option<&'a Type> },
    /// A pinned box of a future.
    BoxedFuture { output: Option<&'a Type> },
    /// Anything else.
    Value,
}

impl<'a> Returned<'a> {
    pub(crate) fn of(returned: &'a ReturnType) -> Self {
        let ReturnType::Type(_, ty) = returned else { return Returned::Value };
        match plain(ty) {
            Type::ImplTrait(ty) => match future_among(&ty.bounds) {
                Some(output) => Returned::Future { output },
                None => Returned::Value,
            },
            Type::Path(ty) => ty.path.segments.last().map_or(Returned::Value, boxed_future),
            _ => Returned::Value,
        }
    }
}

/// `Pin<Box<dyn Future>>`, and the names that the `futures` crates give it.
fn boxed_future(segment: &PathSegment) -> Returned<'_> {
    if segment.ident == "BoxFuture" || segment.ident == "LocalBoxFuture" {
        return Returned::BoxedFuture { output: types_in(segment).last() };
    }
    let output = the_type_in(segment, "Pin")
        .and_then(last_segment)
        .and_then(|segment| the_type_in(segment, "Box"))
        .and_then(|ty| match plain(ty) {
            Type::TraitObject(object) => future_among(&object.bounds),
            _ => None,
        });
    output.map_or(Returned::Value, |output| Returned::BoxedFuture { output })
}

/// Whether the type is called `Result`, or something that ends so.
pub(crate) fn looks_like_result(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident.to_string().ends_with("Result"))
}

/// Whether there is certainly no `Result`: a type that has no name, and so cannot be an alias of one.
pub(crate) fn returns_no_result(returned: &ReturnType) -> bool {
    match returned {
        ReturnType::Default => true,
        ReturnType::Type(_, ty) => {
            !matches!(plain(ty), Type::Path(_) | Type::Macro(_) | Type::ImplTrait(_) | Type::Verbatim(_))
        }
    }
}

/// The type as it may be written inside the function: `impl Trait` becomes `_`.
pub(crate) fn nameable(ty: &Type) -> TokenStream {
    if !mentions(&ty.to_token_stream(), "impl") {
        return ty.to_token_stream();
    }
    let mut ty = ty.clone();
    let Type::Path(path) = &mut ty else { return quote!(_) };
    for segment in &mut path.path.segments {
        let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else { continue };
        for argument in &mut arguments.args {
            if let GenericArgument::Type(inner) = argument {
                *inner = Type::Verbatim(nameable(inner));
            }
        }
    }
    ty.to_token_stream()
}

/// Whether the word is among the tokens, at any depth.
pub(crate) fn mentions(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => mentions(&group.stream(), word),
        _ => false,
    })
}

/// The output of the `Future` among the bounds: `None` without one, `Some(None)` where it is not written.
fn future_among<'a>(bounds: impl IntoIterator<Item = &'a TypeParamBound>) -> Option<Option<&'a Type>> {
    bounds.into_iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let segment = bound.path.segments.last().filter(|segment| segment.ident == "Future")?;
        let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Some(None) };
        Some(arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
            _ => None,
        }))
    })
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match plain(ty) {
        Type::Path(ty) => ty.path.segments.last(),
        _ => None,
    }
}

fn the_type_in<'a>(segment: &'a PathSegment, name: &str) -> Option<&'a Type> {
    types_in(segment).next().filter(|_| segment.ident == name)
}

fn types_in(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The type without parentheses around it.
fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Paren(ty) => plain(&ty.elem),
        Type::Group(ty) => plain(&ty.elem),
        ty => ty,
    }
}
