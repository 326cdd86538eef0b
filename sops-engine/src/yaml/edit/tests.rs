use proptest::prelude::*;

use super::*;

#[test]
fn overlapping_edits_are_refused() {
    let edits = vec![Edit::new(0..3, "x"), Edit::new(2..4, "y")];
    assert_eq!(splice("abcdef", edits).expect_err("overlap"), Overlap);
}

proptest! {
    #[test]
    fn bytes_outside_the_edits_stay(
        pieces in prop::collection::vec(("[a-z]{0,5}", "[A-Z]{0,5}", "[0-9]{0,5}"), 0..10),
    ) {
        let (mut text, mut wanted, mut edits) = (String::new(), String::new(), Vec::new());
        for (kept, old, new) in &pieces {
            text.push_str(kept);
            wanted.push_str(kept);
            edits.push(Edit::new(text.len()..text.len() + old.len(), new.clone()));
            text.push_str(old);
            wanted.push_str(new);
        }
        let result = splice(&text, edits).expect("no overlap");
        prop_assert_eq!(&**result, wanted.as_bytes());
    }
}
