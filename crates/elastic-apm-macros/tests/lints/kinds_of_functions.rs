//! Every kind of function, without a warning.
#![deny(warnings, clippy::all, clippy::pedantic)]

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;

use elastic_apm::capture_span;

#[capture_span]
fn plain() {}

#[capture_span]
fn returns_early(early: bool) -> u32 {
    if early {
        return 1;
    }
    2
}

#[capture_span]
fn fails(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number: u32 = text.parse()?;
    Ok(number)
}

#[capture_span(err)]
fn fails_and_reports(text: &str) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    Ok(text.parse::<u32>()?)
}

#[capture_span]
fn shows() -> impl Display {
    "shown"
}

#[capture_span]
fn iterates<'a>(texts: &'a [&'a str]) -> Result<impl Iterator<Item = usize> + 'a, std::fmt::Error> {
    if texts.is_empty() {
        return Err(std::fmt::Error);
    }
    Ok(texts.iter().map(|text| text.len()))
}

#[capture_span]
fn borrows<'a, T>(items: &'a mut [T], extra: &T) -> Result<&'a mut T, String>
where
    T: PartialEq,
{
    items.iter_mut().find(|item| **item == *extra).ok_or_else(|| "not found".to_owned())
}

#[capture_span]
fn takes_patterns((left, _): (u32, u32), [mut first, ..]: [u32; 2], _: String, mut own: u32) -> u32 {
    first += left;
    own += first;
    own
}

#[capture_span]
fn constant<const N: usize>(bytes: [u8; N]) -> usize {
    let _ = bytes;
    N
}

#[capture_span]
extern "C" fn is_extern(number: i32) -> i32 {
    number
}

#[capture_span]
fn ends_the_thread() -> ! {
    std::panic::panic_any(())
}

#[capture_span]
async fn waits() {}

#[capture_span]
async fn waits_with_pattern((left, right): (u32, u32), _: String, mut own: u32) -> u32 {
    own += left;
    own + right
}

#[capture_span]
async fn waits_and_borrows<'a>(text: &'a str, other: &str) -> Result<&'a str, std::num::ParseIntError> {
    let _number: u32 = other.parse()?;
    Ok(text)
}

#[capture_span(err)]
async fn waits_and_reports(text: &str) -> Result<u32, std::num::ParseIntError> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse()
}

#[capture_span]
async fn waits_and_shows(text: impl Into<String>) -> impl Display {
    text.into()
}

#[capture_span]
#[allow(clippy::toplevel_ref_arg)]
async fn waits_by_reference(ref text: String) -> usize {
    text.len()
}

#[capture_span]
async fn never_returns() -> ! {
    std::future::pending::<()>().await;
    std::panic::panic_any(())
}

#[capture_span]
async fn recurses(depth: u32) -> u32 {
    if depth == 0 { 0 } else { 1 + Box::pin(recurses(depth - 1)).await }
}

#[capture_span]
#[must_use]
async fn has_to_be_used() -> u32 {
    1
}

#[capture_span]
fn returns_a_future(text: &str) -> impl Future<Output = usize> + Send + '_ {
    let length = text.len();
    async move { length }
}

#[capture_span(err)]
fn returns_a_boxed_future<'a>(text: &'a str) -> Pin<Box<dyn Future<Output = std::fmt::Result> + Send + 'a>> {
    if text.is_empty() {
        return Box::pin(std::future::ready(Ok(())));
    }
    Box::pin(async move { Err(std::fmt::Error) })
}

#[capture_span]
fn boxes_its_body<'a>(
    text: &'a str,
) -> Pin<Box<dyn Future<Output = Result<usize, std::fmt::Error>> + Send + 'a>> {
    Box::pin(async move { Ok(text.len()) })
}

struct Cart<T> {
    items: Vec<T>,
}

impl<T: Clone + Send + Sync> Cart<T> {
    #[capture_span]
    fn new() -> Self {
        Self { items: Vec::new() }
    }

    #[capture_span]
    fn add(&mut self, item: T) -> Result<&mut T, std::fmt::Error> {
        self.items.push(item);
        self.items.last_mut().ok_or(std::fmt::Error)
    }

    #[capture_span]
    async fn first(&self) -> Option<&T> {
        self.items.first()
    }

    #[capture_span]
    async fn clear(&mut self) {
        self.items.clear();
    }

    #[capture_span]
    async fn into_items(mut self) -> Vec<T> {
        self.items.reverse();
        self.items
    }

    #[capture_span]
    async fn shared(self: std::sync::Arc<Self>) -> usize {
        self.items.len()
    }
}

trait Store {
    async fn load(&self, id: u64) -> Result<String, std::fmt::Error>;

    fn save(&mut self, id: u64) -> impl Future<Output = ()> + Send;

    #[capture_span]
    async fn reload(&self) -> Result<String, std::fmt::Error> {
        self.load(0).await
    }
}

impl Store for Cart<u8> {
    #[capture_span]
    async fn load(&self, id: u64) -> Result<String, std::fmt::Error> {
        Ok(id.to_string())
    }

    #[capture_span]
    async fn save(&mut self, id: u64) {
        self.items.push(u8::try_from(id).unwrap_or_default());
    }
}

fn is_send<T: Send>(value: T) -> T {
    value
}

pub(crate) fn main() {
    plain();
    let _ = (returns_early(true), fails("1"), fails_and_reports("x"), shows().to_string());
    let _ = iterates(&["a"]).map(Iterator::count);
    let _ = borrows(&mut [1, 2], &2);
    let _ = takes_patterns((1, 2), [3, 4], String::new(), 5) + u32::try_from(constant([0; 4])).unwrap_or(0);
    let _ = is_extern(1);
    let _ = || ends_the_thread();
    let mut cart = Cart::new();
    let _ = cart.add(1_u8);
    drop(is_send(waits()));
    drop(is_send(waits_with_pattern((1, 2), String::new(), 3)));
    drop(is_send(waits_and_borrows("a", "1")));
    drop(is_send(waits_and_reports("1")));
    drop(is_send(async { waits_and_shows("a").await.to_string() }));
    drop(is_send(waits_by_reference(String::new())));
    drop(is_send(async { never_returns().await }));
    drop(recurses(3));
    drop(has_to_be_used());
    drop(is_send(returns_a_future("a")));
    drop(is_send(returns_a_boxed_future("a")));
    drop(is_send(boxes_its_body("a")));
    drop(is_send(cart.first()));
    drop(is_send(cart.load(1)));
    drop(cart.reload());
    drop(is_send(cart.save(1)));
    drop(is_send(cart.clear()));
    drop(is_send(cart.into_items()));
    drop(is_send(std::sync::Arc::new(Cart::<u8>::new()).shared()));
}
