pub fn trusts_the_peer(bytes: &[u8]) -> u8 {
    bytes.first().unwrap() + bytes.last().expect("a byte") + bytes[1]
}

pub(crate) fn leaves_it_for_later(later: bool) {
    if later {
        todo!();
    }
    unimplemented!();
}

pub(crate) unsafe fn trusts_the_caller(bytes: *const u8) -> u8 {
    *bytes
}

pub(crate) fn trusts_itself(bytes: &u8) -> u8 {
    unsafe { trusts_the_caller(bytes) }
}
