use super::*;

const SECRET: [u8; 4] = [0x00, 0x01, 0xfe, 0xff];

fn hexadecimal(key: &DataKey) -> String {
    hex::encode(key.expose())
}

fn key(text: &str) -> DataKey {
    DataKey::from_unwrapped(hex::decode(text).expect("hexadecimal").into())
}

/// S-077, S-078
#[test]
fn shares_are_the_known_ones() {
    assert_eq!(multiply(0x57, 0x83), 0xc1);
    let linear = [0x53, 0xca, 0x01, 0x80];
    for (point, wanted) in [(1, "53cbff7f01"), (2, "a68efce402"), (3, "f544fd6403")] {
        assert_eq!(hexadecimal(&share(&SECRET, &linear, 2, point)), wanted);
    }
    let quadratic = [0x53, 0x11, 0xca, 0x22, 0x01, 0x33, 0x80, 0x44];
    for (point, wanted) in [(1, "42e9cc3b01"), (2, "e20630ef02"), (4, "5c12e7e504")] {
        assert_eq!(hexadecimal(&share(&SECRET, &quadratic, 3, point)), wanted);
    }
}

/// S-079
#[test]
fn any_threshold_shares_combine() {
    let shares = ["42e9cc3b01", "e20630ef02", "a0ee022b03", "5c12e7e504"].map(key);
    for left_out in 0..4 {
        let some: Vec<DataKey> = shares
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != left_out)
            .map(|(_, share)| share.duplicate())
            .collect();
        assert_eq!(hexadecimal(&combine(&some).expect("combines")), "0001feff");
    }
    let twice = [key("53cbff7f01"), key("53cbff7f01")];
    assert_eq!(combine(&twice).expect_err("twice"), ShamirError::Duplicate);
    let uneven = [key("53cbff7f01"), key("a68efc02")];
    assert_eq!(combine(&uneven).expect_err("uneven"), ShamirError::Length);
}

/// S-080
#[test]
fn limits_are_checked() {
    let mut rng = crate::test_support::rng();
    let secret = key("0001feff");
    for (shares, threshold) in [(2, 1), (2, 3), (256, 2)] {
        let error = split(&secret, shares, threshold, &mut rng).expect_err("limits");
        assert_eq!(error, ShamirError::Threshold);
    }
    let shares = split(&secret, 5, 3, &mut rng).expect("splits");
    assert_eq!(combine(&shares).expect("combines"), secret);
}
