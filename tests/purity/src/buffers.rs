use bytes::{Buf, Bytes, BytesMut};

pub(crate) fn splits(mut frozen: Bytes, mut growing: BytesMut) -> [Bytes; 7] {
    let part = frozen.slice(1..2);
    let same = frozen.slice_ref(&part);
    let (front, back) = (frozen.split_to(1), frozen.split_off(1));
    let copied = frozen.copy_to_bytes(1);
    [part, same, front, back, copied, growing.split_to(1).freeze(), growing.split_off(1).freeze()]
}

pub(crate) fn reads(buffer: &mut impl Buf) {
    buffer.advance(1);
    buffer.copy_to_slice(&mut [0]);
    buffer.get_u8();
    buffer.get_i8();
    buffer.get_u16();
    buffer.get_u16_le();
    buffer.get_u16_ne();
    buffer.get_i16();
    buffer.get_i16_le();
    buffer.get_i16_ne();
    buffer.get_u32();
    buffer.get_u32_le();
    buffer.get_u32_ne();
    buffer.get_i32();
    buffer.get_i32_le();
    buffer.get_i32_ne();
    buffer.get_u64();
    buffer.get_u64_le();
    buffer.get_u64_ne();
    buffer.get_i64();
    buffer.get_i64_le();
    buffer.get_i64_ne();
    buffer.get_u128();
    buffer.get_u128_le();
    buffer.get_u128_ne();
    buffer.get_i128();
    buffer.get_i128_le();
    buffer.get_i128_ne();
    buffer.get_f32();
    buffer.get_f32_le();
    buffer.get_f32_ne();
    buffer.get_f64();
    buffer.get_f64_le();
    buffer.get_f64_ne();
    buffer.get_uint(3);
    buffer.get_uint_le(3);
    buffer.get_uint_ne(3);
    buffer.get_int(3);
    buffer.get_int_le(3);
    buffer.get_int_ne(3);
}
