//! The name of a span that was given none: the path of its function.

use std::any::type_name;
use std::marker::PhantomData;

use elastic_apm_core::Keyword;

/// The path of the function inside which the item `F` was declared, read only where it is recorded.
#[derive(Clone, Copy, Debug)]
pub struct FnPath<F>(PhantomData<F>);

/// The path of the function inside which `item` was declared.
#[inline]
pub fn path_of<F: Copy>(_item: F) -> FnPath<F> {
    FnPath(PhantomData)
}

impl<F> From<FnPath<F>> for Keyword {
    fn from(_: FnPath<F>) -> Keyword {
        Keyword::from_static(parent_path(type_name::<F>()))
    }
}

/// `shop::Cart::pay::{{closure}}::item` gives `shop::Cart::pay`: an `async fn`'s body is a closure to the compiler.
fn parent_path(item: &'static str) -> &'static str {
    let parent = item.rfind("::").map_or(item, |end| &item[..end]);
    parent.trim_end_matches("::{{closure}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_item_and_the_closure_of_an_async_fn_are_cut_off() {
        assert_eq!(parent_path("shop::Cart::pay::item"), "shop::Cart::pay");
        assert_eq!(parent_path("shop::pay::{{closure}}::item"), "shop::pay");
    }
}
