//! Writing this crate's types as JSON into a byte buffer, in half the instructions of a general serializer.
//!
//! Field names are literals without anything to escape, and most text has nothing to escape either: both are copied
//! whole. Everything with more to it (escapes, floats, free-form values) is left to `serde_json`. Only types of this
//! crate may be written: map keys have to be strings.

use serde::ser::{
    Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer,
};
use serde_json::Error;

/// Appends a value to a buffer as JSON.
pub(crate) struct Json<'a>(pub(crate) &'a mut Vec<u8>);

/// A free-form value, written by `serde_json`, which knows what else its own types may hold.
pub(crate) struct FreeForm<T>(pub(crate) T);

impl<T: Serialize> Serialize for FreeForm<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The one newtype that gets here; see `serialize_newtype_struct` below.
        serializer.serialize_newtype_struct("FreeForm", &self.0)
    }
}

/// For `serialize_with` on an optional free-form value.
pub(crate) fn free_form<T: Serialize, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.as_ref().map(FreeForm).serialize(serializer)
}

const ONES: u64 = u64::MAX / 255;

/// Whether any of eight bytes has to be escaped: not zero if so.
const fn escapes(bytes: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(bytes);
    // Subtracting borrows through the high bit of a byte that is too small. A borrow may run on into the bytes above,
    // which does not matter: one was found. Bytes that have the high bit themselves are parts of other characters.
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (control | quote | backslash) & !word & (ONES << 7)
}

/// Whether no byte has to be escaped: no quote, no backslash, nothing below the space.
#[inline]
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk() else {
        let mut word = [b' '; 8];
        word.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        return escapes(word) == 0;
    };
    // The last word may overlap the one before it: looking twice costs less than looking byte by byte.
    let mut found = escapes(*last);
    for word in bytes.chunks_exact(8).filter_map(<[u8]>::first_chunk) {
        found |= escapes(*word);
    }
    found == 0
}

/// Appends a string, quoted.
#[inline]
fn write_text(out: &mut Vec<u8>, text: &str) -> Result<(), Error> {
    if !is_plain(text.as_bytes()) {
        return serde_json::Serializer::new(out).serialize_str(text);
    }
    out.reserve(text.len() + 3);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    Ok(())
}

/// An array or object that is being written; every element leaves a comma behind, which closing takes back.
pub(crate) struct Items<'a> {
    out: &'a mut Vec<u8>,
    close: u8,
}

impl<'a> Items<'a> {
    #[inline]
    fn open(out: &'a mut Vec<u8>, open: u8, close: u8) -> Self {
        out.push(open);
        Self { out, close }
    }

    #[inline(always)]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Json(self.out))?;
        self.out.push(b',');
        Ok(())
    }

    // Inlined so that the key is a constant: copying one of known length takes no call.
    #[inline(always)]
    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        debug_assert!(is_plain(key.as_bytes()), "{key}");
        // Put together first, which is done when this is compiled, and copied at once.
        let mut name = [b'"'; 36];
        match name.get_mut(1..=key.len()) {
            Some(place) if key.len() + 3 <= 36 => {
                place.copy_from_slice(key.as_bytes());
                name[key.len() + 2] = b':';
                self.out.extend_from_slice(&name[..key.len() + 3]);
            }
            _ => {
                self.out.push(b'"');
                self.out.extend_from_slice(key.as_bytes());
                self.out.extend_from_slice(b"\":");
            }
        }
        self.element(value)
    }

    #[inline]
    fn close(self) {
        match self.out.last_mut() {
            Some(comma @ b',') => *comma = self.close,
            _ => self.out.push(self.close),
        }
    }
}

macro_rules! by_serde_json {
    ($($method:ident($number:ty))*) => {$(
        #[inline]
        fn $method(self, number: $number) -> Result<(), Error> {
            serde_json::Serializer::new(self.0).$method(number)
        }
    )*};
}

impl<'a> Serializer for Json<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Items<'a>;
    type SerializeStruct = Items<'a>;
    type SerializeStructVariant = Impossible<(), Error>;

    by_serde_json! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
        serialize_f32(f32) serialize_f64(f64) serialize_char(char)
    }

    /// Tells the ids of this crate apart from text: see `serialize_bytes`.
    #[inline(always)]
    fn is_human_readable(&self) -> bool {
        false
    }

    /// Appends what is known to be plain text, the hex digits of ids, without looking at it.
    #[inline(always)]
    fn serialize_bytes(self, plain: &[u8]) -> Result<(), Error> {
        debug_assert!(is_plain(plain), "{plain:?}");
        self.0.push(b'"');
        self.0.extend_from_slice(plain);
        self.0.push(b'"');
        Ok(())
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), Error> {
        write_text(self.0, text)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.0.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        write_text(self.0, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        serde_json::to_writer(self.0, value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        Err(foreign(name))
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'a>, Error> {
        Ok(Items::open(self.0, b'[', b']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
        Err(foreign("tuple"))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        Err(foreign(name))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(foreign(name))
    }

    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Items<'a>, Error> {
        Ok(Items::open(self.0, b'{', b'}'))
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Items<'a>, Error> {
        Ok(Items::open(self.0, b'{', b'}'))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(foreign(name))
    }
}

/// The error for a shape that no type of this crate has.
fn foreign(name: &str) -> Error {
    Error::custom(format_args!("{name} is of no type of this vocabulary"))
}

impl SerializeSeq for Items<'_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.element(value)
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for Items<'_> {
    type Ok = ();
    type Error = Error;

    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.field(key, value)
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

impl SerializeMap for Items<'_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        key.serialize(Json(self.out))?;
        self.out.push(b':');
        Ok(())
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.element(value)
    }

    #[inline]
    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn text_is_plain_exactly_if_json_needs_no_escape() {
        for length in 0..=17 {
            for at in 0..length {
                for byte in 0..=255 {
                    let mut text = vec![b'a'; length];
                    text[at] = byte;

                    let expected = byte >= b' ' && byte != b'"' && byte != b'\\';
                    assert_eq!(is_plain(&text), expected, "{byte} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn a_plain_byte_beside_one_that_is_not_changes_nothing() {
        for first in 0..=255 {
            for second in 0..=255 {
                let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';

                assert_eq!(is_plain(&[first, second]), plain(first) && plain(second), "{first} {second}");
            }
        }
    }
}
