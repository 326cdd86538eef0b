use super::{Base64Fault, SealedItem};

fn fault(text: &str) -> usize {
    let Err(Base64Fault { offset }) = SealedItem::from_base64(text) else {
        panic!("{text:?} was read");
    };
    offset
}

/// K-006
#[test]
fn line_breaks_in_base64_are_skipped() {
    let item = SealedItem::from_base64("AAEC\r\nAwQ=\n").unwrap();
    assert_eq!(item.as_bytes(), [0, 1, 2, 3, 4]);
}

#[test]
fn unused_bits_may_be_set() {
    assert_eq!(SealedItem::from_base64("QUJ=").unwrap().as_bytes(), b"AB");
}

/// K-006: the offsets are those that upstream names.
#[test]
fn illegal_base64_names_its_offset() {
    assert_eq!(fault("QUJ"), 0);
    assert_eq!(fault("QUJDRA"), 4);
    assert_eq!(fault("QUJDRA="), 7);
    assert_eq!(fault("QU!D"), 2);
    assert_eq!(fault("QU\nJ!"), 4);
    assert_eq!(fault("=UJD"), 0);
    assert_eq!(fault("QU=D"), 3);
    assert_eq!(fault("QUI=QUI="), 4);
    assert_eq!(fault("Q-_D"), 1);
    assert_eq!(
        SealedItem::from_base64("not base64")
            .unwrap_err()
            .to_string(),
        "illegal base64 data at input byte 3"
    );
}

/// K-005
#[test]
fn written_base64_is_padded_and_on_one_line() {
    let text = SealedItem::from_bytes(vec![0; 532]).to_string();
    assert!(!text.contains('\n'));
    assert_eq!(text.len() % 4, 0);
    assert!(text.ends_with('='));
}

#[test]
fn parts_follow_the_length_in_front() {
    let item = SealedItem::assemble(&[7; 300], b"rest").unwrap();
    assert_eq!(item.as_bytes()[..2], [1, 44]);
    assert_eq!(
        item.parts(),
        Some(([7; 300].as_slice(), b"rest".as_slice()))
    );
    for short in [vec![], vec![0], vec![0, 5, 1, 2, 3, 4]] {
        assert_eq!(SealedItem::from_bytes(short).parts(), None);
    }
}
