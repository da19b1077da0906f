use elastic_apm::{capture_span, transaction};

#[capture_span]
unsafe fn first(pointer: *const u8) -> u8 {
    unsafe { *pointer }
}

#[capture_span(err)]
unsafe fn checked(pointer: *const u8) -> Result<u8, String> {
    if pointer.is_null() {
        return Err("null".to_owned());
    }
    Ok(unsafe { *pointer })
}

#[transaction]
async unsafe fn first_later(pointer: *const u8) -> u8 {
    unsafe { *pointer }
}

fn main() {
    let byte = 7;
    first(&byte);
    let _ = checked(&byte);
    drop(first_later(&byte));

    assert_eq!(unsafe { first(&byte) }, 7);
    assert_eq!(unsafe { checked(&byte) }, Ok(7));
    drop(unsafe { first_later(&byte) });
}
