use proptest::prelude::*;

use crate::git::delta::{apply, sizes};

#[test]
fn copies_and_insertions_make_the_result() {
    // Sizes 5 and 7, copy 3 bytes from offset 2, insert "abcd".
    let delta = [5, 7, 0x91, 2, 3, 4, b'a', b'b', b'c', b'd'];
    let (base, result, steps) = sizes(&delta).unwrap();
    assert_eq!((base, result), (5, 7));
    assert_eq!(apply(b"01234", steps, 7).unwrap(), b"234abcd");
}

#[test]
fn a_delta_that_lies_is_refused() {
    for (steps, wanted) in [
        (&[0x91, 4, 3][..], "beyond"),
        (&[0x00], "reserved"),
        (&[0x05, b'a'], "cut short"),
        (&[0x91], "cut short"),
        (&[0x01, b'a'], "less"),
        (&[0x91, 0, 5], "more"),
    ] {
        assert!(
            apply(b"01234", steps, 3).unwrap_err().contains(wanted),
            "{steps:?}"
        );
    }
    assert!(sizes(&[0xff; 20]).is_err());
    assert!(sizes(&[]).is_err());
}

proptest! {
    #[test]
    fn foreign_bytes_never_panic_nor_grow(delta in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok((_, result, steps)) = sizes(&delta) {
            let length = usize::try_from(result.min(1000)).unwrap();
            if let Ok(made) = apply(b"a base of some bytes", steps, length) {
                prop_assert_eq!(made.len(), length);
            }
        }
    }
}
