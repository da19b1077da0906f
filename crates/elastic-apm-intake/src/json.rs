//! Writing this crate's types as JSON into a byte buffer, in half the instructions of a general serializer.
//!
//! Field names are literals without anything to escape, and most text has nothing to escape either: both are copied
//! whole. Everything with more to it (escapes, floats of many decimals, free-form values) is left to `serde_json`. Only types of this
//! crate may be written: map keys have to be strings.
//!
//! Every value is followed by a comma, written in one go with the value's end. What closes an object or a line, or is a key, overwrites it.

use serde::ser::{
    Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer,
};
use serde_json::Error;

use crate::buffer::{Buffer, is_plain};

/// Appends a value to a buffer as JSON, and a comma.
pub(crate) struct Json<'a>(pub(crate) &'a mut Buffer);

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

/// Appends a string, quoted, and a comma.
#[inline]
fn write_text(out: &mut Buffer, text: &str) -> Result<(), Error> {
    if out.write_quoted(text.as_bytes()) { Ok(()) } else { write_escaped(out, text) }
}

#[cold]
fn write_escaped(out: &mut Buffer, text: &str) -> Result<(), Error> {
    serde_json::Serializer::new(&mut *out).serialize_str(text)?;
    out.write(b",");
    Ok(())
}

/// How many thousandths a number is that has one to three decimals, as durations do; `None` for all others.
fn thousandths(number: f64) -> Option<i64> {
    // With 15 digits at most there is one number for each text, and so one shortest text.
    let rounded = (number * 1000.0 + 0.5) as i64;
    let is_exact = rounded as f64 / 1000.0 == number && (1..1_000_000_000_000_000).contains(&rounded);
    (is_exact && rounded % 1000 != 0).then_some(rounded)
}

fn write_thousandths(out: &mut Buffer, thousandths: i64) -> Result<(), Error> {
    Json(out).serialize_i64(thousandths / 1000)?;
    if let Some(comma) = out.last_mut() {
        *comma = b'.';
    }
    let decimals = (thousandths % 1000) as u32;
    let digit = |place| b'0' + (decimals / place % 10) as u8;
    match [digit(100), digit(10), digit(1)] {
        [tenth, b'0', b'0'] => out.write(&[tenth, b',']),
        [tenth, hundredth, b'0'] => out.write(&[tenth, hundredth, b',']),
        [tenth, hundredth, thousandth] => out.write(&[tenth, hundredth, thousandth, b',']),
    }
    Ok(())
}

/// An array or object that is being written.
pub(crate) struct Items<'a> {
    out: &'a mut Buffer,
    close: u8,
}

impl<'a> Items<'a> {
    #[inline]
    fn open(out: &'a mut Buffer, open: u8, close: u8) -> Self {
        out.write(&[open]);
        Self { out, close }
    }

    #[inline(always)]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Json(self.out))
    }

    // Inlined so that the key is a constant: copying one of known length takes no call.
    #[inline(always)]
    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        debug_assert!(is_plain(key.as_bytes()), "{key}");
        self.out.write_plain(key.as_bytes(), b':');
        self.element(value)
    }

    #[inline]
    fn close(self) {
        match self.out.last_mut() {
            Some(comma @ b',') => *comma = self.close,
            _ => self.out.write(&[self.close]),
        }
        self.out.write(b",");
    }
}

macro_rules! by_serde_json {
    ($($method:ident($number:ty))*) => {$(
        #[inline]
        fn $method(self, number: $number) -> Result<(), Error> {
            serde_json::Serializer::new(&mut *self.0).$method(number)?;
            self.0.write(b",");
            Ok(())
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
        serialize_f32(f32) serialize_char(char)
    }

    fn serialize_f64(self, number: f64) -> Result<(), Error> {
        match thousandths(number) {
            Some(thousandths) => write_thousandths(self.0, thousandths),
            None => {
                serde_json::Serializer::new(&mut *self.0).serialize_f64(number)?;
                self.0.write(b",");
                Ok(())
            }
        }
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
        self.0.write_plain(plain, b',');
        Ok(())
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.0.write(if value { b"true," } else { b"false," });
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
        self.0.write(b"null,");
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
        serde_json::to_writer(&mut *self.0, value)?;
        self.0.write(b",");
        Ok(())
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
        if let Some(comma) = self.out.last_mut() {
            *comma = b':';
        }
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
    use serde::Serialize;

    use super::Json;
    use crate::buffer::Buffer;

    fn assert_as_serde_json_writes_it(number: f64) {
        let mut buffer = Buffer::behind(Vec::new());
        number.serialize(Json(&mut buffer)).unwrap();

        let expected = serde_json::to_string(&number).unwrap() + ",";
        assert_eq!(String::from_utf8(buffer.into_bytes()).unwrap(), expected);
    }

    #[test]
    fn numbers_are_written_as_serde_json_writes_them() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for round in 0..40_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            // Of all sizes: with three decimals, the next number after one, and any bits at all.
            let whole = (random >> (round % 60)) as f64;
            let thousandths = whole / 1000.0;
            for number in [
                thousandths,
                -thousandths,
                whole,
                f64::from_bits(thousandths.to_bits() + 1),
                f64::from_bits(random),
            ] {
                assert_as_serde_json_writes_it(number);
            }
        }
        for number in [0.0, -0.0, 0.001, 0.0005, 0.1 + 0.2, 1e15, 1e16, 1e21, 999_999_999_999.999, f64::NAN] {
            assert_as_serde_json_writes_it(number);
        }
    }
}
