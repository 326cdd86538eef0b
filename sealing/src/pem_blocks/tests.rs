use super::{blocks, encode};

#[test]
fn written_block_is_read_back() {
    let text = encode("THING", &[7; 100]);
    assert!(!text.contains('\r'));
    assert!(text.lines().all(|line| line.len() <= 64));
    let found = blocks(text.as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].tag(), found[0].contents()),
        ("THING", [7; 100].as_slice())
    );
}

#[test]
fn broken_blocks_do_not_hide_good_ones() {
    let good = encode("THING", b"good");
    let text =
        format!("x\n-----BEGIN THING-----\n!!\n-----END THING-----\n{good}-----BEGIN OTHER-----\n");
    let found = blocks(text.as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].contents(), b"good");
}

#[test]
fn carriage_returns_and_binary_are_tolerated() {
    let text = encode("THING", b"good").replace('\n', "\r\n");
    assert_eq!(blocks(text.as_bytes()).len(), 1);
    assert!(blocks(&[0xff, 0xfe]).is_empty());
}
